"""Prototype metrics: outcomes, screens and their score, the single usability metric."""

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.domain.study_types.designs import design_of, draft_of
from tests.unit.metrics.people import assert_folding_leaves_no_trace, people_of, person_of, state_of
from trimetric.domain.study_types import prototype_test as tests_of_prototypes
from trimetric.domain.study_types.design import Design
from trimetric.metrics import prototype_test
from trimetric.metrics.prototype_test import usability_score
from trimetric.metrics.state import Person, State

SAMPLE = design_of("prototype_test")
SCREENS = [{"id": each, "label": f"{each} 📱"} for each in "abcd"]


def design(*expected_paths: str) -> Design:
    task = {
        "id": "t",
        "prompt": "?",
        "goal_screen_ids": ["d"],
        "expected_paths": [list(each) for each in expected_paths],
    }
    return draft_of("prototype_test", {"screens": SCREENS, "tasks": [task]})


STUDY = design("abd", "abcd")


def result(path: str, *, timed: tuple[int, ...] = (), wrong: tuple[int, ...] = (), **given: Any) -> dict[str, Any]:
    """`timed`: milliseconds on each screen; `wrong`: misclicks on each, of two clicks."""
    screens = [
        {"screen_id": screen, "duration_ms": milliseconds, "clicks": 2, "misclicks": misclicks}
        for screen, milliseconds, misclicks in zip(path, timed, wrong or (0,) * len(timed), strict=bool(timed))
    ]
    members = {"task_id": "t", "path": list(path), "clicks": 0, "misclicks": 0, "gave_up": False}
    return {**members, "duration_ms": 1000, "ease": None, "screens": screens, **given}


def task_of(study: Design, *results: dict[str, Any]) -> dict[str, Any]:
    people = [person_of(each, number=number) for number, each in enumerate(results)]
    task: dict[str, Any] = prototype_test.summarise(study, state_of("prototype_test", study, people))["tasks"][0]
    return task


def test_outcomes() -> None:
    walks = [result("abd"), result("abcd"), result("acd"), result("acd", gave_up=True), result("ab", gave_up=True)]
    task = task_of(STUDY, *walks, result("abc"), result(""))
    assert task["outcomes"] == {"direct_success": 2, "indirect_success": 2, "gave_up": 1, "unfinished": 2}
    assert (task["success"]["count"], task["direct_success"]["count"], task["success"]["n"]) == (4, 2, 7)
    assert (task["duration_ms"]["n"], task["success_duration_ms"]["n"]) == (7, 4)
    assert task["paths"][0] == {"path": ["a", "c", "d"], "outcome": "indirect_success", "count": 2}
    assert task["paths_truncated"] is False


def test_a_way_counts_apart_by_how_it_ended() -> None:
    task = task_of(STUDY, result("ab"), result("ab", gave_up=True))
    assert [(each["outcome"], each["count"]) for each in task["paths"]] == [("gave_up", 1), ("unfinished", 1)]


def test_lostness_is_measured_by_the_shortest_expected_way() -> None:
    task = task_of(STUDY, result("abd"), result("abcd"), result(""))
    # 0, and sqrt((3/4 - 1)²) = 0.25; who went nowhere is not lost.
    assert (task["lostness"]["n"], task["lostness"]["mean"]) == (2, 0.125)
    assert task["lostness"]["ci95"][0] == 0


def test_without_an_expected_way_nobody_is_lost() -> None:
    assert task_of(design(), result("abd"))["lostness"] == {"n": 0, "mean": None, "sd": None, "ci95": None}


def test_misclicks_are_a_share_of_clicks() -> None:
    task = task_of(STUDY, result("abd", clicks=5, misclicks=1), result("abd", clicks=3, misclicks=1))
    assert task["misclick_rate"] == {"count": 2, "n": 8, "rate": 0.25}
    assert task_of(STUDY, result("abd"))["misclick_rate"] == {"count": 0, "n": 0, "rate": None}


def test_screens() -> None:
    walks = [
        result("aba", timed=(4000, 9000, 8000), wrong=(0, 1, 0)),
        result("abd", timed=(3000, 11000, 500)),
        result("ab"),
    ]
    screens = {each["screen_id"]: each for each in task_of(STUDY, *walks)["screens"]}
    assert list(screens) == ["a", "b", "c", "d"]
    assert screens["a"] == {
        "screen_id": "a",
        "visits": 4,
        "exits": 1,
        "mean_duration_ms": 5000,
        "misclick_rate": {"count": 0, "n": 6, "rate": 0},
        "usability_score": 75,
    }
    assert (screens["b"]["visits"], screens["b"]["exits"], screens["b"]["mean_duration_ms"]) == (3, 1, 10_000)
    # 100 - a third - half of a quarter - (10 - 5)/2
    assert screens["b"]["usability_score"] == pytest.approx(100 - 100 / 3 - 12.5 - 2.5)
    assert screens["c"] == {
        "screen_id": "c",
        "visits": 0,
        "exits": 0,
        "mean_duration_ms": None,
        "misclick_rate": {"count": 0, "n": 0, "rate": None},
        "usability_score": None,
    }
    assert (screens["d"]["exits"], screens["d"]["usability_score"]) == (0, 100)


@pytest.mark.parametrize(
    ("exits", "misclicks", "seconds", "score"),
    [
        pytest.param(0, 0, 5, 100, id="five seconds are free"),
        pytest.param(0.1, 0.2, 15, 75, id="exits, misclicks and time"),
        pytest.param(0.6, 1, 40, 0, id="never below zero"),
        pytest.param(0, 0, 1, 100, id="fast is no extra"),
        pytest.param(0, 0, 25, 90, id="ten points for time"),
        pytest.param(0, 0, 1000, 90, id="and never more"),
        pytest.param(0, None, 5, 100, id="no clicks, so no wrong ones"),
        pytest.param(None, 0, 5, None, id="nobody was there"),
        pytest.param(0, 0, None, None, id="nobody was timed"),
    ],
)
def test_usability_score(
    exits: float | None, misclicks: float | None, seconds: float | None, score: float | None
) -> None:
    milliseconds = None if seconds is None else 1000.0 * seconds
    assert usability_score(exits=exits, misclicks=misclicks, mean_ms=milliseconds) == pytest.approx(score)


def test_the_single_usability_metric() -> None:
    times = [60, 53, 70, 42, 62, 43, 81]
    eases = [5, 6, 7, 5, 6, 6, 4]
    walks = [result("abd", duration_ms=1000 * time, ease=ease) for time, ease in zip(times, eases, strict=True)]
    parts = task_of(STUDY, *walks, result("abc", duration_ms=1))["sum"]
    # The specification is the 95th percentile of 53, 70, 62 and 43 seconds, 68.8; figures from numpy and scipy.
    assert parts == pytest.approx(
        {"completion": 0.875, "time": 0.7753189656, "satisfaction": 0.4883218343, "score": 0.7128802666}, abs=1e-9
    )


def test_the_single_usability_metric_without_all_parts() -> None:
    parts = task_of(STUDY, result("abd", ease=7), result("ab", ease=6))["sum"]
    assert (parts["completion"], parts["time"], parts["score"]) == (0.5, None, None)
    assert parts["satisfaction"] == pytest.approx(0.898, abs=1e-3)


def test_zero_times_have_no_logarithm() -> None:
    walks = [result("abd", duration_ms=time, ease=6 + (time > 0)) for time in (0, 0, 1000, 2000)]
    task = task_of(STUDY, *walks)
    assert task["success_duration_ms"]["n"] == 4
    assert 0.5 < task["sum"]["time"] < 1
    assert task_of(STUDY, *walks[:2])["sum"]["time"] is None


def test_nobody_gives_nulls() -> None:
    task = prototype_test.summarise(STUDY, State())["tasks"][0]
    assert task["success"] == {"count": 0, "n": 0, "rate": None, "ci95": None}
    assert set(task["sum"].values()) == {None}
    assert task["ease"]["mean"] is None
    assert {each["usability_score"] for each in task["screens"]} == {None}


def test_one_person() -> None:
    task = task_of(STUDY, result("abd", ease=7))
    assert task["ease"] == {"n": 1, "mean": 7, "sd": None, "ci95": None}


def test_a_task_that_is_gone() -> None:
    assert task_of(STUDY, result("abd", task_id="gone"))["success"]["n"] == 0


@settings(max_examples=200, deadline=None)
@given(people=people_of("prototype_test", SAMPLE, most=20))
def test_a_naive_count_agrees(people: list[Person]) -> None:
    for task in prototype_test.summarise(SAMPLE, state_of("prototype_test", SAMPLE, people))["tasks"]:
        own = [
            payload
            for person in people
            if person.analysed
            for payload in person.results
            if payload["task_id"] == task["task_id"]
        ]
        outcomes = Counter(tests_of_prototypes.outcome(SAMPLE, {**payload}) for payload in own)
        assert {name: count for name, count in task["outcomes"].items() if count} == outcomes
        visits = Counter(screen for payload in own for screen in payload["path"])
        assert {each["screen_id"]: each["visits"] for each in task["screens"] if each["visits"]} == visits
        assert sum(each["exits"] for each in task["screens"]) == len(own) - task["success"]["count"]
        for name in ("clicks", "misclicks"):
            part = {"clicks": "n", "misclicks": "count"}[name]
            assert sum(each["misclick_rate"][part] for each in task["screens"]) == sum(each[name] for each in own)
            assert task["misclick_rate"][part] == sum(each[name] for each in own)


@settings(max_examples=1000, deadline=None)
@given(people=people_of("prototype_test", SAMPLE), rng=st.randoms(use_true_random=False))
def test_folding_leaves_no_trace(people: list[Person], rng: random.Random) -> None:
    assert_folding_leaves_no_trace("prototype_test", SAMPLE, people, rng)


_WALKS = st.builds(
    result,
    st.text("abcd", max_size=6),
    duration_ms=st.sampled_from([0, 1, 1000, 10**11]),
    ease=st.sampled_from([None, 1, 6, 7]),
    gave_up=st.booleans(),
)


@settings(max_examples=200, deadline=None)
@given(walks=st.lists(_WALKS, max_size=15), rng=st.randoms(use_true_random=False))
def test_folding_any_walks_leaves_no_trace(walks: list[dict[str, Any]], rng: random.Random) -> None:
    people = [person_of(each, number=number) for number, each in enumerate(walks)]
    assert_folding_leaves_no_trace("prototype_test", STUDY, people, rng)
