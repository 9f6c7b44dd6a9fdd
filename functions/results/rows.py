"""Rows of an export as NDJSON, CSV or Markdown."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from trimetric.domain import ids, markdown
from trimetric.domain.participants import Participant, StoredResult
from trimetric.domain.study_types import Cell, StudyType
from trimetric.domain.study_types.design import Design
from trimetric.http.answers import MARKDOWN, to_json

LEADING: Final = ("result_id", "participant_id", "external_id", "excluded", "task_id", "created_at")

#: A spreadsheet takes a cell that begins with one of these for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")

#: Ends of lines to many readers (Python's `splitlines` among them), though not to JSON.
_SEPARATORS: Final = tuple((letter.encode(), f"\\u{ord(letter):04x}".encode()) for letter in "\u0085\u2028\u2029")


@dataclass(frozen=True, slots=True)
class Row:
    """One result of a participant, number `index` of theirs."""

    participant: Participant
    index: int
    result: StoredResult

    def leading(self) -> dict[str, str | bool | None]:
        return {
            "result_id": ids.result(self.participant.id, self.index),
            "participant_id": self.participant.id,
            "external_id": self.participant.external_id,
            "excluded": self.participant.excluded,
            "task_id": self.result.payload.get("task_id"),
            "created_at": self.result.created_at,
        }


class Form(Protocol):
    """Bytes of a page: what `head` gives, then each row.

    `most_bytes` keeps an answer below the 6 MB that Lambda lets out: text goes through a JSON string, where quotes and
    line ends grow, the rest through Base64.
    """

    media_type: str
    most_bytes: int

    def head(self) -> bytes: ...

    def row(self, row: Row) -> bytes: ...

    def tail(self, next_cursor: str | None) -> bytes: ...


class Ndjson:
    media_type = "application/x-ndjson"
    most_bytes = 4_400_000

    def head(self) -> bytes:
        return b""

    def row(self, row: Row) -> bytes:
        line = to_json({**row.leading(), **row.result.payload})
        for separator, escaped in _SEPARATORS:
            line = line.replace(separator, escaped)
        return line + b"\n"

    def tail(self, next_cursor: str | None) -> bytes:
        return b""


class Csv:
    media_type = "text/csv; charset=utf-8; header=present"
    most_bytes = 3_000_000

    def __init__(self, kind: StudyType, design: Design) -> None:
        self._kind = kind
        self._design = design
        self._buffer = io.StringIO(newline="")
        self._writer = csv.writer(self._buffer)

    def head(self) -> bytes:
        return self._line([*LEADING, *self._kind.csv_columns(self._design)])

    def row(self, row: Row) -> bytes:
        return self._line([*row.leading().values(), *self._kind.csv_row(self._design, dict(row.result.payload))])

    def tail(self, next_cursor: str | None) -> bytes:
        return b""

    def _line(self, cells: Sequence[Cell]) -> bytes:
        self._writer.writerow(map(csv_cell, cells))
        line = self._buffer.getvalue()
        self._buffer.seek(0)
        self._buffer.truncate()
        return line.encode()


def csv_cell(value: Cell) -> Cell:
    """Numbers stay numbers; text that a spreadsheet would run as a formula gets an apostrophe in front."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


class Markdown:
    media_type = MARKDOWN
    most_bytes = 3_000_000

    def __init__(self, title: str, kind: StudyType, design: Design) -> None:
        self._title = title
        self._kind = kind
        self._design = design

    def head(self) -> bytes:
        columns = [*LEADING, *(markdown.cell(name) for name in self._kind.csv_columns(self._design))]
        return f"# {markdown.escape(self._title)}\n\n{_table_line(columns)}|{' --- |' * len(columns)}\n".encode()

    def row(self, row: Row) -> bytes:
        cells = [*row.leading().values(), *self._kind.csv_row(self._design, dict(row.result.payload))]
        return _table_line([markdown.cell(cell) for cell in cells]).encode()

    def tail(self, next_cursor: str | None) -> bytes:
        text = f"Next cursor: `{next_cursor}`" if next_cursor else "Next cursor: none, this is the last page"
        return f"\n{text}\n".encode()


def _table_line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |\n"
