"""Answers that fit, and responses that are told apart."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.experience import QUESTIONS
from trimetric.domain import ids, times
from trimetric.domain.experience.answers import MAX_TEXT, add_misfits, is_blank, misfits
from trimetric.domain.experience.responses import Sent, day_of, month_of
from trimetric.domain.experience.surveys import Question
from trimetric.domain.validation import Problems

ASKED = {question.id: question for question in QUESTIONS}
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(QUESTIONS), json_values)
def test_any_value_fits_or_is_told_what_is_wrong(question: Question, value: Any) -> None:
    told = misfits(question, value)
    assert all(told)
    if told:
        return
    match question.type:
        case "nps" | "rating":
            assert type(value) is int
            assert question.scale[0] <= value <= question.scale[1]
        case "choice":
            assert value in {option.id for option in question.options}
        case "multi_choice":
            assert len(set(value)) == len(value) > 0
        case "text":
            assert isinstance(value, str)
        case _:
            assert isinstance(value, bool)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("a\x00b", "must not contain U+0000"),
        ("\ud800", "must not hold half of a surrogate pair"),
        ("x" * (MAX_TEXT + 1), "must have at most 5000 characters"),
    ],
)
def test_texts_that_cannot_be_kept(value: str, message: str) -> None:
    assert misfits(ASKED["why"], value) == [message]


@pytest.mark.parametrize("value", ["x" * MAX_TEXT, "", "🙂" * MAX_TEXT])
def test_texts_that_can(value: str) -> None:
    assert misfits(ASKED["why"], value) == []


def test_only_blank_texts_are_blank() -> None:
    others: list[object] = ["x", 0, False, [], None]
    assert is_blank("")
    assert is_blank(" \t\n")
    assert not any(map(is_blank, others))


def test_a_survey_that_asks_nothing_takes_nothing() -> None:
    problems = Problems()
    add_misfits(problems, (), [])
    assert problems.found == []
    add_misfits(problems, (), [{"question_id": "nps", "value": 1}])
    assert [(each.field, each.message) for each in problems.found] == [
        ("answers[0].question_id", "is not a question of this survey")
    ]


# -- responses ---------------------------------------------------------------------------------------------------------

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
SENT = Sent(
    device_id="kiosk",
    answers=({"question_id": "nps", "value": 1}, {"question_id": "again", "value": True}),
    language="de",
    external_id="k-1",
    submitted_at=NOW,
)


def test_content_is_the_same_in_any_order_and_offset() -> None:
    turned = replace(
        SENT, answers=SENT.answers[::-1], submitted_at=NOW.astimezone(timezone(timedelta(hours=-5))), external_id="k-2"
    )
    assert turned.fingerprint == SENT.fingerprint


@pytest.mark.parametrize(
    "change",
    [
        {"device_id": None},
        {"language": None},
        {"submitted_at": None},
        {"submitted_at": NOW + timedelta(milliseconds=1)},
        {"answers": SENT.answers[:1]},
        {"answers": ({"question_id": "nps", "value": True}, SENT.answers[1])},
    ],
)
def test_content_that_differs(change: dict[str, Any]) -> None:
    assert replace(SENT, **change).fingerprint != SENT.fingerprint


def test_a_response_without_a_time_was_submitted_when_it_arrived() -> None:
    response = replace(SENT, submitted_at=None).arrived(survey_id=7, now=NOW)
    assert response.submitted_at == response.created_at == times.to_text(NOW)
    assert response.submitted_millis == times.to_millis(NOW)


@given(st.integers(0, 2**48 - 1), st.integers(0, 2**48 - 1))
def test_ids_tell_their_time_and_sort_by_it(one: int, other: int) -> None:
    first, second = ids.new(ids.RESPONSE, millis=one), ids.new(ids.RESPONSE, millis=other)
    assert ids.millis(first) == one
    assert ids.millis(ids.before(ids.RESPONSE, millis=one)) == one
    if one != other:
        assert (first < second) is (one < other)
    assert (ids.before(ids.RESPONSE, millis=one) < second) is (one <= other)


@pytest.mark.parametrize(
    ("millis", "day"),
    [(0, "1970-01-01"), (86_399_999, "1970-01-01"), (86_400_000, "1970-01-02"), (2**49, "9999-12-31")],
)
def test_days_and_months_are_those_of_utc(millis: int, day: str) -> None:
    assert day_of(millis) == day
    assert month_of(millis) == day[:7]
