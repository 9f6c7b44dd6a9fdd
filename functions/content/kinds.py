"""The three kinds of content, so that one service serves them all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from trimetric.domain import ids
from trimetric.domain.study_types.design import (
    MAX_CARDS,
    MAX_GROUPS,
    MAX_QUESTIONS,
    Card,
    Design,
    Group,
    Question,
)
from trimetric.domain.study_types.new_content import (
    parse_label,
    parse_labels,
    parse_question,
    parse_questions,
    patch_label,
    patch_question,
)

Child = Card | Group | Question
Members = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """`one` and `many` name the members of bodies and paths; the parsers give members of `make` without the id."""

    one: str
    many: str
    prefix: str
    study_type: str
    most: int
    make: Callable[..., Child]
    parse_one: Callable[[object], Members]
    parse_many: Callable[[object], list[Members]]

    def children(self, design: Design) -> tuple[Child, ...]:
        found: tuple[Child, ...] = getattr(design, self.many)
        return found

    def shown(self, design: Design) -> list[dict[str, Any]]:
        """As answers show them, in order of position."""
        return {"cards": design.public_cards, "groups": design.public_groups, "questions": design.public_questions}[
            self.many
        ]()

    def with_children(self, design: Design, children: Sequence[Child]) -> Design:
        members: dict[str, Any] = {self.many: tuple(children)}
        return replace(design, **members)

    def patched(self, current: Child, raw: object) -> tuple[Child, int | None]:
        """`current` after a PATCH, and its new position if one is given."""
        if isinstance(current, Question):
            patch = patch_question(current, raw, field=self.one)
            return patch.question, patch.position
        label = patch_label(raw, field=self.one)
        return (current if label.label is None else replace(current, label=label.label)), label.position


def _label(one: str) -> Callable[[object], Members]:
    return lambda raw: {"label": parse_label(raw, field=one)}


def _labels(many: str, most: int) -> Callable[[object], list[Members]]:
    return lambda raw: [{"label": label} for label in parse_labels(raw, field=many, room=most)]


CARDS: Final = Kind(
    one="card",
    many="cards",
    prefix=ids.CARD,
    study_type="card_sort",
    most=MAX_CARDS,
    make=Card,
    parse_one=_label("card"),
    parse_many=_labels("cards", MAX_CARDS),
)
GROUPS: Final = Kind(
    one="group",
    many="groups",
    prefix=ids.GROUP,
    study_type="card_sort",
    most=MAX_GROUPS,
    make=Group,
    parse_one=_label("group"),
    parse_many=_labels("groups", MAX_GROUPS),
)
QUESTIONS: Final = Kind(
    one="question",
    many="questions",
    prefix=ids.QUESTION,
    study_type="survey",
    most=MAX_QUESTIONS,
    make=Question,
    parse_one=lambda raw: parse_question(raw, field="question"),
    parse_many=lambda raw: parse_questions(raw, field="questions", room=MAX_QUESTIONS),
)
