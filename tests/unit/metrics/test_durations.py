"""Durations: exact sums, quantiles within 1 %, and removal as the inverse of adding."""

import json
import math
import statistics
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimetric.metrics.durations import EXACT, KEPT, Durations, NeverAdded, scaled_log

MILLIS = st.one_of(st.integers(0, 30), st.integers(0, 10_000_000), st.integers(0, 10**14))
MANY = st.lists(MILLIS, max_size=250)


def canonical(durations: Durations) -> dict[str, Any]:
    """Everything but how far the kept ends reach, which depends on what was removed before."""
    document = durations.to_document()
    return {name: value for name, value in document.items() if name not in ("low", "high")}


def test_no_durations_give_nulls() -> None:
    assert Durations().summary() == {
        "n": 0,
        "mean": None,
        "median": None,
        "geometric_mean": None,
        "min": None,
        "q1": None,
        "q3": None,
        "max": None,
    }


def test_one_duration_is_each_of_its_figures() -> None:
    summary = Durations.of([5000]).summary()
    assert summary.pop("n") == 1
    assert set(summary.values()) == {5000}


def test_the_published_example_of_the_geometric_mean() -> None:
    summary = Durations.of([100, 101, 102, 103, 104, 200]).summary()
    assert summary["mean"] == pytest.approx(118.3333, abs=1e-4)
    assert summary["median"] == 102.5
    assert summary["geometric_mean"] == pytest.approx(114.10, abs=0.005)


def test_zeros_count_but_have_no_logarithm() -> None:
    summary = Durations.of([0, 0, 100, 400]).summary()
    assert (summary["n"], summary["min"], summary["mean"]) == (4, 0, 125)
    assert summary["geometric_mean"] == pytest.approx(200, rel=1e-11)


def test_only_zeros_have_no_geometric_mean() -> None:
    summary = Durations.of([0, 0]).summary()
    assert summary["geometric_mean"] is None
    assert summary["median"] == 0


@given(values=st.lists(MILLIS, min_size=2, max_size=250))
def test_figures_agree_with_the_standard_library(values: list[int]) -> None:
    summary = Durations.of(values).summary()
    quartiles = statistics.quantiles(values, n=4, method="inclusive")
    assert summary["n"] == len(values)
    assert (summary["min"], summary["max"]) == (min(values), max(values))
    assert summary["mean"] == pytest.approx(math.fsum(values) / len(values), rel=1e-12)
    for name, exact in zip(("q1", "median", "q3"), quartiles, strict=True):
        assert summary[name] == pytest.approx(exact, rel=1e-12 if len(values) <= EXACT else 0.01)
    positive = [value for value in values if value]
    if positive:
        assert summary["geometric_mean"] == pytest.approx(statistics.geometric_mean(positive), rel=1e-9)


@given(values=st.lists(st.integers(1, 2**62), min_size=1, max_size=40))
def test_each_duration_stands_within_one_percent_of_its_bucket(values: list[int]) -> None:
    for value in values:
        many = Durations.of([value // 2, value, value * 2] + [value] * EXACT)
        assert many.summary()["median"] == pytest.approx(value, rel=0.01)


@given(values=MANY, randomness=st.randoms(use_true_random=False))
def test_any_order_gives_the_same_state(values: list[int], randomness: Any) -> None:
    shuffled = list(values)
    randomness.shuffle(shuffled)
    assert Durations.of(shuffled).to_document() == Durations.of(values).to_document()


@given(values=MANY, cut=st.integers(0, 250))
def test_parts_merge_to_the_whole(values: list[int], cut: int) -> None:
    merged = Durations.of(values[:cut])
    merged.merge(Durations.of(values[cut:]))
    assert merged.to_document() == Durations.of(values).to_document()


@given(values=MANY, data=st.data())
def test_excluding_and_including_again_restores_every_byte(values: list[int], data: st.DataObject) -> None:
    durations = Durations.of(values)
    before = json.dumps(durations.summary())
    gone = data.draw(st.lists(st.sampled_from(values), max_size=20, unique=True)) if values else []
    for value in gone:
        durations.remove(value)
    for value in reversed(gone):
        durations.add(value)
    assert canonical(durations) == canonical(Durations.of(values))
    assert json.dumps(durations.summary()) == before


@given(values=MANY, data=st.data())
def test_what_remains_is_what_a_rebuild_gives(values: list[int], data: st.DataObject) -> None:
    durations = Durations.of(values)
    gone = [value for value in values if data.draw(st.booleans())]
    for value in gone:
        durations.remove(value)
    rest = list((Counter(values) - Counter(gone)).elements())
    rebuilt = Durations.of(rest)
    assert canonical(durations) == canonical(rebuilt)
    if not durations.needs_rebuild:
        assert durations.summary() == rebuilt.summary()


@given(values=MANY)
def test_state_survives_being_stored(values: list[int]) -> None:
    durations = Durations.of(values)
    stored = json.loads(json.dumps(durations.to_document()))
    assert Durations.from_document(stored).to_document() == durations.to_document()


def test_another_versions_state_is_refused() -> None:
    with pytest.raises(ValueError, match="another version"):
        Durations.from_document({**Durations().to_document(), "v": 0})


def test_ends_that_ran_out_ask_for_a_rebuild() -> None:
    durations = Durations.of(range(1, 4 * KEPT))
    for value in range(1, KEPT + 1):
        assert not durations.needs_rebuild
        durations.remove(value)
    assert durations.needs_rebuild
    with pytest.raises(RuntimeError, match="rebuild"):
        durations.summary()


def test_a_small_set_left_of_a_large_one_stays_exact_or_asks() -> None:
    durations = Durations.of(range(1000))
    for value in range(20, 1000):
        durations.remove(value)
    assert durations.needs_rebuild is False
    assert durations.summary()["median"] == 9.5


def test_removing_everything_leaves_a_fresh_state() -> None:
    durations = Durations.of(range(500))
    for value in range(500):
        durations.remove(value)
    assert durations.to_document() == Durations().to_document()


def test_a_state_of_somebody_elses_durations_is_noticed() -> None:
    durations = Durations.of([5000, 5001])
    durations.remove(5000)
    durations.remove(5001)
    with pytest.raises(NeverAdded):
        durations.remove(5001)


@pytest.mark.parametrize("value", [0, 7, 5000], ids=["zero", "another bucket", "same bucket, never kept"])
def test_taking_away_what_was_never_added_is_noticed(value: int) -> None:
    durations = Durations.of([5001])
    with pytest.raises(NeverAdded):
        durations.remove(value)


def test_the_state_of_many_durations_is_small() -> None:
    durations = Durations.of((index * 7919) % 3_600_000 for index in range(10_000))
    assert len(json.dumps(durations.to_document())) < 12_000


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1, 0), (2, 693147180560), (5000, 8517193191416), (10**14, 32236191301917)],
    ids=["one", "two", "five seconds", "three thousand years"],
)
def test_logarithms_are_whole_numbers_of_a_billionth_of_a_thousandth(value: int, expected: int) -> None:
    assert scaled_log(value) == expected


def test_bars_of_the_histogram_hold_everybody() -> None:
    durations = Durations.of([0, 0, *range(1000, 100_000, 37)])
    bars = durations.histogram(20)
    assert bars[0] == (0.0, 0.0, 2)
    assert len(bars) <= 21
    assert sum(count for _, _, count in bars) == durations.n
    assert all(low < high for low, high, _ in bars[1:])


def test_no_durations_have_no_bars() -> None:
    assert Durations().histogram() == []
