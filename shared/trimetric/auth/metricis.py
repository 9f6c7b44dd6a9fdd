"""Credentials of the Metricis dialect: API tokens `mtk_` and 64 hex digits, made like keys of `trimetric.auth.bearer`.

They come as `Authorization: Bearer …` or as `X-API-Key: …`.
"""

import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Generic, TypeVar

from trimetric.auth.bearer import CACHE_ENTRIES, CACHE_SECONDS, NewKey, hash_of
from trimetric.domain import ids, times
from trimetric.domain.metricis.accounts import Role
from trimetric.domain.workspaces import Credential, CredentialKind, Workspace
from trimetric.dynamo.metricis.accounts import Accounts
from trimetric.errors import Unauthorized

_TOKEN: Final = re.compile(r"mtk_([0-9a-f]{16})[0-9a-f]{48}")
_BEARER: Final = re.compile(r"Bearer +(\S+)", re.IGNORECASE)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Caller:
    """`id` names the token (`key_…`) or the user (`usr_…`); `limit` overrides the workspace's for this caller alone."""

    workspace: Workspace
    id: str
    role: Role
    limit: int | None = None


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
        *,
        clock: Callable[[], datetime] = times.utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._accounts = accounts
        self._clock = clock
        self._tokens: _Kept[tuple[Workspace, Credential]] = _Kept(monotonic)
        self._workspaces: _Kept[Workspace] = _Kept(monotonic)

    def authenticate(self, authorization: str | None, api_key: str | None) -> Caller:
        """Who sent these headers; Unauthorized without saying why."""
        sent = _sent(authorization, api_key)
        match = _TOKEN.fullmatch(sent)
        if match is None:
            raise unauthorized()
        return self._holder(f"{ids.WORKSPACE}_{match[1]}", hash_of(sent))

    def workspace(self, workspace_id: str) -> Workspace:
        """The workspace that a capability names; Unauthorized if there is none."""
        found = self._workspaces.get(workspace_id, lambda: self._accounts.workspace(workspace_id))
        if found is None:
            raise unauthorized()
        return found

    def _holder(self, workspace_id: str, secret_hash: str) -> Caller:
        found = self._tokens.get(secret_hash, lambda: self._accounts.token(workspace_id, secret_hash))
        if found is None:
            raise unauthorized()
        workspace, credential = found
        ends = credential.expires_at
        if credential.role is None or (ends is not None and times.parse(ends) <= self._clock()):
            raise unauthorized()
        return Caller(workspace, credential.id, credential.role, credential.limit)


def _sent(authorization: str | None, api_key: str | None) -> str:
    """The one credential that was sent; two that differ are none."""
    bearer = _BEARER.fullmatch(authorization) if authorization is not None else None
    if (authorization is not None and bearer is None) or (bearer and api_key is not None and api_key != bearer[1]):
        raise unauthorized()
    sent = bearer[1] if bearer else api_key
    if sent is None:
        raise unauthorized()
    return sent


class _Kept(Generic[T]):
    """What was found, for a while; what was not found is asked for again."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._entries: OrderedDict[str, tuple[float, T]] = OrderedDict()

    def get(self, name: str, load: Callable[[], T | None]) -> T | None:
        entry = self._entries.get(name)
        now = self._monotonic()
        if entry is not None and now < entry[0]:
            return entry[1]
        found = load()
        self._entries.pop(name, None)
        if found is not None:
            self._entries[name] = (now + CACHE_SECONDS, found)
            if len(self._entries) > CACHE_ENTRIES:
                self._entries.popitem(last=False)
        return found
