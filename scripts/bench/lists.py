"""Page lists of the Metricis dialect: what any page costs, at sizes up to the largest that is promised."""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from scripts.bench.rows import Row
from scripts.bench.store import TABLE, Cost, Gauge, client
from trimetric.domain import times
from trimetric.domain.metricis.list_kinds import CREATED, SESSIONS, STARTED
from trimetric.domain.metricis.listing import Query
from trimetric.domain.metricis.sessions import Session, SessionStatus
from trimetric.dynamo import keys
from trimetric.dynamo.metricis.listing import FOLD_AT, RECORD_ROWS, Lists, imported, recorded
from trimetric.dynamo.metricis.sessions import Sessions, creation
from trimetric.dynamo.table import DynamoTable

SECTION: Final = "Page lists with totals"
SIZES: Final = (1_000, 10_000, 100_000)
QUICK_SIZES: Final = (1_000, 10_000)
MOST_READS: Final = 3
MOST_UNITS: Final = 2.0
MOST_CPU_SECONDS: Final = 1.0
STUDIES: Final = 10
REPEATS: Final = 3

_BEGIN: Final = datetime(2026, 1, 1, tzinfo=UTC)
_STEP: Final = timedelta(seconds=97)


@dataclass(frozen=True, slots=True)
class Reading:
    """Of one page: `own` is what its rows alone cost."""

    reads: int
    units: float
    own: float
    cpu: float

    @property
    def times_own(self) -> float:
        return self.units / self.own


def steps(sizes: Sequence[int]) -> int:
    """How often `measure` calls `advance`, with how much in all."""
    return sum(sizes)


def measure(endpoint: str, sizes: Sequence[int], *, advance: Callable[[int], None]) -> list[Row]:
    return [row for size in sizes for row in _Place(endpoint, size).measure(advance)]


class _Place:
    """A workspace with so many sessions in its lists."""

    def __init__(self, endpoint: str, size: int) -> None:
        store = client(endpoint)
        self._table = DynamoTable(store, TABLE)
        self._gauge = Gauge(store)
        self._random = random.Random(size)  # noqa: S311 - the same sessions in each run
        self._size = size
        self._workspace = f"ws_{size:016x}"
        self._lists = Lists(self._table, self._workspace, SESSIONS)

    def measure(self, advance: Callable[[int], None]) -> list[Row]:
        sessions = self._fill(advance)
        folded = [*self._pages(pending="all folded")]
        self._change(sessions[-FOLD_AT:])
        return [*folded, *self._pages(pending=f"{FOLD_AT} changes later"), self._sorted(), self._writes(sessions)]

    def _fill(self, advance: Callable[[int], None]) -> list[Session]:
        sessions = [self._session(number) for number in range(self._size)]
        for start in range(0, self._size, RECORD_ROWS):
            chunk = sessions[start : start + RECORD_ROWS]
            for number in range(1, STUDIES + 1):
                rows = [session.public() for session in chunk if session.study_id == number]
                self._table.write(*imported(self._workspace, SESSIONS, rows, import_id=f"{start}-{number}"))
            for scope in ("all", *map(str, range(1, STUDIES + 1))):
                self._fold_all(scope)
            advance(len(chunk))
        return sessions

    def _fold_all(self, scope: str) -> None:
        while self._lists.fold(scope):
            pass

    def _session(self, number: int) -> Session:
        created = _BEGIN + number * _STEP
        return Session(
            id=f"sess_{self._workspace.removeprefix('ws_')}{self._random.getrandbits(128):032x}",
            study_id=self._random.randint(1, STUDIES),
            participant_id=f"P{self._random.randrange(10_000):05d}",
            person="par_00000000000000000000000000",
            battery=self._random.randint(1, 20),
            status=self._random.choices(list(SessionStatus), weights=(2, 1, 90, 7))[0],
            start_time=times.to_text(created + timedelta(seconds=self._random.randrange(300))),
            created_at=times.to_text(created),
            updated_at=times.to_text(created + timedelta(seconds=self._random.randrange(4_000))),
        )

    def _change(self, sessions: Sequence[Session]) -> None:
        for session in sessions:
            self._record(session, replace(session, updated_at=times.to_text(_BEGIN)), version=2)

    def _record_all(self, before: Sequence[Session | None], after: Sequence[Session], *, version: int) -> None:
        for old, new in zip(before, after, strict=True):
            self._record(old, new, version=version)

    def _record(self, before: Session | None, after: Session, *, version: int) -> None:
        old = None if before is None else before.public()
        self._table.write(
            *recorded(self._table, self._workspace, SESSIONS, before=old, after=after.public(), version=version)
        )

    # -- pages --------------------------------------------------------------------------------------------------------

    def _pages(self, *, pending: str) -> Iterator[Row]:
        for per_page in (20, 100):
            readings = {
                name: self._worst(query, study, per_page) for name, (query, study) in _lists(self._size).items()
            }
            for name, reading in readings.items():
                met = reading.reads <= MOST_READS and reading.times_own <= MOST_UNITS
                yield Row(
                    SECTION,
                    f"{self._size:,} sessions, {name}, {per_page} a page, {pending}: dearest page",
                    measured=f"{reading.reads} reads, {reading.units:g} units for rows of {reading.own:g}, "
                    f"{reading.cpu * 1000:.1f} ms CPU",
                    target=f"≤ {MOST_READS} reads, ≤ {MOST_UNITS:.0f} times the rows' own units",
                    met=met,
                )

    def _worst(self, query: Query, study: int | None, per_page: int) -> Reading:
        total = self._lists.page(query, study_id=study).total
        offsets = {0, total // 3 // per_page * per_page, total // 2 // per_page * per_page}
        offsets |= {max(total - per_page, 0) // per_page * per_page}
        wanted = [
            replace(query, offset=offset, limit=per_page, descending=descending)
            for offset in offsets
            for descending in (False, True)
        ]
        return max((self._read(each, study) for each in wanted), key=lambda reading: reading.times_own)

    def _read(self, query: Query, study: int | None) -> Reading:
        ids = self._lists.page(query, study_id=study).ids
        self._write_rows(ids)
        own = self._measured(lambda: Sessions(self._table).get_many(self._workspace, ids))
        whole = self._measured(
            lambda: Sessions(self._table).get_many(self._workspace, self._lists.page(query, study_id=study).ids)
        )
        return Reading(whole[0].calls, whole[0].read_units, own[0].read_units, whole[1])

    def _measured(self, call: Callable[[], Any]) -> tuple[Cost, float]:
        self._gauge.reset()
        began = time.process_time()
        call()
        return self._gauge.reset(), time.process_time() - began

    def _write_rows(self, ids: Sequence[str]) -> None:
        for identifier in ids:
            if self._table.get(keys.session(self._workspace, identifier)) is None:
                session = replace(self._session(0), id=identifier, task_summaries=_SUMMARIES)
                self._table.write(creation(self._workspace, session)[0])

    def _sorted(self) -> Row:
        query = Query(sort="participant_id", filters={"battery_id": "battery_7"}, offset=20)
        costs = [self._measured(lambda: self._lists.page(query)) for _ in range(REPEATS)]
        cost, seconds = min(costs, key=lambda each: each[1])
        return Row(
            SECTION,
            f"{self._size:,} sessions, battery_id sorted by participant_id",
            measured=f"{cost.calls} reads, {cost.read_units:g} units, {seconds:.2f} s CPU",
            target=f"≤ {MOST_CPU_SECONDS:.0f} s CPU",
            met=seconds <= MOST_CPU_SECONDS,
        )

    def _writes(self, sessions: Sequence[Session]) -> Row:
        """What lists add to new sessions and to changes of old ones that lie anywhere."""
        new = [self._session(self._size + number) for number in range(256)]
        coming = self._measured(lambda: self._record_all([None] * len(new), new, version=1))[0]
        old = self._random.sample(sessions[:-FOLD_AT], 256)
        later = [replace(each, status=SessionStatus.ABANDONED, updated_at=times.to_text(_BEGIN)) for each in old]
        changing = self._measured(lambda: self._record_all(old, later, version=3))[0]
        return Row(
            SECTION,
            f"{self._size:,} sessions, what the lists add to a write, folding included",
            measured=f"new: {coming.calls / 256:.2f} calls, {coming.actions / 256:.1f} actions; "
            f"changed anywhere: {changing.calls / 256:.2f} calls, {changing.actions / 256:.1f} actions",
        )


def _lists(size: int) -> Mapping[str, tuple[Query, int | None]]:
    since = times.to_millis(_BEGIN + size // 4 * _STEP)
    until = times.to_millis(_BEGIN + size // 4 * 3 * _STEP)
    return {
        "all": (Query(sort=CREATED), None),
        "study_id": (Query(sort=CREATED), 3),
        "status": (Query(sort=CREATED, status="abandoned"), None),
        "study_id + status": (Query(sort=STARTED, status="completed"), 3),
        "date range": (Query(sort=STARTED, since=since, until=until), None),
    }


_SUMMARIES: Final = {"n_back": {"accuracy": 0.87, "mean_rt": 512.25}}
