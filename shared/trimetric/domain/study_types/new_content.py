"""Bodies of the content endpoints: labels of cards and groups, questions of a survey, and patches of each.

Limits beside those of a study: a label has 1 to 255 characters and is trimmed, a prompt 1 to 2,000, a question at most
100 options, a rating spans at most 100 steps.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, NotRequired

from pydantic import BeforeValidator, Field, StringConstraints, TypeAdapter, with_config
from typing_extensions import TypedDict

from trimetric.domain.study_types.design import MAX_CARDS, MAX_QUESTIONS, Option, Question
from trimetric.domain.study_types.members import (
    DEFERRED,
    MAX_OPTIONS,
    MAX_PROMPT,
    STRICT,
    Label,
    LabelledOption,
    add_repeated,
    ids_of,
)
from trimetric.domain.validation import NOT_BLANK_PATTERN, Problems, parse
from trimetric.errors import ValidationFailed

OPTION_KINDS: Final = frozenset({"single_choice", "multiple_choice", "ranking"})

Kind = Literal[
    "single_choice",
    "multiple_choice",
    "boolean",
    "rating",
    "nps",
    "csat",
    "ces",
    "seq",
    "sus",
    "umux_lite",
    "nasa_tlx",
    "ranking",
    "text",
]

_MAX_RATING_STEPS: Final = 100


def _with_ids(raw: object) -> object:
    """Bare strings are labels; their ids count from 1."""
    if not isinstance(raw, list):
        return raw
    return [
        {"id": str(number), "label": option} if isinstance(option, str) else option
        for number, option in enumerate(raw, start=1)
    ]


_Options = Annotated[list[LabelledOption], Field(min_length=1, max_length=MAX_OPTIONS), BeforeValidator(_with_ids)]
_Text = Annotated[str, StringConstraints(max_length=MAX_PROMPT, pattern=NOT_BLANK_PATTERN)]
_Bound = Annotated[int, Field(ge=-1_000, le=1_000)]
_Position = Annotated[int, Field(ge=0, le=1_000)]


@with_config(STRICT)
class _LabelBody(TypedDict):
    label: Label


@with_config(STRICT)
class _LabelPatchBody(TypedDict, total=False):
    label: Label
    position: _Position


@with_config(STRICT)
class _QuestionBody(TypedDict):
    kind: Kind
    prompt: _Text
    required: NotRequired[bool]
    options: NotRequired[_Options]
    min: NotRequired[_Bound]
    max: NotRequired[_Bound]


@with_config(STRICT)
class _QuestionPatchBody(TypedDict, total=False):
    kind: Kind
    prompt: _Text
    required: bool
    options: _Options
    min: _Bound
    max: _Bound
    position: _Position


_LABEL: Final[TypeAdapter[str]] = TypeAdapter(Label, config=DEFERRED)
_LABEL_BODY: Final = TypeAdapter(_LabelBody)
_LABEL_PATCH: Final = TypeAdapter(_LabelPatchBody)
_QUESTION: Final = TypeAdapter(_QuestionBody)
_QUESTION_PATCH: Final = TypeAdapter(_QuestionPatchBody)


@dataclass(frozen=True, slots=True)
class LabelPatch:
    """None: stays as it is."""

    label: str | None
    position: int | None


@dataclass(frozen=True, slots=True)
class QuestionPatch:
    """The question as it will be; `position` None: stays where it is."""

    question: Question
    position: int | None


def parse_label(raw: object, *, field: str) -> str:
    """The label in `"…"` or `{"label": "…"}`, trimmed."""
    if isinstance(raw, str):
        return parse(_LABEL, raw, field=field)
    return parse(_LABEL_BODY, raw, field=field)["label"]


def parse_labels(raw: object, *, field: str, room: int = MAX_CARDS) -> list[str]:
    """The labels of `raw`, a list of `parse_label`'s forms; `room`: how many more the study may hold."""
    problems = Problems()
    labels: list[str] = []
    for place, item in enumerate(_some(raw, field=field, room=room)):
        try:
            labels.append(parse_label(item, field=f"{field}[{place}]"))
        except ValidationFailed as refusal:
            problems.found.extend(refusal.details)
    problems.refuse()
    return labels


def parse_question(raw: object, *, field: str) -> dict[str, Any]:
    """The members of a `Question` but its id: `Question(id=…, **members)`."""
    return _members(parse(_QUESTION, raw, field=field), field=field)


def parse_questions(raw: object, *, field: str = "questions", room: int = MAX_QUESTIONS) -> list[dict[str, Any]]:
    """`parse_question` of each member of the list `raw`; `room`: how many more the study may hold."""
    problems = Problems()
    questions: list[dict[str, Any]] = []
    for place, item in enumerate(_some(raw, field=field, room=room)):
        try:
            questions.append(parse_question(item, field=f"{field}[{place}]"))
        except ValidationFailed as refusal:
            problems.found.extend(refusal.details)
    problems.refuse()
    return questions


def patch_label(raw: object, *, field: str) -> LabelPatch:
    """What a PATCH of a card or group changes; any of `label`, `position`."""
    body = parse(_LABEL_PATCH, raw, field=field)
    return LabelPatch(label=body.get("label"), position=body.get("position"))


def patch_question(current: Question, raw: object, *, field: str) -> QuestionPatch:
    """`current` with the members of `raw` in place of its own; a new kind drops members that only the old one has."""
    patch: dict[str, Any] = {**parse(_QUESTION_PATCH, raw, field=field)}
    position = patch.pop("position", None)
    content = {**_kept(current, patch.get("kind", current.kind)), **patch}
    return QuestionPatch(question=Question(id=current.id, **_members(content, field=field)), position=position)


def _some(raw: object, *, field: str, room: int) -> list[object]:
    if not isinstance(raw, list):
        raise ValidationFailed.of(field, "must be a list")
    if not raw:
        raise ValidationFailed.of(field, "must not be empty")
    if len(raw) > room:
        raise ValidationFailed.of(field, f"must have at most {max(room, 0)} members; the study holds no more")
    return raw


def _kept(current: Question, kind: str) -> dict[str, Any]:
    content = current.content()
    if kind not in OPTION_KINDS:
        content.pop("options", None)
    if kind != "rating":
        content = {name: value for name, value in content.items() if name not in ("min", "max")}
    return content


def _members(content: Mapping[str, Any], *, field: str) -> dict[str, Any]:
    problems = Problems()
    kind = content["kind"]
    members: dict[str, Any] = {
        "kind": kind,
        "prompt": content["prompt"],
        "required": content.get("required", False),
    }
    if kind in OPTION_KINDS:
        members["options"] = _options(content, problems, field=field)
    elif "options" in content:
        problems.add(f"{field}.options", f"is not a member of a {kind} question")
    if kind == "rating":
        members |= _scale(content, problems, field=field)
    else:
        for name in ("min", "max"):
            if name in content:
                problems.add(f"{field}.{name}", f"is not a member of a {kind} question")
    problems.refuse()
    return members


def _options(content: Mapping[str, Any], problems: Problems, *, field: str) -> tuple[Option, ...]:
    if "options" not in content:
        problems.add(f"{field}.options", "is required")
        return ()
    add_repeated(problems, ids_of(f"{field}.options", content["options"]))
    return tuple(Option(**option) for option in content["options"])


def _scale(content: Mapping[str, Any], problems: Problems, *, field: str) -> dict[str, int]:
    low, high = content.get("min", 1), content.get("max", 5)
    if not low < high <= low + _MAX_RATING_STEPS:
        problems.add(f"{field}.max", f"must be 1 to {_MAX_RATING_STEPS} more than min ({low})")
    return {"min": low, "max": high}
