"""/api/health"""

import pytest
from botocore.exceptions import EndpointConnectionError

from tests.handlers.conftest import ORIGIN, Client, Platform
from tests.handlers.metricis_accounts import refusal, team_of
from trimetric.domain.metricis.accounts import Role
from trimetric.errors import Unavailable

HEALTH = "/api/health"
DETAILED = "/api/health/detailed"
DEPENDENCIES = ["table", "buckets_table", "signing_secret", "data_key"]


def test_anybody_may_ask_and_nothing_is_asked_of_the_store(anonymous: Client, platform: Platform) -> None:
    for _ in range(100):
        reply = anonymous.get(HEALTH)
        assert (reply.status, reply.data) == (200, {"status": "ok"})
    assert platform.log_lines()[-1]["store_calls"] == 0
    assert reply.headers["cache-control"] == "no-store"


def test_a_parameter_is_refused(anonymous: Client) -> None:
    assert refusal(anonymous.get(HEALTH, "x=1")) == (422, "VALIDATION_ERROR")


def test_admins_see_each_dependency_with_its_latency(platform: Platform) -> None:
    reply = team_of(platform).admin.get(DETAILED)
    assert (reply.status, reply.data["status"]) == (200, "ok")
    assert list(reply.data["dependencies"]) == DEPENDENCIES
    for shown in reply.data["dependencies"].values():
        assert shown["status"] == "ok"
        assert shown["latency_ms"] >= 0


@pytest.mark.parametrize("failing", DEPENDENCIES)
def test_what_does_not_answer_is_named(platform: Platform, failing: str) -> None:
    def refuse(*operation: str) -> None:
        raise Unavailable

    def refuse_buckets() -> None:
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1")

    team = team_of(platform)
    team.admin.get(DETAILED)
    match failing:
        case "table":
            platform.table.before = refuse
        case "buckets_table":
            platform.buckets_client.before = refuse_buckets
        case "signing_secret":
            platform.secret.down = True
        case _:
            platform.vault.down = True
    reply = team.admin.get(DETAILED)
    assert (reply.status, reply.data["status"]) == (200, "degraded")
    statuses = {name: shown["status"] for name, shown in reply.data["dependencies"].items()}
    assert statuses == dict.fromkeys(DEPENDENCIES, "ok") | {failing: "failing"}


@pytest.mark.parametrize("role", [Role.READ_ONLY, Role.COORDINATOR, Role.RESEARCHER])
def test_details_are_for_admins(platform: Platform, role: Role) -> None:
    assert refusal(team_of(platform).by_role[role].get(DETAILED)) == (403, "FORBIDDEN")


def test_an_anonymous_caller_sees_no_details(anonymous: Client) -> None:
    assert refusal(anonymous.get(DETAILED)) == (401, "UNAUTHORIZED")


@pytest.mark.parametrize("path", [HEALTH, DETAILED, "/api/auth/login", "/api/keys"])
def test_a_browser_may_ask_before_it_sends_a_key_or_a_session(anonymous: Client, path: str) -> None:
    asked = {"origin": ORIGIN, "access-control-request-method": "POST"}
    asked["access-control-request-headers"] = "x-api-key, x-session-id, idempotency-key"
    reply = anonymous.request("OPTIONS", path, headers=asked)
    assert reply.status == 204
    assert reply.headers["access-control-allow-origin"] == ORIGIN
    allowed = {name.strip().lower() for name in reply.headers["access-control-allow-headers"].split(",")}
    assert {"authorization", "x-api-key", "x-session-id", "idempotency-key"} <= allowed
    assert "x-ratelimit-limit" not in reply.headers
