"""What every endpoint shares: the order of checks, envelopes, headers, strict input, cursors, negotiation."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from fastapi import APIRouter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.handlers.conftest import (
    ORIGIN,
    ROUTES,
    Client,
    Clock,
    Platform,
    Reply,
    die,
    elsewhere,
    sent,
)
from tests.handlers.events import STORED, event, stored
from trimetric.auth.bearer import new_key
from trimetric.domain import times
from trimetric.domain.workspaces import Plan
from trimetric.dynamo.table import Put
from trimetric.errors import Unavailable
from trimetric.http.application import EXPOSED

FOLDERS = "/api/v1/folders"
STUDIES = "/api/v1/studies"
UNKNOWN = "0" * 26

JSON_TYPE = {"content-type": "application/json"}
THROTTLE_HEADERS = {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"}

Make = Callable[..., Client]


# -- credential -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "uxm_v1_" + "0" * 64,
        "Bearer uxm_v1_" + "0" * 64,
        "Bearer uxm_v1_" + "0" * 63,
        "Bearer uxm_v1_" + "0" * 65,
        "Bearer uxm_v1_" + "G" * 64,
        "Basic dXNlcjpwYXNz",
        "APIAuth key:signature",
        "Bearer mtk_" + "0" * 64,
        "Bearer eyJhbGciOiJIUzI1NiJ9.e30.c2ln",
    ],
)
def test_a_credential_that_does_not_verify_is_401(anonymous: Client, authorization: str | None) -> None:
    headers = {} if authorization is None else {"authorization": authorization}
    reply = anonymous.request("GET", FOLDERS, headers=headers)
    assert reply.refusal == (401, "unauthorized")
    assert reply.headers["www-authenticate"] == "Bearer"
    assert "x-request-id" in reply.headers
    assert not THROTTLE_HEADERS & reply.headers.keys()


def test_the_scheme_is_case_insensitive_and_the_key_is_not(api: Client) -> None:
    secret = api.secret or ""
    assert api.request("GET", FOLDERS, headers={"Authorization": f"bearer {secret}"}).status == 200
    assert api.request("GET", FOLDERS, headers={"Authorization": f"Bearer {secret.upper()}"}).status == 401


def test_a_key_with_another_secret_of_a_real_workspace_is_401(api: Client) -> None:
    forged = (api.secret or "")[:-1] + ("0" if (api.secret or "")[-1] != "0" else "1")
    assert Client(api.platform, forged).get(FOLDERS).refusal == (401, "unauthorized")


def test_a_key_stops_at_the_instant_it_expires(api: Client, clock: Clock) -> None:
    assert api.workspace is not None
    ends = times.to_text(clock.now.replace(minute=31, second=0, microsecond=0))
    key = new_key(api.workspace.id, "short", now=clock(), expires_at=ends)
    api.platform.workspaces.add_credential(key.credential)
    short = Client(api.platform, key.secret)
    assert short.get(FOLDERS).status == 200
    clock.advance(60)
    assert short.get(FOLDERS).refusal == (401, "unauthorized")


def test_a_revoked_key_stops_within_a_minute(api: Client, clock: Clock) -> None:
    assert api.workspace is not None
    assert api.get(FOLDERS).status == 200
    (credential,) = api.platform.workspaces.list_credentials(api.workspace.id)
    api.platform.workspaces.change_credential(credential, ends_at=times.to_text(clock.now))
    clock.advance(60)
    assert api.get(FOLDERS).refusal == (401, "unauthorized")


def test_a_workspace_that_is_switched_off_is_403_and_its_bucket_stays_full(make_client: Make) -> None:
    off = make_client(api_enabled=False)
    for method, path in (("GET", "/api/v1/workspace"), ("POST", FOLDERS), ("GET", f"{FOLDERS}/fld_{UNKNOWN}")):
        assert off.request(method, path).refusal == (403, "forbidden")
    assert off.platform.buckets_client.rows == {}


def test_switching_off_and_on_takes_effect_within_a_minute(api: Client, clock: Clock) -> None:
    assert api.workspace is not None
    for enabled, status in ((False, 403), (True, 200)):
        api.platform.workspaces.change(api.workspace.id, api_enabled=enabled)
        clock.advance(60)
        assert api.get(FOLDERS).status == status


# -- plan -----------------------------------------------------------------------------------------------------------

WRITES = [
    ("POST", FOLDERS),
    ("PATCH", f"{FOLDERS}/fld_{UNKNOWN}"),
    ("DELETE", f"{FOLDERS}/fld_{UNKNOWN}"),
    ("POST", STUDIES),
    ("PATCH", f"{STUDIES}/std_{UNKNOWN}"),
    ("DELETE", f"{STUDIES}/std_{UNKNOWN}"),
    *(("POST", f"{STUDIES}/std_{UNKNOWN}/{verb}") for verb in ("publish", "end", "duplicate")),
    *(("POST", f"{STUDIES}/std_{UNKNOWN}/{kind}") for kind in ("cards", "groups", "questions")),
    *(
        (method, f"{STUDIES}/std_{UNKNOWN}/{kind}/{prefix}_{UNKNOWN}")
        for kind, prefix in (("cards", "crd"), ("groups", "grp"), ("questions", "qst"))
        for method in ("PATCH", "DELETE")
    ),
]


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_a_write_of_a_free_workspace_is_403_before_object_and_input_are_looked_at(
    free: Client, method: str, path: str
) -> None:
    reply = free.request(method, path, content=b"not JSON", query="unknown=1")
    assert reply.refusal == (403, "subscription_required")
    assert reply.headers.keys() >= THROTTLE_HEADERS


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_a_write_without_a_credential_is_401(anonymous: Client, method: str, path: str) -> None:
    assert anonymous.request(method, path, content=b"not JSON").refusal == (401, "unauthorized")


# -- throttle -------------------------------------------------------------------------------------------------------


def test_every_authenticated_answer_carries_the_throttle_headers(api: Client) -> None:
    folder = api.folder()
    replies = [
        api.get(FOLDERS),
        api.get(f"{FOLDERS}/{folder['id']}"),
        api.get(f"{FOLDERS}/fld_{UNKNOWN}"),
        api.get(FOLDERS, "limit=0"),
        api.request("POST", FOLDERS, content=b"{"),
        api.request("POST", FOLDERS, content=b"name=x", headers={"content-type": "text/plain"}),
        api.post(FOLDERS, {"folder": {}}),
        api.delete(f"{FOLDERS}/{folder['id']}"),
    ]
    assert [reply.status for reply in replies] == [200, 200, 404, 400, 400, 415, 422, 204]
    assert all(reply.headers.keys() >= THROTTLE_HEADERS for reply in replies)
    remaining = [int(reply.headers["x-ratelimit-remaining"]) for reply in replies]
    assert remaining == list(range(remaining[0], remaining[0] - len(replies), -1))


@pytest.mark.parametrize(("plan", "limit"), [(Plan.FREE, 60), (Plan.SUBSCRIBED, 300)])
def test_the_request_above_the_plans_limit_is_429_until_the_reset(
    make_client: Make, clock: Clock, plan: Plan, limit: int
) -> None:
    client = make_client(plan)
    for left in range(limit - 1, -1, -1):
        reply = client.get("/api/v1/workspace")
        assert (reply.status, reply.headers["x-ratelimit-remaining"]) == (200, str(left))
    refused = client.get("/api/v1/workspace")
    assert refused.refusal == (429, "rate_limited")
    assert (refused.headers["x-ratelimit-limit"], refused.headers["x-ratelimit-remaining"]) == (str(limit), "0")
    wait = int(refused.headers["retry-after"])
    assert 1 <= wait <= 60
    assert int(refused.headers["x-ratelimit-reset"]) >= times.to_millis(clock.now) // 1000
    clock.advance(wait)
    assert client.get("/api/v1/workspace").status == 200


def test_the_workspaces_keys_share_its_bucket_unless_they_have_a_limit_of_their_own(
    make_client: Make, clock: Clock
) -> None:
    first = make_client()
    assert first.workspace is not None
    workspaces = first.platform.workspaces
    keys = [new_key(first.workspace.id, name, now=clock()) for name in ("shared", "own")]
    for key in keys:
        workspaces.add_credential(key.credential)
    workspaces.change_credential(keys[1].credential, limit=7)
    second, own = (Client(first.platform, key.secret) for key in keys)
    assert first.get(FOLDERS).headers["x-ratelimit-remaining"] == "299"
    assert second.get(FOLDERS).headers["x-ratelimit-remaining"] == "298"
    assert own.get(FOLDERS).headers["x-ratelimit-remaining"] == "6"


def test_429_comes_before_the_plan_and_existence(make_client: Make) -> None:
    client = make_client(Plan.FREE, limits={"ux_metrics": 1})
    assert client.get(FOLDERS).status == 200
    assert client.post(FOLDERS, {"folder": {"name": "x"}}).refusal == (429, "rate_limited")
    assert client.get(f"{FOLDERS}/fld_{UNKNOWN}").refusal == (429, "rate_limited")


# -- routes ---------------------------------------------------------------------------------------------------------

ALLOWED = {
    "/api/v1/workspace": {"GET"},
    FOLDERS: {"GET", "POST"},
    f"{FOLDERS}/fld_{UNKNOWN}": {"GET", "PATCH", "DELETE"},
    STUDIES: {"GET", "POST"},
    f"{STUDIES}/std_{UNKNOWN}": {"GET", "PATCH", "DELETE"},
    f"{STUDIES}/std_{UNKNOWN}/publish": {"POST"},
    f"{STUDIES}/std_{UNKNOWN}/end": {"POST"},
    f"{STUDIES}/std_{UNKNOWN}/duplicate": {"POST"},
    f"{STUDIES}/std_{UNKNOWN}/cards": {"POST"},
    f"{STUDIES}/std_{UNKNOWN}/groups/grp_{UNKNOWN}": {"PATCH", "DELETE"},
    f"{STUDIES}/std_{UNKNOWN}/questions": {"POST"},
}


@pytest.mark.parametrize("path", ALLOWED)
def test_a_method_that_a_path_does_not_take_is_405_with_every_method_it_does(anonymous: Client, path: str) -> None:
    for method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE"} - ALLOWED[path]:
        reply = anonymous.request(method, path)
        assert reply.refusal == (405, "invalid_request")
        assert set(reply.headers["allow"].split(", ")) == ALLOWED[path] | {"OPTIONS"}
        assert "x-request-id" in reply.headers


@pytest.mark.parametrize("path", ALLOWED)
def test_options_tells_the_methods(anonymous: Client, path: str) -> None:
    reply = anonymous.request("OPTIONS", path)
    assert (reply.status, reply.text) == (204, "")
    assert set(reply.headers["allow"].split(", ")) == ALLOWED[path] | {"OPTIONS"}


@pytest.mark.parametrize("path", [f"{FOLDERS}/", f"{FOLDERS}/a/b", f"{STUDIES}/std_{UNKNOWN}/", "/api/v1/workspaces"])
def test_a_path_that_no_route_has_is_404_without_a_credential(platform: Platform, path: str) -> None:
    handler = platform.serve()
    reply = sent(handler, event("GET", path))
    assert reply.refusal == (404, "not_found")
    assert reply.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/api/v1/nothing", {"code": "not_found", "message": "Resource not found", "status": 404}),
        ("/api/experience/nothing", {"code": "not_found", "message": "Resource not found"}),
        ("/api/nothing", {"code": "NOT_FOUND", "message": "Resource not found"}),
        ("/api/v10/x", {"code": "NOT_FOUND", "message": "Resource not found"}),
        ("/elsewhere", {"code": "NOT_FOUND", "message": "Resource not found"}),
    ],
)
def test_the_longest_prefix_decides_the_envelope(platform: Platform, path: str, error: dict[str, Any]) -> None:
    assert sent(platform.serve(), event("GET", path)).json == {"error": error}


@pytest.mark.parametrize("bad", ["x", "std_", f"fld_{UNKNOWN[:-1]}", f"fld_{UNKNOWN}0", f"FLD_{UNKNOWN}", "fld_%00"])
def test_an_id_of_another_form_is_404_that_looks_like_any_other(api: Client, bad: str) -> None:
    unknown = api.get(f"{FOLDERS}/fld_{UNKNOWN}")
    reply = api.get(f"{FOLDERS}/{bad}")
    assert (reply.status, reply.text) == (unknown.status, unknown.text)


# -- bodies ---------------------------------------------------------------------------------------------------------


def test_a_body_above_a_mebibyte_is_413_before_the_credential_is_looked_at(anonymous: Client) -> None:
    reply = anonymous.request("POST", FOLDERS, content=b" " * (1024 * 1024 + 1))
    assert reply.refusal == (413, "payload_too_large")


def test_a_body_of_a_mebibyte_is_taken(api: Client) -> None:
    content = json.dumps({"folder": {"name": "x"}}).encode().ljust(1024 * 1024)
    assert api.request("POST", FOLDERS, content=content).status == 201


@pytest.mark.parametrize(
    "media_type", ["", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1", "json"]
)
def test_a_body_that_is_not_said_to_be_json_is_415(api: Client, media_type: str) -> None:
    reply = api.request("POST", FOLDERS, content=b'{"folder": {"name": "x"}}', headers={"content-type": media_type})
    assert reply.refusal == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "media_type", ["application/json; charset=utf-8", "APPLICATION/JSON", 'application/json;charset="UTF-8"']
)
def test_a_json_media_type_in_any_spelling_is_taken(api: Client, media_type: str) -> None:
    reply = api.request("POST", FOLDERS, content=b'{"folder": {"name": "x"}}', headers={"content-type": media_type})
    assert reply.status == 201


@pytest.mark.parametrize("content", [None, b""])
def test_a_missing_body_is_400(api: Client, content: bytes | None) -> None:
    assert api.request("POST", FOLDERS, content=content).refusal == (400, "invalid_request")


BAD_JSON = {
    "malformed": b'{"folder": ',
    "two documents": b"{} {}",
    "a comment": b'{"folder": {"name": "x"} /* y */}',
    "single quotes": b"{'folder': {'name': 'x'}}",
    "a raw control character": b'{"folder": {"name": "a\nb"}}',
    "a raw U+0000": b'{"folder": {"name": "a\x00b"}}',
    "duplicate keys": b'{"folder": {"name": "a", "name": "b"}}',
    "duplicate keys, one escaped": b'{"folder": {"name": "a", "\\u006eame": "b"}}',
    "NaN": b'{"folder": {"name": NaN}}',
    "Infinity": b'{"folder": {"name": Infinity}}',
    "-Infinity": b'{"folder": {"name": -Infinity}}',
    "an infinite number": b'{"folder": {"name": 1e999}}',
    "5000 digits": b'{"folder": {"name": ' + b"1" * 5000 + b"}}",
    "33 levels": b'{"folder": ' + b"[" * 32 + b"]" * 32 + b"}",
    "a hundred thousand levels": b"[" * 100_000 + b"]" * 100_000,
    "a byte order mark": b'\xef\xbb\xbf{"folder": {"name": "x"}}',
    "not UTF-8": b'{"folder": {"name": "\xff"}}',
    "UTF-16": '{"folder": {"name": "x"}}'.encode("utf-16"),
    "an array": b"[]",
    "a string": b'"folder"',
    "null": b"null",
    "no wrapper": b'{"name": "x"}',
}


@pytest.mark.parametrize("content", BAD_JSON.values(), ids=BAD_JSON)
def test_a_body_that_is_not_the_strict_json_of_the_contract_is_400(api: Client, content: bytes) -> None:
    assert api.request("POST", FOLDERS, content=content).refusal == (400, "invalid_request")
    assert api.get(FOLDERS).data == []


UNSTORABLE = {
    "U+0000 in a value": b'{"folder": {"name": "a\\u0000b"}}',
    "U+0000 in a member's name": b'{"folder": {"name": "a", "b\\u0000": 1}}',
    "half of a surrogate pair": b'{"folder": {"name": "\\ud800"}}',
    "half of a surrogate pair in a member's name": b'{"folder": {"name": "a", "\\udfff": 1}}',
    "an unknown member": b'{"folder": {"name": "a", "owner": "b"}}',
    "an unknown member beside the wrapper": b'{"folder": {"name": "a"}, "owner": "b"}',
    "an unknown member with a strange name": '{"folder": {"name": "a", "\u202e<script>": 1}}'.encode(),
    "a huge whole number": b'{"folder": {"name": ' + b"1" * 400 + b"}}",
    "32 levels": b'{"folder": ' + b"[" * 31 + b"]" * 31 + b"}",
}


@pytest.mark.parametrize("content", UNSTORABLE.values(), ids=UNSTORABLE)
def test_json_that_cannot_be_kept_is_422(api: Client, content: bytes) -> None:
    reply = api.request("POST", FOLDERS, content=content)
    assert reply.refusal == (422, "validation_failed")
    assert reply.fields
    assert api.get(FOLDERS).data == []


@pytest.mark.parametrize("content", [b'{"force": true}', b"[]", b"{"])
def test_a_delete_takes_no_body(api: Client, content: bytes) -> None:
    path = f"{FOLDERS}/{api.folder()['id']}"
    assert api.request("DELETE", path, content=content).status in (400, 422)
    assert api.request("DELETE", path, content=b"{}").status == 204


def test_brackets_inside_strings_are_no_levels(api: Client) -> None:
    name = '[{"\\' * 30
    assert api.folder(name)["name"] == name


def test_a_body_in_base64_is_the_same_body(api: Client) -> None:
    reply = api.platform.send(stored("post_base64", authorization=f"Bearer {api.secret}"))
    assert (reply.status, reply.data["name"]) == (201, "Überblick")


def test_a_form_in_base64_is_415(api: Client) -> None:
    reply = api.platform.send(stored("post_form_base64", authorization=f"Bearer {api.secret}"))
    assert reply.refusal == (415, "unsupported_media_type")


STATUS_OF_STORED = {
    "collect_from_browser": 404,
    "delete": 404,
    "get_markdown": 404,
    "list_with_query": 200,
    "post_base64": 201,
    "post_form_base64": 415,
    "post_json": 201,
    "post_without_body": 404,
    "preflight": 204,
    "signed_get": 401,
    "signed_post": 401,
    "unrouted": 404,
    "wrong_signature": 401,
    "login_form": 401,
    "login_json": 401,
}


@pytest.mark.parametrize("name", STORED)
def test_events_as_the_gateway_sends_them_reach_their_function(api: Client, name: str) -> None:
    reply = api.platform.send(stored(name, authorization=f"Bearer {api.secret}"))
    assert reply.status == STATUS_OF_STORED[name]
    assert reply.headers["x-request-id"]


# -- parameters -----------------------------------------------------------------------------------------------------

BAD_QUERIES = [
    "page=1",
    "Limit=1",
    "limit=0",
    "limit=-1",
    "limit=1.5",
    "limit=1e2",
    "limit=",
    "limit=ten",
    "limit=%D9%A1",
    "limit=1&limit=2",
    "limit",
    "limit=%FF",
    "after=",
    "after=x",
    "after=%00",
    "after=" + "A" * 500,
    "archived=maybe",
    "archived=",
    "archived=True",
    "archived=1",
]


@pytest.mark.parametrize("query", BAD_QUERIES)
def test_a_query_that_the_list_does_not_take_is_400(api: Client, query: str) -> None:
    assert api.get(FOLDERS, query).refusal == (400, "invalid_request")


@pytest.mark.parametrize("path", ["/api/v1/workspace", "folder", "study"])
def test_an_unknown_parameter_is_400_on_single_reads_and_writes_too(api: Client, path: str) -> None:
    if path == "folder":
        path = f"{FOLDERS}/{api.folder()['id']}"
        assert api.request("DELETE", path, query="force=true").refusal == (400, "invalid_request")
        assert api.request("PATCH", path, json_body={"folder": {}}, query="x=1").refusal == (400, "invalid_request")
    if path == "study":
        path = f"{STUDIES}/{api.study()['id']}"
        for verb in ("publish", "end", "duplicate"):
            assert api.post(f"{path}/{verb}", query="x=1").refusal == (400, "invalid_request")
    assert api.get(path, "x=1").refusal == (400, "invalid_request")
    assert api.get(path).status == 200


def test_a_limit_above_100_is_served_as_100(api: Client) -> None:
    for number in range(101):
        api.folder(f"Folder {number}")
    reply = api.get(FOLDERS, "limit=1000000")
    assert len(reply.data) == 100
    assert reply.json["pagination"]["has_more"] is True


# -- request id -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["abc", "x" * 128, "a b/c:~!", "7"])
def test_a_request_id_is_echoed_and_logged(api: Client, given: str) -> None:
    assert api.get(FOLDERS, x_request_id=given).headers["x-request-id"] == given
    assert api.platform.log_lines()[-1]["request_id"] == given


@pytest.mark.parametrize("given", [None, "", "x" * 129, "ü", "a\x7f", " "])
def test_a_request_id_that_is_missing_or_malformed_is_replaced(api: Client, given: str | None) -> None:
    headers = {} if given is None else {"x-request-id": given}
    echoed = [api.request("GET", FOLDERS, headers=headers).headers["x-request-id"] for _ in range(2)]
    assert all(echo.startswith("req_") for echo in echoed)
    assert echoed[0] != echoed[1]


def test_the_log_line_tells_route_status_and_cost_and_no_secret(api: Client) -> None:
    api.folder("Confidential", color="#000000")
    line = api.platform.log_lines()[-1]
    assert (line["method"], line["route"], line["status"]) == ("POST", FOLDERS, 201)
    assert api.workspace is not None
    assert line["workspace_id"] == api.workspace.id
    logged = api.platform.log.getvalue()
    assert "Confidential" not in logged
    assert (api.secret or "?")[-48:] not in logged


# -- CORS -----------------------------------------------------------------------------------------------------------


def test_a_preflight_needs_no_credential_and_takes_no_token(platform: Platform) -> None:
    reply = platform.send(stored("preflight"))
    assert (reply.status, reply.text) == (204, "")
    assert reply.headers["access-control-allow-origin"] == ORIGIN
    assert {"GET", "POST", "PATCH", "DELETE"} <= set(reply.headers["access-control-allow-methods"].split(", "))
    allowed = {name.lower() for name in reply.headers["access-control-allow-headers"].split(", ")}
    assert {"authorization", "content-type", "idempotency-key", "if-match", "if-none-match", "x-request-id"} <= allowed
    assert platform.buckets_client.rows == {}


@pytest.mark.parametrize("origin", ["https://evil.example", "null", f"{ORIGIN}.evil.example", ORIGIN.upper()])
def test_other_origins_get_no_cors_header(api: Client, origin: str) -> None:
    for reply in (api.get(FOLDERS, origin=origin), api.platform.send(stored("preflight", origin=origin))):
        assert "access-control-allow-origin" not in reply.headers
        assert "access-control-expose-headers" not in reply.headers


def test_an_allowed_origin_reads_the_headers_of_answers_and_refusals(api: Client, anonymous: Client) -> None:
    for reply in (api.get(FOLDERS, origin=ORIGIN), anonymous.get(FOLDERS, origin=ORIGIN)):
        assert reply.headers["access-control-allow-origin"] == ORIGIN
        assert "Origin" in reply.headers["vary"]
        exposed = set(reply.headers["access-control-expose-headers"].split(", "))
        assert {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "Retry-After"} <= exposed
        assert {"X-Request-ID", "Next-Cursor", "ETag", "Idempotent-Replayed", "Location"} <= exposed
        assert reply.headers["access-control-expose-headers"] == EXPOSED


def test_answers_vary_by_origin_also_where_none_was_sent(api: Client) -> None:
    assert "Origin" in api.get(FOLDERS).headers["vary"]


@pytest.mark.parametrize("path", [FOLDERS, "/api/v1/collect/col_x"])
def test_doors_that_are_open_to_every_origin_say_so(api: Client, path: str) -> None:
    if path == FOLDERS:
        api.platform.settings = replace(api.platform.settings, cors_origins=("*",))
    for headers in ({"origin": "https://anywhere.example"}, {}):
        reply = api.request("GET", path, headers=headers)
        assert reply.headers.get("access-control-allow-origin") == ("*" if headers else None)
        assert "Origin" not in reply.headers.get("vary", "")


# -- ETag -----------------------------------------------------------------------------------------------------------


def test_a_single_read_answers_304_to_its_own_etag(api: Client) -> None:
    path = f"{FOLDERS}/{api.folder()['id']}"
    first = api.get(path)
    etag = first.headers["etag"]
    assert etag.startswith('"')
    for header in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        reply = api.get(path, if_none_match=header)
        assert (reply.status, reply.text, reply.headers["etag"]) == (304, "", etag)
        assert reply.headers["vary"] == first.headers["vary"]
    assert api.get(path, if_none_match='"other"').status == 200


def test_a_change_changes_the_etag_and_the_write_tells_the_new_one(api: Client) -> None:
    path = f"{FOLDERS}/{api.folder()['id']}"
    before = api.get(path).headers["etag"]
    changed = api.patch(path, {"folder": {"name": "Renamed"}}, if_match=before)
    assert changed.status == 200
    assert changed.headers["etag"] == api.get(path).headers["etag"] != before


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
@pytest.mark.parametrize("wrong", ['"0"', 'W/"{etag}"', "", "x"])
def test_if_match_of_another_state_is_412_and_changes_nothing(api: Client, method: str, wrong: str) -> None:
    path = f"{FOLDERS}/{api.folder()['id']}"
    before = api.get(path)
    header = wrong.format(etag=before.headers["etag"].strip('"'))
    body = {"folder": {"name": "Lost"}} if method == "PATCH" else None
    reply = api.request(method, path, json_body=body, headers={"if-match": header})
    assert reply.refusal == (412, "precondition_failed")
    assert api.get(path).text == before.text


@pytest.mark.parametrize("accept", ["application/json", "text/markdown"])
@pytest.mark.parametrize("header", ["*", "{etag}", '"other", {etag}', '{etag},"other"'])
def test_if_match_takes_a_star_a_list_and_the_tag_of_either_form(api: Client, accept: str, header: str) -> None:
    path = f"{FOLDERS}/{api.folder()['id']}"
    etag = api.get(path, accept=accept).headers["etag"]
    assert api.patch(path, {"folder": {"name": "x"}}, if_match=header.replace("{etag}", etag)).status == 200


def test_lists_have_no_etag(api: Client) -> None:
    assert "etag" not in api.get(FOLDERS).headers


# -- Markdown -------------------------------------------------------------------------------------------------------

MARKDOWN = [
    "text/markdown",
    "TEXT/Markdown",
    "text/*",
    "text/markdown, application/json;q=0.9",
    "text/markdown;q=0.2, application/json;q=0.1",
    "text/markdown, text/html, */*",
    "text/*, */*;q=0.1",
    "text/markdown; charset=utf-8",
]
JSON = [
    None,
    "*/*",
    "application/json",
    "application/*",
    "text/html, */*;q=0.8",
    "text/markdown;q=0.5, application/json",
    "text/markdown;q=0.5, */*",
    "text/markdown;q=0, */*",
    "text/markdown;q=0",
    "text/plain",
    "image/png",
    "nonsense",
    ",",
    ";q=1",
]


@pytest.mark.parametrize("accept", MARKDOWN)
def test_accept_that_prefers_markdown_gets_it(api: Client, accept: str) -> None:
    folder = api.folder("Sushi | bar")
    for path in (FOLDERS, f"{FOLDERS}/{folder['id']}", "/api/v1/workspace"):
        reply = api.get(path, accept=accept)
        assert reply.headers["content-type"] == "text/markdown; charset=utf-8"
        assert "Accept" in reply.headers["vary"]
        assert reply.text.startswith("# ")
    listed = api.get(FOLDERS, accept=accept).text
    assert folder["id"] in listed
    assert "Sushi \\| bar" in listed
    assert listed.endswith("Next cursor: none, this is the last page\n")


@pytest.mark.parametrize("accept", JSON)
def test_every_other_accept_gets_json(api: Client, accept: str | None) -> None:
    headers = {} if accept is None else {"accept": accept}
    reply = api.request("GET", FOLDERS, headers=headers)
    assert reply.headers["content-type"] == "application/json"
    assert "Accept" in reply.headers["vary"]
    assert reply.data == []


def test_errors_and_writes_are_json_whatever_is_accepted(api: Client) -> None:
    assert api.get(f"{FOLDERS}/fld_{UNKNOWN}", accept="text/markdown").refusal == (404, "not_found")
    reply = api.post(FOLDERS, {"folder": {"name": "x"}}, accept="text/markdown")
    assert reply.headers["content-type"] == "application/json"


def test_the_two_forms_have_different_etags_and_each_answers_304_in_its_own_type(api: Client) -> None:
    path = f"{FOLDERS}/{api.folder()['id']}"
    tags = {accept: api.get(path, accept=accept).headers["etag"] for accept in ("application/json", "text/markdown")}
    assert tags["application/json"] != tags["text/markdown"]
    for accept, etag in tags.items():
        reply = api.get(path, accept=accept, if_none_match=etag)
        assert reply.status == 304
        assert reply.headers["content-type"].startswith(accept)
    assert api.get(path, accept="text/markdown", if_none_match=tags["application/json"]).status == 200


def test_the_markdown_of_a_page_ends_with_the_next_cursor(api: Client) -> None:
    names = [api.folder(f"Folder{number}")["name"] for number in range(3)]
    page = api.get(FOLDERS, "limit=2", accept="text/markdown").text
    cursor = page.rsplit("Next cursor: `", 1)[1].removesuffix("`\n")
    assert names[1] in page
    assert names[2] not in page
    rest = api.get(FOLDERS, {"limit": "2", "after": cursor})
    assert [folder["name"] for folder in rest.data] == names[2:]


# -- cursors --------------------------------------------------------------------------------------------------------


def walked(client: Client, path: str, query: dict[str, str], between: Callable[[], object] = lambda: None) -> list[Any]:
    """Every item of a list, page by page; each page but the last is full."""
    items: list[Any] = []
    size = int(query["limit"])
    while True:
        reply = client.get(path, query)
        items += reply.data
        pagination = reply.json["pagination"]
        assert pagination["has_more"] is (pagination["next_cursor"] is not None)
        if not pagination["has_more"]:
            return items
        assert len(reply.data) == size
        query = {**query, "after": pagination["next_cursor"]}
        between()


@given(
    before=st.integers(0, 12),
    size=st.integers(1, 5),
    inserts=st.lists(st.integers(0, 3), max_size=8),
    archived=st.sampled_from(["", "true", "false"]),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_walk_meets_every_item_that_was_there_once_and_in_order(
    make_client: Make, before: int, size: int, inserts: list[int], archived: str
) -> None:
    client = make_client(limits={"ux_metrics": 1_000_000})
    members = {} if archived == "" else {"archived": archived == "true"}
    there = [client.folder(f"Old {number}", **members)["id"] for number in range(before)]
    pending = iter(inserts)

    def insert() -> None:
        for _ in range(next(pending, 0)):
            client.folder("New", archived=False)
            client.folder("New", archived=True)

    query = {"limit": str(size)} | ({"archived": archived} if archived else {})
    met = [folder["id"] for folder in walked(client, FOLDERS, query, insert)]
    assert met == sorted(set(met))
    assert [folder_id for folder_id in met if folder_id in there] == there


def test_a_cursor_with_any_character_changed_is_400(api: Client) -> None:
    for _ in range(2):
        api.folder()
    cursor = api.get(FOLDERS, "limit=1").json["pagination"]["next_cursor"]
    assert api.get(FOLDERS, {"limit": "1", "after": cursor}).status == 200
    for place, letter in enumerate(cursor):
        changed = cursor[:place] + ("A" if letter != "A" else "B") + cursor[place + 1 :]
        assert api.get(FOLDERS, {"after": changed}).refusal == (400, "invalid_request")
    for changed in (cursor[:-1], cursor + "A", cursor + "=", " " + cursor):
        assert api.get(FOLDERS, {"after": changed}).refusal == (400, "invalid_request")


def test_a_cursor_of_another_workspace_list_or_filter_is_400(api: Client, neighbour: Client) -> None:
    for client in (api, neighbour):
        for _ in range(2):
            client.folder()
            client.study()
    cursor = api.get(FOLDERS, "limit=1").json["pagination"]["next_cursor"]
    archived = api.get(FOLDERS, "limit=1&archived=false").json["pagination"]["next_cursor"]
    assert api.get(FOLDERS, {"archived": "false", "after": archived}).status == 200
    assert neighbour.get(FOLDERS, {"after": cursor}).status == 400
    assert api.get(STUDIES, {"after": cursor}).status == 400
    assert api.get(FOLDERS, {"archived": "false", "after": cursor}).status == 400
    assert api.get(FOLDERS, {"archived": "true", "after": archived}).status == 400
    assert api.get(FOLDERS, {"after": archived}).status == 400


def test_the_page_size_may_change_on_the_way(api: Client) -> None:
    there = [api.folder()["id"] for _ in range(4)]
    cursor = api.get(FOLDERS, "limit=1").json["pagination"]["next_cursor"]
    assert [each["id"] for each in api.get(FOLDERS, {"limit": "50", "after": cursor}).data] == there[1:]


# -- Idempotency-Key ------------------------------------------------------------------------------------------------


def test_the_same_request_again_gets_the_stored_answer_and_has_no_second_effect(api: Client) -> None:
    body = {"folder": {"name": "Once"}}
    first = api.post(FOLDERS, body, idempotency_key="k1")
    again = api.post(FOLDERS, body, idempotency_key="k1")
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    kept = ("content-type", "location", "etag")
    assert (again.status, again.text) == (first.status, first.text)
    assert [again.headers.get(name) for name in kept] == [first.headers.get(name) for name in kept]
    assert again.headers.keys() >= THROTTLE_HEADERS
    assert len(api.get(FOLDERS).data) == 1


def test_another_body_query_or_path_under_the_same_key(api: Client) -> None:
    assert api.post(FOLDERS, {"folder": {"name": "a"}}, idempotency_key="k").status == 201
    assert api.post(FOLDERS, {"folder": {"name": "b"}}, idempotency_key="k").refusal == (422, "idempotency_key_reused")
    body = {"study": {"name": "a"}}
    assert api.post(STUDIES, body, "type=survey", idempotency_key="k").status == 201
    reused = api.post(STUDIES, body, "type=interview", idempotency_key="k")
    assert reused.refusal == (422, "idempotency_key_reused")
    assert len(api.get(STUDIES).data) == 1


def test_a_reused_key_stays_reused_and_the_first_answer_stays(api: Client) -> None:
    first = api.post(FOLDERS, {"folder": {"name": "a"}}, idempotency_key="k")
    for _ in range(2):
        assert api.post(FOLDERS, {"folder": {}}, idempotency_key="k").refusal == (422, "idempotency_key_reused")
    assert api.post(FOLDERS, {"folder": {"name": "a"}}, idempotency_key="k").text == first.text


def test_a_key_belongs_to_its_credential(api: Client, clock: Clock) -> None:
    assert api.workspace is not None
    key = new_key(api.workspace.id, "second", now=clock())
    api.platform.workspaces.add_credential(key.credential)
    body = {"folder": {"name": "a"}}
    replies = [client.post(FOLDERS, body, idempotency_key="k") for client in (api, Client(api.platform, key.secret))]
    assert [reply.status for reply in replies] == [201, 201]
    assert replies[0].data["id"] != replies[1].data["id"]


def test_refusals_are_remembered(api: Client) -> None:
    requests: list[tuple[str, bytes | None, str]] = [
        (f"{STUDIES}/std_{UNKNOWN}/publish", None, ""),
        (FOLDERS, b"{", ""),
        (FOLDERS, b'{"folder": {}}', ""),
        (STUDIES, b'{"study": {"name": "x"}}', "type=poll"),
    ]
    for number, (path, content, query) in enumerate(requests):
        first, again = (
            api.request("POST", path, content=content, query=query, headers={"idempotency-key": f"k{number}"})
            for _ in range(2)
        )
        assert first.status >= 400
        assert (again.status, again.text) == (first.status, first.text)
        assert [reply.headers.get("idempotent-replayed") for reply in (first, again)] == [None, "true"]


def test_a_remembered_refusal_stands_although_the_request_would_succeed_now(api: Client) -> None:
    study = api.study("survey")
    path = f"{STUDIES}/{study['id']}"
    assert api.post(f"{path}/publish", idempotency_key="k").status == 422
    api.post(f"{path}/questions", {"questions": [{"kind": "nps", "prompt": "?"}]})
    assert api.post(f"{path}/publish", idempotency_key="k").status == 422
    assert api.post(f"{path}/publish", idempotency_key="other").status == 200


def test_a_replayed_publish_answers_as_it_did_although_the_study_has_moved_on(api: Client) -> None:
    study = api.study("survey")
    path = f"{STUDIES}/{study['id']}"
    api.post(f"{path}/questions", {"questions": [{"kind": "nps", "prompt": "?"}]})
    first = api.post(f"{path}/publish", idempotency_key="k")
    assert api.post(f"{path}/end").status == 200
    again = api.post(f"{path}/publish", idempotency_key="k")
    assert (again.status, again.text) == (200, first.text)


def test_an_answer_is_forgotten_after_a_day(api: Client, clock: Clock) -> None:
    body = {"folder": {"name": "a"}}
    first = api.post(FOLDERS, body, idempotency_key="k")
    clock.advance(24 * 3600 - 60)
    assert api.post(FOLDERS, body, idempotency_key="k").text == first.text
    clock.advance(120)
    assert api.post(FOLDERS, body, idempotency_key="k").data["id"] != first.data["id"]


@pytest.mark.parametrize("key", ["", "x" * 256, "schlüssel", "a\tb"])
def test_a_malformed_key_is_400(api: Client, key: str) -> None:
    reply = api.post(FOLDERS, {"folder": {"name": "x"}}, idempotency_key=key)
    assert reply.refusal == (400, "invalid_request")
    assert api.get(FOLDERS).data == []


@pytest.mark.parametrize("key", ["x", "x" * 255, "a b", '"quoted"'])
def test_any_printable_key_is_taken(api: Client, key: str) -> None:
    first = api.post(FOLDERS, {"folder": {"name": "x"}}, idempotency_key=key)
    assert api.post(FOLDERS, {"folder": {"name": "x"}}, idempotency_key=key).text == first.text


def test_refusals_before_the_throttle_and_by_the_plan_are_not_remembered(make_client: Make, clock: Clock) -> None:
    client = make_client(limits={"ux_metrics": 1})
    body = {"folder": {"name": "x"}}
    client.get(FOLDERS)
    assert client.post(FOLDERS, body, idempotency_key="k").status == 429
    clock.advance(61)
    assert client.post(FOLDERS, body, idempotency_key="k").status == 201


def test_a_function_that_dies_before_the_transaction_leaves_nothing_behind(api: Client) -> None:
    body = {"folder": {"name": "x"}}
    api.platform.moments.before = die
    assert api.post(FOLDERS, body, idempotency_key="k").status == 500
    assert api.get(FOLDERS).data == []
    again = api.post(FOLDERS, body, idempotency_key="k")
    assert (again.status, "idempotent-replayed" in again.headers) == (201, False)
    assert len(api.get(FOLDERS).data) == 1


def test_a_function_that_dies_after_the_transaction_has_remembered_its_answer(api: Client) -> None:
    body = {"folder": {"name": "x"}}
    api.platform.moments.after = die
    assert api.post(FOLDERS, body, idempotency_key="k").status == 500
    api.platform.forget()
    (folder,) = api.get(FOLDERS).data
    again = api.post(FOLDERS, body, idempotency_key="k")
    assert (again.status, again.headers["idempotent-replayed"], again.data) == (201, "true", folder)
    assert len(api.get(FOLDERS).data) == 1


@pytest.mark.parametrize("answer", ["lost", "refused"])
def test_a_store_that_fails_is_503_and_the_same_request_may_be_sent_again(api: Client, answer: str) -> None:
    def fail() -> None:
        raise Unavailable(headers={"Retry-After": "1"})

    body = {"folder": {"name": "x"}}
    if answer == "lost":
        api.platform.moments.after = fail
    else:
        api.platform.moments.before = fail
    reply = api.post(FOLDERS, body, idempotency_key="k")
    assert (reply.refusal, reply.headers["retry-after"]) == ((503, "unavailable"), "1")
    again = api.post(FOLDERS, body, idempotency_key="k")
    assert again.status == 201
    assert again.headers.get("idempotent-replayed") == ("true" if answer == "lost" else None)
    assert len(api.get(FOLDERS).data) == 1


def test_of_two_at_once_one_has_the_effect_and_both_the_answer(api: Client) -> None:
    body = {"folder": {"name": "x"}}
    inner: list[Reply] = []
    with api.platform.between_read_and_write(lambda: inner.append(api.post(FOLDERS, body, idempotency_key="k"))):
        outer = api.post(FOLDERS, body, idempotency_key="k")
    assert (outer.status, outer.text) == (inner[0].status, inner[0].text)
    assert outer.headers["idempotent-replayed"] == "true"
    assert len(api.get(FOLDERS).data) == 1


def test_of_two_refused_at_once_both_have_the_first_answer(api: Client) -> None:
    path = f"{STUDIES}/std_{UNKNOWN}/publish"
    inner: list[Reply] = []
    with api.platform.between_read_and_write(lambda: inner.append(api.post(path, idempotency_key="k"))):
        outer = api.post(path, idempotency_key="k")
    assert (outer.status, outer.text) == (404, inner[0].text)
    assert outer.headers["idempotent-replayed"] == "true"


def test_sixteen_at_once_have_one_effect(api: Client) -> None:
    body = {"folder": {"name": "x"}}

    def post(_: int) -> Reply:
        return elsewhere(lambda: api.post(FOLDERS, body, idempotency_key="k"))

    with ThreadPoolExecutor(16) as threads:
        replies = list(threads.map(post, range(16)))
    assert {(reply.status, reply.text) for reply in replies} == {(201, replies[0].text)}
    assert [reply.headers.get("idempotent-replayed") for reply in replies].count(None) == 1
    assert len(api.get(FOLDERS).data) == 1


def test_a_request_in_several_transactions_that_has_not_finished_is_409(api: Client, clock: Clock) -> None:
    """Its record has no answer yet."""
    body = {"folder": {"name": "x"}}
    api.post(FOLDERS, body, idempotency_key="k")
    (record,) = (item for item in api.platform.table.items() if "fingerprint" in item)
    running = {name: value for name, value in record.items() if name not in ("status", "body", "headers")}
    api.platform.table.write(Put(running))
    reply = api.post(FOLDERS, body, idempotency_key="k")
    assert (reply.refusal, reply.headers["retry-after"]) == ((409, "idempotency_in_progress"), "1")


def test_an_unexpected_error_is_500_without_a_word_of_why_and_is_not_remembered(api: Client) -> None:
    def fail() -> None:
        raise RuntimeError("the secret reason")

    body = {"folder": {"name": "x"}}
    api.platform.moments.before = fail
    reply = api.post(FOLDERS, body, idempotency_key="k")
    assert reply.refusal == (500, "internal_error")
    assert "secret" not in reply.text
    assert reply.headers["x-request-id"]
    assert [line["message"] for line in api.platform.errors()] == ["request failed"]
    assert api.post(FOLDERS, body, idempotency_key="k").status == 201


def test_what_fails_outside_of_an_endpoint_is_500_in_the_dialects_form(platform: Platform) -> None:
    router = APIRouter()

    @router.get("/api/v1/broken")
    async def broken() -> None:
        raise RuntimeError("the secret reason")

    reply = sent(platform.serve(router), event("GET", "/api/v1/broken"))
    assert reply.refusal == (500, "internal_error")
    assert "secret" not in reply.text
    assert [line["message"] for line in platform.errors()] == ["framework error"]


def test_an_answer_that_cannot_be_remembered_is_500(api: Client) -> None:
    def fail() -> None:
        raise RuntimeError("no")

    api.platform.moments.before = fail
    assert api.post(FOLDERS, {"folder": {}}, idempotency_key="k").refusal == (500, "internal_error")
    assert [line["message"] for line in api.platform.errors()] == ["answer could not be remembered"]


def test_a_change_that_never_gets_through_is_503(api: Client) -> None:
    path = f"{FOLDERS}/{api.folder()['id']}"

    def theirs() -> None:
        (item,) = (item for item in api.platform.table.items() if item["sk"] == path.rsplit("/", 1)[1])
        api.platform.table.write(Put({**item, "version": item["version"] + 1}))
        api.platform.moments.before = theirs

    api.platform.moments.before = theirs
    assert api.patch(path, {"folder": {"name": "mine"}}).refusal == (503, "unavailable")
    api.platform.moments.before = None
    assert api.get(path).data["name"] == "Research"


def test_reads_ignore_the_key(api: Client) -> None:
    assert api.get(FOLDERS, idempotency_key="x" * 300).status == 200


# -- the table of routes --------------------------------------------------------------------------------------------


def test_the_gateways_routes_and_the_functions_agree(api: Client) -> None:
    """Each path that is routed to a group is one that the group knows: its 405 names other methods than OPTIONS."""
    for route, group in ROUTES.items():
        if group in ("workspace", "folders", "studies", "content"):
            path = route.replace("{", "").replace("}", "")
            assert set(api.request("TRACE", path).headers["allow"].split(", ")) > {"OPTIONS"}
