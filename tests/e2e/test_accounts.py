"""Accounts, keys and health of a deployed stack."""

import secrets
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.conftest import Api, Stack, signing_caller
from tests.e2e.metricis import caller_of, logged_in, newcomer, token_caller

LOGIN = "/api/auth/login"
REFRESH = "/api/auth/refresh"
ME = "/api/auth/me"
KEYS = "/api/keys"
DEVICES = "/api/experience/devices"


@pytest.fixture
def door(stack: Stack) -> Iterator[Api]:
    with newcomer(stack) as api:
        yield api


@pytest.fixture
def admin(stack: Stack) -> Iterator[Api]:
    with caller_of(stack, "load") as api:
        yield api


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_a_user_logs_in_refreshes_and_logs_out(stack: Stack, door: Api) -> None:
    login = stack.workspaces["subscribed"]["admin"]
    first = door.post(LOGIN, json=login).json()
    assert first["user"]["email"] == login["email"]
    assert first["user"]["role"] == "admin"
    form = door.post(LOGIN, data={"username": login["email"], "password": login["password"]})
    assert form.status_code == 200
    second = door.post(REFRESH, json={"refresh_token": first["refresh_token"]}).json()
    bearer = {"Authorization": f"Bearer {second['access_token']}"}
    assert door.get(ME, headers=bearer).json()["data"] == first["user"]
    assert door.post("/api/auth/logout", headers=bearer).status_code == 204
    assert code(door.post(REFRESH, json={"refresh_token": second["refresh_token"]})) == (401, "UNAUTHORIZED")


def test_a_refresh_token_that_is_used_twice_ends_its_family(stack: Stack, door: Api) -> None:
    first = logged_in(stack, "free", "admin")
    second = door.post(REFRESH, json={"refresh_token": first["refresh_token"]}).json()
    assert code(door.post(REFRESH, json={"refresh_token": first["refresh_token"]})) == (401, "UNAUTHORIZED")
    assert code(door.post(REFRESH, json={"refresh_token": second["refresh_token"]})) == (401, "UNAUTHORIZED")


def test_a_refresh_whose_answer_was_lost_may_be_sent_again(stack: Stack, door: Api) -> None:
    token = {"refresh_token": logged_in(stack, "free", "read_only")["refresh_token"]}
    key = {"Idempotency-Key": secrets.token_hex(8)}
    first, again = (door.post(REFRESH, json=token, headers=key) for _ in range(2))
    assert (again.status_code, again.text) == (200, first.text)
    assert again.headers["Idempotent-Replayed"] == "true"


def test_a_wrong_password_a_wrong_user_and_a_workspace_that_is_off(stack: Stack, door: Api) -> None:
    login = stack.workspaces["neighbour"]["admin"]
    wrong = [
        door.post(LOGIN, json={"email": email, "password": "not the password"})
        for email in (login["email"], "nobody@neighbour.example")
    ]
    assert [code(answer) for answer in wrong] == [(401, "UNAUTHORIZED")] * 2
    assert wrong[0].json() == wrong[1].json()
    assert code(door.post(LOGIN, json=stack.workspaces["disabled"]["admin"])) == (403, "FORBIDDEN")
    with caller_of(stack, "disabled") as off:
        assert code(off.get(KEYS)) == (403, "FORBIDDEN")


def test_an_address_comes_in_ten_times_a_minute(stack: Stack) -> None:
    with newcomer(stack) as door:
        answers = [door.get(ME) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert code(answers[-1]) == (429, "RATE_LIMIT_EXCEEDED")
    assert int(answers[-1].headers["Retry-After"]) >= 1


def test_an_admin_makes_a_user_who_may_do_what_the_role_says(stack: Stack, admin: Api, door: Api) -> None:
    user = {
        "email": f"{secrets.token_hex(6)}@load.example",
        "password": secrets.token_urlsafe(12),
        "name": "Grace",
        "role": "researcher",
    }
    key = {"Idempotency-Key": secrets.token_hex(8)}
    made = [admin.post("/api/auth/register", json=user, headers=key) for _ in range(2)]
    assert [answer.status_code for answer in made] == [201, 201]
    assert code(admin.post("/api/auth/register", json=user)) == (409, "CONFLICT")
    tokens = door.post(LOGIN, json={"email": user["email"], "password": user["password"]}).json()
    with newcomer(stack, tokens["access_token"]) as grace:
        assert grace.get(ME).json()["data"]["role"] == "researcher"
        assert code(grace.get(KEYS)) == (403, "FORBIDDEN")


def test_a_key_is_issued_used_rotated_and_revoked(stack: Stack, admin: Api) -> None:
    key = {"Idempotency-Key": secrets.token_hex(8)}
    body = {"kind": "metricis", "name": "Tablet", "role": "read_only"}
    issued, again = (admin.post(KEYS, json=body, headers=key) for _ in range(2))
    assert issued.status_code == 201, issued.text
    assert again.text == issued.text
    token = issued.json()["data"]
    with newcomer(stack, token["secret"]) as tablet:
        assert tablet.get(ME).json()["data"]["role"] == "read_only"
    with newcomer(stack) as by_header:
        assert by_header.get(ME, headers={"X-API-Key": token["secret"]}).status_code == 200
    rotated = admin.data("POST", f"{KEYS}/{token['id']}/rotate", json={"overlap_days": 1})
    assert rotated["id"] == token["id"]
    for secret in (token["secret"], rotated["secret"]):
        with newcomer(stack, secret) as tablet:
            assert tablet.get(ME).status_code == 200
    shown = [each for each in admin.data("GET", f"{KEYS}?per_page=100") if each["id"] == token["id"]]
    assert [each["last_four"] for each in shown] == [rotated["last_four"]]
    assert shown[0]["last_used_at"] is not None
    assert admin.delete(f"{KEYS}/{token['id']}").status_code == 204
    assert code(admin.delete(f"{KEYS}/{token['id']}")) == (404, "NOT_FOUND")


def test_a_signing_key_is_issued_used_rotated_and_revoked(stack: Stack, admin: Api) -> None:
    header = {"Idempotency-Key": secrets.token_hex(8)}
    issued, again = (admin.post(KEYS, json={"kind": "apiauth", "name": "Kiosk"}, headers=header) for _ in range(2))
    assert issued.status_code == 201, issued.text
    assert again.text == issued.text
    key = issued.json()["data"]
    with signing_caller(stack, key) as kiosk:
        made = kiosk.post(DEVICES, json={"name": "Kiosk at the door"})
        assert made.status_code == 201, made.text
        assert kiosk.delete(f"{DEVICES}/{made.json()['id']}").status_code == 204
    rotated = admin.data("POST", f"{KEYS}/{key['id']}/rotate", json={"overlap_days": 1})
    assert (rotated["id"], rotated["key"]) == (key["id"], key["key"])
    with signing_caller(stack, key) as old, signing_caller(stack, rotated) as new:
        assert [caller.get(DEVICES).status_code for caller in (old, new)] == [200, 200]
        [shown] = [each for each in admin.data("GET", f"{KEYS}?per_page=100") if each["id"] == key["id"]]
        assert shown["last_four"] == rotated["last_four"]
        assert shown["permissions"] == key["permissions"]
        assert shown["last_used_at"] is not None
        assert admin.delete(f"{KEYS}/{key['id']}").status_code == 204
        taken_back = time.monotonic()
        while {caller.get(DEVICES).status_code for caller in (old, new)} != {401}:
            assert time.monotonic() - taken_back < 60
            time.sleep(5)


def test_a_signing_key_has_the_permissions_that_it_was_given(stack: Stack, admin: Api) -> None:
    body = {"kind": "apiauth", "name": "Screen", "permissions": ["devices:read"]}
    key = admin.data("POST", KEYS, json=body, status=201)
    with signing_caller(stack, key) as screen:
        assert screen.get(DEVICES).status_code == 200
        assert screen.post(DEVICES, json={"name": "Kiosk"}).json()["error"]["code"] == "permission_denied"
    admin.delete(f"{KEYS}/{key['id']}")


def test_a_key_for_the_other_api_is_noted_when_it_is_used(stack: Stack, admin: Api) -> None:
    key = admin.data("POST", KEYS, json={"kind": "ux_metrics", "name": "Laptop"}, status=201)
    with token_caller(stack, key["secret"]) as laptop:
        assert laptop.get("/api/v1/workspace").status_code == 200
    shown = [each for each in admin.data("GET", f"{KEYS}?per_page=100") if each["id"] == key["id"]]
    assert shown[0]["last_used_at"] is not None
    admin.delete(f"{KEYS}/{key['id']}")


def test_health_is_for_everybody_and_its_details_for_admins(stack: Stack, anonymous: Api, admin: Api) -> None:
    assert anonymous.get("/api/health").json() == {"data": {"status": "ok"}}
    assert code(anonymous.get("/api/health/detailed")) == (401, "UNAUTHORIZED")
    details = admin.data("GET", "/api/health/detailed")
    assert (details["status"], sorted(details["dependencies"])) == (
        "ok",
        ["buckets_table", "data_key", "signing_secret", "table"],
    )
    reader = logged_in(stack, "load", "read_only")
    with token_caller(stack, reader["access_token"]) as nobody:
        assert code(nobody.get("/api/health/detailed")) == (403, "FORBIDDEN")


def test_a_neighbours_key_is_none(stack: Stack, admin: Api) -> None:
    key = admin.data("POST", KEYS, json={"kind": "ux_metrics", "name": "Ours"}, status=201)
    with caller_of(stack, "neighbour") as neighbour:
        seen, never = (neighbour.delete(f"{KEYS}/{key_id}") for key_id in (key["id"], f"key_{'0' * 26}"))
    assert (seen.status_code, seen.text) == (never.status_code, never.text) == (404, never.text)
    admin.delete(f"{KEYS}/{key['id']}")
