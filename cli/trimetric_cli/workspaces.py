"""trimetric workspaces …"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from trimetric.domain import ids, times
from trimetric.domain.workspaces import CredentialKind, Plan, Workspace
from trimetric_cli.arguments import DEFAULT, LimitText, WorkspaceReference, parse_limit, parse_name
from trimetric_cli.lookup import workspace_named

if TYPE_CHECKING:
    from trimetric_cli.console import Operator

app = typer.Typer(help="Workspaces: the tenants of a stack.", no_args_is_help=True)

#: How long functions may go on with what they knew (`trimetric.auth.kept.CACHE_SECONDS`), as it is promised.
SOON = "This takes effect within 60 seconds."


@app.command()
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="1 to 255 characters.")],
    plan: Annotated[Plan, typer.Option(help="A free workspace can only read.")] = Plan.SUBSCRIBED,
    api: Annotated[bool, typer.Option("--api/--no-api", help="Whether its keys are let in.")] = True,
    limit: Annotated[str, typer.Option(help="Requests per minute.", metavar="LIMIT")] = DEFAULT,
) -> None:
    """Create a workspace."""
    operator: Operator = context.obj
    per_minute = parse_limit(limit)
    workspace = operator.workspaces().create(
        workspace_id=ids.new_workspace(),
        name=parse_name(name),
        plan=plan,
        api_enabled=api,
        created_at=times.to_text(operator.clock()),
        limits=_limits(per_minute),
    )
    operator.show(_row(workspace), note=f"Issue a key with: trimetric keys issue {workspace.id} --name NAME")


@app.command("list")
def list_workspaces(context: typer.Context) -> None:
    """List every workspace."""
    operator: Operator = context.obj
    rows = [_row(workspace) for workspace in operator.workspaces().list_all()]
    operator.list(
        rows,
        columns=("id", "name", "plan", "api_enabled", "rate_limit", "created_at"),
        empty="There are no workspaces yet: create one with `trimetric workspaces create NAME`.",
    )


@app.command()
def show(context: typer.Context, workspace: WorkspaceReference) -> None:
    """Show one workspace with its counts and limits."""
    operator: Operator = context.obj
    workspaces = operator.workspaces()
    found = workspace_named(workspaces, workspace)
    counts = workspaces.counts(found.id)
    keys = len(workspaces.list_credentials(found.id))
    operator.show(_row(found) | {"folder_count": counts.folders, "study_count": counts.studies, "key_count": keys})


@app.command("set-plan")
def set_plan(context: typer.Context, workspace: WorkspaceReference, plan: Plan) -> None:
    """Change the plan: the default limit, and whether anything may be written."""
    _change(context, workspace, plan=plan.value)


@app.command("enable-api")
def enable_api(context: typer.Context, workspace: WorkspaceReference) -> None:
    """Let the workspace's keys in again."""
    _change(context, workspace, api_enabled=True)


@app.command("disable-api")
def disable_api(context: typer.Context, workspace: WorkspaceReference) -> None:
    """Answer 403 to each of the workspace's keys."""
    _change(context, workspace, question="Switch the API off for {name} ({id})?", api_enabled=False)


@app.command("set-limit")
def set_limit(
    context: typer.Context,
    workspace: WorkspaceReference,
    limit: LimitText,
    kind: Annotated[
        CredentialKind,
        typer.Option(help="Whose API: ux_metrics for all its keys together, the others for each of theirs."),
    ] = CredentialKind.UX_METRICS,
) -> None:
    """Override the limit on requests of an API."""
    operator: Operator = context.obj
    per_minute = parse_limit(limit)
    workspaces = operator.workspaces()
    found = workspace_named(workspaces, workspace)
    workspaces.set_limit(found.id, kind, per_minute)
    operator.show(_row(workspace_named(workspaces, found.id)), note=SOON)


def _change(context: typer.Context, reference: str, *, question: str = "", **attributes: Any) -> None:
    operator: Operator = context.obj
    workspaces = operator.workspaces()
    workspace = workspace_named(workspaces, reference)
    if question:
        operator.confirm(question.format(name=workspace.name, id=workspace.id))
    workspaces.change(workspace.id, **attributes)
    operator.show(_row(workspace_named(workspaces, workspace.id)), note=SOON)


def _limits(per_minute: int | None) -> dict[str, int]:
    return {} if per_minute is None else {CredentialKind.UX_METRICS.value: per_minute}


def _row(workspace: Workspace) -> dict[str, Any]:
    return {
        "id": workspace.id,
        "name": workspace.name,
        "plan": workspace.plan.value,
        "api_enabled": workspace.api_enabled,
        "rate_limit": workspace.ux_metrics_limit(),
        "limits": workspace.limits,
        "created_at": workspace.created_at,
    }
