"""How alike whole sorts are: mean Rand index and mean adjusted Rand index over all pairs of people.

No pair of people is looked at. With N pairs of cards, s people out of n who joined a pair agree on it with
C(s, 2) + C(n - s, 2) of C(n, 2); the mean of that over the pairs of cards is the mean Rand index.

The adjusted index of two people who join A and B pairs, J of them the same, is (J - AB/N) / ((A + B)/2 - AB/N). With
u = 1 - 2A/N and v = 1 - 2B/N it is (J/N - AB/N²) · 4/(1 - uv). J is a sum over pairs of cards, so with the people who
join equally many pairs counted together (one counter for each pair of cards and each number of joined pairs) the sum
over pairs of people is a sum over pairs of numbers. Who joins nothing, or everything, has index 0 with all others and 1
with their like.

The more cards, the more different numbers of joined pairs there are: with 60 cards as many as people. Above
`EXACT_CARDS` they are therefore replaced by some fixed numbers, the nodes: with u = tanh θ, 4/(1 - uv) is
4 cosh θ cosh θ' / cosh(θ - θ'), so smooth that its polynomial through `NODES` Chebyshev points on a piece of `SPAN` of
the θ axis is right to about 1e-10. Each person counts at the nodes of their piece, with that polynomial's weights.
The state then does not grow with the number of people. Above `MAX_CARDS` it would still be too large, and the adjusted
index is None.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from operator import mul
from typing import Final

from trimetric.metrics import packing
from trimetric.metrics.durations import LOG_SCALE, scaled_log
from trimetric.metrics.state import State, name

EXACT_CARDS: Final = 16
MAX_CARDS: Final = 100

NODES: Final = 14
SPAN: Final = Fraction(6, 5)
#: Units of a weight in 1.
WEIGHT: Final = 10**11
#: Room for weights of a million people.
WIDTH: Final = 18

#: Chebyshev points of -1..1, rounded so that they are the same on every processor.
_POINTS: Final = tuple(
    Fraction(round(10**6 * math.cos(math.pi * (2 * place + 1) / (2 * NODES))), 10**6) for place in range(NODES)
)


def counters(piles: Sequence[Sequence[int]], cards: int) -> dict[str, int]:
    """What a complete sort adds; `piles` are card numbers in ascending order, all of `cards` in one each."""
    joined, total = sum(math.comb(len(pile), 2) for pile in piles), math.comb(cards, 2)
    if joined in (0, total):
        return {name("alike", "all" if joined else "none"): 1}
    added = {name("alike", "some"): 1}
    if cards <= MAX_CARDS:
        pairs = joined_pairs(piles, cards, width=_width(cards))
        for node, weight in _weights(cards, joined):
            names = row_names("node", node, cards=cards)
            added |= {names[card]: weight * number for card, number in pairs.items()}
    return added


def joined_pairs(piles: Sequence[Sequence[int]], cards: int, *, width: int = packing.WIDTH) -> dict[int, int]:
    """Card -> packed: 1 for each card before it in the same pile. Cards without such are left out."""
    units, numbers = packing.units(cards, width), {}
    for pile in piles:
        before = 0
        for card in pile:
            if before:
                numbers[card] = before
            before += units[card]
    return numbers


@lru_cache(maxsize=256)
def row_names(*parts: str | int, cards: int) -> tuple[str, ...]:
    return tuple(name(*parts, card) for card in range(cards))


def _width(cards: int) -> int:
    return packing.WIDTH if cards <= EXACT_CARDS else WIDTH


@lru_cache(maxsize=4096)
def _weights(cards: int, joined: int) -> tuple[tuple[int, int], ...]:
    """(node, weight) at which who joins that many pairs counts."""
    if cards <= EXACT_CARDS:
        return ((joined, 1),)
    # θ = atanh(1 - 2 joined / total), from logarithms that are the same on every processor.
    theta = Fraction(scaled_log(math.comb(cards, 2) - joined) - scaled_log(joined), 2 * LOG_SCALE)
    piece = math.floor(theta / SPAN + Fraction(1, 2))
    place = 2 * (theta / SPAN - piece)
    weights = ((piece * NODES + node, round(WEIGHT * _through(node, place))) for node in range(NODES))
    return tuple((node, weight) for node, weight in weights if weight)


def _through(node: int, place: Fraction) -> Fraction:
    """At `place`, the polynomial that is 1 at that node and 0 at the others."""
    value = Fraction(1)
    for other, point in enumerate(_POINTS):
        if other != node:
            value *= (place - point) / (_POINTS[node] - point)
    return value


def complete_sorts(state: State) -> int:
    """How many people sorted all cards."""
    return sum(state.get("alike", kind) for kind in ("none", "some", "all"))


def mean_rand(joined: Sequence[Sequence[int]], n: int) -> float | None:
    """`joined[i][j]`, j < i: how many of the `n` people who sorted all cards joined the two."""
    pairs = math.comb(len(joined), 2) * math.comb(n, 2)
    if not pairs:
        return None
    agreeing = sum(math.comb(count, 2) + math.comb(n - count, 2) for row in joined for count in row)
    return agreeing / pairs


def mean_adjusted_rand(state: State, cards: int) -> float | None:
    alike = {kind: state.get("alike", kind) for kind in ("none", "some", "all")}
    n = sum(alike.values())
    if n < 2 or (alike["some"] > 1 and cards > MAX_CARDS):
        return None
    same = math.comb(alike["none"], 2) + math.comb(alike["all"], 2)
    # Each person's index with themselves is 1.
    between = (_over_nodes(state, cards) - alike["some"]) / 2 if alike["some"] > 1 else 0.0
    return max(-1.0, min(1.0, (same + between) / math.comb(n, 2)))


def _over_nodes(state: State, cards: int) -> float:
    """Sum of the index over all ordered pairs of people, everybody with themselves too."""
    total = math.comb(cards, 2)
    joined = _joined_at_nodes(state, cards)
    shares = {node: sum(counts) / total for node, counts in joined.items()}
    terms = []
    for node, counts in joined.items():
        for other, others in joined.items():
            if other <= node:
                both = sum(map(mul, counts, others)) / total - shares[node] * shares[other]
                terms.append((1 if other == node else 2) * both * _kernel(cards, node, other))
    return math.fsum(terms)


def _joined_at_nodes(state: State, cards: int) -> dict[int, list[float]]:
    """Node -> how many people joined each pair of cards, weighted."""
    scale, width = (1, _width(cards)) if cards <= EXACT_CARDS else (WEIGHT, WIDTH)
    joined: dict[int, list[float]] = {}
    for (node, card), number in state.under("node").items():
        counts = joined.setdefault(node, [0.0] * math.comb(cards, 2))
        for other, count in enumerate(packing.unpacked(number, card, width=width)):
            counts[math.comb(card, 2) + other] = count / scale
    return joined


def _kernel(cards: int, node: int, other: int) -> float:
    """4/(1 - uv) at two nodes."""
    if cards <= EXACT_CARDS:
        total = math.comb(cards, 2)
        return 1 / ((node + other) / (2 * total) - node * other / total**2)
    one, two = _theta(node), _theta(other)
    return 4 * math.cosh(one) * math.cosh(two) / math.cosh(one - two)


def _theta(node: int) -> float:
    piece, place = divmod(node, NODES)
    return float(SPAN * (piece + _POINTS[place] / 2))
