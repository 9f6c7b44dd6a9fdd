"""The checks in front of every Metricis endpoint, and the form of its answers."""

from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import APIRouter, Request, Response

from tests.handlers.conftest import Client, Clock, Platform, Reply, sent
from tests.handlers.events import event
from tests.handlers.metricis_accounts import Team, fields, refusal, team_of, token_client
from trimetric.domain.metricis.accounts import Role
from trimetric.domain.metricis.sessions import new_session_id
from trimetric.http.answers import Answer, commit, respond
from trimetric.http.application import CheckedRoute
from trimetric.http.call import Call
from trimetric.http.metricis import (
    SESSION_LIMIT,
    Admin,
    Coordinator,
    ReadOnly,
    Researcher,
    Submitter,
    authenticator,
    pagination,
    respond_page,
)
from trimetric.observability import LambdaHandler

router = APIRouter(prefix="/api/probe", route_class=CheckedRoute)
PATHS = {Role.READ_ONLY: "read", Role.COORDINATOR: "coordinate", Role.RESEARCHER: "research", Role.ADMIN: "administer"}


@dataclass(frozen=True)
class Page:
    page: int
    per_page: int


def answered(call: Any) -> Response:
    call.parameters("known")
    call.no_body()
    return commit(call, Answer({"role": call.caller.role.value if call.caller else None, "session": call.session_id}))


@router.get("/read")
async def read(call: ReadOnly) -> Response:
    call.parameters("known")
    return respond(call, Answer({"role": call.role.value}))


@router.get("/list")
async def page(call: ReadOnly) -> Response:
    call.parameters()
    return respond_page(call, [{"id": 1}], Page(2, 20), 150)


@router.get("/careless")
async def careless(call: ReadOnly) -> Response:
    return respond_page(call, [], Page(1, 20), 0)


@router.post("/coordinate")
async def coordinate(call: Coordinator) -> Response:
    return answered(call)


@router.post("/research")
async def research(call: Researcher) -> Response:
    return answered(call)


@router.post("/administer")
async def administer(call: Admin) -> Response:
    return answered(call)


@router.post("/submit")
async def submit(call: Submitter) -> Response:
    return answered(call)


@pytest.fixture
def probe(platform: Platform) -> LambdaHandler:
    return platform.serve(router)


@pytest.fixture
def team(platform: Platform) -> Team:
    return team_of(platform)


def ask(probe: LambdaHandler, method: str, path: str, query: str = "", **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return sent(probe, event(method, f"/api/probe/{path}", query=query, headers=named))


def bearer(client: Client) -> dict[str, str]:
    return {"authorization": f"Bearer {client.secret}"}


@pytest.mark.parametrize("held", list(Role))
@pytest.mark.parametrize("wanted", list(Role))
def test_a_role_may_do_what_lower_ones_may(probe: LambdaHandler, team: Team, held: Role, wanted: Role) -> None:
    method = "GET" if wanted is Role.READ_ONLY else "POST"
    reply = ask(probe, method, PATHS[wanted], **bearer(team.by_role[held]))
    if list(Role).index(held) >= list(Role).index(wanted):
        assert (reply.status, reply.data["role"]) == (200, held.value)
    else:
        assert refusal(reply) == (403, "FORBIDDEN")
        assert wanted.value in reply.json["error"]["message"]
        assert reply.headers["x-ratelimit-limit"] == "1000000"


def test_a_token_comes_as_bearer_or_as_key(probe: LambdaHandler, team: Team) -> None:
    token = str(team.admin.secret)
    for headers in (
        {"authorization": f"Bearer {token}"},
        {"authorization": f"bearer  {token}"},
        {"x_api_key": token},
        {"x_api_key": token, "authorization": f"Bearer {token}"},
    ):
        assert ask(probe, "GET", "read", **headers).status == 200


@pytest.mark.parametrize("name", ["none", "basic", "upper", "short", "other", "two", "empty", "both"])
def test_what_is_no_token_of_this_api_is_401(probe: LambdaHandler, team: Team, api: Client, name: str) -> None:
    token = str(team.admin.secret)
    headers = {
        "none": {},
        "basic": {"authorization": f"Basic {token}"},
        "upper": {"authorization": f"Bearer {token.upper()}"},
        "short": {"x_api_key": token[:-1]},
        "other": {"authorization": f"Bearer {api.secret}"},
        "two": {"authorization": f"Bearer {token} {token}"},
        "empty": {"x_api_key": ""},
        "both": {"authorization": f"Bearer {token}", "x_api_key": str(team.read_only.secret)},
    }[name]
    reply = ask(probe, "GET", "read", **headers)
    assert refusal(reply) == (401, "UNAUTHORIZED")
    assert reply.headers["www-authenticate"] == "Bearer"


def test_a_token_of_this_api_opens_no_other(team: Team) -> None:
    assert team.admin.get("/api/v1/workspace").refusal == (401, "unauthorized")


def test_a_token_ends_when_it_should(probe: LambdaHandler, team: Team, platform: Platform, clock: Clock) -> None:
    client = token_client(platform, team.workspace, Role.ADMIN, expires_at="2026-01-31T09:40:00.000Z")
    assert ask(probe, "GET", "read", **bearer(client)).status == 200
    clock.advance(601)
    assert refusal(ask(probe, "GET", "read", **bearer(client))) == (401, "UNAUTHORIZED")


def test_a_workspace_that_is_off_answers_403(probe: LambdaHandler, platform: Platform) -> None:
    team = team_of(platform, api_enabled=False)
    assert refusal(ask(probe, "GET", "read", **bearer(team.admin))) == (403, "FORBIDDEN")


@pytest.mark.parametrize(
    ("limits", "own", "expected"), [({}, None, 60), ({"metricis": 5}, None, 5), ({"metricis": 5}, 3, 3)]
)
def test_each_token_has_its_window(
    probe: LambdaHandler, platform: Platform, limits: dict[str, int], own: int | None, expected: int
) -> None:
    team = team_of(platform, limits=limits)
    first, second = (token_client(platform, team.workspace, Role.READ_ONLY, limit=own) for _ in range(2))
    replies = [ask(probe, "GET", "read", **bearer(first)) for _ in range(expected + 1)]
    assert [reply.status for reply in replies] == [200] * expected + [429]
    assert replies[0].headers["x-ratelimit-limit"] == str(expected)
    assert refusal(replies[-1]) == (429, "RATE_LIMIT_EXCEEDED")
    assert int(replies[-1].headers["retry-after"]) >= 1
    assert ask(probe, "GET", "read", **bearer(second)).status == 200


def test_a_refused_role_is_counted_and_is_no_answer_to_remember(probe: LambdaHandler, team: Team) -> None:
    refused = ask(probe, "POST", "administer", idempotency_key="k", **bearer(team.researcher))
    assert refusal(refused) == (403, "FORBIDDEN")
    assert ask(probe, "POST", "administer", idempotency_key="k", **bearer(team.admin)).status == 200


def test_unknown_and_repeated_parameters_are_422_with_their_name(probe: LambdaHandler, team: Team) -> None:
    for query, field in (("x=1", "x"), ("known=1&known=2", "known")):
        reply = ask(probe, "GET", "read", query, **bearer(team.admin))
        assert refusal(reply) == (422, "VALIDATION_ERROR")
        assert fields(reply) == [field]


def test_answers_are_json_whatever_is_asked_for(probe: LambdaHandler, team: Team) -> None:
    reply = ask(probe, "GET", "read", accept="text/markdown", **bearer(team.admin))
    assert reply.headers["content-type"] == "application/json"
    assert "accept" not in reply.headers.get("vary", "").lower()
    assert ask(probe, "GET", "read", if_none_match=reply.headers["etag"], **bearer(team.admin)).status == 304


def test_the_documents_page_comes_out_exactly(probe: LambdaHandler, team: Team) -> None:
    reply = ask(probe, "GET", "list", **bearer(team.admin))
    assert reply.json == {
        "data": [{"id": 1}],
        "pagination": {
            "page": 2,
            "per_page": 20,
            "total": 150,
            "total_pages": 8,
            "has_next": True,
            "has_prev": True,
        },
    }
    assert "etag" not in reply.headers


@pytest.mark.parametrize(
    ("page", "total", "pages", "has_next", "has_prev"),
    [
        (Page(1, 20), 0, 0, False, False),
        (Page(5, 20), 0, 0, False, False),
        (Page(1, 20), 20, 1, False, False),
        (Page(1, 20), 21, 2, True, False),
        (Page(2, 20), 21, 2, False, True),
        (Page(9, 20), 21, 2, False, True),
        (Page(1, 100), 1, 1, False, False),
    ],
)
def test_the_ends_of_a_list(page: Page, total: int, pages: int, has_next: bool, has_prev: bool) -> None:
    found = pagination(page, total)
    assert (found["total_pages"], found["has_next"], found["has_prev"]) == (pages, has_next, has_prev)


def test_an_endpoint_that_ignores_its_parameters_does_not_answer(
    probe: LambdaHandler, team: Team, platform: Platform
) -> None:
    assert refusal(ask(probe, "GET", "careless", **bearer(team.admin))) == (500, "INTERNAL_ERROR")
    assert platform.errors()


# -- a session's id as the credential ----------------------------------------------------------------------------------


def test_a_session_id_lets_its_holder_submit(probe: LambdaHandler, team: Team) -> None:
    session_id = new_session_id(team.workspace.id)
    reply = ask(probe, "POST", "submit", x_session_id=session_id)
    assert reply.data == {"role": None, "session": session_id}
    assert reply.headers["x-ratelimit-limit"] == str(SESSION_LIMIT)


def test_a_session_id_opens_nothing_else(probe: LambdaHandler, team: Team) -> None:
    session_id = new_session_id(team.workspace.id)
    for method, path in (("GET", "read"), ("POST", "coordinate")):
        assert refusal(ask(probe, method, path, x_session_id=session_id)) == (401, "UNAUTHORIZED")
    assert refusal(ask(probe, "POST", "submit", x_api_key=session_id)) == (401, "UNAUTHORIZED")


@pytest.mark.parametrize("session_id", ["", "sess_", "sess_x", f"sess_{'0' * 48}", f"sess_{'A' * 48}"])
def test_a_session_id_without_a_workspace_is_401(probe: LambdaHandler, session_id: str) -> None:
    assert refusal(ask(probe, "POST", "submit", x_session_id=session_id)) == (401, "UNAUTHORIZED")


def test_a_credential_beside_a_session_id_decides(probe: LambdaHandler, team: Team) -> None:
    session_id = new_session_id(team.workspace.id)
    reply = ask(probe, "POST", "submit", x_session_id=session_id, **bearer(team.coordinator))
    assert reply.data == {"role": "coordinator", "session": session_id}
    refused = ask(probe, "POST", "submit", x_session_id=session_id, **bearer(team.read_only))
    assert refusal(refused) == (403, "FORBIDDEN")
    unknown = ask(probe, "POST", "submit", x_session_id=session_id, authorization="Bearer x")
    assert refusal(unknown) == (401, "UNAUTHORIZED")


def test_a_session_id_of_a_workspace_that_is_off_is_403(probe: LambdaHandler, platform: Platform) -> None:
    team = team_of(platform, api_enabled=False)
    reply = ask(probe, "POST", "submit", x_session_id=new_session_id(team.workspace.id))
    assert refusal(reply) == (403, "FORBIDDEN")


def test_each_session_has_its_window_and_answers_once(probe: LambdaHandler, team: Team) -> None:
    first, second = (new_session_id(team.workspace.id) for _ in range(2))
    once = [ask(probe, "POST", "submit", x_session_id=first, idempotency_key="k") for _ in range(2)]
    assert once[1].headers["idempotent-replayed"] == "true"
    statuses = [ask(probe, "POST", "submit", x_session_id=first).status for _ in range(SESSION_LIMIT - 1)]
    assert statuses == [200] * (SESSION_LIMIT - 2) + [429]
    other = ask(probe, "POST", "submit", x_session_id=second, idempotency_key="k")
    assert (other.status, "idempotent-replayed" in other.headers) == (200, False)


def test_what_a_workspace_allows_all_sessions_together_has_an_end(
    probe: LambdaHandler, team: Team, platform: Platform
) -> None:
    session_id = new_session_id(team.workspace.id)
    assert ask(probe, "POST", "submit", x_session_id=session_id).status == 200
    platform.buckets_client.rows[f"mts#{team.workspace.id}"]["level"] = 0
    assert refusal(ask(probe, "POST", "submit", x_session_id=new_session_id(team.workspace.id)))[0] == 429


def test_round_trips_of_a_warm_process(probe: LambdaHandler, team: Team, platform: Platform) -> None:
    session_id = new_session_id(team.workspace.id)
    ask(probe, "GET", "read", **bearer(team.admin))
    ask(probe, "POST", "submit", x_session_id=session_id)
    calls = platform.round_trips(
        token=lambda: ask(probe, "GET", "read", **bearer(team.admin)),
        session=lambda: ask(probe, "POST", "submit", x_session_id=session_id),
    )
    assert calls == {"token": 1, "session": 2}


def test_a_function_that_was_composed_for_another_dialect_fails_loudly(platform: Platform) -> None:
    runtime = platform.runtime()
    runtime.metricis = None
    call = Call(Request({"type": "http"}), runtime, "x", platform.clock())
    with pytest.raises(RuntimeError):
        authenticator(call)
    with pytest.raises(RuntimeError):
        _ = call.role
