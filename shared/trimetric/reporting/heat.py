"""Matrices as squares whose depth of colour is a share."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from trimetric.reporting.figures import nothing
from trimetric.reporting.lettering import label
from trimetric.reporting.svg import WIDTH, Drawing, Markup, element, joined

_LABELS: Final = 200
#: From this share on the cell is nearer to the full colour than to the ground.
_HALF: Final = 0.7
_LEVELS: Final = 10
#: With more cells than these, cells of a level are one path, without words of their own.
_MAX_TITLED: Final = 4_000
_MIN_FIGURE: Final = 26.0
#: Rows of so many cards are at least so tall that their names can be read.
_MAX_NAMED: Final = 120
_READABLE: Final = 13.0


def triangle(labels: Sequence[str], percents: Sequence[Sequence[float | None]]) -> Drawing:
    """The lower half of a symmetric matrix of percents; each row is named at its left end."""
    if len(labels) < 2 or all(cell is None for row in percents for cell in row):
        return nothing()
    size = max(min((WIDTH - _LABELS - 16) / len(labels), 34.0), 1.0)
    cells = {
        (row, column): percent / 100
        for row in range(len(labels))
        for column in range(row)
        if (percent := percents[row][column]) is not None
    }
    tall = max(size, _READABLE) if len(labels) <= _MAX_NAMED else size
    shapes = _cells(cells, labels, labels, size=(size, tall), top=8)
    top = 8 + tall * len(labels)
    return Drawing(joined(shapes, _row_labels(labels, tall, top=8), _ramp(top + 12)), top + 48)


def grid(rows: Sequence[str], columns: Sequence[str], shares: Mapping[tuple[int, int], float]) -> Drawing:
    """`shares` by row and column; columns are named above, slanted."""
    if not rows or not columns or not shares:
        return nothing()
    wide = max(min((WIDTH - _LABELS - 84) / len(columns), 64.0), 4.0)
    tall, top = 22.0, 112.0
    shapes = [_cells(shares, rows, columns, size=(wide, tall), top=top), _row_labels(rows, tall, top=top)]
    if wide >= 10:
        for place, name in enumerate(columns):
            x = _LABELS + (place + 0.5) * wide
            turn = f"rotate(-45 {x:.1f} {top - 8:.1f})"
            shapes.append(label(name, x, top - 8, room=118, transform=turn))
    end = top + tall * len(rows)
    return Drawing(joined(*shapes, _ramp(end + 12)), end + 48)


def _row_labels(labels: Sequence[str], tall: float, *, top: float) -> Markup:
    size = min(12.0, tall * 0.9)
    if size < 6:
        return Markup("")
    return joined(
        *(
            label(
                name,
                _LABELS - 8,
                top + (place + 0.5) * tall + size / 3,
                room=_LABELS - 16,
                size=size,
                text_anchor="end",
            )
            for place, name in enumerate(labels)
        )
    )


def _cells(
    shares: Mapping[tuple[int, int], float],
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    size: tuple[float, float],
    top: float,
) -> Markup:
    if len(shares) > _MAX_TITLED:
        return _levels(shares, size=size, top=top)
    wide, tall = size
    shapes = []
    for (row, column), share in shares.items():
        x, y = _LABELS + column * wide, top + row * tall
        said = element("title", f"{rows[row]} · {columns[column]}: {100 * share:.0f} %")
        inset = 0.5 if wide > 5 else 0.0
        shapes.append(
            element(
                "rect",
                said,
                x=x + inset,
                y=y + inset,
                width=wide - 2 * inset,
                height=tall - 2 * inset,
                fill="var(--heat)",
                fill_opacity=round(max(share, 0.03), 2),
            )
        )
        if wide >= _MIN_FIGURE and tall >= 18:
            shapes.append(
                element(
                    "text",
                    f"{100 * share:.0f}",
                    x=x + wide / 2,
                    y=y + tall / 2 + 4,
                    text_anchor="middle",
                    font_size=11,
                    fill="var(--high)" if share > _HALF else "var(--low)",
                    pointer_events="none",
                )
            )
    return joined(*shapes)


def _levels(shares: Mapping[tuple[int, int], float], *, size: tuple[float, float], top: float) -> Markup:
    wide, tall = size
    drawn: dict[int, list[str]] = {}
    for level, row, column, length in _runs(shares):
        long = length * wide
        path = f"M{_LABELS + column * wide:.1f} {top + row * tall:.1f}h{long:.1f}v{tall:.1f}h-{long:.1f}z"
        drawn.setdefault(level, []).append(path)
    return joined(
        *(
            element("path", d="".join(paths), fill="var(--heat)", fill_opacity=level / _LEVELS)
            for level, paths in sorted(drawn.items())
        )
    )


def _runs(shares: Mapping[tuple[int, int], float]) -> Iterator[tuple[int, int, int, int]]:
    """Level, row, first column and number of neighbours in a row that have the same level; without level 0."""
    levels = {place: level for place, share in shares.items() if (level := round(share * _LEVELS))}
    for (row, column), level in levels.items():
        if levels.get((row, column - 1)) == level:
            continue
        length = 1
        while levels.get((row, column + length)) == level:
            length += 1
        yield level, row, column, length


def _ramp(top: float) -> Markup:
    """The legend: from 0 to 100 per cent."""
    steps = [
        element(
            "rect", x=_LABELS + place * 16, y=top, width=16, height=10, fill="var(--heat)", fill_opacity=place / _LEVELS
        )
        for place in range(_LEVELS + 1)
    ]
    return joined(
        *steps,
        element("text", "0 %", x=_LABELS - 8, y=top + 9, text_anchor="end", fill="var(--faint)"),
        element("text", "100 %", x=_LABELS + 11 * 16 + 8, y=top + 9, fill="var(--faint)"),
    )
