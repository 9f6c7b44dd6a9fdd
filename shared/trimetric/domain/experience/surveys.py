"""Surveys of the Micrometrics dialect: a few questions that devices ask again and again."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import count
from typing import Any, Final, Self

from trimetric.domain.validation import Problems
from trimetric.errors import NotFound, SurveyInUse, ValidationFailed

MAX_QUESTIONS: Final = 100
MAX_OPTIONS: Final = 100
#: Bytes of the questions as JSON. A list shows them, and a hundred surveys go on one page.
MAX_BYTES: Final = 100_000

OPTION_TYPES: Final = frozenset({"choice", "multi_choice"})
#: Lowest and highest answer of the scales that a type fixes.
SCALES: Final[Mapping[str, tuple[int, int]]] = {"nps": (0, 10)}
#: Of a rating that names no other.
DEFAULT_SCALE: Final = (1, 5)
MAX_STEPS: Final = 100

_NUMBER: Final = re.compile(r"[1-9]\d{0,9}", re.ASCII)


class Status(StrEnum):
    DRAFT = "draft"
    ACTIVE = "active"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Option:
    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Question:
    """`options` for choice and multi_choice; `min` and `max` for rating; empty otherwise."""

    id: str
    type: str
    text: str
    required: bool = False
    options: tuple[Option, ...] = ()
    min: int | None = None
    max: int | None = None

    @property
    def scale(self) -> tuple[int, int]:
        """Lowest and highest answer of a rating or nps question."""
        if self.min is not None and self.max is not None:
            return self.min, self.max
        return SCALES[self.type]

    def public(self) -> dict[str, Any]:
        """The members that the type has."""
        document: dict[str, Any] = {"id": self.id, "type": self.type, "text": self.text, "required": self.required}
        if self.options:
            document["options"] = [{"id": option.id, "label": option.label} for option in self.options]
        if self.min is not None:
            document |= {"min": self.min, "max": self.max}
        return document

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        options = tuple(Option(**option) for option in document.get("options", ()))
        return cls(**{**document, "options": options})


@dataclass(frozen=True, slots=True)
class Survey:
    """`admits` is the version in which the status or the questions of an active survey were changed last."""

    id: int
    name: str
    status: Status
    questions: tuple[Question, ...]
    created_at: str
    updated_at: str
    version: int = 1
    admits: int = 1

    def public(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "status": self.status.value,
            "questions": [question.public() for question in self.questions],
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        }


@dataclass(frozen=True, slots=True)
class Replacement:
    """A survey as it is and as it shall be.

    It may go from each status to each other, but with responses never back to a draft. While it is active, before or
    after, its questions stay as they are once it has responses.
    """

    seen: Survey
    survey: Survey

    @classmethod
    def of(cls, seen: Survey, *, name: str, status: Status, questions: tuple[Question, ...], now: str) -> Self:
        version = seen.version + 1
        changed = replace(seen, name=name, status=status, questions=questions, updated_at=now, version=version)
        planned = cls(seen, changed)
        return cls(seen, replace(changed, admits=version)) if planned.moves_the_gates else planned

    @property
    def moves_the_gates(self) -> bool:
        """Whether responses to the survey as it was must not be taken any more, or may be from now on."""
        changed = self._asks_otherwise or self.seen.status is not self.survey.status
        return self.needs_no_responses or (changed and self._is_active)

    @property
    def needs_no_responses(self) -> bool:
        back_to_draft = self.survey.status is Status.DRAFT and self.seen.status is not Status.DRAFT
        return back_to_draft or (self._asks_otherwise and self._is_active)

    def refuse_in_use(self) -> None:
        """SurveyInUse where a survey with responses must not become this one."""
        if not self.needs_no_responses:
            return
        if self._asks_otherwise and self._is_active:
            raise SurveyInUse("The survey has responses, so its questions cannot change while it is active")
        raise SurveyInUse("The survey has responses, so it cannot become a draft again")

    @property
    def _asks_otherwise(self) -> bool:
        return self.seen.questions != self.survey.questions

    @property
    def _is_active(self) -> bool:
        return Status.ACTIVE in (self.seen.status, self.survey.status)


def number(text: str) -> int:
    """The survey's id in a path; NotFound for what is none."""
    if not _NUMBER.fullmatch(text):
        raise NotFound
    return int(text)


def questions_of(bodies: Sequence[Mapping[str, Any]], *, field: str = "questions") -> tuple[Question, ...]:
    """Questions as they were sent, whose shapes are right; ValidationFailed names what does not fit together.

    An option without `id` has its label for one. Questions without `id` are called q1, q2 … by their places, so that
    the same body always means the same questions.
    """
    problems = Problems()
    ids = _ids(bodies, problems, field=field)
    made = tuple(
        _question(question_id, body, problems, field=f"{field}[{place}]")
        for place, (question_id, body) in enumerate(zip(ids, bodies, strict=True))
    )
    problems.refuse()
    document = [question.public() for question in made]
    if len(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()) > MAX_BYTES:
        raise ValidationFailed.of(field, f"must have at most {MAX_BYTES} bytes together")
    return made


def refuse_unaskable(status: Status, questions: Sequence[Question]) -> None:
    """ValidationFailed for an active survey without questions."""
    if status is Status.ACTIVE and not questions:
        raise ValidationFailed.of("questions", "an active survey needs at least 1 question")


def _ids(bodies: Sequence[Mapping[str, Any]], problems: Problems, *, field: str) -> list[str]:
    given = [body.get("id") for body in bodies]
    _refuse_repeated(given, problems, field=field)
    taken = set(given)
    ids: list[str] = []
    for place, question_id in enumerate(given, start=1):
        chosen = question_id or next(name for name in _names(place) if name not in taken)
        taken.add(chosen)
        ids.append(chosen)
    return ids


def _names(place: int) -> Iterable[str]:
    return (f"q{number}" for number in count(place))


def _refuse_repeated(values: Iterable[str | None], problems: Problems, *, field: str) -> None:
    seen: set[str] = set()
    for place, value in enumerate(values):
        if value is None:
            continue
        if value in seen:
            problems.add(f"{field}[{place}].id", "is given twice")
        seen.add(value)


def _question(question_id: str, body: Mapping[str, Any], problems: Problems, *, field: str) -> Question:
    kind = body["type"]
    low, high = _scale(kind, body, problems, field=field)
    return Question(
        id=question_id,
        type=kind,
        text=body["text"],
        required=body.get("required", False),
        options=_options(kind, body, problems, field=field),
        min=low,
        max=high,
    )


def _options(kind: str, body: Mapping[str, Any], problems: Problems, *, field: str) -> tuple[Option, ...]:
    given = body.get("options")
    if kind not in OPTION_TYPES:
        if given:
            problems.add(f"{field}.options", f"is not a member of a {kind} question")
        return ()
    if not given:
        problems.add(f"{field}.options", "must have at least 1 member")
        return ()
    options = tuple(Option(id=option.get("id") or option["label"], label=option["label"]) for option in given)
    _refuse_repeated((option.id for option in options), problems, field=f"{field}.options")
    return options


def _scale(
    kind: str, body: Mapping[str, Any], problems: Problems, *, field: str
) -> tuple[int, int] | tuple[None, None]:
    given = {name: body[name] for name in ("min", "max") if body.get(name) is not None}
    if kind == "rating":
        low, high = given.get("min", DEFAULT_SCALE[0]), given.get("max", DEFAULT_SCALE[1])
        if not low < high <= low + MAX_STEPS:
            problems.add(f"{field}.max", f"must be 1 to {MAX_STEPS} more than min ({low})")
        return low, high
    fixed = dict(zip(("min", "max"), SCALES.get(kind, ()), strict=False))
    for name, value in given.items():
        if name not in fixed:
            problems.add(f"{field}.{name}", f"is not a member of a {kind} question")
        elif value != fixed[name]:
            problems.add(f"{field}.{name}", f"must be {fixed[name]} in an {kind} question")
    return None, None
