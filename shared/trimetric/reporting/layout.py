"""The parts that a report is made of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from trimetric.reporting.svg import Drawing, Picture

Cell = str | int | None


@dataclass(frozen=True, slots=True)
class Table:
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class Chart:
    """`name` is its address; `description` is the text alternative; drawn only where it is shown."""

    name: str
    title: str
    description: str
    draw: Callable[[], Drawing]

    def __post_init__(self) -> None:
        """Drawn once, however many forms of a report show it."""
        object.__setattr__(self, "draw", cache(self.draw))

    def picture(self) -> Picture:
        return Picture(self.name, self.title, self.description, self.draw())


@dataclass(frozen=True, slots=True)
class Section:
    """Shown in this order: `texts`, `points` (a list), `charts`, `tables`. Parts of a section have `level` 3."""

    title: str
    texts: Sequence[str] = ()
    points: Sequence[str] = ()
    tables: Sequence[Table] = ()
    charts: Sequence[Chart] = ()
    level: int = 2
