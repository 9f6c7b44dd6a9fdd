"""The trials of sessions in the single table: blocks of 500, each packed, and cut where it is too large for one item.

A session says in how many items each of its blocks is, and nothing else says that a block exists: blocks that were
written ahead of the session's completion are seen by nobody.
"""

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final

from trimetric.domain.metricis.sessions import Session
from trimetric.domain.metricis.trials import MAX_TRIALS, Submission
from trimetric.dynamo import blobs, keys
from trimetric.dynamo.keys import Key
from trimetric.dynamo.metricis.sessions import session_of
from trimetric.dynamo.table import Action, Delete, Item, Put, Table

#: Trials in a block: a page of 100 lies in two of them at most.
BLOCK: Final = 500

MAX_BLOCKS: Final = -(-MAX_TRIALS // BLOCK)

#: What of trials fits into one transaction of 4 MB and 100 actions, beside what else completes a session; also where
#: the bytes are counted as they travel, in Base64.
MAX_BYTES_IN_ONE: Final = 2_200_000
MAX_ITEMS_IN_ONE: Final = 60

#: Items of the largest size that are written or deleted in one transaction otherwise.
_WRITTEN_AT_ONCE: Final = 8


@dataclass(frozen=True, slots=True)
class PackedTrials:
    #: In how many items each block is.
    blocks: Sequence[int]
    puts: Sequence[Put]

    @property
    def bytes(self) -> int:
        return sum(len(put.item["blob"]) for put in self.puts)

    @property
    def in_one(self) -> bool:
        """Whether all of it fits into the transaction that completes the session."""
        return len(self.puts) <= MAX_ITEMS_IN_ONE and self.bytes <= MAX_BYTES_IN_ONE

    def chunks(self) -> Iterator[Sequence[Put]]:
        """What is written ahead of the commit where it is not `in_one`."""
        for start in range(0, len(self.puts), _WRITTEN_AT_ONCE):
            yield self.puts[start : start + _WRITTEN_AT_ONCE]


def pack(workspace_id: str, session_id: str, submission: Submission) -> PackedTrials:
    blocks: list[int] = []
    puts: list[Put] = []
    for number, start in enumerate(range(0, len(submission.lines), BLOCK)):
        blob = zlib.compress(f"[{','.join(submission.lines[start : start + BLOCK])}]".encode(), 6)
        parts = [blob[cut : cut + blobs.MAX_BYTES] for cut in range(0, len(blob), blobs.MAX_BYTES)]
        blocks.append(len(parts))
        for part, octets in enumerate(parts):
            key = keys.session_trials(workspace_id, session_id, number, part)
            puts.append(Put({"pk": key.pk, "sk": key.sk, "blob": octets, "submission": submission.fingerprint}))
    return PackedTrials(blocks, puts)


def at_most(some: Sequence[int], others: Sequence[int]) -> list[int]:
    """Items of each block that either of two submissions has."""
    return [max(pair) for pair in zip_longest(some, others, fillvalue=0)]


def items_of(workspace_id: str, session_id: str, blocks: Sequence[int]) -> list[Key]:
    return [
        keys.session_trials(workspace_id, session_id, number, part)
        for number, parts in enumerate(blocks)
        for part in range(parts)
    ]


def staged_only(workspace_id: str, session: Session) -> Sequence[Key]:
    """Items that submissions may have left behind which did not complete the session."""
    kept = set(items_of(workspace_id, session.id, session.blocks))
    return [key for key in items_of(workspace_id, session.id, session.staged_blocks) if key not in kept]


def deletion(items: Sequence[Key]) -> Sequence[Action]:
    return [Delete(key) for key in items]


def clear(table: Table, items: Sequence[Key], *guards: Action) -> None:
    """Delete in transactions of their own, as long as the guards hold."""
    for start in range(0, len(items), _WRITTEN_AT_ONCE):
        table.write(*guards, *deletion(items[start : start + _WRITTEN_AT_ONCE]))


def orphans(table: Table, workspace_id: str, session_id: str) -> Sequence[Key]:
    """Trials that a deletion which did not end has left of a session that is gone."""
    first = keys.session_trials(workspace_id, session_id, 0, 0)
    prefix = first.sk.partition("#")[0]
    return [Key(item["pk"], item["sk"]) for item in table.query(first.pk, prefix=prefix, limit=1000)]


def page(
    table: Table, workspace_id: str, session_id: str, *, start: int, size: int
) -> tuple[Session, Sequence[Any]] | None:
    """The session and up to `size` of its trials from place `start` on; None: no such session.

    One round trip, two where a block is in several items.
    """
    asked = range(start // BLOCK, min((start + size - 1) // BLOCK, MAX_BLOCKS - 1) + 1)
    session_key = keys.session(workspace_id, session_id)
    firsts = [keys.session_trials(workspace_id, session_id, number, 0) for number in asked]
    found = table.get_many([session_key, *firsts])
    if session_key not in found:
        return None
    session = session_of(found[session_key])
    wanted = {
        number: [keys.session_trials(workspace_id, session_id, number, part) for part in range(session.blocks[number])]
        for number in asked
        if number < len(session.blocks)
    }
    # Read together with its session, a block may be from before the session was completed.
    missed = [key for pieces in wanted.values() for key in pieces if not _is_of(session, found.get(key))]
    found |= table.get_many(missed) if missed else {}
    if not all(_is_of(session, found.get(key)) for key in missed):
        return None
    trials = [trial for pieces in wanted.values() for trial in _unpacked(found[key]["blob"] for key in pieces)]
    return session, trials[start - asked.start * BLOCK :][:size]


def _is_of(session: Session, item: Item | None) -> bool:
    return item is not None and item["submission"] == session.submission


def _unpacked(pieces: Iterable[bytes]) -> list[Any]:
    trials: list[Any] = json.loads(zlib.decompress(b"".join(pieces)))
    return trials
