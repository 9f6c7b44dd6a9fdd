"""Tree test: outcomes of each task, and where in the tree people went."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from trimetric.domain.study_types import tree_test
from trimetric.domain.study_types.design import Design
from trimetric.reporting import outline, words
from trimetric.reporting.figures import Part, stacks
from trimetric.reporting.findings import Metrics, Sections
from trimetric.reporting.findings.blocks import (
    durations_table,
    findings,
    frequent_table,
    limited,
    means_table,
    proportions_table,
    shares,
)
from trimetric.reporting.layout import Chart, Section, Table

Task = Mapping[str, Any]

OUTCOMES: Final = (
    Part("direct success", "var(--c0)", "var(--on0)"),
    Part("indirect success", "var(--c1)", "#000"),
    Part("indirect failure", "var(--c3)", "#000"),
    Part("direct failure", "var(--c2)", "#000"),
    Part("indirect skip", "var(--c5)", "var(--ink)"),
    Part("direct skip", "var(--c4)", "var(--ground)"),
)
#: Nodes of a task's diagram; beyond them it would be a list.
_MOST_NODES: Final = 40


def sections(design: Design, metrics: Metrics) -> Sections:
    tasks = metrics["tasks"]
    names = {task["id"]: task["prompt"] for task in design.settings["tasks"]}
    titled = [(words.numbered(place, names.get(task["task_id"], "")), task) for place, task in enumerate(tasks, 1)]
    return [
        findings(list(_points(titled, metrics["overall"]))),
        _outcomes(titled),
        *(_task(design, title, place, task) for place, (title, task) in enumerate(titled, 1)),
    ]


def _points(titled: Sequence[tuple[str, Task]], overall: Mapping[str, Any]) -> Iterator[str]:
    if not overall["success"]["n"]:
        return
    yield f"Overall success: {words.proportion(overall['success'])}."
    yield f"Overall directness: {words.proportion(overall['directness'])}."
    yield f"Overall score: {words.number(overall['score'])} of 10."
    judged = [(title, task) for title, task in titled if task["success"]["n"]]
    for title, task in sorted(judged, key=lambda each: each[1]["success"]["rate"])[:3]:
        yield f"Task {words.quoted(title)}: success {words.proportion(task['success'])}, score {task['score']} of 10."


def _outcomes(titled: Sequence[tuple[str, Task]]) -> Section:
    rows = [(title, [task["outcomes"][part.label.replace(" ", "_")] for part in OUTCOMES]) for title, task in titled]
    columns = ("Task", *(part.label.capitalize() for part in OUTCOMES), "Score")
    table = Table(columns, [(title, *row, task["score"]) for (title, row), (_, task) in zip(rows, titled, strict=True)])
    success = [(title, task["success"]) for title, task in titled]
    charts = [
        Chart("outcomes", "Outcomes of the tasks", "Parts of each task's answers.", lambda: stacks(rows, OUTCOMES)),
        Chart(
            "success",
            "Success of the tasks",
            "Share of correct answers with 95 % intervals; skipped tasks count as not found.",
            lambda: shares(success),
        ),
    ]
    return Section("Outcomes", charts=charts, tables=[table, proportions_table("Success of", success)])


def _task(design: Design, title: str, place: int, task: Task) -> Section:
    labels = tree_test.tree_of(design).labels
    nodes = _nodes(design, task)
    chart = Chart(
        f"paths-{place}",
        f"Task {place}: ways through the tree",
        "Nodes that people visited: the larger, the more visits; pies show who went on, turned back or answered there.",
        lambda: outline.draw(outline.pruned(nodes, _MOST_NODES)),
    )
    measures = [
        ("Success", task["success"]),
        ("Directness", task["directness"]),
        ("First click on the way to a correct answer", task["first_click_correct"]),
    ]
    return Section(
        title,
        charts=[chart],
        tables=[
            proportions_table("Measure", measures),
            means_table("Measure", [("Lostness", task["lostness"]), ("Confidence (1-7)", task["confidence"])]),
            durations_table("Time", [("All", task["duration_ms"]), ("Successful", task["success_duration_ms"])]),
            frequent_table("First click", task["first_click"]),
            frequent_table("Answer", task["destinations"]),
            *_paths(task, labels),
            _visits(task, labels),
        ],
        level=3,
    )


def _nodes(design: Design, task: Task) -> list[outline.Node]:
    visits = {node["node_id"]: node for node in task["nodes"]}
    answers = Counter({entry["value"]: entry["count"] for entry in task["destinations"] if entry["value"] is not None})
    correct = {
        node for each in design.settings["tasks"] if each["id"] == task["task_id"] for node in each["correct_node_ids"]
    }
    return [
        outline.Node(
            id=node["id"],
            parent=parent,
            label=node["label"],
            depth=depth - 1,
            visits=visits.get(node["id"], {"visits": 0})["visits"],
            back=visits.get(node["id"], {"backtracks": 0})["backtracks"],
            answered=answers[node["id"]],
            correct=node["id"] in correct,
        )
        for _, node, parent, depth in tree_test.walk(design.settings["tree"], field="tree")
    ]


def _paths(task: Task, labels: Mapping[str, str]) -> Iterator[Table]:
    shown, _ = limited(task["paths"], "paths")
    rows = [
        (" → ".join(labels.get(node, node) for node in path["path"]), words.name(path["outcome"]), path["count"])
        for path in shown[:20]
    ]
    yield Table(("Most frequent paths", "Outcome", "People"), rows)


def _visits(task: Task, labels: Mapping[str, str]) -> Table:
    ranked = sorted((node for node in task["nodes"] if node["visits"]), key=lambda node: -node["visits"])
    rows = [(labels.get(node["node_id"], node["node_id"]), node["visits"], node["backtracks"]) for node in ranked]
    return Table(("Node", "Visits", "Turned back"), rows[:_MOST_NODES])
