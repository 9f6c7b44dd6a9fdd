"""Which area of a picture a click is in.

Coordinates become integers of 1e-18: a click on a border is in the area, and sums such as 0.7 + 0.1 must not decide
otherwise. A polygon that crosses itself holds the points that an even-odd fill paints.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Self

_UNIT: Final = 10**18

Point = tuple[int, int]


def exact(fraction: float) -> int:
    """`fraction` as its shortest decimal says, in units of 1e-18."""
    return int(Decimal(repr(fraction)) * _UNIT)


@dataclass(frozen=True, slots=True)
class Area:
    """`corners` in order; `double_size` is twice the enclosed area, comparable between areas."""

    id: str
    label: str
    correct: bool
    corners: tuple[Point, ...]
    double_size: int

    @classmethod
    def from_settings(cls, area: Mapping[str, Any]) -> Self:
        corners = _rectangle(area["rect"]) if "rect" in area else _polygon(area["polygon"])
        return cls(
            id=area["id"],
            label=area["label"],
            correct=area["correct"],
            corners=corners,
            double_size=_double_size(corners),
        )

    def holds(self, point: Point) -> bool:
        inside = False
        for begin, end in zip(self.corners, (*self.corners[1:], self.corners[0]), strict=True):
            if _is_on(point, begin, end):
                return True
            inside ^= _is_crossed(point, begin, end)
        return inside


def winner(areas: Sequence[Area], x: float, y: float) -> Area | None:
    """The smallest area that holds the click, the first listed of equal ones; None outside all of them."""
    point = (exact(x), exact(y))
    return min((area for area in areas if area.holds(point)), key=lambda area: area.double_size, default=None)


def _rectangle(rect: Mapping[str, float]) -> tuple[Point, ...]:
    left, top = exact(rect["x"]), exact(rect["y"])
    right, bottom = left + exact(rect["width"]), top + exact(rect["height"])
    return (left, top), (right, top), (right, bottom), (left, bottom)


def _polygon(points: Sequence[Sequence[float]]) -> tuple[Point, ...]:
    return tuple((exact(x), exact(y)) for x, y in points)


def _double_size(corners: Sequence[Point]) -> int:
    """Shoelace formula."""
    following = (*corners[1:], corners[0])
    return abs(sum(x * next_y - next_x * y for (x, y), (next_x, next_y) in zip(corners, following, strict=True)))


def _is_on(point: Point, begin: Point, end: Point) -> bool:
    (x, y), (x1, y1), (x2, y2) = point, begin, end
    if not (min(x1, x2) <= x <= max(x1, x2) and min(y1, y2) <= y <= max(y1, y2)):
        return False
    return (x2 - x1) * (y - y1) == (y2 - y1) * (x - x1)


def _is_crossed(point: Point, begin: Point, end: Point) -> bool:
    """Whether the ray from `point` to the right crosses the edge."""
    (x, y), (x1, y1), (x2, y2) = point, begin, end
    if (y1 > y) == (y2 > y):
        return False
    return ((x - x1) * (y2 - y1) < (x2 - x1) * (y - y1)) == (y2 > y1)
