"""The bag of counters and durations: names of any characters, prefixes, and no trace of what was taken away."""

import json
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.metrics.people import bytes_of
from trimetric.metrics import survey
from trimetric.metrics.durations import NeverAdded
from trimetric.metrics.registry import metrics_of
from trimetric.metrics.state import Contribution, State, Tally, name, parts, scaled

PARTS = st.lists(st.one_of(st.text(), st.integers(), st.none()), min_size=1, max_size=4)
CONTRIBUTIONS = st.builds(
    Contribution,
    st.dictionaries(st.sampled_from([name("a"), name("a", "b"), name("ab", 1)]), st.integers(-5, 5).filter(bool)),
    st.lists(st.tuples(st.sampled_from([name("x"), name("y")]), st.integers(0, 9)), max_size=5),
)


@given(PARTS)
def test_names_give_their_parts_back(those: list[Any]) -> None:
    assert list(parts(name(*those))) == those
    assert name(*those).isascii()


@given(st.lists(PARTS, max_size=20), PARTS)
def test_counters_under_a_prefix(names: list[list[Any]], prefix: list[Any]) -> None:
    state = State({name(*those): place for place, those in enumerate(names, start=1)})
    length = len(prefix)
    expected = {
        tuple(parts(key)[length:]): number
        for key, number in state.counters.items()
        if len(parts(key)) > length and name(*parts(key)[:length]) == name(*prefix)
    }
    assert state.under(*prefix) == expected
    assert len(state.under()) == len(state.counters)


@given(st.lists(CONTRIBUTIONS, max_size=8), st.randoms(use_true_random=False))
def test_order_batches_and_removals_leave_no_trace(contributions: list[Contribution], rng: Any) -> None:
    straight = State.of(contributions)
    halves = [State(), State()]
    for contribution in rng.sample(contributions, len(contributions)):
        rng.choice(halves).add(contribution)
    halves[0].merge(State.from_document(json.loads(bytes_of(halves[1]))))
    assert bytes_of(halves[0]) == bytes_of(straight)
    for contribution in contributions:
        straight.subtract(contribution)
    assert straight == State()


def test_prefixes_see_what_came_later() -> None:
    state = State()
    assert state.under("a") == {}
    state.add(Contribution({name("a", "b"): 2}))
    assert state.under("a") == {("b",): 2}


def test_taking_away_durations_that_are_not_there() -> None:
    with pytest.raises(NeverAdded):
        State().subtract(Contribution(durations=[(name("x"), 5)]))


def test_tallies_leave_zeroes_out_and_measure() -> None:
    tally = Tally()
    tally.count("a", by=2)
    tally.count("a", by=-2)
    tally.measure("m", value=3)
    tally.time("t", milliseconds=7)
    state = State.of([tally.contribution(), tally.contribution()])
    assert state.get("a") == 0
    assert name("a") not in state.counters
    assert state.moments("m") == (2, 6, 18)
    assert state.time("t").n == 2
    assert state.time("nothing").n == 0
    assert not state.needs_rebuild


def test_many_removals_may_need_a_rebuild() -> None:
    state = State.of(Contribution(durations=[(name("x"), value)]) for value in range(200))
    for value in (*range(70), *range(130, 200)):
        state.subtract(Contribution(durations=[(name("x"), value)]))
    assert state.needs_rebuild


def test_documents_of_other_versions() -> None:
    with pytest.raises(ValueError, match="another version"):
        State.from_document({**State().to_document(), "v": 0})


def test_scaled_numbers() -> None:
    assert scaled(0.5) == 5 * 10**11
    assert scaled(Fraction(1, 3)) == 333_333_333_333


def test_metrics_of_no_study_type() -> None:
    assert metrics_of("survey").summarise == survey.summarise
    with pytest.raises(KeyError):
        metrics_of("state")
