"""Answers to the questions of a survey: which values fit, and which questions must not be left open."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from trimetric.domain.experience.surveys import Question
from trimetric.domain.validation import Problems

#: Characters of an answered text.
MAX_TEXT: Final = 5_000

#: `question_id` and `value`.
Answer = Mapping[str, Any]


def add_misfits(
    problems: Problems, questions: Sequence[Question], answers: Sequence[Answer], *, field: str = "answers"
) -> None:
    """Problems for every unknown question, repeated answer, misfitting value and open required question."""
    asked = {question.id: question for question in questions}
    answered: set[str] = set()
    for place, answer in enumerate(answers):
        path, question_id = f"{field}[{place}]", answer["question_id"]
        if question_id not in asked:
            problems.add(f"{path}.question_id", "is not a question of this survey")
            continue
        if question_id in answered:
            problems.add(f"{path}.question_id", "is answered twice")
        answered.add(question_id)
        for message in misfits(asked[question_id], answer["value"]):
            problems.add(f"{path}.value", message)
    for question_id in _left_open(questions, answers):
        problems.add(field, f"must answer the required question {question_id}")


def _left_open(questions: Iterable[Question], answers: Iterable[Answer]) -> list[str]:
    given = {answer["question_id"] for answer in answers if not is_blank(answer["value"])}
    return [question.id for question in questions if question.required and question.id not in given]


def is_blank(value: object) -> bool:
    """Whether a text says nothing; it is kept, but answers no question."""
    return isinstance(value, str) and not value.strip()


def misfits(question: Question, value: object) -> list[str]:
    """What is wrong with `value` as an answer to `question`; empty if nothing is."""
    return _CHECKS[question.type](question, value)


def _scale(question: Question, value: object) -> list[str]:
    low, high = question.scale
    if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
        return []
    return [f"must be an integer from {low} to {high}"]


def _choice(question: Question, value: object) -> list[str]:
    if not isinstance(value, str):
        return ["must be the id of an option"]
    return [] if value in {option.id for option in question.options} else ["is not an option of this question"]


def _choices(question: Question, value: object) -> list[str]:
    if not isinstance(value, list) or not value:
        return ["must be a list of option ids with at least 1 member; leave an open question out"]
    known = {option.id for option in question.options}
    chosen = [option_id for option_id in value if isinstance(option_id, str) and option_id in known]
    if len(chosen) < len(value):
        return ["must hold ids of this question's options only"]
    return [] if len(set(chosen)) == len(chosen) else ["names an option twice"]


def _text(question: Question, value: object) -> list[str]:
    if not isinstance(value, str):
        return ["must be a string"]
    if len(value) > MAX_TEXT:
        return [f"must have at most {MAX_TEXT} characters"]
    if "\x00" in value:
        return ["must not contain U+0000"]
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        return ["must not hold half of a surrogate pair"]
    return []


def _boolean(question: Question, value: object) -> list[str]:
    return [] if isinstance(value, bool) else ["must be true or false"]


_CHECKS: Final[Mapping[str, Callable[[Question, object], list[str]]]] = {
    "nps": _scale,
    "rating": _scale,
    "choice": _choice,
    "multi_choice": _choices,
    "text": _text,
    "boolean": _boolean,
}
