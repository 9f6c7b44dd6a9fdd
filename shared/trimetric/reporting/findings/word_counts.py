"""Words of open answers."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from trimetric.reporting.findings.blocks import MOST, counts
from trimetric.reporting.layout import Chart, Table

_DRAWN: Final = 25


def word_chart(name: str, title: str, entries: Sequence[Mapping[str, Any]], *, key: str = "word") -> Chart:
    return Chart(
        name,
        title,
        f"People who used each, the {_DRAWN} most frequent.",
        lambda: counts([(entry[key], entry["participants"]) for entry in entries[:_DRAWN]]),
    )


def words_table(column: str, key: str, entries: Sequence[Mapping[str, Any]]) -> list[Table]:
    rows = [(entry[key], entry["participants"], entry["occurrences"]) for entry in entries[:MOST]]
    return [Table((column, "People", "Occurrences"), rows)] if rows else []
