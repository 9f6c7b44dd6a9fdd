"""The charts that a study has: those of its report, in the same order."""

from collections.abc import Sequence

from trimetric.reporting.facts import Facts
from trimetric.reporting.layout import Chart
from trimetric.reporting.report import figure_sections


def charts_of(facts: Facts) -> Sequence[Chart]:
    return [chart for section in figure_sections(facts) for chart in section.charts]


def chart(facts: Facts, name: str) -> Chart | None:
    return next((chart for chart in charts_of(facts) if chart.name == name), None)
