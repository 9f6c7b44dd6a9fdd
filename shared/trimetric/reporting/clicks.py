"""Where people clicked: the image's frame with its areas and a grid of clicks. The image itself is never loaded."""

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any, Final

from trimetric.reporting.lettering import label
from trimetric.reporting.svg import WIDTH, Drawing, Markup, element, joined

_MARGIN: Final = 16
_TALLEST: Final = 760.0
#: Narrower areas show their number only.
_NAMED: Final = 48.0


def draw(
    image: Mapping[str, Any] | None,
    areas: Sequence[Mapping[str, Any]],
    grid: Mapping[str, Any],
    *,
    median: Sequence[float] | None,
) -> Drawing:
    ratio = image["height"] / image["width"] if image else 0.6
    wide = min(float(WIDTH - 2 * _MARGIN), _TALLEST / ratio)
    size = (wide, max(wide * ratio, 8.0))
    left = (WIDTH - wide) / 2
    frame = element("rect", width=size[0], height=size[1], fill="none", stroke="var(--faint)")
    parts = [frame, _cells(grid, size), *(_area(area, size) for area in areas)]
    if median is not None:
        parts.append(_cross(median[0] * size[0], median[1] * size[1]))
    parts += [_name(number, area, size) for number, area in enumerate(areas, 1)]
    if not grid["cells"]:
        middle = (size[0] / 2, size[1] / 2)
        parts.append(label("No data yet", *middle, room=200, text_anchor="middle", fill="var(--faint)"))
    shapes = element("g", *parts, transform=f"translate({left:.1f} {_MARGIN})")
    return Drawing(joined(shapes, _legend(size[1] + 2 * _MARGIN + 6)), size[1] + 3 * _MARGIN + 12)


def _cells(grid: Mapping[str, Any], size: tuple[float, float]) -> Markup:
    most = max((count for _, _, count in grid["cells"]), default=1)
    wide, tall = size[0] / grid["columns"], size[1] / grid["rows"]
    shapes = []
    for row, column, count in grid["cells"]:
        clicks = "1 click" if count == 1 else f"{count} clicks"
        radius = max(wide, 5.0) * (0.6 + 0.9 * sqrt(count / most))
        shapes.append(
            element(
                "circle",
                element("title", clicks),
                cx=(column + 0.5) * wide,
                cy=(row + 0.5) * tall,
                r=radius,
                fill="var(--c2)",
                fill_opacity=round(0.35 + 0.55 * count / most, 2),
            )
        )
    return joined(*shapes)


def _corners(area: Mapping[str, Any], size: tuple[float, float]) -> list[tuple[float, float]]:
    if "rect" in area:
        rect = area["rect"]
        left, top = rect["x"], rect["y"]
        right, bottom = left + rect["width"], top + rect["height"]
        corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    else:
        corners = [(x, y) for x, y in area["polygon"]]
    return [(x * size[0], y * size[1]) for x, y in corners]


def _area(area: Mapping[str, Any], size: tuple[float, float]) -> Markup:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in _corners(area, size))
    correct = area["correct"]
    return element(
        "polygon",
        points=points,
        fill="var(--c0)" if correct else "none",
        fill_opacity=0.12 if correct else None,
        stroke="var(--c0)" if correct else "var(--faint)",
        stroke_width=2 if correct else 1.5,
        stroke_dasharray=None if correct else "5 4",
        pointer_events="none",
    )


def _name(number: int, area: Mapping[str, Any], size: tuple[float, float]) -> Markup:
    """In the corner of a rectangle, in the middle of a polygon."""
    xs, ys = zip(*_corners(area, size), strict=True)
    wide = max(xs) - min(xs)
    if "rect" in area:
        x, y, anchor = min(xs) + 4, min(ys) + 15, "start"
    else:
        x, y, anchor = sum(xs) / len(xs), sum(ys) / len(ys) + 4, "middle"
    name = f"{number}. {area['label']}" if wide >= _NAMED else str(number)
    return label(
        name,
        x,
        min(y, size[1] - 4),
        room=max(wide - 8, 24.0),
        text_anchor=anchor,
        font_weight="600",
        stroke="var(--ground)",
        stroke_width=3,
        paint_order="stroke",
    )


def _cross(x: float, y: float) -> Markup:
    path = f"M{x - 8:.1f} {y:.1f}h16M{x:.1f} {y - 8:.1f}v16"
    return joined(
        element("path", d=path, stroke="var(--ground)", stroke_width=5, fill="none"),
        element(
            "path", element("title", "Median of all clicks"), d=path, stroke="var(--ink)", stroke_width=2, fill="none"
        ),
    )


def _legend(y: float) -> Markup:
    ink = "var(--faint)"
    return joined(
        element("circle", cx=24, cy=y, r=6, fill="var(--c2)", fill_opacity=0.8),
        element("text", "clicks", x=36, y=y + 4, fill=ink),
        element("rect", x=92, y=y - 6, width=16, height=12, fill="none", stroke="var(--c0)", stroke_width=2),
        element("text", "correct area", x=114, y=y + 4, fill=ink),
        element(
            "rect", x=204, y=y - 6, width=16, height=12, fill="none", stroke="var(--faint)", stroke_dasharray="4 3"
        ),
        element("text", "other area", x=226, y=y + 4, fill=ink),
        element("path", d=f"M310 {y:.1f}h12M316 {y - 6:.1f}v12", stroke="var(--ink)", stroke_width=2),
        element("text", "median click", x=328, y=y + 4, fill=ink),
    )
