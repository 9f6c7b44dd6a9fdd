"""trimetric signing-key …"""

import secrets
from typing import TYPE_CHECKING, Any, Final

import typer

from trimetric.auth.signing_keys import CURRENT, KEPT_SECONDS, PREVIOUS
from trimetric.domain import times

if TYPE_CHECKING:
    from trimetric_cli.console import Operator

app = typer.Typer(help="The key that signs access tokens of the Metricis API.", no_args_is_help=True)

ROTATED: Final = (
    f"Functions sign with the new key within {KEPT_SECONDS // 60} minutes; tokens of the key before it stay valid "
    "until they end. If that key is known to others, rotate once more."
)


@app.callback()
def signing_key() -> None:
    """The key that signs access tokens of the Metricis API."""


@app.command()
def show(context: typer.Context) -> None:
    """Show which versions of the key are live, never the key."""
    operator: Operator = context.obj
    operator.list(_versions(operator), columns=("version", "stage", "created_at"), empty="There is no key.")


@app.command()
def rotate(context: typer.Context) -> None:
    """Make a new key. Tokens of the current one stay valid, those of the one before do not."""
    operator: Operator = context.obj
    operator.confirm("Make a new signing key, and end what the key before the current one has signed?")
    secret = operator.signing_secret()
    secret.client.put_secret_value(SecretId=secret.arn, SecretString=secrets.token_hex(32))
    current = next(row for row in _versions(operator) if row["stage"] == CURRENT)
    operator.show(current, note=ROTATED)


def _versions(operator: "Operator") -> list[dict[str, Any]]:
    """The current one first."""
    secret = operator.signing_secret()
    versions = secret.client.list_secret_version_ids(SecretId=secret.arn)["Versions"]
    rows = [
        {"version": version["VersionId"], "stage": stage, "created_at": times.to_text(version["CreatedDate"])}
        for version in versions
        for stage in version.get("VersionStages", [])
        if stage in (CURRENT, PREVIOUS)
    ]
    return sorted(rows, key=lambda row: str(row["stage"]))
