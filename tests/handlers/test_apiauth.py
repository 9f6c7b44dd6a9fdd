"""Signed requests on their way through the checks, in front of endpoints made for these tests."""

import json
from dataclasses import replace
from typing import Any, Final

import pytest
from aws_lambda_powertools import Logger
from botocore.exceptions import ConnectTimeoutError
from fastapi import APIRouter, Response

from trimetric.http.function import handler_of
from tests.fakes.vault import FakeVault
from tests.handlers.conftest import ORIGIN, Client, Platform, Reply, client_of, sent
from tests.handlers.events import Event, event, stored
from tests.handlers.signing import READ_ONLY, SignedClient, http_date, md5, sign, signed_client_of, signed_event
from trimetric.auth.apiauth import hash_of
from trimetric.auth.vault import KmsVault
from trimetric.domain import times
from trimetric.domain.workspaces import Credential, CredentialKind, Permission, Plan, SealedSecret
from trimetric.http.answers import Answer, commit, etag_of_data, respond
from trimetric.http.application import CheckedRoute
from trimetric.http.signed import (
    FAILURES_PER_MINUTE,
    DevicesReader,
    DevicesWriter,
    ResponsesReader,
    ResponsesWriter,
    SurveysReader,
    SurveysWriter,
    respond_list,
)
from trimetric.settings import BODY_LIMIT

DEVICES: Final = "/api/experience/devices"
SURVEYS: Final = "/api/experience/surveys"

router = APIRouter(prefix="/api/experience", route_class=CheckedRoute)


@router.get("/devices")
async def list_devices(call: DevicesReader) -> Response:
    call.parameters("limit", "start_at", "end_at", "a", "b", "c")
    return respond_list(call, [{"id": "a"}], "next")


@router.get("/devices/{device_id}")
async def show_device(call: DevicesReader) -> Response:
    call.parameters()
    return respond(call, Answer({"id": call.request.path_params["device_id"]}, bare=True))


@router.put("/devices/{device_id}")
async def replace_device(call: DevicesWriter) -> Response:
    call.parameters()
    call.require_match(etag_of_data({"id": "a"}, bare=True))
    return commit(call, Answer(call.body(), bare=True))


@router.delete("/devices/{device_id}", status_code=204)
async def delete_device(call: DevicesWriter) -> Response:
    call.parameters()
    call.no_body()
    return commit(call, Answer(status=204, bare=True))


@router.post("/surveys", status_code=201)
async def create_survey(call: SurveysWriter) -> Response:
    call.parameters()
    return commit(call, Answer({**call.body(), "at": call.now_text}, status=201, bare=True))


@router.get("/surveys")
async def list_surveys(call: SurveysReader) -> Response:
    call.parameters()
    return respond_list(call, [], None)


@router.get("/surveys/{survey_id}/responses")
async def list_responses(call: ResponsesReader) -> Response:
    call.parameters()
    return respond_list(call, [], None)


@router.post("/surveys/{survey_id}/responses", status_code=201)
async def create_response(call: ResponsesWriter) -> Response:
    call.parameters()
    return commit(call, Answer(call.body(), status=201, bare=True))


class Door:
    """One process that serves those endpoints."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.handler = platform.serve(router)

    def send(self, request: Event) -> Reply:
        return sent(self.handler, request)

    def request(
        self,
        client: SignedClient,
        method: str,
        path: str = DEVICES,
        query: str = "",
        document: Any = None,
        *,
        address: str = "203.0.113.7",
        **headers: str,
    ) -> Reply:
        return self.send(
            signed_event(
                method,
                path,
                query,
                None if document is None else json.dumps(document).encode(),
                key=client.key,
                secret=client.secret,
                date=http_date(self.platform.clock.now),
                headers={name.replace("_", "-"): value for name, value in headers.items()},
                address=address,
            )
        )

    def get(self, client: SignedClient, path: str = DEVICES, query: str = "", **headers: str) -> Reply:
        return self.request(client, "GET", path, query, **headers)

    def anonymous(self, address: str = "203.0.113.7") -> Reply:
        return self.send(event("GET", DEVICES, address=address))


@pytest.fixture
def door(platform: Platform) -> Door:
    return Door(platform)


@pytest.fixture
def device_api(platform: Platform) -> SignedClient:
    """A key that may do everything, whose bucket no test empties."""
    return signed_client_of(platform)


def rate(reply: Reply) -> tuple[str, str, str]:
    names = ("ratelimit-rate", "ratelimit-burst-remaining", "ratelimit-retry-after")
    rate, remaining, retry_after = (reply.headers[name] for name in names)
    return rate, remaining, retry_after


# -- answers --------------------------------------------------------------------------------------------------------


def test_answers_are_bare(door: Door, device_api: SignedClient) -> None:
    listed = door.get(device_api)
    assert (listed.status, listed.json) == (200, [{"id": "a"}])
    assert listed.headers["next-cursor"] == "next"
    assert "next-cursor" not in door.get(device_api, SURVEYS).headers
    assert "etag" not in listed.headers
    assert door.get(device_api, f"{DEVICES}/a").text == '{"id":"a"}'


def test_this_dialect_has_no_markdown(door: Door, device_api: SignedClient) -> None:
    for path in (DEVICES, f"{DEVICES}/a"):
        reply = door.get(device_api, path, accept="text/markdown")
        assert reply.headers["content-type"] == "application/json"
        assert "accept" not in reply.headers.get("vary", "").lower()


def test_single_objects_are_tagged(door: Door, device_api: SignedClient) -> None:
    etag = door.get(device_api, f"{DEVICES}/a").headers["etag"]
    assert etag == etag_of_data({"id": "a"}, bare=True)
    unchanged = door.get(device_api, f"{DEVICES}/a", if_none_match=etag)
    assert (unchanged.status, unchanged.text) == (304, "")
    replaced = door.request(device_api, "PUT", f"{DEVICES}/a", "", {"id": "a"}, if_match=etag)
    assert (replaced.status, replaced.headers["etag"]) == (200, etag)
    refused = door.request(device_api, "PUT", f"{DEVICES}/a", "", {"id": "a"}, if_match='"other"')
    assert refused.refusal == (412, "precondition_failed")
    assert door.request(device_api, "DELETE", f"{DEVICES}/a").status == 204


def test_a_post_is_answered_once(door: Door, device_api: SignedClient) -> None:
    first = door.request(device_api, "POST", SURVEYS, "", {"a": 1}, idempotency_key="k")
    again = door.request(device_api, "POST", SURVEYS, "", {"a": 1}, idempotency_key="k")
    assert (first.status, again.status, again.text) == (201, 201, first.text)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["etag"] == first.headers["etag"]
    other = door.request(device_api, "POST", SURVEYS, "", {"a": 2}, idempotency_key="k")
    assert other.refusal == (422, "idempotency_key_reused")
    assert door.request(device_api, "POST", SURVEYS, "", {}, idempotency_key="é").refusal == (400, "invalid_request")


def test_bodies_are_json(door: Door, device_api: SignedClient) -> None:
    reply = door.send(
        signed_event(
            "POST",
            SURVEYS,
            body=b"a=1",
            key=device_api.key,
            secret=device_api.secret,
            date=(date := http_date(door.platform.clock.now)),
            headers={
                "content-type": "text/plain",
                "authorization": f"APIAuth {device_api.key}:"
                + sign(device_api.secret, "POST", "text/plain", md5(b"a=1"), SURVEYS, date),
            },
        )
    )
    assert reply.refusal == (415, "unsupported_media_type")


# -- who is let in --------------------------------------------------------------------------------------------------


def test_the_path_and_query_are_those_of_the_event(door: Door, device_api: SignedClient) -> None:
    """The framework decodes both; signatures are made over what was sent."""
    query = "a=%C3%A9+b&b=%2B&c=12:30%20"
    assert door.get(device_api, query=query).status == 200
    date = http_date(door.platform.clock.now)
    for signed, status in ((f"{DEVICES}?{query}", 200), (DEVICES, 200), (f"{DEVICES}?a=é b", 401)):
        signature = sign(device_api.secret, "GET", "", "", signed, date)
        headers = {"date": date, "authorization": f"APIAuth {device_api.key}:{signature}"}
        assert door.send(event("GET", DEVICES, query=query, headers=headers)).status == status


def test_a_path_that_the_gateway_decoded(door: Door, device_api: SignedClient) -> None:
    date = http_date(door.platform.clock.now)
    signature = sign(device_api.secret, "GET", "", "", f"{DEVICES}/%C3%A9%20a", date)
    headers = {"date": date, "authorization": f"APIAuth {device_api.key}:{signature}"}
    assert door.send(event("GET", f"{DEVICES}/é a", headers=headers)).json == {"id": "é a"}


def test_a_strict_stack_wants_the_query_signed(platform: Platform, device_api: SignedClient) -> None:
    platform.settings = replace(platform.settings, api_auth_strict_uri=True)
    strict, date = Door(platform), http_date(platform.clock.now)
    signature = sign(device_api.secret, "GET", "", "", DEVICES, date)
    headers = {"date": date, "authorization": f"APIAuth {device_api.key}:{signature}"}
    assert strict.send(event("GET", DEVICES, query="a=1", headers=headers)).status == 401
    assert strict.send(event("GET", DEVICES, headers=headers)).status == 200
    assert strict.get(device_api, query="a=1").status == 200


def test_a_tampered_body_is_refused(door: Door, device_api: SignedClient) -> None:
    made = signed_event(
        "POST", SURVEYS, body=b'{"a":1}', key=device_api.key, secret=device_api.secret, date=_date(door)
    )
    assert door.send(made).status == 201
    assert door.send({**made, "body": '{"a":2}'}).status == 401
    assert door.send({**made, "body": '{"a":1} '}).status == 401


def _date(door: Door) -> str:
    return http_date(door.platform.clock.now)


def test_refusals_cannot_be_told_apart(door: Door, device_api: SignedClient, platform: Platform) -> None:
    date = _date(door)
    old = http_date(platform.clock.now.replace(year=2025))
    unknown = replace(device_api, key=f"{device_api.key[:16]}{'0' * 16}")
    stranger = replace(device_api, key="0" * 32)
    wrong = replace(device_api, secret="other")
    made = signed_event("GET", DEVICES, key=device_api.key, secret=device_api.secret, date=old)
    replies = [
        door.anonymous(),
        *(door.get(client) for client in (unknown, stranger, wrong)),
        door.send(made),
        door.send({**made, "headers": {**made["headers"], "date": "yesterday"}}),
        door.send({**made, "headers": {name: text for name, text in made["headers"].items() if name != "date"}}),
        door.get(device_api, content_md5=md5(b"other")),
        door.send(event("GET", DEVICES, headers={"date": date, "authorization": f"Bearer uxm_v1_{'0' * 64}"})),
    ]
    assert {reply.refusal for reply in replies} == {(401, "unauthorized")}
    assert len({reply.text for reply in replies}) == 1
    assert {tuple(sorted(set(reply.headers))) for reply in replies} == {tuple(sorted(replies[0].headers))}
    assert replies[0].headers["www-authenticate"] == "APIAuth"
    assert not [name for name in replies[0].headers if "ratelimit" in name]
    assert [line["refused"] for line in platform.log_lines()] == [
        "no authorization of the scheme's form",
        "unknown key",
        "unknown key",
        "the signature is not that of this request",
        "stale Date header",
        "the signature is not that of this request",
        "the signature is not that of this request",
        "Content-MD5 is that of another body",
        "no authorization of the scheme's form",
    ]


def test_no_log_line_holds_a_signature_or_a_secret(door: Door, device_api: SignedClient, platform: Platform) -> None:
    door.get(device_api)
    door.get(replace(device_api, secret="other"))
    log = platform.log.getvalue()
    assert device_api.secret not in log
    assert "APIAuth" not in log


def test_credentials_of_another_dialect_open_nothing(door: Door, platform: Platform, device_api: SignedClient) -> None:
    bearer: Client = client_of(platform)
    assert door.send(event("GET", DEVICES, headers={"authorization": f"Bearer {bearer.secret}"})).status == 401
    signed = signed_event(
        "GET", "/api/v1/workspace", key=device_api.key, secret=device_api.secret, date=http_date(platform.clock.now)
    )
    assert platform.send(signed).refusal == (401, "unauthorized")


def test_the_faq_header_counts_where_the_right_one_is_absent(door: Door, device_api: SignedClient) -> None:
    made = signed_event("GET", DEVICES, key=device_api.key, secret=device_api.secret, date=_date(door))
    headers = dict(made["headers"])
    headers["authentication"] = headers.pop("authorization")
    assert door.send({**made, "headers": headers}).status == 200
    assert door.send({**made, "headers": {**headers, "authorization": "Bearer x"}}).status == 401


def test_a_revoked_key_is_refused_within_a_minute(door: Door, device_api: SignedClient, platform: Platform) -> None:
    assert door.get(device_api).status == 200
    [credential] = platform.workspaces.list_credentials(device_api.workspace.id)
    platform.workspaces.remove_credential(credential)
    platform.clock.advance(60)
    assert door.get(device_api).status == 401


# -- the order of the checks ----------------------------------------------------------------------------------------


def test_a_large_body_is_refused_before_anybody_is_asked_who_it_is(door: Door) -> None:
    large = "x" * (BODY_LIMIT + 1)
    reply = door.send(event("POST", SURVEYS, body=large.encode()))
    assert reply.refusal == (413, "payload_too_large")


def test_a_workspace_that_is_switched_off_takes_nothing_from_the_bucket(platform: Platform, door: Door) -> None:
    client = signed_client_of(platform, api_enabled=False, limit=None, permissions=())
    for _ in range(12):
        reply = door.get(client)
        assert reply.refusal == (403, "forbidden")
        assert rate(reply) == ("1", "10", "0")
    assert door.get(replace(client, secret="other")).status == 401


def test_the_throttle_comes_before_the_permission(platform: Platform, door: Door) -> None:
    client = signed_client_of(platform, permissions=(Permission.DEVICES_READ,), limit=None)
    refused = [door.request(client, "POST", SURVEYS, "", {}) for _ in range(11)]
    assert [reply.refusal for reply in refused[:10]] == [(403, "permission_denied")] * 10
    assert refused[10].refusal == (429, "rate_limited")


def test_the_permission_comes_before_idempotency_existence_and_input(platform: Platform, door: Door) -> None:
    reader = signed_client_of(platform, permissions=READ_ONLY)
    reply = door.request(reader, "POST", SURVEYS, "nonsense=1", {"a": 1}, idempotency_key="\x7f")
    assert reply.refusal == (403, "permission_denied")
    assert "surveys:write" in reply.error["message"]


REQUESTS: Final = {
    Permission.DEVICES_READ: ("GET", DEVICES),
    Permission.DEVICES_WRITE: ("DELETE", f"{DEVICES}/a"),
    Permission.SURVEYS_READ: ("GET", SURVEYS),
    Permission.SURVEYS_WRITE: ("POST", SURVEYS),
    Permission.RESPONSES_READ: ("GET", f"{SURVEYS}/1/responses"),
    Permission.RESPONSES_WRITE: ("POST", f"{SURVEYS}/1/responses"),
}


@pytest.mark.parametrize("permission", Permission)
def test_a_key_may_do_what_it_is_permitted_and_nothing_else(
    platform: Platform, door: Door, permission: Permission
) -> None:
    client = signed_client_of(platform, permissions=(permission,))
    for needed, (method, path) in REQUESTS.items():
        reply = door.request(client, method, path, "", {} if method == "POST" else None)
        assert (reply.status == 403) is (needed is not permission), needed
        if needed is not permission:
            assert reply.refusal == (403, "permission_denied")


@pytest.mark.parametrize(
    ("method", "path", "refusal"),
    [("GET", f"{DEVICES}/a/b", (404, "not_found")), ("PATCH", f"{DEVICES}/a", (405, "method_not_allowed"))],
)
def test_what_has_no_endpoint_needs_no_signature(door: Door, method: str, path: str, refusal: tuple[int, str]) -> None:
    reply = door.send(event(method, path))
    assert reply.refusal == refusal
    assert set(reply.json["error"]) == {"code", "message"}


# -- the throttle ---------------------------------------------------------------------------------------------------


def test_a_bucket_holds_ten_and_leaks_one_a_second(platform: Platform) -> None:
    client, clock = signed_client_of(platform, limit=None), platform.clock
    door, start = Door(platform), clock.now
    remaining = []
    for _ in range(10):
        clock.now = start
        reply = door.get(client)
        assert reply.status == 200
        remaining.append(rate(reply))
    assert remaining == [("1", str(left), "0") for left in range(9, -1, -1)]
    clock.now = start
    refused = door.get(client)
    assert refused.refusal == (429, "rate_limited")
    assert rate(refused) == ("1", "0", "1")
    assert refused.headers["retry-after"] == "1"
    clock.now = start
    clock.advance(0.99)
    assert door.get(client).status == 429
    clock.now = start
    clock.advance(1.1)
    assert rate(door.get(client)) == ("1", "0", "0")
    assert door.get(client).status == 429
    clock.now = start
    clock.advance(4.5)
    assert rate(door.get(client)) == ("1", "2", "0")
    clock.advance(60)
    assert rate(door.get(client)) == ("1", "9", "0")


def test_each_key_has_a_bucket_of_its_own(platform: Platform, door: Door) -> None:
    first = signed_client_of(platform, limit=None)
    second = signed_client_of(platform, limit=None, workspace=first.workspace)
    for _ in range(11):
        door.get(first)
    assert door.get(first).status == 429
    assert rate(door.get(second)) == ("1", "9", "0")


@pytest.mark.parametrize(
    ("limit", "shown"),
    [
        (1_000_000, ("16666", "166665", "0")),
        (120, ("2", "19", "0")),
        (30, ("0.5", "4", "0")),
        (7, ("0.117", "0", "0")),
        (1, ("0.017", "0", "0")),
    ],
)
def test_limits_can_be_others(platform: Platform, door: Door, limit: int, shown: tuple[str, str, str]) -> None:
    """For each key of a workspace, or for one of them."""
    assert rate(door.get(signed_client_of(platform, limit=limit))) == shown
    client = signed_client_of(platform, limit=None)
    [credential] = platform.workspaces.list_credentials(client.workspace.id)
    platform.workspaces.change_credential(credential, limit=limit)
    assert rate(door.get(client)) == shown


def test_nobody_drains_the_bucket_of_another(platform: Platform, door: Door) -> None:
    client = signed_client_of(platform, limit=None)
    for _ in range(30):
        assert door.get(replace(client, secret="a guess")).status == 401
    assert rate(door.get(client)) == ("1", "9", "0")


def test_failed_signatures_have_a_limit_that_stops_no_valid_one(platform: Platform, door: Door) -> None:
    client = signed_client_of(platform)
    failures = [door.anonymous() for _ in range(FAILURES_PER_MINUTE)]
    assert {reply.status for reply in failures} == {401}
    stopped = door.get(replace(client, secret="a guess"))
    assert stopped.refusal == (429, "rate_limited")
    assert 1 <= int(stopped.headers["retry-after"]) <= 60
    assert rate(stopped) == ("1", "0", stopped.headers["retry-after"])
    assert door.get(client).status == 200
    assert door.anonymous("198.51.100.1").status == 401
    platform.clock.advance(61)
    assert door.anonymous().status == 401


def test_a_flood_of_failures_costs_no_writes(platform: Platform, door: Door) -> None:
    for _ in range(FAILURES_PER_MINUTE + 1):
        door.anonymous()
    calls = [line["store_calls"] for line in platform.log_lines()]
    assert calls == [1] * FAILURES_PER_MINUTE + [calls[-1]]
    door.anonymous()
    assert platform.log_lines()[-1]["store_calls"] == 0


def test_browsers_may_read_what_they_are_told(door: Door, device_api: SignedClient) -> None:
    exposed = door.get(device_api, origin=ORIGIN).headers["access-control-expose-headers"]
    names = ("RateLimit-Rate", "RateLimit-Burst-Remaining", "RateLimit-Retry-After", "Next-Cursor", "Retry-After")
    assert set(names) <= set(exposed.split(", "))


def test_a_preflight_needs_no_signature(door: Door) -> None:
    headers = {"origin": ORIGIN, "access-control-request-method": "POST"}
    reply = door.send(event("OPTIONS", DEVICES, headers=headers))
    assert reply.status == 204
    assert "Content-MD5" in reply.headers["access-control-allow-headers"]


# -- what it costs, and what happens when KMS is away -----------------------------------------------------------------


def test_a_warm_request_asks_for_a_token_alone(platform: Platform, door: Door, device_api: SignedClient) -> None:
    door.get(device_api)
    door.get(device_api)
    assert [line["store_calls"] for line in platform.log_lines()] == [2, 1]
    assert platform.vault.opened == 1


class NoKms:
    def decrypt(self, **_: Any) -> Any:
        raise ConnectTimeoutError(endpoint_url="https://kms.example")


class AwayVault(FakeVault):
    def open(self, sealed: bytes, *, workspace_id: str, credential_id: str) -> bytes:
        return KmsVault(kms=NoKms()).open(sealed, workspace_id=workspace_id, credential_id=credential_id)


def test_only_new_processes_need_kms(platform: Platform, door: Door, device_api: SignedClient) -> None:
    assert door.get(device_api).status == 200
    vault = platform.vault
    platform.vault = AwayVault()
    platform.clock.advance(120)
    assert door.get(device_api).status == 200
    reply = Door(platform).get(device_api)
    assert reply.refusal == (503, "unavailable")
    assert reply.headers["retry-after"] == "1"
    platform.vault = vault


def test_a_function_that_was_composed_without_signatures_lets_nobody_in(
    platform: Platform, device_api: SignedClient
) -> None:
    door = Door(platform)
    runtime = platform.runtime()
    runtime.signatures = None
    door.handler = handler_of(runtime, Logger(service="unsigned", stream=platform.log), [router])
    assert door.get(device_api).refusal == (500, "internal_error")
    assert len(platform.errors()) == 1


# -- events as the gateway sends them -------------------------------------------------------------------------------


@pytest.fixture
def stored_key(platform: Platform) -> None:
    """The key that the stored events are signed with."""
    workspace_id, credential_id = "ws_0123456789abcdef", "key_01kg0000000000000000000000"
    created_at = times.to_text(platform.clock())
    platform.workspaces.create(
        workspace_id=workspace_id, name="Kiosks", plan=Plan.FREE, api_enabled=True, created_at=created_at
    )
    key = "0123456789abcdef0123456789abcdef"
    sealed = platform.vault.seal(b"testsecret", workspace_id=workspace_id, credential_id=credential_id)
    platform.workspaces.add_credential(
        Credential(
            id=credential_id,
            workspace_id=workspace_id,
            kind=CredentialKind.APIAUTH,
            name="kiosk",
            last_four="cret",
            created_at=created_at,
            secret_hash=hash_of(key),
            key=key,
            permissions=tuple(Permission),
            secrets=(SealedSecret(sealed, "cret"),),
        )
    )


@pytest.mark.usefixtures("stored_key")
@pytest.mark.parametrize(("name", "status"), [("signed_get", 200), ("signed_post", 201), ("wrong_signature", 401)])
def test_stored_events(door: Door, name: str, status: int) -> None:
    assert door.send(stored(name)).status == status
