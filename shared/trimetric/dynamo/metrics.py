"""Metrics of a study, kept up to date by its readers.

One state item a study holds the folded metrics. What of a participant is folded in now stands in that participant's
`counts.folded` (milliseconds; absent: nothing), so this holds at every moment:

    state = sum of `counts.folded` over all participants

Whoever changes a participant sets `l4`. A reader finds those through the index, replaces what is folded in by what
should be, and writes the state and the participants in one transaction, so a reader that comes second loses and looks
again. Nothing is missed: the stale participants are read *before* the state, so whoever is no longer stale then is in
it.
"""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from botocore.exceptions import ClientError

from trimetric.domain.participants import Progress
from trimetric.domain.studies import Counts
from trimetric.dynamo import blobs, keys
from trimetric.dynamo.imports import Imports, pending_import
from trimetric.dynamo.keys import Key
from trimetric.dynamo.table import (
    CONFLICT_PAUSES,
    MAX_ACTIONS,
    Action,
    Condition,
    ConditionFailed,
    Item,
    Put,
    Table,
    Update,
    absent,
    equals,
)
from trimetric.errors import Unavailable
from trimetric.metrics.durations import Durations, NeverAdded

VERSION: Final = 1

#: People whose fold is written in one transaction, beside the state.
CHUNK: Final = MAX_ACTIONS - 1
#: The same where people's answers are so large that a full transaction would exceed its 4 MB.
SMALL_CHUNK: Final = 9
#: Transactions that one read spends on writing folds; it answers exactly also when more people are stale.
MAX_CHUNKS: Final = 40

_PAGE: Final = 1000
#: After so many lost attempts a reader leaves the writing to the others.
_WRITING_ATTEMPTS: Final = 2
_JITTER: Final = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Every result that was accepted before the read began is in it."""

    study_name: str
    study_type: str
    counts: Counts
    durations: Durations


@dataclass(frozen=True, slots=True)
class _Person:
    """What a participant adds to the metrics, from an index's projection."""

    key: Key
    status: str
    excluded: bool
    duration_ms: int | None
    folded: int | None

    @classmethod
    def of(cls, item: Item) -> "_Person":
        row = item["row"]
        return cls(
            key=Key(item[keys.PARTITION], item[keys.SORT]),
            status=row["status"],
            excluded=row["excluded"],
            duration_ms=row["duration_ms"],
            folded=item.get("counts", {}).get("folded"),
        )

    @property
    def contribution(self) -> int | None:
        analysed = self.status == Progress.COMPLETED.value and not self.excluded
        return self.duration_ms if analysed else None

    def fold_into(self, durations: Durations) -> None:
        if self.folded == self.contribution:
            return
        if self.folded is not None:
            durations.remove(self.folded)
        if self.contribution is not None:
            durations.add(self.contribution)

    def folded_in(self) -> Action:
        """Refused if anything that the fold went by has changed."""
        conditions = [
            equals("row.status", self.status),
            equals("row.excluded", self.excluded),
            absent("counts.folded") if self.folded is None else equals("counts.folded", self.folded),
        ]
        if self.contribution is None:
            return Update(self.key, remove=["counts", "l4"], conditions=conditions)
        conditions.append(equals("row.duration_ms", self.duration_ms))
        return Update(self.key, set={"counts": {"folded": self.contribution}}, remove=["l4"], conditions=conditions)


@dataclass(slots=True)
class _State:
    """`version` is that of the stored item, 0 where there is none."""

    key: Key
    version: int = 0
    durations: Durations = field(default_factory=Durations)

    @classmethod
    def of(cls, key: Key, item: Item | None) -> "_State | None":
        """None for a state that another release of this program wrote."""
        if item is None:
            return cls(key)
        document = blobs.unpack(item["blob"])
        if document["v"] != VERSION:
            return None
        return cls(key, item["version"], Durations.from_document(document["durations"]))

    def stored(self) -> Action:
        """The next version; refused unless the present one is still stored."""
        document: dict[str, Any] = {"v": VERSION, "durations": self.durations.to_document()}
        item = {
            keys.PARTITION: self.key.pk,
            keys.SORT: self.key.sk,
            "blob": blobs.pack(document),
            "version": self.version + 1,
        }
        return Put(item, _still(self.version))


class _TooLarge(Exception):
    """A transaction would exceed what the store takes; smaller ones are to be tried."""


def _still(version: int) -> Sequence[Condition]:
    return [equals("version", version)] if version else [absent()]


class Metrics:
    def __init__(self, table: Table, *, now_millis: int, sleep: Callable[[float], None] = time.sleep) -> None:
        self._table = table
        self._imports = Imports(table, now_millis=now_millis)
        self._sleep = sleep
        self._chunk = CHUNK

    def read(self, workspace_id: str, study_id: str) -> Snapshot | None:
        """Exact for what was accepted before; two round trips where nothing is stale. None: no such study."""
        study_key, state_key = keys.study(workspace_id, study_id), keys.metrics(workspace_id, study_id)
        for attempt in self._attempts():
            stale = self._people(workspace_id, study_id, index="lsi4")
            found = self._table.get_many([study_key, state_key])
            if study_key not in found:
                return None
            state = _State.of(state_key, found.get(state_key))
            durations = self._settled(workspace_id, study_id, state, stale, write=attempt < _WRITING_ATTEMPTS)
            if durations is not None:
                study = found[study_key]
                return Snapshot(study["row"]["name"], study["row"]["type"], Counts(**study["counts"]), durations)
        raise Unavailable(headers={"Retry-After": "1"})

    def _settled(
        self, workspace_id: str, study_id: str, state: _State | None, stale: Sequence[_Person], *, write: bool
    ) -> Durations | None:
        """The state's durations with the stale people's share; None: look again."""
        try:
            if state is not None:
                settle = self._folded if write else self._added_up
                if not settle(workspace_id, study_id, state, stale):
                    return None
                if not state.durations.needs_rebuild:
                    return state.durations
        except NeverAdded:
            pass
        self.rebuild(workspace_id, study_id)
        return None

    def _folded(self, workspace_id: str, study_id: str, state: _State, stale: Sequence[_Person]) -> bool:
        """Fold them and write what was folded; False if somebody else was faster."""
        if len(stale) > self._chunk * MAX_CHUNKS:
            # Those beyond are added in memory, where no condition guards them: they must have been seen stale after
            # the state was read, and the last transaction proves that nobody has changed the state since.
            stale = self._people(workspace_id, study_id, index="lsi4")
            if not stale:
                return False
        try:
            self._fold(state, stale, chunks=MAX_CHUNKS)
        except (ConditionFailed, Unavailable, _TooLarge):
            return False
        return True

    def _added_up(self, workspace_id: str, study_id: str, state: _State, stale: Sequence[_Person]) -> bool:
        """Add them in memory, where many readers are about to fold the same people: it wins without writing.

        False if the state changed while the stale people were read.
        """
        if stale:
            stale = self._people(workspace_id, study_id, index="lsi4")
            stored = self._table.get(state.key)
            if (stored["version"] if stored else 0) != state.version:
                return False
        self._fold(state, stale, chunks=0)
        return True

    def _attempts(self) -> Iterator[int]:
        """Numbers from 0, with a growing pause before each but the first."""
        for attempt, pause in enumerate((0.0, *CONFLICT_PAUSES)):
            if pause:
                self._sleep(_JITTER.uniform(0, 2 * pause))
            yield attempt

    def rebuild(self, workspace_id: str, study_id: str) -> Durations | None:
        """Make the state anew from all participants; for operators, and where a state is of no more use.

        It equals what the same people's folds give. None: no such study.
        """
        study_key, state_key = keys.study(workspace_id, study_id), keys.metrics(workspace_id, study_id)
        for _ in self._attempts():
            found = self._table.get_many([study_key, state_key])
            if study_key not in found:
                return None
            state = _State(state_key, found.get(state_key, {}).get("version", 0))
            people = self._people(workspace_id, study_id, index="lsi1")
            state.durations = Durations.of(person.folded for person in people if person.folded is not None)
            stale = [person for person in people if person.folded != person.contribution]
            try:
                self._table.write(state.stored())
                state.version += 1
                self._fold(state, stale, chunks=len(stale))
            except (ConditionFailed, Unavailable, _TooLarge):
                continue
            if not state.durations.needs_rebuild:
                return state.durations
        raise Unavailable(headers={"Retry-After": "1"})

    def _fold(self, state: _State, stale: Sequence[_Person], *, chunks: int) -> None:
        """Fold all into `state`, and write the first `chunks`; ConditionFailed if somebody else was faster."""
        for number, chunk in enumerate(_chunks(stale, self._chunk)):
            for person in chunk:
                person.fold_into(state.durations)
            if number < chunks:
                self._write(state.stored(), *(person.folded_in() for person in chunk))
                state.version += 1

    def _write(self, *actions: Action) -> None:
        try:
            self._table.write(*actions)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationException" or self._chunk == SMALL_CHUNK:
                raise
            self._chunk = SMALL_CHUNK
            raise _TooLarge from error

    def _people(self, workspace_id: str, study_id: str, *, index: str) -> list[_Person]:
        """Everybody in an index, but for people of imports that are not committed."""
        partition, sort = keys.people(workspace_id, study_id), keys.INDEXES[index]
        people: list[_Person] = []
        after: str | None = None
        while page := self._table.query(partition, index=index, after=after, limit=_PAGE):
            waiting = sorted({found for item in page if (found := pending_import(item)) is not None})
            if any(self._imports.settle(workspace_id, study_id, import_id) for import_id in waiting):
                continue
            people += [_Person.of(item) for item in page if pending_import(item) is None]
            if len(page) < _PAGE:
                break
            after = page[-1][sort]
        return people


def _chunks(people: Sequence[_Person], size: int) -> Iterator[Sequence[_Person]]:
    rest = iter(people)
    while chunk := list(islice(rest, size)):
        yield chunk
