"""Folding in the table: exact whatever happens in between, and the same as counting everybody anew."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.table import FakeTable
from trimetric.domain import ids
from trimetric.domain.participants import Participant, Progress
from trimetric.domain.studies import Counts, Status, Study
from trimetric.domain.study_types.design import Design
from trimetric.dynamo import blobs, imports, keys, metrics, participants, studies
from trimetric.dynamo.imports import Imports
from trimetric.dynamo.metrics import Metrics, Snapshot
from trimetric.dynamo.table import ConditionFailed, Put, Table, Update
from trimetric.errors import Unavailable
from trimetric.metrics.durations import KEPT, Durations

WORKSPACE = "ws_0123456789abcdef"
STUDY = f"std_{'0' * 26}"
NOW = 1_770_000_000_000
STATE = keys.metrics(WORKSPACE, STUDY)


@dataclass
class World:
    """A published study and its people; `now` moves with each change."""

    table: Any
    now: int = NOW
    people: dict[str, Participant] = field(default_factory=dict)

    def __post_init__(self) -> None:
        study = Study(STUDY, "tree_test", Status.PUBLISHED, "Menu", None, None, "2026", "2026", "2026")
        self.table.write(*studies.creation(WORKSPACE, study, Design({})))

    def add(self, duration: int | None) -> Participant:
        self.now += 1
        person = self.person(duration)
        creation = participants.creation(WORKSPACE, STUDY, person, [], now_millis=self.now)
        moved = {"participants": 1, "completed": int(duration is not None)}
        self.table.write(creation, studies.counted(WORKSPACE, STUDY, **moved))
        self.people[person.id] = person
        return person

    def person(self, duration: int | None) -> Participant:
        identifier = ids.new(ids.PARTICIPANT, millis=self.now)
        return Participant(
            id=identifier,
            external_id=None,
            status=Progress.IN_PROGRESS if duration is None else Progress.COMPLETED,
            started_at="2026-01-01T00:00:00.000Z",
            completed_at=None,
            duration_ms=duration,
            order=keys.participant_order(self.now, 0, identifier),
        )

    def exclude(self, person_id: str) -> None:
        self._change(person_id, lambda person: person.exclude(None))

    def include(self, person_id: str) -> None:
        self._change(person_id, lambda person: person.include())

    def complete(self, person_id: str) -> None:
        self._change(person_id, lambda person: person.complete("2026-01-01T00:00:09.000Z"))

    def _change(self, person_id: str, change: Callable[[Participant], Participant]) -> None:
        seen = self.people[person_id]
        changed = change(seen)
        if changed == seen:
            return
        self.now += 1
        self.table.write(*participants.change(WORKSPACE, STUDY, changed, seen=seen, now_millis=self.now))
        self.people[person_id] = replace(changed, version=seen.version + 1)

    def analysed(self) -> list[int]:
        return [
            person.duration_ms
            for person in self.people.values()
            if person.completed and not person.excluded and person.duration_ms is not None
        ]

    def metrics(self) -> Metrics:
        return Metrics(self.table, now_millis=self.now, sleep=lambda seconds: None)

    def read(self) -> Snapshot:
        snapshot = self.metrics().read(WORKSPACE, STUDY)
        assert snapshot is not None
        return snapshot

    def summary(self) -> dict[str, Any]:
        return self.read().durations.summary()

    def expected(self) -> dict[str, Any]:
        return Durations.of(self.analysed()).summary()

    def stored(self) -> dict[str, Any]:
        item = self.table.get(STATE)
        assert item is not None
        document: dict[str, Any] = blobs.unpack(item["blob"])
        return document

    def stale(self) -> int:
        return len(self.table.query(keys.people(WORKSPACE, STUDY), index="lsi4", limit=10_000))


def canonical(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document["durations"].items() if name not in ("low", "high")}


@pytest.fixture
def world() -> World:
    return World(FakeTable())


@contextmanager
def small_transactions(chunk: int, most: int) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(metrics, "CHUNK", chunk)
        patch.setattr(metrics, "MAX_CHUNKS", most)
        yield


def test_no_study_has_no_metrics(world: World) -> None:
    assert world.metrics().read(WORKSPACE, f"std_{'1' * 26}") is None
    assert world.metrics().rebuild(WORKSPACE, f"std_{'1' * 26}") is None


def test_people_are_folded_once_and_counted(world: World) -> None:
    for duration in (5, 7, None):
        world.add(duration)
    first = world.read()
    assert first.counts == Counts(participants=3, completed=2)
    assert first.durations.summary() == world.expected()
    assert world.stale() == 0
    version = world.table.get(STATE)["version"]
    assert world.summary() == world.expected()
    assert world.table.get(STATE)["version"] == version


def test_more_people_than_one_read_writes_are_answered_exactly(world: World) -> None:
    for duration in range(1, 24):
        world.add(duration * 1000)
    with small_transactions(3, 2):
        assert world.summary() == world.expected()
        assert world.stale() == 17
        while world.stale():
            assert world.summary() == world.expected()
    assert world.summary() == world.expected()


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.one_of(st.none(), st.integers(0, 10**7))),
        st.tuples(st.sampled_from(["exclude", "include", "complete", "read"]), st.integers(0, 50)),
    ),
    max_size=30,
)


def run(world: World, operation: tuple[str, int | None]) -> None:
    name, argument = operation
    if name == "add":
        world.add(argument)
    elif name == "read":
        world.read()
    elif world.people and argument is not None:
        getattr(world, name)(list(world.people)[argument % len(world.people)])


@settings(deadline=None)
@given(operations=OPERATIONS, chunk=st.integers(1, 4), most=st.integers(1, 3))
def test_any_history_gives_what_counting_anew_gives(
    operations: list[tuple[str, int | None]], chunk: int, most: int
) -> None:
    world = World(FakeTable())
    with small_transactions(chunk, most):
        for operation in operations:
            run(world, operation)
            assert json.dumps(world.summary()) == json.dumps(world.expected())
    world.read()
    kept = world.stored() if world.table.get(STATE) else None
    rebuilt = world.metrics().rebuild(WORKSPACE, STUDY)
    assert rebuilt is not None
    assert rebuilt.to_document() == Durations.of(world.analysed()).to_document()
    if kept is not None:
        assert canonical(world.stored()) == canonical(kept)


@settings(deadline=None)
@given(
    before=OPERATIONS,
    during=st.lists(st.tuples(st.integers(1, 12), OPERATIONS.filter(bool)), max_size=4),
    chunk=st.integers(1, 4),
    most=st.integers(1, 3),
)
def test_a_read_shows_one_moment_between_its_begin_and_its_end(
    before: list[tuple[str, int | None]],
    during: list[tuple[int, list[tuple[str, int | None]]]],
    chunk: int,
    most: int,
) -> None:
    """Others write and fold between any two steps of a reader."""
    world = World(FakeTable())
    with small_transactions(chunk, most):
        for operation in before:
            run(world, operation)
        rivals, steps = dict(during), iter(range(1, 10_000))
        moments = [json.dumps(world.expected())]

        def interfere(_: str) -> None:
            for operation in rivals.pop(next(steps), ()):
                world.table.before = lambda _: None
                run(world, operation)
                moments.append(json.dumps(world.expected()))
                world.table.before = interfere

        world.table.before = interfere
        seen = json.dumps(world.summary())
        world.table.before = lambda _: None
        # What is added in memory only is of more than one moment.
        assert seen in moments or len(world.people) > chunk * most
        assert world.summary() == world.expected()


def test_everybody_folded_by_others_after_the_first_look_is_not_lost(world: World) -> None:
    for duration in range(1, 9):
        world.add(duration * 1000)
    steps = iter(range(100))

    def others_fold(operation: str) -> None:
        if next(steps) == 2:
            world.table.before = lambda _: None
            with small_transactions(metrics.CHUNK, 10):
                world.read()
            assert world.stale() == 0

    with small_transactions(2, 2):
        world.table.before = others_fold
        assert world.summary() == world.expected()


def losing(*actions: Any) -> None:
    raise ConditionFailed({0: None})


def test_a_reader_who_always_loses_answers_without_writing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.add(5)
    with monkeypatch.context() as patch:
        patch.setattr(world.table, "write", losing)
        assert world.summary() == world.expected()
        with pytest.raises(Unavailable):
            world.metrics().rebuild(WORKSPACE, STUDY)
    assert world.stale() == 1


def test_a_reader_whom_others_disturb_at_every_attempt_says_so(world: World) -> None:
    """Whatever it does, a state of another version stands there when it looks again."""
    versions = iter(range(2, 10_000))

    def disturb(operation: str) -> None:
        if operation not in ("write", "get"):
            return
        world.table.before = lambda _: None
        world.add(5)
        world.table.write(Update(STATE, set={"version": next(versions)}))
        world.table.before = disturb

    world.add(7)
    world.read()
    world.add(9)
    world.table.before = disturb
    with pytest.raises(Unavailable):
        world.read()
    world.table.before = lambda _: None
    assert world.summary() == world.expected()


def refusing(world: World, *, above: int, code: str) -> Callable[..., None]:
    inner = world.table.write

    def write(*actions: Any) -> None:
        if len(actions) > above:
            raise ClientError({"Error": {"Code": code}}, "TransactWriteItems")
        inner(*actions)

    return write


def test_people_too_large_for_one_transaction_are_folded_in_smaller_ones(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for duration in range(1, 40):
        world.add(duration)
    monkeypatch.setattr(world.table, "write", refusing(world, above=10, code="ValidationException"))
    assert world.summary() == world.expected()
    assert world.stale() == 0


@pytest.mark.parametrize(("above", "code"), [(1, "ValidationException"), (0, "AccessDeniedException")])
def test_other_errors_of_the_store_are_not_hidden(
    world: World, monkeypatch: pytest.MonkeyPatch, above: int, code: str
) -> None:
    world.add(5)
    monkeypatch.setattr(world.table, "write", refusing(world, above=above, code=code))
    with pytest.raises(ClientError):
        world.read()


# -- states that are of no use any more --------------------------------------------------------------------------------


def test_ends_that_ran_out_are_found_again(world: World) -> None:
    people = [world.add(1000 + place) for place in range(3 * KEPT)]
    world.read()
    for person in people[: KEPT + 1]:
        world.exclude(person.id)
    assert world.summary() == world.expected()
    assert Durations.from_document(world.stored()["durations"]).needs_rebuild is False


def test_a_state_of_another_release_is_made_anew(world: World) -> None:
    world.add(5)
    world.read()
    world.table.write(Update(STATE, set={"blob": blobs.pack({"v": 0})}))
    assert world.summary() == world.expected()
    assert world.stored()["v"] == metrics.VERSION


def test_a_state_that_lost_people_is_made_anew(world: World) -> None:
    person = world.add(5)
    world.add(9)
    world.read()
    empty = {"v": metrics.VERSION, "durations": Durations().to_document()}
    world.table.write(Update(STATE, set={"blob": blobs.pack(empty)}))
    world.exclude(person.id)
    assert world.summary() == world.expected()


def test_an_operators_rebuild_repairs_what_is_wrongly_folded(world: World) -> None:
    person = world.add(5)
    world.read()
    world.table.write(Update(keys.participant(WORKSPACE, STUDY, person.id), set={"counts": {"folded": 6}}))
    rebuilt = world.metrics().rebuild(WORKSPACE, STUDY)
    assert rebuilt is not None
    assert rebuilt.summary() == world.expected()
    assert world.summary() == world.expected()


# -- imports in several transactions -----------------------------------------------------------------------------------


def staged(world: World, duration: int) -> tuple[str, Put]:
    world.now += 1
    person = world.person(duration)
    put = participants.creation(WORKSPACE, STUDY, person, [], now_millis=world.now)
    import_id = Imports(world.table, now_millis=world.now).stage(WORKSPACE, STUDY, [[put]], owner="x")
    return import_id, put


def test_people_of_an_import_count_from_its_commit_on(world: World) -> None:
    world.add(5)
    import_id, _ = staged(world, 7)
    assert world.summary() == Durations.of([5]).summary()
    world.table.write(imports.commitment(WORKSPACE, STUDY, import_id))
    assert world.summary() == Durations.of([5, 7]).summary()
    assert world.stale() == 0


def test_people_of_a_dead_import_never_count(world: World) -> None:
    world.add(5)
    staged(world, 7)
    world.now += 60_000
    assert world.summary() == Durations.of([5]).summary()
    rebuilt = world.metrics().rebuild(WORKSPACE, STUDY)
    assert rebuilt is not None
    assert rebuilt.summary() == Durations.of([5]).summary()


# -- on the real store -------------------------------------------------------------------------------------------------


def test_the_same_on_dynamodb_local(local_table: Table) -> None:
    world = World(local_table)
    people = [world.add(duration) for duration in (5, 0, 7, None, 10_000_000)]
    assert world.summary() == world.expected()
    world.exclude(people[0].id)
    world.complete(people[3].id)
    assert world.summary() == world.expected()
    world.include(people[0].id)
    assert world.summary() == world.expected()
    assert world.stale() == 0
    rebuilt = world.metrics().rebuild(WORKSPACE, STUDY)
    assert rebuilt is not None
    assert rebuilt.summary() == world.expected()
