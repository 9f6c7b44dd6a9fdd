"""Answers remembered for an Idempotency-Key.

The record is written in the transaction of the effect, so it exists if and only if the effect does: a request that died
after the effect finds its answer, one that died before finds nothing and runs. Nothing is locked and nothing has to be
cleaned up. A record without a status belongs to a request that works in several transactions and has not finished.
"""

import hashlib
import zlib
from dataclasses import dataclass
from typing import Final

from trimetric.dynamo import keys
from trimetric.dynamo.table import Condition, Item, Put

LIFETIME_SECONDS: Final = 24 * 3600


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """`sealed`: the body holds a secret and is encrypted with the stack's key."""

    status: int
    body: bytes
    headers: dict[str, str]
    sealed: bool = False


@dataclass(frozen=True, slots=True)
class RequestIdentity:
    """Who sent which key where, and what: the same `digest` with another `fingerprint` is a reused key."""

    workspace_id: str
    digest: str
    fingerprint: str

    @classmethod
    def of(
        cls, *, workspace_id: str, credential_id: str, path: str, idempotency_key: str, content: bytes
    ) -> "RequestIdentity":
        name = "\n".join((credential_id, path, idempotency_key))
        return cls(workspace_id, hashlib.sha256(name.encode()).hexdigest(), hashlib.sha256(content).hexdigest())


def remember(identity: RequestIdentity, answer: StoredAnswer, *, now_seconds: int) -> Put:
    """To be written with the effect; fails where an answer that has not expired stands."""
    key = keys.remembered_answer(identity.workspace_id, identity.digest)
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "fingerprint": identity.fingerprint,
        "status": answer.status,
        "body": zlib.compress(answer.body),
        "headers": answer.headers,
        "sealed": answer.sealed or None,
        keys.TTL: now_seconds + LIFETIME_SECONDS,
    }
    return Put(item, [Condition(keys.TTL, "<=", now_seconds, or_absent=True)])


def stored_answer(item: Item) -> StoredAnswer | None:
    """None while the request that owns the record is still running."""
    if "status" not in item:
        return None
    return StoredAnswer(item["status"], zlib.decompress(item["body"]), item["headers"], item.get("sealed", False))
