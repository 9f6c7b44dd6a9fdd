"""A vault without KMS that minds the encryption context as KMS does."""

import json
from dataclasses import dataclass

from trimetric.errors import Unavailable


class WrongContext(Exception):
    pass


@dataclass(slots=True)
class FakeVault:
    """`opened` counts what was opened; `down` makes sealing fail. Any vault opens what another one sealed."""

    opened: int = 0
    down: bool = False

    def seal(self, secret: bytes, *, workspace_id: str, credential_id: str) -> bytes:
        if self.down:
            raise Unavailable
        assert len(secret) <= 4096, "KMS takes no more"
        return json.dumps([workspace_id, credential_id, secret[::-1].hex()]).encode()

    def open(self, sealed: bytes, *, workspace_id: str, credential_id: str) -> bytes:
        self.opened += 1
        *context, secret = json.loads(sealed)
        if context != [workspace_id, credential_id]:
            raise WrongContext
        return bytes.fromhex(secret)[::-1]
