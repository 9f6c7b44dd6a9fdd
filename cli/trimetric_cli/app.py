"""`trimetric`: the operators' command line.

Exit codes: 0 done, 1 refused or failed (one sentence on stderr says why), 2 wrong usage.
"""

from pathlib import Path
from typing import Annotated, Any, Final

import typer
from botocore.exceptions import BotoCoreError, ClientError
from typer.core import TyperGroup

from trimetric.dynamo.table import ConditionFailed
from trimetric.errors import Unavailable
from trimetric_cli import keys, signatures, signing_key, studies, users, workspaces
from trimetric_cli.console import Operator
from trimetric_cli.stack import STACK_FILE, Refused, choose, explain

#: Global options, which may stand anywhere in the line: those without and those with a value.
FLAGS: Final = frozenset({"--local", "--json", "--yes", "-y"})
VALUED: Final = frozenset({"--stack", "--profile", "--region", "--stack-file"})
ASSIGNED: Final = tuple(f"{option}=" for option in VALUED)


class Commands(TyperGroup):
    """Takes global options in any place, and turns what went wrong into one sentence."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, globals_first(args))

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Refused as error:
            _fail(str(error), error.exit_code)
        except (BotoCoreError, ClientError) as error:
            _fail(explain(error), 1)
        except Unavailable as error:
            cause = error.__cause__
            _fail(explain(cause) if isinstance(cause, BotoCoreError | ClientError) else str(error), 1)
        except ConditionFailed:
            _fail("It was changed by somebody else at the same moment: look at it and try again.", 1)


def globals_first(arguments: list[str]) -> list[str]:
    """The same line with the global options in front; what follows `--` stays."""
    front: list[str] = []
    rest: list[str] = []
    remaining = iter(arguments)
    for argument in remaining:
        if argument == "--":
            return [*front, *rest, argument, *remaining]
        if argument in FLAGS or argument.startswith(ASSIGNED):
            front.append(argument)
        elif argument in VALUED:
            front += [argument, *[value for value in [next(remaining, None)] if value is not None]]
        else:
            rest.append(argument)
    return front + rest


def _fail(message: str, exit_code: int) -> None:
    typer.echo(f"Error: {message}", err=True)
    raise typer.Exit(exit_code)


app = typer.Typer(
    cls=Commands,
    name="trimetric",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Operate a Trimetric stack. Options of the stack and of the output may stand anywhere in the line.",
)
app.add_typer(workspaces.app, name="workspaces")
app.add_typer(keys.app, name="keys")
app.add_typer(studies.app, name="studies")
app.command("sign")(signatures.sign)
app.command("explain-signature")(signatures.explain_signature)
app.add_typer(users.app, name="users")
app.add_typer(signing_key.app, name="signing-key")


@app.callback()
def options(
    context: typer.Context,
    stack: Annotated[str | None, typer.Option(help="Name of the CloudFormation stack on AWS.")] = None,
    local: Annotated[bool, typer.Option("--local", help="The local stack (the default where one exists).")] = False,
    profile: Annotated[str | None, typer.Option(help="AWS profile.")] = None,
    region: Annotated[str | None, typer.Option(help="AWS region.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    stack_file: Annotated[
        Path | None,
        typer.Option(help=f"Description of the local stack [{STACK_FILE}].", envvar="TRIMETRIC_STACK_FILE"),
    ] = None,
) -> None:
    operator: Operator = context.ensure_object(Operator)
    operator.as_json = as_json
    operator.assume_yes = yes
    operator.place = lambda: choose(
        stack=stack,
        local=local,
        profile=profile,
        region=region,
        stack_file=stack_file or operator.stack_file,
    )


def main() -> None:
    app()
