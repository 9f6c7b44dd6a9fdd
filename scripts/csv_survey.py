"""A CSV file as a survey: one question a column, one participant a row, and every cell back out as it was."""

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from trimetric.domain.study_types.design import MAX_QUESTIONS
from trimetric.domain.study_types.members import MAX_ANSWER, MAX_OPTIONS
from trimetric.domain.study_types.survey import SCALES

#: Kinds of question that a cell of text can be turned into and back.
KINDS: Final = ("single_choice", "rating", "boolean", "text", *SCALES)

#: A column with more distinct answers than this is text unless told otherwise.
FEW_ANSWERS: Final = 30
#: Whole numbers are a rating from so many distinct answers on, over at most so many steps.
RATING_ANSWERS: Final = 3
RATING_STEPS: Final = 10

#: Limits of the API on a rating's scale.
_MOST_RATING_STEPS: Final = 100
_FARTHEST_RATING: Final = 1_000
_LONGEST_LABEL: Final = 255
_WHOLE_NUMBER: Final = re.compile(r"0|-?[1-9][0-9]{0,3}", re.ASCII)
#: A rating whose scale is given: answers need not reach its ends.
RATING_SCALE: Final = re.compile(r"rating:(-?[0-9]{1,4}):(-?[0-9]{1,4})", re.ASCII)

_NOT_IN_IDS: Final = re.compile(r"[^A-Za-z0-9_-]")
_BOOLEANS: Final = {"true": True, "false": False}


class BadTable(Exception):
    """A file that cannot become a survey; one sentence says why."""


@dataclass(frozen=True)
class Table:
    """`rows` hold as many cells as there are columns; an empty cell is an unanswered question."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    #: Hexadecimal SHA-256 of the file.
    digest: str

    def column(self, place: int) -> list[str]:
        return [row[place] for row in self.rows]


@dataclass(frozen=True)
class Column:
    """How one column is asked. `codes`: option id by cell, for single_choice; `bounds`: of a rating."""

    place: int
    name: str
    kind: str
    codes: Mapping[str, str]
    bounds: tuple[int, int] | None = None

    def question(self) -> dict[str, Any]:
        """The body that the API takes."""
        body: dict[str, Any] = {"kind": self.kind, "prompt": self.name, "required": False}
        if self.codes:
            body["options"] = [{"id": code, "label": cell} for cell, code in self.codes.items()]
        if self.bounds:
            body["min"], body["max"] = self.bounds
        return body

    def value(self, cell: str) -> str | int | bool:
        if self.kind == "single_choice":
            return self.codes[cell]
        if self.kind == "boolean":
            return _BOOLEANS[cell]
        return cell if self.kind == "text" else int(cell)


def read_table(path: Path, *, delimiter: str = ",", encoding: str = "utf-8-sig") -> Table:
    """The file with its first line as names of columns; BadTable if it is not a table of text."""
    content = path.read_bytes()
    try:
        text = io.StringIO(content.decode(encoding), newline="")
        records = [record for record in csv.reader(text, delimiter=delimiter, strict=True) if record]
    except UnicodeDecodeError as error:
        raise BadTable(f"{path.name} is not {encoding} text (byte {error.start:,}).") from error
    except LookupError as error:
        raise BadTable(f"There is no encoding {encoding}.") from error
    except csv.Error as error:
        raise BadTable(f"{path.name} is not CSV: {error}.") from error
    if len(records) < 2:
        raise BadTable(f"{path.name} needs a line of names and at least one line of answers.")
    columns, *rows = records
    for number, row in enumerate(rows, start=2):
        if len(row) != len(columns):
            raise BadTable(f"Record {number} of {path.name} has {len(row)} cells, not {len(columns)} as its first.")
        if any("\0" in cell for cell in row):
            raise BadTable(f"Record {number} of {path.name} holds the character U+0000.")
    names = tuple(name.strip() or f"Column {place}" for place, name in enumerate(columns, start=1))
    return Table(names, tuple(map(tuple, rows)), hashlib.sha256(content).hexdigest())


def plan(table: Table, *, id_column: str | None = None, kinds: Mapping[str, str] | None = None) -> list[Column]:
    """How each column is asked, except the one that names the people; `kinds` overrides what is inferred, by name."""
    given = dict(kinds or {})
    unknown = [name for name in [*given, *([id_column] if id_column else [])] if name not in table.columns]
    if unknown:
        raise BadTable(f"There is no column {unknown[0]}; there are: {', '.join(table.columns)}.")
    places = [place for place, name in enumerate(table.columns) if name != id_column]
    if not 1 <= len(places) <= MAX_QUESTIONS:
        raise BadTable(f"A survey has 1 to {MAX_QUESTIONS} questions, and this file {len(places)} columns.")
    return [_column(place, table.columns[place], _answers(table, place), given) for place in places]


def _answers(table: Table, place: int) -> list[str]:
    return [cell for cell in table.column(place) if cell]


def _column(place: int, name: str, answers: Sequence[str], given: Mapping[str, str]) -> Column:
    wanted = given.get(name) or infer_kind(answers)
    problem = misfit(wanted, answers)
    if problem:
        raise BadTable(f"The column {name} cannot be {wanted}: {problem}.")
    kind = wanted.partition(":")[0]
    codes = option_codes(answers) if kind == "single_choice" else {}
    bounds = _given_scale(wanted) or _reach(answers) if kind == "rating" else None
    return Column(place, name, kind, codes, bounds)


def _given_scale(wanted: str) -> tuple[int, int] | None:
    """The ends of `rating:1:5` and of the kinds that fix them."""
    match = RATING_SCALE.fullmatch(wanted)
    return (int(match[1]), int(match[2])) if match else SCALES.get(wanted)


def _reach(answers: Iterable[str]) -> tuple[int, int]:
    numbers = [int(answer) for answer in answers]
    return min(numbers, default=0), max(numbers, default=0)


def infer_kind(answers: Sequence[str]) -> str:
    """The kind that shows most about `answers` and loses nothing of them.

    Booleans; ratings from whole numbers that lie close together; a choice where answers repeat; text otherwise.
    """
    distinct = set(answers)
    if distinct == set(_BOOLEANS):
        return "boolean"
    if len(distinct) >= RATING_ANSWERS and not misfit("rating", answers):
        numbers = [int(answer) for answer in distinct]
        if max(numbers) - min(numbers) <= RATING_STEPS:
            return "rating"
    if len(distinct) <= min(FEW_ANSWERS, len(answers) // 2) and not misfit("single_choice", answers):
        return "single_choice"
    return "text"


def misfit(kind: str, answers: Sequence[str]) -> str | None:
    """Why `answers` would not all survive as answers of this kind; None if they would."""
    scale = _given_scale(kind)
    if kind not in KINDS and scale is None:
        return f"the kinds are {', '.join(KINDS)}"
    if kind == "single_choice":
        return _choice_misfit(answers)
    if kind == "text":
        too_long = any(len(answer) > MAX_ANSWER for answer in answers)
        return f"an answer has more than {MAX_ANSWER:,} characters" if too_long else None
    if kind == "boolean":
        return _first(answers, _BOOLEANS, "is neither true nor false")
    whole = {answer for answer in answers if _WHOLE_NUMBER.fullmatch(answer)}
    return _first(answers, whole, "is not a whole number as it would be written back") or _scale_misfit(whole, scale)


def _choice_misfit(answers: Sequence[str]) -> str | None:
    distinct = set(answers)
    if not 1 <= len(distinct) <= MAX_OPTIONS:
        return f"it has {len(distinct):,} different answers, and a question 1 to {MAX_OPTIONS} options"
    odd = next((answer for answer in answers if answer != answer.strip() or len(answer) > _LONGEST_LABEL), None)
    return None if odd is None else f"{odd[:40]!r} would be trimmed, or is too long for a label"


def _scale_misfit(whole: Iterable[str], scale: tuple[int, int] | None) -> str | None:
    """`scale` None: the answers themselves decide where it ends."""
    lowest, highest = _reach(whole)
    low, high = scale or (lowest, highest)
    if low >= high:
        return "a rating needs at least two different answers" if scale is None else "its scale has no steps"
    if high - low > _MOST_RATING_STEPS or max(abs(low), abs(high)) > _FARTHEST_RATING:
        return "its answers lie too far apart" if scale is None else "its scale is too long"
    outside = next((number for number in map(int, whole) if not low <= number <= high), None)
    return None if outside is None else f"{outside} is outside {low} to {high}"


def _first(answers: Sequence[str], good: Iterable[str], problem: str) -> str | None:
    known = set(good)
    bad = next((answer for answer in answers if answer not in known), None)
    return None if bad is None else f"{bad[:40]!r} {problem}"


def option_codes(answers: Sequence[str]) -> dict[str, str]:
    """An option id for each different answer: numbers in order of size, other answers by frequency.

    Ids take the answer's own characters as far as they may; labels keep it whole.
    """
    counts = Counter(answers)
    try:
        ordered = sorted(counts, key=lambda answer: (float(answer), answer))
    except ValueError:
        ordered = sorted(counts, key=lambda answer: (-counts[answer], answer))
    codes: dict[str, str] = {}
    taken: set[str] = set()
    for answer in ordered:
        stem = _NOT_IN_IDS.sub("_", answer)[:56]
        code, number = stem, 2
        while code in taken:
            code, number = f"{stem}_{number}", number + 1
        taken.add(code)
        codes[answer] = code
    return codes


def people_of(table: Table, *, id_column: str | None = None) -> list[str]:
    """The external id of each row; BadTable if one is missing or given twice."""
    if id_column is None:
        return [f"row-{number}" for number in range(1, len(table.rows) + 1)]
    people = table.column(table.columns.index(id_column))
    problem = next((number for number, person in enumerate(people, start=2) if not person.strip()), None)
    if problem:
        raise BadTable(f"Record {problem} has nothing in {id_column}.")
    repeated = next((person for person, count in Counter(people).items() if count > 1), None)
    if repeated is not None:
        raise BadTable(f"{repeated} stands twice in {id_column}.")
    return people


def answers_of(row: Sequence[str], columns: Sequence[Column], question_ids: Sequence[str]) -> list[dict[str, Any]]:
    """One row as the answers of a result; columns and ids of their questions in the same order."""
    pairs = zip(columns, question_ids, strict=True)
    return [
        {"question_id": question_id, "value": column.value(row[column.place])}
        for column, question_id in pairs
        if row[column.place]
    ]


def cell_of(question: Mapping[str, Any], value: Any) -> str:
    """The cell that an answer came from, by what the API says about its question."""
    if question["kind"] == "single_choice":
        return next(str(option["label"]) for option in question["options"] if option["id"] == value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
