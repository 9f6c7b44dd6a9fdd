"""Bars, stacks and lines."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from trimetric.reporting.lettering import cut, label, width
from trimetric.reporting.svg import WIDTH, Drawing, Markup, element, joined

_EMPTY_HEIGHT: Final = 96
_MARGIN: Final = 16
_ROW: Final = 26
_LABELS: Final = 216
#: Room at the right for what a row says in figures.
_SAID: Final = 150


def nothing() -> Drawing:
    text = element("text", "No data yet", x=WIDTH // 2, y=_EMPTY_HEIGHT // 2, text_anchor="middle", fill="var(--faint)")
    return Drawing(text, _EMPTY_HEIGHT)


@dataclass(frozen=True, slots=True)
class Bar:
    """`label` is read out for this bar; `tick` stands below it, on some bars only."""

    height: int
    label: str
    tick: str = ""
    colour: str = "var(--bar)"


_LEFT, _RIGHT, _TOP, _BOTTOM, _HEIGHT = 48, 16, 16, 40, 300


def columns(each: Sequence[Bar]) -> Drawing:
    """A bar chart: whole numbers upwards, bars side by side."""
    highest = max((bar.height for bar in each), default=0)
    if not highest:
        return nothing()
    room, floor = _HEIGHT - _TOP - _BOTTOM, _HEIGHT - _BOTTOM
    step = (WIDTH - _LEFT - _RIGHT) / len(each)
    parts = [_grid_line(value, floor - room * value / highest) for value in _grid_values(highest)]
    gap = 1 if step < 24 else step * 0.1
    for place, bar in enumerate(each):
        left, tall = _LEFT + place * step, room * bar.height / highest
        parts.append(
            element(
                "rect",
                element("title", bar.label),
                x=left + gap,
                y=floor - tall,
                width=max(step - 2 * gap, 1.0),
                height=tall,
                fill=bar.colour,
            )
        )
        if bar.tick:
            middle = left + step / 2
            parts.append(
                label(bar.tick, middle, floor + 18, room=max(step * 4, 24), text_anchor="middle", fill="var(--faint)")
            )
    return Drawing(joined(*parts), _HEIGHT)


def _grid_values(highest: int) -> list[int]:
    """Whole numbers from 0 up, at most six."""
    step = -(-highest // 5)
    return list(range(0, highest + 1, step))


def _grid_line(value: int, height: float) -> Markup:
    line = element("line", x1=_LEFT, x2=WIDTH - _RIGHT, y1=height, y2=height, stroke="var(--line)")
    return joined(line, element("text", str(value), x=_LEFT - 8, y=height + 4, text_anchor="end", fill="var(--faint)"))


@dataclass(frozen=True, slots=True)
class Range:
    """A figure with its 95 % interval, if it has one; `said` is the figure in words."""

    label: str
    value: float | None
    said: str
    interval: tuple[float, float] | None = None
    colour: str = "var(--bar)"


def ranges(
    rows: Sequence[Range],
    *,
    low: float,
    high: float,
    base: float | None = None,
    ticks: Sequence[tuple[float, str]] = (),
) -> Drawing:
    """Lying bars from `base` (`low` where that is None) to the values, whiskers for intervals, and a scale below."""
    if all(row.value is None for row in rows):
        return nothing()
    span = (high - low) or 1

    def across(value: float) -> float:
        return _LABELS + (WIDTH - _LABELS - _SAID) * (min(max(value, low), high) - low) / span

    floor = 8 + _ROW * len(rows)
    parts = [_tick(across(value), text, floor) for value, text in ticks]
    for place, row in enumerate(rows):
        parts.append(_range(row, 8 + _ROW * place, [across(low if base is None else base), *_placed(row, across)]))
    return Drawing(joined(*parts), floor + (30 if ticks else 8))


def _placed(row: Range, across: Callable[[float], float]) -> list[float]:
    if row.value is None:
        return []
    return [across(row.value), *(across(end) for end in row.interval or ())]


def _tick(x: float, text: str, floor: float) -> Markup:
    return joined(
        element("line", x1=x, x2=x, y1=4, y2=floor, stroke="var(--line)"),
        element("text", text, x=x, y=floor + 18, text_anchor="middle", fill="var(--faint)"),
    )


def _range(row: Range, top: float, places: Sequence[float]) -> Markup:
    middle = top + _ROW / 2
    parts = [label(row.label, _LABELS - 10, middle + 4, room=_LABELS - 20, text_anchor="end")]
    if len(places) > 1:
        left, right = sorted(places[:2])
        parts.append(
            element(
                "rect",
                element("title", f"{row.label}: {row.said}"),
                x=left,
                y=top + 4,
                width=right - left,
                height=_ROW - 8,
                fill=row.colour,
            )
        )
    if len(places) == 4:
        parts.append(_whisker(places[2], places[3], middle))
    parts.append(label(row.said, WIDTH - _SAID + 12, middle + 4, room=_SAID - 14))
    return joined(*parts)


def _whisker(begin: float, end: float, y: float) -> Markup:
    path = f"M{begin:.1f} {y - 5:.1f}v10M{begin:.1f} {y:.1f}H{end:.1f}M{end:.1f} {y - 5:.1f}v10"
    return joined(
        element("path", d=path, fill="none", stroke="var(--ground)", stroke_width=4, opacity=0.7),
        element("path", d=path, fill="none", stroke="var(--ink)", stroke_width=1.5),
    )


@dataclass(frozen=True, slots=True)
class Part:
    """A kind of segment in stacks: its name, fill, and the ink readable on it."""

    label: str
    fill: str
    ink: str


def stacks(rows: Sequence[tuple[str, Sequence[int]]], parts: Sequence[Part]) -> Drawing:
    """Rows of parts that make up a whole; counts in the order of `parts`, which a legend names."""
    if not any(sum(counts) for _, counts in rows):
        return nothing()
    legend, top = _legend(parts)
    shapes = [legend]
    for place, (name, counts) in enumerate(rows):
        shapes.append(_stack(name, counts, parts, top + place * (_ROW + 4)))
    return Drawing(joined(*shapes), top + len(rows) * (_ROW + 4) + 8)


def _legend(parts: Sequence[Part]) -> tuple[Markup, float]:
    shapes: list[Markup] = []
    x, y = float(_MARGIN), 12.0
    for part in parts:
        long = 18 + width(part.label) + 16
        if x + long > WIDTH - _MARGIN:
            x, y = float(_MARGIN), y + 20
        shapes += [
            element("rect", x=x, y=y, width=12, height=12, fill=part.fill),
            element("text", part.label, x=x + 18, y=y + 10, fill="var(--ink)"),
        ]
        x += long
    return joined(*shapes), y + 26


def _stack(name: str, counts: Sequence[int], parts: Sequence[Part], top: float) -> Markup:
    n = sum(counts)
    room = WIDTH - _LABELS - 72
    shapes = [
        label(name, _LABELS - 10, top + _ROW / 2 + 4, room=_LABELS - 20, text_anchor="end"),
        element("text", f"n = {n}", x=WIDTH - 62, y=top + _ROW / 2 + 4, fill="var(--faint)"),
    ]
    x = float(_LABELS)
    for part, count in zip(parts, counts, strict=True):
        if not count:
            continue
        long = room * count / n
        said = element("title", f"{part.label}: {count} of {n} ({100 * count / n:.0f} %)")
        shapes.append(element("rect", said, x=x, y=top + 2, width=max(long - 1, 0.5), height=_ROW - 4, fill=part.fill))
        if long > width(str(count)) + 6:
            middle = x + long / 2
            shapes.append(
                element("text", str(count), x=middle, y=top + _ROW / 2 + 4, text_anchor="middle", fill=part.ink)
            )
        x += long
    return joined(*shapes)


def line(values: Sequence[int], *, across: str) -> Drawing:
    """Whole numbers in order, joined; `across` names what they are in order of."""
    if not values:
        return nothing()
    highest = max(*values, 1)
    room, floor = _HEIGHT - _TOP - _BOTTOM - 16, _HEIGHT - _BOTTOM - 16
    step = (WIDTH - _LEFT - _RIGHT) / len(values)
    points = [(_LEFT + (place + 0.5) * step, floor - room * value / highest) for place, value in enumerate(values)]
    parts = [_grid_line(value, floor - room * value / highest) for value in _grid_values(highest)]
    drawn = "".join(f"M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" for (x1, y1), (x2, y2) in pairwise(points))
    if drawn:
        parts.append(element("path", d=drawn, fill="none", stroke="var(--bar)", stroke_width=2))
    every = -(-len(values) // 20)
    for place, ((x, y), value) in enumerate(zip(points, values, strict=True)):
        said = element("title", f"{place + 1}: {value}")
        parts.append(element("circle", said, cx=x, cy=y, r=3 if len(values) > 60 else 4, fill="var(--bar)"))
        if place % every == 0:
            parts.append(element("text", str(place + 1), x=x, y=floor + 18, text_anchor="middle", fill="var(--faint)"))
    parts.append(
        element("text", cut(across, 500), x=WIDTH / 2, y=_HEIGHT - 12, text_anchor="middle", fill="var(--faint)")
    )
    return Drawing(joined(*parts), _HEIGHT)
