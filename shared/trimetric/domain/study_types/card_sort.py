"""Card sort: participants put cards into groups of the researcher's (closed), their own (open), or both (hybrid)."""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal, NotRequired

from pydantic import Field, TypeAdapter, with_config
from typing_extensions import TypedDict

from trimetric.domain.study_types import Cell, Payload, Settings
from trimetric.domain.study_types.columns import unique
from trimetric.domain.study_types.design import MAX_CARDS, Design
from trimetric.domain.study_types.members import (
    DEFERRED,
    STRICT,
    Id,
    Label,
    Milliseconds,
    add_repeated,
    add_unknown,
)
from trimetric.domain.study_types.results import add_second
from trimetric.domain.validation import Problems, parse
from trimetric.errors import FieldError, ValidationFailed

#: Labels that a researcher may merge.
MAX_CATEGORY_MAP: Final = 5_000


@with_config(STRICT)
class _Settings(TypedDict, total=False):
    sort_type: Literal["open", "closed", "hybrid"]
    allow_unsorted: bool
    category_map: Annotated[dict[Label, Label], Field(max_length=MAX_CATEGORY_MAP)]


@with_config(STRICT)
class _Placement(TypedDict):
    card_id: Id
    group_id: NotRequired[Id]
    group: NotRequired[Label]


@with_config(STRICT)
class _Result(TypedDict):
    placements: Annotated[list[_Placement], Field(max_length=MAX_CARDS)]
    duration_ms: Milliseconds


_SETTINGS: Final = TypeAdapter(_Settings)
_RESULTS: Final = TypeAdapter(Annotated[list[_Result], Field(max_length=MAX_CARDS)], config=DEFERRED)


def normalise_label(label: str) -> str:
    """A free label as it is compared: NFKC, case folded, trimmed, runs of white space one space."""
    return " ".join(unicodedata.normalize("NFKC", label).casefold().split())


def has_groups(settings: Settings) -> bool:
    """Whether participants see groups of the researcher's (closed, hybrid)."""
    return bool(settings["sort_type"] != "open")


def takes_free_labels(settings: Settings) -> bool:
    """Whether participants name groups of their own (open, hybrid)."""
    return bool(settings["sort_type"] != "closed")


def default_settings() -> Settings:
    return {"sort_type": "open", "allow_unsorted": True, "category_map": {}}


def merge_settings(current: Settings, raw: object, *, field: str = "study.settings") -> Settings:
    """Keys of `category_map` are normalised as free labels are."""
    given: Settings = {**parse(_SETTINGS, raw, field=field)}
    if "category_map" in given:
        given["category_map"] = _normalised_map(given["category_map"], field=f"{field}.category_map")
    return {**current, **given}


def _normalised_map(given: Mapping[str, str], *, field: str) -> dict[str, str]:
    categories: dict[str, str] = {}
    for label, category in given.items():
        key = normalise_label(label)
        if categories.setdefault(key, category) != category:
            raise ValidationFailed.of(field, f"puts {key[:100]!r} into two categories; labels are compared normalised")
    return categories


def editable_after_publish(current: Settings, raw: object) -> bool:
    """Merging labels into categories is analysis and goes on after the study."""
    return isinstance(raw, dict) and raw.keys() <= {"category_map"}


def missing_for_publish(design: Design) -> list[FieldError]:
    missing = []
    if len(design.cards) < 2:
        missing.append(FieldError("study.cards", "a card sort needs at least 2 cards"))
    if has_groups(design.settings) and not design.groups:
        missing.append(FieldError("study.groups", f"a {design.settings['sort_type']} sort needs at least 1 group"))
    if not has_groups(design.settings) and design.groups:
        missing.append(FieldError("study.groups", "an open sort has no groups; remove them or change sort_type"))
    return missing


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
        _add_misplaced(problems, design, result, field=f"{field}[{place}].placements")
    problems.refuse()
    return [{"placements": [{**each} for each in result["placements"]], **_duration(result)} for result in results]


def _duration(result: _Result) -> Payload:
    return {"duration_ms": result["duration_ms"]}


def _add_misplaced(problems: Problems, design: Design, result: _Result, *, field: str) -> None:
    placements = result["placements"]
    cards = [(f"{field}[{place}].card_id", each["card_id"]) for place, each in enumerate(placements)]
    known = design.derived("card_ids", lambda: frozenset(card.id for card in design.cards))
    add_unknown(problems, cards, known, what="a card")
    add_repeated(problems, cards, message="is placed twice")
    for place, placement in enumerate(placements):
        _add_wrong_group(problems, design, placement, field=f"{field}[{place}]")
    unsorted = known.difference(card_id for _, card_id in cards)
    if unsorted and not design.settings["allow_unsorted"]:
        problems.add(field, f"leaves cards unsorted, such as {min(unsorted)}; this study wants every card in a group")


def _add_wrong_group(problems: Problems, design: Design, placement: _Placement, *, field: str) -> None:
    if ("group_id" in placement) == ("group" in placement):
        problems.add(field, "must have either group_id or group")
        return
    if "group" in placement:
        if not takes_free_labels(design.settings):
            problems.add(f"{field}.group", "is not allowed in a closed sort")
    elif not has_groups(design.settings):
        problems.add(f"{field}.group_id", "is not allowed in an open sort")
    elif placement["group_id"] not in _group_labels(design):
        problems.add(f"{field}.group_id", "is not a group of this study")


def _group_labels(design: Design) -> dict[str, str]:
    return design.derived("group_labels", lambda: {group.id: group.label for group in design.groups})


def task_of(payload: Payload) -> str | None:
    return None


def outcome(design: Design, payload: Payload) -> str | None:
    return None


def runner_view(design: Design) -> dict[str, Any]:
    return {
        "sort_type": design.settings["sort_type"],
        "allow_unsorted": design.settings["allow_unsorted"],
        "cards": design.public_cards(),
        "groups": design.public_groups() if has_groups(design.settings) else [],
    }


def csv_columns(design: Design) -> list[str]:
    """Two columns a card: the group's id (empty for a free one) and its label."""
    cards = [name for card in design.cards for name in (f"{card.id} code", f"{card.label} label")]
    return unique([*cards, "duration_ms"])


def csv_row(design: Design, payload: Payload) -> list[Cell]:
    labels = _group_labels(design)
    places = {placement["card_id"]: placement for placement in payload["placements"]}
    row: list[Cell] = []
    for card in design.cards:
        placement = places.get(card.id, {})
        group_id = placement.get("group_id")
        row += [group_id, labels[group_id] if group_id else placement.get("group")]
    return [*row, payload["duration_ms"]]
