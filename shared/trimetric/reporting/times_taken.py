"""How long people took, as a section of a report."""

from collections.abc import Mapping
from typing import Any, Final

from trimetric.reporting import words
from trimetric.reporting.facts import Facts
from trimetric.reporting.figures import Bar, columns
from trimetric.reporting.layout import Chart, Section, Table
from trimetric.reporting.svg import Drawing

NAMES: Final[Mapping[str, str]] = {
    "median": "Median",
    "mean": "Mean",
    "geometric_mean": "Geometric mean",
    "min": "Shortest",
    "q1": "First quartile",
    "q3": "Third quartile",
    "max": "Longest",
}
#: Every fourth bar says where it begins; more labels would touch each other.
_TICK_EVERY: Final = 4


def durations_section(facts: Facts) -> Section:
    summary = facts.duration_ms
    chart = Chart("durations", "How long people took", _describe(summary), lambda: _draw(facts))
    if not summary["n"]:
        said = "No times yet: nobody who is analysed has completed the study."
        return Section("Time taken", texts=[said], charts=[chart])
    rows = [(label, words.duration(summary[name]), words.number(summary[name])) for name, label in NAMES.items()]
    said = (
        f"Times of {words.count(summary['n'], 'person', 'people')}, from start to completion. "
        f"The middle half took between {words.duration(summary['q1'])} and {words.duration(summary['q3'])}, "
        f"half of all less than {words.duration(summary['median'])}."
    )
    return Section("Time taken", texts=[said], tables=[Table(("Figure", "Time", "Milliseconds"), rows)], charts=[chart])


def _draw(facts: Facts) -> Drawing:
    return columns(
        [
            Bar(
                height=count,
                label=f"{words.duration(low)} to {words.duration(high)}: {words.count(count, 'person', 'people')}",
                tick="" if place % _TICK_EVERY else words.duration(low),
            )
            for place, (low, high, count) in enumerate(facts.histogram)
        ]
    )


def _describe(summary: Mapping[str, Any]) -> str:
    if not summary["n"]:
        return "Nobody who is analysed has completed the study yet."
    people = words.count(summary["n"], "person", "people")
    return (
        f"Times of {people} on a logarithmic scale: from {words.duration(summary['min'])} to "
        f"{words.duration(summary['max'])}, median {words.duration(summary['median'])}."
    )
