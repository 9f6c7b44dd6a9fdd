"""A report's facts, once for every form it is shown in.

Texts of a `Section` are our own words with numbers in them; whatever came from outside stands in titles and cells. The
renderers escape all of it alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from functions.reports import words
from functions.reports.charts import charts_of
from functions.reports.content import content_sections
from functions.reports.layout import Section, Table
from functions.reports.svg import Picture
from trimetric.domain.studies import Study
from trimetric.domain.study_types.design import Design
from trimetric.dynamo.metrics import Snapshot
from trimetric.metrics.participants import participants_block


@dataclass(frozen=True, slots=True)
class Report:
    title: str
    as_of: str | None
    sections: Sequence[Section]
    pictures: Sequence[Picture]

    def undated(self) -> "Report":
        return replace(self, as_of=None)


def report_of(study: Study, design: Design, snapshot: Snapshot, *, as_of: str) -> Report:
    return Report(
        title=study.name,
        as_of=as_of,
        sections=[
            _study_section(study),
            _participants_section(snapshot),
            _durations_section(snapshot),
            *content_sections(study.type, design),
        ],
        pictures=[chart.draw(snapshot) for chart in charts_of(study.type)],
    )


def _study_section(study: Study) -> Section:
    facts = [
        ("Id", study.id),
        ("Type", words.name(study.type)),
        ("Status", study.status.value),
        ("Description", study.description),
        ("Created", study.created_at),
        ("Published", study.published_at),
        ("Ended", study.ended_at),
    ]
    return Section("Study", tables=[Table(("Fact", "Value"), [fact for fact in facts if fact[1]])])


def _participants_section(snapshot: Snapshot) -> Section:
    block = participants_block(snapshot.counts)
    rows = [
        ("Started", block["started"]),
        ("Completed", block["completed"]),
        ("Not completed", block["abandoned"]),
        ("Excluded", block["excluded"]),
        ("Analysed: completed and not excluded", block["analysed"]),
        ("Completion rate", words.share(block["completion_rate"])),
    ]
    return Section(
        "Participants",
        texts=[_who_took_part(snapshot)],
        tables=[Table(("Figure", "People"), rows)],
    )


def _who_took_part(snapshot: Snapshot) -> str:
    block = participants_block(snapshot.counts)
    if not block["started"]:
        return "Nobody has taken part yet."
    started = words.count(snapshot.counts.participants, "person", "people")
    said = f"{started} started, {block['completed']} of them completed ({words.share(block['completion_rate'])})."
    if block["excluded"]:
        said += f" {block['excluded']} excluded; the figures below are those of the {block['analysed']} analysed."
    return said


def _durations_section(snapshot: Snapshot) -> Section:
    summary = snapshot.durations.summary()
    names = {
        "median": "Median",
        "mean": "Mean",
        "geometric_mean": "Geometric mean",
        "min": "Shortest",
        "q1": "First quartile",
        "q3": "Third quartile",
        "max": "Longest",
    }
    if not summary["n"]:
        return Section("Time taken", texts=["No times yet: nobody who is analysed has completed the study."])
    rows = [(label, words.duration(summary[name]), words.number(summary[name])) for name, label in names.items()]
    said = (
        f"Times of {words.count(snapshot.durations.n, 'person', 'people')}, from start to completion. "
        f"The middle half took between {words.duration(summary['q1'])} and {words.duration(summary['q3'])}, "
        f"half of all less than {words.duration(summary['median'])}."
    )
    return Section("Time taken", texts=[said], tables=[Table(("Figure", "Time", "Milliseconds"), rows)])
