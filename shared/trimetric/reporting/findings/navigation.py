"""Prototype and live-website tests: whether people reached the goal, and where they went."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from trimetric.domain.study_types.design import Design
from trimetric.reporting import words
from trimetric.reporting.figures import Part, stacks
from trimetric.reporting.findings import Metrics, Sections
from trimetric.reporting.findings.blocks import (
    counts,
    durations_table,
    findings,
    limited,
    means_table,
    proportions_table,
    shares,
)
from trimetric.reporting.layout import Cell, Chart, Section, Table

Task = Mapping[str, Any]

OUTCOMES: Final = (
    Part("direct success", "var(--c0)", "var(--on0)"),
    Part("indirect success", "var(--c1)", "#000"),
    Part("gave up", "var(--c2)", "#000"),
    Part("unfinished", "var(--c3)", "#000"),
)
_DRAWN: Final = 20


def sections(design: Design, metrics: Metrics) -> Sections:
    names = {task["id"]: task["prompt"] for task in design.settings["tasks"]}
    labels = {screen["id"]: screen["label"] for screen in design.settings.get("screens", ())}
    titled = [
        (words.numbered(place, names.get(task["task_id"], "")), task) for place, task in enumerate(metrics["tasks"], 1)
    ]
    return [
        findings([point for title, task in titled for point in _points(title, task)]),
        _outcomes(titled),
        *(_task(place, title, task, labels) for place, (title, task) in enumerate(titled, 1)),
    ]


def _points(title: str, task: Task) -> Iterator[str]:
    if not task["success"]["n"]:
        return
    yield f"Task {words.quoted(title)}: success {words.proportion(task['success'])}."
    if task["ease"]["n"]:
        yield f"Task {words.quoted(title)}: ease {words.mean(task['ease'])} of 7."
    if task.get("false_successes"):
        people = words.count(task["false_successes"], "person", "people")
        yield f"Task {words.quoted(title)}: {people} said they had completed it without reaching the goal."


def _outcomes(titled: Sequence[tuple[str, Task]]) -> Section:
    rows = [(title, [task["outcomes"][part.label.replace(" ", "_")] for part in OUTCOMES]) for title, task in titled]
    success = [(title, task["success"]) for title, task in titled]
    charts = [
        Chart("outcomes", "Outcomes of the tasks", "Parts of each task's results.", lambda: stacks(rows, OUTCOMES)),
        Chart(
            "success",
            "Success of the tasks",
            "Share who reached the goal, with 95 % intervals.",
            lambda: shares(success),
        ),
    ]
    columns = ("Task", *(part.label.capitalize() for part in OUTCOMES))
    table = Table(columns, [(title, *row) for title, row in rows])
    return Section("Outcomes", charts=charts, tables=[table, proportions_table("Success of", success)])


def _task(place: int, title: str, task: Task, labels: Mapping[str, str]) -> Section:
    screens, kind = (task["screens"], "Screen") if "screens" in task else (task["pages"], "Page")
    named = [(_name(screen, labels), screen) for screen in screens]
    ranked = sorted(named, key=lambda each: -each[1]["visits"])
    chart = Chart(
        f"visits-{place}",
        f"Task {place}: visits",
        f"How often each {kind.lower()} was visited, the {_DRAWN} most frequent.",
        lambda: counts([(label, screen["visits"]) for label, screen in ranked[:_DRAWN]]),
    )
    measures = [
        (label, task[key]) for key, label in _MEASURES.items() if task.get(key) is not None and "ci95" in task[key]
    ]
    tables = [
        proportions_table("Measure", measures),
        means_table("Measure", [("Ease (1-7)", task["ease"]), ("Lostness", task["lostness"])]),
        durations_table("Time", [("All", task["duration_ms"]), ("Successful", task["success_duration_ms"])]),
        *_clicks(task),
        *_single_metric(task),
        _paths(task, labels),
    ]
    shown, note = limited(ranked, f"{kind.lower()}s")
    if screens:
        tables.append(_screens(kind, shown))
    return Section(title, texts=note, charts=[chart], tables=tables, level=3)


_MEASURES: Final = {
    "success": "Success",
    "direct_success": "Direct success",
    "self_reported": "Said they had completed it",
}


def _name(screen: Task, labels: Mapping[str, str]) -> str:
    identifier = str(screen["screen_id"] if "screen_id" in screen else screen["page"])
    return labels.get(identifier, identifier)


def _clicks(task: Task) -> Iterator[Table]:
    rate = task.get("misclick_rate")
    if rate is not None:
        yield Table(("Misclicks", "Clicks", "Rate"), [(rate["count"], rate["n"], words.share(rate["rate"]))])


def _single_metric(task: Task) -> Iterator[Table]:
    parts = task.get("sum")
    if parts:
        rows = [(name.capitalize(), words.decimal(value)) for name, value in parts.items()]
        yield Table(("Single usability metric", "Value"), rows)


def _paths(task: Task, labels: Mapping[str, str]) -> Table:
    rows = [
        (
            " → ".join(labels.get(step, step) for step in path["path"]),
            words.name(path["outcome"]) if path.get("outcome") else None,
            path["count"],
        )
        for path in task["paths"][:_DRAWN]
    ]
    return Table(("Most frequent paths", "Outcome", "People"), rows)


def _screens(kind: str, screens: Sequence[tuple[str, Task]]) -> Table:
    extra = "misclick_rate" in screens[0][1]
    columns = [kind, "Visits", "Exits", "Mean time"]
    columns += ["Misclick rate", "Usability score"] if extra else []
    rows: list[tuple[Cell, ...]] = []
    for label, screen in screens:
        row: tuple[Cell, ...] = (label, screen["visits"], screen["exits"], words.duration(screen["mean_duration_ms"]))
        if extra:
            row += (words.share(screen["misclick_rate"]["rate"]), words.decimal(screen["usability_score"], 1))
        rows.append(row)
    return Table(columns, rows)
