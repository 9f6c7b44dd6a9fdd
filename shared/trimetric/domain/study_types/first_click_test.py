"""First-click test: where on a picture do participants click first to do a task."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, NotRequired

from pydantic import Field, TypeAdapter, with_config
from typing_extensions import TypedDict

from trimetric.domain.study_types import Cell, Payload, Settings
from trimetric.domain.study_types.areas import Area, exact, winner
from trimetric.domain.study_types.columns import yes_no
from trimetric.domain.study_types.design import Design
from trimetric.domain.study_types.members import (
    DEFERRED,
    MAX_TASKS,
    STRICT,
    Coordinate,
    Id,
    Image,
    Label,
    Milliseconds,
    Prompt,
    ids_of,
    is_blank,
    refuse_repeated_ids,
    tasks_of,
)
from trimetric.domain.study_types.results import add_wrong_tasks
from trimetric.domain.validation import Problems, parse
from trimetric.errors import FieldError

MAX_AREAS: Final = 100
MAX_CORNERS: Final = 100

#: A rectangle up to the edge may miss it by the last digit of a fraction, 0.1 + 0.9 wise.
_ROUNDING: Final = exact(1e-9)


@with_config(STRICT)
class _Rect(TypedDict):
    x: Coordinate
    y: Coordinate
    width: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
    height: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]


@with_config(STRICT)
class _Area(TypedDict):
    id: Id
    label: Label
    correct: NotRequired[bool]
    rect: NotRequired[_Rect]
    polygon: NotRequired[
        Annotated[
            list[Annotated[list[Coordinate], Field(min_length=2, max_length=2)]],
            Field(min_length=3, max_length=MAX_CORNERS),
        ]
    ]


@with_config(STRICT)
class _Task(TypedDict):
    id: Id
    prompt: NotRequired[Prompt]
    image: NotRequired[Image | None]
    areas: NotRequired[Annotated[list[_Area], Field(max_length=MAX_AREAS)]]


@with_config(STRICT)
class _Settings(TypedDict, total=False):
    tasks: Annotated[list[_Task], Field(max_length=MAX_TASKS)]


@with_config(STRICT)
class _Result(TypedDict):
    task_id: Id
    x: NotRequired[Coordinate | None]
    y: NotRequired[Coordinate | None]
    skipped: NotRequired[bool]
    duration_ms: NotRequired[Milliseconds | None]


_SETTINGS: Final = TypeAdapter(_Settings)
_RESULTS: Final = TypeAdapter(Annotated[list[_Result], Field(max_length=MAX_TASKS)], config=DEFERRED)


def areas_of(design: Design, task_id: str) -> tuple[Area, ...]:
    return design.derived(
        f"areas {task_id}", lambda: tuple(map(Area.from_settings, tasks_of(design)[task_id]["areas"]))
    )


def winning_area(design: Design, payload: Payload) -> Area | None:
    """The area that the click is in; None outside all areas and for a skip."""
    if payload["skipped"]:
        return None
    return winner(areas_of(design, payload["task_id"]), payload["x"], payload["y"])


def default_settings() -> Settings:
    return {"tasks": []}


def merge_settings(current: Settings, raw: object, *, field: str = "study.settings") -> Settings:
    given: Settings = {**parse(_SETTINGS, raw, field=field)}
    if "tasks" in given:
        tasks = f"{field}.tasks"
        _refuse_malformed_areas(given["tasks"], field=tasks)
        given["tasks"] = [_task(task) for task in given["tasks"]]
        refuse_repeated_ids([*ids_of(tasks, given["tasks"]), *_area_ids(given["tasks"], field=tasks)])
    return {**current, **given}


def _area_ids(tasks: Sequence[Mapping[str, Any]], *, field: str) -> list[tuple[str, str]]:
    return [each for place, task in enumerate(tasks) for each in ids_of(f"{field}[{place}].areas", task["areas"])]


def _task(task: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": task["id"],
        "prompt": task.get("prompt", ""),
        "image": task.get("image"),
        "areas": [{**area, "correct": area.get("correct", False)} for area in task.get("areas", ())],
    }


def _refuse_malformed_areas(tasks: Sequence[Mapping[str, Any]], *, field: str) -> None:
    problems = Problems()
    for task_place, task in enumerate(tasks):
        for place, area in enumerate(task.get("areas", ())):
            _add_malformed(problems, area, field=f"{field}[{task_place}].areas[{place}]")
    problems.refuse()


def _add_malformed(problems: Problems, area: Mapping[str, Any], *, field: str) -> None:
    if ("rect" in area) == ("polygon" in area):
        problems.add(field, "must have either rect or polygon")
    elif "rect" in area:
        rect = area["rect"]
        for start, extent in (("x", "width"), ("y", "height")):
            if exact(rect[start]) + exact(rect[extent]) > exact(1.0) + _ROUNDING:
                problems.add(f"{field}.rect.{extent}", "reaches beyond the image")
    elif Area.from_settings({"correct": False, **area}).double_size == 0:
        problems.add(f"{field}.polygon", "encloses nothing")


def editable_after_publish(current: Settings, raw: object) -> bool:
    """Areas are how clicks are read, and may be drawn anew after the clicks; the tasks themselves stay."""
    if not isinstance(raw, dict) or raw.keys() - {"tasks"}:
        return False
    merged = merge_settings(current, raw)
    return _without_areas(merged) == _without_areas(current)


def _without_areas(settings: Settings) -> list[dict[str, Any]]:
    return [{**task, "areas": []} for task in settings["tasks"]]


def missing_for_publish(design: Design) -> list[FieldError]:
    problems = Problems()
    field = "study.settings.tasks"
    if not design.settings["tasks"]:
        problems.add(field, "a first-click test needs at least 1 task")
    for place, task in enumerate(design.settings["tasks"]):
        if is_blank(task["prompt"]):
            problems.add(f"{field}[{place}].prompt", "must not be blank")
        if task["image"] is None:
            problems.add(f"{field}[{place}].image", "is required")
        if not any(area["correct"] for area in task["areas"]):
            problems.add(f"{field}[{place}].areas", "needs at least 1 correct area")
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
    add_wrong_tasks(problems, results, tasks=tasks_of(design), existing=existing, field=field)
    for place, result in enumerate(results):
        _add_wrong_click(problems, result, field=f"{field}[{place}]")
    problems.refuse()
    return [_payload(result) for result in results]


def _add_wrong_click(problems: Problems, result: _Result, *, field: str) -> None:
    if result.get("skipped", False):
        for name in ("x", "y"):
            if result.get(name) is not None:
                problems.add(f"{field}.{name}", "must be left out of a skipped task")
        return
    for name in ("x", "y", "duration_ms"):
        if result.get(name) is None:
            problems.add(f"{field}.{name}", "is required unless the task is skipped")


def _payload(result: _Result) -> Payload:
    return {
        "task_id": result["task_id"],
        "x": result.get("x"),
        "y": result.get("y"),
        "skipped": result.get("skipped", False),
        "duration_ms": result.get("duration_ms"),
    }


def task_of(payload: Payload) -> str | None:
    return str(payload["task_id"])


def outcome(design: Design, payload: Payload) -> str | None:
    """`success`, `failure` or `skip`."""
    if payload["skipped"]:
        return "skip"
    area = winning_area(design, payload)
    return "success" if area is not None and area.correct else "failure"


def runner_view(design: Design) -> dict[str, Any]:
    """Without the areas: their mere places are the answer."""
    return {
        "tasks": [
            {"id": task["id"], "prompt": task["prompt"], "image": task["image"]} for task in design.settings["tasks"]
        ]
    }


def csv_columns(design: Design) -> list[str]:
    return ["task prompt", "outcome", "skipped", "area code", "area label", "x", "y", "duration_ms"]


def csv_row(design: Design, payload: Payload) -> list[Cell]:
    area = winning_area(design, payload)
    return [
        tasks_of(design)[payload["task_id"]]["prompt"],
        outcome(design, payload),
        yes_no(payload["skipped"]),
        area.id if area else None,
        area.label if area else None,
        payload["x"],
        payload["y"],
        payload["duration_ms"],
    ]
