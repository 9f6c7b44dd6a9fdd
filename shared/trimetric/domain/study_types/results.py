"""How many results a participant may give: one for the study, or one for each task."""

from collections.abc import Container, Mapping, Sequence
from typing import Any

from trimetric.domain.validation import Problems


def add_second(
    problems: Problems, results: Sequence[Mapping[str, Any]], *, existing: Sequence[Mapping[str, Any]], field: str
) -> None:
    """A problem where a second result stands although one is due."""
    first_extra = 0 if existing else 1
    if len(results) > first_extra:
        problems.add(f"{field}[{first_extra}]", "is a second result; this study takes one from a participant")


def add_wrong_tasks(
    problems: Problems,
    results: Sequence[Mapping[str, Any]],
    *,
    tasks: Container[str],
    existing: Sequence[Mapping[str, Any]],
    field: str,
) -> None:
    """Problems where a result names a task that the study lacks or that has its result already."""
    answered = {payload["task_id"] for payload in existing}
    for place, result in enumerate(results):
        task_id = result["task_id"]
        if task_id not in tasks:
            problems.add(f"{field}[{place}].task_id", "is not a task of this study")
        elif task_id in answered:
            problems.add(f"{field}[{place}].task_id", "has a result already")
        answered.add(task_id)
