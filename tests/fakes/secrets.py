"""A secret with versions, and a vault, without AWS."""

import hashlib
import secrets
from dataclasses import dataclass, field

from trimetric.auth.signing_keys import CURRENT, PREVIOUS, SigningKey
from trimetric.errors import Unavailable


def _key() -> SigningKey:
    return SigningKey(secrets.token_hex(16), secrets.token_hex(32).encode())


@dataclass
class FakeSecret:
    """What `SecretsManager` reads; `down` makes it fail."""

    versions: dict[str, SigningKey] = field(default_factory=lambda: {CURRENT: _key()})
    down: bool = False
    reads: int = 0

    def __call__(self, stage: str) -> SigningKey | None:
        self.reads += 1
        if self.down:
            raise Unavailable
        return self.versions.get(stage)

    def rotate(self) -> None:
        self.versions = {CURRENT: _key(), PREVIOUS: self.versions[CURRENT]}


class FakeVault:
    """Opens only what it sealed, in the same context; what it gives does not show what is inside. `down` makes it fail."""

    def __init__(self) -> None:
        self.down = False
        self._sealed: dict[bytes, tuple[str, str, bytes]] = {}

    def seal(self, secret: bytes, *, workspace_id: str, credential_id: str) -> bytes:
        if self.down:
            raise Unavailable
        assert len(secret) <= 4096, "KMS takes no more"
        sealed = hashlib.sha256(secrets.token_bytes(16)).digest()
        self._sealed[sealed] = (workspace_id, credential_id, secret)
        return sealed

    def open(self, sealed: bytes, *, workspace_id: str, credential_id: str) -> bytes:
        owner, holder, secret = self._sealed[sealed]
        assert (owner, holder) == (workspace_id, credential_id)
        return secret
