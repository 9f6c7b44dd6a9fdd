"""A secret with versions, without AWS."""

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
