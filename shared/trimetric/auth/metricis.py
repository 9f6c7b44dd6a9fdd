"""Credentials of the Metricis dialect: API tokens, and the access tokens of users who logged in.

API tokens are `mtk_` and 64 hex digits, made like keys of `trimetric.auth.bearer`; they come as a Bearer token or as
`X-API-Key`. Access tokens name their workspace, user and login, which are read together.
"""

import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from trimetric.auth.bearer import NewKey, hash_of
from trimetric.auth.kept import Kept
from trimetric.auth.login_tokens import AccessTokens, has_form_of_jwt
from trimetric.auth.usage import Usage
from trimetric.domain import ids, times
from trimetric.domain.metricis.accounts import LoginSession, Role, User, UserStatus
from trimetric.domain.workspaces import Credential, CredentialKind, Workspace
from trimetric.dynamo.metricis.accounts import Accounts, Signed
from trimetric.errors import Unauthorized

_TOKEN: Final = re.compile(r"mtk_([0-9a-f]{16})[0-9a-f]{48}")
_BEARER: Final = re.compile(r"Bearer +(\S+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Caller:
    """`id` names the token (`key_…`) or the user (`usr_…`); `limit` overrides the workspace's for this caller alone.

    `user` and `login` are those of an access token.
    """

    workspace: Workspace
    id: str
    name: str
    role: Role
    limit: int | None = None
    user: User | None = None
    login: LoginSession | None = None


def new_token(workspace_id: str, name: str, *, role: Role, now: datetime, expires_at: str | None = None) -> NewKey:
    secret = f"mtk_{workspace_id.removeprefix('ws_')}{secrets.token_hex(24)}"
    credential = Credential(
        id=ids.new(ids.KEY, millis=times.to_millis(now)),
        workspace_id=workspace_id,
        kind=CredentialKind.METRICIS,
        name=name,
        last_four=secret[-4:],
        created_at=times.to_text(now),
        secret_hash=hash_of(secret),
        expires_at=expires_at,
        role=role,
    )
    return NewKey(secret, credential)


def unauthorized() -> Unauthorized:
    return Unauthorized("Missing or invalid credentials", headers={"WWW-Authenticate": "Bearer"})


class MetricisAuthenticator:
    """What was looked up is kept for `CACHE_SECONDS`, so a revocation reaches every process within them."""

    def __init__(
        self,
        accounts: Accounts,
        access_tokens: AccessTokens,
        *,
        usage: Usage | None = None,
        clock: Callable[[], datetime] = times.utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._accounts = accounts
        self._access_tokens = access_tokens
        self._usage = usage
        self._clock = clock
        self._tokens: Kept[tuple[Workspace, Credential]] = Kept(monotonic)
        self._logins: Kept[Signed] = Kept(monotonic)
        self._workspaces: Kept[Workspace] = Kept(monotonic)

    def authenticate(self, authorization: str | None, api_key: str | None) -> Caller:
        """Who sent these headers; Unauthorized without saying why."""
        sent = _sent(authorization, api_key)
        if match := _TOKEN.fullmatch(sent):
            return self._holder(f"{ids.WORKSPACE}_{match[1]}", hash_of(sent))
        if has_form_of_jwt(sent):
            return self._user(sent)
        raise unauthorized()

    def workspace(self, workspace_id: str) -> Workspace:
        """The workspace that a capability names; Unauthorized if there is none."""
        found = self._workspaces.get(workspace_id, lambda: self._accounts.workspace(workspace_id))
        if found is None:
            raise unauthorized()
        return found

    def forget(self, login: LoginSession) -> None:
        """It has ended: do not let this process believe in it any longer."""
        self._logins.drop(login.id)

    def _user(self, token: str) -> Caller:
        login = self._access_tokens.read(token)
        if login is None:
            raise unauthorized()
        found = self._logins.get(login.session_id, lambda: self._accounts.signed(*login))
        if found is None or not is_open(found, now=self._clock()):
            raise unauthorized()
        user = found.user
        return Caller(found.workspace, user.id, user.name, user.role, user=user, login=found.session)

    def _holder(self, workspace_id: str, secret_hash: str) -> Caller:
        found = self._tokens.get(secret_hash, lambda: self._accounts.token(workspace_id, secret_hash))
        if found is None:
            raise unauthorized()
        workspace, credential = found
        ends = credential.expires_at
        if credential.role is None or (ends is not None and times.parse(ends) <= self._clock()):
            raise unauthorized()
        if self._usage is not None:
            self._usage.note(credential)
        return Caller(workspace, credential.id, credential.name, credential.role, credential.limit)


def is_open(login: Signed, *, now: datetime) -> bool:
    """Whether its tokens are worth anything; the workspace's switch is another matter."""
    return login.user.status is UserStatus.ACTIVE and login.session.ends_at > times.to_millis(now) // 1000


def _sent(authorization: str | None, api_key: str | None) -> str:
    """The one credential that was sent; two that differ are none."""
    bearer = _BEARER.fullmatch(authorization) if authorization is not None else None
    if (authorization is not None and bearer is None) or (bearer and api_key is not None and api_key != bearer[1]):
        raise unauthorized()
    sent = bearer[1] if bearer else api_key
    if sent is None:
        raise unauthorized()
    return sent
