"""Metrics of a live-website test: outcomes of its tasks, what people thought of them, and ways through the pages.

A page is the path of its URL: hosts, queries and fragments make no difference.
"""

from collections.abc import Mapping
from typing import Any

from trimetric.domain.study_types.design import Design
from trimetric.domain.study_types.live_website_test import outcome, path_of
from trimetric.domain.study_types.members import tasks_of
from trimetric.metrics.state import Contribution, Person, State, Tally
from trimetric.metrics.statistics import proportion
from trimetric.metrics.tasks import Attempt, count_attempt, count_stay, places, shortest, task_block


def contribution(design: Design, person: Person) -> Contribution:
    tally = Tally()
    if person.analysed:
        for payload in person.results:
            if payload["task_id"] in tasks_of(design):
                _count(tally, design, payload)
    return tally.contribution()


def _count(tally: Tally, design: Design, payload: Mapping[str, Any]) -> None:
    task_id, pages = payload["task_id"], path_of({**payload})
    attempt = Attempt(
        task_id=task_id,
        path=pages,
        outcome=str(outcome(design, {**payload})),
        duration_ms=payload["duration_ms"],
        ease=payload["ease"],
        required=shortest(tasks_of(design)[task_id]["expected_paths"]),
    )
    count_attempt(tally, attempt)
    for page, visit in zip(pages, payload["visits"], strict=True):
        count_stay(tally, task_id, page, milliseconds=visit["duration_ms"])
    if payload["self_reported"] == "completed":
        tally.count("self_reported", task_id)
        if not attempt.succeeded:
            tally.count("false_success", task_id)


def summarise(design: Design, state: State) -> dict[str, Any]:
    return {"tasks": [_task(state, task_id) for task_id in tasks_of(design)]}


def _task(state: State, task_id: str) -> dict[str, Any]:
    block = task_block(state, task_id)
    return {
        **block,
        "self_reported": proportion(state.get("self_reported", task_id), block["success"]["n"]),
        "false_successes": state.get("false_success", task_id),
        "pages": [{"page": page, **figures} for page, figures in places(state, task_id)],
    }
