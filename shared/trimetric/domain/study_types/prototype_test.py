"""Prototype test: participants click through the screens of a prototype to reach a goal."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, NotRequired

from pydantic import Field, TypeAdapter, with_config
from typing_extensions import TypedDict

from trimetric.domain.study_types import Cell, Payload, Settings
from trimetric.domain.study_types.columns import joined, yes_no
from trimetric.domain.study_types.design import Design
from trimetric.domain.study_types.members import (
    DEFERRED,
    MAX_EXPECTED_PATHS,
    MAX_EXPECTED_STEPS,
    MAX_STEPS,
    MAX_TASKS,
    STRICT,
    Clicks,
    Id,
    LabelledOption,
    Milliseconds,
    Prompt,
    SevenPoints,
    add_repeated,
    add_unknown,
    ids_of,
    is_blank,
    placed,
    refuse_repeated_ids,
    tasks_of,
)
from trimetric.domain.study_types.navigation import verdict
from trimetric.domain.study_types.results import add_wrong_tasks
from trimetric.domain.validation import Problems, parse
from trimetric.errors import FieldError

MAX_SCREENS: Final = 500


@with_config(STRICT)
class _Task(TypedDict):
    id: Id
    prompt: NotRequired[Prompt]
    start_screen_id: NotRequired[Id | None]
    goal_screen_ids: NotRequired[Annotated[list[Id], Field(max_length=MAX_SCREENS)]]
    expected_paths: NotRequired[
        Annotated[
            list[Annotated[list[Id], Field(min_length=1, max_length=MAX_EXPECTED_STEPS)]],
            Field(max_length=MAX_EXPECTED_PATHS),
        ]
    ]


@with_config(STRICT)
class _Settings(TypedDict, total=False):
    screens: Annotated[list[LabelledOption], Field(max_length=MAX_SCREENS)]
    tasks: Annotated[list[_Task], Field(max_length=MAX_TASKS)]


@with_config(STRICT)
class _Visit(TypedDict):
    screen_id: Id
    duration_ms: Milliseconds
    clicks: Clicks
    misclicks: Clicks


@with_config(STRICT)
class _Result(TypedDict):
    task_id: Id
    path: Annotated[list[Id], Field(max_length=MAX_STEPS)]
    clicks: Clicks
    misclicks: Clicks
    gave_up: NotRequired[bool]
    duration_ms: Milliseconds
    ease: NotRequired[SevenPoints | None]
    screens: NotRequired[Annotated[list[_Visit], Field(max_length=MAX_STEPS)]]


_SETTINGS: Final = TypeAdapter(_Settings)
_RESULTS: Final = TypeAdapter(Annotated[list[_Result], Field(max_length=MAX_TASKS)], config=DEFERRED)


def labels_of(design: Design) -> dict[str, str]:
    """Labels by screen id, in the order of the settings."""
    return design.derived("labels", lambda: {each["id"]: each["label"] for each in design.settings["screens"]})


def default_settings() -> Settings:
    return {"screens": [], "tasks": []}


def merge_settings(current: Settings, raw: object, *, field: str = "study.settings") -> Settings:
    """Screens that tasks name and `screens` lacks are found at publishing: they may still be on their way."""
    given: Settings = {**parse(_SETTINGS, raw, field=field)}
    if "tasks" in given:
        given["tasks"] = [_task(task, field=f"{field}.tasks[{place}]") for place, task in enumerate(given["tasks"])]
    merged = {**current, **given}
    refuse_repeated_ids([*ids_of(f"{field}.screens", merged["screens"]), *ids_of(f"{field}.tasks", merged["tasks"])])
    return merged


def _task(task: Mapping[str, Any], *, field: str) -> dict[str, Any]:
    goals = task.get("goal_screen_ids", [])
    problems = Problems()
    add_repeated(problems, placed(f"{field}.goal_screen_ids", goals))
    problems.refuse()
    return {
        "id": task["id"],
        "prompt": task.get("prompt", ""),
        "start_screen_id": task.get("start_screen_id"),
        "goal_screen_ids": goals,
        "expected_paths": task.get("expected_paths", []),
    }


def editable_after_publish(current: Settings, raw: object) -> bool:
    return raw == {}


def missing_for_publish(design: Design) -> list[FieldError]:
    problems = Problems()
    field = "study.settings.tasks"
    if not design.settings["tasks"]:
        problems.add(field, "a prototype test needs at least 1 task")
    for place, task in enumerate(design.settings["tasks"]):
        _add_missing(problems, design, task, field=f"{field}[{place}]")
    return problems.found


def _add_missing(problems: Problems, design: Design, task: Mapping[str, Any], *, field: str) -> None:
    if is_blank(task["prompt"]):
        problems.add(f"{field}.prompt", "must not be blank")
    if not task["goal_screen_ids"]:
        problems.add(f"{field}.goal_screen_ids", "needs at least 1 screen")
    named = placed(f"{field}.goal_screen_ids", task["goal_screen_ids"])
    if task["start_screen_id"] is not None:
        named.append((f"{field}.start_screen_id", task["start_screen_id"]))
    for place, path in enumerate(task["expected_paths"]):
        named += placed(f"{field}.expected_paths[{place}]", path)
    add_unknown(problems, named, labels_of(design), what="a screen")


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
        _add_wrong_walk(problems, design, result, field=f"{field}[{place}]")
    problems.refuse()
    return [_payload(result) for result in results]


def _add_wrong_walk(problems: Problems, design: Design, result: _Result, *, field: str) -> None:
    screens = result.get("screens", [])
    visited = [(f"{field}.screens[{place}].screen_id", visit["screen_id"]) for place, visit in enumerate(screens)]
    add_unknown(problems, placed(f"{field}.path", result["path"]), labels_of(design), what="a screen")
    add_unknown(problems, visited, labels_of(design), what="a screen")
    if screens and [screen_id for _, screen_id in visited] != result["path"]:
        problems.add(f"{field}.screens", "must have one member for each step of path, in its order")
    for path, counts in [(field, result), *((f"{field}.screens[{n}]", visit) for n, visit in enumerate(screens))]:
        if counts["misclicks"] > counts["clicks"]:
            problems.add(f"{path}.misclicks", "must not be more than clicks")


def _payload(result: _Result) -> Payload:
    """`screens` is empty where visits were not recorded."""
    return {
        "task_id": result["task_id"],
        "path": result["path"],
        "clicks": result["clicks"],
        "misclicks": result["misclicks"],
        "gave_up": result.get("gave_up", False),
        "duration_ms": result["duration_ms"],
        "ease": result.get("ease"),
        "screens": [{**visit} for visit in result.get("screens", ())],
    }


def task_of(payload: Payload) -> str | None:
    return str(payload["task_id"])


def outcome(design: Design, payload: Payload) -> str | None:
    """`direct_success`, `indirect_success`, `gave_up` or `unfinished`."""
    task, path = tasks_of(design)[payload["task_id"]], payload["path"]
    return verdict(
        path,
        expected=task["expected_paths"],
        on_goal=bool(path) and path[-1] in task["goal_screen_ids"],
        gave_up=payload["gave_up"],
    )


def runner_view(design: Design) -> dict[str, Any]:
    """Without goals and expected paths."""
    shown = ("id", "prompt", "start_screen_id")
    return {
        "screens": design.settings["screens"],
        "tasks": [{name: task[name] for name in shown} for task in design.settings["tasks"]],
    }


def csv_columns(design: Design) -> list[str]:
    return [
        "task prompt",
        "outcome",
        "gave_up",
        "path codes",
        "path labels",
        "clicks",
        "misclicks",
        "ease",
        "duration_ms",
        "screen durations_ms",
    ]


def csv_row(design: Design, payload: Payload) -> list[Cell]:
    labels = labels_of(design)
    return [
        tasks_of(design)[payload["task_id"]]["prompt"],
        outcome(design, payload),
        yes_no(payload["gave_up"]),
        joined(payload["path"]),
        joined(labels[screen_id] for screen_id in payload["path"]),
        payload["clicks"],
        payload["misclicks"],
        payload["ease"],
        payload["duration_ms"],
        joined(visit["duration_ms"] for visit in payload["screens"]),
    ]
