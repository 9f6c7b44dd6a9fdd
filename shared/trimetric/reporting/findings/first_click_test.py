"""First-click test: where people clicked first, task by task."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from trimetric.domain.study_types.design import Design
from trimetric.reporting import clicks, words
from trimetric.reporting.findings import Metrics, Sections
from trimetric.reporting.findings.blocks import durations_table, findings, proportions_table, shares
from trimetric.reporting.layout import Chart, Section, Table

Task = Mapping[str, Any]


def sections(design: Design, metrics: Metrics) -> Sections:
    asked = {task["id"]: task for task in design.settings["tasks"]}
    tasks = [(asked[each["task_id"]], each) for each in metrics["tasks"] if each["task_id"] in asked]
    titled = [(words.numbered(place, task["prompt"]), task, each) for place, (task, each) in enumerate(tasks, 1)]
    success = [(title, figures["success"]) for title, _, figures in titled]
    chart = Chart(
        "success",
        "Success of the tasks",
        "Share of first clicks in a correct area with 95 % intervals; skipped tasks count as missed.",
        lambda: shares(success),
    )
    return [
        findings(list(_points(titled))),
        Section("Success", charts=[chart], tables=[proportions_table("Task", success)]),
        *(_task(place, *each) for place, each in enumerate(titled, 1)),
    ]


def _points(titled: Sequence[tuple[str, Task, Task]]) -> Iterator[str]:
    for title, _, figures in titled:
        if figures["success"]["n"]:
            took = words.duration(figures["duration_ms"]["median"])
            yield (
                f"Task {words.quoted(title)}: {words.proportion(figures['success'])} clicked a correct area first; "
                f"median time {took}."
            )


def _task(place: int, title: str, task: Task, figures: Task) -> Section:
    total = sum(count for _, _, count in figures["grid"]["cells"])
    chart = Chart(
        f"clicks-{place}",
        f"Task {place}: click map",
        f"{words.count(total, 'click', 'clicks')} in the frame of the image, which is not loaded; the larger "
        f"and fuller a circle, the more clicks. {words.count(figures['outside'], 'click is', 'clicks are')} outside "
        "all areas.",
        lambda: clicks.draw(task["image"], task["areas"], figures["grid"], median=figures["median_point"]),
    )
    rows = [
        (f"{number}. {area['label']}", "yes" if area["correct"] else "no", area["count"], words.share(area["share"]))
        for number, area in enumerate(figures["areas"], 1)
    ]
    rows += [("Outside all areas", "no", figures["outside"], ""), ("Skipped", "no", figures["skips"], "")]
    times = [("All", figures["duration_ms"]), ("Successful", figures["success_duration_ms"])]
    return Section(
        title,
        charts=[chart],
        tables=[Table(("Area", "Correct", "Clicks", "Share"), rows), durations_table("Time", times)],
        level=3,
    )
