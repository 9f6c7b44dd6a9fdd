"""What a study asks of its participants, as sections of a report."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from trimetric.domain.study_types.design import Design
from trimetric.reporting import words
from trimetric.reporting.layout import Section, Table

_Sections = Sequence[Section]

#: Nodes or screens that a task of a report names.
MAX_NAMED: Final = 20


def content_sections(study_type: str, design: Design) -> _Sections:
    return _SECTIONS[study_type](design)


def _card_sort(design: Design) -> _Sections:
    settings = design.settings
    unsorted = "may stay unsorted" if settings["allow_unsorted"] else "must all be sorted"
    cards = words.count(len(design.cards), "card", "cards")
    sections = [
        Section(
            "Cards",
            texts=[f"{_capitalised(settings['sort_type'])} card sort of {cards}, which {unsorted}."],
            tables=_tables(("Card",), [(card.label,) for card in design.cards]),
        )
    ]
    if design.groups:
        sections.append(Section("Groups", tables=_tables(("Group",), [(group.label,) for group in design.groups])))
    return sections


def _tree_test(design: Design) -> _Sections:
    nodes = list(_walk(design.settings["tree"]))
    labels = {node["id"]: node["label"] for _, node in nodes}
    deepest = max((depth for depth, _ in nodes), default=0)
    tasks = [(task["prompt"], _named(labels, task["correct_node_ids"])) for task in design.settings["tasks"]]
    said = f"{words.count(len(nodes), 'node', 'nodes')} on {words.count(deepest, 'level', 'levels')}."
    return [Section("Tree", texts=[said]), _tasks_section(("Task", "Correct answers"), tasks)]


def _walk(nodes: Sequence[Mapping[str, Any]], depth: int = 1) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for node in nodes:
        yield depth, node
        yield from _walk(node.get("children", ()), depth + 1)


def _survey(design: Design) -> _Sections:
    rows = [
        (
            question.prompt,
            words.name(question.kind),
            "required" if question.required else "optional",
            ", ".join(option.label for option in question.options),
        )
        for question in design.questions
    ]
    return [Section("Questions", tables=_tables(("Question", "Kind", "Answer", "Options"), rows))]


def _first_click_test(design: Design) -> _Sections:
    tasks = [
        (
            task["prompt"],
            len(task["areas"]),
            ", ".join(area["label"] for area in task["areas"] if area["correct"]),
        )
        for task in design.settings["tasks"]
    ]
    return [_tasks_section(("Task", "Areas", "Correct areas"), tasks)]


def _five_second_test(design: Design) -> _Sections:
    shown = f"The image is shown for {words.duration(design.settings['exposure_ms'])}."
    rows = [(question["prompt"], words.name(question["kind"])) for question in design.settings["questions"]]
    return [Section("Questions", texts=[shown], tables=_tables(("Question", "Kind"), rows))]


def _preference_test(design: Design) -> _Sections:
    settings = design.settings
    choice = "Choosing none is allowed." if settings["allow_none"] else "One option has to be chosen."
    rows = [(settings["prompt"], ", ".join(option["label"] for option in settings["options"]))]
    return [Section("Choice", texts=[choice], tables=[Table(("Question", "Options"), rows)])]


def _prototype_test(design: Design) -> _Sections:
    labels = {screen["id"]: screen["label"] for screen in design.settings["screens"]}
    tasks = [(task["prompt"], _named(labels, task["goal_screen_ids"])) for task in design.settings["tasks"]]
    said = words.count(len(labels), "screen", "screens")
    return [Section("Prototype", texts=[f"{said}."]), _tasks_section(("Task", "Goal screens"), tasks)]


def _live_website_test(design: Design) -> _Sections:
    tasks = [
        (task["prompt"], task["start_url"], (task["goal"] or {}).get("url_pattern"))
        for task in design.settings["tasks"]
    ]
    return [_tasks_section(("Task", "Starts at", "Goal"), tasks)]


def _interview(design: Design) -> _Sections:
    mode = f"{_capitalised(design.settings['mode'])} interview."
    rows = [(each["question"],) for each in design.settings["guide"]]
    return [Section("Guide", texts=[mode], tables=_tables(("Question",), rows))]


def _named(labels: Mapping[str, str], ids: Sequence[str]) -> str:
    """Their labels; many tasks that name many things would make a report larger than an answer may be."""
    shown = ", ".join(labels.get(each, each) for each in ids[:MAX_NAMED])
    return shown if len(ids) <= MAX_NAMED else f"{shown} and {len(ids) - MAX_NAMED} more"


def _tasks_section(columns: Sequence[str], rows: Sequence[Sequence[str | int | None]]) -> Section:
    return Section("Tasks", texts=[f"{words.count(len(rows), 'task', 'tasks')}."], tables=_tables(columns, rows))


def _tables(columns: Sequence[str], rows: Sequence[Sequence[str | int | None]]) -> Sequence[Table]:
    return [Table(columns, rows)] if rows else []


def _capitalised(word: str) -> str:
    return word[:1].upper() + word[1:]


_SECTIONS: Final[Mapping[str, Callable[[Design], _Sections]]] = {
    "card_sort": _card_sort,
    "tree_test": _tree_test,
    "survey": _survey,
    "first_click_test": _first_click_test,
    "five_second_test": _five_second_test,
    "preference_test": _preference_test,
    "prototype_test": _prototype_test,
    "live_website_test": _live_website_test,
    "interview": _interview,
}
