"""What opens the Metricis API in a workspace of the local stack: a token, an admin and a user who may only read."""

import secrets
from typing import Any, Final

from trimetric.auth.bearer import hash_of
from trimetric.auth.metricis import new_token
from trimetric.auth.passwords import Passwords
from trimetric.domain import ids, times
from trimetric.domain.metricis.accounts import Role, User, UserStatus
from trimetric.domain.workspaces import CredentialKind
from trimetric.dynamo.metricis.accounts import Accounts
from trimetric.dynamo.table import Table
from trimetric.dynamo.workspaces import Workspaces

LABEL: Final = "local stack"

#: As functions hash them.
PASSWORDS: Final = Passwords()

#: By member of the hand-over file.
ROLES: Final = {"admin": Role.ADMIN, "read_only": Role.READ_ONLY}


def add_accounts(table: Table, name: str, members: dict[str, Any]) -> None:
    """Complete `members` of the workspace of this name; those that work stay."""
    workspace_id = members["id"]
    if not _opens(table, workspace_id, members.get("api_token")):
        members["api_token"] = _fresh_token(table, workspace_id)
    for member, role in ROLES.items():
        if not _logs_in(table, workspace_id, members.get(member)):
            members[member] = _fresh_login(table, workspace_id, f"{member.replace('_', '-')}@{name}.example", role)


def _opens(table: Table, workspace_id: str, token: Any) -> bool:
    return isinstance(token, str) and Accounts(table).token(workspace_id, hash_of(token)) is not None


def _fresh_token(table: Table, workspace_id: str) -> str:
    workspaces = Workspaces(table)
    for credential in workspaces.list_credentials(workspace_id):
        if (credential.kind, credential.name) == (CredentialKind.METRICIS, LABEL):
            workspaces.remove_credential(credential)
    made = new_token(workspace_id, LABEL, role=Role.ADMIN, now=times.utc_now())
    workspaces.add_credential(made.credential)
    return made.secret


def _logs_in(table: Table, workspace_id: str, login: Any) -> bool:
    match login:
        case {"email": str(email), "password": str(password)}:
            user = Accounts(table).by_email(email)
            known = user is not None and user.workspace_id == workspace_id
            return known and PASSWORDS.is_right(password, user.password_hash if user else None)
    return False


def _fresh_login(table: Table, workspace_id: str, email: str, role: Role) -> dict[str, str]:
    """A user who is there already, with a password that nobody knows any more, gets a new one."""
    accounts, now = Accounts(table), times.utc_now()
    password = secrets.token_urlsafe(18)
    password_hash = PASSWORDS.hash(password)
    found = accounts.by_email(email)
    if found is not None:
        accounts.change(found, updated_at=times.to_text(now), password_hash=password_hash)
    else:
        accounts.create(
            User(
                id=ids.new(ids.USER, millis=times.to_millis(now)),
                workspace_id=workspace_id,
                email=email,
                name=email.partition("@")[0],
                role=role,
                status=UserStatus.ACTIVE,
                created_at=times.to_text(now),
                updated_at=times.to_text(now),
                password_hash=password_hash,
            )
        )
    return {"email": email, "password": password}
