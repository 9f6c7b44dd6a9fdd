"""The charts that a study has."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from functions.reports import words
from functions.reports.svg import Bar, Picture, bars
from trimetric.dynamo.metrics import Snapshot


@dataclass(frozen=True, slots=True)
class Chart:
    name: str
    title: str
    draw: Callable[[Snapshot], Picture]


_DURATIONS: Final = "durations"
_DURATIONS_TITLE: Final = "How long people took"

#: Every fourth bar says where it begins; more labels would touch each other.
_TICK_EVERY: Final = 4


def _draw_durations(snapshot: Snapshot) -> Picture:
    histogram = snapshot.durations.histogram(most=24)
    drawn = [
        Bar(
            height=count,
            label=f"{words.duration(low)} to {words.duration(high)}: {words.count(count, 'person', 'people')}",
            tick="" if place % _TICK_EVERY else words.duration(low),
        )
        for place, (low, high, count) in enumerate(histogram)
    ]
    return Picture(_DURATIONS, _DURATIONS_TITLE, _describe_durations(snapshot), bars(drawn))


def _describe_durations(snapshot: Snapshot) -> str:
    summary = snapshot.durations.summary()
    if not summary["n"]:
        return "Nobody who is analysed has completed the study yet."
    people = words.count(snapshot.durations.n, "person", "people")
    return (
        f"Times of {people} on a logarithmic scale: from {words.duration(summary['min'])} to "
        f"{words.duration(summary['max'])}, median {words.duration(summary['median'])}."
    )


def charts_of(study_type: str) -> Sequence[Chart]:
    """In the order they are shown; each study has those of every study, then those of its type."""
    return [Chart(_DURATIONS, _DURATIONS_TITLE, _draw_durations)]


def chart(study_type: str, name: str) -> Chart | None:
    return next((chart for chart in charts_of(study_type) if chart.name == name), None)
