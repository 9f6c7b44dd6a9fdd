"""Credentials and users of the Metricis dialect."""

from trimetric.domain.workspaces import Credential, Workspace
from trimetric.dynamo.table import Table
from trimetric.dynamo.workspaces import Workspaces


class Accounts:
    def __init__(self, table: Table) -> None:
        self._table = table

    def token(self, workspace_id: str, secret_hash: str) -> tuple[Workspace, Credential] | None:
        """An API token and its workspace, in one round trip."""
        return Workspaces(self._table).with_credential(workspace_id, secret_hash)

    def workspace(self, workspace_id: str) -> Workspace | None:
        return Workspaces(self._table).get(workspace_id)
