"""Columns of the export: named once, one cell each, codes beside labels."""

import random
from typing import Any

import pytest

from tests.samples.study_types import sample_results
from tests.unit.domain.study_types.designs import design_of, detail_of, survey_of
from trimetric.domain.study_types import STUDY_TYPES, study_type
from trimetric.domain.study_types.columns import unique
from trimetric.domain.study_types.design import Card, Design, Group


def row_of(type_name: str, design: Design, result: dict[str, Any]) -> dict[str, Any]:
    kind = study_type(type_name)
    (payload,) = kind.parse_results(design, [result])
    return dict(zip(kind.csv_columns(design), kind.csv_row(design, payload), strict=True))


@pytest.mark.parametrize("type_name", STUDY_TYPES)
def test_every_row_has_a_cell_for_every_column(type_name: str) -> None:
    kind, design = study_type(type_name), design_of(type_name)
    columns = kind.csv_columns(design)
    assert len(set(columns)) == len(columns)
    rng = random.Random(3)  # noqa: S311 - the same people every time
    for _ in range(50):
        for payload in kind.parse_results(design, sample_results(type_name, detail_of(design), rng)):
            row = kind.csv_row(design, payload)
            assert len(row) == len(columns)
            assert all(cell is None or type(cell) in (str, int, float) for cell in row)
            assert kind.csv_row(design, payload) == row


def test_names_that_repeat_get_a_number() -> None:
    assert unique(["a", "b", "a", "a", "a (2)"]) == ["a", "b", "a (2)", "a (3)", "a (2) (2)"]


def test_card_sort() -> None:
    design = Design(
        {"sort_type": "hybrid", "allow_unsorted": True},
        cards=(Card("c1", "Same"), Card("c2", "Same"), Card("c3", "Other")),
        groups=(Group("g1", "Given"),),
    )
    placements = [{"card_id": "c2", "group": "Own"}, {"card_id": "c1", "group_id": "g1"}]
    assert row_of("card_sort", design, {"placements": placements, "duration_ms": 9}) == {
        "c1 code": "g1",
        "Same label": "Given",
        "c2 code": None,
        "Same label (2)": "Own",
        "c3 code": None,
        "Other label": None,
        "duration_ms": 9,
    }


def test_tree_test() -> None:
    result = {
        "task_id": "find-used",
        "path": ["products", "laptops"],
        "answer_node_id": "laptops",
        "duration_ms": 9,
        "confidence": 4,
    }
    assert row_of("tree_test", design_of("tree_test"), result) == {
        "task prompt": "You want a used phone. Where is it?",
        "outcome": "direct_failure",
        "skipped": "false",
        "answer code": "laptops",
        "answer label": "Laptops",
        "path codes": "products;laptops",
        "path labels": "Products;Laptops",
        "confidence": 4,
        "duration_ms": 9,
    }


def test_survey() -> None:
    options = [{"id": "a", "label": "Apples"}, {"id": "b", "label": "Bread"}]
    design = survey_of(
        {"kind": "single_choice", "prompt": "One", "options": options},
        {"kind": "multiple_choice", "prompt": "Many", "options": options},
        {"kind": "boolean", "prompt": "Yes?"},
        {"kind": "nps", "prompt": "Score"},
        {"kind": "umux_lite", "prompt": "Two"},
        {"kind": "text", "prompt": "Why"},
        {"kind": "text", "prompt": "Not answered"},
    )
    values = ["a", ["b", "a"], False, 10, [7, 1], "=SUM(1)"]
    answers = [{"question_id": f"qst_{place}", "value": value} for place, value in enumerate(values)]
    assert list(row_of("survey", design, {"answers": answers, "duration_ms": 9}).items()) == [
        ("qst_0 code", "a"),
        ("One label", "Apples"),
        ("qst_1 code", "b;a"),
        ("Many label", "Bread;Apples"),
        ("qst_2 code", "false"),
        ("Yes? label", "no"),
        ("qst_3 code", 10),
        ("Score label", 10),
        ("qst_4 code", "7;1"),
        ("Two label", "7;1"),
        ("qst_5 code", None),
        ("Why label", "=SUM(1)"),
        ("qst_6 code", None),
        ("Not answered label", None),
        ("duration_ms", 9),
    ]


def test_first_click() -> None:
    design = design_of("first_click_test")
    click = {"task_id": "open-cart", "x": 0.9, "y": 0.05, "duration_ms": 9}
    assert row_of("first_click_test", design, click) == {
        "task prompt": "Open your shopping cart.",
        "outcome": "success",
        "skipped": "false",
        "area code": "cart",
        "area label": "Cart",
        "x": 0.9,
        "y": 0.05,
        "duration_ms": 9,
    }
    skipped = row_of("first_click_test", design, {"task_id": "open-cart", "skipped": True})
    assert (skipped["outcome"], skipped["skipped"], skipped["area code"], skipped["x"]) == ("skip", "true", None, None)


def test_five_seconds() -> None:
    answers = [{"question_id": "colour", "value": "red"}, {"question_id": "offer", "value": "Flights"}]
    result = {"exposure_ms": 5004, "answers": answers, "duration_ms": 9}
    assert row_of("five_second_test", design_of("five_second_test"), result) == {
        "exposure_ms": 5004,
        "offer code": None,
        "What does the company offer? label": "Flights",
        "colour code": "red",
        "Which colour did the logo have? label": "Red",
        "duration_ms": 9,
    }


def test_preference() -> None:
    design = design_of("preference_test")
    chosen = {"option_id": "bold", "order": ["dense", "bold", "calm"], "reason": "nice", "duration_ms": 9}
    assert row_of("preference_test", design, chosen) == {
        "option code": "bold",
        "option label": "Bold",
        "order codes": "dense;bold;calm",
        "first shown label": "Dense",
        "reason": "nice",
        "duration_ms": 9,
    }
    none = row_of("preference_test", design, {"option_id": None, "duration_ms": 9})
    assert (none["option code"], none["option label"], none["first shown label"]) == (None, None, None)


def test_prototype() -> None:
    visits = [
        {"screen_id": "home", "duration_ms": 5, "clicks": 2, "misclicks": 1},
        {"screen_id": "thanks", "duration_ms": 4, "clicks": 0, "misclicks": 0},
    ]
    walk = {"path": ["home", "thanks"], "clicks": 2, "misclicks": 1, "duration_ms": 9, "ease": 7, "screens": visits}
    assert row_of("prototype_test", design_of("prototype_test"), {"task_id": "buy", **walk}) == {
        "task prompt": "Buy the blue lamp.",
        "outcome": "indirect_success",
        "gave_up": "false",
        "path codes": "home;thanks",
        "path labels": "Home;Thank you",
        "clicks": 2,
        "misclicks": 1,
        "ease": 7,
        "duration_ms": 9,
        "screen durations_ms": "5;4",
    }


def test_live_website() -> None:
    visits = [
        {"url": "https://shop.example/?a=1", "duration_ms": 4},
        {"url": "https://shop.example/b", "duration_ms": 5},
    ]
    result = {"task_id": "find-price", "visits": visits, "self_reported": "completed", "duration_ms": 9}
    assert row_of("live_website_test", design_of("live_website_test"), result) == {
        "task prompt": "What does the small plan cost?",
        "outcome": "unfinished",
        "self_reported": "completed",
        "gave_up": "false",
        "pages": "/;/b",
        "urls": "https://shop.example/;https://shop.example/b",
        "ease": None,
        "duration_ms": 9,
        "page durations_ms": "4;5",
    }


def test_interview() -> None:
    result = {
        "status": "completed",
        "started_at": "2026-01-05T09:00:00Z",
        "answers": [{"question_id": "went-well", "text": "All"}],
        "notes": [{"text": "likes it", "tags": ["trust", "price"]}, {"text": "dear", "tags": ["price"]}],
    }
    assert row_of("interview", design_of("interview"), result) == {
        "status": "completed",
        "scheduled_at": None,
        "started_at": "2026-01-05T09:00:00.000Z",
        "ended_at": None,
        "last-time When did you last buy something from us?": None,
        "went-well What went well?": "All",
        "went-wrong What went wrong?": None,
        "notes": "likes it;dear",
        "tags": "trust;price",
    }
