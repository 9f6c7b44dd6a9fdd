"""Metrics of a prototype test: outcomes of its tasks, ways through the screens, and what happened on each screen."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from trimetric.domain.study_types.design import Design
from trimetric.domain.study_types.members import tasks_of
from trimetric.domain.study_types.prototype_test import labels_of, outcome
from trimetric.metrics.state import Contribution, Person, State, Tally
from trimetric.metrics.statistics import rate
from trimetric.metrics.tasks import Attempt, count_attempt, count_stay, places, shortest, task_block

#: Seconds on a screen that cost nothing, seconds that cost a point, and the most points that time may cost.
FREE_SECONDS: Final = 5
SECONDS_A_POINT: Final = 2
MOST_TIME_POINTS: Final = 10


def contribution(design: Design, person: Person) -> Contribution:
    tally = Tally()
    if person.analysed:
        for payload in person.results:
            if payload["task_id"] in tasks_of(design):
                _count(tally, design, payload)
    return tally.contribution()


def _count(tally: Tally, design: Design, payload: Mapping[str, Any]) -> None:
    task_id = payload["task_id"]
    attempt = Attempt(
        task_id=task_id,
        path=payload["path"],
        outcome=str(outcome(design, {**payload})),
        duration_ms=payload["duration_ms"],
        ease=payload["ease"],
        required=shortest(tasks_of(design)[task_id]["expected_paths"]),
    )
    count_attempt(tally, attempt)
    for name in ("clicks", "misclicks"):
        tally.count(name, task_id, by=payload[name])
    for visit in payload["screens"]:
        screen_id = visit["screen_id"]
        count_stay(tally, task_id, screen_id, milliseconds=visit["duration_ms"])
        for name in ("clicks", "misclicks"):
            tally.count(name, task_id, screen_id, by=visit[name])


def summarise(design: Design, state: State) -> dict[str, Any]:
    return {"tasks": [_task(design, state, task_id) for task_id in tasks_of(design)]}


def _task(design: Design, state: State, task_id: str) -> dict[str, Any]:
    return {
        **task_block(state, task_id),
        "misclick_rate": _misclick_rate(state, task_id),
        "screens": list(_screens(design, state, task_id)),
    }


def _screens(design: Design, state: State, task_id: str) -> Iterator[dict[str, Any]]:
    for screen_id, screen in places(state, task_id, labels_of(design)):
        misclicks = _misclick_rate(state, task_id, screen_id)
        yield {
            "screen_id": screen_id,
            **screen,
            "misclick_rate": misclicks,
            "usability_score": usability_score(
                exits=rate(screen["exits"], screen["visits"]),
                misclicks=misclicks["rate"],
                mean_ms=screen["mean_duration_ms"],
            ),
        }


def _misclick_rate(state: State, *where: str) -> dict[str, Any]:
    misclicks, clicks = state.get("misclicks", *where), state.get("clicks", *where)
    return {"count": misclicks, "n": clicks, "rate": rate(misclicks, clicks)}


def usability_score(*, exits: float | None, misclicks: float | None, mean_ms: float | None) -> float | None:
    """Maze's score of a screen, 0-100, from shares and milliseconds.

    None for a screen that nobody visited or whose visits nobody timed; without clicks there are no wrong ones.
    """
    if exits is None or mean_ms is None:
        return None
    late = (mean_ms / 1000 - FREE_SECONDS) / SECONDS_A_POINT
    return max(0.0, 100 - 100 * exits - 50 * (misclicks or 0) - min(max(late, 0), MOST_TIME_POINTS))
