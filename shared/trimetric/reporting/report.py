"""A report's facts, once for every form it is shown in.

Words from outside (labels, prompts, answers) stand in titles, cells and, quoted, in sentences of ours. The renderers
escape all of it alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from trimetric.domain.studies import Study
from trimetric.reporting import words
from trimetric.reporting.content import content_sections
from trimetric.reporting.facts import Facts
from trimetric.reporting.findings import findings_of
from trimetric.reporting.layout import Section, Table
from trimetric.reporting.quality import Quality, quality_section
from trimetric.reporting.times_taken import durations_section


@dataclass(frozen=True, slots=True)
class Report:
    title: str
    as_of: str | None
    sections: Sequence[Section]

    def undated(self) -> "Report":
        return replace(self, as_of=None)


def report_of(study: Study, facts: Facts, *, as_of: str, quality: Quality | None = None) -> Report:
    return Report(
        title=study.name,
        as_of=as_of,
        sections=[
            _study_section(study),
            _participants_section(facts),
            *([] if quality is None else [quality_section(quality)]),
            *figure_sections(facts),
            *content_sections(study.type, facts.design),
        ],
    )


def figure_sections(facts: Facts) -> list[Section]:
    """What was found: the sections that have charts among them."""
    found = [] if facts.metrics is None else findings_of(facts.study_type)(facts.design, facts.metrics)
    return [*found, durations_section(facts)]


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


def _participants_section(facts: Facts) -> Section:
    block = facts.participants
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
        texts=[_who_took_part(facts)],
        tables=[Table(("Figure", "People"), rows)],
    )


def _who_took_part(facts: Facts) -> str:
    block = facts.participants
    if not block["started"]:
        return "Nobody has taken part yet."
    started = words.count(block["started"], "person", "people")
    said = f"{started} started, {block['completed']} of them completed ({words.share(block['completion_rate'])})."
    if block["excluded"]:
        said += f" {block['excluded']} excluded; the figures below are those of the {block['analysed']} analysed."
    return said
