"""Tree test: participants look for the place in a tree of labels where they would find something."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, NotRequired

from pydantic import Field, TypeAdapter, with_config
from typing_extensions import TypedDict

from trimetric.domain.study_types import Cell, Payload, Settings
from trimetric.domain.study_types.columns import joined, yes_no
from trimetric.domain.study_types.design import Design
from trimetric.domain.study_types.members import (
    DEFERRED,
    MAX_STEPS,
    MAX_TASKS,
    STRICT,
    Id,
    Label,
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
from trimetric.domain.study_types.results import add_wrong_tasks
from trimetric.domain.validation import Problems, parse
from trimetric.errors import FieldError, ValidationFailed

MAX_NODES: Final = 5_000
MAX_DEPTH: Final = 10


@with_config(STRICT)
class _Node(TypedDict):
    id: Id
    label: Label
    children: NotRequired[Annotated[list["_Node"], Field(max_length=MAX_NODES)]]


@with_config(STRICT)
class _Task(TypedDict):
    id: Id
    prompt: NotRequired[Prompt]
    correct_node_ids: NotRequired[Annotated[list[Id], Field(max_length=MAX_NODES)]]


@with_config(STRICT)
class _Settings(TypedDict, total=False):
    tree: Annotated[list[_Node], Field(max_length=MAX_NODES)]
    tasks: Annotated[list[_Task], Field(max_length=MAX_TASKS)]
    shuffle_tasks: bool


@with_config(STRICT)
class _Result(TypedDict):
    task_id: Id
    path: Annotated[list[Id], Field(max_length=MAX_STEPS)]
    answer_node_id: NotRequired[Id | None]
    skipped: NotRequired[bool]
    duration_ms: Milliseconds
    confidence: NotRequired[SevenPoints | None]


_SETTINGS: Final = TypeAdapter(_Settings)
_RESULTS: Final = TypeAdapter(Annotated[list[_Result], Field(max_length=MAX_TASKS)], config=DEFERRED)


@dataclass(frozen=True, slots=True)
class Tree:
    """Nodes by id in the order they are listed; `parents` has None for a top-level node."""

    parents: Mapping[str, str | None]
    labels: Mapping[str, str]

    def is_direct(self, path: Sequence[str]) -> bool:
        """Whether each step goes to a child of where it stands, from above the tree; true of no steps at all."""
        stands_at: str | None = None
        for node_id in path:
            if node_id not in self.parents or self.parents[node_id] != stands_at:
                return False
            stands_at = node_id
        return True


def tree_of(design: Design) -> Tree:
    return design.derived("tree", lambda: _tree(design.settings["tree"]))


def _tree(nodes: Sequence[dict[str, Any]]) -> Tree:
    parents: dict[str, str | None] = {}
    labels: dict[str, str] = {}
    for _, node, parent, _ in walk(nodes, field="tree"):
        parents[node["id"]] = parent
        labels[node["id"]] = node["label"]
    return Tree(parents=parents, labels=labels)


def walk(nodes: Sequence[Mapping[str, Any]], *, field: str) -> Iterator[tuple[str, Mapping[str, Any], str | None, int]]:
    """Path, node, parent's id and depth (1 at the top) of each node, in the order they are listed."""
    pending = [(f"{field}[{place}]", node, None, 1) for place, node in reversed(list(enumerate(nodes)))]
    steps: list[tuple[str, Mapping[str, Any], str | None, int]] = [*pending]
    while steps:
        path, node, parent, depth = steps.pop()
        yield path, node, parent, depth
        children = list(enumerate(node.get("children", ())))
        steps += [(f"{path}.children[{place}]", child, node["id"], depth + 1) for place, child in reversed(children)]


def default_settings() -> Settings:
    return {"tree": [], "tasks": [], "shuffle_tasks": False}


def merge_settings(current: Settings, raw: object, *, field: str = "study.settings") -> Settings:
    """Correct nodes that the tree lacks are found at publishing: the tree may still be on its way."""
    given: Settings = {**parse(_SETTINGS, raw, field=field)}
    if "tree" in given:
        _refuse_large(given["tree"], field=f"{field}.tree")
        given["tree"] = [_node(node) for node in given["tree"]]
    if "tasks" in given:
        given["tasks"] = [_task(task, field=f"{field}.tasks[{place}]") for place, task in enumerate(given["tasks"])]
    merged = {**current, **given}
    nodes = [(f"{path}.id", node["id"]) for path, node, _, _ in walk(merged["tree"], field=f"{field}.tree")]
    refuse_repeated_ids([*nodes, *ids_of(f"{field}.tasks", merged["tasks"])])
    return merged


def _refuse_large(tree: Sequence[Mapping[str, Any]], *, field: str) -> None:
    for count, (path, _, _, depth) in enumerate(walk(tree, field=field), start=1):
        if depth > MAX_DEPTH:
            raise ValidationFailed.of(path, f"is deeper than {MAX_DEPTH} levels")
        if count > MAX_NODES:
            raise ValidationFailed.of(field, f"must have at most {MAX_NODES} nodes")


def _node(node: Mapping[str, Any]) -> dict[str, Any]:
    children = [_node(child) for child in node.get("children", ())]
    return {"id": node["id"], "label": node["label"], "children": children}


def _task(task: Mapping[str, Any], *, field: str) -> dict[str, Any]:
    correct = task.get("correct_node_ids", [])
    problems = Problems()
    add_repeated(problems, placed(f"{field}.correct_node_ids", correct))
    problems.refuse()
    return {"id": task["id"], "prompt": task.get("prompt", ""), "correct_node_ids": correct}


def editable_after_publish(current: Settings, raw: object) -> bool:
    return raw == {}


def missing_for_publish(design: Design) -> list[FieldError]:
    problems = Problems()
    field = "study.settings.tasks"
    if not design.settings["tasks"]:
        problems.add(field, "a tree test needs at least 1 task")
    for place, task in enumerate(design.settings["tasks"]):
        if is_blank(task["prompt"]):
            problems.add(f"{field}[{place}].prompt", "must not be blank")
        correct = f"{field}[{place}].correct_node_ids"
        if not task["correct_node_ids"]:
            problems.add(correct, "needs at least 1 node")
        add_unknown(problems, placed(correct, task["correct_node_ids"]), tree_of(design).labels.keys(), what="a node")
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
    payloads = [_payload(result) for result in results]
    for place, payload in enumerate(payloads):
        _add_wrong_answer(problems, tree_of(design), payload, field=f"{field}[{place}]")
    problems.refuse()
    return payloads


def _payload(result: _Result) -> Payload:
    return {
        "task_id": result["task_id"],
        "path": result["path"],
        "answer_node_id": result.get("answer_node_id"),
        "skipped": result.get("skipped", False),
        "duration_ms": result["duration_ms"],
        "confidence": result.get("confidence"),
    }


def _add_wrong_answer(problems: Problems, tree: Tree, payload: Payload, *, field: str) -> None:
    path, answer = payload["path"], payload["answer_node_id"]
    add_unknown(problems, placed(f"{field}.path", path), tree.labels.keys(), what="a node")
    if payload["skipped"]:
        if answer is not None:
            problems.add(f"{field}.answer_node_id", "must be null in a skipped task")
    elif answer is None:
        problems.add(f"{field}.answer_node_id", "is required unless the task is skipped")
    elif answer not in tree.labels:
        problems.add(f"{field}.answer_node_id", "is not a node of this study")
    elif not path or path[-1] != answer:
        problems.add(f"{field}.answer_node_id", "must be the last node of path")


def task_of(payload: Payload) -> str | None:
    return str(payload["task_id"])


def outcome(design: Design, payload: Payload) -> str | None:
    """`direct_` or `indirect_`, and `success`, `failure` or `skip`."""
    directness = "direct" if tree_of(design).is_direct(payload["path"]) else "indirect"
    if payload["skipped"]:
        return "direct_skip" if not payload["path"] else "indirect_skip"
    correct = tasks_of(design)[payload["task_id"]]["correct_node_ids"]
    return f"{directness}_{'success' if payload['answer_node_id'] in correct else 'failure'}"


def runner_view(design: Design) -> dict[str, Any]:
    return {
        "tree": design.settings["tree"],
        "tasks": [{"id": task["id"], "prompt": task["prompt"]} for task in design.settings["tasks"]],
        "shuffle_tasks": design.settings["shuffle_tasks"],
    }


def csv_columns(design: Design) -> list[str]:
    return [
        "task prompt",
        "outcome",
        "skipped",
        "answer code",
        "answer label",
        "path codes",
        "path labels",
        "confidence",
        "duration_ms",
    ]


def csv_row(design: Design, payload: Payload) -> list[Cell]:
    labels, answer = tree_of(design).labels, payload["answer_node_id"]
    return [
        tasks_of(design)[payload["task_id"]]["prompt"],
        outcome(design, payload),
        yes_no(payload["skipped"]),
        answer,
        labels[answer] if answer else None,
        joined(payload["path"]),
        joined(labels[node_id] for node_id in payload["path"]),
        payload["confidence"],
        payload["duration_ms"],
    ]
