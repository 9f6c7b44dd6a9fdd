"""First-click metrics: areas, the grid, the middle of the clicks, and areas that are drawn anew."""

import random
import statistics
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.domain.study_types.designs import design_of, draft_of
from tests.unit.metrics.people import assert_folding_leaves_no_trace, people_of, person_of, state_of
from trimetric.domain.study_types.design import Design
from trimetric.metrics import first_click_test
from trimetric.metrics.state import Person, State

SAMPLE = design_of("first_click_test")
LEFT = {"id": "left", "label": "Left 👈", "correct": True, "rect": {"x": 0, "y": 0, "width": 0.5, "height": 1}}
SPOT = {"id": "spot", "label": "Spot", "correct": False, "rect": {"x": 0.1, "y": 0.1, "width": 0.2, "height": 0.2}}
TWIN = {**SPOT, "id": "twin", "label": "Twin", "correct": True}


def design(*areas: dict[str, Any], width: int = 1440, height: int = 900) -> Design:
    image = {"url": "https://images.example/a.png", "width": width, "height": height}
    return draft_of("first_click_test", {"tasks": [{"id": "t", "prompt": "?", "image": image, "areas": list(areas)}]})


def click(x: float, y: float, duration_ms: int = 1000, *, task: str = "t") -> dict[str, Any]:
    return {"task_id": task, "x": x, "y": y, "skipped": False, "duration_ms": duration_ms}


SKIP: dict[str, Any] = {"task_id": "t", "x": None, "y": None, "skipped": True, "duration_ms": None}


def task_of(study: Design, *results: dict[str, Any]) -> dict[str, Any]:
    people = [person_of(each, number=number) for number, each in enumerate(results)]
    state = state_of("first_click_test", study, people)
    task: dict[str, Any] = first_click_test.summarise(study, state)["tasks"][0]
    return task


def test_shares_have_skips_in_n() -> None:
    clicks = [click(0.4, 0.5, 2000), click(0.5, 1.0, 4000), click(0.2, 0.2, 300), click(0.9, 0.9, 9000)]
    task = task_of(design(LEFT, SPOT), *clicks, SKIP)
    assert (task["success"]["count"], task["success"]["n"], task["success"]["rate"]) == (2, 5, 0.4)
    assert task["areas"] == [
        {"area_id": "left", "label": "Left 👈", "correct": True, "count": 2, "share": 0.4},
        {"area_id": "spot", "label": "Spot", "correct": False, "count": 1, "share": 0.2},
    ]
    assert (task["skips"], task["outside"]) == (1, 1)
    assert (task["duration_ms"]["n"], task["duration_ms"]["mean"]) == (4, 3825)
    assert (task["success_duration_ms"]["n"], task["success_duration_ms"]["mean"]) == (2, 3000)


def test_35_of_38_as_published() -> None:
    clicks = [*(click(0.4, 0.5) for _ in range(35)), *(click(0.9, 0.5) for _ in range(3))]
    assert task_of(design(LEFT), *clicks)["success"]["ci95"] == pytest.approx([0.7847873217, 0.9800043682], abs=1e-9)


def test_of_areas_of_equal_size_the_first_listed_wins() -> None:
    assert [each["count"] for each in task_of(design(SPOT, TWIN), click(0.2, 0.2))["areas"]] == [1, 0]
    assert [each["count"] for each in task_of(design(TWIN, SPOT), click(0.2, 0.2))["areas"]] == [1, 0]


def test_metrics_follow_areas_that_are_drawn_anew() -> None:
    clicks = [click(0.2, 0.2), click(0.7, 0.7)]
    assert task_of(design(LEFT), *clicks)["success"]["count"] == 1
    moved = task_of(design({**LEFT, "rect": {"x": 0, "y": 0, "width": 1, "height": 1}}), *clicks)
    assert (moved["success"]["count"], moved["outside"], moved["success_duration_ms"]["n"]) == (2, 0, 2)


@pytest.mark.parametrize(
    ("width", "height", "rows"),
    [
        pytest.param(1440, 900, 63, id="62.5 is rounded up"),
        pytest.param(1000, 1000, 100, id="square"),
        pytest.param(100_000, 1, 1, id="a line has one row"),
        pytest.param(1, 3, 300, id="tall"),
        pytest.param(1000, 624, 62, id="62.4"),
    ],
)
def test_rows_follow_the_image(width: int, height: int, rows: int) -> None:
    grid = task_of(design(LEFT, width=width, height=height), click(1.0, 1.0), click(0, 0))["grid"]
    assert (grid["columns"], grid["rows"]) == (100, rows)
    assert grid["cells"] == ([[0, 0, 1], [rows - 1, 99, 1]])


def test_cells_begin_at_their_border() -> None:
    grid = task_of(design(LEFT, width=100, height=100), click(0.29, 0.57), click(0.2999, 0.5799), click(0.57, 0.29))
    assert grid["grid"]["cells"] == [[29, 57, 1], [57, 29, 2]]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=60))
def test_the_middle_of_the_clicks(points: list[tuple[float, float]]) -> None:
    task = task_of(design(LEFT), *(click(x, y) for x, y in points))
    xs, ys = zip(*points, strict=True)
    assert task["median_point"] == pytest.approx([statistics.median(xs), statistics.median(ys)], abs=0.0026)
    assert sum(count for _, _, count in task["grid"]["cells"]) == len(points)


def test_the_middle_is_exact_for_fractions_of_a_two_hundredth() -> None:
    assert task_of(design(LEFT), click(0.25, 0.1), click(0.75, 0.2), click(0.255, 1))["median_point"] == [0.255, 0.2]


def test_nobody_gives_nulls() -> None:
    task = first_click_test.summarise(design(LEFT), State())["tasks"][0]
    assert task["success"] == {"count": 0, "n": 0, "rate": None, "ci95": None}
    assert (task["skips"], task["outside"], task["median_point"]) == (0, 0, None)
    assert task["areas"][0]["share"] is None
    assert task["grid"] == {"columns": 100, "rows": 63, "cells": []}


def test_a_draft_without_image_or_areas() -> None:
    task = first_click_test.summarise(draft_of("first_click_test", {"tasks": [{"id": "t"}]}), State())["tasks"][0]
    assert (task["areas"], task["grid"]["cells"]) == ([], [])


def test_everybody_skipped() -> None:
    task = task_of(design(LEFT), SKIP, {**SKIP, "duration_ms": 500})
    assert (task["success"]["count"], task["success"]["n"], task["skips"]) == (0, 2, 2)
    assert task["duration_ms"]["n"] == 0
    assert task["median_point"] is None


def test_who_is_in_progress_or_excluded_does_not_count() -> None:
    people = [
        person_of(click(0.1, 0.5), completed=False),
        person_of(click(0.1, 0.5), number=1, excluded=True),
        person_of(click(0.1, 0.5, task="gone"), number=2),
    ]
    assert state_of("first_click_test", design(LEFT), people) == State()


@settings(max_examples=200, deadline=None)
@given(people=people_of("first_click_test", SAMPLE, most=20))
def test_parts_make_up_the_whole(people: list[Person]) -> None:
    for task in first_click_test.summarise(SAMPLE, state_of("first_click_test", SAMPLE, people))["tasks"]:
        own = [
            payload
            for person in people
            if person.analysed
            for payload in person.results
            if payload["task_id"] == task["task_id"]
        ]
        clicks = sum(area["count"] for area in task["areas"]) + task["outside"]
        assert task["success"]["n"] == len(own) == clicks + task["skips"]
        assert task["success"]["count"] == sum(area["count"] for area in task["areas"] if area["correct"])
        assert task["success"]["count"] == task["success_duration_ms"]["n"]
        assert clicks == task["duration_ms"]["n"] == sum(count for _, _, count in task["grid"]["cells"])


@settings(max_examples=1000, deadline=None)
@given(people=people_of("first_click_test", SAMPLE), rng=st.randoms(use_true_random=False))
def test_folding_leaves_no_trace(people: list[Person], rng: random.Random) -> None:
    assert_folding_leaves_no_trace("first_click_test", SAMPLE, people, rng)


_CLICKS = st.one_of(
    st.just(SKIP), st.builds(click, st.floats(0, 1), st.sampled_from([0, 0.1, 0.3, 1]), st.sampled_from([0, 5, 10**11]))
)


@settings(max_examples=200, deadline=None)
@given(clicks=st.lists(_CLICKS, max_size=15), rng=st.randoms(use_true_random=False))
def test_folding_any_clicks_leaves_no_trace(clicks: list[dict[str, Any]], rng: random.Random) -> None:
    people = [person_of(each, number=number) for number, each in enumerate(clicks)]
    assert_folding_leaves_no_trace("first_click_test", design(LEFT, SPOT, TWIN), people, rng)
