"""What a study asks of its participants: settings, cards, groups and questions, kept as one document."""

import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self, TypeVar

from trimetric.errors import ValidationFailed

T = TypeVar("T")

MAX_CARDS: Final = 500
MAX_GROUPS: Final = 100
MAX_QUESTIONS: Final = 200
#: Bytes of the design once compressed: it must fit into one item of 400 KB beside other attributes.
MAX_PACKED_BYTES: Final = 340_000
#: Bytes of the design as JSON: escaped as Markdown or HTML it must still fit into the 6 MB that Lambda lets out.
MAX_BYTES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Card:
    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Group:
    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Option:
    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Question:
    """`options` for single_choice, multiple_choice and ranking; `min` and `max` for rating; empty otherwise."""

    id: str
    kind: str
    prompt: str
    required: bool
    options: tuple[Option, ...] = ()
    min: int | None = None
    max: int | None = None

    def content(self) -> dict[str, Any]:
        """The members a client may send, only those that the kind has."""
        document: dict[str, Any] = {"kind": self.kind, "prompt": self.prompt, "required": self.required}
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
class Design:
    """A position is the index in its tuple."""

    settings: dict[str, Any]
    cards: tuple[Card, ...] = ()
    groups: tuple[Group, ...] = ()
    questions: tuple[Question, ...] = ()
    _derived: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def derived(self, name: str, build: Callable[[], T]) -> T:
        """What follows from the design (node tables, areas), built once however many results it judges."""
        if name not in self._derived:
            self._derived[name] = build()
        value: T = self._derived[name]
        return value

    def to_document(self) -> dict[str, Any]:
        return {
            "settings": self.settings,
            "cards": [{"id": card.id, "label": card.label} for card in self.cards],
            "groups": [{"id": group.id, "label": group.label} for group in self.groups],
            "questions": [{"id": question.id, **question.content()} for question in self.questions],
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        return cls(
            settings=document["settings"],
            cards=tuple(Card(**card) for card in document.get("cards", ())),
            groups=tuple(Group(**group) for group in document.get("groups", ())),
            questions=tuple(Question.from_document(question) for question in document.get("questions", ())),
        )

    def public_cards(self) -> list[dict[str, Any]]:
        return [_placed(card.id, {"label": card.label}, place) for place, card in enumerate(self.cards)]

    def public_groups(self) -> list[dict[str, Any]]:
        return [_placed(group.id, {"label": group.label}, place) for place, group in enumerate(self.groups)]

    def public_questions(self) -> list[dict[str, Any]]:
        return [_placed(question.id, question.content(), place) for place, question in enumerate(self.questions)]

    def refuse_oversized(self, *, field: str) -> None:
        """ValidationFailed if the design cannot be kept or shown as one: many long texts within the limits of each."""
        content = json.dumps(self.to_document(), ensure_ascii=False, separators=(",", ":")).encode()
        if len(content) > MAX_BYTES or len(zlib.compress(content, 6)) > MAX_PACKED_BYTES:
            raise ValidationFailed.of(field, "makes the study's content too large to keep; shorten its texts")


def _placed(item_id: str, members: dict[str, Any], position: int) -> dict[str, Any]:
    return {"id": item_id, **members, "position": position}
