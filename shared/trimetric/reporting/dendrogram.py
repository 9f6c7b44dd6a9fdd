"""Merges of an agglomerative clustering as a tree that lies on its side: leaves at the left, the last merge right."""

from collections.abc import Sequence
from typing import Any, Final

from trimetric.reporting.figures import nothing
from trimetric.reporting.lettering import label
from trimetric.reporting.svg import WIDTH, Drawing, Markup, element, joined

Merges = Sequence[Sequence[Any]]

_LABELS: Final = 216
_TOP: Final = 28
_ROW: Final = 20
_TICKS: Final = (0.0, 0.25, 0.5, 0.75, 1.0)


def order(count: int, merges: Merges) -> list[int]:
    """Leaves from top to bottom so that no branches cross; leaves that nothing joined come last."""
    children = {count + place: (int(merge[0]), int(merge[1])) for place, merge in enumerate(merges)}
    inner = {child for pair in children.values() for child in pair}
    leaves: list[int] = []
    alone = [leaf for leaf in range(count) if leaf not in inner]
    pending = [*reversed(alone), *(cluster for cluster in children if cluster not in inner)]
    while pending:
        cluster = pending.pop()
        if cluster in children:
            pending += reversed(children[cluster])
        else:
            leaves.append(cluster)
    return leaves


def draw(labels: Sequence[str], merges: Merges) -> Drawing:
    """`merges` are [a, b, height, size]; the scale is agreement: 100 % where nothing is apart."""
    if not merges:
        return nothing()
    row = _ROW if len(labels) <= 150 else 12
    places = {leaf: _TOP + (place + 0.5) * row for place, leaf in enumerate(order(len(labels), merges))}
    floor = _TOP + row * len(labels)
    parts = [_tick(height, floor) for height in _TICKS]
    for leaf, y in places.items():
        parts.append(label(labels[leaf], _LABELS - 8, y + 4, room=_LABELS - 16, size=min(12.0, row), text_anchor="end"))
    reach = dict.fromkeys(places, _across(0.0))
    for place, (a, b, height, size) in enumerate(merges):
        merged, x = len(labels) + place, _across(float(height))
        parts.append(_bracket((reach[a], places[a]), (reach[b], places[b]), x, said=_said(float(height), int(size))))
        places[merged], reach[merged] = (places[a] + places[b]) / 2, x
    return Drawing(joined(*parts), floor + 12)


def _across(height: float) -> float:
    return _LABELS + (WIDTH - _LABELS - 32) * min(max(height, 0.0), 1.0)


def _tick(height: float, floor: float) -> Markup:
    x = _across(height)
    return joined(
        element("line", x1=x, x2=x, y1=_TOP - 6, y2=floor, stroke="var(--line)"),
        element("text", f"{100 * (1 - height):.0f} %", x=x, y=_TOP - 12, text_anchor="middle", fill="var(--faint)"),
    )


def _said(height: float, size: int) -> str:
    return f"{size} cards at {100 * (1 - height):.0f} % agreement"


def _bracket(upper: tuple[float, float], lower: tuple[float, float], x: float, *, said: str) -> Markup:
    (x1, y1), (x2, y2) = upper, lower
    path = f"M{x1:.1f} {y1:.1f}H{x:.1f}V{y2:.1f}H{x2:.1f}"
    return element(
        "path",
        element("title", said),
        d=path,
        fill="none",
        stroke="var(--bar)",
        stroke_width=2,
        stroke_linejoin="round",
    )
