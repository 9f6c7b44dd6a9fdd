"""Live-website metrics: pages for screens, and what people said against what they did."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.domain.study_types.designs import design_of, draft_of
from tests.unit.metrics.people import assert_folding_leaves_no_trace, people_of, person_of, state_of
from trimetric.domain.study_types import live_website_test as tests_of_websites
from trimetric.domain.study_types.design import Design
from trimetric.metrics import live_website_test
from trimetric.metrics.state import Person, State

SAMPLE = design_of("live_website_test")


def design(*expected_paths: list[str]) -> Design:
    task = {
        "id": "t",
        "prompt": "?",
        "start_url": "https://shop.example/",
        "goal": {"url_pattern": "shop.example/pricing"},
        "expected_paths": list(expected_paths),
    }
    return draft_of("live_website_test", {"tasks": [task]})


STUDY = design(["/", "/pricing"])


def result(*pages: str, times: tuple[int, ...] = (), **given: Any) -> dict[str, Any]:
    visits = [
        {"url": page if "://" in page else f"https://shop.example{page}", "duration_ms": milliseconds}
        for page, milliseconds in zip(pages, times or (1000,) * len(pages), strict=True)
    ]
    members = {"task_id": "t", "visits": visits, "self_reported": None, "gave_up": False}
    return {**members, "duration_ms": 1000, "ease": None, **given}


def task_of(study: Design, *results: dict[str, Any]) -> dict[str, Any]:
    people = [person_of(each, number=number) for number, each in enumerate(results)]
    state = state_of("live_website_test", study, people)
    task: dict[str, Any] = live_website_test.summarise(study, state)["tasks"][0]
    return task


def test_outcomes_and_ways() -> None:
    walks = [
        result("/", "/pricing"),
        result("/", "/help", "/pricing"),
        result("/", gave_up=True),
        result("/"),
        result(),
    ]
    task = task_of(STUDY, *walks, result("/", "/pricing"))
    assert task["outcomes"] == {"direct_success": 2, "indirect_success": 1, "gave_up": 1, "unfinished": 2}
    assert task["paths"][0] == {"path": ["/", "/pricing"], "outcome": "direct_success", "count": 2}
    assert (task["success"]["count"], task["success"]["n"]) == (3, 6)
    # 0, 0; sqrt((2/3 - 1)²); 1, 1; who visited nothing is not lost.
    assert (task["lostness"]["n"], task["lostness"]["mean"]) == (5, pytest.approx((1 / 3 + 2) / 5))
    assert "misclick_rate" not in task


def test_pages_are_the_paths_of_urls_on_any_host() -> None:
    walks = [
        result("/", "/help", times=(1000, 5000)),
        result("https://www.shop.example/help", "/", "/pricing", times=(2000, 3000, 500)),
        result("/", "/help/", times=(2000, 1)),
    ]
    assert task_of(STUDY, *walks)["pages"] == [
        {"page": "/", "visits": 3, "exits": 0, "mean_duration_ms": 2000},
        {"page": "/help", "visits": 2, "exits": 1, "mean_duration_ms": 3500},
        {"page": "/help/", "visits": 1, "exits": 1, "mean_duration_ms": 1},
        {"page": "/pricing", "visits": 1, "exits": 0, "mean_duration_ms": 500},
    ]


def test_what_people_say_against_what_they_did() -> None:
    said = [("completed", "/pricing"), ("completed", "/help"), ("failed", "/pricing"), ("failed", "/"), (None, "/")]
    task = task_of(STUDY, *(result("/", page, self_reported=word) for word, page in said))
    assert (task["self_reported"]["count"], task["self_reported"]["n"]) == (2, 5)
    assert task["false_successes"] == 1
    assert task["success"]["count"] == 2


def test_the_single_usability_metric_counts_as_in_a_prototype() -> None:
    times, eases = [60, 53, 70, 42, 62, 43, 81], [5, 6, 7, 5, 6, 6, 4]
    walks = [
        result("/", "/pricing", duration_ms=1000 * time, ease=ease) for time, ease in zip(times, eases, strict=True)
    ]
    parts = task_of(STUDY, *walks)["sum"]
    assert parts["completion"] == 1
    assert parts["satisfaction"] == pytest.approx(0.4883218343, abs=1e-9)
    assert parts["score"] == pytest.approx((1 + parts["time"] + parts["satisfaction"]) / 3)


def test_without_an_expected_way_nobody_is_lost() -> None:
    task = task_of(design(), result("/", "/pricing"))
    assert task["lostness"]["n"] == 0
    assert task["outcomes"]["indirect_success"] == 1


def test_nobody_gives_nulls() -> None:
    task = live_website_test.summarise(STUDY, State())["tasks"][0]
    assert task["self_reported"] == {"count": 0, "n": 0, "rate": None, "ci95": None}
    assert (task["false_successes"], task["pages"], task["paths"]) == (0, [], [])


def test_a_task_that_is_gone() -> None:
    assert task_of(STUDY, result("/", task_id="gone"))["success"]["n"] == 0


@settings(max_examples=200, deadline=None)
@given(people=people_of("live_website_test", SAMPLE, most=20))
def test_a_naive_count_agrees(people: list[Person]) -> None:
    for task in live_website_test.summarise(SAMPLE, state_of("live_website_test", SAMPLE, people))["tasks"]:
        own = [
            (payload, tests_of_websites.outcome(SAMPLE, {**payload}) in ("direct_success", "indirect_success"))
            for person in people
            if person.analysed
            for payload in person.results
            if payload["task_id"] == task["task_id"]
        ]
        assert task["success"]["n"] == task["self_reported"]["n"] == len(own)
        assert task["success"]["count"] == sum(success for _, success in own)
        said = [success for payload, success in own if payload["self_reported"] == "completed"]
        assert (task["self_reported"]["count"], task["false_successes"]) == (len(said), said.count(False))
        assert sum(each["visits"] for each in task["pages"]) == sum(len(payload["visits"]) for payload, _ in own)
        assert sum(each["exits"] for each in task["pages"]) == len(own) - task["success"]["count"]


@settings(max_examples=1000, deadline=None)
@given(people=people_of("live_website_test", SAMPLE), rng=st.randoms(use_true_random=False))
def test_folding_leaves_no_trace(people: list[Person], rng: random.Random) -> None:
    assert_folding_leaves_no_trace("live_website_test", SAMPLE, people, rng)
