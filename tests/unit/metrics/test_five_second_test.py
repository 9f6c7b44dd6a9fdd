"""Five-second tests: exposure, recalled keywords and words."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.domain.study_types.designs import design_of
from tests.unit.metrics.people import assert_folding_leaves_no_trace, people_of, person_of, state_of
from trimetric.metrics.five_second_test import summarise
from trimetric.metrics.state import Person, State
from trimetric.metrics.words import contains_any

TEST = design_of("five_second_test")
WITHOUT_KEYWORDS = design_of("five_second_test", questions=[{"id": "offer", "prompt": "What?", "kind": "text"}])


def remembered(exposure_ms: int = 5000, **answers: str) -> Person:
    return person_of(
        {
            "exposure_ms": exposure_ms,
            "answers": [{"question_id": key, "value": value} for key, value in answers.items()],
            "duration_ms": 1,
        }
    )


def summary_of(*people: Person) -> dict[str, Any]:
    return summarise(TEST, state_of("five_second_test", TEST, list(people)))


@settings(max_examples=1000, deadline=None)
@given(people_of("five_second_test", TEST), st.randoms(use_true_random=False))
def test_folding_leaves_no_trace(people: list[Person], rng: random.Random) -> None:
    assert_folding_leaves_no_trace("five_second_test", TEST, people, rng)


def test_exposures_more_than_half_a_second_off() -> None:
    summary = summary_of(*map(remembered, (4499, 4500, 5000, 5500, 5501)))
    assert summary["exposure_off"] == 2
    assert summary["exposure_ms"]["mean"] == 5000
    assert summary["exposure_ms"]["n"] == 5


def test_recall_counts_whole_words_among_everybody() -> None:
    people = [
        remembered(offer="Cheap FLIGHTS to Rome"),
        remembered(offer="one flight, two flights"),
        remembered(offer="a flight"),
        remembered(offer="  "),
        remembered(),
    ]
    offer = summary_of(*people)["questions"][0]
    assert (offer["recall"]["count"], offer["recall"]["n"]) == (2, 5)
    assert (offer["shown"], offer["answered"], offer["skipped"], offer["empty"]) == (5, 3, 2, 2)
    assert offer["words"][0] == {"word": "flight", "participants": 2, "occurrences": 2}
    assert {"bigram": "to rome", "participants": 1, "occurrences": 1} in offer["bigrams"]


def test_without_keywords_there_is_no_recall() -> None:
    state = state_of("five_second_test", WITHOUT_KEYWORDS, [remembered(offer="flights")])
    recall = summarise(WITHOUT_KEYWORDS, state)["questions"][0]["recall"]
    assert recall == {"count": 0, "n": 0, "rate": None, "ci95": None}


def test_choices_are_those_of_people_who_answered() -> None:
    colour = summary_of(remembered(colour="blue"), remembered(colour="red"), remembered())["questions"][1]
    assert [(row["id"], row["label"], row["count"], row["n"]) for row in colour["options"]] == [
        ("blue", "Blue", 1, 2),
        ("red", "Red", 1, 2),
        ("do-not-know", "Do not know", 0, 2),
    ]


def test_only_analysed_people_and_known_questions_count() -> None:
    people = [
        person_of(completed=False),
        person_of(excluded=True),
        person_of(),
        remembered(gone="what?"),
    ]
    summary = summary_of(*people)
    assert {block["shown"] for block in summary["questions"]} == {2}
    assert {block["answered"] for block in summary["questions"]} == {0}


def test_nobody_gives_nulls() -> None:
    summary = summarise(TEST, State())
    assert summary["exposure_ms"] == {"n": 0, "mean": None, "sd": None, "ci95": None}
    assert summary["exposure_off"] == 0
    assert summary["questions"][0]["recall"]["rate"] is None


@settings(max_examples=200, deadline=None)
@given(people_of("five_second_test", TEST))
def test_recall_is_that_of_the_raw_answers(people: list[Person]) -> None:
    keywords = TEST.settings["questions"][0]["keywords"]
    analysed = [person.results[0] for person in people if person.analysed]
    texts = [each["value"] for result in analysed for each in result["answers"] if each["question_id"] == "offer"]
    summary = summary_of(*people)
    assert summary["questions"][0]["recall"]["count"] == sum(contains_any(text, keywords) for text in texts)
    if analysed:
        assert summary["exposure_ms"]["mean"] == pytest.approx(
            sum(result["exposure_ms"] for result in analysed) / len(analysed)
        )
