"""Average linkage against scipy and by hand: exact heights, the rule for ties, the cophenetic correlation."""

import random
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import cophenet, linkage

from trimetric.metrics.agglomeration import Merge, average_linkage, cophenetic_correlation

Triangle = list[list[Fraction]]


def numbers(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - the same cases every time


def triangle(*rows: Sequence[int | str]) -> Triangle:
    return [[Fraction(distance) for distance in row] for row in rows]


def slowly(distances: Triangle) -> tuple[list[Merge], bool]:
    """By the definition: look at all pairs of clusters at each step."""
    members = {item: [item] for item in range(len(distances))}
    merges, ties = [], False
    for step in range(len(distances) - 1):
        heights = {
            (a, b): Fraction(
                sum((distances[max(i, j)][min(i, j)] for i in members[a] for j in members[b]), Fraction()),
                len(members[a]) * len(members[b]),
            )
            for a in members
            for b in members
            if a < b
        }
        height, (a, b) = min((height, pair) for pair, height in heights.items())
        ties = ties or list(heights.values()).count(height) > 1
        members[len(distances) + step] = members.pop(a) + members.pop(b)
        merges.append(Merge(a, b, height, len(members[len(distances) + step])))
    return merges, ties


@st.composite
def triangles(draw: st.DrawFn) -> Triangle:
    """Few different distances, so that there are ties, or many."""
    size = draw(st.integers(2, 9))
    most = draw(st.sampled_from((1, 3, 7, 1000)))
    distance = st.builds(lambda n, d: Fraction(min(n, d), d), st.integers(0, most), st.integers(1, most))
    return [[draw(distance) for _ in range(row)] for row in range(size)]


@settings(max_examples=200, deadline=None)
@given(triangles())
def test_same_as_by_the_definition(distances: Triangle) -> None:
    tree = average_linkage(distances)
    merges, ties = slowly(distances)
    assert list(tree.merges) == merges
    assert tree.ties == ties


@pytest.mark.parametrize("size", [2, 3, 10, 60])
def test_same_as_scipy_without_ties(size: int) -> None:
    rng = numbers(size)
    distances = [[Fraction(rng.getrandbits(60), 1 << 60) for _ in range(row)] for row in range(size)]
    tree = average_linkage(distances)
    condensed = np.array([float(distances[j][i]) for i in range(size) for j in range(i + 1, size)])
    expected = linkage(condensed, "average")
    np.testing.assert_allclose(np.array(tree.merges, dtype=float), expected, rtol=1e-12)
    assert not tree.ties
    if size > 2:
        correlation = cophenetic_correlation(distances, tree.merges)
        assert correlation == pytest.approx(cophenet(expected, condensed)[0], abs=1e-12)


def test_five_bacteria() -> None:
    """The worked example of UPGMA in Wikipedia: heights are twice the branch lengths 8.5, 11, 14, 16.5."""
    tree = average_linkage(triangle([], [17], [21, 30], [31, 34, 28], [23, 21, 39, 43]))
    assert [merge.height for merge in tree.merges] == [17, 22, 28, 33]
    assert [merge[:2] for merge in tree.merges] == [(0, 1), (4, 5), (2, 3), (6, 7)]
    assert not tree.ties


def test_equal_distances_join_lowest_pairs_first() -> None:
    tree = average_linkage(triangle([], [1], [1, 1], [1, 1, 1]))
    assert [tuple(merge) for merge in tree.merges] == [(0, 1, 1, 2), (2, 3, 1, 2), (4, 5, 1, 4)]
    assert tree.ties


def test_ties_are_of_fractions_not_of_floats() -> None:
    """(1/10 + 2/10) / 2 equals 3/20, which floats deny."""
    tree = average_linkage(triangle([], [0], ["1/10", "2/10"], [1, 1, "3/20"]))
    assert tree.ties
    assert tree.merges[1] == (2, 3, Fraction(3, 20), 2)


def test_fractions_with_denominators_of_their_own() -> None:
    tree = average_linkage(triangle([], ["1/997"], ["2/991", "3/983"]))
    assert tree.merges[1].height == (Fraction(2, 991) + Fraction(3, 983)) / 2


@pytest.mark.parametrize("count", [0, 1])
def test_nothing_to_join(count: int) -> None:
    distances: Triangle = [[] for _ in range(count)]
    assert average_linkage(distances).merges == ()
    assert cophenetic_correlation(distances, ()) is None


@pytest.mark.parametrize(
    "distances",
    [triangle([], [1]), triangle([], [1], [1, 1]), triangle([], [0], [0, 0])],
    ids=["two items", "all apart", "all together"],
)
def test_no_correlation_of_what_does_not_differ(distances: Triangle) -> None:
    assert cophenetic_correlation(distances, average_linkage(distances).merges) is None


def test_five_hundred_items() -> None:
    rng = numbers(5)
    people = [[rng.randrange(20) for _ in range(500)] for _ in range(5)]
    apart = [[sum(sort[i] != sort[j] for sort in people) for j in range(i)] for i in range(500)]
    tree = average_linkage([[Fraction(count, 5) for count in row] for row in apart])
    assert tree.merges[-1].size == 500
    heights = [merge.height for merge in tree.merges]
    assert heights == sorted(heights)
