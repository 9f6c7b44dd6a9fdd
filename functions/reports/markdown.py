"""A report as Markdown."""

from functions.reports.layout import Section, Table
from functions.reports.report import Report
from trimetric.domain import markdown


def page(report: Report) -> bytes:
    parts = [f"# Report: {markdown.escape(report.title)}"]
    if report.as_of is not None:
        parts.append(f"As of {report.as_of}.")
    for section in report.sections:
        parts += _section(section)
    parts.append("## Charts")
    parts += [
        f"### {markdown.escape(picture.title)}\n\n{markdown.escape(picture.description)}" for picture in report.pictures
    ]
    return ("\n\n".join(parts) + "\n").encode()


def _section(section: Section) -> list[str]:
    texts = [markdown.escape(text) for text in section.texts]
    return [f"## {markdown.escape(section.title)}", *texts, *map(_table, section.tables)]


def _table(table: Table) -> str:
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    return markdown.table(table.columns, rows)
