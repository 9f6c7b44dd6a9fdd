"""Metrics of a first-click test: whether the first click went to a correct area, and where it went.

Areas may be drawn anew after the clicks; what people add then changes, and the state is made anew.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

from trimetric.domain.study_types.areas import exact
from trimetric.domain.study_types.design import Design
from trimetric.domain.study_types.first_click_test import areas_of, winning_area
from trimetric.domain.study_types.members import tasks_of
from trimetric.metrics.state import Contribution, Person, State, Tally
from trimetric.metrics.statistics import median, proportion, rate
from trimetric.metrics.tasks import ones

COLUMNS: Final = 100
#: Clicks stand at whole multiples of 1/STEPS of the image for their median, so it is at most 0.0025 off.
STEPS: Final = 200

_ONE: Final = exact(1.0)


def contribution(design: Design, person: Person) -> Contribution:
    tally = Tally()
    if person.analysed:
        for payload in person.results:
            if payload["task_id"] in tasks_of(design):
                _count(tally, design, payload)
    return tally.contribution()


def _count(tally: Tally, design: Design, payload: Mapping[str, Any]) -> None:
    task_id = payload["task_id"]
    if payload["skipped"]:
        tally.count("skip", task_id)
        return
    area = winning_area(design, {**payload})
    tally.count("area", task_id, None if area is None else area.id)
    tally.time("time", task_id, milliseconds=payload["duration_ms"])
    if area is not None and area.correct:
        tally.time("success time", task_id, milliseconds=payload["duration_ms"])
    x, y = exact(payload["x"]), exact(payload["y"])
    rows = _rows(tasks_of(design)[task_id]["image"])
    tally.count("cell", task_id, _cell(y, rows), _cell(x, COLUMNS))
    for axis, value in (("x", x), ("y", y)):
        tally.count(axis, task_id, round(Fraction(value * STEPS, _ONE)))


def _rows(image: Mapping[str, Any] | None) -> int:
    """So many that a cell is about square; a draft may lack its image."""
    if image is None:
        return COLUMNS
    return max(1, (2 * COLUMNS * int(image["height"]) + int(image["width"])) // (2 * int(image["width"])))


def _cell(value: int, cells: int) -> int:
    return min(cells - 1, value * cells // _ONE)


def summarise(design: Design, state: State) -> dict[str, Any]:
    return {"tasks": [_task(design, state, task_id) for task_id in tasks_of(design)]}


def _task(design: Design, state: State, task_id: str) -> dict[str, Any]:
    areas, skips, clicked = areas_of(design, task_id), state.get("skip", task_id), ones(state, "area", task_id)
    n = skips + sum(clicked.values())
    cells = sorted([*cell, count] for cell, count in state.under("cell", task_id).items())
    return {
        "task_id": task_id,
        "success": proportion(sum(clicked.get(area.id, 0) for area in areas if area.correct), n),
        "skips": skips,
        "areas": [
            {
                "area_id": area.id,
                "label": area.label,
                "correct": area.correct,
                "count": clicked.get(area.id, 0),
                "share": rate(clicked.get(area.id, 0), n),
            }
            for area in areas
        ],
        "outside": clicked.get(None, 0),
        "duration_ms": state.time("time", task_id).summary(),
        "success_duration_ms": state.time("success time", task_id).summary(),
        "grid": {"columns": COLUMNS, "rows": _rows(tasks_of(design)[task_id]["image"]), "cells": cells},
        "median_point": _median_point(state, task_id),
    }


def _median_point(state: State, task_id: str) -> list[float] | None:
    x, y = (median(ones(state, axis, task_id), scale=STEPS) for axis in ("x", "y"))
    return None if x is None or y is None else [x, y]
