"""Clicks and areas: borders, overlaps, shapes."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trimetric.domain.study_types.areas import Area, exact, winner


def rect(x: float, y: float, width: float, height: float, *, name: str = "r") -> Area:
    return area(name, rect={"x": x, "y": y, "width": width, "height": height})


def polygon(*points: tuple[float, float], name: str = "p") -> Area:
    return area(name, polygon=[list(point) for point in points])


def area(name: str, **shape: Any) -> Area:
    return Area.from_settings({"id": name, "label": name.upper(), "correct": True, **shape})


def holds(shape: Area, x: float, y: float) -> bool:
    return winner([shape], x, y) is not None


TRIANGLE = polygon((0.2, 0.2), (0.8, 0.2), (0.2, 0.8))
#: The sides of a U, open above.
CUP = polygon((0.1, 0.1), (0.3, 0.1), (0.3, 0.7), (0.7, 0.7), (0.7, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9))
BOW_TIE = polygon((0.1, 0.1), (0.9, 0.1), (0.3, 0.9), (0.7, 0.9))


@pytest.mark.parametrize(
    ("shape", "x", "y", "inside"),
    [
        pytest.param(rect(0.7, 0.1, 0.1, 0.2), 0.8, 0.3, True, id="a corner whose sum floats make too small"),
        pytest.param(rect(0.1, 0.1, 0.2, 0.2), 0.3, 0.2, True, id="a border whose sum floats make too large"),
        pytest.param(rect(0.1, 0.1, 0.2, 0.2), 0.3000001, 0.2, False, id="just beyond the border"),
        pytest.param(rect(0.1, 0.1, 0.2, 0.2), 0.1, 0.1, True, id="the corner it begins at"),
        pytest.param(rect(0.1, 0.1, 0.2, 0.2), 0.0999999, 0.1, False, id="just before the corner"),
        pytest.param(rect(0, 0, 1, 1), 1.0, 1.0, True, id="the last corner of the image"),
        pytest.param(TRIANGLE, 0.3, 0.3, True, id="inside a triangle"),
        pytest.param(TRIANGLE, 0.5, 0.5, True, id="on the slanted side"),
        pytest.param(TRIANGLE, 0.5, 0.50001, False, id="just beyond the slanted side"),
        pytest.param(TRIANGLE, 0.2, 0.8, True, id="on a corner"),
        pytest.param(TRIANGLE, 0.1, 0.2, False, id="left of a corner, on its height"),
        pytest.param(CUP, 0.5, 0.3, False, id="in the opening of a U"),
        pytest.param(CUP, 0.2, 0.3, True, id="in one side of a U"),
        pytest.param(CUP, 0.5, 0.8, True, id="in the bottom of a U"),
        pytest.param(CUP, 0.0, 0.7, False, id="left of a U, on the height of an edge"),
        pytest.param(BOW_TIE, 0.5, 0.2, True, id="in the upper half of a bow tie"),
        pytest.param(BOW_TIE, 0.5, 0.88, True, id="in the lower half of a bow tie"),
        pytest.param(BOW_TIE, 0.2, 0.8, False, id="beside a bow tie"),
    ],
)
def test_borders_belong_to_the_area(shape: Area, x: float, y: float, inside: bool) -> None:
    assert holds(shape, x, y) is inside


def test_the_smallest_of_overlapping_areas_wins() -> None:
    areas = [rect(0, 0, 1, 1, name="page"), polygon((0, 0), (0.5, 0), (0, 0.5), name="corner"), rect(0, 0, 0.6, 0.6)]
    found = winner(areas, 0.1, 0.1)
    assert found is not None
    assert (found.id, found.label, found.correct) == ("corner", "CORNER", True)


def test_the_first_of_equal_areas_wins() -> None:
    areas = [rect(0.1, 0.1, 0.2, 0.4, name="tall"), rect(0.1, 0.1, 0.4, 0.2, name="wide")]
    assert winner(areas, 0.2, 0.2) == areas[0]
    assert winner(areas[::-1], 0.2, 0.2) == areas[1]


def test_a_click_beside_all_areas() -> None:
    assert winner([rect(0, 0, 0.1, 0.1)], 0.5, 0.5) is None
    assert winner([], 0.5, 0.5) is None


def test_the_direction_in_which_corners_are_listed_does_not_matter() -> None:
    forward, backward = ((0.2, 0.2), (0.8, 0.2), (0.2, 0.8)), ((0.2, 0.8), (0.8, 0.2), (0.2, 0.2))
    assert polygon(*forward).double_size == polygon(*backward).double_size == exact(0.6) ** 2


cells = st.integers(min_value=0, max_value=50).map(lambda number: number / 50)


@settings(deadline=None)
@given(x=cells, y=cells, width=cells, height=cells, click=st.tuples(cells, cells))
def test_a_rectangle_and_the_polygon_of_its_corners_hold_the_same_clicks(
    x: float, y: float, width: float, height: float, click: tuple[float, float]
) -> None:
    right, bottom = round(x + width, 2), round(y + height, 2)
    corners = polygon((x, y), (right, y), (right, bottom), (x, bottom))
    inside = all(
        Fraction(str(start)) <= Fraction(str(at)) <= Fraction(str(end))
        for start, at, end in ((x, click[0], right), (y, click[1], bottom))
    )
    assert holds(rect(x, y, width, height), *click) is holds(corners, *click) is inside
