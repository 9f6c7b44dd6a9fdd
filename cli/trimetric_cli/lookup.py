"""From what an operator types to the workspace or key that is meant."""

from trimetric.domain.workspaces import Credential, Workspace
from trimetric.dynamo.workspaces import Workspaces
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


def key_named(workspaces: Workspaces, workspace: Workspace, key_id: str) -> Credential:
    for credential in workspaces.list_credentials(workspace.id):
        if credential.id == key_id:
            return credential
    raise Refused(f"The workspace {workspace.name} has no key {key_id}.")
