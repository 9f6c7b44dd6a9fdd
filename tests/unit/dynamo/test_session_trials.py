"""Pages of trials where session and blocks, which are read together, are of two moments."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from tests.fakes.table import FakeTable
from trimetric.domain.metricis.sessions import Session, SessionStatus
from trimetric.domain.metricis.trials import parse_submission
from trimetric.dynamo.keys import Key
from trimetric.dynamo.metricis import sessions, trials
from trimetric.dynamo.table import Delete, Item

TENANT, SESSION = "ws_0123456789abcdef", f"sess_{'0' * 48}"
NOW = "2026-01-31T00:00:00.000Z"


class TornTable(FakeTable):
    """The first batch shows the trials as they were before; then something may happen."""

    def __init__(self, before: Iterable[Item] = (), then: Callable[["TornTable"], None] = lambda table: None) -> None:
        super().__init__()
        self._old = {Key(item["pk"], item["sk"]): item for item in before}
        self._then: Callable[[TornTable], None] | None = then

    def get_many(self, keys: Iterable[Key]) -> dict[Key, Item]:
        found = super().get_many(keys)
        if self._then is None:
            return found
        then, self._then = self._then, None
        then(self)
        old = {key: self._old[key] for key in found if key in self._old}
        return {key: item for key, item in found.items() if not key.sk.startswith("trials#")} | old


def completed(table: FakeTable, sent: list[dict[str, Any]]) -> None:
    submission = parse_submission({"trials": sent})
    packed = trials.pack(TENANT, SESSION, submission)
    session = Session(
        id=SESSION,
        study_id=1,
        participant_id="P001",
        person="par_1",
        battery=1,
        status=SessionStatus.COMPLETED,
        start_time=NOW,
        created_at=NOW,
        updated_at=NOW,
        trial_count=len(sent),
        submission=submission.fingerprint,
        blocks=packed.blocks,
    )
    table.write(*packed.puts, sessions.creation(TENANT, session)[0])


def page_of(table: FakeTable, start: int, size: int) -> list[Any] | None:
    found = trials.page(table, TENANT, SESSION, start=start, size=size)
    return None if found is None else list(found[1])


SENT = [{"task": "x", "rt": number} for number in range(1100)]


@pytest.mark.parametrize(
    ("start", "size"), [(0, 20), (450, 100), (1000, 100), (1080, 20), (1090, 100), (1100, 20), (10**9, 1)]
)
def test_any_page(start: int, size: int) -> None:
    table = FakeTable()
    completed(table, SENT)
    assert page_of(table, start, size) == SENT[start : start + size]


def test_blocks_from_before_the_completion_are_read_again() -> None:
    table = TornTable()
    completed(table, SENT)
    assert page_of(table, 480, 40) == SENT[480:520]


def test_blocks_of_a_submission_that_died_are_read_again() -> None:
    other = parse_submission({"trials": [{"task": "y"}] * 700})
    table = TornTable([put.item for put in trials.pack(TENANT, SESSION, other).puts])
    completed(table, SENT)
    assert page_of(table, 480, 40) == SENT[480:520]


def test_a_session_that_is_deleted_meanwhile_is_gone() -> None:
    def delete(table: TornTable) -> None:
        table.write(*[Delete(Key(item["pk"], item["sk"])) for item in table.items()])

    table = TornTable(then=delete)
    completed(table, SENT)
    assert page_of(table, 0, 20) is None


def test_a_block_larger_than_an_item_is_put_together() -> None:
    large = [
        {"task": "x", "response": json.dumps([(number * 7919 * place) % 65_521 for place in range(9000)])}
        for number in range(1, 60)
    ]
    table = FakeTable()
    completed(table, large)
    assert sum(item["sk"].startswith("trials#00#") for item in table.items()) > 1
    assert page_of(table, 10, 20) == large[10:30]
