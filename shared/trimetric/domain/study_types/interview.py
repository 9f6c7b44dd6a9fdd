"""Interview: appointments, answers to a guide, and the researcher's tagged notes."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal, NotRequired

from pydantic import Field, StringConstraints, TypeAdapter, with_config
from typing_extensions import TypedDict

from trimetric.domain import times
from trimetric.domain.study_types import Cell, Payload, Settings
from trimetric.domain.study_types.columns import joined, unique
from trimetric.domain.study_types.design import Design
from trimetric.domain.study_types.members import (
    DEFERRED,
    STRICT,
    Answer,
    Id,
    Prompt,
    add_repeated,
    ids_of,
    is_blank,
    placed,
    refuse_repeated_ids,
)
from trimetric.domain.study_types.results import add_second
from trimetric.domain.validation import TEXT_PATTERN, Problems, parse
from trimetric.errors import FieldError

MAX_GUIDE: Final = 200
MAX_NOTES: Final = 500
MAX_TAGS: Final = 50

_INSTANTS: Final = ("scheduled_at", "started_at", "ended_at")

_Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=TEXT_PATTERN)]
_Instant = Annotated[str, StringConstraints(max_length=50, pattern=TEXT_PATTERN)]


@with_config(STRICT)
class _GuideQuestion(TypedDict):
    id: Id
    question: NotRequired[Prompt]


@with_config(STRICT)
class _Settings(TypedDict, total=False):
    mode: Literal["guided", "live"]
    guide: Annotated[list[_GuideQuestion], Field(max_length=MAX_GUIDE)]


@with_config(STRICT)
class _Answer(TypedDict):
    question_id: Id
    text: Answer


@with_config(STRICT)
class _Note(TypedDict):
    text: Answer
    tags: NotRequired[Annotated[list[_Tag], Field(max_length=MAX_TAGS)]]
    sentiment: NotRequired[Annotated[int, Field(ge=-1, le=1)] | None]


@with_config(STRICT)
class _Result(TypedDict):
    status: Literal["scheduled", "completed", "no_show", "cancelled"]
    scheduled_at: NotRequired[_Instant | None]
    started_at: NotRequired[_Instant | None]
    ended_at: NotRequired[_Instant | None]
    answers: NotRequired[Annotated[list[_Answer], Field(max_length=MAX_GUIDE)]]
    notes: NotRequired[Annotated[list[_Note], Field(max_length=MAX_NOTES)]]


_SETTINGS: Final = TypeAdapter(_Settings)
_RESULTS: Final = TypeAdapter(Annotated[list[_Result], Field(max_length=MAX_GUIDE)], config=DEFERRED)


def questions_of(design: Design) -> dict[str, str]:
    """Questions by id, in the order of the guide."""
    return design.derived("guide", lambda: {each["id"]: each["question"] for each in design.settings["guide"]})


def default_settings() -> Settings:
    return {"mode": "guided", "guide": []}


def merge_settings(current: Settings, raw: object, *, field: str = "study.settings") -> Settings:
    given: Settings = {**parse(_SETTINGS, raw, field=field)}
    if "guide" in given:
        refuse_repeated_ids(ids_of(f"{field}.guide", given["guide"]))
        given["guide"] = [{"id": each["id"], "question": each.get("question", "")} for each in given["guide"]]
    return {**current, **given}


def editable_after_publish(current: Settings, raw: object) -> bool:
    return raw == {}


def missing_for_publish(design: Design) -> list[FieldError]:
    problems = Problems()
    if design.settings["mode"] == "guided" and not design.settings["guide"]:
        problems.add("study.settings.guide", "a guided interview needs at least 1 question")
    for place, each in enumerate(design.settings["guide"]):
        if is_blank(each["question"]):
            problems.add(f"study.settings.guide[{place}].question", "must not be blank")
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
    payloads = [_payload(result, problems, field=f"{field}[{place}]") for place, result in enumerate(results)]
    for place, payload in enumerate(payloads):
        _add_inconsistent(problems, design, payload, field=f"{field}[{place}]")
    problems.refuse()
    return payloads


def _payload(result: _Result, problems: Problems, *, field: str) -> Payload:
    given: Mapping[str, Any] = result
    return {
        "status": given["status"],
        **{name: _instant(given.get(name), problems, field=f"{field}.{name}") for name in _INSTANTS},
        "answers": [{**answer} for answer in given.get("answers", ())],
        "notes": [
            {"text": note["text"], "tags": note.get("tags", []), "sentiment": note.get("sentiment")}
            for note in given.get("notes", ())
        ],
    }


def _instant(text: str | None, problems: Problems, *, field: str) -> str | None:
    if text is None:
        return None
    try:
        return times.to_text(times.parse(text))
    except ValueError as error:
        problems.add(field, str(error))
        return None


def _add_inconsistent(problems: Problems, design: Design, payload: Payload, *, field: str) -> None:
    started, ended = payload["started_at"], payload["ended_at"]
    if started is not None and ended is not None and ended < started:
        problems.add(f"{field}.ended_at", "must not be before started_at")
    asked = [(f"{field}.answers[{place}].question_id", each["question_id"]) for place, each in _numbered(payload)]
    add_repeated(problems, asked, message="is answered twice")
    for path, question_id in asked:
        if question_id not in questions_of(design):
            problems.add(path, "is not a question of this study's guide")
    for place, note in enumerate(payload["notes"]):
        add_repeated(problems, placed(f"{field}.notes[{place}].tags", note["tags"]))


def _numbered(payload: Payload) -> list[tuple[int, dict[str, str]]]:
    return list(enumerate(payload["answers"]))


def task_of(payload: Payload) -> str | None:
    return None


def outcome(design: Design, payload: Payload) -> str | None:
    return None


def runner_view(design: Design) -> dict[str, Any]:
    return {"mode": design.settings["mode"], "guide": design.settings["guide"]}


def csv_columns(design: Design) -> list[str]:
    answers = [f"{question_id} {question}" for question_id, question in questions_of(design).items()]
    return unique(["status", *_INSTANTS, *answers, "notes", "tags"])


def csv_row(design: Design, payload: Payload) -> list[Cell]:
    answers = {answer["question_id"]: answer["text"] for answer in payload["answers"]}
    tags = {tag: None for note in payload["notes"] for tag in note["tags"]}
    return [
        payload["status"],
        *(payload[name] for name in _INSTANTS),
        *(answers.get(question_id) for question_id in questions_of(design)),
        joined(note["text"] for note in payload["notes"]),
        joined(tags),
    ]
