"""Five-second test: a picture is shown for a moment, then participants say what they remember."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal, NotRequired

from pydantic import Field, StringConstraints, TypeAdapter, with_config
from typing_extensions import TypedDict

from trimetric.domain.study_types import Cell, Payload, Settings
from trimetric.domain.study_types.columns import unique
from trimetric.domain.study_types.design import Design
from trimetric.domain.study_types.members import (
    DEFERRED,
    MAX_OPTIONS,
    STRICT,
    Answer,
    Id,
    Image,
    LabelledOption,
    Milliseconds,
    Prompt,
    add_repeated,
    ids_of,
    is_blank,
    refuse_repeated_ids,
)
from trimetric.domain.study_types.results import add_second
from trimetric.domain.validation import TEXT_PATTERN, Problems, parse
from trimetric.errors import FieldError

MAX_IMPRESSIONS: Final = 50
MAX_KEYWORDS: Final = 100

_Keyword = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=TEXT_PATTERN)]


@with_config(STRICT)
class _Question(TypedDict):
    id: Id
    prompt: NotRequired[Prompt]
    kind: Literal["text", "single_choice"]
    options: NotRequired[Annotated[list[LabelledOption], Field(max_length=MAX_OPTIONS)]]
    keywords: NotRequired[Annotated[list[_Keyword], Field(max_length=MAX_KEYWORDS)]]


@with_config(STRICT)
class _Settings(TypedDict, total=False):
    image: Image | None
    exposure_ms: Annotated[int, Field(ge=1, le=600_000)]
    questions: Annotated[list[_Question], Field(max_length=MAX_IMPRESSIONS)]


@with_config(STRICT)
class _Answer(TypedDict):
    question_id: Id
    value: Answer


@with_config(STRICT)
class _Result(TypedDict):
    exposure_ms: Milliseconds
    answers: Annotated[list[_Answer], Field(max_length=MAX_IMPRESSIONS)]
    duration_ms: Milliseconds


_SETTINGS: Final = TypeAdapter(_Settings)
_RESULTS: Final = TypeAdapter(Annotated[list[_Result], Field(max_length=MAX_IMPRESSIONS)], config=DEFERRED)


def questions_of(design: Design) -> dict[str, dict[str, Any]]:
    return design.derived("questions", lambda: {each["id"]: each for each in design.settings["questions"]})


def default_settings() -> Settings:
    return {"image": None, "exposure_ms": 5000, "questions": []}


def merge_settings(current: Settings, raw: object, *, field: str = "study.settings") -> Settings:
    given: Settings = {**parse(_SETTINGS, raw, field=field)}
    if "questions" in given:
        path = f"{field}.questions"
        given["questions"] = [
            _question(question, field=f"{path}[{place}]") for place, question in enumerate(given["questions"])
        ]
        refuse_repeated_ids([*ids_of(path, given["questions"]), *_option_ids(given["questions"], field=path)])
    return {**current, **given}


def _option_ids(questions: Sequence[Mapping[str, Any]], *, field: str) -> list[tuple[str, str]]:
    return [
        each
        for place, question in enumerate(questions)
        for each in ids_of(f"{field}[{place}].options", question["options"])
    ]


def _question(question: Mapping[str, Any], *, field: str) -> dict[str, Any]:
    problems = Problems()
    foreign = "options" if question["kind"] == "text" else "keywords"
    if question.get(foreign):
        problems.add(f"{field}.{foreign}", f"is not a member of a {question['kind']} question")
    problems.refuse()
    return {
        "id": question["id"],
        "prompt": question.get("prompt", ""),
        "kind": question["kind"],
        "options": question.get("options", []),
        "keywords": question.get("keywords", []),
    }


def editable_after_publish(current: Settings, raw: object) -> bool:
    return raw == {}


def missing_for_publish(design: Design) -> list[FieldError]:
    problems = Problems()
    if design.settings["image"] is None:
        problems.add("study.settings.image", "is required")
    field = "study.settings.questions"
    if not design.settings["questions"]:
        problems.add(field, "a five-second test needs at least 1 question")
    for place, question in enumerate(design.settings["questions"]):
        if is_blank(question["prompt"]):
            problems.add(f"{field}[{place}].prompt", "must not be blank")
        if question["kind"] == "single_choice" and not question["options"]:
            problems.add(f"{field}[{place}].options", "needs at least 1 option")
    return problems.found


def parse_results(
    design: Design,
    raw_results: object,
    *,
    field: str = "results",
    existing: Sequence[Payload] = (),
    in_progress: bool = False,
) -> list[Payload]:
    results = parse(_RESULTS, raw_results, field=field)
    problems = Problems()
    add_second(problems, results, existing=existing, field=field)
    for place, result in enumerate(results):
        _add_wrong_answers(problems, design, result["answers"], field=f"{field}[{place}].answers")
    problems.refuse()
    return [
        {
            "exposure_ms": result["exposure_ms"],
            "answers": [{**answer} for answer in result["answers"]],
            "duration_ms": result["duration_ms"],
        }
        for result in results
    ]


def _add_wrong_answers(problems: Problems, design: Design, answers: Sequence[_Answer], *, field: str) -> None:
    questions = questions_of(design)
    ids = [(f"{field}[{place}].question_id", answer["question_id"]) for place, answer in enumerate(answers)]
    add_repeated(problems, ids, message="is answered twice")
    for place, answer in enumerate(answers):
        question = questions.get(answer["question_id"])
        if question is None:
            problems.add(f"{field}[{place}].question_id", "is not a question of this study")
        elif question["kind"] == "single_choice" and answer["value"] not in _labels(question):
            problems.add(f"{field}[{place}].value", "is not an option of this question")


def _labels(question: Mapping[str, Any]) -> dict[str, str]:
    return {option["id"]: option["label"] for option in question["options"]}


def task_of(payload: Payload) -> str | None:
    return None


def outcome(design: Design, payload: Payload) -> str | None:
    return None


def runner_view(design: Design) -> dict[str, Any]:
    """Without the keywords."""
    shown = ("id", "prompt", "kind", "options")
    return {
        "image": design.settings["image"],
        "exposure_ms": design.settings["exposure_ms"],
        "questions": [{name: question[name] for name in shown} for question in design.settings["questions"]],
    }


def csv_columns(design: Design) -> list[str]:
    """Two columns a question: the option's id (empty for text) and the answer as people read it."""
    questions = [
        name for each in design.settings["questions"] for name in (f"{each['id']} code", f"{each['prompt']} label")
    ]
    return unique(["exposure_ms", *questions, "duration_ms"])


def csv_row(design: Design, payload: Payload) -> list[Cell]:
    values = {answer["question_id"]: answer["value"] for answer in payload["answers"]}
    row: list[Cell] = [payload["exposure_ms"]]
    for question in design.settings["questions"]:
        value = values.get(question["id"])
        if value is None or question["kind"] == "text":
            row += (None, value)
        else:
            row += (value, _labels(question)[value])
    return [*row, payload["duration_ms"]]
