"""A CSV file as a survey, and back: nothing may be lost on the way."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
import statsmodels.api
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scripts.csv_survey import (
    BadTable,
    Table,
    answers_of,
    cell_of,
    infer_kind,
    misfit,
    option_codes,
    people_of,
    plan,
    read_table,
)
from trimetric.domain.study_types import study_type
from trimetric.domain.study_types.design import Design, Question
from trimetric.domain.study_types.new_content import parse_questions


def write(folder: Path, content: str | bytes) -> Path:
    path = folder / "answers.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def through_the_product(table: Table, **options: Any) -> list[list[str]]:
    """The cells of each row after the product has checked questions and results as it does for the API."""
    columns = plan(table, **options)
    bodies = parse_questions([column.question() for column in columns])
    questions = tuple(Question(id=f"qst_{place}", **body) for place, body in enumerate(bodies))
    design = Design(settings={}, questions=questions)
    public = {question["id"]: question for question in design.public_questions()}
    rows = []
    for row in table.rows:
        result = {"answers": answers_of(row, columns, list(public)), "duration_ms": 0}
        (payload,) = study_type("survey").parse_results(design, [result])
        values = {answer["question_id"]: answer["value"] for answer in payload["answers"]}
        rows.append([cell_of(public[each], values[each]) if each in values else "" for each in public])
    return rows


@pytest.mark.parametrize(
    "content",
    [
        b'name,note\r\nAnn,"a, b"\r\nBob,"say ""hi""\nthere"\r\n',
        b'\xef\xbb\xbfname,note\nAnn,"a, b"\nBob,"say ""hi""\nthere"\n',
        b'"name","note"\n\nAnn,"a, b"\nBob,"say ""hi""\nthere"',
    ],
    ids=["CRLF", "byte order mark", "quoted names, an empty line, no line end at the end"],
)
def test_every_usual_form_of_csv_is_read_alike(tmp_path: Path, content: bytes) -> None:
    table = read_table(write(tmp_path, content))
    assert table.columns == ("name", "note")
    assert table.rows == (("Ann", "a, b"), ("Bob", 'say "hi"\nthere'))


def test_other_delimiters_and_encodings_can_be_named(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "a;b\nü;1\n".encode("latin-1")), delimiter=";", encoding="latin-1")
    assert table.rows == (("ü", "1"),)


def test_columns_without_a_name_get_one(tmp_path: Path) -> None:
    assert read_table(write(tmp_path, "a, ,\n1,2,3\n")).columns == ("a", "Column 2", "Column 3")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "needs a line of names"),
        (b"a,b\n", "needs a line of names"),
        (b"a,b\n1,2\n3\n", "Record 3 of answers.csv has 1 cells, not 2"),
        (b"a,b\n1,2,3\n", "Record 2 of answers.csv has 3 cells, not 2"),
        (b'a\n"open\n', "is not CSV"),
        (b"a\n\xff\n", "is not utf-8-sig text"),
        (b"a\n\x00\n", r"holds the character U\+0000"),
    ],
    ids=["empty", "names only", "a short row", "a long row", "an open quote", "not UTF-8", "U+0000"],
)
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    with pytest.raises(BadTable, match=sentence):
        read_table(write(tmp_path, content))


def test_an_unknown_encoding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadTable, match="no encoding klingon"):
        read_table(write(tmp_path, "a\n1\n"), encoding="klingon")


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        (["1", "2", "3", "3"], "rating"),
        (["-1", "0", "1"], "rating"),
        (["0", "1", "0", "1"], "single_choice"),
        (["1", "50", "100", "1", "50", "100"], "single_choice"),
        (["1.0", "2.0", "3.0", "1.0", "2.0", "3.0"], "single_choice"),
        (["01", "02", "03", "01", "02", "03"], "single_choice"),
        (["yes", "no", "yes", "no"], "single_choice"),
        (["true", "false", "true"], "boolean"),
        (["True", "False", "True", "False"], "single_choice"),
        ([" yes", "no", " yes", "no"], "text"),
        (["x" * 256, "x" * 256], "text"),
        (["red", "green", "blue"], "text"),
        ([str(number) for number in range(100)] * 3, "text"),
        (["-2.3025850929940455", "5.247550249494384"], "text"),
        ([], "text"),
    ],
    ids=[
        "close whole numbers",
        "negative whole numbers",
        "two whole numbers",
        "whole numbers far apart",
        "decimals that repeat",
        "leading zeros",
        "words that repeat",
        "booleans",
        "booleans in another spelling",
        "space around an answer",
        "answers too long for a label",
        "words that do not repeat",
        "many different answers",
        "long decimals",
        "nothing",
    ],
)
def test_the_kind_is_inferred(answers: list[str], kind: str) -> None:
    assert infer_kind(answers) == kind


def test_kinds_can_be_given(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "a,b,c,d\n1,2,3,9\n2,1,3,10\n4,4,4,0\n"))
    given = {"a": "text", "b": "rating:1:5", "c": "single_choice", "d": "nps"}
    columns = plan(table, kinds=given)
    assert [column.kind for column in columns] == ["text", "rating", "single_choice", "nps"]
    assert columns[1].question() == {"kind": "rating", "prompt": "b", "required": False, "min": 1, "max": 5}
    assert columns[2].question()["options"] == [{"id": "3", "label": "3"}, {"id": "4", "label": "4"}]
    assert through_the_product(table, kinds=given) == [list(row) for row in table.rows]


@pytest.mark.parametrize(
    ("kind", "answers", "problem"),
    [
        ("rating", ["1", "two"], "'two' is not a whole number"),
        ("rating", ["1", "02"], "'02' is not a whole number"),
        ("rating", ["1", "1"], "two different answers"),
        ("rating", ["1", "200"], "too far apart"),
        ("nps", ["11"], "11 is outside 0 to 10"),
        ("boolean", ["true", "yes"], "'yes' is neither true nor false"),
        ("single_choice", [], "0 different answers"),
        ("single_choice", [str(number) for number in range(101)], "101 different answers"),
        ("single_choice", ["a "], "would be trimmed"),
        ("text", ["x" * 5001], "more than 5,000 characters"),
        ("novel", ["x"], "the kinds are"),
    ],
    ids=lambda case: case[:20] if isinstance(case, str) else str(len(case)),
)
def test_a_kind_that_would_lose_something_is_refused(kind: str, answers: list[str], problem: str) -> None:
    assert problem in (misfit(kind, answers) or "")
    rows = tuple((answer,) for answer in answers)
    with pytest.raises(BadTable, match="The column a cannot be"):
        plan(Table(("a",), rows, ""), kinds={"a": kind})


def test_a_given_scale_must_hold_every_answer(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "a\n1\n9\n"))
    with pytest.raises(BadTable, match=r"The column a cannot be rating:1:5"):
        plan(table, kinds={"a": "rating:1:5"})


@pytest.mark.parametrize("options", [{"id_column": "x"}, {"kinds": {"x": "text"}}], ids=["id column", "kind"])
def test_a_column_that_is_not_there_is_named(options: dict[str, Any]) -> None:
    with pytest.raises(BadTable, match=r"There is no column x; there are: a, b\."):
        plan(Table(("a", "b"), (("1", "2"),), ""), **options)


@pytest.mark.parametrize("count", [1, 202], ids=["nothing but the ids", "more than 200 questions"])
def test_a_survey_has_1_to_200_questions(count: int) -> None:
    names = tuple(f"c{number}" for number in range(count))
    with pytest.raises(BadTable, match="1 to 200 questions"):
        plan(Table(names, (names,), ""), id_column="c0")


def test_rows_are_numbered_unless_a_column_names_them() -> None:
    table = Table(("id", "a"), (("x", "1"), ("y", "2")), "")
    assert people_of(table) == ["row-1", "row-2"]
    assert people_of(table, id_column="id") == ["x", "y"]
    assert [column.name for column in plan(table, id_column="id")] == ["a"]


@pytest.mark.parametrize(("second", "sentence"), [("x", "x stands twice in id"), (" ", "Record 3 has nothing in id")])
def test_people_need_names_of_their_own(second: str, sentence: str) -> None:
    with pytest.raises(BadTable, match=sentence):
        people_of(Table(("id",), (("x",), (second,)), ""), id_column="id")


def test_options_of_numbers_stand_in_their_order_and_others_by_frequency() -> None:
    assert list(option_codes(["10.0", "9.0", "-1.5"])) == ["-1.5", "9.0", "10.0"]
    assert list(option_codes(["b", "c", "c", "a"])) == ["c", "a", "b"]


def test_option_ids_look_like_their_answers_and_never_clash() -> None:
    assert option_codes(["a b", "a_b", "a.b"]) == {"a b": "a_b", "a.b": "a_b_2", "a_b": "a_b_3"}


cells = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30) | st.sampled_from(
    ["", "1", "2", "3", "01", "1.0", "-1", "true", "false", " yes", "nan", "inf", "1e5", "\u2028", "\x85"]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=st.lists(st.tuples(cells, cells.filter(bool)), min_size=1, max_size=12))
def test_any_cell_comes_out_as_it_went_in(rows: list[tuple[str, str]]) -> None:
    table = Table(("a", "b"), tuple(rows), "")
    assert through_the_product(table) == [list(row) for row in rows]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(cells, cells), min_size=1, max_size=6))
def test_any_file_is_read_as_it_was_written(tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([("a", "b"), *rows])
    assert read_table(write(tmp_path, text.getvalue())).rows == tuple(rows)


def test_the_1996_election_study_survives(tmp_path: Path) -> None:
    frame = statsmodels.api.datasets.anes96.load_pandas().data
    table = read_table(write(tmp_path, frame.to_csv(index=False)))
    assert len(table.rows) == 944
    assert table.rows[0][-1] == "-2.3025850929940455"
    kinds = {column.name: column.kind for column in plan(table)}
    assert (kinds["logpopul"], kinds["age"], kinds["vote"]) == ("text", "text", "single_choice")
    assert through_the_product(table) == [list(row) for row in table.rows]
