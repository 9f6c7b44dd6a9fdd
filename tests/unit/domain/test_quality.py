"""Flags of data quality."""

from typing import Any

import pytest

from trimetric.domain.quality import flags_of
from trimetric.domain.study_types.design import Design, Question

SURVEY = Design(
    settings={},
    questions=(
        *(Question(f"r{number}", "rating", "?", False, min=1, max=5) for number in range(5)),
        Question("n", "nps", "?", False),
        Question("sus", "sus", "?", False),
        Question("why", "text", "?", False),
        Question("how", "text", "?", False),
    ),
)
IMPRESSIONS = Design(settings={"questions": [{"id": "why", "kind": "text"}, {"id": "what", "kind": "single_choice"}]})
NO_TEXT = Design(settings={"questions": [{"id": "what", "kind": "single_choice"}]})
PLAIN = Design(settings={})


def answers(**values: Any) -> list[dict[str, Any]]:
    return [{"answers": [{"question_id": name, "value": value} for name, value in values.items()]}]


def piles(*groups: str) -> list[dict[str, Any]]:
    return [{"placements": [{"card_id": str(place), "group": group} for place, group in enumerate(groups)]}]


RATINGS = {f"r{number}": 3 for number in range(5)}
ITEMS = [1, 2, 3, 4, 5, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("study_type", "design", "payloads", "expected"),
    [
        pytest.param("tree_test", PLAIN, [], (), id="no results, no flags"),
        pytest.param("tree_test", PLAIN, [{"skipped": True}, {"skipped": True}], ("all_skipped",), id="skipped all"),
        pytest.param("tree_test", PLAIN, [{"skipped": True}, {"skipped": False}], (), id="skipped one"),
        pytest.param("prototype_test", PLAIN, [{"gave_up": True}], ("all_skipped",), id="gave up everywhere"),
        pytest.param("first_click_test", PLAIN, [{"x": 0.5, "y": 0.5}], (), id="clicked"),
        pytest.param("card_sort", PLAIN, piles("a", "a", "a"), ("single_pile",), id="one pile"),
        pytest.param("card_sort", PLAIN, piles("a", "b", "c"), ("single_pile",), id="a pile for each card"),
        pytest.param("card_sort", PLAIN, piles("a", "a", "b"), (), id="two piles"),
        pytest.param("card_sort", PLAIN, piles("a", "a"), (), id="too few cards to tell"),
        pytest.param("survey", SURVEY, answers(**RATINGS, why="x"), ("straight_line",), id="five equal ratings"),
        pytest.param("survey", SURVEY, answers(**{**RATINGS, "r4": 4}, n=3, why="x"), (), id="four equal ratings"),
        pytest.param("survey", SURVEY, answers(sus=[3] * 10, why="x"), ("straight_line",), id="one column of a SUS"),
        pytest.param("survey", SURVEY, answers(sus=ITEMS, why="x"), (), id="a SUS that was read"),
        pytest.param("survey", SURVEY, answers(n=3), ("empty_open_text",), id="open questions left out"),
        pytest.param("survey", SURVEY, answers(why=" ", how=""), ("empty_open_text",), id="open questions left blank"),
        pytest.param("survey", SURVEY, answers(how="so"), (), id="one open question answered"),
        pytest.param("five_second_test", IMPRESSIONS, answers(what="a"), ("empty_open_text",), id="no impression"),
        pytest.param("five_second_test", IMPRESSIONS, answers(why="a"), (), id="an impression"),
        pytest.param("five_second_test", NO_TEXT, answers(what="a"), (), id="nothing to write"),
        pytest.param("preference_test", PLAIN, [{"option_id": None}], (), id="a type without flags"),
    ],
)
def test_flags(study_type: str, design: Design, payloads: list[dict[str, Any]], expected: tuple[str, ...]) -> None:
    assert flags_of(study_type, design, payloads) == expected
