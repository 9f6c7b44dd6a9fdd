"""Intervals and tests against published figures, and against scipy and statsmodels."""

import json
import math
import statistics
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats import inter_rater
from statsmodels.stats.proportion import proportion_confint

from trimetric.metrics.statistics import (
    adjusted_wald,
    binomial_two_sided,
    chi_square_tail,
    cronbach_alpha,
    distribution,
    fleiss_kappa,
    geometric_mean,
    mean_block,
    mean_of_counts,
    median,
    net_promoter_interval,
    normal_cdf,
    normal_quantile,
    proportion,
    quantile,
    t_quantile,
    t_tail,
    wilson,
)

CASES = settings(max_examples=200, deadline=None)


@pytest.mark.parametrize(
    ("count", "n", "expected"),
    [
        (4, 5, [0.3596311524, 0.9796793687]),
        (7, 10, [0.392325298, 0.8966615821]),
        (0, 10, [0, 0.3208873058]),
        (10, 10, [0.6791126942, 1]),
        (35, 38, [0.7847873217, 0.9800043682]),
        (1, 1, [0.1674994855, 1]),
        (39, 100, [0.3000838668, 0.4880547028]),
    ],
)
def test_published_adjusted_wald_intervals(count: int, n: int, expected: list[float]) -> None:
    assert adjusted_wald(count, n) == pytest.approx(expected, abs=1e-9)


@CASES
@given(st.integers(1, 100_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_intervals_of_proportions_are_those_of_statsmodels(pair: tuple[int, int]) -> None:
    count, n = pair
    for ours, method in ((adjusted_wald, "agresti_coull"), (wilson, "wilson")):
        low, high = proportion_confint(count, n, method=method)
        assert ours(count, n) == pytest.approx([max(low, 0), min(high, 1)], abs=1e-9)


@pytest.mark.parametrize(
    ("promoters", "detractors", "n", "expected"),
    [
        (462, 362, 1000, [4.39, 15.55]),
        (5, 0, 5, [17.4914530342, 100]),
        (0, 5, 5, [-100, -17.4914530342]),
        (0, 0, 1, [-60.0113959544, 60.0113959544]),
        (2, 2, 6, [-51.0724775654, 51.0724775654]),
    ],
)
def test_published_net_promoter_intervals(promoters: int, detractors: int, n: int, expected: list[float]) -> None:
    assert net_promoter_interval(promoters, detractors, n) == pytest.approx(expected, abs=0.006 if n == 1000 else 1e-9)


@CASES
@given(st.integers(1, 200_000), st.sampled_from([0.6, 0.9, 0.975, 0.995]))
def test_quantiles_of_t_are_those_of_scipy(df: int, probability: float) -> None:
    assert t_quantile(probability, df) == pytest.approx(stats.t.ppf(probability, df), rel=1e-9)


@pytest.mark.parametrize("value", [0, 0.1, 1, 2.5, 40])
@pytest.mark.parametrize("df", [1, 2, 7, 1000])
def test_tails_of_t_are_those_of_scipy(value: float, df: int) -> None:
    assert t_tail(value, df) == pytest.approx(stats.t.sf(value, df), rel=1e-9)


@CASES
@given(st.floats(0, 2000), st.integers(1, 120))
def test_tails_of_chi_square_are_those_of_scipy(statistic: float, df: int) -> None:
    assert chi_square_tail(statistic, df) == pytest.approx(stats.chi2.sf(statistic, df), rel=1e-9, abs=1e-200)


@CASES
@given(st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.integers(2, 100))
def test_exact_binomials_are_those_of_scipy(pair: tuple[int, int], one_in: int) -> None:
    count, n = pair
    expected = stats.binomtest(count, n, 1 / one_in).pvalue
    assert binomial_two_sided(count, n, one_in=one_in) == pytest.approx(expected, rel=1e-9, abs=1e-250)


@CASES
@given(st.integers(0, 14).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.integers(2, 5))
def test_exact_binomials_sum_all_outcomes_no_more_likely(pair: tuple[int, int], one_in: int) -> None:
    count, n = pair
    chances = [Fraction(math.comb(n, i) * (one_in - 1) ** (n - i), one_in**n) for i in range(n + 1)]
    expected = sum(chance for chance in chances if chance <= chances[count])
    assert binomial_two_sided(count, n, one_in=one_in) == pytest.approx(float(expected), rel=1e-12)


@pytest.mark.parametrize("count", [192, 266, 193, 265])
def test_exact_binomials_where_two_outcomes_are_nearly_as_likely(count: int) -> None:
    chances = [math.comb(686, outcome) * 2 ** (686 - outcome) for outcome in range(687)]
    expected = Fraction(sum(chance for chance in chances if chance <= chances[count]), 3**686)
    assert binomial_two_sided(count, 686, one_in=3) == pytest.approx(float(expected), rel=1e-12)


def test_published_exact_binomials() -> None:
    assert binomial_two_sided(39, 100, one_in=4) == pytest.approx(0.0024273945, abs=1e-9)
    assert binomial_two_sided(63, 122) == pytest.approx(0.7860578569, abs=1e-9)
    assert binomial_two_sided(6, 7) == 0.125
    assert binomial_two_sided(30, 210, one_in=4) == pytest.approx(0.000224143, abs=1e-9)


@pytest.mark.parametrize(("count", "n"), [(50_300, 100_000), (500_700, 1_000_000), (10, 1_000_000), (0, 0)])
def test_exact_binomials_of_many(count: int, n: int) -> None:
    expected = stats.binomtest(count, n).pvalue if n else 1.0
    assert binomial_two_sided(count, n) == pytest.approx(expected, rel=1e-6)


@given(st.floats(-8, 8))
def test_normal_distribution(value: float) -> None:
    assert normal_cdf(value) == pytest.approx(stats.norm.cdf(value), rel=1e-9)
    assert normal_quantile(normal_cdf(min(value, 5))) == pytest.approx(min(value, 5), abs=1e-6)


@CASES
@given(st.lists(st.integers(-100, 100), min_size=1, max_size=60), st.fractions(0, 1))
def test_quantiles_are_those_of_numpy(values: list[int], share: Fraction) -> None:
    counts = {value: values.count(value) for value in values}
    found = quantile(counts, share)
    assert found is not None
    assert float(found) == pytest.approx(np.quantile(values, float(share)), abs=1e-9)
    assert median(counts) == statistics.median(values)


def test_no_values_have_no_centre() -> None:
    assert quantile({}, Fraction(1, 2)) is None
    assert median({5: 0}) is None
    assert geometric_mean(0.0, 0) is None


def test_geometric_mean_of_the_published_example() -> None:
    logs = math.fsum(math.log(value) for value in (100, 101, 102, 103, 104, 200))
    assert geometric_mean(logs, 6) == pytest.approx(114.1047395999)


@CASES
@given(st.lists(st.lists(st.integers(1, 5), min_size=4, max_size=4), min_size=0, max_size=30))
def test_cronbach_alpha_by_its_definition(people: list[list[int]]) -> None:
    items = [(sum(column), sum(value**2 for value in column)) for column in zip(*people, strict=True)]
    sums = [sum(person) for person in people]
    alpha = cronbach_alpha(items, (sum(sums), sum(value**2 for value in sums)), len(people))
    if len(people) < 3 or len(set(sums)) == 1:
        assert alpha is None
    else:
        parts = sum(statistics.variance(column) for column in zip(*people, strict=True))
        assert alpha == pytest.approx(4 / 3 * (1 - parts / statistics.variance(sums)), abs=1e-9)


@CASES
@given(st.lists(st.lists(st.integers(0, 2), min_size=7, max_size=7), min_size=2, max_size=20))
def test_fleiss_kappa_is_that_of_statsmodels(things: list[list[int]]) -> None:
    rows = [[thing.count(category) for category in range(3)] for thing in things]
    kappa = fleiss_kappa(rows)
    if len({category for thing in things for category in thing}) == 1:
        assert kappa is None
    else:
        assert kappa == pytest.approx(inter_rater.fleiss_kappa(np.array(rows)), abs=1e-9)


@pytest.mark.parametrize("rows", [[], [[1, 0]], [[2, 0], [1, 0]], [[3, 0], [3, 0]]])
def test_fleiss_kappa_is_undefined(rows: list[list[int]]) -> None:
    assert fleiss_kappa(rows) is None


@CASES
@given(st.lists(st.integers(0, 10), max_size=50))
def test_means_are_those_of_scipy(values: list[int]) -> None:
    block = mean_of_counts({value: values.count(value) for value in values}, low=0, high=10)
    n = len(values)
    assert block["n"] == n
    if not values:
        assert block == {"n": 0, "mean": None, "sd": None, "ci95": None}
        return
    assert block["mean"] == pytest.approx(statistics.mean(values))
    if n == 1:
        assert (block["sd"], block["ci95"]) == (None, None)
        return
    assert block["sd"] == pytest.approx(statistics.stdev(values))
    ends = [block["mean"]] * 2
    if block["sd"]:
        ends = [*stats.t.interval(0.95, n - 1, block["mean"], block["sd"] / math.sqrt(n))]
    assert block["ci95"] == pytest.approx([max(ends[0], 0), min(ends[1], 10)], abs=1e-9)


def test_means_of_scaled_values() -> None:
    halves = [1, 2, 6]
    block = mean_block(3, sum(halves), sum(value**2 for value in halves), scale=2)
    assert (block["mean"], block["sd"]) == (1.5, pytest.approx(statistics.stdev([0.5, 1, 3])))


def test_proportions_of_nobody_and_of_one() -> None:
    assert proportion(0, 0) == {"count": 0, "n": 0, "rate": None, "ci95": None}
    assert proportion(1, 1)["rate"] == 1
    assert proportion(1, 1)["ci95"] == pytest.approx([0.1674994855, 1])


def test_distributions_keep_what_nobody_chose() -> None:
    rows: list[dict[str, Any]] = distribution([(1, "one"), (2, "two")], {2: 3}, 4)
    assert json.loads(json.dumps(rows)) == [
        {"value": 1, "label": "one", "count": 0, "share": 0.0},
        {"value": 2, "label": "two", "count": 3, "share": 0.75},
    ]
    assert distribution([(1, "one")], {}, 0)[0]["share"] is None
