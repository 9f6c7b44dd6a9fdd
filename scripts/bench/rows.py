"""What was measured, as a table for people, as JSON for machines and as text for `docs/performance.md`."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from rich.table import Table

BEGIN: Final = "<!-- figures: begin (make bench writes what follows) -->"
END: Final = "<!-- figures: end -->"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure; `target`, `measured` and `peer` are words for people, `met` is None where there is no target."""

    section: str
    what: str
    measured: str
    target: str = ""
    peer: str = ""
    met: bool | None = None

    @property
    def verdict(self) -> str:
        return {True: "met", False: "missed", None: ""}[self.met]


@dataclass(frozen=True, slots=True)
class Run:
    """`machine` and `date` say where the figures come from; they mean little elsewhere."""

    date: str
    machine: str
    quick: bool
    seconds: float
    rows: Sequence[Row]

    @property
    def missed(self) -> list[Row]:
        return [row for row in self.rows if row.met is False]


def table(rows: Iterable[Row]) -> Table:
    shown = Table("what", "target", "measured", "peer", "verdict", title="Figures against their targets")
    section = ""
    for row in rows:
        if row.section != section:
            shown.add_section()
            shown.add_row(f"[bold]{row.section}[/bold]")
            section = row.section
        colour = {True: "green", False: "red", None: "default"}[row.met]
        shown.add_row(row.what, row.target, row.measured, row.peer, f"[{colour}]{row.verdict}[/{colour}]")
    return shown


def write_json(path: Path, run: Run) -> None:
    document: dict[str, Any] = {**asdict(run), "rows": [{**asdict(row), "verdict": row.verdict} for row in run.rows]}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def write_page(path: Path, run: Run) -> None:
    """Put the figures between the markers of the page; what stands around them is left alone."""
    path.write_text(with_figures(path.read_text(), run))


def with_figures(page: str, run: Run) -> str:
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no {BEGIN} … {END}")
    return f"{head}{BEGIN}\n\n{figures(run)}\n{END}{tail}"


def figures(run: Run) -> str:
    kind = "quick run" if run.quick else "full run"
    lines = [f"{run.date}, {run.machine}, {kind} of {run.seconds:.0f} s."]
    section = ""
    for row in run.rows:
        if row.section != section:
            lines += ["", f"### {row.section}", "", "| what | target | measured | peer | verdict |"]
            lines += ["| --- | --- | --- | --- | --- |"]
            section = row.section
        cells = (row.what, row.target, row.measured, row.peer, row.verdict)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"
