"""Keys of the Micrometrics dialect: 32 hex digits whose first 16 are the workspace's, and secrets that sign requests.

The key string is no secret; its SHA-256 is the credential's place in the table, as with bearer keys. Secrets are sealed
(`trimetric.auth.vault`) and opened once per process. Two may live at a time while a key is rotated.
"""

import hashlib
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from trimetric.auth.bearer import Principal
from trimetric.auth.kept import CACHE_ENTRIES, CACHE_SECONDS
from trimetric.auth.usage import Usage
from trimetric.auth.vault import Vault
from trimetric.domain import apiauth, ids, times
from trimetric.domain.apiauth import Authorization, Canonical, SignedRequest
from trimetric.domain.workspaces import Credential, CredentialKind, Permission, SealedSecret
from trimetric.dynamo.workspaces import Workspaces

_KEY: Final = re.compile(r"([0-9a-f]{16})[0-9a-f]{16}")
#: Signs nothing: with it an unknown key costs the same work as a known one.
_NOBODY: Final = secrets.token_bytes(32)


class SignatureRefused(Exception):
    """`reason` is for the log alone; callers are told nothing of it. `credential_id` where the key is known."""

    def __init__(self, reason: str, *, credential_id: str | None = None) -> None:
        self.reason = reason
        self.credential_id = credential_id
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class NewSignatureKey:
    """`secret` is shown once."""

    key: str
    secret: str
    credential: Credential


def new_signature_key(
    vault: Vault,
    workspace_id: str,
    name: str,
    *,
    now: datetime,
    permissions: tuple[Permission, ...] = tuple(Permission),
    expires_at: str | None = None,
) -> NewSignatureKey:
    key = f"{workspace_id.removeprefix('ws_')}{secrets.token_hex(8)}"
    credential = Credential(
        id=ids.new(ids.KEY, millis=times.to_millis(now)),
        workspace_id=workspace_id,
        kind=CredentialKind.APIAUTH,
        name=name,
        last_four="",
        created_at=times.to_text(now),
        secret_hash=hash_of(key),
        expires_at=expires_at,
        key=key,
        permissions=permissions,
    )
    secret, sealed = _new_secret(vault, credential)
    return NewSignatureKey(key, secret, replace(credential, last_four=sealed.last_four, secrets=(sealed,)))


def rotated(vault: Vault, old: Credential, *, now: datetime, ends_at: str) -> NewSignatureKey:
    """The same key with a new secret; the one that was the newest ends at `ends_at`, those before it end now."""
    secret, sealed = _new_secret(vault, old)
    newest = old.secrets[-1]
    kept = (replace(newest, ends_at=ends_at),) if times.parse(ends_at) > now else ()
    credential = replace(old, last_four=sealed.last_four, secrets=(*kept, sealed))
    return NewSignatureKey(old.key or "", secret, credential)


def _new_secret(vault: Vault, credential: Credential) -> tuple[str, SealedSecret]:
    secret = secrets.token_hex(32)
    sealed = vault.seal(secret.encode(), workspace_id=credential.workspace_id, credential_id=credential.id)
    return secret, SealedSecret(sealed, last_four=secret[-4:])


def hash_of(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Known:
    principal: Principal
    opened: tuple[bytes, ...]

    def by_envelope(self) -> dict[bytes, bytes]:
        sealed = (secret.sealed for secret in self.principal.credential.secrets)
        return dict(zip(sealed, self.opened, strict=True))

    def live(self, now: datetime) -> list[bytes]:
        sealed = self.principal.credential.secrets
        return [
            secret
            for secret, envelope in zip(self.opened, sealed, strict=True)
            if envelope.ends_at is None or times.parse(envelope.ends_at) > now
        ]


class SignatureAuthenticator:
    """What is known of a key is believed for CACHE_SECONDS; a signature that does not fit asks the table again."""

    def __init__(
        self,
        workspaces: Workspaces,
        vault: Vault,
        *,
        strict_uri: bool = False,
        usage: Usage | None = None,
        clock: Callable[[], datetime] = times.utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._workspaces = workspaces
        self._vault = vault
        self._strict_uri = strict_uri
        self._usage = usage
        self._clock = clock
        self._monotonic = monotonic
        self._cache: OrderedDict[str, tuple[float, _Known]] = OrderedDict()

    def authenticate(self, request: SignedRequest) -> Principal:
        """Who signed this request; SignatureRefused if nobody known did."""
        given = apiauth.read_authorization(request.headers)
        if given is None:
            raise SignatureRefused("no authorization of the scheme's form")
        candidates = apiauth.canonicals(request, strict_uri=self._strict_uri)
        principal = self._signer(given, candidates)
        now, credential = self._clock(), principal.credential
        reason = apiauth.problem(request, now=now)
        if credential.expires_at is not None and times.parse(credential.expires_at) <= now:
            reason = "the key has ended"
        if reason is not None:
            raise SignatureRefused(reason, credential_id=credential.id)
        if self._usage is not None:
            self._usage.note(credential)
        return principal

    def _signer(self, given: Authorization, candidates: list[Canonical]) -> Principal:
        known = self._cached(given.key)
        if known is not None and apiauth.verified(given, candidates, known.live(self._clock())):
            return known.principal
        tried = known.opened if known is not None else ()
        known = self._load(given.key)
        if known is None:
            if not tried:
                apiauth.verified(given, candidates, [_NOBODY])
            raise SignatureRefused("unknown key")
        if known.opened != tried and apiauth.verified(given, candidates, known.live(self._clock())):
            return known.principal
        raise SignatureRefused("the signature is not that of this request", credential_id=known.principal.credential.id)

    def _cached(self, key: str) -> _Known | None:
        until, known = self._cache.get(key, (0.0, None))
        return known if self._monotonic() < until else None

    def _load(self, key: str) -> _Known | None:
        until = self._monotonic() + CACHE_SECONDS
        _, before = self._cache.get(key, (0.0, None))
        form = _KEY.fullmatch(key)
        found = self._workspaces.with_credential(f"ws_{form[1]}", hash_of(key)) if form else None
        if found is None or found[1].kind is not CredentialKind.APIAUTH:
            self._cache.pop(key, None)
            return None
        known = _Known(Principal(*found), self._open(found[1], before))
        self._cache[key] = (until, known)
        self._cache.move_to_end(key)
        if len(self._cache) > CACHE_ENTRIES:
            self._cache.popitem(last=False)
        return known

    def _open(self, credential: Credential, before: _Known | None) -> tuple[bytes, ...]:
        """The secrets; those that were opened before are not opened again."""
        already = before.by_envelope() if before else {}
        return tuple(
            already.get(secret.sealed)
            or self._vault.open(secret.sealed, workspace_id=credential.workspace_id, credential_id=credential.id)
            for secret in credential.secrets
        )
