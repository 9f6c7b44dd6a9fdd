"""/api/auth"""

import base64
import hashlib
import hmac
import json
import zlib
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.handlers.account_door import (
    LOGIN,
    LOGOUT,
    ME,
    PASSWORD,
    REFRESH,
    REGISTER,
    Door,
    named,
    tokens,
    user_of,
)
from tests.handlers.conftest import Client, Clock, Platform, Reply, die
from tests.handlers.events import event, stored
from tests.handlers.metricis_accounts import Team, fields, refusal, team_of
from trimetric.auth.passwords import Passwords
from trimetric.auth.signing_keys import CURRENT
from trimetric.domain.metricis.accounts import Role, User
from trimetric.dynamo.keys import login_attempts
from trimetric.dynamo.metricis.accounts import Accounts, digest


@pytest.fixture
def door(platform: Platform) -> Door:
    return Door(platform)


@pytest.fixture
def team(platform: Platform) -> Team:
    return team_of(platform)


@pytest.fixture
def ada(platform: Platform, team: Team) -> User:
    return user_of(platform, team.workspace.id, "ada@clinic.example")


# -- login -------------------------------------------------------------------------------------------------------------


def test_login_answers_with_tokens_and_the_user(door: Door, ada: User) -> None:
    reply = door.login("ada@clinic.example")
    document = tokens(reply)
    assert list(document) == ["access_token", "refresh_token", "token_type", "expires_in", "user", "tokens"]
    assert document["tokens"] == {name: document[name] for name in list(document)[:4]}
    assert (document["token_type"], document["expires_in"]) == ("bearer", 1800)
    assert document["user"] == {
        "id": ada.id,
        "email": "ada@clinic.example",
        "name": "Ada",
        "role": "researcher",
        "status": "active",
    }
    assert reply.headers["cache-control"] == "no-store"
    assert "etag" not in reply.headers
    assert door.me(document["access_token"]).data == document["user"]


@pytest.mark.parametrize("email", ["ada@clinic.example", "ADA@Clinic.Example"])
@pytest.mark.parametrize("extra", [{}, {"grant_type": "password", "scope": "", "client_id": "", "client_secret": ""}])
def test_login_takes_a_form_and_any_case(door: Door, ada: User, email: str, extra: dict[str, str]) -> None:
    form = urlencode({"username": email, "password": PASSWORD, **extra}).encode()
    reply = door.send(LOGIN, form=form, content_type="application/x-www-form-urlencoded")
    assert tokens(reply)["user"]["id"] == ada.id


@pytest.mark.parametrize("name", ["login_json", "login_form"])
def test_login_as_the_gateway_sends_it(platform: Platform, ada: User, name: str) -> None:
    assert tokens(platform.send(stored(name)))["user"]["id"] == ada.id


def test_a_password_typed_on_another_keyboard_is_the_same(door: Door, ada: User, platform: Platform) -> None:
    composed, decomposed = "na\u00efve caf\u00e9 13", "nai\u0308ve cafe\u0301 13"
    changed = platform.passwords.hash(composed)
    Accounts(platform.table).change(ada, updated_at=ada.updated_at, password_hash=changed)
    assert door.login(ada.email, decomposed).status == 200


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, ["email", "password"]),
        ({"email": "x", "password": "y"}, ["email"]),
        ({"email": "a@b.example", "password": ""}, ["password"]),
        ({"email": "a@b.example", "password": "x" * 1025}, ["password"]),
        ({"email": "a@b.example", "password": 12}, ["password"]),
        ({"email": "a@b.example", "password": "x", "remember": True}, ["remember"]),
        ([], ["body"]),
    ],
)
def test_a_body_that_does_not_fit_is_422(door: Door, body: Any, named: list[str]) -> None:
    reply = door.send(LOGIN, body)
    assert refusal(reply) == (422, "VALIDATION_ERROR")
    assert fields(reply) == named


@pytest.mark.parametrize(
    ("content", "content_type", "expected"),
    [
        (b"{", "application/json", (400, "BAD_REQUEST")),
        (b'{"email": "a@b.example", "email": "b@b.example"}', "application/json", (400, "BAD_REQUEST")),
        (b"username=%FF&password=x", "application/x-www-form-urlencoded", (400, "BAD_REQUEST")),
        (b"username=a&username=b", "application/x-www-form-urlencoded", (400, "BAD_REQUEST")),
        (b"username", "application/x-www-form-urlencoded", (400, "BAD_REQUEST")),
        (b"\xff=1", "application/x-www-form-urlencoded", (400, "BAD_REQUEST")),
        (b"&".join([b"a=1"] * 30), "application/x-www-form-urlencoded", (400, "BAD_REQUEST")),
        (b"username=ada&password=x", "application/x-www-form-urlencoded", (422, "VALIDATION_ERROR")),
        (b"username=a@b.example&password=x&scope=all", "application/x-www-form-urlencoded", (422, "VALIDATION_ERROR")),
        (b"email=a@b.example", "text/plain", (415, "UNSUPPORTED_MEDIA_TYPE")),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(
    door: Door, content: bytes, content_type: str, expected: tuple[int, str]
) -> None:
    assert refusal(door.send(LOGIN, form=content, content_type=content_type)) == expected


def test_a_wrong_user_and_a_wrong_password_are_the_same_answer_after_the_same_work(
    door: Door, ada: User, platform: Platform
) -> None:
    seen = []
    for email, password in (("ada@clinic.example", "not the password"), ("nobody@clinic.example", PASSWORD)):
        before = platform.passwords.computed
        reply = door.login(email, password, x_request_id="same")
        line = platform.log_lines()[-1]
        work = (platform.passwords.computed - before, line["store_calls"], line["read_units"], line["write_units"])
        seen.append((reply.status, reply.text, reply.headers, work))
    assert seen[0] == seen[1]
    assert seen[0][0] == 401
    assert seen[0][3][0] == 1


def test_a_workspace_that_is_switched_off_answers_403_to_a_right_login_only(
    door: Door, ada: User, platform: Platform, team: Team
) -> None:
    token = tokens(door.login(ada.email))
    platform.workspaces.change(team.workspace.id, api_enabled=False)
    platform.forget()
    assert refusal(door.login(ada.email)) == (403, "FORBIDDEN")
    assert refusal(door.login(ada.email, "wrong password")) == (401, "UNAUTHORIZED")
    assert refusal(door.refresh(token["refresh_token"])) == (403, "FORBIDDEN")
    assert refusal(door.me(token["access_token"])) == (403, "FORBIDDEN")


def test_a_disabled_user_is_shut_out_of_everything(door: Door, ada: User, platform: Platform) -> None:
    token = tokens(door.login(ada.email))
    Accounts(platform.table).change(ada, updated_at=ada.updated_at, status="disabled")
    assert refusal(door.login(ada.email)) == (403, "FORBIDDEN")
    assert refusal(door.login(ada.email, "wrong password")) == (401, "UNAUTHORIZED")
    assert refusal(door.refresh(token["refresh_token"])) == (401, "UNAUTHORIZED")
    platform.clock.advance(60)
    assert refusal(door.me(token["access_token"])) == (401, "UNAUTHORIZED")


def test_ten_wrong_passwords_make_the_next_one_wait(door: Door, ada: User, clock: Clock) -> None:
    answers = [door.login(ada.email, "wrong password").status for _ in range(10)]
    assert answers == [401] * 10
    refused = door.login(ada.email)
    assert refusal(refused) == (429, "RATE_LIMIT_EXCEEDED")
    waits = int(refused.headers["retry-after"])
    assert 1 <= waits <= 30
    clock.advance(waits)
    assert door.login(ada.email, "wrong again").status == 401
    assert 31 <= int(door.login(ada.email).headers["retry-after"]) <= 60
    clock.advance(60)
    assert door.login(ada.email).status == 200
    assert [door.login(ada.email, "wrong password").status for _ in range(10)] == [401] * 10


def test_an_address_that_names_nobody_backs_off_alike(door: Door, ada: User) -> None:
    def refused(email: str) -> list[tuple[int, str | None]]:
        replies = [door.login(email, "wrong password") for _ in range(12)]
        return [(reply.status, reply.headers.get("retry-after")) for reply in replies]

    assert refused("nobody@clinic.example") == refused(ada.email)


def test_wrong_passwords_of_long_ago_are_forgotten(door: Door, ada: User, clock: Clock) -> None:
    for _ in range(10):
        door.login(ada.email, "wrong password")
    clock.advance(24 * 3600 + 60)
    assert [door.login(ada.email, "wrong password").status for _ in range(10)] == [401] * 10


def test_an_attempt_that_somebody_else_makes_meanwhile_is_counted_too(
    door: Door, ada: User, platform: Platform
) -> None:
    with platform.between_read_and_write(lambda: Door(platform, 1000).login(ada.email, "theirs")):
        assert door.login(ada.email, "mine").status == 401
    item = platform.table.get(login_attempts(digest(ada.email)))
    assert item is not None
    assert item["count"] == 2


def test_a_right_password_forgets_the_wrong_ones(door: Door, ada: User, platform: Platform) -> None:
    for _ in range(9):
        door.login(ada.email, "wrong password")
    assert door.login(ada.email).status == 200
    assert platform.table.get(login_attempts(digest(ada.email))) is None


def test_a_hash_with_old_parameters_is_made_anew(door: Door, ada: User, platform: Platform) -> None:
    platform.passwords = Passwords(time_cost=2, memory_kib=8)
    platform.forget()
    assert door.login(ada.email).status == 200
    found = Accounts(platform.table).user(ada.workspace_id, ada.id)
    assert found is not None
    assert "t=2" in found.password_hash
    assert door.login(ada.email).status == 200


def test_login_with_an_idempotency_key_happens_once(door: Door, ada: User, platform: Platform) -> None:
    first = door.login(ada.email, idempotency_key="k")
    again = door.login(ada.email, idempotency_key="k")
    assert again.text == first.text
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["cache-control"] == "no-store"
    assert len(Accounts(platform.table).sessions(ada)) == 1
    other = door.send(LOGIN, {"password": PASSWORD, "email": ada.email}, idempotency_key="k")
    assert refusal(other) == (422, "IDEMPOTENCY_KEY_REUSED")
    for _ in range(11):
        assert door.login(ada.email, idempotency_key="k").status == 200


def test_a_login_that_died_before_its_answer_is_answered_by_the_next(door: Door, ada: User, platform: Platform) -> None:
    # The first write counts the attempt, the second is the login.
    platform.moments.after = lambda: setattr(platform.moments, "after", die)
    assert door.login(ada.email, idempotency_key="k").status == 500
    replayed = door.login(ada.email, idempotency_key="k")
    assert replayed.headers["idempotent-replayed"] == "true"
    assert door.me(tokens(replayed)["access_token"]).status == 200


def test_nothing_in_the_table_opens_an_account(door: Door, ada: User, platform: Platform, team: Team) -> None:
    answer = tokens(door.login(ada.email, idempotency_key="k"))
    renewed = tokens(door.refresh(answer["refresh_token"], idempotency_key="k2"))
    registered = {"email": "eve@clinic.example", "password": "a password of eve", "name": "Eve"}
    assert registering(door, team.admin, registered, idempotency_key="k3").status == 201
    items = platform.table.items()
    bodies = [zlib.decompress(item["body"]) for item in items if "body" in item]
    assert len(bodies) == 3
    kept = repr(items) + repr(bodies)
    assert ada.email in kept
    for secret in (PASSWORD, "a password of eve", *_secrets(answer), *_secrets(renewed)):
        assert secret not in kept
    login_body = json.dumps({"email": ada.email, "password": PASSWORD}).encode()
    for guess in (login_body, bytes(4) + login_body):
        assert hashlib.sha256(guess).hexdigest() not in kept


def _secrets(answer: dict[str, Any]) -> tuple[str, str]:
    return answer["access_token"], answer["refresh_token"]


# -- refresh -----------------------------------------------------------------------------------------------------------


def test_a_refresh_token_gives_new_tokens_once(door: Door, ada: User) -> None:
    first = tokens(door.login(ada.email))
    second = tokens(door.refresh(first["refresh_token"]))
    assert second["refresh_token"] != first["refresh_token"]
    assert second["user"] == first["user"]
    assert door.me(second["access_token"]).status == 200
    third = tokens(door.send(REFRESH, authorization=f"Bearer {second['refresh_token']}"))
    assert third["refresh_token"] not in (first["refresh_token"], second["refresh_token"])


def test_a_form_and_an_old_access_token_beside_the_body_do_no_harm(door: Door, ada: User) -> None:
    first = tokens(door.login(ada.email))
    form = urlencode({"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}).encode()
    reply = door.send(
        REFRESH,
        form=form,
        content_type="application/x-www-form-urlencoded",
        authorization=f"Bearer {first['access_token']}",
    )
    assert reply.status == 200


def test_reuse_ends_the_family(door: Door, ada: User, platform: Platform, clock: Clock) -> None:
    first = tokens(door.login(ada.email))
    other = tokens(door.login(ada.email))
    second = tokens(door.refresh(first["refresh_token"]))
    assert refusal(door.refresh(first["refresh_token"])) == (401, "UNAUTHORIZED")
    assert refusal(door.refresh(second["refresh_token"])) == (401, "UNAUTHORIZED")
    for access_token in (first["access_token"], second["access_token"]):
        assert refusal(door.me(access_token)) == (401, "UNAUTHORIZED")
    assert door.me(other["access_token"]).status == 200
    assert platform.log_lines()[-5].get("refresh_reused") is True


def test_two_refreshes_at_once_are_reuse(door: Door, ada: User, platform: Platform) -> None:
    first = tokens(door.login(ada.email))
    theirs: list[Reply] = []
    with platform.between_read_and_write(lambda: theirs.append(Door(platform, 500).refresh(first["refresh_token"]))):
        assert door.refresh(first["refresh_token"]).status == 401
    assert door.refresh(tokens(theirs[0])["refresh_token"]).status == 401


def test_the_same_refresh_once_more_gets_its_answer_once_more(door: Door, ada: User, platform: Platform) -> None:
    first = tokens(door.login(ada.email))
    second = door.refresh(first["refresh_token"], idempotency_key="k")
    again = door.refresh(first["refresh_token"], idempotency_key="k")
    assert (again.status, again.text) == (200, second.text)
    assert again.headers["idempotent-replayed"] == "true"
    assert door.refresh(tokens(second)["refresh_token"]).status == 200


def test_another_token_under_a_known_idempotency_key_is_reuse_if_it_was_used(door: Door, ada: User) -> None:
    first = tokens(door.login(ada.email))
    second = tokens(door.send(REFRESH, authorization=f"Bearer {first['refresh_token']}", idempotency_key="k"))
    third = tokens(door.send(REFRESH, authorization=f"Bearer {second['refresh_token']}"))
    stolen = door.send(REFRESH, authorization=f"Bearer {second['refresh_token']}", idempotency_key="k")
    assert refusal(stolen) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert door.refresh(third["refresh_token"]).status == 401


def test_a_refresh_that_died_after_its_effect_is_answered_by_the_next(
    door: Door, ada: User, platform: Platform
) -> None:
    first = tokens(door.login(ada.email))
    platform.moments.after = die
    assert door.refresh(first["refresh_token"], idempotency_key="k").status == 500
    replayed = door.refresh(first["refresh_token"], idempotency_key="k")
    assert replayed.headers["idempotent-replayed"] == "true"
    assert door.refresh(tokens(replayed)["refresh_token"]).status == 200


@pytest.mark.parametrize(
    "token",
    ["", "x", "mtr_", "mtr_" + "0" * 132, "mtr_" + "0" * 16 + "0" * 52 + "a" * 64, "Bearer"],
)
def test_what_is_no_refresh_token_is_401(door: Door, token: str) -> None:
    assert refusal(door.refresh(token)) == (401, "UNAUTHORIZED")


def test_a_refresh_without_any_token_is_401(door: Door) -> None:
    assert refusal(door.send(REFRESH)) == (401, "UNAUTHORIZED")
    assert refusal(door.send(REFRESH, authorization="Basic eDp5")) == (401, "UNAUTHORIZED")


def test_a_login_ends_thirty_days_after_it_began(door: Door, ada: User, clock: Clock) -> None:
    token = tokens(door.login(ada.email))
    for _ in range(29):
        clock.advance(24 * 3600)
        token = tokens(door.refresh(token["refresh_token"]))
    clock.advance(24 * 3600 + 1)
    assert refusal(door.refresh(token["refresh_token"])) == (401, "UNAUTHORIZED")


# -- access tokens -----------------------------------------------------------------------------------------------------


def test_an_access_token_ends_after_half_an_hour(door: Door, ada: User, clock: Clock) -> None:
    token = tokens(door.login(ada.email))["access_token"]
    clock.advance(1790)
    assert door.me(token).status == 200
    clock.advance(10)
    assert refusal(door.me(token)) == (401, "UNAUTHORIZED")


def test_a_new_role_counts_within_a_minute(door: Door, ada: User, platform: Platform, clock: Clock) -> None:
    token = tokens(door.login(ada.email))["access_token"]
    assert door.me(token).data["role"] == "researcher"
    Accounts(platform.table).change(ada, updated_at=ada.updated_at, role="read_only")
    clock.advance(60)
    assert door.me(token).data["role"] == "read_only"


def _json(part: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def _packed(document: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


def _signed(header: dict[str, Any], claims: dict[str, Any], secret: bytes, *, algorithm: str = "sha256") -> str:
    """Written from RFC 7515, so that a test can make what the library would not."""
    signing_input = f"{_packed(header)}.{_packed(claims)}"
    signature = hmac.new(secret, signing_input.encode(), algorithm).digest()
    return f"{signing_input}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def test_an_access_token_is_a_jwt_with_these_claims(door: Door, ada: User, platform: Platform) -> None:
    token = tokens(door.login(ada.email))["access_token"]
    head, body, _ = token.split(".")
    key = platform.secret.versions[CURRENT]
    assert _json(head) == {"alg": "HS256", "typ": "JWT", "kid": key.id}
    claims = _json(body)
    assert {name: claims[name] for name in ("iss", "aud", "sub", "ws")} == {
        "iss": "trimetric",
        "aud": "metricis",
        "sub": ada.id,
        "ws": ada.workspace_id,
    }
    assert claims["exp"] - claims["iat"] == 1800
    assert door.me(_signed(_json(head), claims, key.secret)).status == 200


def test_a_token_that_was_not_signed_here_for_this_is_401(door: Door, ada: User, platform: Platform) -> None:
    token = tokens(door.login(ada.email))["access_token"]
    head, body = (_json(part) for part in token.split(".")[:2])
    secret = platform.secret.versions[CURRENT].secret
    without_expiry = {name: value for name, value in body.items() if name != "exp"}
    forged = [
        _signed(head, body, b"another key"),
        _signed(head, {**body, "aud": "ux"}, secret),
        _signed(head, {**body, "iss": "another"}, secret),
        _signed(head, {**body, "sub": 7}, secret),
        _signed(head, without_expiry, secret),
        _signed(head, {**body, "sub": f"usr_{'0' * 26}"}, secret),
        _signed(head, {**body, "ws": f"ws_{'0' * 16}"}, secret),
        _signed({**head, "alg": "HS512"}, body, secret, algorithm="sha512"),
        _signed({**head, "kid": "unknown"}, body, secret),
        _signed({"alg": "HS256"}, body, secret),
        f"{_packed({**head, 'alg': 'none'})}.{_packed(body)}.",
        f"{_packed({**head, 'alg': 'none'})}.{_packed(body)}.AAAA",
        "a.b.c",
        token[:-4] + "AAAA",
        token + "." + "x" * 3000,
    ]
    platform.forget()
    assert {refusal(door.me(each)) for each in forged} == {(401, "UNAUTHORIZED")}
    assert door.me(token).status == 200


def test_tokens_outlive_one_rotation_of_the_key_and_not_two(
    door: Door, ada: User, platform: Platform, clock: Clock
) -> None:
    first = tokens(door.login(ada.email))["access_token"]
    platform.secret.rotate()
    platform.forget()
    second = tokens(door.login(ada.email))["access_token"]
    assert [door.me(token).status for token in (first, second)] == [200, 200]
    platform.secret.rotate()
    platform.forget()
    assert [door.me(token).status for token in (first, second)] == [401, 200]


def test_a_process_learns_of_a_rotation_from_the_first_token_that_shows_it(
    door: Door, ada: User, platform: Platform, clock: Clock
) -> None:
    first = tokens(door.login(ada.email))["access_token"]
    platform.secret.rotate()
    clock.advance(301)
    second = tokens(door.login(ada.email))["access_token"]
    assert _json(second.split(".")[0])["kid"] == platform.secret.versions[CURRENT].id
    assert [door.me(token).status for token in (first, second)] == [200, 200]


def test_made_up_key_ids_cost_a_lookup_in_ten_seconds_at_most(door: Door, ada: User, platform: Platform) -> None:
    token = tokens(door.login(ada.email))["access_token"]
    head, body = (_json(part) for part in token.split(".")[:2])
    before = platform.secret.reads
    for number in range(20):
        assert door.me(_signed({**head, "kid": str(number)}, body, b"x")).status == 401
    assert platform.secret.reads - before <= 2


def test_a_secret_that_cannot_be_read_is_503_only_where_no_key_is_known(
    door: Door, ada: User, platform: Platform, clock: Clock
) -> None:
    token = tokens(door.login(ada.email))["access_token"]
    platform.secret.down = True
    clock.advance(400)
    assert door.me(token).status == 200
    platform.forget()
    assert refusal(door.me(token)) == (503, "UNAVAILABLE")


# -- logout, me --------------------------------------------------------------------------------------------------------


def test_logout_ends_the_login(door: Door, ada: User) -> None:
    token = tokens(door.login(ada.email))
    other = tokens(door.login(ada.email))
    reply = door.send(LOGOUT, authorization=f"Bearer {token['access_token']}")
    assert (reply.status, reply.text) == (204, "")
    assert refusal(door.me(token["access_token"])) == (401, "UNAUTHORIZED")
    assert refusal(door.refresh(token["refresh_token"])) == (401, "UNAUTHORIZED")
    assert door.me(other["access_token"]).status == 200


def test_logout_in_another_process_counts_within_a_minute(
    door: Door, ada: User, platform: Platform, clock: Clock
) -> None:
    token = tokens(door.login(ada.email))["access_token"]
    assert door.me(token).status == 200
    [session] = Accounts(platform.table).sessions(ada)
    Accounts(platform.table).end_session(session)
    clock.advance(60)
    assert refusal(door.me(token)) == (401, "UNAUTHORIZED")


def test_logout_takes_no_input(door: Door, ada: User) -> None:
    token = tokens(door.login(ada.email))["access_token"]
    assert refusal(door.send(LOGOUT, {"all": True}, authorization=f"Bearer {token}")) == (422, "VALIDATION_ERROR")
    assert door.me(token).status == 200


def test_an_api_token_is_somebody_too_but_has_no_login(door: Door, team: Team) -> None:
    shown = door.me(str(team.coordinator.secret))
    assert (shown.data["name"], shown.data["role"], shown.data["email"]) == ("tests coordinator", "coordinator", None)
    reply = door.send(LOGOUT, authorization=f"Bearer {team.coordinator.secret}")
    assert refusal(reply) == (403, "FORBIDDEN")


def test_me_is_tagged(door: Door, ada: User) -> None:
    token = tokens(door.login(ada.email))["access_token"]
    etag = door.me(token).headers["etag"]
    unchanged = door.send(ME, method="GET", authorization=f"Bearer {token}", if_none_match=etag)
    assert unchanged.status == 304


# -- register ----------------------------------------------------------------------------------------------------------

NEW = {"email": "Grace@clinic.example", "password": "a long password", "name": "Grace", "role": "coordinator"}


def registering(door: Door, client: Client, body: Any = NEW, **headers: str) -> Reply:
    return door.send_with({"authorization": f"Bearer {client.secret}", **named(headers)}, REGISTER, body)


def test_an_admin_creates_users(door: Door, team: Team) -> None:
    reply = registering(door, team.admin)
    assert reply.status == 201
    assert reply.data == {
        "id": reply.data["id"],
        "email": "Grace@clinic.example",
        "name": "Grace",
        "role": "coordinator",
        "status": "active",
    }
    assert tokens(door.login("grace@clinic.example", "a long password"))["user"] == reply.data


def test_a_user_reads_by_default(door: Door, team: Team) -> None:
    body = {name: value for name, value in NEW.items() if name != "role"}
    assert registering(door, team.admin, body).data["role"] == "read_only"


def test_an_address_has_one_account_in_the_whole_stack(door: Door, team: Team, platform: Platform, ada: User) -> None:
    elsewhere = team_of(platform, name="Another clinic")
    taken = {**NEW, "email": "ADA@clinic.example"}
    replies = [registering(door, admin, taken, x_request_id="x") for admin in (team.admin, elsewhere.admin)]
    assert [refusal(reply) for reply in replies] == [(409, "CONFLICT")] * 2
    assert replies[0].text == replies[1].text
    assert Accounts(platform.table).users(elsewhere.workspace.id) == []


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"email": "not an address"}, "email"),
        ({"email": None}, "email"),
        ({"password": "eleven char"}, "password"),
        ({"password": "x" * 1025}, "password"),
        ({"password": "with a \0 inside it"}, "password"),
        ({"name": " "}, "name"),
        ({"role": "owner"}, "role"),
        ({"status": "active"}, "status"),
        ({"id": "usr_x"}, "id"),
    ],
)
def test_a_user_that_does_not_fit_is_422(door: Door, team: Team, members: dict[str, Any], field: str) -> None:
    reply = registering(door, team.admin, {**NEW, **members})
    assert refusal(reply) == (422, "VALIDATION_ERROR")
    assert fields(reply) == [field]
    assert "eleven char" not in reply.text


def test_a_short_password_is_told_its_length(door: Door, team: Team) -> None:
    reply = registering(door, team.admin, {**NEW, "password": "eleven char"})
    assert reply.json["error"]["details"]["reason"] == "must have at least 12 characters"


def test_register_with_an_idempotency_key_happens_once(door: Door, team: Team, platform: Platform) -> None:
    first, again = (registering(door, team.admin, idempotency_key="k") for _ in range(2))
    assert (again.status, again.text) == (201, first.text)
    other = registering(door, team.admin, {**NEW, "password": "another password"}, idempotency_key="k")
    assert refusal(other) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert len(Accounts(platform.table).users(team.workspace.id)) == 1


# -- who may -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "path"), [("GET", ME), ("POST", LOGOUT), ("POST", REGISTER)])
def test_an_anonymous_caller_is_refused(door: Door, method: str, path: str) -> None:
    reply = door.send(path, method=method)
    assert refusal(reply) == (401, "UNAUTHORIZED")
    assert reply.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("role", [Role.READ_ONLY, Role.COORDINATOR, Role.RESEARCHER])
def test_only_admins_register(door: Door, team: Team, role: Role) -> None:
    assert refusal(registering(door, team.by_role[role])) == (403, "FORBIDDEN")


def test_a_key_of_another_dialect_is_401(door: Door, api: Client) -> None:
    assert refusal(door.me(str(api.secret))) == (401, "UNAUTHORIZED")


def test_an_address_comes_in_ten_times_a_minute(platform: Platform, team: Team, clock: Clock) -> None:
    def me() -> Reply:
        headers = {"authorization": f"Bearer {team.admin.secret}"}
        return platform.send(event("GET", ME, headers=headers, address="203.0.113.1"))

    replies = [me() for _ in range(11)]
    assert [reply.status for reply in replies] == [200] * 10 + [429]
    assert replies[0].headers["x-ratelimit-limit"] == "10"
    assert refusal(replies[-1]) == (429, "RATE_LIMIT_EXCEEDED")
    clock.advance(int(replies[-1].headers["retry-after"]))
    assert me().status == 200


def test_round_trips(door: Door, ada: User, team: Team, platform: Platform) -> None:
    token = tokens(door.login(ada.email))
    calls = platform.round_trips(
        login=lambda: door.login(ada.email),
        refresh=lambda: door.refresh(token["refresh_token"]),
        me=lambda: door.me(str(team.admin.secret)),
        me_again=lambda: door.me(str(team.admin.secret)),
        register=lambda: registering(door, team.admin),
    )
    # The address's bucket, and the user's or token's where it is known; me is first met by a cold cache.
    assert calls == {"login": 5, "refresh": 4, "me": 3, "me_again": 2, "register": 3}
