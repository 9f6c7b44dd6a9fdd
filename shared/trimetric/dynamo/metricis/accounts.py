"""Users of the Metricis dialect, their logins, and what proves who calls.

An e-mail address belongs to one user of the whole stack, since a login names no workspace: the item `login#<digest>`
leads from the address to the user.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from trimetric.domain.metricis.accounts import Attempts, LoginSession, Role, User, UserStatus, folded_email
from trimetric.domain.workspaces import Credential, Workspace
from trimetric.dynamo import keys, workspaces
from trimetric.dynamo.table import Action, Condition, Delete, Item, Put, Table, Update, absent, equals, present
from trimetric.dynamo.workspaces import Workspaces

#: Nobody's: looking them up costs what looking up somebody does.
_NOBODY = ("ws_0000000000000000", "usr_00000000000000000000000000")


@dataclass(frozen=True, slots=True)
class Signed:
    """Whom a login's tokens name."""

    workspace: Workspace
    user: User
    session: LoginSession


@dataclass(frozen=True, slots=True)
class Claimant:
    """What is known of an e-mail address before a password is looked at: whom it names, and how often it was tried."""

    named: tuple[str, str] | None
    attempts: Attempts | None


class Accounts:
    def __init__(self, table: Table) -> None:
        self._table = table

    # -- what proves who calls, each in one round trip --------------------------------------------------------------

    def token(self, workspace_id: str, secret_hash: str) -> tuple[Workspace, Credential] | None:
        return Workspaces(self._table).with_credential(workspace_id, secret_hash)

    def workspace(self, workspace_id: str) -> Workspace | None:
        return Workspaces(self._table).get(workspace_id)

    def signed(self, workspace_id: str, user_id: str, session_id: str) -> Signed | None:
        """None unless the workspace, the user and the login all exist."""
        owner = keys.workspace(workspace_id)
        user = keys.user(workspace_id, user_id)
        session = keys.login_session(workspace_id, user_id, session_id)
        found = self._table.get_many([owner, user, session])
        if len(found) < 3:
            return None
        return Signed(workspaces.workspace_of(found[owner]), _user(found[user]), _session(found[session]))

    # -- logging in -------------------------------------------------------------------------------------------------

    def claimant(self, email: str) -> Claimant:
        login, attempts = keys.login(digest(email)), keys.login_attempts(digest(email))
        found = self._table.get_many([login, attempts])
        named = found.get(login)
        return Claimant(
            (named["workspace_id"], named["user_id"]) if named else None,
            _attempts(found[attempts]) if attempts in found else None,
        )

    def named(self, claimant: Claimant) -> tuple[Workspace, User] | None:
        """The same work whether the address names somebody or not."""
        workspace_id, user_id = claimant.named or _NOBODY
        owner, user = keys.workspace(workspace_id), keys.user(workspace_id, user_id)
        found = self._table.get_many([owner, user])
        if len(found) < 2:
            return None
        return workspaces.workspace_of(found[owner]), _user(found[user])

    def count_attempt(self, email: str, attempts: Attempts, *, seen: Attempts | None) -> None:
        """ConditionFailed if others tried since `seen` was read."""
        unchanged = absent() if seen is None else equals("count", seen.count)
        values = {"count": attempts.count, "next_at": attempts.next_at, keys.TTL: attempts.forgotten_at}
        self._table.write(Update(keys.login_attempts(digest(email)), set=values, conditions=[unchanged]))

    # -- users, for operators ---------------------------------------------------------------------------------------

    def user(self, workspace_id: str, user_id: str) -> User | None:
        item = self._table.get(keys.user(workspace_id, user_id))
        return _user(item) if item else None

    def by_email(self, email: str) -> User | None:
        named = self.claimant(email).named
        return self.user(*named) if named else None

    def users(self, workspace_id: str) -> list[User]:
        """All of a workspace, the oldest first."""
        found: list[User] = []
        after: str | None = None
        while page := self._table.query(workspace_id, prefix="user#", limit=100, after=after):
            found += map(_user, page)
            after = page[-1]["sk"]
        return found

    def create(self, user: User) -> None:
        """ConditionFailed if the address has an account."""
        self._table.write(*creation(user))

    def change(self, user: User, *, updated_at: str, **attributes: Any) -> None:
        """Set `name`, `role`, `status` or `password_hash`; ConditionFailed if the user is gone."""
        key = keys.user(user.workspace_id, user.id)
        self._table.write(Update(key, set={**attributes, "updated_at": updated_at}, conditions=[present()]))

    def sessions(self, user: User) -> list[LoginSession]:
        found: list[LoginSession] = []
        after: str | None = None
        partition = keys.login_session(user.workspace_id, user.id, "").pk
        while page := self._table.query(partition, prefix="login#", limit=100, after=after):
            found += map(_session, page)
            after = page[-1]["sk"]
        return found

    def end_session(self, session: LoginSession) -> None:
        self._table.write(ending(session))

    def forget_attempts(self, email: str) -> None:
        self._table.write(forgetting(email))


def digest(email: str) -> str:
    return hashlib.sha256(folded_email(email).encode()).hexdigest()


def creation(user: User) -> Sequence[Action]:
    """Fails at place 1 where the address has an account already, in whichever workspace."""
    key, login = keys.user(user.workspace_id, user.id), keys.login(digest(user.email))
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "email": user.email,
        "name": user.name,
        "role": user.role.value,
        "status": user.status.value,
        "created_at": user.created_at,
        "updated_at": user.updated_at,
        "password_hash": user.password_hash,
    }
    named: Item = {"pk": login.pk, "sk": login.sk, "workspace_id": user.workspace_id, "user_id": user.id}
    return Put(item, [absent()]), Put(named, [absent()])


def rehashing(user: User, password_hash: str) -> Action:
    """The same password, hashed with today's parameters; refused if it was changed meanwhile."""
    unchanged = equals("password_hash", user.password_hash)
    return Update(
        keys.user(user.workspace_id, user.id), set={"password_hash": password_hash}, conditions=[present(), unchanged]
    )


def beginning(session: LoginSession) -> Action:
    key = keys.login_session(session.workspace_id, session.user_id, session.id)
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "created_at": session.created_at,
        "refresh_hash": session.refresh_hash,
        keys.TTL: session.ends_at,
    }
    return Put(item, [absent()])


def renewal(session: LoginSession, refresh_hash: str) -> Action:
    """Refused if the refresh token that `session` was read with is not the newest any more."""
    return Update(
        keys.login_session(session.workspace_id, session.user_id, session.id),
        set={"refresh_hash": refresh_hash},
        conditions=[Condition("refresh_hash", "=", session.refresh_hash)],
    )


def ending(session: LoginSession) -> Action:
    return Delete(keys.login_session(session.workspace_id, session.user_id, session.id))


def forgetting(email: str) -> Action:
    return Delete(keys.login_attempts(digest(email)))


def _user(item: Item) -> User:
    return User(
        id=item["sk"].removeprefix("user#"),
        workspace_id=item["pk"],
        email=item["email"],
        name=item["name"],
        role=Role(item["role"]),
        status=UserStatus(item["status"]),
        created_at=item["created_at"],
        updated_at=item["updated_at"],
        password_hash=item["password_hash"],
    )


def _session(item: Item) -> LoginSession:
    workspace_id, _, user_id = item["pk"].partition("#")
    return LoginSession(
        id=item["sk"].removeprefix("login#"),
        workspace_id=workspace_id,
        user_id=user_id,
        created_at=item["created_at"],
        ends_at=item[keys.TTL],
        refresh_hash=item["refresh_hash"],
    )


def _attempts(item: Item) -> Attempts:
    return Attempts(item["count"], item["next_at"], item[keys.TTL])
