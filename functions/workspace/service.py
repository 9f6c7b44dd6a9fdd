"""What the workspace endpoint does."""

from fastapi import Response

from trimetric.dynamo.workspaces import Workspaces
from trimetric.http.answers import Answer, respond
from trimetric.http.call import Call


def show_workspace(call: Call) -> Response:
    call.parameters()
    workspace = call.tenant
    counts = Workspaces(call.table).counts(workspace.id)
    shown = {
        "id": workspace.id,
        "name": workspace.name,
        "plan": workspace.plan.value,
        "api_enabled": workspace.api_enabled,
        "rate_limit": workspace.ux_metrics_limit(),
        "folder_count": counts.folders,
        "study_count": counts.studies,
        "created_at": workspace.created_at,
    }
    return respond(call, Answer(shown, title=f"Workspace: {workspace.name}"))
