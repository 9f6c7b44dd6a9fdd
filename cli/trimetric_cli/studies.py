"""trimetric studies …"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from trimetric.domain.times import to_millis
from trimetric.dynamo.metrics import Metrics, Rebuilt, TooLarge
from trimetric.dynamo.workspaces import Workspaces
from trimetric_cli.arguments import StudyId, WorkspaceReference
from trimetric_cli.lookup import workspace_named
from trimetric_cli.stack import Refused

if TYPE_CHECKING:
    from trimetric_cli.console import Operator

app = typer.Typer(help="Studies of a workspace.", no_args_is_help=True)

#: Differences that are printed; a state that is wrong altogether has thousands.
SHOWN: Final = 20

_NEW: Final = "nothing to compare"
_IDENTICAL: Final = "identical"
_DIFFERED: Final = "differed"


@app.callback()
def studies() -> None:
    """Studies of a workspace."""


@app.command("rebuild-metrics")
def rebuild_metrics(
    context: typer.Context,
    workspace: WorkspaceReference,
    study: StudyId,
    all_differences: Annotated[bool, typer.Option("--all", help=f"Name more than {SHOWN} differences.")] = False,
) -> None:
    """Count a study's metrics anew from all of its participants, and say whether what was stored is the same.

    Requests are answered meanwhile.
    """
    operator: Operator = context.obj
    table = operator.table()
    found = workspace_named(Workspaces(table), workspace)
    metrics = Metrics(table, now_millis=to_millis(operator.clock()))
    try:
        with operator.progress("Counting participants") as progress:
            rebuilt = metrics.rebuild(found.id, study, progress=progress)
    except TooLarge as error:
        raise Refused(
            "These metrics are too large to be stored: they are counted anew whenever they are read."
        ) from error
    if rebuilt is None:
        raise Refused(f"The workspace {found.name} has no study {study}.")
    differences = rebuilt.differences or []
    shown = differences if all_differences else differences[:SHOWN]
    operator.show(
        _row(study, rebuilt) | ({} if operator.as_json else {"differences": len(differences)}), note=_text(shown)
    )


def _row(study_id: str, rebuilt: Rebuilt) -> dict[str, Any]:
    return {
        "study_id": study_id,
        "participants": rebuilt.people,
        "result": _NEW if rebuilt.differences is None else _DIFFERED if rebuilt.differences else _IDENTICAL,
        "differences": list(rebuilt.differences or []),
    }


def _text(differences: Sequence[str]) -> str:
    return "\n".join(differences)
