"""What tests of tasks have in common: ways through nodes, screens or pages, and how good a task went.

`count_attempt` and `task_block` serve the tests in which people walk to a goal: prototype and live website.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from trimetric.metrics.durations import scaled_log
from trimetric.metrics.state import SCALE, Part, State, Tally
from trimetric.metrics.statistics import mean_block, normal_cdf, proportion, quantile, rate, variance

#: Ways that a task shows.
MOST_PATHS: Final = 50

SUCCESSES: Final = ("direct_success", "indirect_success")
OUTCOMES: Final = (*SUCCESSES, "gave_up", "unfinished")

EASE: Final = (1, 7)
#: What people call easy: they set the time that a task may take.
_SATISFIED: Final = 6
_EASE_SPECIFICATION: Final = Fraction(56, 10)
_TIME_SPECIFICATION: Final = Fraction(95, 100)

Moments = tuple[int, int, int]


def lostness(path: Sequence[str], required: int) -> int | None:
    """Smith's lostness in units of 1e-12, 0 for the shortest way; `required` steps are enough. None of no steps.

    In whole numbers throughout, so that it is the same on every machine.
    """
    if not path:
        return None
    visits, different = len(path), len(set(path))
    square = (Fraction(different, visits) - 1) ** 2 + (Fraction(required, different) - 1) ** 2
    return (math.isqrt(4 * SCALE**2 * square.numerator // square.denominator) + 1) // 2


def lostness_block(state: State, task_id: str) -> dict[str, Any]:
    return mean_block(*state.moments("lostness", task_id), scale=SCALE, low=0)


def paths_block(ways: Iterable[tuple[Sequence[str], Mapping[str, Any], int]]) -> dict[str, Any]:
    """`paths`, the most frequent first, and whether there are more. A way: its steps, what else is told, how many."""
    ordered = sorted(ways, key=lambda way: (-way[2], way[0], way[1]["outcome"]))
    return {
        "paths": [{"path": list(path), **told, "count": count} for path, told, count in ordered[:MOST_PATHS]],
        "paths_truncated": len(ordered) > MOST_PATHS,
    }


@dataclass(frozen=True, slots=True)
class Attempt:
    """One person at one task. `required`: steps of the shortest expected way; None where no way is expected."""

    task_id: str
    path: Sequence[str]
    outcome: str
    duration_ms: int
    ease: int | None
    required: int | None

    @property
    def succeeded(self) -> bool:
        return self.outcome in SUCCESSES


def shortest(expected_paths: Iterable[Sequence[str]]) -> int | None:
    return min(map(len, expected_paths), default=None)


def count_attempt(tally: Tally, attempt: Attempt) -> None:
    task_id, path = attempt.task_id, attempt.path
    tally.count("outcome", task_id, attempt.outcome)
    tally.count("path", task_id, attempt.outcome, *path)
    tally.time("time", task_id, milliseconds=attempt.duration_ms)
    for place in path:
        tally.count("visit", task_id, place)
    if path and not attempt.succeeded:
        tally.count("exit", task_id, path[-1])
    if attempt.ease is not None:
        tally.measure("ease", task_id, value=attempt.ease)
    if attempt.required is not None:
        lost = lostness(path, attempt.required)
        if lost is not None:
            tally.measure("lostness", task_id, value=lost)
    if attempt.succeeded:
        _count_success(tally, attempt)


def _count_success(tally: Tally, attempt: Attempt) -> None:
    tally.time("success time", attempt.task_id, milliseconds=attempt.duration_ms)
    if attempt.duration_ms:
        tally.measure("success ln", attempt.task_id, value=scaled_log(attempt.duration_ms))
    if attempt.ease is not None and attempt.ease >= _SATISFIED:
        tally.count("satisfied", attempt.task_id, attempt.duration_ms)


def count_stay(tally: Tally, task_id: str, place: str, *, milliseconds: int) -> None:
    """A recorded visit to a screen or page."""
    tally.count("stay", task_id, place, "n")
    tally.count("stay", task_id, place, "sum", by=milliseconds)


def task_block(state: State, task_id: str) -> dict[str, Any]:
    """Everything of a task but its screens or pages."""
    outcomes = {outcome: state.get("outcome", task_id, outcome) for outcome in OUTCOMES}
    n, successes = sum(outcomes.values()), sum(outcomes[outcome] for outcome in SUCCESSES)
    ways = state.under("path", task_id).items()
    return {
        "task_id": task_id,
        "outcomes": outcomes,
        "success": proportion(successes, n),
        "direct_success": proportion(outcomes["direct_success"], n),
        "duration_ms": state.time("time", task_id).summary(),
        "success_duration_ms": state.time("success time", task_id).summary(),
        "ease": mean_block(*state.moments("ease", task_id), low=EASE[0], high=EASE[1]),
        **paths_block((path, {"outcome": outcome}, count) for (outcome, *path), count in ways),
        "lostness": lostness_block(state, task_id),
        "sum": _single_usability_metric(state, task_id, rate(successes, n)),
    }


def places(state: State, task_id: str, ids: Iterable[str] | None = None) -> Iterator[tuple[str, dict[str, Any]]]:
    """Visits, exits and mean stay: of `ids` in their order, else of all that were visited, the most visited first."""
    visits, exits = ones(state, "visit", task_id), ones(state, "exit", task_id)
    stays = state.under("stay", task_id)
    for place in sorted(visits, key=lambda each: (-visits[each], each)) if ids is None else ids:
        recorded = stays.get((place, "n"), 0)
        yield (
            place,
            {
                "visits": visits.get(place, 0),
                "exits": exits.get(place, 0),
                "mean_duration_ms": rate(stays.get((place, "sum"), 0), recorded),
            },
        )


def ones(state: State, *prefix: Part) -> dict[Any, int]:
    """Counters that have one part more than `prefix`."""
    return {rest[0]: count for rest, count in state.under(*prefix).items() if len(rest) == 1}


def _single_usability_metric(state: State, task_id: str, completion: float | None) -> dict[str, float | None]:
    limit = quantile(ones(state, "satisfied", task_id), _TIME_SPECIFICATION)
    parts = {
        "completion": completion,
        "time": time_part(limit, state.moments("success ln", task_id)),
        "satisfaction": satisfaction_part(state.moments("ease", task_id)),
    }
    known = [part for part in parts.values() if part is not None]
    return {**parts, "score": math.fsum(known) / len(known) if len(known) == len(parts) else None}


def time_part(limit: Fraction | None, logarithms: Moments) -> float | None:
    """Share of successes expected below `limit` milliseconds; `logarithms` of their times in units of 1e-12."""
    n, total, _ = logarithms
    spread = variance(*logarithms)
    if not limit or not spread:
        return None
    return normal_cdf((math.log(limit) - float(Fraction(total, n * SCALE))) / (math.sqrt(spread) / SCALE))


def satisfaction_part(ease: Moments) -> float | None:
    """Share of people expected to find the task easy."""
    n, total, _ = ease
    spread = variance(*ease)
    if not spread:
        return None
    return normal_cdf(float(Fraction(total, n) - _EASE_SPECIFICATION) / math.sqrt(spread))
