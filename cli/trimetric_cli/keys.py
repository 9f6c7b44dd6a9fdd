"""trimetric keys …"""

from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any

import typer

from trimetric.auth.apiauth import NewSignatureKey, new_signature_key, rotated
from trimetric.auth.bearer import NewKey, new_key
from trimetric.auth.metricis import new_token
from trimetric.auth.renewal import renewed
from trimetric.domain import times
from trimetric.domain.metricis.accounts import Role
from trimetric.domain.workspaces import Credential, CredentialKind, Permission
from trimetric_cli.arguments import (
    DEFAULT,
    KeyId,
    LimitText,
    WorkspaceReference,
    parse_limit,
    parse_name,
)
from trimetric_cli.console import Operator
from trimetric_cli.lookup import key_named, workspace_named
from trimetric_cli.stack import Refused
from trimetric_cli.workspaces import SOON

app = typer.Typer(help="Keys of a workspace. A secret is shown once, when it is made.", no_args_is_help=True)

SHOWN_ONCE = "Keep the secret now: it cannot be shown again."


@app.command()
def issue(
    context: typer.Context,
    workspace: WorkspaceReference,
    name: Annotated[str, typer.Option(help="What the key is for.")],
    kind: Annotated[CredentialKind, typer.Option(help="Whose API it opens.")] = CredentialKind.UX_METRICS,
    days: Annotated[int | None, typer.Option(help="End it after so many days.", min=1, max=3650)] = None,
    limit: Annotated[str, typer.Option(help="Its own requests per minute.", metavar="LIMIT")] = DEFAULT,
    permission: Annotated[
        list[Permission] | None, typer.Option(help="What an apiauth key may do; repeat it. Everything, if left out.")
    ] = None,
    role: Annotated[Role | None, typer.Option(help="What a metricis key may do, which must be said.")] = None,
) -> None:
    """Issue a key and show its secret, once."""
    operator: Operator = context.obj
    if permission and kind is not CredentialKind.APIAUTH:
        raise typer.BadParameter("only apiauth keys have permissions")
    if (role is not None) != (kind is CredentialKind.METRICIS):
        raise typer.BadParameter("metricis keys have a --role, and no others")
    per_minute, name = parse_limit(limit), parse_name(name)
    workspaces = operator.workspaces()
    owner = workspace_named(workspaces, workspace)
    now = operator.clock()
    ends_at = times.to_text(now + timedelta(days=days)) if days else None
    made: NewKey | NewSignatureKey
    if kind is CredentialKind.APIAUTH:
        permissions = tuple(each for each in Permission if each in (permission or Permission))
        made = new_signature_key(operator.vault(), owner.id, name, now=now, permissions=permissions, expires_at=ends_at)
    elif role is not None:
        made = new_token(owner.id, name, role=role, now=now, expires_at=ends_at)
    else:
        made = new_key(owner.id, name, now=now, expires_at=ends_at)
    credential = replace(made.credential, limit=per_minute)
    workspaces.add_credential(credential)
    operator.show(_row(operator, credential) | {"secret": made.secret}, note=SHOWN_ONCE)


@app.command("list")
def list_keys(context: typer.Context, workspace: WorkspaceReference) -> None:
    """List a workspace's keys; of the secrets only the last four characters."""
    operator: Operator = context.obj
    workspaces = operator.workspaces()
    owner = workspace_named(workspaces, workspace)
    operator.list(
        [_row(operator, key.current) for key in workspaces.keys(owner.id)],
        columns=("id", "kind", "name", "key", "last_four", "status", "expires_at", "limit", "created_at"),
        empty=f"The workspace {owner.name} has no keys.",
    )


@app.command()
def rotate(
    context: typer.Context,
    workspace: WorkspaceReference,
    key: KeyId,
    overlap_days: Annotated[
        int, typer.Option(help="Days for which the old secret stays valid; 0 ends it at once.", min=0, max=7)
    ] = 1,
) -> None:
    """Give a key a new secret."""
    operator: Operator = context.obj
    workspaces = operator.workspaces()
    found = key_named(workspaces, workspace_named(workspaces, workspace), key)
    old, now = found.current, operator.clock()
    if _ended(operator, old):
        raise Refused(f"The key {old.id} has ended already: issue a new one.")
    if not overlap_days:
        operator.confirm(f"End the secret of {old.name} (…{old.last_four}) at once?")
    ends_at = min(filter(None, (old.expires_at, times.to_text(now + timedelta(days=overlap_days)))))
    if old.kind is CredentialKind.APIAUTH:
        signing = rotated(operator.vault(), old, now=now, ends_at=ends_at)
        workspaces.replace_secrets(old, signing.credential)
        replacement = {"secret": signing.secret, "replaced_secret_expires_at": ends_at}
        operator.show(_row(operator, signing.credential) | replacement, note=SHOWN_ONCE)
        return
    made = renewed(old, now=now)
    workspaces.rotate(found, made.credential, ends_at=ends_at)
    replacement = {"secret": made.secret, "replaced_secret_expires_at": ends_at}
    operator.show(_row(operator, made.credential) | replacement, note=SHOWN_ONCE)


@app.command()
def revoke(
    context: typer.Context,
    workspace: WorkspaceReference,
    key: Annotated[str | None, typer.Argument(metavar="KEY", help="A key's id (key_…).")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every key of the workspace.")] = False,
) -> None:
    """End a key, or all keys of a workspace, for good."""
    operator: Operator = context.obj
    if (key is None) != every:
        raise typer.BadParameter("name one key, or give --all")
    workspaces = operator.workspaces()
    owner = workspace_named(workspaces, workspace)
    doomed = [key_named(workspaces, owner, key)] if key else workspaces.keys(owner.id)
    if doomed:
        first = doomed[0].current
        what = f"the key {first.name} (…{first.last_four})" if key else f"all {len(doomed)} keys"
        operator.confirm(f"Revoke {what} of {owner.name}? This cannot be undone.")
    for revoked in operator.each(doomed, doing="Revoking keys"):
        workspaces.revoke(revoked)
    operator.show({"revoked": [revoked.id for revoked in doomed]}, note=SOON if doomed else "")


@app.command("set-limit")
def set_limit(context: typer.Context, workspace: WorkspaceReference, key: KeyId, limit: LimitText) -> None:
    """Give a key a limit of its own instead of its share of the workspace's."""
    operator: Operator = context.obj
    per_minute = parse_limit(limit)
    workspaces = operator.workspaces()
    owner = workspace_named(workspaces, workspace)
    for credential in key_named(workspaces, owner, key).all:
        workspaces.change_credential(credential, limit=per_minute)
    operator.show(_row(operator, key_named(workspaces, owner, key).current), note=SOON)


def _row(operator: Operator, credential: Credential) -> dict[str, Any]:
    signing = credential.kind is CredentialKind.APIAUTH
    return {
        "id": credential.id,
        "workspace_id": credential.workspace_id,
        "kind": credential.kind.value,
        "name": credential.name,
        **({"key": credential.key, "permissions": list(credential.permissions)} if signing else {}),
        **({"role": credential.role.value} if credential.role is not None else {}),
        "last_four": credential.last_four,
        "status": "ended" if _ended(operator, credential) else "active",
        "expires_at": credential.expires_at,
        "limit": credential.limit,
        "last_used_on": credential.last_used_on,
        "created_at": credential.created_at,
    }


def _ended(operator: Operator, credential: Credential) -> bool:
    return credential.expires_at is not None and times.parse(credential.expires_at) <= operator.clock()
