"""Tree test metrics: reference figures of a published set, edge cases, and a naive count as an oracle."""

import json
import math
import random
import statistics
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.domain.study_types.designs import design_of, draft_of
from tests.unit.metrics.people import assert_folding_leaves_no_trace, people_of, person_of, state_of
from trimetric.domain.study_types import tree_test as tests_of_trees
from trimetric.domain.study_types.design import Design
from trimetric.metrics import tree_test
from trimetric.metrics.state import Person, State

SAMPLE = design_of("tree_test")
ONE_ROOT = draft_of(
    "tree_test",
    {
        "tree": [
            {
                "id": "home",
                "label": "Home",
                "children": [
                    {"id": "products", "label": "Products 🛒", "children": [{"id": "laptops", "label": "Laptops"}]},
                    {"id": "services", "label": "Services", "children": [{"id": "support", "label": "Support"}]},
                    {"id": "contact", "label": "Contact"},
                ],
            }
        ],
        "tasks": [{"id": "t", "prompt": "Find a laptop.", "correct_node_ids": ["laptops"]}],
    },
)
DIRECT, DETOUR = ["home", "products", "laptops"], ["home", "services", "home", "products", "laptops"]
WRONG, WRONG_DETOUR = ["home", "services", "support"], ["home", "contact", "home", "services", "support"]
#: First task of the synthetic set of TreePath: ways and times in seconds.
TREEPATH = [
    *((DIRECT, seconds) for seconds in (46, 118, 48, 35, 100, 115, 55, 98, 87)),
    *((DETOUR, seconds) for seconds in (105, 105, 14, 81)),
    *((WRONG, seconds) for seconds in (6, 57, 110, 20)),
    *(([], seconds) for seconds in (72, 76, 100)),
]


def result(path: list[str], *, task: str = "t", skipped: bool = False, **given: Any) -> dict[str, Any]:
    skip = skipped or not path
    answer = None if skip else path[-1]
    members = {"task_id": task, "path": path, "answer_node_id": answer, "skipped": skip}
    return {**members, "duration_ms": 1000, "confidence": None, **given}


def summary(design: Design, *results: dict[str, Any]) -> dict[str, Any]:
    people = [person_of(each, number=number) for number, each in enumerate(results)]
    return tree_test.summarise(design, state_of("tree_test", design, people))


def task_of(design: Design, *results: dict[str, Any]) -> dict[str, Any]:
    task: dict[str, Any] = summary(design, *results)["tasks"][0]
    return task


def test_figures_of_the_treepath_set() -> None:
    task = task_of(ONE_ROOT, *(result(path, duration_ms=1000 * seconds) for path, seconds in TREEPATH))
    assert task["outcomes"] == {
        "direct_success": 9,
        "indirect_success": 4,
        "direct_failure": 4,
        "indirect_failure": 0,
        "direct_skip": 3,
        "indirect_skip": 0,
    }
    for block in (task["success"], task["directness"]):
        assert (block["count"], block["n"], block["rate"]) == (13, 20, 0.65)
        assert block["ci95"] == pytest.approx([0.431588814, 0.8200736386], abs=1e-9)
    assert task["score"] == 4
    assert task["duration_ms"] == pytest.approx(
        {
            "n": 20,
            "mean": 72_400,
            "median": 78_500,
            "geometric_mean": 58_907.0230168,
            "min": 6_000,
            "q1": 47_500,
            "q3": 101_250,
            "max": 118_000,
        }
    )
    assert task["success_duration_ms"] == pytest.approx(
        {
            "n": 13,
            "mean": 77_461.5384615,
            "median": 87_000,
            "geometric_mean": 67_593.2902282,
            "min": 14_000,
            "q1": 48_000,
            "q3": 105_000,
            "max": 118_000,
        }
    )


@pytest.mark.parametrize(
    ("success", "direct", "n", "score"),
    [
        pytest.param(13, 13, 20, 4, id="first task of the published set"),
        pytest.param(14, 15, 20, 5, id="second task"),
        pytest.param(11, 15, 20, 4, id="third task"),
        pytest.param(5, 5, 5, 10, id="everybody at once"),
        pytest.param(0, 0, 5, 0, id="nobody"),
        pytest.param(1, 1, 10, 0, id="0.1"),
        pytest.param(0, 20, 20, 3, id="a half is rounded up: 2.5"),
        pytest.param(20, 0, 20, 8, id="a half is rounded up: 7.5"),
    ],
)
def test_scores(success: int, direct: int, n: int, score: int) -> None:
    assert tree_test.score(success, direct, n) == score


def test_the_published_set_pooled_over_its_three_tasks() -> None:
    assert tree_test.score(38, 43, 60) == 4


def test_a_tree_with_one_root_takes_the_first_click_one_level_lower() -> None:
    task = task_of(ONE_ROOT, *(result(path) for path in (DIRECT, DETOUR, WRONG, ["products", "laptops"], ["home"])))
    assert [(each["value"], each["label"], each["count"], each["share"]) for each in task["first_click"]] == [
        ("products", "Products 🛒", 2, 0.4),
        ("services", "Services", 2, 0.4),
        ("contact", "Contact", 0, 0),
    ]
    assert (task["first_click_correct"]["count"], task["first_click_correct"]["n"]) == (2, 5)


def test_a_root_without_children_is_the_only_first_click() -> None:
    tasks = [{"id": "t", "prompt": "Where?", "correct_node_ids": ["home"]}]
    alone = draft_of("tree_test", {"tree": [{"id": "home", "label": "Home"}], "tasks": tasks})
    task = task_of(alone, result(["home"]))
    assert task["first_click"] == [{"value": "home", "label": "Home", "count": 1, "share": 1}]
    assert task["first_click_correct"]["count"] == 1
    assert task["lostness"]["mean"] == 0


def test_first_clicks_on_the_way_to_any_correct_node() -> None:
    paths = [["support", "repair"], ["products"], ["about", "jobs", "support", "repair", "status"], []]
    tasks = summary(SAMPLE, *(result(path, task="find-repair") for path in paths))["tasks"]
    task = next(each for each in tasks if each["task_id"] == "find-repair")
    assert [each["count"] for each in task["first_click"]] == [1, 1, 1]
    assert (task["first_click_correct"]["count"], task["first_click_correct"]["n"]) == (1, 4)
    assert task["outcomes"]["direct_success"] == task["outcomes"]["indirect_success"] == 1
    # Two steps are enough: 0 and sqrt(0² + (2/1 - 1)²) and sqrt(0² + (2/5 - 1)²); the skip has none.
    assert task["lostness"]["n"] == 3
    assert task["lostness"]["mean"] == pytest.approx((0 + 1 + 0.6) / 3)


def test_nodes_count_visits_and_steps_to_anything_but_a_child() -> None:
    jump = ["home", "services", "support", "products", "products", "laptops"]
    task = task_of(ONE_ROOT, result(DETOUR), result(jump))
    assert {each["node_id"]: (each["visits"], each["backtracks"]) for each in task["nodes"]} == {
        "home": (3, 0),
        "products": (3, 1),
        "laptops": (2, 0),
        "services": (2, 1),
        "support": (1, 1),
        "contact": (0, 0),
    }


def test_answers_and_ways_by_how_many_gave_them() -> None:
    task = task_of(ONE_ROOT, *(result(path) for path in (WRONG, DIRECT, WRONG, DIRECT, WRONG, DETOUR, [], WRONG)))
    assert [(each["value"], each["label"], each["count"], each["share"]) for each in task["destinations"]] == [
        ("support", "Support", 4, 0.5),
        ("laptops", "Laptops", 3, 0.375),
    ]
    assert task["paths"] == [
        {"path": WRONG, "answer_node_id": "support", "outcome": "direct_failure", "count": 4},
        {"path": DIRECT, "answer_node_id": "laptops", "outcome": "direct_success", "count": 2},
        {"path": [], "answer_node_id": None, "outcome": "direct_skip", "count": 1},
        {"path": DETOUR, "answer_node_id": "laptops", "outcome": "indirect_success", "count": 1},
    ]
    assert task["paths_truncated"] is False


def test_a_skip_after_the_way_of_an_answer_is_another_way() -> None:
    task = task_of(ONE_ROOT, result(DIRECT), result(DIRECT, skipped=True))
    assert [(each["answer_node_id"], each["outcome"]) for each in task["paths"]] == [
        ("laptops", "direct_success"),
        (None, "indirect_skip"),
    ]


def test_only_the_fifty_most_frequent_ways_are_shown() -> None:
    ways = [["home"] * length for length in range(1, 52)]
    task = task_of(ONE_ROOT, *(result(path) for path in (*ways, ways[-1])))
    assert len(task["paths"]) == 50
    assert task["paths_truncated"] is True
    assert task["paths"][0] == {
        "path": ["home"] * 51,
        "answer_node_id": "home",
        "outcome": "indirect_failure",
        "count": 2,
    }


def test_confidence_of_those_who_gave_one() -> None:
    given_ = (None, 7, 7, 6)
    task = task_of(ONE_ROOT, *(result(DIRECT, confidence=each) for each in given_))
    assert task["confidence"]["n"] == 3
    assert task["confidence"]["mean"] == pytest.approx(20 / 3)
    assert task["confidence"]["ci95"][1] == 7


def test_nobody_gives_nulls() -> None:
    empty = tree_test.summarise(ONE_ROOT, State())
    task = empty["tasks"][0]
    no_share = {"count": 0, "n": 0, "rate": None, "ci95": None}
    assert empty["overall"] == {"success": no_share, "directness": no_share, "score": None}
    assert task["success"] == task["first_click_correct"] == no_share
    assert (task["score"], task["lostness"]["mean"], task["duration_ms"]["median"]) == (None, None, None)
    assert (task["paths"], task["destinations"]) == ([], [])
    assert {each["share"] for each in task["first_click"]} == {None}


def test_an_empty_draft_has_no_tasks() -> None:
    assert tree_test.summarise(draft_of("tree_test", {}), State())["tasks"] == []


def test_everybody_skipped() -> None:
    empty = summary(ONE_ROOT, result([]), result(["home", "contact"], skipped=True))
    task = empty["tasks"][0]
    assert (task["success"]["count"], task["success"]["n"]) == (0, 2)
    assert (task["outcomes"]["direct_skip"], task["outcomes"]["indirect_skip"]) == (1, 1)
    assert task["directness"]["count"] == 0
    assert (task["score"], task["success_duration_ms"]["n"], task["duration_ms"]["n"]) == (0, 0, 2)
    assert task["lostness"]["n"] == 1
    assert task["destinations"] == []


def test_overall_pools_answers() -> None:
    person = person_of(result(["products", "phones", "used"], task="find-used"), result([], task="find-shop"))
    other = person_of(result(["about", "shops"], task="find-shop"), number=1)
    overall = tree_test.summarise(SAMPLE, state_of("tree_test", SAMPLE, [person, other]))["overall"]
    assert (overall["success"]["count"], overall["success"]["n"]) == (2, 3)
    assert overall["directness"]["count"] == 2
    assert overall["score"] == 4


def test_large_trees_list_visited_nodes_only() -> None:
    tree = [{"id": f"n{number}", "label": "Node"} for number in range(3000)]
    tasks = [{"id": f"t{number}", "prompt": "?", "correct_node_ids": ["n1"]} for number in range(10)]
    task = task_of(draft_of("tree_test", {"tree": tree, "tasks": tasks}), result(["n7"], task="t0"))
    assert task["nodes"] == [{"node_id": "n7", "visits": 1, "backtracks": 0}]


def test_what_the_design_does_not_have_is_no_accident() -> None:
    gone = summary(ONE_ROOT, result(["home", "gone"]), result(DIRECT, task="gone"))
    assert gone["tasks"][0]["outcomes"]["indirect_failure"] == 1
    assert gone["overall"]["success"]["n"] == 1
    assert gone["tasks"][0]["destinations"] == []


def _lostness(path: list[str], required: int) -> float:
    visits, different = len(path), len(set(path))
    return math.sqrt((different / visits - 1) ** 2 + (required / different - 1) ** 2)


@settings(max_examples=200, deadline=None)
@given(people=people_of("tree_test", SAMPLE, most=20))
def test_a_naive_count_agrees(people: list[Person]) -> None:
    metrics = tree_test.summarise(SAMPLE, state_of("tree_test", SAMPLE, people))
    payloads = [payload for person in people if person.analysed for payload in person.results]
    required = {"find-used": 3, "find-repair": 2, "find-shop": 2}
    for task in metrics["tasks"]:
        own = [payload for payload in payloads if payload["task_id"] == task["task_id"]]
        outcomes = Counter(tests_of_trees.outcome(SAMPLE, {**payload}) for payload in own)
        assert {name: count for name, count in task["outcomes"].items() if count} == outcomes
        assert task["success"]["n"] == len(own)
        lost = [_lostness(payload["path"], required[task["task_id"]]) for payload in own if payload["path"]]
        assert task["lostness"]["n"] == len(lost)
        if len(lost) > 1:
            assert task["lostness"]["mean"] == pytest.approx(statistics.fmean(lost), abs=1e-10)
            assert task["lostness"]["sd"] == pytest.approx(statistics.stdev(lost), abs=1e-10)
        assert sum(each["visits"] for each in task["nodes"]) == sum(len(payload["path"]) for payload in own)
        answers = Counter(payload["answer_node_id"] for payload in own if payload["answer_node_id"])
        assert {each["value"]: each["count"] for each in task["destinations"]} == answers


@settings(max_examples=1000, deadline=None)
@given(
    people=people_of("tree_test", SAMPLE),
    rng=st.randoms(use_true_random=False),
)
def test_folding_leaves_no_trace(people: list[Person], rng: random.Random) -> None:
    assert_folding_leaves_no_trace("tree_test", SAMPLE, people, rng)


_STEPS = st.lists(st.sampled_from(["home", "products", "laptops", "services", "support", "contact"]), max_size=8)


@settings(max_examples=200, deadline=None)
@given(
    walks=st.lists(st.tuples(_STEPS, st.booleans(), st.sampled_from([0, 1, 1, 10**11])), max_size=15),
    rng=st.randoms(use_true_random=False),
)
def test_folding_any_walks_leaves_no_trace(walks: list[tuple[list[str], bool, int]], rng: random.Random) -> None:
    people = [
        person_of(result(path, skipped=skipped, duration_ms=duration), number=number)
        for number, (path, skipped, duration) in enumerate(walks)
    ]
    assert_folding_leaves_no_trace("tree_test", ONE_ROOT, people, rng)
    json.dumps(tree_test.summarise(ONE_ROOT, state_of("tree_test", ONE_ROOT, people)), allow_nan=False)
