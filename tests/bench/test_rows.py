"""How figures are shown, kept and put into the page."""

import json
from pathlib import Path

import pytest
from rich.console import Console

from scripts.bench.rows import BEGIN, END, Row, Run, table, with_figures, write_json, write_page

ROWS = [
    Row("Throttle", "units a decision", "0.98", "≤ 1.02", met=True),
    Row("Throttle", "over-admission", "3", "0", met=False),
    Row("Sizes", "a | b", "7 MB", peer="9 MB"),
]
RUN = Run(date="2026-01-31", machine="Abacus, 2 cores", quick=True, seconds=61.4, rows=ROWS)


def test_a_verdict_follows_from_the_target() -> None:
    assert [row.verdict for row in ROWS] == ["met", "missed", ""]


def test_a_run_knows_what_it_missed() -> None:
    assert [row.what for row in RUN.missed] == ["over-admission"]


def test_the_table_names_each_section_once() -> None:
    shown = Console(width=120)
    with shown.capture() as captured:
        shown.print(table(ROWS))
    assert captured.get().count("Throttle") == 1
    assert "missed" in captured.get()


def test_the_json_has_the_verdicts(tmp_path: Path) -> None:
    path = tmp_path / "deeper" / "bench.json"
    write_json(path, RUN)
    document = json.loads(path.read_text())
    assert document["machine"] == "Abacus, 2 cores"
    assert [row["verdict"] for row in document["rows"]] == ["met", "missed", ""]


def test_figures_stand_between_the_markers_and_the_rest_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text(f"# Title\n\n{BEGIN}\nold\n{END}\n\nTail\n")
    write_page(page, RUN)
    text = page.read_text()
    assert text.startswith(f"# Title\n\n{BEGIN}\n")
    assert text.endswith(f"{END}\n\nTail\n")
    assert "old" not in text
    assert "2026-01-31, Abacus, 2 cores, quick run of 61 s." in text
    assert "| over-admission | 0 | 3 |  | missed |" in text
    assert "a \\| b" in text


def test_writing_twice_is_writing_once() -> None:
    page = with_figures(f"{BEGIN}{END}", RUN)
    assert with_figures(page, RUN) == page


def test_a_page_without_markers_is_an_error() -> None:
    with pytest.raises(ValueError, match="figures: begin"):
        with_figures("# Title\n", RUN)
