"""A tree with what people did at each node: pies of who went on, turned back or answered there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import cos, pi, sin, sqrt
from typing import Final

from trimetric.reporting.figures import nothing
from trimetric.reporting.lettering import label, width
from trimetric.reporting.svg import WIDTH, Drawing, Markup, element, joined

_ROW: Final = 28
_INDENT: Final = 34
_LEFT: Final = 28
_TOP: Final = 44
_LARGEST: Final = 12.0


@dataclass(frozen=True, slots=True)
class Node:
    """`onward`, `back` and `answered` count what followed visits of it."""

    id: str
    parent: str | None
    label: str
    depth: int
    visits: int
    back: int
    answered: int
    correct: bool

    @property
    def onward(self) -> int:
        return max(self.visits - self.back - self.answered, 0)


def pruned(nodes: Sequence[Node], most: int) -> list[Node]:
    """The most visited nodes with all above them, in their order, and the correct ones whatever their visits."""
    parents = {node.id: node.parent for node in nodes}
    ranked = sorted(
        (node for node in nodes if node.visits or node.correct), key=lambda node: (-node.correct, -node.visits)
    )
    kept: set[str] = set()
    for node in ranked:
        if len(kept) >= most:
            break
        above: str | None = node.id
        while above is not None and above not in kept:
            kept.add(above)
            above = parents.get(above)
    return [node for node in nodes if node.id in kept]


def draw(nodes: Sequence[Node]) -> Drawing:
    """`nodes` in the order of the tree, each after its parent."""
    if not any(node.visits for node in nodes):
        return nothing()
    most = max(node.visits for node in nodes)
    places = {node.id: (_LEFT + node.depth * _INDENT, _TOP + (row + 0.5) * _ROW) for row, node in enumerate(nodes)}
    links = [_link(node, places, most) for node in nodes if node.parent in places]
    drawn = [_node(node, places[node.id], most) for node in nodes]
    return Drawing(joined(_legend(), *links, *drawn), _TOP + _ROW * len(nodes) + 12)


def _radius(visits: int, most: int) -> float:
    return max(_LARGEST * sqrt(visits / most), 3.5)


def _link(node: Node, places: Mapping[str, tuple[float, float]], most: int) -> Markup:
    (x1, y1), (x2, y2) = places[node.parent or ""], places[node.id]
    return element(
        "path",
        d=f"M{x1:.1f} {y1:.1f}V{y2 - 8:.1f}Q{x1:.1f} {y2:.1f} {x1 + 8:.1f} {y2:.1f}H{x2:.1f}",
        fill="none",
        stroke="var(--good)" if node.correct else "var(--c5)",
        stroke_width=1 + 5 * node.visits / most,
        stroke_dasharray=None if node.visits else "3 3",
    )


def _node(node: Node, place: tuple[float, float], most: int) -> Markup:
    x, y = place
    radius = _radius(node.visits, most)
    figures = f"visits {node.visits}, went on {node.onward}, turned back {node.back}, answered here {node.answered}"
    said = element("title", f"{node.label}: {figures}")
    ring = (
        element("circle", cx=x, cy=y, r=radius + 2.5, fill="none", stroke="var(--good)", stroke_width=2.5)
        if node.correct
        else Markup("")
    )
    ground = element("circle", cx=x, cy=y, r=radius, fill="var(--ground)", stroke="var(--faint)")
    text = x + _LARGEST + 8
    tail = f"{node.visits}" + (f" · answered {node.answered}" if node.answered else "")
    tail += " · correct" if node.correct else ""
    room = max(WIDTH - text - width(tail) - 36, 60.0)
    return joined(
        element("g", said, ground, _pie(node, place, radius), ring),
        label(node.label, text, y + 4, room=room, after=element("tspan", tail, dx=10, fill="var(--faint)")),
    )


def _pie(node: Node, place: tuple[float, float], radius: float) -> Markup:
    slices = [(node.onward, "var(--c1)"), (node.back, "var(--c3)"), (node.answered, "var(--c0)")]
    total = sum(count for count, _ in slices)
    shapes: list[Markup] = []
    begin = 0.0
    for count, fill in slices:
        if not count:
            continue
        if count == total:
            return element("circle", cx=place[0], cy=place[1], r=radius, fill=fill)
        end = begin + count / total
        shapes.append(element("path", d=_slice(place, radius, begin, end), fill=fill))
        begin = end
    return joined(*shapes)


def _slice(place: tuple[float, float], radius: float, begin: float, end: float) -> str:
    (x, y), large = place, int(end - begin > 0.5)
    x1, y1 = x + radius * sin(2 * pi * begin), y - radius * cos(2 * pi * begin)
    x2, y2 = x + radius * sin(2 * pi * end), y - radius * cos(2 * pi * end)
    return f"M{x:.2f} {y:.2f}L{x1:.2f} {y1:.2f}A{radius:.2f} {radius:.2f} 0 {large} 1 {x2:.2f} {y2:.2f}z"


def _legend() -> Markup:
    parts = []
    x = 20.0
    for fill, text in (("var(--c1)", "went on"), ("var(--c3)", "turned back"), ("var(--c0)", "answered here")):
        parts += [
            element("circle", cx=x, cy=20, r=6, fill=fill),
            element("text", text, x=x + 12, y=24, fill="var(--faint)"),
        ]
        x += width(text) + 36
    parts += [
        element("circle", cx=x, cy=20, r=6, fill="none", stroke="var(--good)", stroke_width=2.5),
        element("text", "correct answer; figures are visits", x=x + 14, y=24, fill="var(--faint)"),
    ]
    return joined(*parts)
