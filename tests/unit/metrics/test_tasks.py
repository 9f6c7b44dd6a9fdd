"""Lostness and the single usability metric against printed examples."""

import math
import statistics
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trimetric.metrics.durations import scaled_log
from trimetric.metrics.statistics import quantile
from trimetric.metrics.tasks import lostness, satisfaction_part, shortest, time_part

CASES = settings(max_examples=200, deadline=None)


@pytest.mark.parametrize(
    ("path", "required", "expected"),
    [
        pytest.param("abcd", 4, 0, id="four steps where four are needed"),
        pytest.param("abcdefghab", 4, 0.5385164807, id="ten steps, eight of them different"),
        pytest.param("a", 4, 3, id="given up at the first step"),
        pytest.param("aaaa", 1, 0.75, id="on one spot"),
    ],
)
def test_lostness(path: str, required: int, expected: float) -> None:
    lost = lostness(path, required)
    assert lost is not None
    assert lost / 10**12 == pytest.approx(expected, abs=1e-10)


def test_no_steps_are_not_lost() -> None:
    assert lostness([], 3) is None


@CASES
@given(st.text("abcdefgh", min_size=1, max_size=40), st.integers(1, 20))
def test_lostness_follows_its_formula(path: str, required: int) -> None:
    visits, different = len(path), len(set(path))
    expected = math.sqrt((different / visits - 1) ** 2 + (required / different - 1) ** 2)
    lost = lostness(path, required)
    assert lost is not None
    assert abs(lost - expected * 10**12) <= 1


def moments(values: list[int]) -> tuple[int, int, int]:
    return len(values), sum(values), sum(value * value for value in values)


def test_the_single_usability_metric_as_computed_by_hand() -> None:
    times = [60, 53, 70, 42, 62, 43, 81]
    time = time_part(Fraction(75_000), moments([scaled_log(1000 * each) for each in times]))
    satisfaction = satisfaction_part(moments([5, 6, 7, 5, 6, 6, 4]))
    assert time is not None
    assert satisfaction is not None
    assert time == pytest.approx(0.8669506879, abs=1e-9)
    assert satisfaction == pytest.approx(0.4883218343, abs=1e-9)
    assert (0.8 + time + satisfaction) / 3 == pytest.approx(0.7184241741, abs=1e-9)


@pytest.mark.parametrize(
    ("values", "name"),
    [([], "nobody"), ([7], "one person"), ([6, 6, 6], "all the same")],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_parts_without_spread_are_undefined(values: list[int], name: str) -> None:
    assert satisfaction_part(moments(values)) is None
    assert time_part(Fraction(9), moments(values)) is None


@pytest.mark.parametrize("limit", [None, Fraction(0)], ids=["nobody is satisfied", "no time at all"])
def test_time_without_a_limit_is_undefined(limit: Fraction | None) -> None:
    assert time_part(limit, moments([1, 2, 3])) is None


@CASES
@given(st.lists(st.integers(1, 10**9), min_size=2, max_size=60, unique=True))
def test_the_time_part_of_any_times(times: list[int]) -> None:
    logarithms = [math.log(each) for each in times]
    limit = quantile(dict.fromkeys(times, 1), Fraction(95, 100))
    assert limit is not None
    assert float(limit) == pytest.approx(float(np.quantile(times, 0.95)), rel=1e-12)
    sd = statistics.stdev(logarithms)
    expected = statistics.NormalDist().cdf((math.log(limit) - statistics.fmean(logarithms)) / sd)
    part = time_part(limit, moments([scaled_log(each) for each in times]))
    assert part == pytest.approx(expected, abs=1e-6 if sd < 1e-3 else 1e-9)


def test_the_shortest_of_several_ways() -> None:
    assert shortest([["a", "b", "c"], ["a", "c"]]) == 2
    assert shortest([]) is None
