"""Metrics of a tree test: outcomes, first clicks, answers and ways of each task."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from trimetric.domain.study_types.design import Design
from trimetric.domain.study_types.members import tasks_of
from trimetric.domain.study_types.tree_test import Tree, outcome, tree_of
from trimetric.metrics.state import Contribution, Person, State, Tally
from trimetric.metrics.statistics import distribution, mean_block, proportion
from trimetric.metrics.tasks import lostness, lostness_block, ones, paths_block

SUCCESSES: Final = ("direct_success", "indirect_success")
#: A direct skip is no direct answer.
DIRECT: Final = ("direct_success", "direct_failure")
OUTCOMES: Final = (*SUCCESSES, "direct_failure", "indirect_failure", "direct_skip", "indirect_skip")
CONFIDENCE: Final = (1, 7)

#: Above so many nodes times tasks, an answer lists visited nodes only: Lambda sends at most 6 MB.
MOST_LISTED: Final = 20_000


@dataclass(frozen=True, slots=True)
class _Entrance:
    """The nodes that a first click may go to: the top level, or what is below a root that stands alone."""

    root: str | None
    nodes: Mapping[str, str]

    def first_click(self, path: Sequence[str]) -> str | None:
        """None where the path starts elsewhere or not at all."""
        first = next((node_id for node_id in path if node_id != self.root), None)
        return first if first in self.nodes else None


@dataclass(frozen=True, slots=True)
class _Target:
    """A task's correct nodes: what leads to them and how many steps the nearest takes."""

    first_clicks: frozenset[str]
    required: int


def _entrance(design: Design) -> _Entrance:
    top = design.settings["tree"]
    alone = top[0] if len(top) == 1 and top[0]["children"] else None
    nodes = top if alone is None else alone["children"]
    return _Entrance(alone and alone["id"], {node["id"]: node["label"] for node in nodes})


def _entrance_of(design: Design) -> _Entrance:
    return design.derived("entrance", lambda: _entrance(design))


def _targets_of(design: Design) -> dict[str, _Target]:
    return design.derived(
        "targets",
        lambda: {
            task_id: _target(tree_of(design), _entrance_of(design), task["correct_node_ids"])
            for task_id, task in tasks_of(design).items()
        },
    )


def _target(tree: Tree, entrance: _Entrance, correct: Sequence[str]) -> _Target:
    lines = [_line(tree, node_id) for node_id in correct]
    return _Target(
        first_clicks=frozenset(node_id for line in lines for node_id in line if node_id in entrance.nodes),
        required=min(map(len, lines), default=0),
    )


def _line(tree: Tree, node_id: str) -> list[str]:
    """The node and all above it."""
    line = []
    above: str | None = node_id
    while above is not None:
        line.append(above)
        above = tree.parents.get(above)
    return line


def contribution(design: Design, person: Person) -> Contribution:
    tally = Tally()
    if person.analysed:
        for payload in person.results:
            if payload["task_id"] in tasks_of(design):
                _count(tally, design, payload)
    return tally.contribution()


def _count(tally: Tally, design: Design, payload: Mapping[str, Any]) -> None:
    task_id, path, answer = payload["task_id"], payload["path"], payload["answer_node_id"]
    verdict = outcome(design, {**payload})
    tally.count("outcome", task_id, verdict)
    tally.count("path", task_id, verdict, answer, *path)
    tally.time("time", task_id, milliseconds=payload["duration_ms"])
    if verdict in SUCCESSES:
        tally.time("success time", task_id, milliseconds=payload["duration_ms"])
    if answer is not None:
        tally.count("answer", task_id, answer)
    if payload["confidence"] is not None:
        tally.measure("confidence", task_id, value=payload["confidence"])
    _count_path(tally, design, task_id, path=path)


def _count_path(tally: Tally, design: Design, task_id: str, *, path: Sequence[str]) -> None:
    parents = tree_of(design).parents
    first = _entrance_of(design).first_click(path)
    if first is not None:
        tally.count("first", task_id, first)
    for node_id in path:
        tally.count("visit", task_id, node_id)
    for node_id, following in pairwise(path):
        if parents.get(following) != node_id:
            tally.count("back", task_id, node_id)
    lost = lostness(path, _targets_of(design)[task_id].required)
    if lost is not None:
        tally.measure("lostness", task_id, value=lost)


def summarise(design: Design, state: State) -> dict[str, Any]:
    tasks = [_task(design, state, task_id) for task_id in tasks_of(design)]
    n = sum(task["success"]["n"] for task in tasks)
    success, direct = (sum(task[name]["count"] for task in tasks) for name in ("success", "directness"))
    overall = {
        "success": proportion(success, n),
        "directness": proportion(direct, n),
        "score": score(success, direct, n),
    }
    return {"tasks": tasks, "overall": overall}


def _task(design: Design, state: State, task_id: str) -> dict[str, Any]:
    outcomes = {each: state.get("outcome", task_id, each) for each in OUTCOMES}
    n = sum(outcomes.values())
    success, direct = sum(outcomes[each] for each in SUCCESSES), sum(outcomes[each] for each in DIRECT)
    first = ones(state, "first", task_id)
    correct = sum(count for node_id, count in first.items() if node_id in _targets_of(design)[task_id].first_clicks)
    ways = state.under("path", task_id).items()
    return {
        "task_id": task_id,
        "outcomes": outcomes,
        "success": proportion(success, n),
        "directness": proportion(direct, n),
        "score": score(success, direct, n),
        "duration_ms": state.time("time", task_id).summary(),
        "success_duration_ms": state.time("success time", task_id).summary(),
        "first_click": distribution(_entrance_of(design).nodes.items(), first, n),
        "first_click_correct": proportion(correct, n),
        "destinations": _destinations(tree_of(design), ones(state, "answer", task_id), n),
        **paths_block(
            (path, {"answer_node_id": answer, "outcome": verdict}, count) for (verdict, answer, *path), count in ways
        ),
        "nodes": _nodes(design, state, task_id),
        "lostness": lostness_block(state, task_id),
        "confidence": mean_block(*state.moments("confidence", task_id), low=CONFIDENCE[0], high=CONFIDENCE[1]),
    }


def score(success: int, direct: int, n: int) -> int | None:
    """0-10, successes counting three times as much as direct answers; a half is rounded up. None of nobody."""
    return (20 * (3 * success**2 + direct**2) + 4 * n**2) // (8 * n**2) if n else None


def _destinations(tree: Tree, answers: Mapping[str, int], n: int) -> list[dict[str, Any]]:
    """The most frequent first; equally frequent ones in the tree's order."""
    listed = [node_id for node_id in tree.labels if node_id in answers]
    ordered = sorted(listed, key=lambda node_id: -answers[node_id])
    return distribution([(node_id, tree.labels[node_id]) for node_id in ordered], answers, n)


def _nodes(design: Design, state: State, task_id: str) -> list[dict[str, Any]]:
    visits, backtracks = ones(state, "visit", task_id), ones(state, "back", task_id)
    nodes = tree_of(design).labels
    all_fit = len(nodes) * len(tasks_of(design)) <= MOST_LISTED
    return [
        {"node_id": node_id, "visits": visits.get(node_id, 0), "backtracks": backtracks.get(node_id, 0)}
        for node_id in nodes
        if all_fit or node_id in visits
    ]
