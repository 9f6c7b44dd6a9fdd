"""What functions of the Metricis API are asked first."""

from collections.abc import Mapping
from typing import Any, Final

from scripts.bench.events import Event, event
from scripts.bench.store import TABLE
from trimetric.auth.metricis import new_token
from trimetric.domain import ids, times
from trimetric.domain.metricis.accounts import Role
from trimetric.domain.workspaces import Plan
from trimetric.dynamo.table import DynamoTable
from trimetric.dynamo.workspaces import Workspaces

#: By function. A submission needs a session, so its function is asked what it takes.
PATHS: Final = {
    "accounts": ("GET", "/api/auth/me"),
    "keys": ("GET", "/api/keys"),
    "health": ("GET", "/api/health"),
    "metricis_studies": ("GET", "/api/studies"),
    "metricis_participants": ("GET", "/api/participants"),
    "batteries": ("GET", "/api/batteries"),
    "sessions": ("GET", "/api/sessions"),
    "submit": ("OPTIONS", "/api/submit"),
}


def first_requests(store: Any) -> Mapping[str, Event]:
    """With an admin's token of a fresh workspace; each address may ask for its account ten times a minute."""
    workspaces = Workspaces(DynamoTable(store, TABLE))
    now = times.utc_now()
    workspace = workspaces.create(
        workspace_id=ids.new_workspace(),
        name="Bench",
        plan=Plan.SUBSCRIBED,
        api_enabled=True,
        created_at=times.to_text(now),
        limits={"metricis": 1_000_000},
    )
    made = new_token(workspace.id, "bench", role=Role.ADMIN, now=now)
    workspaces.add_credential(made.credential)
    headers = {"authorization": f"Bearer {made.secret}"}
    return {name: event(method, path, headers=headers) for name, (method, path) in PATHS.items()}
