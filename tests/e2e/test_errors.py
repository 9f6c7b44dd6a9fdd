"""Each row of the document's error table, and the refusals that every endpoint shares, over HTTP."""

import json
import secrets
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.conftest import Api, Stack, caller
from tests.e2e.studies import draft, published
from trimetric.domain.workspaces import Plan

UNKNOWN = "0" * 26


def assert_refused(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text[:2000]
    error = answer.json()["error"]
    assert (error["code"], error["status"]) == (code, status)
    assert error["message"]
    assert answer.headers["X-Request-ID"]
    return dict(error)


def test_missing_parameter_is_400(load: Api) -> None:
    assert_refused(load.post("/api/v1/studies", json={"study": {"name": "x"}}), 400, "invalid_request")


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "Bearer",
        "Bearer uxm_v1_" + "0" * 64,
        "Bearer uxm_v1_short",
        "Basic dXNlcjpwYXNz",
        "APIAuth key:signature",
        "Bearer mtk_" + "0" * 64,
    ],
    ids=["none", "empty", "unknown", "malformed", "basic", "of Micrometrics", "of Metricis"],
)
def test_credential_that_does_not_verify_is_401(anonymous: Api, authorization: str | None) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    assert_refused(anonymous.get("/api/v1/workspace", headers=headers), 401, "unauthorized")


def test_switched_off_workspace_is_403(stack: Stack) -> None:
    with caller(stack, stack.key("disabled")) as api:
        assert_refused(api.get("/api/v1/workspace"), 403, "forbidden")


def test_write_of_a_free_workspace_is_403_before_the_object_is_looked_at(make_api: Callable[..., Api]) -> None:
    free = make_api(plan=Plan.FREE)
    assert free.get("/api/v1/folders").status_code == 200
    assert_refused(free.post("/api/v1/folders", json={"folder": {"name": "x"}}), 403, "subscription_required")
    assert_refused(free.delete(f"/api/v1/studies/std_{UNKNOWN}"), 403, "subscription_required")


def test_unknown_object_is_404(load: Api) -> None:
    assert_refused(load.get(f"/api/v1/studies/std_{UNKNOWN}"), 404, "not_found")


def test_invalid_data_is_422_with_details(load: Api) -> None:
    error = assert_refused(load.post("/api/v1/folders", json={"folder": {"name": "  "}}), 422, "validation_failed")
    assert [detail["field"] for detail in error["details"]] == ["folder.name"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_unknown_study_type_is_422(load: Api, method: str) -> None:
    body = {"study": {"name": "x"}} if method == "POST" else None
    assert_refused(load.request(method, "/api/v1/studies?type=poll", json=body), 422, "invalid_type")


def test_deleting_a_published_study_is_422(load: Api) -> None:
    study = published(load, "card_sort")
    assert_refused(load.delete(f"/api/v1/studies/{study['id']}"), 422, "not_draft")


def test_publishing_twice_and_ending_a_draft_are_422(load: Api) -> None:
    live, fresh = published(load, "card_sort"), draft(load, "card_sort")
    assert_refused(load.post(f"/api/v1/studies/{live['id']}/publish"), 422, "invalid_status_transition")
    assert_refused(load.post(f"/api/v1/studies/{fresh['id']}/end"), 422, "invalid_status_transition")


def test_deleting_a_folder_with_a_study_is_422(load: Api) -> None:
    folder = load.data("POST", "/api/v1/folders", json={"folder": {"name": "Full"}}, status=201)
    body = {"study": {"name": "Inside", "folder_id": folder["id"]}}
    load.data("POST", "/api/v1/studies?type=interview", json=body, status=201)
    assert_refused(load.delete(f"/api/v1/folders/{folder['id']}"), 422, "has_studies")


def test_cards_of_a_survey_are_422(load: Api) -> None:
    study = draft(load, "survey")
    answer = load.post(f"/api/v1/studies/{study['id']}/cards", json={"cards": ["x"]})
    assert_refused(answer, 422, "wrong_study_type")


@pytest.mark.parametrize(
    ("path", "dialect"),
    [
        ("/api/v1/nothing", "ux"),
        ("/api/experience/nothing", "micro"),
        ("/api/nothing", "metricis"),
        ("/no", "metricis"),
    ],
)
def test_unrouted_path_is_404_in_the_dialect_of_its_prefix(anonymous: Api, path: str, dialect: str) -> None:
    answer = anonymous.get(path)
    error = answer.json()["error"]
    assert answer.status_code == 404
    assert error["code"] == ("NOT_FOUND" if dialect == "metricis" else "not_found")
    assert ("status" in error) is (dialect == "ux")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/api/v1/folders", {"GET", "POST", "OPTIONS"}),
        ("POST", f"/api/v1/folders/fld_{UNKNOWN}", {"GET", "PATCH", "DELETE", "OPTIONS"}),
        ("GET", f"/api/v1/studies/std_{UNKNOWN}/publish", {"POST", "OPTIONS"}),
        ("DELETE", "/api/v1/workspace", {"GET", "OPTIONS"}),
    ],
)
def test_wrong_method_is_405_with_allow(load: Api, method: str, path: str, allowed: set[str]) -> None:
    answer = load.request(method, path)
    assert_refused(answer, 405, "invalid_request")
    assert set(answer.headers["Allow"].split(", ")) == allowed


@pytest.mark.parametrize("size", [1024 * 1024 + 1, 6_000_000])
def test_body_above_a_mebibyte_is_413(load: Api, size: int) -> None:
    answer = load.post("/api/v1/folders", content=b" " * size, headers={"Content-Type": "application/json"})
    assert_refused(answer, 413, "payload_too_large")


def test_import_above_five_mebibytes_is_413(load: Api) -> None:
    study = published(load, "survey")
    headers = {"Content-Type": "application/json"}
    path = f"/api/v1/studies/{study['id']}/participants"
    assert_refused(load.post(path, content=b" " * 6_000_000, headers=headers), 413, "payload_too_large")


def test_form_body_is_415(load: Api) -> None:
    assert_refused(load.post("/api/v1/folders", data={"name": "x"}), 415, "unsupported_media_type")


DEEP = b"[" * 33 + b"]" * 33
BAD_JSON = {
    "malformed": b'{"folder": ',
    "duplicate keys": b'{"folder": {"name": "a", "name": "b"}}',
    "NaN": b'{"folder": {"name": NaN}}',
    "infinite number": b'{"folder": {"name": 1e999}}',
    "33 levels": b'{"folder": {"name": "x", "deep": ' + DEEP[2:-2] + b"}}",
    "not UTF-8": b'{"folder": {"name": "\xff"}}',
    "byte order mark": b'\xef\xbb\xbf{"folder": {"name": "x"}}',
    "raw NUL": b'{"folder": {"name": "\x00"}}',
    "empty": b"",
    "array": b"[]",
    "no wrapper": b'{"name": "x"}',
}


@pytest.mark.parametrize("body", BAD_JSON.values(), ids=BAD_JSON.keys())
def test_body_that_is_not_the_expected_json_is_400(load: Api, body: bytes) -> None:
    answer = load.post("/api/v1/folders", content=body, headers={"Content-Type": "application/json"})
    assert_refused(answer, 400, "invalid_request")


BAD_DATA: dict[str, Any] = {
    "wrong type": {"folder": {"name": 7}},
    "NUL": {"folder": {"name": "a\x00b"}},
    "unknown field": {"folder": {"name": "x", "owner": "y"}},
    "unknown outer field": {"folder": {"name": "x"}, "more": 1},
    "too long": {"folder": {"name": "x" * 256}},
    "null": {"folder": None},
    "bad colour": {"folder": {"name": "x", "color": "blue"}},
    "surrogate": {"folder": {"name": "\ud800"}},
}


@pytest.mark.parametrize("body", BAD_DATA.values(), ids=BAD_DATA.keys())
def test_data_that_does_not_fit_is_422(load: Api, body: Any) -> None:
    content = json.dumps(body).encode()
    answer = load.post("/api/v1/folders", content=content, headers={"Content-Type": "application/json"})
    assert_refused(answer, 422, "validation_failed")


@pytest.mark.parametrize(
    "query",
    [
        "unknown=1",
        "limit=0",
        "limit=-1",
        "limit=ten",
        "limit=1&limit=2",
        "after=nonsense",
        "archived=maybe",
        "after=%FF",
        "limit=",
        "after=",
    ],
)
def test_bad_parameters_are_400(load: Api, query: str) -> None:
    assert_refused(load.get(f"/api/v1/folders?{query}"), 400, "invalid_request")


def test_cursor_is_bound_to_workspace_list_and_filters(load: Api, neighbour: Api) -> None:
    for api in (load, neighbour):
        for number in range(3):
            api.data("POST", "/api/v1/folders", json={"folder": {"name": f"Cursor {number}"}}, status=201)
    cursor = load.get("/api/v1/folders?limit=1&archived=false").json()["pagination"]["next_cursor"]
    assert load.get("/api/v1/folders", params={"after": cursor, "archived": "false"}).status_code == 200
    flipped = cursor[:-2] + ("A" if cursor[-2] != "A" else "B") + cursor[-1]
    for api, path, parameters in (
        (neighbour, "/api/v1/folders", {"after": cursor, "archived": "false"}),
        (load, "/api/v1/folders", {"after": cursor}),
        (load, "/api/v1/folders", {"after": cursor, "archived": "true"}),
        (load, "/api/v1/studies", {"after": cursor}),
        (load, "/api/v1/folders", {"after": flipped, "archived": "false"}),
    ):
        assert_refused(api.get(path, params=parameters), 400, "invalid_request")


def test_request_id_is_echoed_or_made(load: Api) -> None:
    assert load.get("/api/v1/folders", headers={"X-Request-ID": "trace-7 a"}).headers["X-Request-ID"] == "trace-7 a"
    assert load.get("/api/v1/folders", headers={"X-Request-ID": "x" * 129}).headers["X-Request-ID"] != "x" * 129


def test_etag_saves_a_read_and_guards_a_write(load: Api) -> None:
    folder = load.data("POST", "/api/v1/folders", json={"folder": {"name": "Tagged"}}, status=201)
    path = f"/api/v1/folders/{folder['id']}"
    etag = load.get(path).headers["ETag"]
    unchanged = load.get(path, headers={"If-None-Match": etag})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    change = {"folder": {"name": "Changed"}}
    assert load.patch(path, json=change, headers={"If-Match": etag}).status_code == 200
    assert_refused(load.patch(path, json=change, headers={"If-Match": etag}), 412, "precondition_failed")
    assert_refused(load.delete(path, headers={"If-Match": etag}), 412, "precondition_failed")


def test_idempotency_key_gives_the_first_answer_again(load: Api) -> None:
    headers = {"Idempotency-Key": secrets.token_hex(8)}
    make = {"folder": {"name": "Once"}}
    first = load.post("/api/v1/folders", json=make, headers=headers)
    again = load.post("/api/v1/folders", json=make, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    other = load.post("/api/v1/folders", json={"folder": {"name": "Other"}}, headers=headers)
    assert_refused(other, 422, "idempotency_key_reused")
    malformed = load.post("/api/v1/folders", json=make, headers={"Idempotency-Key": "k" * 256})
    assert_refused(malformed, 400, "invalid_request")


def test_secret_never_stands_in_an_answer(load: Api, stack: Stack) -> None:
    key = stack.key("load")
    for path in ("/api/v1/workspace", "/api/v1/folders?limit=x", "/api/v1/nothing"):
        assert key not in load.get(path).text
