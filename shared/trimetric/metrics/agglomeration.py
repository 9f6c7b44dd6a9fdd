"""Average linkage (UPGMA) of a distance matrix whose entries are fractions.

Heights are compared exactly. Floats would break ties by rounding, and a tie broken otherwise gives another tree with
other heights, so the same sorts would look different from one release or processor to the next.

The nearest neighbour of each cluster is looked for again only when its row could hold the lowest height (D. Müllner,
"Modern hierarchical, agglomerative clustering algorithms", 2011, "generic algorithm"): average linkage is reducible,
so the lowest height of a row never falls when two of its neighbours become one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import mul
from typing import NamedTuple


class Merge(NamedTuple):
    """Clusters `first` < `second` become one of `size` items; `height` is their mean distance."""

    first: int
    second: int
    height: Fraction
    size: int


@dataclass(frozen=True, slots=True)
class Dendrogram:
    """Items are clusters 0..k-1, merge i makes cluster k+i.

    `ties`: at some step several pairs were equally near, and the one with the lowest indexes was taken.
    """

    merges: tuple[Merge, ...]
    ties: bool


#: A height without its common denominator: sum of distances, number of pairs.
_Height = tuple[int, int]


def average_linkage(distances: Sequence[Sequence[Fraction]]) -> Dendrogram:
    """`distances[i][j]` with j < i: a triangle, row 0 empty."""
    denominator = math.lcm(*{distance.denominator for row in distances for distance in row})
    clusters = _Clusters([[_over(denominator, distance) for distance in row] for row in distances])
    merges = tuple(clusters.merge(denominator) for _ in range(len(distances) - 1))
    return Dendrogram(merges, clusters.ties)


def _over(denominator: int, fraction: Fraction) -> int:
    return fraction.numerator * (denominator // fraction.denominator)


class _Clusters:
    """The clusters that are not yet part of another one.

    `_rows[x][y]` is the sum of distances between x and y, kept in both rows. `_lowest[x]` is the lowest height between
    x and a cluster of higher index; where `_nearest[x]` is None, no more than a bound from below.
    """

    def __init__(self, triangle: Sequence[Sequence[int]]) -> None:
        count = len(triangle)
        self.ties = False
        self._next = count
        self._sizes = dict.fromkeys(range(count), 1)
        self._rows: dict[int, dict[int, int]] = {x: {} for x in range(count)}
        for x, row in enumerate(triangle):
            for y, distance in enumerate(row):
                self._rows[x][y] = self._rows[y][x] = distance
        self._lowest: dict[int, _Height] = {}
        self._nearest: dict[int, int | None] = {}
        for x in range(count - 1):
            self._look(x)

    def _look(self, x: int) -> None:
        """Find the nearest cluster of higher index; of several the first, so indexes must be walked in order."""
        sizes, size = self._sizes, self._sizes[x]
        best, pairs, nearest = 0, 0, None
        for y, total in self._rows[x].items():
            if y > x and (nearest is None or self._nearer(total, size * sizes[y], best, pairs, y < nearest)):
                best, pairs, nearest = total, size * sizes[y], y
        self._lowest[x], self._nearest[x] = (best, pairs), nearest

    @staticmethod
    def _nearer(total: int, pairs: int, best: int, best_pairs: int, first: bool) -> bool:
        left, right = total * best_pairs, best * pairs
        return left < right or (first and left == right)

    def merge(self, denominator: int) -> Merge:
        first, second = self._closest()
        total, pairs = self._lowest[first]
        self.ties = self.ties or self._is_tied(first, second)
        size = self._join(first, second)
        return Merge(first, second, Fraction(total, pairs * denominator), size)

    def _closest(self) -> tuple[int, int]:
        while True:
            x = self._lowest_row()
            nearest = self._nearest[x]
            if nearest is not None:
                return x, nearest
            self._look(x)

    def _lowest_row(self) -> int:
        best, pairs, lowest = 0, 0, -1
        for x, (total, count) in self._lowest.items():
            if lowest < 0 or self._nearer(total, count, best, pairs, x < lowest):
                best, pairs, lowest = total, count, x
        return lowest

    def _is_tied(self, first: int, second: int) -> bool:
        """Whether another pair is as near as these, the nearest."""
        height = self._lowest[first]
        size = self._sizes[first]
        for y, total in self._rows[first].items():
            if y > first and y != second and _equal((total, size * self._sizes[y]), height):
                return True
        for x in self._lowest:
            if x != first and _equal(self._lowest[x], height):
                if self._nearest[x] is None:
                    self._look(x)
                if _equal(self._lowest[x], height):
                    return True
        return False

    def _join(self, first: int, second: int) -> int:
        new, size = self._next, self._sizes.pop(first) + self._sizes.pop(second)
        self._next += 1
        one, other = self._rows.pop(first), self._rows.pop(second)
        for gone in (first, second):
            self._lowest.pop(gone, None)
            self._nearest.pop(gone, None)
        row = self._rows[new] = {}
        for x in self._sizes:
            total = one[x] + other[x]
            del self._rows[x][first], self._rows[x][second]
            self._rows[x][new] = row[x] = total
            self._reconsider(x, new, gone=(first, second), height=(total, self._sizes[x] * size))
        self._sizes[new] = size
        return size

    def _reconsider(self, x: int, new: int, *, gone: tuple[int, int], height: _Height) -> None:
        """The new cluster is the last in row x. It may be nearer than any there: its halves may have come before x."""
        if x not in self._lowest:
            # It was the last cluster, without any of higher index.
            self._lowest[x], self._nearest[x] = height, new
        elif self._nearer(*height, *self._lowest[x], first=False):
            self._lowest[x], self._nearest[x] = height, new
        elif self._nearest[x] in gone:
            self._nearest[x] = None


def _equal(one: _Height, other: _Height) -> bool:
    return one[0] * other[1] == other[0] * one[1]


def cophenetic_correlation(distances: Sequence[Sequence[Fraction]], merges: Sequence[Merge]) -> float | None:
    """Pearson's correlation of the distances with the heights at which items meet; None where either is constant."""
    given = [distance for i, row in enumerate(distances) for distance in row[:i]]
    if all(distance == given[0] for distance in given) or len({merge.height for merge in merges}) < 2:
        return None
    one = _centred([float(distance) for distance in given])
    other = _centred([height for row in _cophenetic(len(distances), merges) for height in row])
    covariance = math.fsum(map(mul, one, other))
    spread = math.sqrt(math.fsum(map(mul, one, one))) * math.sqrt(math.fsum(map(mul, other, other)))
    return max(-1.0, min(1.0, covariance / spread))


def _centred(values: Sequence[float]) -> list[float]:
    mean = math.fsum(values) / len(values)
    return [value - mean for value in values]


def _cophenetic(count: int, merges: Sequence[Merge]) -> list[list[float]]:
    """The height at which each two items meet, as a triangle like that of the distances."""
    meeting = [[0.0] * i for i in range(count)]
    members = {item: [item] for item in range(count)}
    for place, merge in enumerate(merges):
        one, other, height = members.pop(merge.first), members.pop(merge.second), float(merge.height)
        for i in one:
            for j in other:
                meeting[max(i, j)][min(i, j)] = height
        members[count + place] = one + other
    return meeting
