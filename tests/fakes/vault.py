"""A vault without KMS that minds the encryption context as KMS does."""

import json
from dataclasses import dataclass


class WrongContext(Exception):
    pass


@dataclass(slots=True)
class FakeVault:
    """`opened` counts what was opened."""

    opened: int = 0

    def seal(self, secret: bytes, *, workspace_id: str, credential_id: str) -> bytes:
        return json.dumps([workspace_id, credential_id, secret[::-1].decode()]).encode()

    def open(self, sealed: bytes, *, workspace_id: str, credential_id: str) -> bytes:
        self.opened += 1
        *context, secret = json.loads(sealed)
        if context != [workspace_id, credential_id]:
            raise WrongContext
        return bytes(secret.encode()[::-1])
