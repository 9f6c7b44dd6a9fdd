"""trimetric users …"""

import secrets
from typing import Annotated, Any, Final

import typer

from trimetric.domain import ids, times
from trimetric.domain.metricis.accounts import Role, User, UserStatus
from trimetric.dynamo.metricis.accounts import Accounts
from trimetric.dynamo.table import ConditionFailed
from trimetric_cli.arguments import UserReference, WorkspaceReference, parse_email, parse_name
from trimetric_cli.console import Operator
from trimetric_cli.lookup import user_named, workspace_named
from trimetric_cli.stack import Refused
from trimetric_cli.workspaces import SOON

app = typer.Typer(help="People who log in to the Metricis API.", no_args_is_help=True)

SHORTEST_PASSWORD: Final = 12
LONGEST_PASSWORD: Final = 1024
SHOWN_ONCE: Final = "Pass the password on now: it is not stored and cannot be shown again."

AskOption = Annotated[bool, typer.Option("--ask", help="Ask for the password instead of making one up.")]


@app.command()
def create(
    context: typer.Context,
    workspace: WorkspaceReference,
    email: Annotated[str, typer.Argument(help="It names one user of the whole stack.")],
    name: Annotated[str, typer.Option(help="1 to 255 characters.")],
    role: Annotated[Role, typer.Option(help="What the user may do.")] = Role.READ_ONLY,
    ask: AskOption = False,
) -> None:
    """Create a user and show the password, once."""
    operator: Operator = context.obj
    email, name = parse_email(email), parse_name(name)
    owner = workspace_named(operator.workspaces(), workspace)
    password, shown = _password(operator, ask=ask)
    now = operator.clock()
    user = User(
        id=ids.new(ids.USER, millis=times.to_millis(now)),
        workspace_id=owner.id,
        email=email,
        name=name,
        role=role,
        status=UserStatus.ACTIVE,
        created_at=times.to_text(now),
        updated_at=times.to_text(now),
        password_hash=operator.passwords.hash(password),
    )
    try:
        _accounts(operator).create(user)
    except ConditionFailed as error:
        raise Refused(f"{email} has an account already.") from error
    operator.show(_row(user) | shown, note=SHOWN_ONCE if shown else "")


@app.command("list")
def list_users(context: typer.Context, workspace: WorkspaceReference) -> None:
    """List a workspace's users."""
    operator: Operator = context.obj
    owner = workspace_named(operator.workspaces(), workspace)
    operator.list(
        [_row(user) for user in _accounts(operator).users(owner.id)],
        columns=("id", "email", "name", "role", "status", "created_at"),
        empty=f"The workspace {owner.name} has no users.",
    )


@app.command("set-role")
def set_role(context: typer.Context, workspace: WorkspaceReference, user: UserReference, role: Role) -> None:
    """Change what a user may do."""
    _change(context, workspace, user, role=role.value)


@app.command()
def enable(context: typer.Context, workspace: WorkspaceReference, user: UserReference) -> None:
    """Let a user log in again."""
    _change(context, workspace, user, status=UserStatus.ACTIVE.value)


@app.command()
def disable(context: typer.Context, workspace: WorkspaceReference, user: UserReference) -> None:
    """Shut a user out and end every login."""
    operator: Operator = context.obj
    found = _find(operator, workspace, user)
    operator.confirm(f"Shut {found.email} out?")
    _accounts(operator).change(found, updated_at=_now(operator), status=UserStatus.DISABLED.value)
    _end_logins(operator, found)
    operator.show(_row(_find(operator, workspace, found.id)), note=SOON)


@app.command("set-password")
def set_password(
    context: typer.Context, workspace: WorkspaceReference, user: UserReference, ask: AskOption = False
) -> None:
    """Give a user another password, end every login, and forget wrong passwords."""
    operator: Operator = context.obj
    found = _find(operator, workspace, user)
    operator.confirm(f"Replace the password of {found.email}?")
    password, shown = _password(operator, ask=ask)
    accounts = _accounts(operator)
    accounts.change(found, updated_at=_now(operator), password_hash=operator.passwords.hash(password))
    _end_logins(operator, found)
    accounts.forget_attempts(found.email)
    operator.show(_row(_find(operator, workspace, found.id)) | shown, note=SHOWN_ONCE if shown else SOON)


@app.command("sign-out")
def sign_out(context: typer.Context, workspace: WorkspaceReference, user: UserReference) -> None:
    """End every login of a user."""
    operator: Operator = context.obj
    found = _find(operator, workspace, user)
    operator.show({"ended": _end_logins(operator, found)}, note=SOON)


def _change(context: typer.Context, workspace: str, user: str, **attributes: Any) -> None:
    operator: Operator = context.obj
    found = _find(operator, workspace, user)
    _accounts(operator).change(found, updated_at=_now(operator), **attributes)
    operator.show(_row(_find(operator, workspace, found.id)), note=SOON)


def _end_logins(operator: Operator, user: User) -> int:
    accounts = _accounts(operator)
    sessions = accounts.sessions(user)
    for session in operator.each(sessions, doing="Ending logins"):
        accounts.end_session(session)
    return len(sessions)


def _find(operator: Operator, workspace: str, user: str) -> User:
    return user_named(_accounts(operator), workspace_named(operator.workspaces(), workspace), user)


def _password(operator: Operator, *, ask: bool) -> tuple[str, dict[str, str]]:
    """The password, and what of it is shown."""
    if not ask:
        made = secrets.token_urlsafe(18)
        return made, {"password": made}
    typed = operator.ask_secretly("Password")
    if not SHORTEST_PASSWORD <= len(typed) <= LONGEST_PASSWORD:
        raise Refused(f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD:,} characters.", exit_code=2)
    return typed, {}


def _accounts(operator: Operator) -> Accounts:
    return Accounts(operator.table())


def _now(operator: Operator) -> str:
    return times.to_text(operator.clock())


def _row(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "workspace_id": user.workspace_id,
        "email": user.email,
        "name": user.name,
        "role": user.role.value,
        "status": user.status.value,
        "created_at": user.created_at,
    }
