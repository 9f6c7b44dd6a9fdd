"""The design as a document, as answers show it, and how large it may be."""

import json
from hashlib import shake_256

import pytest

from tests.unit.domain.study_types.designs import design_of
from trimetric.domain.study_types import STUDY_TYPES
from trimetric.domain.study_types.design import Card, Design, Group, Option, Question
from trimetric.errors import ValidationFailed


@pytest.mark.parametrize("type_name", STUDY_TYPES)
def test_a_design_survives_its_document(type_name: str) -> None:
    design = design_of(type_name)
    document = json.loads(json.dumps(design.to_document()))
    assert Design.from_document(document) == design


def test_positions_are_places_in_the_tuples() -> None:
    design = Design({}, cards=(Card("b", "Bread"), Card("a", "Apple")), groups=(Group("g", "Food"),))
    assert design.public_cards() == [
        {"id": "b", "label": "Bread", "position": 0},
        {"id": "a", "label": "Apple", "position": 1},
    ]
    assert design.public_groups() == [{"id": "g", "label": "Food", "position": 0}]


def test_a_question_shows_only_the_members_of_its_kind() -> None:
    design = Design(
        {},
        questions=(
            Question("q1", "ranking", "Order", required=False, options=(Option("x", "X"),)),
            Question("q2", "rating", "Rate", required=True, min=0, max=10),
            Question("q3", "nps", "Recommend", required=False),
        ),
    )
    assert design.public_questions() == [
        {
            "id": "q1",
            "kind": "ranking",
            "prompt": "Order",
            "required": False,
            "options": [{"id": "x", "label": "X"}],
            "position": 0,
        },
        {"id": "q2", "kind": "rating", "prompt": "Rate", "required": True, "min": 0, "max": 10, "position": 1},
        {"id": "q3", "kind": "nps", "prompt": "Recommend", "required": False, "position": 2},
    ]


def test_what_follows_from_a_design_is_built_once_and_is_no_part_of_it() -> None:
    design = Design({"a": 1})
    first = design.derived("list", lambda: [1])
    assert design.derived("list", lambda: [2]) is first
    assert design == Design({"a": 1})
    assert "derived" not in repr(design)


def _scattered(seed: int) -> str:
    """2,000 ideographs without a pattern."""
    octets = shake_256(str(seed).encode()).digest(4_000)
    return "".join(
        chr(0x4E00 + int.from_bytes(octets[place : place + 2], "big") % 20_000) for place in range(0, 4_000, 2)
    )


def test_many_long_texts_that_do_not_compress_are_too_large() -> None:
    questions = tuple(Question(f"q{n}", "text", _scattered(n), required=False) for n in range(200))
    with pytest.raises(ValidationFailed) as refusal:
        Design({}, questions=questions).refuse_oversized(field="questions")
    assert refusal.value.details[0].field == "questions"


def test_texts_that_compress_well_are_too_large_once_no_answer_can_hold_them() -> None:
    options = tuple(Option(f"o{n}", "é" * 255) for n in range(100))
    questions = tuple(Question(f"q{n}", "ranking", "?", required=False, options=options) for n in range(20))
    with pytest.raises(ValidationFailed):
        Design({}, questions=questions).refuse_oversized(field="questions")


def test_a_full_card_sort_is_not_too_large() -> None:
    cards = tuple(Card(f"crd_{n:026}", "\U0001f600" * 255) for n in range(500))
    groups = tuple(Group(f"grp_{n:026}", "\U0001f600" * 255) for n in range(100))
    Design({}, cards=cards, groups=groups).refuse_oversized(field="cards")


@pytest.mark.parametrize("type_name", STUDY_TYPES)
def test_a_usual_design_is_not_too_large(type_name: str) -> None:
    design_of(type_name).refuse_oversized(field="study.settings")
