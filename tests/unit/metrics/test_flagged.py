"""Figures without flagged people: those of the same study in which nobody else had ever taken part."""

import json
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.table import FakeTable
from tests.unit.metrics.test_folding import STATE, STUDY, WORKSPACE, World, losing, small_transactions
from trimetric.domain import quality
from trimetric.domain.participants import Participant, StoredResult
from trimetric.domain.study_types import STUDY_TYPES
from trimetric.dynamo import blobs, keys, metrics
from trimetric.dynamo.metrics import Snapshot
from trimetric.dynamo.participants import participant_of
from trimetric.dynamo.table import Put
from trimetric.errors import Unavailable
from trimetric.metrics.durations import Durations
from trimetric.metrics.state import State


class Crowd(World):
    """Twins give the same answers, from the same device, in the same time."""

    def sample(self) -> list[StoredResult]:
        now = self.now
        self.now = now % 7 if now % 3 else now
        try:
            results = super().sample()
        finally:
            self.now = now
        slow = random.Random(now).random() < 0.1  # noqa: S311 - samples
        return [self.slowed(each) if slow else each for each in results]

    def slowed(self, result: StoredResult) -> StoredResult:
        if "duration_ms" not in result.payload or result.payload["duration_ms"] is None:
            return result
        return replace(result, payload={**result.payload, "duration_ms": result.payload["duration_ms"] * 1000})

    def judged(self) -> Snapshot:
        snapshot = self.metrics().read(self.workspace_id, STUDY, judged=True)
        assert snapshot is not None
        return snapshot

    def flags(self) -> dict[str, tuple[str, ...]]:
        """Of all who are analysed, by definition."""
        traits = {}
        for person in sorted(self.analysed(), key=lambda person: person.order):
            found = quality.traits_of(
                self.type,
                [result.payload for result in self.results[person.id]],
                duration_ms=person.duration_ms or 0,
                device=person.device,
                locale=person.locale,
            )
            if found is not None:
                traits[person.id] = found
        compared = quality.among(traits)
        return {person.id: (*person.flags, *compared.get(person.id, ())) for person in self.analysed()}

    def told(self, snapshot: Snapshot) -> dict[str, Any]:
        return self.shown(snapshot.state, snapshot.durations)

    def without_flagged(self) -> dict[str, Any]:
        """Everybody but them, counted anew."""
        flagged = {identifier for identifier, flags in self.flags().items() if flags}
        others = World(FakeTable(), self.type, design=self.design)
        others.people = {name: person for name, person in self.people.items() if name not in flagged}
        others.results = self.results
        durations = Durations.of(person.duration_ms or 0 for person in others.analysed())
        return self.shown(others.counted(), durations)

    def check(self) -> None:
        snapshot = self.judged()
        flags = [flag for found in self.flags().values() for flag in found]
        assert snapshot.flags == {flag: flags.count(flag) for flag in sorted(set(flags))}
        assert json.dumps(self.told(snapshot)) == json.dumps({k: v for k, v in self.expected().items() if k != "flags"})
        assert json.dumps(self.told(snapshot.without_flagged())) == json.dumps(self.without_flagged())


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.sampled_from([None, 1, 30, 31, 32, 33, 90, 100, 200, 6000])),
        st.tuples(st.sampled_from(["exclude", "include", "complete", "read", "judged", "rebuild"]), st.integers(0, 50)),
    ),
    max_size=12,
)


def run(world: Crowd, operation: tuple[str, int | None]) -> None:
    name, argument = operation
    if name == "add":
        world.add(argument)
    elif name in ("read", "judged", "rebuild"):
        getattr(world, name)()
    elif world.people and argument is not None:
        getattr(world, name)(list(world.people)[argument % len(world.people)])


@pytest.mark.parametrize("type_", STUDY_TYPES)
@settings(deadline=None, max_examples=120)
@given(
    first=st.lists(st.sampled_from([29, 31, 100, 101, 200]), max_size=14),
    operations=OPERATIONS,
    chunk=st.integers(1, 4),
    part=st.sampled_from([600, 350_000]),
)
def test_any_history_leaves_the_figures_of_those_without_flags(
    type_: str, first: list[int], operations: list[tuple[str, int | None]], chunk: int, part: int
) -> None:
    world = Crowd(FakeTable(), type_)
    for duration in first:
        world.add(duration)
    with small_transactions(chunk, 40, part=part):
        for operation in operations:
            run(world, operation)
            if operation[0] != "add":
                world.check()
        world.check()
        assert not world.rebuild().differences
        world.check()


@pytest.fixture
def crowd() -> Crowd:
    world = Crowd(FakeTable())
    for duration in [*[100] * 10, 10, 200]:
        world.add(duration)
    return world


def speeders(world: Crowd) -> list[Participant]:
    listed = world.table.query(keys.people(WORKSPACE, STUDY), index="lsi1", limit=100)
    return [person for person in map(participant_of, listed) if "speeder" in person.compared]


def test_people_show_the_flags_that_were_found(crowd: Crowd) -> None:
    assert speeders(crowd) == []
    crowd.check()
    assert [person.duration_ms for person in speeders(crowd)] == [10]
    assert "speeder" in speeders(crowd)[0].public(study_ended=False)["flags"]
    for person_id in list(crowd.people)[:3]:
        crowd.exclude(person_id)
    crowd.check()
    assert speeders(crowd) == [], "nine people are too few"


def test_what_was_judged_stays_so_until_the_next_change(crowd: Crowd) -> None:
    crowd.check()
    version = crowd.table.get(STATE)["version"]
    crowd.check()
    assert crowd.table.get(STATE)["version"] == version
    crowd.add(5)
    crowd.read()
    assert crowd.table.get(STATE)["judged"] is False
    crowd.check()
    assert crowd.table.get(STATE)["judged"] is True


def test_a_reader_who_always_loses_judges_without_writing(crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    crowd.read()
    monkeypatch.setattr(crowd.table, "write", _but_for_asking(crowd))
    crowd.check()
    assert speeders(crowd) == []


def _but_for_asking(world: Crowd) -> Any:
    write = world.table.write

    def lose(*actions: Any) -> None:
        write(*actions) if len(actions) == 1 and "expires_at" in getattr(actions[0], "item", {}) else losing(*actions)

    return lose


def test_a_state_that_no_transaction_takes_is_judged_in_memory(crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_MOST_BYTES", 10)
    crowd.check()


def test_a_state_of_no_use_that_no_transaction_takes_is_judged_in_memory(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd.read()
    head = crowd.table.get(STATE)
    assert head is not None
    crowd.table.write(Put({**head, "release": "another"}))
    monkeypatch.setattr(metrics, "_MOST_BYTES", 10)
    crowd.check()
    assert speeders(crowd) == []


def test_a_state_that_lost_people_is_made_anew_before_it_is_judged(crowd: Crowd) -> None:
    crowd.read()
    head = crowd.table.get(STATE)
    assert head is not None
    crowd.table.write(Put({**head, "blob": blobs.pack(State().to_document())}))
    crowd.check()


def test_somebody_changed_while_everybody_was_looked_at(crowd: Crowd) -> None:
    crowd.read()
    query, done = crowd.table.query, list[str]()

    def interfere(*arguments: Any, **options: Any) -> Any:
        if options.get("index") == "lsi1" and not done:
            done.append("")
            for person_id in list(crowd.people)[:2]:
                crowd.exclude(person_id)
            crowd.read()
        return query(*arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crowd.table, "query", interfere)
        crowd.check()
    assert done


def test_a_store_that_is_down_is_said(crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    crowd.read()

    def down(*arguments: Any, **options: Any) -> Any:
        raise Unavailable

    monkeypatch.setattr(crowd.table, "query", down)
    with pytest.raises(Unavailable):
        crowd.judged()
