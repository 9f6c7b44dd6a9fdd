"""Metrics of a study's sessions, folded by whoever reads them.

A completed session leaves what it adds (`…#in`) in the transaction that completes it, a deleted one what is to be taken
away (`…#out`) in the one that deletes it. A reader takes these, changes the state, and writes the state and the removal
of what it took in one transaction. So at every moment, with every accepted session in it:

    metrics = state + everything that waits to come in - everything that waits to go out

What was accepted before a read is in it, because what waits is listed *before* the state is read: what waited no longer
is in a state that is read later. The transaction, or a second look at the state's version where nothing is written,
refuses if anybody folded in between; then the reader looks again.
"""

import json
import random
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from trimetric.domain.metricis.sessions import Session, SessionStatus
from trimetric.dynamo import blobs, keys
from trimetric.dynamo.keys import Key
from trimetric.dynamo.metricis.sessions import session_of
from trimetric.dynamo.table import (
    CONFLICT_PAUSES,
    MAX_ACTIONS,
    Action,
    ConditionFailed,
    Delete,
    Item,
    Put,
    Table,
    absent,
    equals,
    present,
)
from trimetric.errors import Unavailable
from trimetric.metrics.cognitive_studies import VERSION, Tree, plus

#: Bytes of folded sessions and of the state before and after, in one transaction of 4 MB.
MAX_TRANSACTION_BYTES: Final = 3_400_000
#: Sessions of one transaction; the rest of its places is for the state, in up to ten parts.
FOLDED_AT_ONCE: Final = MAX_ACTIONS - 12
#: Transactions that one read spends on folding; what is left then is added up in memory.
MAX_FOLDS: Final = 20
#: More than ever wait: what is not listed would be missing.
_ALL: Final = 10**9
#: After so many lost attempts a reader leaves the writing to the others.
_WRITING_ATTEMPTS: Final = 3
_JITTER: Final = random.SystemRandom()
#: Bytes of an item beside its blob, generously.
_BESIDE: Final = 1024


def completed(workspace_id: str, session: Session, addition: Tree) -> Sequence[Action]:
    """To be written with the session's completion."""
    blob = blobs.pack({"version": VERSION, "tree": addition})
    coming = keys.session_coming(workspace_id, session.study_id, session.id)
    kept = keys.session_addition(workspace_id, session.id)
    return (
        Put({"pk": coming.pk, "sk": coming.sk, "blob": blob}, [absent()]),
        Put({"pk": kept.pk, "sk": kept.sk, "blob": blob}),
    )


def deletable(table: Table, workspace_id: str, session_id: str) -> tuple[Session, Sequence[Action]] | None:
    """A session, and what is to be written with its deletion; None: no such session."""
    session_key = keys.session(workspace_id, session_id)
    kept = keys.session_addition(workspace_id, session_id)
    found = table.get_many([session_key, kept])
    if session_key not in found:
        return None
    session = session_of(found[session_key])
    if session.status is not SessionStatus.COMPLETED:
        return session, ()
    going = keys.session_going(workspace_id, session.study_id, session_id)
    # Read together with its session, it may be from before the session was completed.
    addition = found.get(kept) or table.get(kept) or {}
    return session, (Delete(kept, [present()]), Put({"pk": going.pk, "sk": going.sk, "blob": addition.get("blob")}))


class _LookAgain(Exception):
    """Somebody else wrote between two reads."""


@dataclass(slots=True)
class _State:
    head: Key
    version: int = 0
    tree: Tree = field(default_factory=dict)
    size: int = 0

    def put(self) -> Sequence[Action]:
        """The state as the next version; refused unless this one is still stored."""
        blob = blobs.pack(self.tree)
        parts = [blob[cut : cut + blobs.MAX_BYTES] for cut in range(0, len(blob), blobs.MAX_BYTES)]
        still = [equals("version", self.version)] if self.version else [absent()]
        self.version += 1
        self.size = len(blob)
        first: Item = {
            "pk": self.head.pk,
            "sk": self.head.sk,
            "release": VERSION,
            "version": self.version,
            "parts": len(parts),
            "blob": parts[0],
        }
        others = [
            Put({"pk": key.pk, "sk": key.sk, "blob": part, "version": self.version})
            for number, part in enumerate(parts[1:], start=1)
            for key in [keys.metrics_part(self.head, number)]
        ]
        return [Put(first, still), *others]


class SessionMetrics:
    def __init__(self, table: Table, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._table = table
        self._sleep = sleep

    def read(self, workspace_id: str, study_number: int) -> Tree | None:
        """What the study's completed sessions add up to, as `trimetric.metrics.cognitive_studies` reads it.

        Exact for what was accepted before; None: no such study.

        Two round trips where nothing waits, a third for a state in several parts.
        """
        for attempt in self._attempts():
            waits = keys.sessions_waiting(workspace_id, study_number)
            waiting = self._table.query(waits.pk, prefix=waits.sk, limit=_ALL)
            try:
                state = self._state(workspace_id, study_number)
                if state is None:
                    return None
                folds = MAX_FOLDS if attempt < _WRITING_ATTEMPTS else 0
                self._fold(state, waiting, folds=folds)
            except (ConditionFailed, _LookAgain):
                continue
            return state.tree
        raise Unavailable(headers={"Retry-After": "1"})

    def _attempts(self) -> Iterator[int]:
        for attempt, pause in enumerate((*CONFLICT_PAUSES, 0.0)):
            yield attempt
            self._sleep(_JITTER.uniform(0, 2 * pause))

    def _state(self, workspace_id: str, study_number: int) -> _State | None:
        study_key = keys.clinical_study(workspace_id, study_number)
        head_key = keys.session_metrics(workspace_id, study_number)
        found = self._table.get_many([study_key, head_key])
        if study_key not in found:
            return None
        return self._unpacked(head_key, found[head_key]) if head_key in found else _State(head_key)

    def _unpacked(self, key: Key, head: Item) -> _State:
        others = [keys.metrics_part(key, number) for number in range(1, head["parts"])]
        found = self._table.get_many(others) if others else {}
        if any(found.get(other, {}).get("version") != head["version"] for other in others):
            raise _LookAgain
        blob = head["blob"] + b"".join(found[other]["blob"] for other in others)
        return _State(key, head["version"], json.loads(zlib.decompress(blob)), len(blob))

    def _fold(self, state: _State, waiting: Sequence[Item], *, folds: int) -> None:
        """Take all that waits into the state, and as much as `folds` transactions hold into the stored one."""
        rest = list(waiting)
        while rest and folds:
            taken = _that_fit(rest, state.size)
            if not taken:
                break
            for item in taken:
                _take(state.tree, item)
            gone = [Delete(Key(item["pk"], item["sk"]), [present()]) for item in taken]
            self._table.write(*state.put(), *gone)
            rest, folds = rest[len(taken) :], folds - 1
        for item in rest:
            _take(state.tree, item)
        if rest:
            self._prove_unchanged(state)

    def _prove_unchanged(self, state: _State) -> None:
        head = self._table.get(state.head)
        if (head["version"] if head else 0) != state.version:
            raise _LookAgain


def _take(tree: Tree, item: Item) -> None:
    document: dict[str, Any] = blobs.unpack(item["blob"])
    plus(tree, document["tree"], sign=1 if item["sk"].endswith("#in") else -1)


def _that_fit(waiting: Sequence[Item], state_bytes: int) -> Sequence[Item]:
    """As many as one transaction takes beside the state, which is counted as what it is and what it becomes."""
    room = MAX_TRANSACTION_BYTES - 2 * state_bytes
    for place, item in enumerate(waiting[:FOLDED_AT_ONCE]):
        room -= 2 * (len(item["blob"]) + _BESIDE)
        if room < 0:
            return waiting[:place]
    return waiting[:FOLDED_AT_ONCE]
