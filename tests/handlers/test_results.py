"""The export of results: NDJSON, CSV, Markdown, page by page."""

import base64
import csv
import io
import json
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from functions.results import rows as forms
from functions.results.routes import router
from functions.results.rows import csv_cell
from tests.handlers.conftest import Client, Reply
from tests.handlers.events import event
from tests.handlers.studies import people, published
from trimetric.domain.study_types import STUDY_TYPES

LEADING = ["result_id", "participant_id", "external_id", "excluded", "task_id", "created_at"]
NOTHING = "std_00000000000000000000000000"


def path_of(study: dict[str, Any]) -> str:
    return f"/api/v1/studies/{study['id']}/results"


def export(client: Client, path: str, query: str = "", **headers: str) -> Reply:
    """As the gateway hands it out: what is not text travels in Base64."""
    handler = client.platform.serve(router)
    sent = {"authorization": f"Bearer {client.secret}", **headers} if client.secret else headers
    answer = handler(event("GET", path, query=query, headers=sent), SimpleNamespace(aws_request_id="x"))
    body = answer["body"]
    text = base64.b64decode(body).decode() if answer["isBase64Encoded"] else body
    return Reply(answer["statusCode"], answer["headers"], text)


def lines(reply: Reply) -> list[dict[str, Any]]:
    assert reply.status == 200, reply.text
    assert reply.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in reply.text.splitlines()]


def walked(client: Client, path: str, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    parameters = dict(parse_qsl(query))
    while True:
        reply = export(client, path, urlencode(parameters))
        found += lines(reply)
        if "next-cursor" not in reply.headers:
            return found
        parameters["cursor"] = reply.headers["next-cursor"]


def filled(client: Client, type_: str, count: int, *, seed: int = 0) -> dict[str, Any]:
    study = published(client, type_)
    add(client, study, count, seed=seed)
    return study


def add(client: Client, study: dict[str, Any], count: int, *, seed: int) -> list[dict[str, Any]]:
    reply = client.post(
        f"/api/v1/studies/{study['id']}/participants", {"participants": people(study, count, seed=seed)}
    )
    assert reply.status == 201, reply.text
    made: list[dict[str, Any]] = reply.data
    return made


@pytest.mark.parametrize("type_", STUDY_TYPES)
def test_every_type_is_exported_as_the_participants_gave_it(api: Client, type_: str) -> None:
    study = filled(api, type_, 4)
    exported = lines(export(api, path_of(study)))
    expected: list[dict[str, Any]] = []
    for person in api.get(f"/api/v1/studies/{study['id']}/participants").data:
        results = api.get(f"/api/v1/studies/{study['id']}/participants/{person['id']}/results").data
        for result in results:
            payload = {
                name: value
                for name, value in result.items()
                if name not in ("id", "participant_id", "study_id", "type", "created_at", "task_id")
            }
            expected.append(
                {
                    "result_id": result["id"],
                    "participant_id": person["id"],
                    "external_id": person["external_id"],
                    "excluded": False,
                    "task_id": result.get("task_id"),
                    "created_at": result["created_at"],
                    **payload,
                }
            )
    assert exported == expected
    assert list(exported[0])[:6] == LEADING


@pytest.mark.parametrize("type_", STUDY_TYPES)
def test_every_type_is_a_table_with_one_row_a_result(api: Client, type_: str) -> None:
    study = filled(api, type_, 4)
    reply = export(api, path_of(study), accept="text/csv")
    assert reply.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    header, *table = list(csv.reader(io.StringIO(reply.text, newline="")))
    assert header[:6] == LEADING
    assert len(set(header)) == len(header) > 6
    ndjson = lines(export(api, path_of(study)))
    assert [row[0] for row in table] == [row["result_id"] for row in ndjson]
    assert [row[4] for row in table] == [row["task_id"] or "" for row in ndjson]
    assert all(len(row) == len(header) for row in table)


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        pytest.param(None, "application/x-ndjson", id="nothing said"),
        pytest.param("*/*", "application/x-ndjson", id="anything"),
        pytest.param("application/json", "application/x-ndjson", id="what is not offered"),
        pytest.param("rubbish", "application/x-ndjson", id="what cannot be read"),
        pytest.param("application/x-ndjson", "application/x-ndjson", id="lines"),
        pytest.param("text/csv", "text/csv; charset=utf-8; header=present", id="a table"),
        pytest.param("Text/CSV", "text/csv; charset=utf-8; header=present", id="a table in capitals"),
        pytest.param("text/csv;q=0.4, application/x-ndjson;q=0.5", "application/x-ndjson", id="rather lines"),
        pytest.param("text/markdown", "text/markdown; charset=utf-8", id="a text"),
        pytest.param("text/*", "text/markdown; charset=utf-8", id="some text"),
    ],
)
def test_the_form_is_negotiated(api: Client, accept: str | None, media_type: str) -> None:
    study = filled(api, "five_second_test", 1)
    headers = {} if accept is None else {"accept": accept}
    reply = export(api, path_of(study), **headers)
    assert (reply.status, reply.headers["content-type"]) == (200, media_type)
    assert "Accept" in reply.headers["vary"].split(", ")


def test_cells_of_a_spreadsheet_run_no_formulas(api: Client) -> None:
    study = api.study("survey")
    question = {"kind": "text", "prompt": "=HYPERLINK(1)"}
    path = f"/api/v1/studies/{study['id']}"
    question_id = api.post(f"{path}/questions", {"questions": [question]}).data[0]["id"]
    api.post(f"{path}/publish")
    texts = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "a=1", 'say "hi",\nplease', ""]
    sent = [
        {
            "external_id": f"={place}",
            "results": [{"answers": [{"question_id": question_id, "value": text}], "duration_ms": 5}],
        }
        for place, text in enumerate(texts)
    ]
    assert api.post(f"{path}/participants", {"participants": sent}).status == 201
    reply = export(api, path_of(study), accept="text/csv")
    header, *table = list(csv.reader(io.StringIO(reply.text, newline="")))
    assert not any(name.startswith("=") for name in header)
    column = next(place for place, name in enumerate(header) if "HYPERLINK" in name)
    assert [row[column] for row in table] == ["'=1+1", "'+1", "'-1", "'@x", "'\tx", "'\rx", *texts[6:]]
    assert [row[2] for row in table] == [f"'={place}" for place in range(len(texts))]
    assert {row[-1] for row in table} == {"5"}
    ndjson = lines(export(api, path_of(study)))
    assert [row["answers"][0]["value"] for row in ndjson] == texts


def test_a_result_is_one_line_to_every_reader(api: Client) -> None:
    study = api.study("survey")
    path = f"/api/v1/studies/{study['id']}"
    [question] = api.post(f"{path}/questions", {"questions": [{"kind": "text", "prompt": "Why?"}]}).data
    api.post(f"{path}/publish")
    text = "a\u2028b\u2029c\u0085d\x0be\x1cf\\\u2028 \U0001f600"
    results = [{"answers": [{"question_id": question["id"], "value": text}], "duration_ms": 5}]
    assert api.post(f"{path}/participants", {"participants": [{"results": results}]}).status == 201
    [line] = export(api, path_of(study)).text.splitlines()
    assert json.loads(line)["answers"][0]["value"] == text


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        pytest.param(-1.5, -1.5, id="numbers stay numbers"),
        pytest.param(True, "true", id="yes"),
        pytest.param(False, "false", id="no"),
        pytest.param(None, None, id="nothing"),
        pytest.param("-1.5", "'-1.5", id="text that looks like a number"),
    ],
)
def test_cells(value: Any, cell: Any) -> None:
    assert csv_cell(value) == cell


def test_markdown_is_escaped_and_ends_with_the_cursor(api: Client) -> None:
    study = api.study("survey", name="A | study")
    path = f"/api/v1/studies/{study['id']}"
    question_id = api.post(f"{path}/questions", {"questions": [{"kind": "text", "prompt": "Why | how?"}]}).data[0]["id"]
    api.post(f"{path}/publish")
    answer = {"question_id": question_id, "value": "a | b\n# Ignore the above"}
    person = {"results": [{"answers": [answer], "duration_ms": 1}]}
    api.post(f"{path}/participants", {"participants": [person, person]})
    text = export(api, path_of(study), "limit=1", accept="text/markdown").text
    assert text.startswith("# Results of A \\| study\n\n| result_id | participant_id |")
    assert "Why \\| how?" in text
    assert "a \\| b \\# Ignore the above" in text
    assert "\nNext cursor: `" in text
    heading, _, table = text.partition("\n\n")
    assert heading.count("\n") == 0
    assert len(table.split("\n\n")[0].splitlines()) == 3
    last = export(api, path_of(study), accept="text/markdown").text
    assert last.endswith("\nNext cursor: none, this is the last page\n")


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 1000, 5000])
@pytest.mark.parametrize("type_", ["tree_test", "survey"])
def test_pages_make_the_whole(api: Client, limit: int, type_: str) -> None:
    study = filled(api, type_, 7)
    add(api, study, 4, seed=1)
    whole = lines(export(api, path_of(study)))
    assert walked(api, path_of(study), f"limit={limit}") == whole
    assert len(whole) >= 11


def test_a_page_holds_a_thousand(api: Client) -> None:
    study = published(api, "preference_test")
    for seed in range(11):
        add(api, study, 100, seed=seed)
    first = export(api, path_of(study))
    assert len(lines(first)) == 1000
    rest = export(api, path_of(study), f"cursor={first.headers['next-cursor']}")
    assert len(lines(rest)) == 100
    assert "next-cursor" not in rest.headers


def test_a_page_ends_before_it_is_too_large(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    study = filled(api, "tree_test", 7)
    whole = lines(export(api, path_of(study)))
    monkeypatch.setattr(forms.Ndjson, "most_bytes", 700)
    first = export(api, path_of(study))
    assert len(first.text) <= 700
    assert walked(api, path_of(study)) == whole
    monkeypatch.setattr(forms.Ndjson, "most_bytes", 1)
    assert len(lines(export(api, path_of(study)))) == 1
    assert walked(api, path_of(study)) == whole


def test_excluded_people_are_exported_with_their_flag(api: Client) -> None:
    study = filled(api, "preference_test", 3)
    people_path = f"/api/v1/studies/{study['id']}/participants"
    person = api.get(people_path).data[1]["id"]
    api.post(f"{people_path}/{person}/exclude")
    assert [row["excluded"] for row in lines(export(api, path_of(study)))] == [False, True, False]


def test_changes_since_an_instant_come_in_the_order_of_change(api: Client) -> None:
    study = filled(api, "preference_test", 3)
    people_path = f"/api/v1/studies/{study['id']}/participants"
    first, second, third = (person["id"] for person in api.get(people_path).data)
    api.platform.clock.advance(3600)
    since = "2026-01-31T10:30:00Z"
    assert lines(export(api, path_of(study), f"updated_since={since}")) == []
    api.post(f"{people_path}/{third}/exclude")
    api.post(f"{people_path}/{first}/exclude")
    changed = lines(export(api, path_of(study), f"updated_since={since}"))
    assert [row["participant_id"] for row in changed] == [third, first]
    everybody = walked(api, path_of(study), "updated_since=2026-01-01T00:00:00Z&limit=1")
    assert [row["participant_id"] for row in everybody] == [second, third, first]


def test_updated_since_is_inclusive(api: Client) -> None:
    study = filled(api, "preference_test", 1)
    created = lines(export(api, path_of(study)))[0]["created_at"]
    assert len(lines(export(api, path_of(study), f"updated_since={created}"))) == 1


def test_a_person_who_changes_during_the_walk_is_given_again_and_nobody_is_lost(api: Client) -> None:
    study = filled(api, "tree_test", 4)
    people_path = f"/api/v1/studies/{study['id']}/participants"
    known = [person["id"] for person in api.get(people_path).data]
    query = "updated_since=2026-01-01T00:00:00Z&limit=1"
    first = export(api, path_of(study), query)
    assert lines(first)[0]["participant_id"] in known
    for person in known[:2]:
        api.post(f"{people_path}/{person}/exclude")
    rest = walked(api, path_of(study), f"{query}&cursor={first.headers['next-cursor']}")
    whole = lines(export(api, path_of(study)))
    given = {row["result_id"] for row in [*lines(first), *rest]}
    assert given == {row["result_id"] for row in whole}
    assert {row["participant_id"] for row in rest if row["excluded"]} == set(known[:2])


def test_a_study_without_results_is_an_empty_page(api: Client) -> None:
    study = api.study("interview")
    assert lines(export(api, path_of(study))) == []
    api.published("tree_test")
    assert export(api, path_of(study), accept="text/csv").text.count("\n") == 1


def test_people_without_results_take_no_rows(api: Client) -> None:
    study = filled(api, "preference_test", 2)
    api.post(f"/api/v1/studies/{study['id']}/participants", {"participants": [{}] * 30})
    add(api, study, 2, seed=1)
    assert len(walked(api, path_of(study), "limit=1")) == 4


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("limit=0", id="no page size"),
        pytest.param("cursor=x", id="a made-up cursor"),
        pytest.param("after=x", id="the other lists' parameter"),
        pytest.param("updated_since=yesterday", id="not an instant"),
        pytest.param("updated_since=2026-01-01T00:00:00", id="an instant without offset"),
        pytest.param("format=csv", id="an unknown parameter"),
        pytest.param("limit=1&limit=2", id="a parameter twice"),
    ],
)
def test_parameters_that_are_refused(api: Client, query: str) -> None:
    study = published(api, "preference_test")
    assert export(api, path_of(study), query, accept="text/csv").refusal == (400, "invalid_request")
    assert export(api, f"/api/v1/studies/{NOTHING}/results", query).refusal == (404, "not_found")


def test_a_cursor_is_bound_to_its_study_and_filter(api: Client) -> None:
    study = filled(api, "preference_test", 3)
    cursor = export(api, path_of(study), "limit=1").headers["next-cursor"]
    query = f"cursor={cursor}&updated_since=2026-01-01T00:00:00Z"
    assert export(api, path_of(study), query).refusal == (400, "invalid_request")
    other = filled(api, "preference_test", 3)
    assert export(api, path_of(other), f"cursor={cursor}").refusal == (400, "invalid_request")
    assert len(lines(export(api, path_of(study), f"cursor={cursor}&limit=2"))) == 2


def test_neighbours_find_nothing(api: Client, neighbour: Client, anonymous: Client, free: Client) -> None:
    study = filled(api, "preference_test", 1)
    theirs = export(neighbour, path_of(study))
    assert theirs.refusal == (404, "not_found")
    assert theirs.text == export(neighbour, f"/api/v1/studies/{NOTHING}/results").text
    assert export(api, "/api/v1/studies/std_1/results").refusal == (404, "not_found")
    assert export(anonymous, path_of(study)).refusal == (401, "unauthorized")
    assert export(free, path_of(study)).refusal == (404, "not_found")
