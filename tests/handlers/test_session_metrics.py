"""Metrics of a study that are read while sessions come, go and are folded by others."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fakes.table import FakeTable
from tests.handlers.clinic import SESSIONS, Clinic, add_study, clinic_of, some_trials
from tests.handlers.conftest import Client, Clock, Platform, elsewhere
from tests.handlers.interruptions import Interruptions
from tests.handlers.metricis_accounts import refusal
from trimetric.domain.metricis.sessions import Session, SessionStatus
from trimetric.dynamo import blobs, keys
from trimetric.dynamo.metricis import session_metrics
from trimetric.dynamo.metricis.session_metrics import FOLDED_AT_ONCE, MAX_FOLDS, SessionMetrics
from trimetric.dynamo.table import Meter, Put
from trimetric.errors import Unavailable
from trimetric.metrics.cognitive import session_figures
from trimetric.metrics.cognitive_studies import Tree, contribution, plus

TENANT = "ws_0123456789abcdef"
NOW = "2026-01-31T00:00:00.000Z"


@pytest.fixture
def clinic(platform: Platform) -> Clinic:
    return clinic_of(platform)


@pytest.fixture
def store(clinic: Clinic) -> Interruptions:
    clinic.study_metrics()
    return Interruptions(clinic.platform.table)


def waiting(clinic: Clinic) -> int:
    return sum(item["sk"].startswith("waits#") for item in clinic.platform.table.items())


def deleted(clinic: Clinic, session: dict[str, Any]) -> None:
    assert clinic.staff.delete(f"{SESSIONS}/{session['session_id']}").status == 204


def test_a_read_folds_what_waits_once(clinic: Clinic) -> None:
    sessions = [clinic.completed() for _ in range(3)]
    assert waiting(clinic) == 3
    first = clinic.study_metrics()
    assert (first["sessions"], waiting(clinic)) == (3, 0)
    assert clinic.study_metrics() == first
    deleted(clinic, sessions[0])
    assert (clinic.study_metrics()["sessions"], waiting(clinic)) == (2, 0)


def test_a_session_that_came_and_went_between_two_reads_leaves_nothing(clinic: Clinic) -> None:
    before = clinic.study_metrics()
    deleted(clinic, clinic.completed())
    assert waiting(clinic) == 2
    assert (clinic.study_metrics(), waiting(clinic)) == (before, 0)


@pytest.mark.parametrize("behind", [False, True], ids=["before the store", "its answer lost"])
def test_a_reader_that_dies_changes_no_figure(clinic: Clinic, store: Interruptions, behind: bool) -> None:
    for call in range(3):
        expected = clinic.study_metrics()["sessions"] + 1
        clinic.completed()
        store.kill(call, behind=behind)
        assert clinic.staff.get("/api/studies/1/metrics").text == "Internal Server Error"
        store.leave_alone()
        assert clinic.study_metrics()["sessions"] == expected


@pytest.mark.parametrize("call", [0, 1, 2])
def test_a_reader_shows_all_that_was_there_whatever_others_do(clinic: Clinic, store: Interruptions, call: int) -> None:
    """`call`: before listing what waits, before the state, before the write."""
    old = clinic.completed()
    clinic.study_metrics()
    clinic.completed()

    def comes_and_goes(*, read: bool) -> None:
        deleted(clinic, clinic.completed())
        if read:
            clinic.study_metrics()

    steps = (
        clinic.study_metrics,
        clinic.completed,
        lambda: [clinic.completed(), clinic.study_metrics()],
        partial(comes_and_goes, read=False),
        partial(comes_and_goes, read=True),
    )
    for step in steps:
        before = len(_sessions(clinic))
        store.step_in(call, step)
        assert clinic.study_metrics()["sessions"] - before in (0, 1)
        store.leave_alone()
        clinic.completed()
    store.step_in(call, partial(deleted, clinic, old))
    before = clinic.study_metrics()["sessions"]
    store.leave_alone()
    after = clinic.study_metrics()["sessions"]
    assert before - after in {0, 1}
    assert after == len(_sessions(clinic))


def _sessions(clinic: Clinic) -> list[dict[str, Any]]:
    return [item["row"] for item in clinic.platform.table.items() if item["sk"] == "session"]


def test_a_study_that_is_deleted_has_no_metrics(clinic: Clinic) -> None:
    assert refusal(clinic.staff.get("/api/studies/2/metrics")) == (404, "NOT_FOUND")


# -- the store alone --------------------------------------------------------------------------------------------------


class Lab:
    """Completed sessions of one study, without the functions around them."""

    def __init__(self, table: FakeTable) -> None:
        self.table = table
        self.made = 0
        self.right: Tree = {}
        add_study(Platform(table, Clock()), TENANT, 1, now=NOW)

    def completes(self, trials: list[dict[str, Any]]) -> tuple[Session, Tree]:
        self.made += 1
        session = Session(
            id=f"sess_{self.made:048x}",
            study_id=1,
            participant_id="P001",
            person="par_1",
            battery=1,
            status=SessionStatus.COMPLETED,
            start_time=NOW,
            created_at=NOW,
            updated_at=NOW,
        )
        addition = contribution(session_figures(trials))
        self.table.write(*session_metrics.completed(TENANT, session, addition))
        plus(self.right, addition)
        return session, addition

    def goes(self, session: Session, addition: Tree) -> None:
        key = keys.session_going(TENANT, 1, session.id)
        blob = blobs.pack({"version": 1, "tree": addition})
        self.table.write(Put({"pk": key.pk, "sk": key.sk, "blob": blob}))
        plus(self.right, addition, sign=-1)

    def read(self) -> Tree | None:
        return SessionMetrics(self.table, sleep=lambda seconds: None).read(TENANT, 1)

    def parts(self) -> int:
        (head,) = [item for item in self.table.items() if item["sk"] == keys.METRICS_SORT]
        parts: int = head["parts"]
        return parts


@pytest.fixture
def lab() -> Lab:
    return Lab(FakeTable())


def test_more_than_one_transaction_takes_is_folded_in_several(lab: Lab) -> None:
    for number in range(FOLDED_AT_ONCE * 2 + 5):
        lab.completes(some_trials(3 + number % 4))
    writes: list[str] = []
    lab.table.before = writes.append
    assert lab.read() == lab.right
    assert writes.count("write") == 3
    writes.clear()
    assert lab.read() == lab.right
    assert "write" not in writes


def test_more_than_a_read_folds_is_added_up_in_memory(lab: Lab) -> None:
    addition = contribution(session_figures(some_trials(1)))
    blob = blobs.pack({"version": 1, "tree": addition})
    for number in range(FOLDED_AT_ONCE * MAX_FOLDS + 7):
        key = keys.session_coming(TENANT, 1, f"sess_{number:048x}")
        lab.table.write(Put({"pk": key.pk, "sk": key.sk, "blob": blob}))
    first = lab.read()
    assert first is not None
    assert first["sessions"] == FOLDED_AT_ONCE * MAX_FOLDS + 7
    assert sum(item["sk"].startswith("waits#") for item in lab.table.items()) == 7
    assert lab.read() == first


def chance_trials(seed: int, n: int) -> list[dict[str, Any]]:
    times = np.random.default_rng(seed).uniform(200, 80_000, size=n)
    return [
        {"task": f"task {number % 90} {seed}", "rt": float(time), "correct": True} for number, time in enumerate(times)
    ]


def test_a_state_larger_than_an_item_is_kept_in_parts(lab: Lab) -> None:
    gone = []
    for seed in range(24):
        gone.append(lab.completes(chance_trials(seed, 6000)))
    assert lab.read() == lab.right
    assert lab.parts() > 1
    assert lab.read() == lab.right
    for session, addition in gone[1:]:
        lab.goes(session, addition)
    assert lab.read() == lab.right
    assert lab.parts() == 1
    assert lab.read() == lab.right


def test_sessions_that_add_much_are_folded_by_fewer(lab: Lab) -> None:
    """A transaction takes 4 MB."""
    blob = blobs.pack({"version": 1, "tree": {"sessions": 1}}) + bytes(340_000)
    for number in range(12):
        key = keys.session_coming(TENANT, 1, f"sess_{number:048x}")
        lab.table.write(Put({"pk": key.pk, "sk": key.sk, "blob": blob}))
    calls: list[str] = []
    lab.table.before = calls.append
    assert lab.read() == {"sessions": 12}
    assert calls.count("write") == 3


def test_a_state_that_leaves_no_room_in_a_transaction_is_not_written_any_more(lab: Lab) -> None:
    digits = np.random.default_rng(1).integers(1, 10, size=(4200, 1000))
    large = {str(number): int("".join(map(str, row))) for number, row in enumerate(digits)}
    head = keys.session_metrics(TENANT, 1)
    blob = blobs.pack(large)
    cuts = [blob[start : start + 350_000] for start in range(0, len(blob), 350_000)]
    parts = [keys.metrics_part(head, number) for number in range(1, len(cuts))]
    lab.table.write(
        Put({"pk": head.pk, "sk": head.sk, "version": 1, "parts": len(cuts), "blob": cuts[0]}),
        *[
            Put({"pk": part.pk, "sk": part.sk, "version": 1, "blob": cut})
            for part, cut in zip(parts, cuts[1:], strict=True)
        ],
    )
    lab.completes(some_trials(2))
    calls: list[str] = []
    lab.table.before = calls.append
    found = lab.read()
    assert found is not None
    assert found["sessions"] == 1
    assert "write" not in calls


def test_parts_of_two_moments_are_read_again(lab: Lab) -> None:
    for seed in range(24):
        lab.completes(chance_trials(seed, 6000))
    lab.read()
    calls: list[str] = []

    def step_in(operation: str) -> None:
        calls.append(operation)
        if len(calls) == 3:
            # The head was read, its parts come next.
            lab.table.before = lambda operation: None
            lab.completes(some_trials(2))
            assert lab.read() == lab.right

    lab.table.before = step_in
    assert lab.read() == lab.right
    assert len(calls) == 3


def test_a_state_that_others_always_change_is_not_shown(lab: Lab) -> None:
    reading = True

    def disturb(operation: str) -> None:
        nonlocal reading
        if reading and operation in ("write", "get"):
            reading = False
            lab.completes(some_trials(1))
            lab.read()
            lab.completes(some_trials(1))
            reading = True

    lab.completes(some_trials(1))
    lab.table.before = disturb
    with pytest.raises(Unavailable):
        lab.read()
    lab.table.before = lambda operation: None
    assert lab.read() == lab.right


def test_a_reader_that_loses_leaves_the_writing_to_others(lab: Lab) -> None:
    lost = 0

    def disturb(operation: str) -> None:
        nonlocal lost
        if operation == "write" and lost < 3:
            lost += 1
            before, lab.table.before = lab.table.before, lambda operation: None
            lab.completes(some_trials(1))
            lab.read()
            lab.completes(some_trials(1))
            lab.table.before = before

    lab.completes(some_trials(1))
    lab.table.before = disturb
    found = lab.read()
    lab.table.before = lambda operation: None
    assert lost == 3
    assert found == lab.right
    assert any(item["sk"].startswith("waits#") for item in lab.table.items()), "it was added up in memory"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(["comes", "goes", "read"]), st.integers(0, 9)), max_size=30))
def test_metrics_are_always_the_sum_of_the_sessions_that_are_there(steps: list[tuple[str, int]]) -> None:
    lab = Lab(FakeTable())
    there: list[tuple[Session, Tree]] = []
    for step, number in steps:
        if step == "comes":
            there.append(lab.completes(some_trials(number)))
        elif step == "goes" and there:
            lab.goes(*there.pop(number % len(there)))
        else:
            assert lab.read() == lab.right
    assert lab.read() == lab.right


@pytest.fixture
def local_clinic(local_api: Client) -> Clinic:
    return clinic_of(local_api.platform)


def test_writers_and_readers_at_once(local_clinic: Clinic) -> None:
    def write(number: int) -> int:
        session = elsewhere(lambda: local_clinic.completed(some_trials(number + 1)))
        if number % 3 == 0:
            elsewhere(partial(deleted, local_clinic, session))
        return 0

    def read(number: int) -> int:
        shown: int = elsewhere(local_clinic.study_metrics)["sessions"]
        return shown

    with ThreadPoolExecutor(8) as threads:
        shown = list(threads.map(lambda number: (read if number % 2 else write)(number), range(48)))
    assert max(shown) <= 24
    assert local_clinic.study_metrics()["sessions"] == 24 - 8


def test_a_read_costs_the_same_whatever_the_size_of_the_study(lab: Lab) -> None:
    meter = Meter()
    lab.table.before = lambda operation: meter.count(1, 0.0, 0.0)
    calls = []
    for size in (10, 400):
        while lab.made < size:
            lab.completes(some_trials(4))
        lab.read()
        meter.reset()
        lab.read()
        calls.append(meter.calls)
    assert calls == [2, 2]
