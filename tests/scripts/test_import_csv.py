"""The importer: from a file to a study and back, also when it is cut off on the way."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer
from typer.testing import CliRunner

from scripts.api_client import UnexpectedAnswer
from scripts.csv_survey import BadTable, Table, people_of, plan
from scripts.import_csv import Different, Survey, parse_kinds, run
from tests.scripts.fake_api import CREATED_AT, FakeApi

ROWS = tuple((f"p{number}", str(number % 5 + 1), "" if number % 7 == 0 else f"said {number}") for number in range(250))
TABLE = Table(("person", "score", "why"), ROWS, "digest")


@pytest.fixture
def fake() -> FakeApi:
    return FakeApi()


@pytest.fixture
def survey(fake: FakeApi) -> Survey:
    return make_survey(fake)


def make_survey(fake: FakeApi, table: Table = TABLE) -> Survey:
    columns = plan(table, id_column="person")
    return Survey(fake.client(), table, columns, people_of(table, id_column="person"))


def cut(path: str, *, times: int = 1) -> Callable[[httpx.Request], httpx.Response | None]:
    """Answers a POST to what ends with `path` with a server error, a number of times."""
    left = [times]

    def answer(request: httpx.Request) -> httpx.Response | None:
        if request.method == "POST" and request.url.path.endswith(path) and left[0]:
            left[0] -= 1
            return httpx.Response(503)
        return None

    return answer


def test_a_file_becomes_a_published_study_with_everybody_in_it(fake: FakeApi, survey: Survey) -> None:
    study = survey.create("My survey")
    assert list(survey.send(study)) == [100, 100, 50]
    assert list(survey.verify(study)) == [250]
    (made,) = fake.studies.values()
    assert (made["name"], made["type"], made["status"]) == ("My survey", "survey", "published")
    assert [(question["kind"], question["prompt"]) for question in made["questions"]] == [
        ("rating", "score"),
        ("text", "why"),
    ]
    first, second, *_ = fake.people["std_0"].values()
    assert first == {
        "external_id": "p0",
        "started_at": CREATED_AT,
        "completed_at": CREATED_AT,
        "results": [{"answers": [{"question_id": "questions_0", "value": 1}], "duration_ms": 0}],
    }
    assert second["results"][0]["answers"][1] == {"question_id": "questions_1", "value": "said 1"}


@pytest.mark.parametrize("path", ["/studies", "/questions", "/publish", "/participants"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_server_error_at_any_step_changes_nothing(fake: FakeApi, survey: Survey, path: str, moment: str) -> None:
    setattr(fake, moment, cut(path))
    study = survey.create("My survey")
    assert sum(survey.send(study)) == 250
    assert sum(survey.verify(study)) == 250
    assert len(fake.studies) == 1
    assert len(fake.studies["std_0"]["questions"]) == 2


@pytest.mark.parametrize("path", ["/studies", "/questions", "/publish", "/participants"])
def test_the_same_command_again_goes_on_where_it_was_cut_off(fake: FakeApi, path: str) -> None:
    fake.after = cut(path, times=8)
    with pytest.raises(UnexpectedAnswer):
        list(make_survey(fake).send(make_survey(fake).create("My survey")))
    again = make_survey(fake)
    study = again.create("My survey")
    assert sum(again.send(study)) == 250
    assert sum(again.verify(study)) == 250
    assert len(fake.studies) == 1


def test_another_name_makes_another_study(fake: FakeApi, survey: Survey) -> None:
    first, second = survey.create("One"), survey.create("Two")
    assert first["id"] != second["id"]


def test_a_later_day_goes_on_with_a_named_study(fake: FakeApi, survey: Survey) -> None:
    study = survey.create("My survey")
    next(survey.send(study))
    fake.remembered.clear()
    later = make_survey(fake)
    found = later.existing(study["id"])
    assert sum(later.send(found)) == 250
    assert sum(later.verify(found)) == 250
    assert len(fake.studies) == 1


def test_a_study_with_other_questions_is_refused(fake: FakeApi, survey: Survey) -> None:
    study = survey.create("My survey")
    other = Table(("person", "other"), (("p1", "x"),), "digest")
    with pytest.raises(BadTable, match="is not a published survey with the questions of this file"):
        make_survey(fake, other).existing(study["id"])


def test_the_export_is_read_page_by_page(fake: FakeApi, survey: Survey) -> None:
    fake.page = 90
    study = survey.create("My survey")
    list(survey.send(study))
    assert list(survey.verify(study)) == [90, 90, 70]


def change_answer(person: dict[str, Any]) -> None:
    person["results"][0]["answers"][1]["value"] = "said 1."


def drop_answer(person: dict[str, Any]) -> None:
    person["results"][0]["answers"].pop()


def rename(person: dict[str, Any]) -> None:
    person["external_id"] = "stranger"


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (change_answer, r"p1, why: 'said 1' came out as 'said 1\.'\."),
        (drop_answer, r"p1, why: 'said 1' came out as ''\."),
        (rename, r"stranger is exported twice, or was never in the file\."),
    ],
    ids=["a changed answer", "a lost answer", "a stranger"],
)
def test_verification_names_the_first_difference(
    fake: FakeApi, survey: Survey, spoil: Callable[[dict[str, Any]], None], sentence: str
) -> None:
    study = survey.create("My survey")
    list(survey.send(study))
    spoil(fake.people["std_0"]["p1"])
    with pytest.raises(Different, match=sentence):
        list(survey.verify(study))


def test_verification_misses_who_is_not_there(fake: FakeApi, survey: Survey) -> None:
    study = survey.create("My survey")
    list(survey.send(study))
    del fake.people["std_0"]["p7"]
    with pytest.raises(Different, match="1 people are missing from the export, p7 among them"):
        list(survey.verify(study))


def test_line_ends_of_unicode_inside_answers_do_not_cut_the_export(fake: FakeApi) -> None:
    table = Table(("person", "why"), (("p1", "a\u2028b\x85c"), ("p2", "d")), "digest")
    survey = make_survey(fake, table)
    study = survey.create("My survey")
    list(survey.send(study))
    assert list(survey.verify(study)) == [2]


def test_kinds_are_parsed() -> None:
    assert parse_kinds(["a=text", "b=c=nps", "d=rating:1:5"]) == {"a": "text", "b=c": "nps", "d": "rating:1:5"}


@pytest.mark.parametrize("pair", ["text", "=text", "a=novel", "a=rating:1"])
def test_what_is_no_kind_is_wrong_usage(pair: str) -> None:
    with pytest.raises(typer.BadParameter):
        parse_kinds([pair])


@pytest.fixture
def type_line() -> Callable[..., Any]:
    app = typer.Typer()
    app.command()(run)

    def _type(*arguments: str) -> Any:
        return CliRunner().invoke(app, [*arguments, "--key", "uxm_v1_x"])

    return _type


def test_a_dry_run_shows_the_plan_and_needs_no_api(type_line: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    path.write_text("a,b,c\n1,x,free\n2,y,words\n3,x,here\n4,y,\n")
    result = type_line(str(path), "--dry-run", "--kinds", "b=text")
    assert (result.exit_code, result.stdout) == (0, "a: rating from 1 to 4\nb: text\nc: text\n")
    result = type_line(str(path), "--dry-run")
    assert "b: single_choice, 2 options\n" in result.stdout


def test_a_bad_file_is_refused_in_one_sentence(type_line: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    path.write_text("a\n")
    result = type_line(str(path))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: answers.csv needs a line of names and at least one line of answers.\n"


def test_requests_stay_below_the_limit_of_the_api(fake: FakeApi, survey: Survey) -> None:
    list(survey.send(survey.create("My survey")))
    imports = [request for request in fake.requests if request.url.path.endswith("/participants")]
    assert [len(json.loads(request.content)["participants"]) for request in imports] == [100, 100, 50]
