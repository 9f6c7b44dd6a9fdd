"""From what an operator types to the workspace or key that is meant."""

from trimetric.domain.metricis.accounts import User
from trimetric.domain.workspaces import Workspace
from trimetric.dynamo.metricis.accounts import Accounts
from trimetric.dynamo.workspaces import IssuedKey, Workspaces
from trimetric_cli.stack import Refused


def workspace_named(workspaces: Workspaces, reference: str) -> Workspace:
    """By id, or by a name that only one workspace has; Refused otherwise."""
    by_id = workspaces.get(reference) if reference.startswith("ws_") else None
    if by_id:
        return by_id
    named = [workspace for workspace in workspaces.list_all() if workspace.name == reference]
    if not named:
        raise Refused(f"There is no workspace {reference}.")
    if len(named) > 1:
        raise Refused(f"{len(named)} workspaces are called {reference}: name one by its id.")
    return named[0]


def user_named(accounts: Accounts, workspace: Workspace, reference: str) -> User:
    """By id or by e-mail address, in this workspace; Refused otherwise."""
    found = accounts.user(workspace.id, reference) if reference.startswith("usr_") else accounts.by_email(reference)
    if found is None or found.workspace_id != workspace.id:
        raise Refused(f"The workspace {workspace.name} has no user {reference}.")
    return found


def key_named(workspaces: Workspaces, workspace: Workspace, key_id: str) -> IssuedKey:
    for key in workspaces.keys(workspace.id):
        if key.id == key_id:
            return key
    raise Refused(f"The workspace {workspace.name} has no key {key_id}.")
