"""Interviews: how many there were, what was talked about, and whether anything new still came up."""

from collections.abc import Iterator
from typing import Final

from trimetric.domain.study_types import interview
from trimetric.domain.study_types.design import Design
from trimetric.reporting import words
from trimetric.reporting.figures import line
from trimetric.reporting.findings import Metrics, Sections
from trimetric.reporting.findings.blocks import MOST, counts, durations_table, findings, limited
from trimetric.reporting.layout import Chart, Section, Table

_STATUSES: Final = ("scheduled", "completed", "no_show", "cancelled")
_DRAWN: Final = 25


def sections(design: Design, metrics: Metrics) -> Sections:
    statuses = [(words.name(status).capitalize(), metrics[status]) for status in _STATUSES]
    chart = Chart("interviews", "Interviews", "How many stand in each status.", lambda: counts(statuses))
    held = Section(
        "Interviews",
        charts=[chart],
        tables=[
            Table(("Status", "Interviews"), statuses),
            durations_table("Length", [("All", metrics["duration_ms"])]),
        ],
    )
    return [findings(list(_points(metrics))), held, _tags(metrics), _saturation(metrics), _coverage(design, metrics)]


def _points(metrics: Metrics) -> Iterator[str]:
    if not any(metrics[status] for status in _STATUSES):
        return
    yield (
        f"{words.count(metrics['completed'], 'interview', 'interviews')} completed, {metrics['scheduled']} scheduled, "
        f"{metrics['no_show']} where nobody came, {metrics['cancelled']} cancelled."
    )
    for tag in metrics["tags"][:3]:
        yield (
            f"Tag {words.quoted(tag['tag'])}: in {tag['participants']} of {metrics['completed']} interviews, "
            f"{words.count(tag['mentions'], 'mention', 'mentions')}."
        )
    if metrics["saturated"] is not None:
        said = (
            "The last two interviews brought hardly any new tags" if metrics["saturated"] else "New tags still come up"
        )
        yield f"{said} ({'' if metrics['saturated'] else 'not '}saturated)."


def _tags(metrics: Metrics) -> Section:
    shown, note = limited(metrics["tags"], "tags")
    rows = [
        (
            tag["tag"],
            tag["participants"],
            tag["mentions"],
            tag["sentiment"]["negative"],
            tag["sentiment"]["neutral"],
            tag["sentiment"]["positive"],
        )
        for tag in shown
    ]
    pairs = [(" + ".join(pair["tags"]), pair["count"]) for pair in metrics["tag_pairs"][:MOST]]
    chart = Chart(
        "tags",
        "Tags",
        f"In how many interviews each tag came up, the {_DRAWN} most frequent.",
        lambda: counts([(tag["tag"], tag["participants"]) for tag in metrics["tags"][:_DRAWN]]),
    )
    tables = []
    if rows:
        tables.append(Table(("Tag", "Interviews", "Mentions", "Negative", "Neutral", "Positive"), rows))
    if pairs:
        tables.append(Table(("Tags of one note", "Notes"), pairs))
    return Section("Tags", texts=note, charts=[chart], tables=tables)


def _saturation(metrics: Metrics) -> Section:
    new = metrics["new_tags_per_interview"]
    chart = Chart(
        "saturation",
        "New tags per interview",
        "Tags that no earlier interview had; a line near zero says that more interviews would bring little.",
        lambda: line(new, across="interviews in the order of completion"),
    )
    rows = [(place, count) for place, count in enumerate(new, 1)]
    return Section("Saturation", charts=[chart], tables=[Table(("Interview", "New tags"), rows)] if rows else [])


def _coverage(design: Design, metrics: Metrics) -> Section:
    questions = interview.questions_of(design)
    rows = [(questions.get(each["question_id"], ""), each["answered"]) for each in metrics["guide_coverage"]]
    chart = Chart(
        "coverage", "Questions of the guide", "In how many interviews each was answered.", lambda: counts(rows)
    )
    return Section("Guide", charts=[chart], tables=[Table(("Question", "Answered"), rows)] if rows else [])
