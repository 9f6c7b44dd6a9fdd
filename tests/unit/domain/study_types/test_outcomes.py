"""Verdicts are worked out from what people did."""

from typing import Any

import pytest

from tests.unit.domain.study_types.designs import design_of
from trimetric.domain.study_types import first_click_test, live_website_test, study_type, tree_test
from trimetric.domain.study_types.card_sort import normalise_label
from trimetric.domain.study_types.design import Design
from trimetric.domain.study_types.navigation import verdict

TREE = design_of("tree_test")
CLICKS = design_of("first_click_test")
WEBSITE = design_of("live_website_test")


@pytest.mark.parametrize(
    ("path", "answer", "outcome"),
    [
        pytest.param(["products", "phones", "used"], "used", "direct_success", id="straight to the right node"),
        pytest.param(["products", "laptops"], "laptops", "direct_failure", id="straight to a wrong node"),
        pytest.param(
            ["support", "products", "phones", "used"], "used", "indirect_success", id="through another branch first"
        ),
        pytest.param(
            ["products", "laptops", "products", "phones", "used"],
            "used",
            "indirect_success",
            id="back up and down again",
        ),
        pytest.param(["products", "phones", "new", "used"], "used", "indirect_success", id="from sibling to sibling"),
        pytest.param(
            ["products", "products", "phones", "used"], "used", "indirect_success", id="a node twice in a row"
        ),
        pytest.param(["phones", "used"], "used", "indirect_success", id="not from the top"),
        pytest.param(["products", "used"], "used", "indirect_success", id="a level left out"),
        pytest.param(["about", "products"], "products", "indirect_failure", id="wandering to a wrong node"),
        pytest.param(["products"], "products", "direct_failure", id="stopping above the right node"),
        pytest.param([], None, "direct_skip", id="skipped at once"),
        pytest.param(["products"], None, "indirect_skip", id="skipped after a straight look"),
        pytest.param(["about", "products"], None, "indirect_skip", id="skipped after wandering"),
    ],
)
def test_tree_test(path: list[str], answer: str | None, outcome: str) -> None:
    raw = {
        "task_id": "find-used",
        "path": path,
        "answer_node_id": answer,
        "skipped": answer is None,
        "duration_ms": 1,
    }
    (payload,) = tree_test.parse_results(TREE, [raw])
    assert tree_test.outcome(TREE, payload) == outcome


def test_any_of_several_correct_nodes_is_right_a_parent_as_well_as_its_child() -> None:
    for path in (["support", "repair"], ["support", "repair", "status"]):
        raw = {"task_id": "find-repair", "path": path, "answer_node_id": path[-1], "duration_ms": 1}
        (payload,) = tree_test.parse_results(TREE, [raw])
        assert tree_test.outcome(TREE, payload) == "direct_success"


def test_a_tree_lists_parents_and_labels_in_order() -> None:
    tree = tree_test.tree_of(TREE)
    assert list(tree.parents.items())[:4] == [
        ("products", None),
        ("phones", "products"),
        ("used", "phones"),
        ("new", "phones"),
    ]
    assert tree.labels["shops"] == "Our shops"
    assert not tree.is_direct(["no-such-node"])


@pytest.mark.parametrize(
    ("click", "outcome", "area"),
    [
        pytest.param({"x": 0.9, "y": 0.05}, "success", "cart", id="where two areas overlap the smaller wins"),
        pytest.param({"x": 0.5, "y": 0.05}, "failure", "header", id="in a wrong area"),
        pytest.param({"x": 0.5, "y": 0.4}, "failure", "banner", id="in a polygon"),
        pytest.param({"x": 0.5, "y": 0.8}, "failure", None, id="outside all areas"),
        pytest.param({"x": 0.95, "y": 0.1}, "success", "cart", id="on a corner that floats miss"),
        pytest.param({"skipped": True}, "skip", None, id="skipped"),
    ],
)
def test_first_click(click: dict[str, Any], outcome: str, area: str | None) -> None:
    raw = {"task_id": "open-cart", "duration_ms": 1, **click}
    (payload,) = first_click_test.parse_results(CLICKS, [raw])
    winner = first_click_test.winning_area(CLICKS, payload)
    assert first_click_test.outcome(CLICKS, payload) == outcome
    assert (winner.id if winner else None) == area


def test_verdicts_follow_when_areas_are_drawn_anew() -> None:
    raw = {"task_id": "open-cart", "x": 0.5, "y": 0.8, "duration_ms": 1}
    (payload,) = first_click_test.parse_results(CLICKS, [raw])
    area = {"id": "new", "label": "New", "correct": True, "rect": {"x": 0.4, "y": 0.7, "width": 0.2, "height": 0.2}}
    tasks = [{**CLICKS.settings["tasks"][0], "areas": [area]}, CLICKS.settings["tasks"][1]]
    redrawn = Design(first_click_test.merge_settings(CLICKS.settings, {"tasks": tasks}))
    assert first_click_test.outcome(CLICKS, payload) == "failure"
    assert first_click_test.outcome(redrawn, payload) == "success"


@pytest.mark.parametrize(
    ("path", "gave_up", "outcome"),
    [
        pytest.param(
            ["home", "product", "cart-screen", "thanks"], False, "direct_success", id="one of the expected ways"
        ),
        pytest.param(["home", "product", "cart-screen", "thanks"], True, "direct_success", id="giving up at the goal"),
        pytest.param(["home", "list", "thanks"], False, "indirect_success", id="another way to the goal"),
        pytest.param(["home", "list", "thanks"], True, "indirect_success", id="another way, giving up at the goal"),
        pytest.param(["thanks", "home"], True, "gave_up", id="past the goal"),
        pytest.param(["home"], False, "unfinished", id="leaving without a word"),
        pytest.param([], False, "unfinished", id="no step at all"),
        pytest.param([], True, "gave_up", id="giving up at once"),
    ],
)
def test_prototype(path: list[str], gave_up: bool, outcome: str) -> None:
    kind, design = study_type("prototype_test"), design_of("prototype_test")
    raw = {"task_id": "buy", "path": path, "clicks": 1, "misclicks": 0, "gave_up": gave_up, "duration_ms": 1}
    (payload,) = kind.parse_results(design, [raw])
    assert kind.outcome(design, payload) == outcome


@pytest.mark.parametrize(
    ("urls", "gave_up", "outcome"),
    [
        pytest.param(
            ["https://shop.example/?a", "https://shop.example/pricing#b"],
            False,
            "direct_success",
            id="the expected way",
        ),
        pytest.param(["https://shop.example/pricing"], True, "indirect_success", id="straight to the goal"),
        pytest.param(["https://shop.example/pricing", "https://shop.example/"], True, "gave_up", id="past the goal"),
        pytest.param(["https://other.example/x"], False, "unfinished", id="on another site"),
        pytest.param([], False, "unfinished", id="no page at all"),
    ],
)
def test_live_website(urls: list[str], gave_up: bool, outcome: str) -> None:
    visits = [{"url": url, "duration_ms": 1} for url in urls]
    raw = {"task_id": "find-price", "visits": visits, "gave_up": gave_up, "duration_ms": 1}
    (payload,) = live_website_test.parse_results(WEBSITE, [raw])
    assert live_website_test.outcome(WEBSITE, payload) == outcome


def test_an_expected_path_of_no_steps_is_no_success() -> None:
    assert verdict([], expected=[[]], on_goal=False, gave_up=False) == "unfinished"


@pytest.mark.parametrize("type_name", ["card_sort", "survey", "five_second_test", "preference_test", "interview"])
def test_types_without_tasks_have_no_outcome(type_name: str) -> None:
    assert study_type(type_name).outcome(design_of(type_name), {}) is None


@pytest.mark.parametrize(
    ("label", "normalised"),
    [
        pytest.param("  Fruit & \t Veg\n", "fruit & veg", id="white space"),
        pytest.param("STRASSE", "strasse", id="case"),
        pytest.param("Straße", "strasse", id="case folding"),
        pytest.param("ﬁsh", "fish", id="a ligature"),
        pytest.param("①", "1", id="a circled digit"),
        pytest.param("　", "", id="nothing but a wide space"),
    ],
)
def test_normalised_labels(label: str, normalised: str) -> None:
    assert normalise_label(label) == normalised
