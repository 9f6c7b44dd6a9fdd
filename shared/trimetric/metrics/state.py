"""The metrics of a study as a bag: named whole-number counters and named durations.

What one participant adds is a `Contribution`. Adding it and taking it away again leaves the same bytes, whatever was
added in between and in whatever order, so nothing here is a float: fractions are whole numbers in units of 1e-12.
"""

import json
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final

from trimetric.metrics.durations import Durations, NeverAdded

VERSION: Final = 1

#: Units of `scaled` in 1.
SCALE: Final = 10**12

#: A component of a counter's name. No booleans: `under` gives parts as keys, where True is 1.
Part = str | int | None

#: Begins the names of what people with a data quality flag add, so that it can be left out.
_APART: Final = "!"

#: Sorts after every name: names are ASCII.
_AFTER: Final = "\x7f"


@dataclass(frozen=True, slots=True)
class Person:
    """One participant as it stands; `results` in the order in which they came, as the study type parsed them."""

    id: str
    completed: bool
    excluded: bool
    started_at: str
    completed_at: str | None
    results: tuple[Mapping[str, Any], ...]

    @property
    def analysed(self) -> bool:
        return self.completed and not self.excluded


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one person adds; taking it away removes the person without trace."""

    #: Name -> number; zeroes are left out.
    counters: Mapping[str, int] = field(default_factory=dict)
    #: (name, milliseconds), as often as it was measured.
    durations: Sequence[tuple[str, int]] = ()

    def apart(self) -> "Contribution":
        """The same, kept where `State.without_flagged` does not look."""
        counters = {_APART + key: number for key, number in self.counters.items()}
        return Contribution(counters, [(_APART + key, milliseconds) for key, milliseconds in self.durations])


@dataclass(slots=True)
class Tally:
    """A contribution in the making."""

    _counters: dict[str, int] = field(default_factory=dict)
    _durations: list[tuple[str, int]] = field(default_factory=list)

    def count(self, *parts: Part, by: int = 1) -> None:
        key = name(*parts)
        self._counters[key] = self._counters.get(key, 0) + by

    def time(self, *parts: Part, milliseconds: int) -> None:
        self._durations.append((name(*parts), milliseconds))

    def measure(self, *parts: Part, value: int) -> None:
        """A value whose mean is wanted: counters "n", "sum" and "squares" below `parts`, as `State.moments` reads."""
        self.count(*parts, "n")
        self.count(*parts, "sum", by=value)
        self.count(*parts, "squares", by=value * value)

    def contribution(self) -> Contribution:
        return Contribution({key: value for key, value in self._counters.items() if value}, tuple(self._durations))


def name(*parts: Part) -> str:
    """The name made of `parts`, which may hold any characters."""
    return json.dumps(parts, separators=(",", ":"))


def parts(counter: str) -> tuple[Any, ...]:
    """What `name` made the name of."""
    return tuple(json.loads(counter))


def scaled(value: float | Fraction) -> int:
    """`value` in units of 1e-12, rounded half to even."""
    return round(Fraction(value) * SCALE)


@dataclass(slots=True)
class State:
    #: No entry is zero.
    counters: dict[str, int] = field(default_factory=dict)
    #: No entry is empty.
    durations: dict[str, Durations] = field(default_factory=dict)
    _sorted: list[str] | None = field(default=None, init=False, repr=False, compare=False)

    @classmethod
    def of(cls, contributions: Iterable[Contribution]) -> "State":
        state = cls()
        for contribution in contributions:
            state.add(contribution)
        return state

    def add(self, contribution: Contribution) -> None:
        self._count(contribution.counters, 1)
        for key, milliseconds in contribution.durations:
            self._ensured(key).add(milliseconds)

    def subtract(self, contribution: Contribution) -> None:
        """NeverAdded if that can be seen; the state is of no use afterwards."""
        self._count(contribution.counters, -1)
        for key, milliseconds in contribution.durations:
            if key not in self.durations:
                raise NeverAdded
            durations = self.durations[key]
            durations.remove(milliseconds)
            if not durations.n:
                del self.durations[key]

    def merge(self, other: "State") -> None:
        """Add all of `other`."""
        self._count(other.counters, 1)
        for key, durations in other.durations.items():
            self._ensured(key).merge(durations)

    def _ensured(self, key: str) -> Durations:
        if key not in self.durations:
            self.durations[key] = Durations()
        return self.durations[key]

    def _count(self, counters: Mapping[str, int], sign: int) -> None:
        self._sorted = None
        for key, number in counters.items():
            total = self.counters.get(key, 0) + sign * number
            if total:
                self.counters[key] = total
            else:
                self.counters.pop(key, None)

    def get(self, *parts: Part) -> int:
        """The counter of that name; 0 where nothing was counted."""
        return self.counters.get(name(*parts), 0)

    def time(self, *parts: Part) -> Durations:
        """The durations of that name; empty ones where nothing was measured."""
        return self.durations.get(name(*parts)) or Durations()

    def moments(self, *parts: Part) -> tuple[int, int, int]:
        """n, sum and sum of squares of what was measured under that name."""
        return self.get(*parts, "n"), self.get(*parts, "sum"), self.get(*parts, "squares")

    def under(self, *prefix: Part) -> dict[tuple[Any, ...], int]:
        """All counters whose names begin with `prefix` and go on: rest of the name's parts -> number.

        Costs a sort of the names once after a change, then only what it gives.
        """
        if self._sorted is None:
            self._sorted = sorted(self.counters)
        start = name(*prefix)[:-1] + ("," if prefix else "")
        first = bisect_left(self._sorted, start)
        last = bisect_left(self._sorted, start + _AFTER)
        skipped = len(prefix)
        return {parts(key)[skipped:]: self.counters[key] for key in self._sorted[first:last]}

    def without_flagged(self) -> "State":
        """What those add whose contribution was not put apart. It shares durations with this one: change neither."""
        counters = {key: number for key, number in self.counters.items() if not key.startswith(_APART)}
        return State(counters, {key: each for key, each in self.durations.items() if not key.startswith(_APART)})

    def of_all(self) -> "State":
        """What all add, put apart or not. It shares durations with this one: change neither."""
        whole = self.without_flagged()
        if len(whole.counters) == len(self.counters) and len(whole.durations) == len(self.durations):
            return self
        whole._count({key[1:]: number for key, number in self.counters.items() if key.startswith(_APART)}, 1)
        return State(whole.counters, whole.durations | self._mixed())

    def _mixed(self) -> dict[str, Durations]:
        """Those of all people, under each name of which something was put apart."""
        mixed: dict[str, Durations] = {}
        for key, durations in self.durations.items():
            if key.startswith(_APART):
                both = mixed[key[1:]] = Durations()
                both.merge(self.durations.get(key[1:]) or Durations())
                both.merge(durations)
        return mixed

    @property
    def needs_rebuild(self) -> bool:
        """Whether a value that a summary shows exactly is not known any more: of all people or of those unflagged."""
        return any(each.needs_rebuild for each in (*self.durations.values(), *self._mixed().values()))

    def to_document(self) -> dict[str, Any]:
        """JSON of whole numbers and names, in the names' order; equal states give equal bytes."""
        return {
            "v": VERSION,
            "counters": dict(sorted(self.counters.items())),
            "durations": {key: self.durations[key].to_document() for key in sorted(self.durations)},
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "State":
        """ValueError for a document of another version."""
        if document["v"] != VERSION:
            raise ValueError("metrics of another version")
        durations = {key: Durations.from_document(value) for key, value in document["durations"].items()}
        return cls(dict(document["counters"]), durations)
