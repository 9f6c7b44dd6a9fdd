"""Metrics of a study, kept up to date by its readers, and by the table's stream ahead of them.

A study's state holds the folded metrics. What of a participant is folded in now stands in that participant's
`counts.folded`, so this holds at every moment:

    state = sum of what `counts.folded` says over all participants

`counts.folded` does not repeat what was added: it says as what the person was counted (how many results, status,
excluded or not). Results are only ever appended, so what that added can be worked out again and taken away again.

Whoever changes a participant sets `l4`. A reader finds those through the index, replaces what is folded in by what
should be, and writes the state and the participants in one transaction, so a reader that comes second loses and looks
again. Nothing is missed: the stale participants are listed *before* the state is read, so whoever is no longer stale
then is in it. Nothing is counted twice: the participants themselves are read *after* the state, and either the
transaction or a second look proves that nobody has changed the state since, so that it and they are of one moment.

What people add depends on the study's design. The state names the design that it was made with; another design (the
areas of a published first-click test may change) makes it anew.

What people with a data quality flag add is kept apart. Some flags compare people with each other: a reader who needs
them judges everybody by what the index says of them, folds those again whose flags have changed, and marks the state
as judged, which lasts until the next fold.
"""

import hashlib
import json
import random
import time
import zlib
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import islice
from typing import Any, Final

from botocore.exceptions import ClientError

from trimetric.domain import quality
from trimetric.domain.participants import Participant, Progress, StoredResult
from trimetric.domain.quality import Traits
from trimetric.domain.studies import Counts, Study
from trimetric.domain.study_types.design import Design
from trimetric.dynamo import blobs, keys
from trimetric.dynamo.imports import MAX_TRANSACTION_BYTES, Imports, pending_import
from trimetric.dynamo.keys import Key
from trimetric.dynamo.participants import participant_of, results_of
from trimetric.dynamo.studies import study_of
from trimetric.dynamo.table import (
    CONFLICT_PAUSES,
    MAX_ACTIONS,
    Action,
    Condition,
    ConditionFailed,
    Delete,
    Item,
    Put,
    Table,
    Update,
    absent,
    equals,
)
from trimetric.errors import Unavailable
from trimetric.metrics import durations, state
from trimetric.metrics.durations import Durations, NeverAdded
from trimetric.metrics.recent import Recent, Shown
from trimetric.metrics.registry import StudyMetrics, metrics_of
from trimetric.metrics.state import Contribution, Person, State

#: Of the way this release counts people. A change in what a study type counts needs another one: states are made anew.
VERSION: Final = f"3.{state.VERSION}.{durations.VERSION}"

#: Durations from start to completion of all who are analysed, whatever the study's type. Names of study types' own
#: begin with a bracket.
DURATION: Final = "duration"
_FLAGGED: Final = "flag "

#: People whose fold is written in one transaction, beside the state in up to two parts.
CHUNK: Final = MAX_ACTIONS - 3
#: The same where a full transaction would exceed its 4 MB.
SMALL_CHUNK: Final = 9
#: Transactions that one read spends on writing folds; it answers exactly also when more people are stale.
MAX_CHUNKS: Final = 40

#: Bytes of one part of the state.
MAX_PART_BYTES: Final = blobs.MAX_BYTES

_PAGE: Final = 1000
#: After so many lost attempts a reader leaves the writing to the others, unless more than a transaction is to be
#: written: what is written is not lost with the attempt.
_WRITING_ATTEMPTS: Final = 2
#: Until then a reader looks again if somebody whom it found stale has changed since, so that it shows one moment. After
#: that it takes people as they are by now: all that was accepted before is in it, and some of what came meanwhile.
_STRICT_ATTEMPTS: Final = 6
_JITTER: Final = random.SystemRandom()

#: Seconds for which the stream, which nobody waits for, makes way each time it meets somebody else who folds.
_YIELDS: Final = (0.5, 1.0, 2.0, 4.0)
#: The same where a reader asks for it, who may take up to `_READERS_PAUSE` to come back.
_MAKES_WAY: Final = 3.0
#: Seconds, at most, before a reader with more than a transaction of stale people looks again: who was faster is folding
#: them, and needs a moment.
_READERS_PAUSE: Final = 1.5
#: Seconds after which a reader's asking is forgotten.
_ASKED_FOR: Final = 60

#: Settings that are applied when metrics are shown, not when people are counted.
_APPLIED_LATER: Final = frozenset({"category_map"})

Progressed = Callable[[int, int], None]
#: `Table.get_many`, or what it gave before.
Reading = Callable[[Iterable[Key]], Mapping[Key, Item]]


@dataclass(frozen=True)
class Snapshot:
    """Every result that was accepted before the read began is in it."""

    study: Study
    design: Design
    _state: Callable[[], State]
    #: Names the stored state and design to the last byte; None where people are in it who were not stored yet.
    _identity: Hashable | None = None
    #: Whether people with a data quality flag are left out.
    unflagged_only: bool = False

    def without_flagged(self) -> "Snapshot":
        """Of the same moment; exact where the snapshot was read `judged`."""
        identity = None if self._identity is None else (self._identity, "without flagged")
        return replace(self, _identity=identity, unflagged_only=True)

    @property
    def study_name(self) -> str:
        return self.study.name

    @property
    def study_type(self) -> str:
        return self.study.type

    @property
    def counts(self) -> Counts:
        return self.study.counts

    @property
    def analysed(self) -> int:
        """People whose results the figures are made of."""
        return self.durations.n

    @property
    def state(self) -> State:
        state = self._state()
        return state.without_flagged() if self.unflagged_only else state.of_all()

    @property
    def durations(self) -> Durations:
        return self._shown.durations

    @property
    def flags(self) -> dict[str, int]:
        """Data quality flag -> how many of the analysed people carry it."""
        return self._shown.flags

    def figures_as_json(self) -> bytes:
        """What the study's type measures: the member of the API's answer that is named like the type."""
        return self._shown.figures

    def figures(self) -> dict[str, Any]:
        """The same, to be worked with."""
        figures: dict[str, Any] = json.loads(self.figures_as_json())
        return figures

    @cached_property
    def _shown(self) -> Shown:
        shown = None if self._identity is None else RECENT.get(self._identity)
        if shown is None:
            shown = _worked_out(self.study.type, self.design, self.state)
            if self._identity is not None:
                RECENT.put(self._identity, shown)
        return shown


#: Of all readers in this process.
RECENT: Final = Recent()


def _worked_out(type_name: str, design: Design, state: State) -> Shown:
    figures = metrics_of(type_name).summarise(design, state)
    flags = {
        name.removeprefix(_FLAGGED): number
        for name, number in sorted(state.counters.items())
        if name.startswith(_FLAGGED)
    }
    text = json.dumps(figures, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Shown(text.encode(), state.durations.get(DURATION) or Durations(), flags)


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """`differences` from the state that stood there before: its names, each with what was stored and what is right.

    None where no state of this release and design was stored, so that there was nothing to compare.
    """

    people: int
    differences: Sequence[str] | None
    state: State


@dataclass(slots=True)
class CaughtUp:
    """What was done ahead of readers. `finished`: nobody is stale, or only a reader can do something about it."""

    people: int = 0
    finished: bool = False


class TooLarge(Exception):
    """A transaction would exceed what the store takes; smaller ones are to be tried."""


class LookAgain(Exception):
    """Somebody else wrote between two reads."""


class _GoFirst(Exception):
    """A reader asked the stream to make way."""


@dataclass(frozen=True, slots=True)
class _Standing:
    """As what a person is counted. `flags` are those that compare the person with others."""

    results: int
    status: str
    excluded: bool
    flags: tuple[str, ...] = ()

    @classmethod
    def folded(cls, item: Item) -> "_Standing | None":
        document = item.get("counts", {}).get("folded")
        # Another release wrote something else; its states are made anew, so nothing of the person is folded in.
        if not isinstance(document, dict) or "flags" not in document:
            return None
        return cls(document["n"], document["status"], document["excluded"], tuple(document["flags"]))

    def to_document(self) -> dict[str, Any]:
        return {"n": self.results, "status": self.status, "excluded": self.excluded, "flags": list(self.flags)}

    @property
    def analysed(self) -> bool:
        return self.status == Progress.COMPLETED.value and not self.excluded


@dataclass(frozen=True, slots=True)
class _Folding:
    """A person with what is folded in and what should be."""

    key: Key
    participant: Participant
    results: tuple[StoredResult, ...]
    folded: _Standing | None
    #: In the index of stale people, None where nothing is stale.
    position: str | None
    #: Bytes of the item, generously.
    size: int
    #: In what the person is compared with others; None where that is not done.
    traits: Traits | None = None
    #: Flags by comparison where somebody has just judged, else those that are folded in stay.
    judgement: tuple[str, ...] | None = None

    @classmethod
    def of(cls, item: Item) -> "_Folding":
        key = Key(item[keys.PARTITION], item[keys.SORT])
        size = len(item["results"]) + 4096
        return cls(key, participant_of(item), results_of(item), _Standing.folded(item), item.get("l4"), size)

    @property
    def present(self) -> _Standing:
        standing = _Standing(len(self.results), self.participant.status.value, self.participant.excluded)
        if not standing.analysed:
            return standing
        kept = self.folded.flags if self.folded else ()
        return replace(standing, flags=kept if self.judgement is None else self.judgement)

    def judged(self, flags: tuple[str, ...]) -> "_Folding":
        return replace(self, judgement=flags)

    def compared(self, study_type: str) -> "_Folding":
        """With the traits that the stored mark is to name."""
        if self.participant.duration_ms is None:
            return self
        traits = quality.traits_of(
            study_type,
            [result.payload for result in self.results],
            duration_ms=self.participant.duration_ms,
            device=self.participant.device,
            locale=self.participant.locale,
        )
        return replace(self, traits=traits)

    def action(self) -> Action:
        """Marks what is folded in; refused if the person has changed. That of others is refused by the state."""
        return Update(
            self.key,
            set={"counts": {"folded": self.present.to_document(), **_traits_document(self.traits)}},
            remove=["l4"],
            conditions=[equals("version", self.participant.version)],
        )


def _traits_document(traits: Traits | None) -> dict[str, Any]:
    return {} if traits is None else {"traits": json.dumps([traits.fingerprint, traits.times], separators=(",", ":"))}


def _traits(item: Item) -> Traits | None:
    """Of somebody analysed, from what the index shows; None for others and for those whom nobody compares."""
    standing, text = _Standing.folded(item), item.get("counts", {}).get("traits")
    if standing is None or not standing.analysed or text is None:
        return None
    mark, times = json.loads(text)
    return Traits(int(item["row"]["duration_ms"]), mark, times)


@dataclass(frozen=True, slots=True)
class _Counting:
    """What people add in one study."""

    metrics: StudyMetrics
    design: Design

    def contribution(self, person: _Folding, standing: _Standing | None) -> Contribution:
        if standing is None:
            return Contribution()
        participant = person.participant
        completed = standing.status == Progress.COMPLETED.value
        counted = Person(
            id=participant.id,
            completed=completed,
            excluded=standing.excluded,
            started_at=participant.started_at,
            completed_at=participant.completed_at if completed else None,
            results=tuple(result.payload for result in person.results[: standing.results]),
        )
        own = self.metrics.contribution(self.design, counted)
        if not counted.analysed or participant.duration_ms is None:
            return own
        flags = {_flagged(flag): 1 for flag in (*participant.flags, *standing.flags)}
        whole = Contribution({**own.counters, **flags}, [*own.durations, (DURATION, participant.duration_ms)])
        return whole.apart() if flags else whole


@dataclass(slots=True)
class Kept:
    """The state as it is stored: in the head item, or where it is too large in parts of their own.

    A name's part follows from a hash of the name, so that a fold writes only the parts that it touched. The head says
    which version each part has: what a reader puts together is of one moment, though several items are read.
    """

    key: Key
    design: str
    #: That of the stored head, 0 where there is none.
    version: int = 0
    #: As they are stored, until somebody looks into them.
    packed: Sequence[bytes] = ()
    #: The version and the size in bytes of each part.
    parts: list[tuple[int, int]] = field(default_factory=lambda: [(0, 0)])
    #: Parts that are to be written; their bytes are different from the stored ones.
    touched: set[int] = field(default_factory=lambda: {0})
    #: Whether the flags that compare people with each other are those of this very version.
    judged: bool = False
    _state: State | None = None

    @property
    def state(self) -> State:
        return self.unpacked()

    def unpacked(self) -> State:
        if self._state is None:
            self._state = State()
            for blob in self.packed:
                part = State.from_document(blobs.unpack(blob))
                self._state.counters |= part.counters
                self._state.durations |= part.durations
        return self._state

    def digest(self) -> str | None:
        """Of the state as it is stored; None where it is not, or not all of it."""
        if self.touched or not self.version:
            return None
        digest = hashlib.blake2b(digest_size=16)
        for blob in self.packed:
            digest.update(blob)
        return digest.hexdigest()

    def part_of(self, name: str) -> int:
        return zlib.crc32(name.encode()) % len(self.parts) if len(self.parts) > 1 else 0

    def replace(self, out: Contribution, into: Contribution) -> None:
        """NeverAdded if `out` is not in it, as far as that can be seen."""
        self.judged = False
        self.state.subtract(out)
        self.state.add(into)
        for contribution in (out, into):
            self.touched.update(map(self.part_of, contribution.counters))
            self.touched.update(self.part_of(name) for name, _ in contribution.durations)

    def reset(self, made: State) -> None:
        self._state, self.parts, self.touched, self.judged = made, [(0, 0)], {0}, False

    @property
    def room(self) -> int:
        """Bytes that one transaction has for people: the state may be twice as large afterwards."""
        return MAX_TRANSACTION_BYTES - 2 * sum(size for _, size in self.parts)

    @property
    def places(self) -> int:
        """Actions that one transaction has for people, likewise."""
        return max(1, MAX_ACTIONS - 1 - 2 * len(self.parts))

    def stored(self) -> tuple[Sequence[Action], int]:
        """The next version, and its bytes; refused unless the present one is still stored."""
        blob_of = self._packed()
        conditions = _still(self.version)
        self.version += 1
        # Where the parts are divided anew, all of them are here.
        self.packed = [
            blob_of[number] if number in blob_of else self.packed[number] for number in range(len(self.parts))
        ]
        for number, blob in blob_of.items():
            self.parts[number] = (self.version, len(blob))
        self.touched = set()
        head: Item = {
            keys.PARTITION: self.key.pk,
            keys.SORT: self.key.sk,
            "release": VERSION,
            "design": self.design,
            "version": self.version,
            "parts": [version for version, _ in self.parts],
            "judged": self.judged,
        }
        bytes_written = sum(map(len, blob_of.values()))
        if len(self.parts) == 1:
            return [Put(head | {"blob": blob_of[0]}, conditions)], bytes_written
        parts = [self._part(number, blob) for number, blob in blob_of.items()]
        return [Put(head, conditions), *parts], bytes_written

    def _part(self, number: int, blob: bytes) -> Put:
        key = keys.metrics_part(self.key, number)
        return Put({keys.PARTITION: key.pk, keys.SORT: key.sk, "blob": blob, "version": self.version})

    def _packed(self) -> Mapping[int, bytes]:
        if len(self.parts) == 1:
            self.touched = {0}
        while True:
            blob_of = {number: blobs.pack(part.to_document()) for number, part in self._divided().items()}
            if all(len(blob) <= MAX_PART_BYTES for blob in blob_of.values()):
                return blob_of
            self.parts = [(0, 0)] * (2 * len(self.parts))
            self.touched = set(range(len(self.parts)))

    def _divided(self) -> Mapping[int, State]:
        if len(self.parts) == 1:
            return {0: self.state}
        divided = {number: State() for number in sorted(self.touched)}
        for name, number in self.state.counters.items():
            if (part := self.part_of(name)) in divided:
                divided[part].counters[name] = number
        for name, each in self.state.durations.items():
            if (part := self.part_of(name)) in divided:
                divided[part].durations[name] = each
        return divided


@dataclass(frozen=True, slots=True)
class _Base:
    """A study with the stored state. `usable`: it was made by this release, with this design."""

    workspace_id: str
    study: Study
    design: Design
    design_version: int
    counting: _Counting
    kept: Kept
    usable: bool

    def identity(self) -> Hashable:
        """Of the state and the design as they are stored, to the last byte; None where people are in it who are not."""
        digest = self.kept.digest()
        return None if digest is None else (self.workspace_id, self.study.id, self.design_version, digest)

    def as_it_stands(self) -> Snapshot | None:
        """What is shown where nobody is stale; None where there is more to do first.

        A state that was worked out before is not even unpacked.
        """
        identity = self.identity() if self.usable else None
        if identity is None or (RECENT.get(identity) is None and self.kept.state.needs_rebuild):
            return None
        return Snapshot(self.study, self.design, self.kept.unpacked, identity)


def _itself(state: State) -> State:
    return state


def _flagged(flag: str) -> str:
    return f"{_FLAGGED}{flag}"


def _still(version: int) -> Sequence[Condition]:
    return [equals("version", version)] if version else [absent()]


def fingerprint(design: Design) -> str:
    """Of all in a design that decides what people add."""
    document = design.to_document()
    settings = {name: value for name, value in document["settings"].items() if name not in _APPLIED_LATER}
    text = json.dumps({**document, "settings": settings}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def stored_state(read: Reading, key: Key, head: Item | None, design: str) -> tuple[Kept, bool]:
    """The state behind its `head`; False where another release or another design made it, so that it says nothing.

    `read` is asked for the parts where there are several; LookAgain if they are not of one moment.
    """
    kept = Kept(key, design)
    if head is None:
        return kept, True
    kept.version = head["version"]
    if head.get("release") != VERSION or head["design"] != design:
        return kept, False
    items = [head] if len(head["parts"]) == 1 else _parts(read, key, head["parts"])
    kept.packed = [item["blob"] for item in items]
    kept.parts = [(item["version"], len(item["blob"])) for item in items]
    kept.touched = set()
    kept.judged = head["judged"]
    return kept, True


def part_keys(head: Key, versions: Sequence[int]) -> Sequence[Key]:
    return [keys.metrics_part(head, number) for number in range(len(versions))]


def _parts(read: Reading, head: Key, versions: Sequence[int]) -> Sequence[Item]:
    wanted = part_keys(head, versions)
    found = read(wanted)
    if [found[key]["version"] if key in found else None for key in wanted] != versions:
        raise LookAgain
    return [found[key] for key in wanted]


class Metrics:
    def __init__(self, table: Table, *, now_millis: int, sleep: Callable[[float], None] = time.sleep) -> None:
        self._table = table
        self._now_millis = now_millis
        self._imports = Imports(table, now_millis=now_millis)
        self._sleep = sleep
        self._chunk = CHUNK

    def read(self, workspace_id: str, study_id: str, *, judged: bool = False) -> Snapshot | None:
        """Exact for what was accepted before; None: no such study.

        Two round trips where nothing is stale, a third for a state in several parts. With `judged` the flags are exact,
        too, and who carries one is left out by `without_flagged`: the first such read after a change looks at what the
        index says of everybody, a thousand people a round trip.
        """
        for attempt in self._attempts():
            stale = self._people(workspace_id, study_id, index="lsi4")
            try:
                base = self._base(workspace_id, study_id)
                if base is None:
                    return None
                if judged and attempt >= _STRICT_ATTEMPTS:
                    return self._counted_and_judged(base)
                current = not stale and (base.kept.judged or not judged)
                if current and (snapshot := base.as_it_stands()) is not None:
                    return snapshot
                if judged and not stale and base.usable and not base.kept.state.needs_rebuild:
                    settled = self._judge(base)
                else:
                    settled = self._settled(base, stale, attempt)
                    if judged:
                        if settled is not None and settled is not base.kept.state:
                            # No transaction takes this state.
                            return self._counted_and_judged(base)
                        # Now that everybody is folded.
                        continue
            except TooLarge:
                continue
            except (ConditionFailed, LookAgain):
                self._ask_the_stream(workspace_id, study_id)
                if len(stale) > CHUNK:
                    self._sleep(_JITTER.uniform(_READERS_PAUSE / 3, _READERS_PAUSE))
                continue
            if settled is not None:
                identity = base.identity() if settled is base.kept.state else None
                return Snapshot(base.study, base.design, partial(_itself, settled), identity)
        raise Unavailable(headers={"Retry-After": "1"})

    def _ask_the_stream(self, workspace_id: str, study_id: str) -> None:
        """To make way. It writes one transaction after the other, and always between a reader's look and write."""
        key = keys.metrics_waited_for(workspace_id, study_id)
        forgotten = self._now_millis // 1000 + _ASKED_FOR
        self._table.write(Put({keys.PARTITION: key.pk, keys.SORT: key.sk, keys.TTL: forgotten}))

    def _make_way(self, workspace_id: str, study_id: str) -> None:
        """_GoFirst if a reader asks for it."""
        key = keys.metrics_waited_for(workspace_id, study_id)
        if self._table.get(key) is not None:
            self._table.write(Delete(key))
            raise _GoFirst

    def _settled(self, base: _Base, stale: Mapping[Key, str], attempt: int) -> State | None:
        """The state with the stale people's share; None: look again."""
        if base.usable:
            try:
                as_listed = stale if attempt < _STRICT_ATTEMPTS else {}
                writes = attempt < _WRITING_ATTEMPTS or len(stale) > CHUNK
                self._fold(base, list(stale), as_listed, chunks=MAX_CHUNKS if writes else 0)
            except Unavailable as error:
                raise LookAgain from error
            except NeverAdded:
                pass
            else:
                if not base.kept.state.needs_rebuild:
                    return base.kept.state
        try:
            self.rebuild(base.workspace_id, base.study.id)
        except TooLarge:
            return self._counted(base)
        return None

    def _judge(self, base: _Base) -> State | None:
        """Fold those again whose flags by comparison have changed; None if that takes away what the state must know.

        ConditionFailed as from folds. Nobody is stale, so what the index says is of the state's moment if
        the writes find that state still there.
        """
        people: dict[Key, Traits] = {}
        standing: dict[Key, tuple[str, ...]] = {}
        for key, item in self._items(base.workspace_id, base.study.id, index="lsi1"):
            if (folded := _Standing.folded(item)) is not None:
                standing[key] = folded.flags
            if (traits := _traits(item)) is not None:
                people[key] = traits
        found = quality.among({key.sk: traits for key, traits in people.items()})
        flags = {key: found.get(key.sk, ()) if key in people else () for key in standing}
        changed = [key for key, folded in standing.items() if flags[key] != folded]
        for chunk in self._read(changed, beside=base.kept):
            judged = [person.judged(flags[person.key]) for person in chunk]
            try:
                self._replace(base, judged)
            except NeverAdded:
                self.rebuild(base.workspace_id, base.study.id)
                return None
            self._write(base.kept, [person.compared(base.study.type) for person in judged])
        if base.kept.state.needs_rebuild:
            return None
        base.kept.judged = True
        self._write(base.kept)
        return base.kept.state

    def _counted_and_judged(self, base: _Base) -> Snapshot:
        """Everybody as they are, without a stored state, for readers whom writers do not let judge."""
        keys_of_all = [key for key, _ in self._items(base.workspace_id, base.study.id, index="lsi1")]
        people = [person.compared(base.study.type) for chunk in self._read(keys_of_all) for person in chunk]
        found = quality.among(
            {
                person.participant.id: person.traits
                for person in people
                if person.traits is not None and person.present.analysed
            }
        )
        judged = [person.judged(found.get(person.participant.id, ())) for person in people]
        state = State.of(base.counting.contribution(person, person.present) for person in judged)
        return Snapshot(base.study, base.design, partial(_itself, state))

    def _counted(self, base: _Base) -> State:
        """Of all people as they are, without a stored state; for states that no transaction takes."""
        people = self._people(base.workspace_id, base.study.id, index="lsi1")
        return State.of(
            base.counting.contribution(person, person.present) for chunk in self._read(people) for person in chunk
        )

    def _attempts(self) -> Iterator[int]:
        """Numbers from 0, with a growing pause before each but the first."""
        for attempt, pause in enumerate((0.0, *CONFLICT_PAUSES)):
            if pause:
                self._sleep(_JITTER.uniform(0, 2 * pause))
            yield attempt

    def catch_up(self, workspace_id: str, study_id: str, *, goes_on: Callable[[], bool]) -> CaughtUp:
        """Fold whoever is stale ahead of readers, transaction by transaction, for as long as `goes_on`.

        Whoever else folds the same study goes first: meeting them, or being asked to, costs a pause, not an error.
        """
        done, lost = CaughtUp(), 0
        while goes_on():
            smallest = self._chunk <= SMALL_CHUNK
            try:
                if self._catch_up(workspace_id, study_id, done, goes_on):
                    done.finished = True
                    return done
                lost = 0
            except _GoFirst:
                self._sleep(_JITTER.uniform(_MAKES_WAY, 1.5 * _MAKES_WAY))
            except (ConditionFailed, Unavailable, LookAgain):
                self._sleep(_YIELDS[min(lost, len(_YIELDS) - 1)] * _JITTER.uniform(0.5, 1.5))
                lost += 1
            except TooLarge:
                if smallest:
                    # No transaction takes this state; readers count everybody.
                    done.finished = True
                    return done
        return done

    def _catch_up(self, workspace_id: str, study_id: str, done: CaughtUp, goes_on: Callable[[], bool]) -> bool:
        """One page of stale people; True: there were none."""
        stale = self._people(workspace_id, study_id, index="lsi4", most=_PAGE)
        base = self._base(workspace_id, study_id) if stale else None
        if base is None:
            return True
        if base.usable:
            try:
                for people in self._read(stale, beside=base.kept):
                    self._make_way(workspace_id, study_id)
                    self._replace(base, people)
                    self._write(base.kept, [person.compared(base.study.type) for person in people])
                    done.people += len(people)
                    if not goes_on():
                        return False
            except NeverAdded:
                pass
            else:
                if not base.kept.state.needs_rebuild:
                    return False
        rebuilt = self.rebuild(workspace_id, study_id)
        done.people += rebuilt.people if rebuilt else 0
        return False

    def rebuild(self, workspace_id: str, study_id: str, *, progress: Progressed | None = None) -> Rebuilt | None:
        """Make the state anew from all participants; for operators, and where a state is of no more use.

        It equals what the same people's folds give. `progress` is told how many people of how many are counted. None:
        no such study. TooLarge if no transaction takes the state.
        """
        for _ in self._attempts():
            smallest = self._chunk <= SMALL_CHUNK
            try:
                base = self._base(workspace_id, study_id)
                if base is None:
                    return None
                rebuilt = self._rebuilt(base, progress or _silently)
            except (ConditionFailed, Unavailable, LookAgain):
                continue
            except TooLarge:
                if smallest:
                    raise
                continue
            if not rebuilt.state.needs_rebuild:
                return rebuilt
        raise Unavailable(headers={"Retry-After": "1"})

    def _rebuilt(self, base: _Base, progress: Progressed) -> Rebuilt:
        people = self._people(base.workspace_id, base.study.id, index="lsi1")
        made, stale, done = State(), list[Key](), 0
        for chunk in self._read(people):
            for person in chunk:
                made.add(base.counting.contribution(person, person.folded))
                if person.folded != person.present:
                    stale.append(person.key)
            done += len(chunk)
            progress(done, len(people))
        differences = _differences(base.kept.state, made) if base.usable and base.kept.version else None
        base.kept.reset(made)
        self._write(base.kept)
        self._fold(base, stale, {}, chunks=len(stale))
        return Rebuilt(len(people), differences, base.kept.state)

    def _base(self, workspace_id: str, study_id: str) -> _Base | None:
        """None: no such study; LookAgain if what was read is not of one moment."""
        study_key, design_key = keys.study(workspace_id, study_id), keys.design(workspace_id, study_id)
        head_key = keys.metrics(workspace_id, study_id)
        found = self._table.get_many([study_key, design_key, head_key])
        if study_key not in found or design_key not in found:
            return None
        if found[study_key]["design_version"] != found[design_key]["version"]:
            raise LookAgain
        study = study_of(found[study_key])
        design = Design.from_document(blobs.unpack(found[design_key]["blob"]))
        kept, usable = stored_state(self._table.get_many, head_key, found.get(head_key), fingerprint(design))
        counting = _Counting(metrics_of(study.type), design)
        return _Base(workspace_id, study, design, found[design_key]["version"], counting, kept, usable)

    def _fold(self, base: _Base, stale: Sequence[Key], as_listed: Mapping[Key, str], *, chunks: int) -> None:
        """Fold all into the state and write the first `chunks`; ConditionFailed, LookAgain if others were faster."""
        guarded = True
        for number, people in enumerate(self._read(stale, beside=base.kept)):
            for person in people:
                if as_listed and person.position != as_listed[person.key]:
                    raise LookAgain
            self._replace(base, people)
            guarded = number < chunks
            if guarded:
                self._write(base.kept, [person.compared(base.study.type) for person in people])
        if not guarded:
            stored = self._table.get(base.kept.key)
            if (stored["version"] if stored else 0) != base.kept.version:
                raise LookAgain

    def _replace(self, base: _Base, people: Sequence[_Folding]) -> None:
        """What is folded in of them by what should be; NeverAdded if the state is wrong."""
        for person in people:
            if person.folded != person.present:
                out, into = (base.counting.contribution(person, as_) for as_ in (person.folded, person.present))
                base.kept.replace(out, into)

    def _write(self, kept: Kept, people: Sequence[_Folding] = ()) -> None:
        state_actions, size = kept.stored()
        actions = [*state_actions, *(person.action() for person in people)]
        try:
            if len(actions) > MAX_ACTIONS or size + sum(person.size for person in people) > _MOST_BYTES:
                raise TooLarge
            self._table.write(*actions)
        except TooLarge:
            self._chunk = min(self._chunk, SMALL_CHUNK)
            raise
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationException" or self._chunk <= SMALL_CHUNK:
                raise
            self._chunk = SMALL_CHUNK
            raise TooLarge from error

    def _read(self, people: Iterable[Key], *, beside: Kept | None = None) -> Iterator[Sequence[_Folding]]:
        """The people themselves, in chunks that fit into one transaction beside the state as it is by then."""
        rest = iter(people)
        while wanted := list(islice(rest, min(self._chunk, beside.places) if beside else CHUNK)):
            found = self._table.get_many(wanted)
            chunk: list[_Folding] = []
            size = 0
            for key in wanted:
                if key not in found or pending_import(found[key]) is not None:
                    continue
                person = _Folding.of(found[key])
                if beside and chunk and size + person.size > beside.room:
                    yield chunk
                    chunk, size = [], 0
                chunk.append(person)
                size += person.size
            if chunk:
                yield chunk

    def _people(self, workspace_id: str, study_id: str, *, index: str, most: int | None = None) -> dict[Key, str]:
        """Everybody in an index with the position there, but for people of imports that are not committed.

        With `most` the first pages, until there are as many.
        """
        partition, sort = keys.people(workspace_id, study_id), keys.INDEXES[index]
        people: dict[Key, str] = {}
        for page in self._pages(workspace_id, study_id, index=index):
            people |= {Key(partition, item[keys.SORT]): item[sort] for item in page}
            if most is not None and len(people) >= most:
                break
        return people

    def _items(self, workspace_id: str, study_id: str, *, index: str) -> Iterator[tuple[Key, Item]]:
        """The same people, with what the index shows of them."""
        for page in self._pages(workspace_id, study_id, index=index):
            for item in page:
                yield Key(item[keys.PARTITION], item[keys.SORT]), item

    def _pages(self, workspace_id: str, study_id: str, *, index: str) -> Iterator[Sequence[Item]]:
        partition, sort = keys.people(workspace_id, study_id), keys.INDEXES[index]
        after: str | None = None
        while page := self._table.query(partition, index=index, after=after, limit=_PAGE):
            waiting = sorted({found for item in page if (found := pending_import(item)) is not None})
            if any(self._imports.settle(workspace_id, study_id, import_id) for import_id in waiting):
                continue
            yield [item for item in page if pending_import(item) is None]
            if len(page) < _PAGE:
                break
            after = page[-1][sort]


#: What a transaction takes, less what its keys and expressions need.
_MOST_BYTES: Final = 3_900_000


def _silently(done: int, total: int) -> None:
    pass


def _differences(stored: State, made: State) -> list[str]:
    """Names whose numbers differ. The ends that durations keep depend on their history and are left out."""
    numbers = {
        name: (stored.counters.get(name, 0), made.counters.get(name, 0)) for name in stored.counters | made.counters
    }
    times = {
        name: (stored.durations.get(name, _NONE), made.durations.get(name, _NONE))
        for name in stored.durations | made.durations
    }
    found = [f"{name}: {was} stored, {now} counted" for name, (was, now) in sorted(numbers.items()) if was != now]
    return found + [
        f"{name}: {was.n} durations stored, {now.n} counted"
        for name, (was, now) in times.items()
        if _without_ends(was) != _without_ends(now)
    ]


_NONE: Final = Durations()


def _without_ends(each: Durations) -> Mapping[str, Any]:
    return {name: value for name, value in each.to_document().items() if name not in ("low", "high")}
