"""Folding in the table: exact whatever happens in between, and the same as counting everybody anew."""

import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.table import FakeTable
from tests.samples.study_types import sample_results
from tests.unit.domain.study_types.designs import design_of, detail_of
from trimetric.domain import ids
from trimetric.domain.participants import Participant, Progress, StoredResult
from trimetric.domain.studies import Counts, Status, Study
from trimetric.domain.study_types import STUDY_TYPES, study_type
from trimetric.domain.study_types.design import MAX_CARDS, Card, Design
from trimetric.dynamo import blobs, imports, keys, metrics, participants, studies
from trimetric.dynamo.imports import Imports
from trimetric.dynamo.metrics import Metrics, Rebuilt, Snapshot, TooLarge
from trimetric.dynamo.table import ConditionFailed, Put, Table, Update
from trimetric.errors import Unavailable
from trimetric.metrics.durations import KEPT, Durations
from trimetric.metrics.registry import metrics_of
from trimetric.metrics.state import Person, State

WORKSPACE = "ws_0123456789abcdef"
STUDY = f"std_{'0' * 26}"
NOW = 1_770_000_000_000
STATE = keys.metrics(WORKSPACE, STUDY)
#: Of these, people who have not completed the study count in some figures too.
TYPES = ["card_sort", "survey", "tree_test", "interview"]


@dataclass
class World:
    """A published study and its people; `now` moves with each change."""

    table: Any
    type: str = "tree_test"
    workspace_id: str = WORKSPACE
    now: int = NOW
    people: dict[str, Participant] = field(default_factory=dict)
    results: dict[str, list[StoredResult]] = field(default_factory=dict)
    design: Design = field(default_factory=lambda: Design({}))

    def __post_init__(self) -> None:
        if not self.design.settings:
            self.design = design_of(self.type)
        study = Study(STUDY, self.type, Status.PUBLISHED, "Menu", None, None, "2026", "2026", "2026")
        self.table.write(*studies.creation(self.workspace_id, study, self.design))

    def add(self, duration: int | None) -> Participant:
        """Somebody with all results, or without any where there is no duration yet."""
        self.now += 1
        person = self.person(duration)
        results = [] if duration is None else self.sample()
        creation = participants.creation(self.workspace_id, STUDY, person, results, now_millis=self.now)
        moved = {"participants": 1, "completed": int(duration is not None)}
        self.table.write(creation, studies.counted(self.workspace_id, STUDY, **moved))
        self.people[person.id], self.results[person.id] = person, results
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
            flags=("all_skipped",) if duration and duration % 3 == 0 else (),
            order=keys.participant_order(self.now, 0, identifier),
        )

    def sample(self) -> list[StoredResult]:
        raw = sample_results(self.type, detail_of(self.design), random.Random(self.now))  # noqa: S311 - samples
        return [StoredResult(payload, "2026") for payload in study_type(self.type).parse_results(self.design, raw)]

    def exclude(self, person_id: str) -> None:
        self._change(person_id, lambda person: person.exclude(None))

    def include(self, person_id: str) -> None:
        self._change(person_id, lambda person: person.include())

    def complete(self, person_id: str) -> None:
        self._change(person_id, lambda person: person.complete("2026-01-01T00:00:09.000Z"))

    def answer(self, person_id: str) -> None:
        """One result more, as long as one is due."""
        given = self.results[person_id]
        if self.people[person_id].completed:
            return
        self.now += 1
        due = self.sample()[len(given) :]
        if due:
            self._write(person_id, self.people[person_id], [*given, due[0]])

    def _change(self, person_id: str, change: Callable[[Participant], Participant]) -> None:
        changed = change(self.people[person_id])
        if changed != self.people[person_id]:
            self.now += 1
            self._write(person_id, changed, self.results[person_id])

    def _write(self, person_id: str, changed: Participant, results: list[StoredResult]) -> None:
        seen = self.people[person_id]
        change = participants.change(self.workspace_id, STUDY, changed, seen=seen, now_millis=self.now, results=results)
        self.table.write(*change)
        self.people[person_id] = replace(changed, version=seen.version + 1)
        self.results[person_id] = results

    def redesign(self, **changes: Any) -> None:
        """Other settings, as a PATCH of a published study gives them."""
        [study, _] = studies.Studies(self.table).with_design(self.workspace_id, STUDY) or (None, None)
        assert study is not None
        self.design = replace(self.design, settings={**self.design.settings, **changes})
        changed = replace(study, version=study.version + 1)
        self.table.write(*studies.change(self.workspace_id, changed, seen=study, design=self.design))

    def metrics(self) -> Metrics:
        return Metrics(self.table, now_millis=self.now, sleep=lambda seconds: None)

    def read(self) -> Snapshot:
        snapshot = self.metrics().read(self.workspace_id, STUDY)
        assert snapshot is not None
        return snapshot

    def rebuild(self) -> Rebuilt:
        rebuilt = self.metrics().rebuild(self.workspace_id, STUDY)
        assert rebuilt is not None
        return rebuilt

    def seen(self) -> dict[str, Any]:
        """All that a read shows."""
        snapshot = self.read()
        return self.shown(snapshot.state, snapshot.durations) | {"flags": snapshot.flags}

    def shown(self, state: State, durations: Durations) -> dict[str, Any]:
        return {
            "duration_ms": durations.summary(),
            self.type: metrics_of(self.type).summarise(self.design, state),
        }

    def expected(self) -> dict[str, Any]:
        """The same, counted anew."""
        flags = [flag for person in self.analysed() for flag in person.flags]
        durations = Durations.of(person.duration_ms for person in self.analysed() if person.duration_ms is not None)
        return self.shown(self.counted(), durations) | {
            "flags": {flag: flags.count(flag) for flag in sorted(set(flags))}
        }

    def analysed(self) -> list[Participant]:
        return [person for person in self.people.values() if person.completed and not person.excluded]

    def counted(self) -> State:
        """What the people themselves add, as the study's type has it."""
        return State.of(
            metrics_of(self.type).contribution(
                self.design,
                Person(
                    person.id,
                    person.completed,
                    person.excluded,
                    person.started_at,
                    person.completed_at,
                    tuple(result.payload for result in self.results[person.id]),
                ),
            )
            for person in self.people.values()
        )

    def stored(self) -> State:
        """The state as it stands in the table, whatever its parts."""
        key = keys.metrics(self.workspace_id, STUDY)
        head = self.table.get(key)
        assert head is not None
        numbers = range(len(head["parts"]))
        items = [head] if "blob" in head else [self.table.get(keys.metrics_part(key, number)) for number in numbers]
        state = State()
        for item in items:
            state.merge(State.from_document(blobs.unpack(item["blob"])))
        return state

    def stale(self) -> int:
        return len(self.table.query(keys.people(self.workspace_id, STUDY), index="lsi4", limit=10_000))


def canonical(state: State) -> str:
    """Without the ends that durations keep, which depend on their history."""
    document = state.to_document()
    for durations in document["durations"].values():
        del durations["low"], durations["high"]
    return json.dumps(document)


@pytest.fixture
def world() -> World:
    return World(FakeTable())


@contextmanager
def small_transactions(chunk: int, most: int, *, part: int = metrics.MAX_PART_BYTES) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(metrics, "CHUNK", chunk)
        patch.setattr(metrics, "MAX_CHUNKS", most)
        patch.setattr(metrics, "MAX_PART_BYTES", part)
        yield


def test_no_study_has_no_metrics(world: World) -> None:
    assert world.metrics().read(WORKSPACE, f"std_{'1' * 26}") is None
    assert world.metrics().rebuild(WORKSPACE, f"std_{'1' * 26}") is None


def test_people_are_folded_once_and_counted(world: World) -> None:
    for duration in (5, 7, None):
        world.add(duration)
    first = world.read()
    assert first.counts == Counts(participants=3, completed=2)
    assert first.durations.summary() == world.expected()["duration_ms"]
    assert world.stale() == 0
    version = world.table.get(STATE)["version"]
    assert world.seen() == world.expected()
    assert world.table.get(STATE)["version"] == version


def test_more_people_than_one_read_writes_are_answered_exactly(world: World) -> None:
    for duration in range(1, 24):
        world.add(duration * 1000)
    with small_transactions(3, 2):
        assert world.seen() == world.expected()
        assert world.stale() == 17
        while world.stale():
            assert world.seen() == world.expected()
    assert world.seen() == world.expected()


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.one_of(st.none(), st.integers(0, 10**7))),
        st.tuples(st.sampled_from(["answer", "exclude", "include", "complete", "read"]), st.integers(0, 50)),
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


@pytest.mark.parametrize("type_", STUDY_TYPES)
@settings(deadline=None, max_examples=200)
@given(operations=OPERATIONS, chunk=st.integers(1, 4), most=st.integers(1, 3), part=st.sampled_from([600, 350_000]))
def test_any_history_gives_what_counting_anew_gives(
    type_: str, operations: list[tuple[str, int | None]], chunk: int, most: int, part: int
) -> None:
    world = World(FakeTable(), type_)
    with small_transactions(chunk, most, part=part):
        for operation in operations:
            run(world, operation)
            assert json.dumps(world.seen()) == json.dumps(world.expected())
        while world.stale():
            world.read()
        kept = canonical(world.stored()) if world.table.get(STATE) else None
        rebuilt = world.rebuild()
        assert rebuilt.people == len(world.people)
        assert not rebuilt.differences
        assert canonical(rebuilt.state) == canonical(world.stored())
        assert kept in (None, canonical(rebuilt.state))
        assert json.dumps(world.seen()) == json.dumps(world.expected())


@pytest.mark.parametrize("type_", TYPES)
@settings(deadline=None, max_examples=50)
@given(
    before=OPERATIONS,
    during=st.lists(st.tuples(st.integers(1, 12), OPERATIONS.filter(bool)), max_size=4),
    chunk=st.integers(1, 4),
    most=st.integers(1, 3),
    part=st.sampled_from([600, 350_000]),
)
def test_a_read_shows_one_moment_between_its_begin_and_its_end(
    type_: str,
    before: list[tuple[str, int | None]],
    during: list[tuple[int, list[tuple[str, int | None]]]],
    chunk: int,
    most: int,
    part: int,
) -> None:
    """Others write and fold between any two steps of a reader."""
    world = World(FakeTable(), type_)
    with small_transactions(chunk, most, part=part):
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
        seen = json.dumps(world.seen())
        world.table.before = lambda _: None
        # What is added in memory only is of more than one moment.
        assert seen in moments or len(world.people) > chunk * most
        assert world.seen() == world.expected()


class Died(Exception):
    """A function was stopped."""


@pytest.mark.parametrize("type_", STUDY_TYPES)
@settings(deadline=None, max_examples=100)
@given(
    operations=OPERATIONS.filter(bool),
    deaths=st.lists(st.tuples(st.sampled_from(["before", "after"]), st.integers(0, 15)), min_size=1, max_size=4),
    chunk=st.integers(1, 4),
    part=st.sampled_from([600, 350_000]),
)
def test_readers_that_die_at_any_step_leave_exact_figures(
    type_: str, operations: list[tuple[str, int | None]], deaths: list[tuple[str, int]], chunk: int, part: int
) -> None:
    """Before a call: the store was not reached. After it: it did what was asked, and nobody knows."""
    world = World(FakeTable(), type_)
    with small_transactions(chunk, 3, part=part):
        for operation in operations:
            run(world, operation)
        for hook, step in deaths:
            with dying(world, hook, step):
                world.read()
            with dying(world, hook, step):
                world.rebuild()
            world.add(7)
        assert json.dumps(world.seen()) == json.dumps(world.expected())
        assert world.rebuild().differences in ([], None)
        assert json.dumps(world.seen()) == json.dumps(world.expected())


@contextmanager
def dying(world: World, hook: str, step: int) -> Iterator[None]:
    steps = iter(range(100_000))

    def die(operation: str) -> None:
        if next(steps) == step:
            raise Died

    setattr(world.table, hook, die)
    try:
        with suppress(Died):
            yield
    finally:
        setattr(world.table, hook, lambda _: None)


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
        assert world.seen() == world.expected()


def losing(*actions: Any) -> None:
    if any(action.conditions for action in actions):
        raise ConditionFailed({0: None})


def test_a_reader_who_always_loses_answers_without_writing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.add(5)
    with monkeypatch.context() as patch:
        patch.setattr(world.table, "write", losing)
        assert world.seen() == world.expected()
        with pytest.raises(Unavailable):
            world.metrics().rebuild(WORKSPACE, STUDY)
    assert world.stale() == 1


def test_a_reader_with_much_to_fold_goes_on_writing_however_often_it_loses(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for duration in range(1, 10):
        world.add(duration)
    inner, lost = world.table.write, iter(range(5))

    def lose_at_first(*actions: Any) -> None:
        if next(lost, None) is not None:
            losing(*actions)
        inner(*actions)

    monkeypatch.setattr(world.table, "write", lose_at_first)
    with small_transactions(3, metrics.MAX_CHUNKS):
        assert world.seen() == world.expected()
    assert world.stale() == 0


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
    assert world.seen() == world.expected()


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
    assert world.seen() == world.expected()
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
    assert world.seen() == world.expected()
    assert not world.stored().needs_rebuild


def test_a_state_of_another_release_is_made_anew(world: World) -> None:
    person = world.add(5)
    world.read()
    version = world.table.get(STATE)["version"]
    world.table.write(Put({"pk": STATE.pk, "sk": STATE.sk, "blob": blobs.pack({"v": 0}), "version": version}))
    world.table.write(Update(keys.participant(WORKSPACE, STUDY, person.id), set={"counts": {"folded": 5}}))
    assert world.seen() == world.expected()
    assert world.table.get(STATE)["release"] == metrics.VERSION


def test_a_state_that_lost_people_is_made_anew(world: World) -> None:
    person = world.add(5)
    world.add(9)
    world.read()
    world.table.write(Update(STATE, set={"blob": blobs.pack(State().to_document())}))
    world.exclude(person.id)
    assert world.seen() == world.expected()


def test_an_operators_rebuild_repairs_what_is_wrongly_folded(world: World) -> None:
    person = world.add(5)
    world.read()
    wrong = {"n": 0, "status": "completed", "excluded": True}
    world.table.write(Update(keys.participant(WORKSPACE, STUDY, person.id), set={"counts": {"folded": wrong}}))
    rebuilt = world.rebuild()
    assert rebuilt.differences
    assert "duration: 1 durations stored, 0 counted" in rebuilt.differences
    assert canonical(rebuilt.state) == canonical(world.stored())
    assert world.seen() == world.expected()
    assert world.rebuild().differences == []


def test_a_rebuild_says_how_far_it_is(world: World) -> None:
    for duration in range(metrics.CHUNK + 1):
        world.add(duration)
    told: list[tuple[int, int]] = []
    world.metrics().rebuild(WORKSPACE, STUDY, progress=lambda *far: told.append(far))
    total = metrics.CHUNK + 1
    assert told == [(metrics.CHUNK, total), (total, total)]


# -- designs that change -----------------------------------------------------------------------------------------------


def test_another_design_makes_the_state_anew() -> None:
    world = World(FakeTable(), "first_click_test")
    for duration in (5, 7):
        world.add(duration)
    assert world.seen() == world.expected()
    [task, *others] = world.design.settings["tasks"]
    wrong_now = {**task, "areas": [{**area, "correct": not area["correct"]} for area in task["areas"]]}
    world.redesign(tasks=[wrong_now, *others])
    assert world.seen() == world.expected()
    assert world.rebuild().differences == []


def test_merged_categories_leave_the_state_as_it_is() -> None:
    world = World(FakeTable(), "card_sort")
    world.add(5)
    world.read()
    version = world.table.get(STATE)["version"]
    world.redesign(category_map={"sweets": "Treats"})
    assert world.seen() == world.expected()
    assert world.table.get(STATE)["version"] == version


# -- states of many parts ----------------------------------------------------------------------------------------------


def test_a_fold_writes_the_parts_that_it_touched(world: World) -> None:
    with small_transactions(metrics.CHUNK, metrics.MAX_CHUNKS, part=600):
        for duration in range(1, 6):
            world.add(duration)
        world.read()
        head = world.table.get(STATE)
        assert "blob" not in head
        assert len(head["parts"]) > 1
        world.add(None)
        world.answer(list(world.people)[-1])
        assert world.seen() == world.expected()
        assert world.table.get(STATE)["parts"] == head["parts"]


def test_parts_of_two_moments_are_read_again(world: World) -> None:
    with small_transactions(metrics.CHUNK, metrics.MAX_CHUNKS, part=600):
        for duration in range(1, 6):
            world.add(duration)
        world.read()
        looks = iter(range(100))

        def others_fold(operation: str) -> None:
            if operation == "get_many" and next(looks) == 1:
                world.table.before = lambda _: None
                world.add(99)
                world.read()

        world.table.before = others_fold
        assert world.seen() == world.expected()


def test_a_sort_of_the_most_cards() -> None:
    """The fake refuses items that the store would refuse."""
    design = design_of("card_sort")
    cards = tuple(Card(f"crd_{place:026d}", f"Card {place}") for place in range(MAX_CARDS))
    world = World(FakeTable(), "card_sort", design=replace(design, cards=cards))
    for duration in range(1, 9):
        world.add(duration)
    first = world.read()
    assert first.figures()["cards"][0]["sorted"] + first.figures()["cards"][0]["unsorted"] == 8
    for person_id in list(world.people)[:4]:
        world.exclude(person_id)
    read = world.read()
    assert canonical(read.state) == canonical(world.rebuild().state.of_all())
    with small_transactions(metrics.CHUNK, metrics.MAX_CHUNKS, part=2_000):
        assert world.rebuild().differences == []
        assert "blob" not in world.table.get(STATE)
        assert canonical(world.read().state) == canonical(read.state)


def test_a_state_too_large_for_any_transaction_is_counted_anew(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    for duration in range(1, 20):
        world.add(duration)
    monkeypatch.setattr(metrics, "_MOST_BYTES", 100)
    assert world.seen() == world.expected()
    assert world.table.get(STATE) is None
    with pytest.raises(TooLarge):
        world.rebuild()


def test_a_state_too_large_that_is_of_no_use_is_counted_anew(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    for duration in range(1, 20):
        world.add(duration)
    world.read()
    [task, *others] = world.design.settings["tasks"]
    world.redesign(tasks=[{**task, "prompt": "Asked in other words"}, *others])
    monkeypatch.setattr(metrics, "_MOST_BYTES", 100)
    assert world.seen() == world.expected()


def test_people_with_much_to_say_are_folded_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    for duration in range(1, 9):
        world.add(duration)
    monkeypatch.setattr(metrics, "MAX_TRANSACTION_BYTES", 15_000)
    assert world.seen() == world.expected()
    assert world.stale() == 0
    assert world.table.get(STATE)["version"] > 2


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
    assert world.read().durations.summary() == Durations.of([5]).summary()
    world.table.write(imports.commitment(WORKSPACE, STUDY, import_id))
    assert world.read().durations.summary() == Durations.of([5, 7]).summary()
    assert world.stale() == 0


def test_people_of_a_dead_import_never_count(world: World) -> None:
    world.add(5)
    staged(world, 7)
    world.now += 60_000
    assert world.read().durations.summary() == Durations.of([5]).summary()
    assert world.rebuild().people == 1


# -- on the real store -------------------------------------------------------------------------------------------------


def test_the_same_on_dynamodb_local(local_table: Table) -> None:
    world = World(local_table)
    people = [world.add(duration) for duration in (5, 0, 7, None, 10_000_000)]
    assert world.seen() == world.expected()
    world.exclude(people[0].id)
    world.complete(people[3].id)
    assert world.seen() == world.expected()
    world.include(people[0].id)
    assert world.seen() == world.expected()
    assert world.stale() == 0
    assert world.rebuild().differences == []
