"""Survey: questions of thirteen kinds, answered once by each participant."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final

from pydantic import Field, TypeAdapter, with_config
from typing_extensions import TypedDict

from trimetric.domain.study_types import Cell, Payload, Settings
from trimetric.domain.study_types.columns import joined, unique, yes_no
from trimetric.domain.study_types.design import MAX_QUESTIONS, Design, Question
from trimetric.domain.study_types.members import (
    DEFERRED,
    MAX_ANSWER,
    STRICT,
    Id,
    Milliseconds,
    add_repeated,
    is_blank,
)
from trimetric.domain.study_types.results import add_second
from trimetric.domain.validation import Problems, parse
from trimetric.errors import FieldError

#: Lowest and highest answer of the scales that a kind fixes.
SCALES: Final[Mapping[str, tuple[int, int]]] = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7), "seq": (1, 7)}
#: Number of items, lowest and highest answer of the questionnaires.
BATTERIES: Final[Mapping[str, tuple[int, int, int]]] = {
    "sus": (10, 1, 5),
    "umux_lite": (2, 1, 7),
    "nasa_tlx": (6, 0, 100),
}


@with_config(STRICT)
class _Settings(TypedDict):
    pass


@with_config(STRICT)
class _Answer(TypedDict):
    question_id: Id
    value: Any


@with_config(STRICT)
class _Result(TypedDict):
    answers: Annotated[list[_Answer], Field(max_length=MAX_QUESTIONS)]
    duration_ms: Milliseconds


_SETTINGS: Final = TypeAdapter(_Settings)
_RESULTS: Final = TypeAdapter(Annotated[list[_Result], Field(max_length=MAX_QUESTIONS)], config=DEFERRED)


def questions_of(design: Design) -> dict[str, Question]:
    return design.derived("questions", lambda: {question.id: question for question in design.questions})


def scale_of(question: Question) -> tuple[int, int]:
    """Lowest and highest answer of a rating, nps, csat, ces or seq question."""
    if question.min is not None and question.max is not None:
        return question.min, question.max
    return SCALES[question.kind]


def default_settings() -> Settings:
    return {}


def merge_settings(current: Settings, raw: object, *, field: str = "study.settings") -> Settings:
    """A survey has no settings; its questions are content."""
    parse(_SETTINGS, raw, field=field)
    return {**current}


def editable_after_publish(current: Settings, raw: object) -> bool:
    return raw == {}


def missing_for_publish(design: Design) -> list[FieldError]:
    return [] if design.questions else [FieldError("study.questions", "a survey needs at least 1 question")]


def parse_results(
    design: Design,
    raw_results: object,
    *,
    field: str = "results",
    existing: Sequence[Payload] = (),
    in_progress: bool = False,
) -> list[Payload]:
    """People in progress may have required questions open; drop-off counts them by the last one they answered."""
    results = parse(_RESULTS, raw_results, field=field)
    problems = Problems()
    add_second(problems, results, existing=existing, field=field)
    for place, result in enumerate(results):
        _add_wrong_answers(problems, design, result, field=f"{field}[{place}].answers")
        if not in_progress:
            _add_unanswered(problems, design, result, field=f"{field}[{place}].answers")
    problems.refuse()
    return [
        {"answers": [{**answer} for answer in result["answers"]], "duration_ms": result["duration_ms"]}
        for result in results
    ]


def _add_wrong_answers(problems: Problems, design: Design, result: _Result, *, field: str) -> None:
    questions = questions_of(design)
    ids = [(f"{field}[{place}].question_id", answer["question_id"]) for place, answer in enumerate(result["answers"])]
    add_repeated(problems, ids, message="is answered twice")
    for place, answer in enumerate(result["answers"]):
        question = questions.get(answer["question_id"])
        if question is None:
            problems.add(f"{field}[{place}].question_id", "is not a question of this study")
        else:
            add_misfit(problems, question, answer["value"], field=f"{field}[{place}].value")


def _add_unanswered(problems: Problems, design: Design, result: _Result, *, field: str) -> None:
    answered = {
        answer["question_id"]
        for answer in result["answers"]
        if not isinstance(answer["value"], str) or not is_blank(answer["value"])
    }
    for question in design.questions:
        if question.required and question.id not in answered:
            problems.add(field, f"must answer the required question {question.id}")


def add_misfit(problems: Problems, question: Question, value: object, *, field: str) -> None:
    """Problems where `value` is not an answer to `question`."""
    _CHECKS[question.kind](problems, question, value, field)


def _check_option(problems: Problems, question: Question, value: object, field: str) -> None:
    if not isinstance(value, str):
        problems.add(field, "must be the id of an option")
    elif value not in {option.id for option in question.options}:
        problems.add(field, "is not an option of this question")


def _check_options(problems: Problems, question: Question, value: object, field: str) -> None:
    if not isinstance(value, list) or not value:
        problems.add(field, "must be a list of option ids with at least 1 member; leave an open question out")
        return
    if len(value) > len(question.options):
        problems.add(field, f"must have at most {len(question.options)} members")
        return
    for place, chosen in enumerate(value):
        _check_option(problems, question, chosen, f"{field}[{place}]")
    add_repeated(problems, [(f"{field}[{place}]", each) for place, each in enumerate(value) if isinstance(each, str)])


def _check_boolean(problems: Problems, question: Question, value: object, field: str) -> None:
    if not isinstance(value, bool):
        problems.add(field, "must be true or false")


def _check_scale(problems: Problems, question: Question, value: object, field: str) -> None:
    low, high = scale_of(question)
    if not _is_between(value, low, high):
        problems.add(field, f"must be an integer from {low} to {high}")


def _check_battery(problems: Problems, question: Question, value: object, field: str) -> None:
    items, low, high = BATTERIES[question.kind]
    if not isinstance(value, list) or len(value) != items:
        problems.add(field, f"must be a list of {items} integers")
        return
    for place, item in enumerate(value):
        if not _is_between(item, low, high):
            problems.add(f"{field}[{place}]", f"must be an integer from {low} to {high}")


def _check_text(problems: Problems, question: Question, value: object, field: str) -> None:
    add_bad_text(problems, value, field=field)


def add_bad_text(problems: Problems, value: object, *, field: str) -> None:
    if not isinstance(value, str):
        problems.add(field, "must be a string")
    elif len(value) > MAX_ANSWER:
        problems.add(field, f"must have at most {MAX_ANSWER} characters")
    elif "\x00" in value:
        problems.add(field, "must not contain U+0000")
    elif any("\ud800" <= letter <= "\udfff" for letter in value):
        problems.add(field, "must not hold half of a surrogate pair")


def _is_between(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


_CHECKS: Final[Mapping[str, Callable[[Problems, Question, object, str], None]]] = {
    "single_choice": _check_option,
    "multiple_choice": _check_options,
    "ranking": _check_options,
    "boolean": _check_boolean,
    "rating": _check_scale,
    "nps": _check_scale,
    "csat": _check_scale,
    "ces": _check_scale,
    "seq": _check_scale,
    "sus": _check_battery,
    "umux_lite": _check_battery,
    "nasa_tlx": _check_battery,
    "text": _check_text,
}


def task_of(payload: Payload) -> str | None:
    return None


def outcome(design: Design, payload: Payload) -> str | None:
    return None


def runner_view(design: Design) -> dict[str, Any]:
    return {"questions": design.public_questions()}


def csv_columns(design: Design) -> list[str]:
    """Two columns a question: the answer as a code (option ids, numbers) and as people read it (labels, text)."""
    questions = [name for each in design.questions for name in (f"{each.id} code", f"{each.prompt} label")]
    return unique([*questions, "duration_ms"])


def csv_row(design: Design, payload: Payload) -> list[Cell]:
    values = {answer["question_id"]: answer["value"] for answer in payload["answers"]}
    row: list[Cell] = []
    for question in design.questions:
        row += _cells(question, values[question.id]) if question.id in values else (None, None)
    return [*row, payload["duration_ms"]]


def _cells(question: Question, value: Any) -> tuple[Cell, Cell]:
    if question.kind == "text":
        return None, value
    if question.kind == "boolean":
        return yes_no(value), "yes" if value else "no"
    if question.options:
        chosen = value if isinstance(value, list) else [value]
        labels = {option.id: option.label for option in question.options}
        return joined(chosen), joined(labels[option_id] for option_id in chosen)
    cell = joined(value) if isinstance(value, list) else value
    return cell, cell
