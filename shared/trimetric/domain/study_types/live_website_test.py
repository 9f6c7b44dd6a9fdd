"""Live-website test: participants do tasks on a real website."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal, NotRequired

from pydantic import Field, StringConstraints, TypeAdapter, with_config
from typing_extensions import TypedDict

from trimetric.domain.study_types import Cell, Payload, Settings, urls
from trimetric.domain.study_types.columns import joined, yes_no
from trimetric.domain.study_types.design import Design
from trimetric.domain.study_types.members import (
    DEFERRED,
    MAX_EXPECTED_PATHS,
    MAX_EXPECTED_STEPS,
    MAX_STEPS,
    MAX_TASKS,
    STRICT,
    HttpUrl,
    Id,
    Milliseconds,
    Prompt,
    SevenPoints,
    ids_of,
    is_blank,
    refuse_repeated_ids,
    tasks_of,
)
from trimetric.domain.study_types.navigation import verdict
from trimetric.domain.study_types.results import add_wrong_tasks
from trimetric.domain.validation import URL_GLOB_PATTERN, URL_PATH_PATTERN, Problems, parse
from trimetric.errors import FieldError

_UrlPath = Annotated[str, StringConstraints(max_length=2_048, pattern=URL_PATH_PATTERN)]


@with_config(STRICT)
class _Goal(TypedDict):
    url_pattern: Annotated[str, StringConstraints(max_length=500, pattern=URL_GLOB_PATTERN)]


@with_config(STRICT)
class _Task(TypedDict):
    id: Id
    prompt: NotRequired[Prompt]
    start_url: NotRequired[HttpUrl | None]
    goal: NotRequired[_Goal | None]
    expected_paths: NotRequired[
        Annotated[
            list[Annotated[list[_UrlPath], Field(min_length=1, max_length=MAX_EXPECTED_STEPS)]],
            Field(max_length=MAX_EXPECTED_PATHS),
        ]
    ]


@with_config(STRICT)
class _Settings(TypedDict, total=False):
    tasks: Annotated[list[_Task], Field(max_length=MAX_TASKS)]


@with_config(STRICT)
class _Visit(TypedDict):
    url: HttpUrl
    duration_ms: Milliseconds


@with_config(STRICT)
class _Result(TypedDict):
    task_id: Id
    visits: Annotated[list[_Visit], Field(max_length=MAX_STEPS)]
    self_reported: NotRequired[Literal["completed", "failed"] | None]
    gave_up: NotRequired[bool]
    duration_ms: Milliseconds
    ease: NotRequired[SevenPoints | None]


_SETTINGS: Final = TypeAdapter(_Settings)
_RESULTS: Final = TypeAdapter(Annotated[list[_Result], Field(max_length=MAX_TASKS)], config=DEFERRED)


def path_of(payload: Payload) -> list[str]:
    """The URL paths of the visited pages."""
    return [urls.path_of(visit["url"]) for visit in payload["visits"]]


def reaches_goal(design: Design, payload: Payload) -> bool:
    """Whether the last page fits the goal's pattern."""
    goal = tasks_of(design)[payload["task_id"]]["goal"]
    return bool(payload["visits"]) and urls.matches(payload["visits"][-1]["url"], goal["url_pattern"])


def default_settings() -> Settings:
    return {"tasks": []}


def merge_settings(current: Settings, raw: object, *, field: str = "study.settings") -> Settings:
    given: Settings = {**parse(_SETTINGS, raw, field=field)}
    if "tasks" in given:
        refuse_repeated_ids(ids_of(f"{field}.tasks", given["tasks"]))
        _refuse_bad_starts(given["tasks"], field=f"{field}.tasks")
        given["tasks"] = [_task(task) for task in given["tasks"]]
    return {**current, **given}


def _refuse_bad_starts(tasks: Sequence[Mapping[str, Any]], *, field: str) -> None:
    problems = Problems()
    for place, task in enumerate(tasks):
        if task.get("start_url") is not None:
            _cleaned(task["start_url"], problems, field=f"{field}[{place}].start_url")
    problems.refuse()


def _task(task: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": task["id"],
        "prompt": task.get("prompt", ""),
        "start_url": task.get("start_url"),
        "goal": task.get("goal"),
        "expected_paths": task.get("expected_paths", []),
    }


def editable_after_publish(current: Settings, raw: object) -> bool:
    return raw == {}


def missing_for_publish(design: Design) -> list[FieldError]:
    problems = Problems()
    field = "study.settings.tasks"
    if not design.settings["tasks"]:
        problems.add(field, "a live-website test needs at least 1 task")
    for place, task in enumerate(design.settings["tasks"]):
        if is_blank(task["prompt"]):
            problems.add(f"{field}[{place}].prompt", "must not be blank")
        for name in ("start_url", "goal"):
            if task[name] is None:
                problems.add(f"{field}[{place}].{name}", "is required")
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
    payloads = [_payload(result, problems, field=f"{field}[{place}]") for place, result in enumerate(results)]
    problems.refuse()
    return payloads


def _payload(result: _Result, problems: Problems, *, field: str) -> Payload:
    return {
        "task_id": result["task_id"],
        "visits": [
            {
                "url": _cleaned(visit["url"], problems, field=f"{field}.visits[{place}].url"),
                "duration_ms": visit["duration_ms"],
            }
            for place, visit in enumerate(result["visits"])
        ],
        "self_reported": result.get("self_reported"),
        "gave_up": result.get("gave_up", False),
        "duration_ms": result["duration_ms"],
        "ease": result.get("ease"),
    }


def _cleaned(url: str, problems: Problems, *, field: str) -> str:
    try:
        return urls.cleaned(url)
    except ValueError:
        problems.add(field, "must be an absolute http or https URL")
        return ""


def task_of(payload: Payload) -> str | None:
    return str(payload["task_id"])


def outcome(design: Design, payload: Payload) -> str | None:
    """`direct_success`, `indirect_success`, `gave_up` or `unfinished`."""
    return verdict(
        path_of(payload),
        expected=tasks_of(design)[payload["task_id"]]["expected_paths"],
        on_goal=reaches_goal(design, payload),
        gave_up=payload["gave_up"],
    )


def runner_view(design: Design) -> dict[str, Any]:
    """Without goals and expected paths."""
    shown = ("id", "prompt", "start_url")
    return {"tasks": [{name: task[name] for name in shown} for task in design.settings["tasks"]]}


def csv_columns(design: Design) -> list[str]:
    return [
        "task prompt",
        "outcome",
        "self_reported",
        "gave_up",
        "pages",
        "urls",
        "ease",
        "duration_ms",
        "page durations_ms",
    ]


def csv_row(design: Design, payload: Payload) -> list[Cell]:
    return [
        tasks_of(design)[payload["task_id"]]["prompt"],
        outcome(design, payload),
        payload["self_reported"],
        yes_no(payload["gave_up"]),
        joined(path_of(payload)),
        joined(visit["url"] for visit in payload["visits"]),
        payload["ease"],
        payload["duration_ms"],
        joined(visit["duration_ms"] for visit in payload["visits"]),
    ]
