"""Logins, users and keys whose function dies, or meets another, at every call to the store."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.handlers.account_door import PASSWORD, REGISTER, Door, tokens, user_of
from tests.handlers.conftest import Client, Platform, Reply, elsewhere
from tests.handlers.interruptions import Interruptions
from tests.handlers.metricis_accounts import Team, team_of
from tests.handlers.signing import SignedClient
from trimetric.domain.workspaces import Credential
from trimetric.dynamo.keys import login_attempts
from trimetric.dynamo.metricis.accounts import Accounts, digest

if TYPE_CHECKING:
    from trimetric.domain.metricis.accounts import User

KEYS = "/api/keys"
TOKEN = {"kind": "metricis", "name": "Tablet", "role": "coordinator"}
SIGNING_KEY = {"kind": "apiauth", "name": "Kiosk"}
#: More calls than any of these requests makes.
MOST_CALLS = 12


@pytest.fixture
def store(platform: Platform) -> Interruptions:
    return Interruptions(platform.table)


@pytest.fixture
def door(platform: Platform) -> Door:
    return Door(platform)


@pytest.fixture
def team(platform: Platform) -> Team:
    return team_of(platform)


def deaths(store: Interruptions, send: Callable[[str], Reply], check: Callable[[Reply], None]) -> int:
    """Kills `send` at each of its calls in turn, sends it again under the same key, and checks what came of it.

    Gives how often it died.
    """
    died = 0
    for call in range(MOST_CALLS):
        for behind in (False, True):
            key = f"{call}-{behind}"
            store.kill(call, behind=behind)
            first = send(key)
            dead = len(store.calls) > call
            store.leave_alone()
            assert (first.status == 500) is dead
            died += dead
            check(send(key))
        if not dead:
            break
    return died


def test_logins_that_die(platform: Platform, door: Door, team: Team, store: Interruptions) -> None:
    users: dict[str, User] = {}

    def send(key: str) -> Reply:
        if key not in users:
            before, after = platform.table.before, platform.table.after
            platform.table.before = platform.table.after = lambda operation: None
            users[key] = user_of(platform, team.workspace.id, f"{key}@clinic.example".lower())
            platform.table.before, platform.table.after = before, after
        return door.login(users[key].email, idempotency_key=key)

    def check(reply: Reply) -> None:
        email = tokens(reply)["user"]["email"]
        [user] = [user for user in users.values() if user.email == email]
        assert len(Accounts(platform.table).sessions(user)) == 1
        assert platform.table.get(login_attempts(digest(email))) is None
        assert door.me(tokens(reply)["access_token"]).status == 200

    # Two reads, the attempt, the login.
    assert deaths(store, send, check) == 8


def test_refreshes_that_die(platform: Platform, door: Door, team: Team, store: Interruptions) -> None:
    ada = user_of(platform, team.workspace.id, "ada@clinic.example")
    login = {"refresh_token": tokens(door.login(ada.email))["refresh_token"]}

    def send(key: str) -> Reply:
        return door.refresh(login["refresh_token"], idempotency_key=key)

    def check(reply: Reply) -> None:
        login["refresh_token"] = tokens(reply)["refresh_token"]
        assert len(Accounts(platform.table).sessions(ada)) == 1

    assert deaths(store, send, check) == 4
    assert door.refresh(login["refresh_token"]).status == 200


def test_registrations_that_die(platform: Platform, door: Door, team: Team, store: Interruptions) -> None:
    door.me(str(team.admin.secret))

    def send(key: str) -> Reply:
        body = {"email": f"{key}@clinic.example", "password": PASSWORD, "name": key}
        headers = {"authorization": f"Bearer {team.admin.secret}", "idempotency-key": key}
        return door.send_with(headers, REGISTER, body)

    def check(reply: Reply) -> None:
        assert reply.status == 201
        assert door.login(reply.data["email"]).status == 200

    assert deaths(store, send, check) == 2
    emails = [user.email for user in Accounts(platform.table).users(team.workspace.id)]
    assert len(emails) == len(set(emails))


def secrets_of(platform: Platform, team: Team, key_id: str) -> list[Credential]:
    return [one for one in platform.workspaces.list_credentials(team.workspace.id) if one.id == key_id]


def opens(platform: Platform, secret: str) -> bool:
    platform.forget()
    return Door(platform, 9000).me(secret).status == 200


def test_keys_whose_issue_dies(platform: Platform, team: Team, store: Interruptions) -> None:
    team.admin.get(KEYS)

    def send(key: str) -> Reply:
        return team.admin.post(KEYS, {**TOKEN, "name": key}, idempotency_key=key)

    def check(reply: Reply) -> None:
        assert reply.status == 201
        assert Client(platform, reply.data["secret"]).get(KEYS).status == 403

    assert deaths(store, send, check) == 2
    names = [one.name for one in platform.workspaces.list_credentials(team.workspace.id)]
    assert len(names) == len(set(names))


def test_rotations_that_die(platform: Platform, team: Team, store: Interruptions) -> None:
    key = team.admin.post(KEYS, TOKEN).data
    latest = {"secret": key["secret"]}

    def send(request_key: str) -> Reply:
        return team.admin.post(f"{KEYS}/{key['id']}/rotate", idempotency_key=request_key)

    def check(reply: Reply) -> None:
        assert reply.status == 200
        assert len(secrets_of(platform, team, key["id"])) == 2
        for secret in (latest["secret"], reply.data["secret"]):
            assert Client(platform, secret).get(KEYS).status == 403
        latest["secret"] = reply.data["secret"]

    assert deaths(store, send, check) == 4


def test_rotations_of_signing_keys_that_die(platform: Platform, team: Team, store: Interruptions) -> None:
    key = team.admin.post(KEYS, SIGNING_KEY).data
    latest = {"secret": key["secret"]}

    def send(request_key: str) -> Reply:
        return team.admin.post(f"{KEYS}/{key['id']}/rotate", idempotency_key=request_key)

    def check(reply: Reply) -> None:
        assert reply.status == 200
        [held] = secrets_of(platform, team, key["id"])
        assert len(held.secrets) == 2
        for secret in (latest["secret"], reply.data["secret"]):
            holder = SignedClient(platform, key["key"], secret, team.workspace, key["id"])
            platform.forget()
            platform.clock.advance(1)
            assert holder.get("/api/experience/devices").status == 200
        latest["secret"] = reply.data["secret"]

    # Each process is a new one, so it reads who calls, too.
    assert deaths(store, send, check) == 6


def test_revocations_that_die(platform: Platform, team: Team, store: Interruptions) -> None:
    for call in range(2):
        for behind in (False, True):
            key = team.admin.post(KEYS, TOKEN).data
            team.admin.post(f"{KEYS}/{key['id']}/rotate")
            store.kill(call, behind=behind)
            assert team.admin.delete(f"{KEYS}/{key['id']}").status == 500
            store.leave_alone()
            left = len(secrets_of(platform, team, key["id"]))
            assert left == (0 if (call, behind) == (1, True) else 2)
            assert team.admin.delete(f"{KEYS}/{key['id']}").status == (204 if left else 404)
            assert secrets_of(platform, team, key["id"]) == []


@pytest.mark.parametrize("call", range(2))
def test_two_refreshes_never_both_succeed(
    platform: Platform, door: Door, team: Team, store: Interruptions, call: int
) -> None:
    ada = user_of(platform, team.workspace.id, "ada@clinic.example")
    token = tokens(door.login(ada.email))["refresh_token"]
    theirs: list[Reply] = []
    store.step_in(call, lambda: theirs.append(Door(platform, 500).refresh(token)))
    mine = door.refresh(token)
    assert [theirs[0].status, mine.status] == [200, 401]
    assert Accounts(platform.table).sessions(ada) == []
    assert door.refresh(tokens(theirs[0])["refresh_token"]).status == 401


@pytest.mark.parametrize("call", range(2))
def test_of_two_rotations_each_gives_a_secret_that_opens(
    platform: Platform, team: Team, store: Interruptions, call: int
) -> None:
    key = team.admin.post(KEYS, TOKEN).data
    path = f"{KEYS}/{key['id']}/rotate"
    theirs: list[Reply] = []
    store.step_in(call, lambda: theirs.append(team.admin.post(path)))
    mine = team.admin.post(path)
    assert (theirs[0].status, mine.status) == (200, 200)
    assert len(secrets_of(platform, team, key["id"])) == 2
    assert [opens(platform, one.data["secret"]) for one in (theirs[0], mine)] == [True, True]
    assert not opens(platform, key["secret"])


def test_attempts_at_once_are_all_counted(platform: Platform, team: Team) -> None:
    ada = user_of(platform, team.workspace.id, "ada@clinic.example")
    doors = [Door(platform, 100 * number) for number in range(30)]
    doors[0].me("warm")

    def guess(own: Door) -> int:
        return elsewhere(lambda: own.login(ada.email, "a wrong password")).status

    with ThreadPoolExecutor(8) as threads:
        statuses = list(threads.map(guess, doors))
    assert statuses.count(401) == 10
    # 503: others were quicker nine times in a row; nothing was judged.
    assert set(statuses) <= {401, 429, 503}


def test_the_same_request_several_times_at_once_has_one_answer(team: Team) -> None:
    with ThreadPoolExecutor(4) as threads:
        asked = [
            threads.submit(lambda: elsewhere(lambda: team.admin.post(KEYS, TOKEN, idempotency_key="one")))
            for _ in range(8)
        ]
        answers = [each.result() for each in asked]
    assert {answer.status for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
