"""trimetric.domain.experience.surveys"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimetric.domain.experience.surveys import (
    MAX_STEPS,
    Question,
    Replacement,
    Status,
    Survey,
    number,
    questions_of,
)
from trimetric.errors import NotFound, SurveyInUse, ValidationFailed

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=20)
IDS = st.sampled_from(["q1", "q2", "q3", "q4", "q12", "own", "other"])


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(["nps", "rating", "choice", "multi_choice", "text", "boolean"]))
    body: dict[str, Any] = {"type": kind, "text": draw(TEXT), "required": draw(st.booleans())}
    if kind in ("choice", "multi_choice"):
        labels = draw(st.lists(TEXT, min_size=1, max_size=5, unique=True))
        body["options"] = [{"label": label} for label in labels]
    if kind == "rating" and draw(st.booleans()):
        body["min"] = draw(st.integers(-1_000, 900))
        body["max"] = body["min"] + draw(st.integers(1, MAX_STEPS))
    return body


@st.composite
def questionnaires(draw: st.DrawFn) -> list[dict[str, Any]]:
    asked = draw(st.lists(bodies(), max_size=8))
    named = draw(st.lists(IDS, unique=True, max_size=len(asked)))
    for body, question_id in zip(asked, named, strict=False):
        body["id"] = question_id
    return draw(st.permutations(asked))


@given(questionnaires())
def test_ids_are_unique_kept_where_given_and_always_the_same(asked: list[dict[str, Any]]) -> None:
    questions = questions_of(asked)
    ids = [question.id for question in questions]
    assert len(set(ids)) == len(ids)
    assert all(body.get("id") in (None, made) for body, made in zip(asked, ids, strict=True))
    assert questions_of(asked) == questions


@given(questionnaires())
def test_what_is_shown_means_the_same_questions_when_it_is_sent_or_kept(asked: list[dict[str, Any]]) -> None:
    questions = questions_of(asked)
    shown = [question.public() for question in questions]
    assert questions_of(shown) == questions
    assert tuple(map(Question.from_document, shown)) == questions


@given(questionnaires(), st.data())
def test_an_id_that_stands_twice_is_refused_once_for_each_time_too_many(
    asked: list[dict[str, Any]], data: st.DataObject
) -> None:
    given_ids = [body for body in asked if "id" in body]
    if not given_ids:
        return
    doubled = [*asked, {**data.draw(st.sampled_from(given_ids))}]
    with pytest.raises(ValidationFailed) as refused:
        questions_of(doubled)
    assert [detail.field for detail in refused.value.details] == [f"questions[{len(asked)}].id"]


@pytest.mark.parametrize("text", ["1", "237", "9999999999"])
def test_a_number_in_a_path_is_a_survey(text: str) -> None:
    assert number(text) == int(text)


@pytest.mark.parametrize("text", ["", "0", "00", "01", "-1", "+1", "1.0", "1e3", "10000000000", "٣", "1\n", "x"])
def test_anything_else_in_a_path_is_none(text: str) -> None:
    with pytest.raises(NotFound):
        number(text)


SURVEY = Survey(
    id=1,
    name="Stay",
    status=Status.ACTIVE,
    questions=(Question("a", "text", "?"),),
    created_at="2026-01-31T09:30:00.000Z",
    updated_at="2026-01-31T09:30:00.000Z",
    version=4,
    admits=2,
)
OTHERWISE = (Question("b", "text", "?"),)
DRAFT, ACTIVE, CLOSED = Status.DRAFT, Status.ACTIVE, Status.CLOSED


@pytest.mark.parametrize(
    ("before", "after", "asks_otherwise", "moves", "needs_none"),
    [
        (DRAFT, DRAFT, False, False, False),
        (DRAFT, DRAFT, True, False, False),
        (DRAFT, ACTIVE, False, True, False),
        (DRAFT, ACTIVE, True, True, True),
        (DRAFT, CLOSED, True, False, False),
        (ACTIVE, ACTIVE, False, False, False),
        (ACTIVE, ACTIVE, True, True, True),
        (ACTIVE, CLOSED, False, True, False),
        (ACTIVE, CLOSED, True, True, True),
        (ACTIVE, DRAFT, False, True, True),
        (CLOSED, CLOSED, False, False, False),
        (CLOSED, CLOSED, True, False, False),
        (CLOSED, ACTIVE, False, True, False),
        (CLOSED, ACTIVE, True, True, True),
        (CLOSED, DRAFT, False, True, True),
        (CLOSED, DRAFT, True, True, True),
    ],
)
def test_what_a_replacement_asks_of_responses(
    before: Status, after: Status, *, asks_otherwise: bool, moves: bool, needs_none: bool
) -> None:
    seen = Survey(1, "Stay", before, SURVEY.questions, SURVEY.created_at, SURVEY.updated_at, version=4, admits=2)
    planned = Replacement.of(
        seen,
        name="Renamed",
        status=after,
        questions=OTHERWISE if asks_otherwise else seen.questions,
        now="2026-02-01T00:00:00.000Z",
    )
    assert (planned.moves_the_gates, planned.needs_no_responses) == (moves, needs_none)
    assert planned.survey.version == 5
    assert planned.survey.admits == (5 if moves else 2)
    if needs_none:
        with pytest.raises(SurveyInUse):
            planned.refuse_in_use()
    else:
        planned.refuse_in_use()
