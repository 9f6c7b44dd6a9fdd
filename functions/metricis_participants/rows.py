"""The rows of an import: CSV with a header, or NDJSON, one participant a line."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from functions.metricis_participants.schemas import ImportedParticipant
from trimetric.domain.validation import parse
from trimetric.errors import FieldError, InvalidRequest, ValidationFailed
from trimetric.http import strict_json

CSV: Final = "text/csv"
NDJSON: Final = "application/x-ndjson"
MAX_ROWS: Final = 5_000

_COLUMNS: Final = tuple(ImportedParticipant.model_fields)
_REQUIRED: Final = "participant_id"

#: What a spreadsheet would take for a formula; a telephone number may begin with a plus.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class ImportRow:
    """`number` counts the rows of data from 1; `participant` is None where `problems` says why."""

    number: int
    participant: ImportedParticipant | None
    problems: tuple[FieldError, ...] = field(default=())


def read_rows(content: bytes, media_type: str) -> list[ImportRow]:
    """InvalidRequest if it cannot be read at all; ValidationFailed for columns that are missing or unknown, and for
    no rows or more than `MAX_ROWS`."""
    records = _csv_records(content) if media_type == CSV else _ndjson_records(content)
    rows: list[ImportRow] = []
    for number, record in enumerate(records, start=1):
        if number > MAX_ROWS:
            raise ValidationFailed.of("rows", f"must have at most {MAX_ROWS} rows")
        rows.append(_row(number, record))
    if not rows:
        raise ValidationFailed.of("rows", "must have at least one row")
    return rows


def _row(number: int, record: Any) -> ImportRow:
    if isinstance(record, tuple):
        return ImportRow(number, None, record)
    try:
        return ImportRow(number, parse(ImportedParticipant, record, field=""))
    except ValidationFailed as error:
        return ImportRow(number, None, _of_row(error))


def _of_row(error: ValidationFailed) -> tuple[FieldError, ...]:
    """Problems of a whole row are called `row`."""
    return tuple(
        FieldError("row" if each.field in ("", "body") else each.field, each.message) for each in error.details
    )


def _csv_records(content: bytes) -> Iterator[Any]:
    """Cells by column; an empty cell is no value. Problems, as a tuple, of a row that cannot be taken."""
    reader = csv.reader(io.StringIO(_text(content), newline=""), strict=True)
    try:
        columns = [name.strip() for name in next(reader, [])]
        _require_columns(columns)
        for cells in reader:
            if cells:
                yield _record(columns, cells)
    except csv.Error as error:
        raise InvalidRequest(f"Line {reader.line_num} is not CSV: {error}") from error


def _require_columns(columns: list[str]) -> None:
    unknown = [name for name in columns if name not in _COLUMNS]
    if unknown:
        raise ValidationFailed(details=[FieldError(name[:100] or "header", "unknown column") for name in unknown[:50]])
    if _REQUIRED not in columns:
        raise ValidationFailed.of(_REQUIRED, "this column is missing")
    if len(set(columns)) != len(columns):
        raise ValidationFailed.of("header", "names a column twice")


def _record(columns: list[str], cells: list[str]) -> dict[str, str] | tuple[FieldError, ...]:
    if len(cells) != len(columns):
        return (FieldError("row", f"has {len(cells)} cells under {len(columns)} columns"),)
    for column, cell in zip(columns, cells, strict=True):
        if cell.startswith(_FORMULA) and not (column == "phone" and cell.startswith("+")):
            return (FieldError(column, "begins like a formula"),)
    return {column: cell for column, cell in zip(columns, cells, strict=True) if cell}


def _ndjson_records(content: bytes) -> Iterator[Any]:
    for line in content.removeprefix(b"\xef\xbb\xbf").split(b"\n"):
        if line.strip():
            try:
                yield strict_json.parse(line)
            except InvalidRequest as error:
                yield (FieldError("row", error.message),)
            except ValidationFailed as error:
                yield _of_row(error)


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidRequest("The body is not UTF-8") from error
