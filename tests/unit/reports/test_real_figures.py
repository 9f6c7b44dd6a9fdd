"""Reports of what the metrics really say about people with random results."""

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.domain.study_types.designs import design_of
from tests.unit.metrics.people import people_of, state_of
from tests.unit.reports import samples
from trimetric.domain.study_types import STUDY_TYPES
from trimetric.metrics.registry import metrics_of
from trimetric.reporting import charts, html, markdown
from trimetric.reporting.facts import Facts
from trimetric.reporting.report import report_of


@pytest.mark.parametrize("study_type", STUDY_TYPES)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_whoever_takes_part_the_report_can_be_drawn(study_type: str, data: st.DataObject) -> None:
    design = design_of(study_type)
    people = data.draw(people_of(study_type, design))
    analysed = sum(person.analysed for person in people)
    facts = Facts(
        study_type=study_type,
        design=design,
        participants={
            "started": len(people),
            "completed": len(people),
            "abandoned": 0,
            "excluded": len(people) - analysed,
            "analysed": analysed,
            "completion_rate": 1.0 if people else None,
        },
        duration_ms=samples.duration(analysed),
        metrics=metrics_of(study_type).summarise(design, state_of(study_type, design, people)),
    )
    for chart in charts.charts_of(facts):
        ElementTree.fromstring(chart.picture().standalone())  # noqa: S314 - our own picture
    report = report_of(samples.study(study_type), facts, as_of="2026-01-31T09:00:00.000Z")
    assert not re.search(r">(nan|NaN|inf|None)<|=\"nan\"", html.page(report).decode())
    assert markdown.page(report)
