"""Preference test: participants see several designs and choose one."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, NotRequired

from pydantic import Field, TypeAdapter, with_config
from typing_extensions import TypedDict

from trimetric.domain.study_types import Cell, Payload, Settings
from trimetric.domain.study_types.columns import joined
from trimetric.domain.study_types.design import Design
from trimetric.domain.study_types.members import (
    DEFERRED,
    MAX_OPTIONS,
    STRICT,
    Answer,
    HttpUrl,
    Id,
    Label,
    Milliseconds,
    Prompt,
    add_repeated,
    add_unknown,
    ids_of,
    placed,
    refuse_repeated_ids,
)
from trimetric.domain.study_types.results import add_second
from trimetric.domain.validation import Problems, parse
from trimetric.errors import FieldError


@with_config(STRICT)
class _Option(TypedDict):
    id: Id
    label: Label
    image_url: NotRequired[HttpUrl | None]


@with_config(STRICT)
class _Settings(TypedDict, total=False):
    prompt: Prompt
    options: Annotated[list[_Option], Field(max_length=MAX_OPTIONS)]
    allow_none: bool


@with_config(STRICT)
class _Result(TypedDict):
    option_id: Id | None
    order: NotRequired[Annotated[list[Id], Field(max_length=MAX_OPTIONS)]]
    reason: NotRequired[Answer | None]
    duration_ms: Milliseconds


_SETTINGS: Final = TypeAdapter(_Settings)
_RESULTS: Final = TypeAdapter(Annotated[list[_Result], Field(max_length=MAX_OPTIONS)], config=DEFERRED)


def labels_of(design: Design) -> dict[str, str]:
    """Labels by option id, in the order of the settings."""
    return design.derived("labels", lambda: {each["id"]: each["label"] for each in design.settings["options"]})


def default_settings() -> Settings:
    return {"prompt": "", "options": [], "allow_none": False}


def merge_settings(current: Settings, raw: object, *, field: str = "study.settings") -> Settings:
    given: Settings = {**parse(_SETTINGS, raw, field=field)}
    if "options" in given:
        refuse_repeated_ids(ids_of(f"{field}.options", given["options"]))
        given["options"] = [_option(option) for option in given["options"]]
    return {**current, **given}


def _option(option: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": option["id"], "label": option["label"], "image_url": option.get("image_url")}


def editable_after_publish(current: Settings, raw: object) -> bool:
    return raw == {}


def missing_for_publish(design: Design) -> list[FieldError]:
    if len(design.settings["options"]) < 2:
        return [FieldError("study.settings.options", "a preference test needs at least 2 options")]
    return []


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
        _add_wrong_choice(problems, design, result, field=f"{field}[{place}]")
    problems.refuse()
    return [_payload(result) for result in results]


def _add_wrong_choice(problems: Problems, design: Design, result: _Result, *, field: str) -> None:
    options, chosen = labels_of(design), result["option_id"]
    if chosen is None:
        if not design.settings["allow_none"]:
            problems.add(f"{field}.option_id", "must name an option; this study does not allow none")
    elif chosen not in options:
        problems.add(f"{field}.option_id", "is not an option of this study")
    order = result.get("order", [])
    shown = placed(f"{field}.order", order)
    add_unknown(problems, shown, options, what="an option")
    add_repeated(problems, shown)
    if order and options.keys() - set(order):
        problems.add(f"{field}.order", "must name every option, in the order shown; leave it out if it is not known")


def _payload(result: _Result) -> Payload:
    """`order` is empty where it was not recorded."""
    return {
        "option_id": result["option_id"],
        "order": result.get("order", []),
        "reason": result.get("reason"),
        "duration_ms": result["duration_ms"],
    }


def task_of(payload: Payload) -> str | None:
    return None


def outcome(design: Design, payload: Payload) -> str | None:
    return None


def runner_view(design: Design) -> dict[str, Any]:
    return {name: design.settings[name] for name in ("prompt", "options", "allow_none")}


def csv_columns(design: Design) -> list[str]:
    return ["option code", "option label", "order codes", "first shown label", "reason", "duration_ms"]


def csv_row(design: Design, payload: Payload) -> list[Cell]:
    labels, chosen, order = labels_of(design), payload["option_id"], payload["order"]
    return [
        chosen,
        labels[chosen] if chosen else None,
        joined(order),
        labels[order[0]] if order else None,
        payload["reason"],
        payload["duration_ms"],
    ]
