"""Durations in milliseconds, kept so that one can be added or taken away without looking at the others.

What is kept: count and sum as integers, the sum of logarithms as an integer in units of 1e-12, a histogram whose
buckets grow by 2 %, and the 64 smallest and largest different values. Everything a summary shows is a function of the
present multiset of durations alone, so adding and taking away again gives the same bytes, in whatever order. The one
thing that can run out is the smallest and largest values, after many removals: then `needs_rebuild` says so.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Any, Final

VERSION: Final = 1

#: Different values kept at either end.
KEPT: Final = 64
#: Up to so many durations, quantiles are exact: all of them stand among the kept ones.
EXACT: Final = 32

LOG_SCALE: Final = 10**12
GAMMA: Final = Fraction(51, 50)

# Logarithms are computed in decimal, where each digit is defined: what was added on one kind of processor can be taken
# away on another.
_CONTEXT: Final = Context(prec=34, rounding=ROUND_HALF_EVEN)


def scaled_log(value: int) -> int:
    """ln(value) in units of 1e-12, rounded half to even; `value` ≥ 1."""
    logarithm = _CONTEXT.ln(Decimal(value))
    return int(_CONTEXT.multiply(logarithm, Decimal(LOG_SCALE)).to_integral_value(ROUND_HALF_EVEN))


_LOG_GAMMA: Final = int(
    _CONTEXT.multiply(
        _CONTEXT.ln(_CONTEXT.divide(Decimal(GAMMA.numerator), Decimal(GAMMA.denominator))), Decimal(LOG_SCALE)
    ).to_integral_value(ROUND_HALF_EVEN)
)


class NeverAdded(ValueError):
    """A duration was to be taken away that is not there: the state does not belong to these durations."""


@dataclass(slots=True)
class _Smallest:
    """The smallest different values with their counts: complete up to `horizon` (None: complete altogether)."""

    counts: Counter[int] = field(default_factory=Counter)
    horizon: int | None = None

    def knows(self, value: int) -> bool:
        return self.horizon is None or value <= self.horizon

    def add(self, value: int, count: int = 1) -> None:
        if self.knows(value):
            self.counts[value] += count
            self._trim()

    def remove(self, value: int) -> None:
        if not self.knows(value):
            return
        if value not in self.counts:
            raise NeverAdded
        self.counts[value] -= 1
        if not self.counts[value]:
            del self.counts[value]

    def merge(self, other: "_Smallest") -> None:
        horizons = [horizon for horizon in (self.horizon, other.horizon) if horizon is not None]
        self.horizon = min(horizons, default=None)
        both = self.counts + other.counts
        self.counts = Counter({value: count for value, count in both.items() if self.knows(value)})
        self._trim()

    def _trim(self) -> None:
        if len(self.counts) > KEPT:
            kept = sorted(self.counts)[:KEPT]
            self.counts = Counter({value: self.counts[value] for value in kept})
            self.horizon = kept[-1]

    def at(self, rank: int) -> int | None:
        """The value with `rank` smaller or equal ones before it; None if it is not kept."""
        for value in sorted(self.counts):
            rank -= self.counts[value]
            if rank < 0:
                return value
        return None

    def to_document(self) -> list[Any]:
        return [self.horizon, _pairs(self.counts)]

    @classmethod
    def from_document(cls, document: list[Any]) -> "_Smallest":
        return cls(_counter(document[1]), document[0])


@dataclass(slots=True)
class Durations:
    """A multiset of durations (integers, milliseconds, ≥ 0)."""

    n: int = 0
    total: int = 0
    log_total: int = 0
    zeros: int = 0
    #: Bucket `b` holds the durations from GAMMA^b up to, not including, GAMMA^(b+1).
    buckets: Counter[int] = field(default_factory=Counter)
    low: _Smallest = field(default_factory=_Smallest)
    #: The largest values, negated.
    high: _Smallest = field(default_factory=_Smallest)

    @classmethod
    def of(cls, values: Iterable[int]) -> "Durations":
        durations = cls()
        for value in values:
            durations.add(value)
        return durations

    def add(self, value: int) -> None:
        self._count(value, 1)
        self.low.add(value)
        self.high.add(-value)

    def remove(self, value: int) -> None:
        """NeverAdded if that can be seen; the state is of no use afterwards."""
        self._count(value, -1)
        self.low.remove(value)
        self.high.remove(-value)
        if self.n == 0:
            self.low, self.high = _Smallest(), _Smallest()

    def _count(self, value: int, step: int) -> None:
        self.n += step
        self.total += step * value
        if value == 0:
            self.zeros += step
            if self.zeros < 0:
                raise NeverAdded
            return
        logarithm = scaled_log(value)
        self.log_total += step * logarithm
        bucket = logarithm // _LOG_GAMMA
        self.buckets[bucket] += step
        if self.buckets[bucket] < 0:
            raise NeverAdded
        if not self.buckets[bucket]:
            del self.buckets[bucket]

    def merge(self, other: "Durations") -> None:
        """Add all of `other`."""
        self.n += other.n
        self.total += other.total
        self.log_total += other.log_total
        self.zeros += other.zeros
        self.buckets.update(other.buckets)
        self.low.merge(other.low)
        self.high.merge(other.high)

    @property
    def needs_rebuild(self) -> bool:
        """Whether a value that a summary shows exactly is not known any more."""
        ranks = range(self.n) if self.n <= EXACT else (0, self.n - 1)
        return any(self._known(rank) is None for rank in ranks)

    def _known(self, rank: int) -> int | None:
        smallest = self.low.at(rank)
        if smallest is not None:
            return smallest
        largest = self.high.at(self.n - 1 - rank)
        return None if largest is None else -largest

    def summary(self) -> dict[str, int | float | None]:
        """The `duration` block of the API; RuntimeError where `needs_rebuild`."""
        if self.n == 0:
            names = ("mean", "median", "geometric_mean", "min", "q1", "q3", "max")
            return {"n": 0, **dict.fromkeys(names)}
        smallest, largest = self._known(0), self._known(self.n - 1)
        if smallest is None or largest is None:
            raise RuntimeError("the ends are not known: rebuild first")
        return {
            "n": self.n,
            "mean": self.total / self.n,
            "median": self._quantile(2, smallest, largest),
            "geometric_mean": self._geometric_mean(smallest, largest),
            "min": smallest,
            "q1": self._quantile(1, smallest, largest),
            "q3": self._quantile(3, smallest, largest),
            "max": largest,
        }

    def _geometric_mean(self, smallest: int, largest: int) -> float | None:
        positive = self.n - self.zeros
        if not positive:
            return None
        mean = math.exp(Fraction(self.log_total, LOG_SCALE * positive))
        return min(max(mean, float(smallest)), float(largest))

    def _quantile(self, quarters: int, smallest: int, largest: int) -> float:
        """Type 7: the point between two neighbours in order."""
        rank, rest = divmod((self.n - 1) * quarters, 4)
        below = self._at(rank, smallest, largest)
        above = self._at(rank + 1, smallest, largest) if rest else below
        return float((below * (4 - rest) + above * rest) / 4)

    def _at(self, rank: int, smallest: int, largest: int) -> Fraction:
        """The duration at a place in order: exact in small sets, else its bucket's middle, at most 1 % off."""
        if self.n <= EXACT:
            known = self._known(rank)
            if known is None:
                raise RuntimeError("a value is not known: rebuild first")
            return Fraction(known)
        if rank < self.zeros:
            return Fraction(0)
        rank -= self.zeros
        for bucket in sorted(self.buckets):
            rank -= self.buckets[bucket]
            if rank < 0:
                return min(max(_middle(bucket), Fraction(smallest)), Fraction(largest))
        raise RuntimeError("the histogram holds less than it counts")

    def histogram(self, most: int = 30) -> list[tuple[float, float, int]]:
        """Up to `most` bars (from, to, count) of equal width on a logarithmic scale; zeros are one bar of their own."""
        bars: list[tuple[float, float, int]] = [(0.0, 0.0, self.zeros)] if self.zeros else []
        if not self.buckets:
            return bars
        first, last = min(self.buckets), max(self.buckets)
        width = -(-(last - first + 1) // most)
        for start in range(first, last + 1, width):
            count = sum(self.buckets[bucket] for bucket in range(start, start + width) if bucket in self.buckets)
            bars.append((_edge(start), _edge(start + width), count))
        return bars

    def to_document(self) -> dict[str, Any]:
        """JSON of whole numbers only; equal states give equal documents."""
        return {
            "v": VERSION,
            "n": self.n,
            "sum": self.total,
            "ln": self.log_total,
            "zeros": self.zeros,
            "buckets": _pairs(self.buckets),
            "low": self.low.to_document(),
            "high": self.high.to_document(),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Durations":
        """ValueError for a document of another version."""
        if document["v"] != VERSION:
            raise ValueError("durations of another version")
        return cls(
            n=document["n"],
            total=document["sum"],
            log_total=document["ln"],
            zeros=document["zeros"],
            buckets=_counter(document["buckets"]),
            low=_Smallest.from_document(document["low"]),
            high=_Smallest.from_document(document["high"]),
        )


def _edge(bucket: int) -> float:
    return math.exp(bucket * _LOG_GAMMA / LOG_SCALE)


def _middle(bucket: int) -> Fraction:
    """What stands for a bucket's durations: their harmonic middle, or the only whole number in it."""
    low, high = _edge(bucket), _edge(bucket + 1)
    first, last = math.ceil(low), math.ceil(high) - 1
    return Fraction(first) if first == last else Fraction(2 * low * high / (low + high))


def _pairs(counts: Counter[int]) -> list[int]:
    return [number for pair in sorted(counts.items()) for number in pair]


def _counter(pairs: list[int]) -> Counter[int]:
    return Counter(dict(zip(pairs[::2], pairs[1::2], strict=True)))
