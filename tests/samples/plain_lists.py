"""A list as one would write it without a thought for cost: what the real one must show."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from trimetric.domain import times
from trimetric.domain.metricis.list_kinds import CREATED, SESSIONS, STARTED, STATUS, STUDY, Entry
from trimetric.domain.metricis.listing import Query
from trimetric.dynamo.metricis.listing import ListPage, Lists, recorded
from trimetric.dynamo.table import Table

WORKSPACE = "ws_0123456789abcdef"
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
STUDIES = (1, 2)
STATUSES = SESSIONS.choices[STATUS] or ()

Row = Mapping[str, Any]


def text(minutes: int) -> str:
    return times.to_text(EPOCH + timedelta(minutes=minutes))


def millis(minutes: int) -> int:
    return times.to_millis(EPOCH + timedelta(minutes=minutes))


@dataclass
class Session:
    """A row with its version."""

    row: Row
    version: int = 1
    entry: Entry = ()

    def __post_init__(self) -> None:
        self.entry = SESSIONS.entry(self.row)


@dataclass
class PlainList:
    """Sessions in a dictionary, kept beside those in the table."""

    table: Table
    sessions: dict[str, Session] = field(default_factory=dict)

    def create(self, row: Row) -> None:
        self._write(None, row, 1)
        self.sessions[row["session_id"]] = Session(row)

    def change(self, identifier: str, members: Mapping[str, Any]) -> None:
        session = self.sessions[identifier]
        after = {**session.row, **members}
        self._write(session.row, after, session.version + 1)
        self.sessions[identifier] = Session(after, session.version + 1)

    def delete(self, identifier: str) -> None:
        session = self.sessions[identifier]
        self._write(session.row, None, session.version + 1)
        del self.sessions[identifier]

    def _write(self, before: Row | None, after: Row | None, version: int) -> None:
        actions = recorded(self.table, WORKSPACE, SESSIONS, before=before, after=after, version=version)
        if actions:
            self.table.write(*actions)

    def page(self, query: Query, study: int | None) -> ListPage:
        rows = [session.entry for session in self.sessions.values()]
        rows = [row for row in rows if study is None or _of(row, STUDY) == study]
        rows = [row for row in rows if query.status in (None, _of(row, STATUS))]
        rows = [row for row in rows if all(_of(row, name) == value for name, value in query.filters.items())]
        if query.since is not None:
            rows = [row for row in rows if (_of(row, STARTED) or 0) >= query.since]
        if query.until is not None:
            rows = [row for row in rows if (_of(row, STARTED) or query.until) < query.until]
        rows.sort(key=lambda row: (_of(row, query.sort) is None, _of(row, query.sort) or 0, row[0]))
        if query.descending:
            rows.reverse()
        ids = [row[0] for row in rows[query.offset : query.offset + query.limit]]
        return ListPage(ids, len(rows))


def _of(entry: Entry, name: str) -> Any:
    return entry[SESSIONS.place(name)]


def repeatable(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - the same rows for the same seed


def new_row(rng: random.Random, *, study: int, created: int) -> dict[str, Any]:
    return {
        "session_id": f"sess_{rng.getrandbits(64):016x}",
        "study_id": study,
        "participant_id": f"P{rng.randrange(5)}",
        "battery_id": f"battery_{rng.randint(1, 3)}",
        "status": rng.choice(STATUSES),
        "start_time": rng.choice([None, text(rng.randrange(60))]),
        "created_at": text(created),
        "updated_at": text(created),
    }


def changed_members(rng: random.Random) -> dict[str, Any]:
    members = {
        "status": rng.choice(STATUSES),
        "start_time": rng.choice([None, text(rng.randrange(60))]),
        "participant_id": rng.choice([None, f"P{rng.randrange(5)}"]),
        "updated_at": text(rng.randrange(1000)),
    }
    return {name: members[name] for name in rng.sample(sorted(members), rng.randint(1, 4))}


#: Orders, filters and ranges, each alone and some together.
QUERIES: Sequence[tuple[Query, int | None]] = [
    (Query(sort=CREATED), None),
    (Query(sort=CREATED), 1),
    (Query(sort=CREATED, status="completed"), None),
    (Query(sort=CREATED, status="completed"), 2),
    (Query(sort=CREATED), 3),
    (Query(sort=STARTED), None),
    (Query(sort=STARTED, status="created"), 1),
    (Query(sort=STARTED, since=millis(20), until=millis(40)), None),
    (Query(sort=STARTED, since=millis(20)), 1),
    (Query(sort=STARTED, until=millis(40)), None),
    (Query(sort=STARTED, since=millis(30), until=millis(31), status="abandoned"), None),
    (Query(sort=STARTED, since=millis(500), until=millis(600)), None),
    (Query(sort=CREATED, since=millis(20), until=millis(40)), None),
    (Query(sort="participant_id"), None),
    (Query(sort="status"), 1),
    (Query(sort="updated_at", filters={"battery_id": "battery_2"}), None),
    (Query(sort=CREATED, filters={"participant_id": "P1", "battery_id": "battery_1"}, status="created"), 2),
    (Query(sort="participant_id", since=millis(10), until=millis(50), filters={"battery_id": "battery_3"}), None),
]


def assert_same(plain: PlainList, lists: Lists, *, limit: int = 7) -> None:
    """Every page of every query, in both directions, and one behind the last."""
    for query, study in QUERIES:
        for descending in (False, True):
            total = plain.page(query, study).total
            for offset in range(0, total + limit + 1, limit):
                asked = Query(
                    query.sort, descending, offset, limit, query.status, query.since, query.until, query.filters
                )
                shown, expected = lists.page(asked, study_id=study), plain.page(asked, study)
                assert shown == expected, (asked, study, shown, expected)
