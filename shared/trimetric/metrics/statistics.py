"""Intervals, tests and the blocks in which the API gives them: plain functions of counts and sums.

What a formula can compute in whole numbers is computed in them; floats come in at the last step, so equal states give
equal figures whatever their history.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate
from statistics import NormalDist
from typing import Any, Final

Interval = list[float]

_NORMAL: Final = NormalDist()
#: Quantile of the normal distribution for two-sided 95 %.
Z95: Final = _NORMAL.inv_cdf(0.975)

_EPSILON: Final = 1e-16
_TINY: Final = 1e-300
#: Where a continued fraction stops: its factors differ from 1 by no more than this.
_CONVERGED: Final = 4e-16
_MOST_STEPS: Final = 10_000
#: Up to so many, a probability comes from whole numbers; beyond, where they take seconds, from logarithms.
_WHOLE: Final = 200_000
#: Differences of logarithms below which two probabilities are compared as whole numbers.
_NEARLY_TIED: Final = 1e-6


def normal_cdf(value: float) -> float:
    return math.erfc(-value / math.sqrt(2)) / 2


def normal_quantile(probability: float) -> float:
    """0 < `probability` < 1."""
    return _NORMAL.inv_cdf(probability)


def clipped(interval: Sequence[float], low: float | None, high: float | None) -> Interval:
    """`interval` cut to what the scale can give; None: open on that side."""
    bottom = -math.inf if low is None else float(low)
    top = math.inf if high is None else float(high)
    return [min(max(end, bottom), top) for end in interval]


# Proportions


def adjusted_wald(count: int, n: int) -> Interval:
    """95 % interval of Agresti and Coull, within 0..1; `n` ≥ 1."""
    wider = n + Z95**2
    centre = (count + Z95**2 / 2) / wider
    half = Z95 * math.sqrt(centre * (1 - centre) / wider)
    return clipped((centre - half, centre + half), 0, 1)


def wilson(count: int, n: int) -> Interval:
    """95 % score interval; `n` ≥ 1."""
    wider = n + Z95**2
    centre = (count + Z95**2 / 2) / wider
    half = Z95 / wider * math.sqrt(count * (n - count) / n + Z95**2 / 4)
    return clipped((centre - half, centre + half), 0, 1)


def net_promoter_interval(promoters: int, detractors: int, n: int) -> Interval:
    """95 % interval of the net promoter score (adjusted Wald with 3 more people), within -100..100."""
    wider = n + 3
    likely, unlikely = (promoters + 0.75) / wider, (detractors + 0.75) / wider
    score = likely - unlikely
    half = Z95 * math.sqrt((likely + unlikely - score**2) / wider)
    return clipped((100 * (score - half), 100 * (score + half)), -100, 100)


# Student's t


@lru_cache(maxsize=4096)
def t_quantile(probability: float, df: int) -> float:
    """Quantile of Student's t; 0.5 ≤ `probability` < 1, `df` ≥ 1."""
    low, high = normal_quantile(probability), math.tan(math.pi * (probability - 0.5))
    if df == 1:
        return high
    for _ in range(80):
        middle = (low + high) / 2
        if 1 - t_tail(middle, df) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def t_tail(value: float, df: int) -> float:
    """P(T > `value`); `value` ≥ 0."""
    return _incomplete_beta(df / 2, 0.5, df / (df + value * value)) / 2


def _incomplete_beta(a: float, b: float, x: float) -> float:
    """Regularised I_x(a, b)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(b, a, 1 - x)
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(scale) * _beta_fraction(a, b, x) / a


def _beta_fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of the incomplete beta function, by Lentz's method."""
    c, d = 1.0, 1 / _away_from_zero(1 - (a + b) * x / (a + 1))
    product, change, step = d, 0.0, 0
    while abs(change - 1) > _CONVERGED and step < _MOST_STEPS:
        step += 1
        even = step * (b - step) * x / ((a + 2 * step - 1) * (a + 2 * step))
        odd = -(a + step) * (a + b + step) * x / ((a + 2 * step) * (a + 2 * step + 1))
        for term in (even, odd):
            d = 1 / _away_from_zero(1 + term * d)
            c = _away_from_zero(1 + term / c)
            change = d * c
            product *= change
    return product


def _away_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


# Tests


def chi_square_tail(statistic: float | Fraction, df: int) -> float:
    """P(X² ≥ `statistic`) for `df` ≥ 1 degrees of freedom."""
    half = float(statistic) / 2
    if half <= 0:
        return 1.0
    first, start = (0.0, 0.0) if df % 2 == 0 else (math.erfc(math.sqrt(half)), 0.5)
    powers = (start + step for step in range(df // 2))
    return min(1.0, first + math.fsum(math.exp(p * math.log(half) - half - math.lgamma(p + 1)) for p in powers))


def binomial_two_sided(count: int, n: int, *, one_in: int = 2) -> float:
    """Exact p of `count` out of `n` where each has the chance 1/`one_in`: all outcomes no more likely, summed."""
    mode = (n + 1) // one_in
    if count == mode or (count == mode - 1 and (n + 1) % one_in == 0):
        return 1.0
    # From the mode the probabilities fall on either side: beyond it stands the first that is no more likely.
    near, far = mode, (-1 if count > mode else n + 1)
    while abs(near - far) > 1:
        middle = (near + far) // 2
        if _no_more_likely(middle, count, n, one_in):
            far = middle
        else:
            near = middle
    lower, upper = min(count, far), max(count, far)
    return min(1.0, _tail(lower, n, one_in, step=-1) + _tail(upper, n, one_in, step=1))


def _no_more_likely(one: int, other: int, n: int, one_in: int) -> bool:
    if one_in == 2 and one + other == n:
        return True
    difference = _log_odds(one, n, one_in) - _log_odds(other, n, one_in)
    if abs(difference) > _NEARLY_TIED:
        return difference < 0
    low = min(one, other)
    left: int = math.comb(n, one) * (one_in - 1) ** (other - low)
    right: int = math.comb(n, other) * (one_in - 1) ** (one - low)
    return left <= right


def _log_odds(outcome: int, n: int, one_in: int) -> float:
    """Logarithm of the outcome's probability but for what all outcomes share."""
    return -math.lgamma(outcome + 1) - math.lgamma(n - outcome + 1) - outcome * math.log(one_in - 1)


def _tail(first: int, n: int, one_in: int, *, step: int) -> float:
    """The probability of `first` and of all beyond it in the direction of `step`, where they only get smaller."""
    if not 0 <= first <= n:
        return 0.0
    probability = _probability(first, n, one_in)
    total, outcome = 0.0, first
    while 0 <= outcome <= n and probability > total * _EPSILON:
        total += probability
        if step > 0:
            probability *= (n - outcome) / ((outcome + 1) * (one_in - 1))
        else:
            probability *= outcome * (one_in - 1) / (n - outcome + 1)
        outcome += step
    return total


def _probability(outcome: int, n: int, one_in: int) -> float:
    if n <= _WHOLE:
        ways: int = math.comb(n, outcome) * (one_in - 1) ** (n - outcome)
        return ways / int(one_in**n)
    shared = math.lgamma(n + 1) + n * math.log1p(-1 / one_in)
    return math.exp(shared + _log_odds(outcome, n, one_in))


# Centres and agreement


def quantile(counts: Mapping[int, int], share: Fraction) -> Fraction | None:
    """Type 7 quantile of values that occur `counts` times each; None of none."""
    ordered = sorted(value for value, count in counts.items() if count)
    reached = list(accumulate(counts[value] for value in ordered))
    if not ordered:
        return None
    place = (reached[-1] - 1) * share
    below, above = (ordered[bisect_right(reached, rank)] for rank in (math.floor(place), math.ceil(place)))
    return below + (above - below) * (place - math.floor(place))


def median(counts: Mapping[int, int], *, scale: int = 1) -> float | None:
    """Of values in units of 1/`scale`."""
    middle = quantile(counts, Fraction(1, 2))
    return None if middle is None else float(middle / scale)


def geometric_mean(log_total: float | Fraction, n: int) -> float | None:
    """From the sum of natural logarithms."""
    return math.exp(log_total / n) if n else None


def variance(n: int, total: int, squares: int) -> Fraction | None:
    """With n - 1, exact; None below two values."""
    return Fraction(n * squares - total * total, n * (n - 1)) if n > 1 else None


def cronbach_alpha(items: Sequence[tuple[int, int]], whole: tuple[int, int], n: int) -> float | None:
    """Reliability of a scale from sum and sum of squares of each item, and of the items' sum.

    None below two items or three people, or where everybody has the same sum.
    """
    spread = variance(n, *whole)
    if len(items) < 2 or n < 3 or not spread:
        return None
    parts = sum((variance(n, *item) or Fraction() for item in items), Fraction())
    return float(Fraction(len(items), len(items) - 1) * (1 - parts / spread))


def fleiss_kappa(rows: Sequence[Sequence[int]]) -> float | None:
    """Agreement beyond chance; a row holds one thing's number of placements in each category.

    None unless all rows have the same sum, at least 2, or where all placements fall in one category.
    """
    sums = {sum(row) for row in rows}
    if len(sums) != 1:
        return None
    raters = sums.pop()
    if raters < 2:
        return None
    pairs = sum(count * (count - 1) for row in rows for count in row)
    observed = Fraction(pairs, len(rows) * raters * (raters - 1))
    totals = [sum(column) for column in zip(*rows, strict=True)]
    chance = Fraction(sum(total * total for total in totals), (len(rows) * raters) ** 2)
    return None if chance == 1 else float((observed - chance) / (1 - chance))


# Blocks of the API


def rate(count: int, n: int) -> float | None:
    return count / n if n else None


def proportion(count: int, n: int) -> dict[str, Any]:
    return {"count": count, "n": n, "rate": rate(count, n), "ci95": adjusted_wald(count, n) if n else None}


def mean_block(
    n: int, total: int, squares: int, *, scale: int = 1, low: float | None = None, high: float | None = None
) -> dict[str, Any]:
    """Of values in units of 1/`scale`; the interval is cut to `low`..`high` (in ones)."""
    if not n:
        return {"n": 0, "mean": None, "sd": None, "ci95": None}
    mean, spread = float(Fraction(total, n * scale)), variance(n, total, squares)
    if spread is None:
        return {"n": n, "mean": mean, "sd": None, "ci95": None}
    sd = math.sqrt(spread / scale**2)
    half = t_quantile(0.975, n - 1) * sd / math.sqrt(n) if sd else 0.0
    return {"n": n, "mean": mean, "sd": sd, "ci95": clipped((mean - half, mean + half), low, high)}


def mean_of_counts(counts: Mapping[int, int], *, low: float | None = None, high: float | None = None) -> dict[str, Any]:
    """`mean_block` of values that occur `counts` times each."""
    total = sum(value * count for value, count in counts.items())
    squares = sum(value * value * count for value, count in counts.items())
    return mean_block(sum(counts.values()), total, squares, low=low, high=high)


def distribution(values: Iterable[tuple[Any, str]], counts: Mapping[Any, int], n: int) -> list[dict[str, Any]]:
    """Shares in `n` of each (value, label), in their order."""
    return [
        {"value": value, "label": label, "count": counts.get(value, 0), "share": rate(counts.get(value, 0), n)}
        for value, label in values
    ]
