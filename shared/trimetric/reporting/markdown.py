"""A report as Markdown."""

from trimetric.domain import markdown
from trimetric.reporting.layout import Section, Table
from trimetric.reporting.report import Report


def page(report: Report) -> bytes:
    parts = [f"# Report: {markdown.escape(report.title)}"]
    if report.as_of is not None:
        parts.append(f"As of {report.as_of}.")
    for section in report.sections:
        parts += _section(section)
    parts += _charts(report)
    return ("\n\n".join(parts) + "\n").encode()


def _section(section: Section) -> list[str]:
    parts = [f"{'#' * section.level} {markdown.escape(section.title)}", *map(markdown.escape, section.texts)]
    if section.points:
        parts.append("\n".join(f"- {markdown.escape(point)}" for point in section.points))
    return [*parts, *map(_table, section.tables)]


def _charts(report: Report) -> list[str]:
    """What the pictures show, for readers who see none."""
    charts = [chart for section in report.sections for chart in section.charts]
    described = Table(
        ("Name", "Title", "What it shows"), [(chart.name, chart.title, chart.description) for chart in charts]
    )
    return ["## Charts", _table(described)]


def _table(table: Table) -> str:
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    return markdown.table(table.columns, rows)
