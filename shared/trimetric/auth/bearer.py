"""Bearer keys of the UX Metrics dialect: `uxm_v1_` and 64 hex digits.

The first 16 digits are the workspace's, so the key and its workspace are read in one round trip; the other 48 are
random. Only the SHA-256 of the whole key is stored: with 192 random bits nothing slower is needed.
"""

import hashlib
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from trimetric.auth.kept import Kept
from trimetric.auth.usage import Usage
from trimetric.domain import ids, times
from trimetric.domain.workspaces import Credential, CredentialKind, Workspace
from trimetric.dynamo.workspaces import Workspaces
from trimetric.errors import Unauthorized

_HEADER = re.compile(r"Bearer +(uxm_v1_([0-9a-f]{16})[0-9a-f]{48})", re.IGNORECASE)
_KEY = re.compile(r"uxm_v1_([0-9a-f]{16})[0-9a-f]{48}")


@dataclass(frozen=True, slots=True)
class Principal:
    workspace: Workspace
    credential: Credential


@dataclass(frozen=True, slots=True)
class NewKey:
    """`secret` is shown once."""

    secret: str
    credential: Credential


def new_key(workspace_id: str, name: str, *, now: datetime, expires_at: str | None = None) -> NewKey:
    secret = f"uxm_v1_{workspace_id.removeprefix('ws_')}{secrets.token_hex(24)}"
    credential = Credential(
        id=ids.new(ids.KEY, millis=times.to_millis(now)),
        workspace_id=workspace_id,
        kind=CredentialKind.UX_METRICS,
        name=name,
        last_four=secret[-4:],
        created_at=times.to_text(now),
        secret_hash=hash_of(secret),
        expires_at=expires_at,
    )
    return NewKey(secret, credential)


def hash_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


class Authenticator:
    def __init__(
        self,
        workspaces: Workspaces,
        *,
        usage: Usage | None = None,
        clock: Callable[[], datetime] = times.utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._workspaces = workspaces
        self.usage = usage
        self._clock = clock
        self._principals: Kept[Principal] = Kept(monotonic)

    def authenticate(self, header: str | None) -> Principal:
        """Who sent this Authorization header; Unauthorized without saying why."""
        match = _HEADER.fullmatch(header or "")
        if match is None or _KEY.fullmatch(match.group(1)) is None:
            raise Unauthorized(headers={"WWW-Authenticate": "Bearer"})
        secret_hash = hash_of(match.group(1))
        principal = self._principals.get(secret_hash, lambda: self._load(f"ws_{match.group(2)}", secret_hash))
        if principal is None:
            raise Unauthorized(headers={"WWW-Authenticate": "Bearer"})
        ends = principal.credential.expires_at
        if ends is not None and times.parse(ends) <= self._clock():
            raise Unauthorized(headers={"WWW-Authenticate": "Bearer"})
        if self.usage is not None:
            self.usage.note(principal.credential)
        return principal

    def _load(self, workspace_id: str, secret_hash: str) -> Principal | None:
        found = self._workspaces.with_credential(workspace_id, secret_hash)
        if found is None or found[1].kind is not CredentialKind.UX_METRICS:
            return None
        return Principal(*found)
