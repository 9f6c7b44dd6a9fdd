"""Drawings from hand-made figures."""

import re

import pytest

from trimetric.reporting import dendrogram, heat, outline
from trimetric.reporting.figures import Range, line, ranges, stacks
from trimetric.reporting.svg import Markup, element


def test_text_in_pictures_is_escaped_and_markup_is_not() -> None:
    drawn = element("text", "<b> & \x00", Markup("<tspan/>"), x=1.50, data_name='"', class_="a", y=None)
    assert drawn == '<text x="1.5" data-name="&quot;" class="a">&lt;b&gt; &amp; \ufffd<tspan/></text>'


@pytest.mark.parametrize(
    ("count", "merges", "leaves"),
    [
        (2, [[0, 1, 0.2, 2]], [0, 1]),
        (4, [[1, 3, 0.1, 2], [0, 2, 0.2, 2], [4, 5, 0.7, 4]], [1, 3, 0, 2]),
        (3, [[0, 2, 0.1, 2]], [0, 2, 1]),
        (2, [], [0, 1]),
    ],
    ids=["one pair", "two pairs joined", "a card left alone", "no merges"],
)
def test_leaves_stand_so_that_branches_do_not_cross(count: int, merges: list[list[float]], leaves: list[int]) -> None:
    assert dendrogram.order(count, merges) == leaves


def test_a_bar_reaches_its_value_from_the_base_on_either_side() -> None:
    rows = [Range("up", 50, "50"), Range("down", -50, "-50"), Range("none", None, "no data")]
    drawn = ranges(rows, low=-100, high=100, base=0).shapes
    bars = [(float(x), float(wide)) for x, wide in re.findall(r'<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', drawn)]
    [(up, up_wide), (down, down_wide)] = bars
    assert up == down + down_wide
    assert up_wide == down_wide > 0


def test_nothing_to_draw_says_so() -> None:
    empty = [
        ranges([], low=0, high=1),
        stacks([("a", [0, 0])], []),
        line([], across=""),
        heat.triangle(["a"], [[None]]),
        heat.grid([], [], {}),
        dendrogram.draw(["a"], []),
        outline.draw([]),
    ]
    assert all("No data yet" in drawing.shapes for drawing in empty)


def test_a_single_point_is_drawn_without_a_line() -> None:
    drawn = line([0], across="interviews").shapes
    assert drawn.count("<circle") == 1
    assert "<path" not in drawn


def node(id_: str, parent: str | None, visits: int, *, correct: bool = False) -> outline.Node:
    return outline.Node(
        id=id_, parent=parent, label=id_, depth=0, visits=visits, back=0, answered=visits, correct=correct
    )


def test_a_large_tree_keeps_the_most_visited_nodes_with_what_is_above_them() -> None:
    nodes = [
        node("a", None, 1),
        node("b", "a", 9),
        node("c", None, 5),
        node("d", "c", 0),
        node("e", "c", 0, correct=True),
    ]
    assert [each.id for each in outline.pruned(nodes, 4)] == ["a", "b", "c", "e"]
    assert [each.id for each in outline.pruned(nodes, 2)] == ["c", "e"]


def test_neighbours_of_one_level_are_one_shape_in_large_matrices() -> None:
    labels = [str(place) for place in range(100)]
    percents: list[list[float | None]] = [[100.0] * 100 for _ in labels]
    drawn = heat.triangle(labels, percents).shapes
    assert len(re.findall(r"M[\d.]+ [\d.]+h", drawn)) == 99
