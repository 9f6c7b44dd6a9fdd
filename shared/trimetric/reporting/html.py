"""A report as one web page that needs nothing else: no script, no font, no image from elsewhere."""

from dataclasses import dataclass
from typing import Final

from trimetric.reporting.layout import Cell, Chart, Section, Table
from trimetric.reporting.markup import escape
from trimetric.reporting.report import Report
from trimetric.reporting.svg import COLOURS

_STYLE: Final = (
    COLOURS
    + """
body{margin:0 auto;padding:2rem 1rem 4rem;max-width:56rem;background:var(--ground);color:var(--ink);
font:1rem/1.5 system-ui,sans-serif;overflow-wrap:break-word}
h1{line-height:1.2}
h2{margin-top:2.5rem;border-bottom:1px solid var(--line);padding-bottom:.25rem}
h3{margin-top:2rem}
h1,h2,h3,p,li,td{unicode-bidi:plaintext;text-align:left}
td{overflow-wrap:anywhere;min-width:6rem}
td.short{overflow-wrap:normal;white-space:nowrap;min-width:0}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;margin:1rem 0;font-size:.875rem}
th,td{text-align:left;vertical-align:top;padding:.4rem .75rem .4rem 0;border-bottom:1px solid var(--line)}
td{font-variant-numeric:tabular-nums}
figure{margin:1.5rem 0;overflow-x:auto}
figcaption,.date{color:var(--faint)}
figcaption b{color:var(--ink);display:block}
svg{max-width:100%;min-width:36rem;height:auto}
@media print{body{max-width:none}figure,tr{break-inside:avoid}}
"""
)

#: Characters for charts: with its tables a page stays within the 6 MB that a function may answer.
_ROOM: Final = 2_500_000
#: Figures and instants; longer texts may break.
_SHORT: Final = 24


def page(report: Report) -> bytes:
    title = escape(report.title)
    date = f'<p class="date">As of <time>{escape(report.as_of)}</time></p>' if report.as_of is not None else ""
    sections = _Sections()
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>Report: {title}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n<h1>Report: {title}</h1>\n{date}\n"
        f"{''.join(map(sections.render, report.sections))}"
        "</main>\n</body>\n</html>\n"
    ).encode()


@dataclass(slots=True)
class _Sections:
    """Draws charts until there is no more room for them."""

    room: int = _ROOM

    def render(self, section: Section) -> str:
        heading = f"h{section.level}"
        parts = [f"<p>{escape(text)}</p>" for text in section.texts]
        if section.points:
            parts.append(f"<ul>{''.join(f'<li>{escape(point)}</li>' for point in section.points)}</ul>")
        parts += [*map(self._figure, section.charts), *map(_table, section.tables)]
        return f"<section><{heading}>{escape(section.title)}</{heading}>{''.join(parts)}</section>\n"

    def _figure(self, chart: Chart) -> str:
        caption = f"<b>{escape(chart.title)}</b>{escape(chart.description)}"
        drawn = chart.picture().inline() if self.room > 0 else ""
        self.room -= len(drawn)
        if self.room < 0:
            drawn = ""
            caption += f" Left out here for its size; it is served as <code>charts/{escape(chart.name)}.svg</code>."
        return f"<figure><figcaption>{caption}</figcaption>{drawn}</figure>"


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in table.columns)
    rows = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in table.rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _cell(cell: Cell) -> str:
    """Figures stay on one line."""
    text = "" if cell is None else str(cell)
    short = len(text) <= _SHORT and text[:1].isdecimal()
    return f'<td class="short">{escape(text)}</td>' if short else f"<td>{escape(text)}</td>"
