"""/api/keys"""

from typing import Any

import pytest

from tests.handlers.conftest import Client, Clock, Platform, Reply, die
from tests.handlers.metricis_accounts import Team, fields, refusal, team_of, token_client
from tests.handlers.signing import SignedClient
from trimetric.auth.usage import Usage
from trimetric.domain import times
from trimetric.domain.metricis.accounts import Role
from trimetric.domain.workspaces import CredentialKind, Permission
from trimetric.errors import Unavailable

KEYS = "/api/keys"
ME = "/api/auth/me"
WORKSPACE = "/api/v1/workspace"
UNKNOWN = f"key_{'0' * 26}"
TOKEN = {"kind": "metricis", "name": "Tablet", "role": "coordinator"}
UX_KEY = {"kind": "ux_metrics", "name": "Laptop"}
SIGNING_KEY = {"kind": "apiauth", "name": "Kiosk"}
DEVICES = "/api/experience/devices"
ALL_PERMISSIONS = [permission.value for permission in Permission]


@pytest.fixture
def team(platform: Platform) -> Team:
    return team_of(platform)


@pytest.fixture
def neighbours(platform: Platform) -> Team:
    return team_of(platform, name="Neighbours")


def issued(team: Team, body: Any) -> Any:
    reply = team.admin.post(KEYS, body)
    assert reply.status == 201, reply.text
    return reply.data


def opens(team: Team, secret: str, *, kind: str = "metricis") -> int:
    """The status of a request with this secret, in a process that has not seen it."""
    team.platform.forget()
    return Client(team.platform, secret).get(ME if kind == "metricis" else WORKSPACE).status


def test_a_token_is_issued_and_opens_what_its_role_may(team: Team) -> None:
    reply = team.admin.post(KEYS, {**TOKEN, "expires_at": "2026-02-28T12:00:00+02:00"})
    key = reply.data
    assert list(key) == [
        *("id", "kind", "name", "role", "expires_at", "last_used_at", "last_four", "created_at"),
        "secret",
    ]
    assert key["secret"].startswith(f"mtk_{team.workspace.id.removeprefix('ws_')}")
    assert len(key["secret"]) == 4 + 64
    assert key["last_four"] == key["secret"][-4:]
    assert (key["kind"], key["name"], key["role"]) == ("metricis", "Tablet", "coordinator")
    assert (key["expires_at"], key["last_used_at"]) == ("2026-02-28T10:00:00.000Z", None)
    assert reply.headers["cache-control"] == "no-store"
    assert "etag" not in reply.headers
    shown = Client(team.platform, key["secret"]).get(ME).data
    assert (shown["id"], shown["role"]) == (key["id"], "coordinator")


def test_a_ux_metrics_key_opens_the_other_dialect(team: Team) -> None:
    key = issued(team, UX_KEY)
    assert "role" not in key
    assert key["secret"].startswith("uxm_v1_")
    assert opens(team, key["secret"], kind="ux_metrics") == 200
    assert opens(team, key["secret"]) == 401


def test_a_list_shows_no_secret(team: Team, clock: Clock) -> None:
    key = issued(team, TOKEN)
    reply = team.admin.get(KEYS)
    assert {each["name"] for each in reply.data} == {"Tablet", *(f"tests {role.value}" for role in Role)}
    assert reply.data[-1] == {name: value for name, value in key.items() if name != "secret"}
    assert key["secret"] not in reply.text
    assert reply.json["pagination"] == {
        "page": 1,
        "per_page": 20,
        "total": 5,
        "total_pages": 1,
        "has_next": False,
        "has_prev": False,
    }


def test_a_list_has_pages(team: Team) -> None:
    whole = team.admin.get(KEYS).data
    pages = [team.admin.get(KEYS, f"page={page}&per_page=3") for page in (1, 2, 3)]
    assert [page.data for page in pages] == [whole[:3], whole[3:], []]
    assert [page.json["pagination"]["has_next"] for page in pages] == [True, False, False]
    assert [page.json["pagination"]["has_prev"] for page in pages] == [False, True, True]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page=0", "page"),
        ("page=x", "page"),
        ("page=-1", "page"),
        ("page=%D9%A3", "page"),
        ("page=" + "9" * 50, "page"),
        ("per_page=0", "per_page"),
        ("per_page=101", "per_page"),
        ("limit=5", "limit"),
        ("page=1&page=1", "page"),
    ],
)
def test_a_parameter_that_does_not_fit_is_422(team: Team, query: str, field: str) -> None:
    reply = team.admin.get(KEYS, query)
    assert refusal(reply) == (422, "VALIDATION_ERROR")
    assert fields(reply) == [field]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "metricis", "role": "admin"}, "name"),
        ({"name": "x", "role": "admin"}, "kind"),
        ({"kind": "metricis", "name": "x"}, "role"),
        ({"kind": "metricis", "name": "x", "role": "owner"}, "role"),
        ({"kind": "ux_metrics", "name": "x", "role": "admin"}, "role"),
        ({"kind": "password", "name": "x"}, "kind"),
        ({"kind": "apiauth", "name": "x", "role": "admin"}, "role"),
        ({"kind": "apiauth", "name": "x", "permissions": []}, "permissions"),
        ({"kind": "apiauth", "name": "x", "permissions": "devices:read"}, "permissions"),
        ({"kind": "apiauth", "name": "x", "permissions": ["devices:read", "devices:own"]}, "permissions[1]"),
        ({"kind": "apiauth", "name": "x", "key": "0" * 32}, "key"),
        ({"kind": "ux_metrics", "name": "x", "permissions": ["devices:read"]}, "permissions"),
        ({"kind": "metricis", "name": "x", "role": "admin", "permissions": ALL_PERMISSIONS}, "permissions"),
        ({"kind": "ux_metrics", "name": ""}, "name"),
        ({"kind": "ux_metrics", "name": "x", "expires_at": "2026-01-01T00:00:00Z"}, "expires_at"),
        ({"kind": "ux_metrics", "name": "x", "expires_at": "2027-01-01T00:00:00"}, "expires_at"),
        ({"kind": "ux_metrics", "name": "x", "expires_at": 1}, "expires_at"),
        ({"kind": "ux_metrics", "name": "x", "secret": "mine"}, "secret"),
    ],
)
def test_a_key_that_does_not_fit_is_422(team: Team, body: Any, field: str) -> None:
    reply = team.admin.post(KEYS, body)
    assert refusal(reply) == (422, "VALIDATION_ERROR")
    assert fields(reply) == [field]


@pytest.mark.parametrize("body", [TOKEN, UX_KEY])
def test_rotation_keeps_the_key_and_the_old_secret_for_the_overlap(team: Team, clock: Clock, body: Any) -> None:
    key = issued(team, body)
    kind = body["kind"]
    reply = team.admin.post(f"{KEYS}/{key['id']}/rotate", {"overlap_days": 2})
    rotated = reply.data
    assert reply.status == 200
    assert {name for name in key if key[name] != rotated[name]} == {"secret", "last_four"}
    assert [opens(team, one["secret"], kind=kind) for one in (key, rotated)] == [200, 200]
    listed = [each for each in team.admin.get(KEYS).data if each["id"] == key["id"]]
    assert [each["last_four"] for each in listed] == [rotated["last_four"]]
    clock.advance(2 * 86_400 + 1)
    assert [opens(team, one["secret"], kind=kind) for one in (key, rotated)] == [401, 200]


@pytest.mark.parametrize(("body", "days"), [(None, 1), ({}, 1), ({"overlap_days": 0}, 0), ({"overlap_days": 7}, 7)])
def test_the_overlap_is_a_day_unless_told_otherwise(team: Team, clock: Clock, body: Any, days: int) -> None:
    key = issued(team, TOKEN)
    assert team.admin.post(f"{KEYS}/{key['id']}/rotate", body).status == 200
    clock.advance(max(0, days * 86_400 - 60))
    assert opens(team, key["secret"]) == (200 if days else 401)
    clock.advance(120)
    assert opens(team, key["secret"]) == 401


@pytest.mark.parametrize("body", [{"overlap_days": 8}, {"overlap_days": -1}, {"overlap_days": "1"}, {"days": 1}])
def test_an_overlap_that_does_not_fit_is_422(team: Team, body: Any) -> None:
    key = issued(team, TOKEN)
    assert refusal(team.admin.post(f"{KEYS}/{key['id']}/rotate", body)) == (422, "VALIDATION_ERROR")
    assert opens(team, key["secret"]) == 200


def test_of_three_secrets_the_oldest_has_ended(team: Team) -> None:
    first = issued(team, TOKEN)
    second, third = (team.admin.post(f"{KEYS}/{first['id']}/rotate").data for _ in range(2))
    assert [opens(team, one["secret"]) for one in (first, second, third)] == [401, 200, 200]


def test_an_overlap_does_not_outlive_the_key(team: Team, clock: Clock) -> None:
    key = issued(team, {**TOKEN, "expires_at": times.to_text(clock.now.replace(hour=10))})
    rotated = team.admin.post(f"{KEYS}/{key['id']}/rotate").data
    assert rotated["expires_at"] == key["expires_at"]
    clock.advance(3600)
    assert [opens(team, one["secret"]) for one in (key, rotated)] == [401, 401]
    assert refusal(team.admin.post(f"{KEYS}/{key['id']}/rotate")) == (409, "CONFLICT")


def test_rotation_keeps_limit_and_day_of_use(team: Team, platform: Platform) -> None:
    limited = token_client(platform, team.workspace, Role.READ_ONLY, limit=7)
    key_id = limited.get(ME).data["id"]
    rotated = team.admin.post(f"{KEYS}/{key_id}/rotate").data
    [current] = [
        one
        for one in platform.workspaces.list_credentials(team.workspace.id)
        if one.id == key_id and not one.superseded
    ]
    assert (current.limit, current.last_four, current.role) == (7, rotated["last_four"], Role.READ_ONLY)


def test_revocation_ends_every_secret_of_the_key(team: Team, clock: Clock) -> None:
    key = issued(team, TOKEN)
    rotated = team.admin.post(f"{KEYS}/{key['id']}/rotate").data
    holder = Client(team.platform, rotated["secret"])
    assert holder.get(ME).status == 200
    reply = team.admin.delete(f"{KEYS}/{key['id']}")
    assert (reply.status, reply.text) == (204, "")
    clock.advance(60)
    assert holder.get(ME).status == 401
    assert [opens(team, one["secret"]) for one in (key, rotated)] == [401, 401]
    assert refusal(team.admin.delete(f"{KEYS}/{key['id']}")) == (404, "NOT_FOUND")


def test_a_secret_is_shown_again_only_to_the_same_request(team: Team, platform: Platform) -> None:
    first = team.admin.post(KEYS, TOKEN, idempotency_key="k")
    again = team.admin.post(KEYS, TOKEN, idempotency_key="k")
    assert (again.status, again.text) == (201, first.text)
    assert again.headers["idempotent-replayed"] == "true"
    path = f"{KEYS}/{first.data['id']}/rotate"
    rotated = team.admin.post(path, idempotency_key="k2")
    assert team.admin.post(path, idempotency_key="k2").text == rotated.text
    assert opens(team, first.data["secret"]) == opens(team, rotated.data["secret"]) == 200
    assert refusal(team.admin.post(KEYS, UX_KEY, idempotency_key="k")) == (422, "IDEMPOTENCY_KEY_REUSED")
    stored = repr(platform.table.items())
    assert first.data["secret"] not in stored
    assert rotated.data["secret"] not in stored


def test_a_rotation_that_died_after_its_effect_is_answered_by_the_next(team: Team, platform: Platform) -> None:
    key = issued(team, TOKEN)
    path = f"{KEYS}/{key['id']}/rotate"
    platform.moments.after = die
    assert team.admin.post(path, idempotency_key="k").status == 500
    replayed = team.admin.post(path, idempotency_key="k")
    assert replayed.headers["idempotent-replayed"] == "true"
    assert opens(team, replayed.data["secret"]) == opens(team, key["secret"]) == 200


def test_a_key_that_is_revoked_while_it_is_rotated_stays_revoked(team: Team, platform: Platform) -> None:
    key = issued(team, TOKEN)
    path = f"{KEYS}/{key['id']}"
    with platform.between_read_and_write(lambda: team.admin.delete(path)):
        assert refusal(team.admin.post(f"{path}/rotate")) == (404, "NOT_FOUND")
    assert opens(team, key["secret"]) == 401


def test_a_key_that_is_rotated_while_it_is_revoked_is_revoked_whole(team: Team, platform: Platform) -> None:
    key = issued(team, TOKEN)
    path = f"{KEYS}/{key['id']}"
    rotated: list[Reply] = []
    with platform.between_read_and_write(lambda: rotated.append(team.admin.post(f"{path}/rotate"))):
        assert team.admin.delete(path).status == 204
    assert rotated[0].status == 200
    assert [opens(team, secret) for secret in (key["secret"], rotated[0].data["secret"])] == [401, 401]


# -- keys that sign ----------------------------------------------------------------------------------------------------


def signer(team: Team, key: Any, *, secret: str | None = None) -> SignedClient:
    return SignedClient(team.platform, key["key"], secret or key["secret"], team.workspace, key["id"])


def sign_in_new_processes(team: Team, key: Any, *secrets: str) -> list[int]:
    """The status of a request signed with each of these secrets, in processes that have not seen the key."""
    team.platform.forget()
    return [signer(team, key, secret=secret).get(DEVICES).status for secret in secrets]


def test_a_signing_key_is_issued_and_signs(team: Team) -> None:
    reply = team.admin.post(KEYS, {**SIGNING_KEY, "expires_at": "2026-02-28T12:00:00+02:00"})
    key = reply.data
    assert reply.status == 201
    assert list(key) == [
        *("id", "kind", "name", "key", "permissions", "expires_at", "last_used_at", "last_four", "created_at"),
        "secret",
    ]
    assert (key["kind"], key["name"], key["expires_at"]) == ("apiauth", "Kiosk", "2026-02-28T10:00:00.000Z")
    assert key["permissions"] == ALL_PERMISSIONS
    assert key["key"].startswith(team.workspace.id.removeprefix("ws_"))
    assert key["last_four"] == key["secret"][-4:]
    assert reply.headers["cache-control"] == "no-store"
    made = signer(team, key).post(DEVICES, {"name": "Kiosk at the door"})
    assert made.status == 201
    assert [device["name"] for device in signer(team, key).get(DEVICES).json] == ["Kiosk at the door"]


def test_a_signing_key_ends_when_it_was_told_to(team: Team, clock: Clock) -> None:
    key = issued(team, {**SIGNING_KEY, "expires_at": times.to_text(clock.now.replace(hour=10))})
    assert sign_in_new_processes(team, key, key["secret"]) == [200]
    clock.advance(3600)
    assert sign_in_new_processes(team, key, key["secret"]) == [401]
    assert refusal(team.admin.post(f"{KEYS}/{key['id']}/rotate")) == (409, "CONFLICT")


def test_a_signing_key_may_do_what_it_was_given(team: Team) -> None:
    chosen = ["surveys:read", "devices:read", "surveys:read"]
    key = issued(team, {**SIGNING_KEY, "permissions": chosen})
    assert key["permissions"] == ["devices:read", "surveys:read"]
    holder = signer(team, key)
    assert holder.get(DEVICES).status == 200
    assert holder.post(DEVICES, {"name": "Kiosk"}).refusal == (403, "permission_denied")
    everything = issued(team, {**SIGNING_KEY, "permissions": None, "role": None})
    assert everything["permissions"] == ALL_PERMISSIONS


def test_a_list_shows_the_key_that_signs_and_not_its_secret(team: Team, platform: Platform) -> None:
    key = issued(team, {**SIGNING_KEY, "permissions": ["devices:read"]})
    reply = team.admin.get(KEYS)
    assert reply.data[-1] == {name: value for name, value in key.items() if name != "secret"}
    assert key["secret"] not in reply.text
    assert key["secret"] not in repr(platform.table.items())


def test_a_rotated_signing_key_signs_with_both_secrets_for_the_overlap(team: Team, clock: Clock) -> None:
    key = issued(team, SIGNING_KEY)
    reply = team.admin.post(f"{KEYS}/{key['id']}/rotate", {"overlap_days": 2})
    fresh = reply.data
    assert reply.status == 200
    assert {name for name in key if key[name] != fresh[name]} == {"secret", "last_four"}
    both = (key["secret"], fresh["secret"])
    assert sign_in_new_processes(team, key, *both) == [200, 200]
    shown = [each for each in team.admin.get(KEYS).data if each["id"] == key["id"]]
    assert [each["last_four"] for each in shown] == [fresh["last_four"]]
    clock.advance(2 * 86_400 - 60)
    assert sign_in_new_processes(team, key, *both) == [200, 200]
    clock.advance(120)
    assert sign_in_new_processes(team, key, *both) == [401, 200]


def test_a_signing_key_that_is_rotated_without_overlap_has_one_secret(team: Team, clock: Clock) -> None:
    key = issued(team, SIGNING_KEY)
    holder = signer(team, key)
    assert holder.get(DEVICES).status == 200
    fresh = team.admin.post(f"{KEYS}/{key['id']}/rotate", {"overlap_days": 0}).data
    assert signer(team, fresh).get(DEVICES).status == 200
    clock.advance(60)
    assert holder.get(DEVICES).status == 401
    assert sign_in_new_processes(team, key, key["secret"], fresh["secret"]) == [401, 200]


def test_of_three_signing_secrets_the_oldest_has_ended(team: Team) -> None:
    key = issued(team, SIGNING_KEY)
    second, third = (team.admin.post(f"{KEYS}/{key['id']}/rotate").data["secret"] for _ in range(2))
    assert sign_in_new_processes(team, key, key["secret"], second, third) == [401, 200, 200]


def test_a_revoked_signing_key_signs_nothing_within_a_minute(team: Team, clock: Clock) -> None:
    key = issued(team, SIGNING_KEY)
    fresh = team.admin.post(f"{KEYS}/{key['id']}/rotate").data
    holders = [signer(team, one) for one in (key, fresh)]
    assert [holder.get(DEVICES).status for holder in holders] == [200, 200]
    assert team.admin.delete(f"{KEYS}/{key['id']}", if_match="*").status == 204
    clock.advance(60)
    assert [holder.get(DEVICES).status for holder in holders] == [401, 401]
    assert refusal(team.admin.post(f"{KEYS}/{key['id']}/rotate")) == (404, "NOT_FOUND")


def test_a_signing_secret_is_shown_again_only_to_the_same_request(team: Team, platform: Platform) -> None:
    first = team.admin.post(KEYS, SIGNING_KEY, idempotency_key="k")
    again = team.admin.post(KEYS, SIGNING_KEY, idempotency_key="k")
    assert (again.status, again.text) == (201, first.text)
    assert again.headers["idempotent-replayed"] == "true"
    path = f"{KEYS}/{first.data['id']}/rotate"
    fresh = team.admin.post(path, idempotency_key="k2")
    assert team.admin.post(path, idempotency_key="k2").text == fresh.text
    secrets = (first.data["secret"], fresh.data["secret"])
    assert sign_in_new_processes(team, first.data, *secrets) == [200, 200]
    assert not any(secret in repr(platform.table.items()) for secret in secrets)


def test_a_signing_key_that_changes_while_it_is_rotated_is_rotated_again(team: Team, platform: Platform) -> None:
    key = issued(team, SIGNING_KEY)
    path = f"{KEYS}/{key['id']}"
    theirs: list[Reply] = []
    with platform.between_read_and_write(lambda: theirs.append(team.admin.post(f"{path}/rotate"))):
        mine = team.admin.post(f"{path}/rotate")
    secrets = (theirs[0].data["secret"], mine.data["secret"])
    assert sign_in_new_processes(team, key, *secrets, key["secret"]) == [200, 200, 401]
    with platform.between_read_and_write(lambda: team.admin.delete(path)):
        assert refusal(team.admin.post(f"{path}/rotate")) == (404, "NOT_FOUND")
    assert sign_in_new_processes(team, key, *secrets) == [401, 401]


def test_no_signing_key_is_made_while_secrets_cannot_be_sealed(team: Team, platform: Platform) -> None:
    key = issued(team, SIGNING_KEY)
    before = team.admin.get(KEYS).data
    platform.vault.down = True
    for path, body in ((KEYS, SIGNING_KEY), (f"{KEYS}/{key['id']}/rotate", None)):
        assert refusal(team.admin.post(path, body)) == (503, "UNAVAILABLE")
    platform.vault.down = False
    assert team.admin.get(KEYS).data == before
    assert sign_in_new_processes(team, key, key["secret"]) == [200]


# -- last use ----------------------------------------------------------------------------------------------------------


def last_used(team: Team, key_id: str) -> Any:
    return next(each["last_used_at"] for each in team.admin.get(KEYS).data if each["id"] == key_id)


def use(team: Team, key: Any) -> int:
    if key["kind"] == "apiauth":
        return signer(team, key).get(DEVICES).status
    return Client(team.platform, key["secret"]).get(ME if key["kind"] == "metricis" else WORKSPACE).status


@pytest.mark.parametrize("body", [TOKEN, UX_KEY, SIGNING_KEY])
def test_the_day_of_the_last_use_is_kept(team: Team, platform: Platform, clock: Clock, body: Any) -> None:
    platform.usage = Usage(platform.workspaces, clock=clock)
    key = issued(team, body)
    assert last_used(team, key["id"]) is None
    assert use(team, key) == 200
    assert last_used(team, key["id"]) == "2026-01-31T00:00:00.000Z"
    clock.advance(86_400)
    assert use(team, key) == 200
    assert last_used(team, key["id"]) == "2026-02-01T00:00:00.000Z"
    fresh = team.admin.post(f"{KEYS}/{key['id']}/rotate").data
    assert fresh["last_used_at"] == "2026-02-01T00:00:00.000Z"


def test_what_is_not_signed_with_its_secret_is_no_use_of_a_key(team: Team, platform: Platform, clock: Clock) -> None:
    platform.usage = Usage(platform.workspaces, clock=clock)
    key = issued(team, SIGNING_KEY)
    assert signer(team, key, secret="0" * 64).get(DEVICES).status == 401
    assert last_used(team, key["id"]) is None


def test_a_day_costs_a_process_one_write_a_key(team: Team, platform: Platform, clock: Clock) -> None:
    platform.usage = Usage(platform.workspaces, clock=clock)
    keys = [issued(team, body) for body in (TOKEN, UX_KEY, SIGNING_KEY)]
    writes: list[str] = []
    platform.table.before = writes.append
    for _ in range(5):
        assert [use(team, key) for key in keys] == [200, 200, 200]
        clock.advance(120)
    assert writes.count("write") == 3


def test_nobody_is_refused_because_a_day_could_not_be_noted(team: Team, platform: Platform, clock: Clock) -> None:
    def fail(operation: str) -> None:
        if operation == "write":
            raise Unavailable

    keys = [issued(team, body) for body in (TOKEN, UX_KEY, SIGNING_KEY)]
    platform.forget()
    platform.usage = Usage(platform.workspaces, clock=clock)
    platform.table.before = fail
    assert [use(team, key) for key in keys] == [200, 200, 200]


def test_a_key_that_went_meanwhile_is_not_brought_back(team: Team, platform: Platform, clock: Clock) -> None:
    usage = Usage(platform.workspaces, clock=clock)
    [credential, *_] = platform.workspaces.list_credentials(team.workspace.id)
    platform.workspaces.remove_credential(credential)
    usage.note(credential)
    assert credential.id not in {one.id for one in platform.workspaces.list_credentials(team.workspace.id)}


# -- who may -----------------------------------------------------------------------------------------------------------

ROUTES: list[tuple[str, str, Any]] = [
    ("GET", KEYS, None),
    ("POST", KEYS, TOKEN),
    ("POST", KEYS, SIGNING_KEY),
    ("POST", f"{KEYS}/{UNKNOWN}/rotate", {}),
    ("DELETE", f"{KEYS}/{UNKNOWN}", None),
]


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
def test_an_anonymous_caller_is_refused(anonymous: Client, method: str, path: str, body: Any) -> None:
    assert refusal(anonymous.request(method, path, json_body=body)) == (401, "UNAUTHORIZED")


@pytest.mark.parametrize("role", [Role.READ_ONLY, Role.COORDINATOR, Role.RESEARCHER])
@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
def test_only_admins_have_to_do_with_keys(team: Team, role: Role, method: str, path: str, body: Any) -> None:
    reply = team.by_role[role].request(method, path, json_body=body)
    assert refusal(reply) == (403, "FORBIDDEN")


@pytest.mark.parametrize("body", [TOKEN, UX_KEY, SIGNING_KEY])
@pytest.mark.parametrize(("method", "suffix"), [("DELETE", ""), ("POST", "/rotate")])
def test_a_neighbours_key_is_a_key_that_never_existed(
    team: Team, neighbours: Team, method: str, suffix: str, body: Any
) -> None:
    theirs = issued(neighbours, body)
    seen = team.admin.request(method, f"{KEYS}/{theirs['id']}{suffix}", headers={"x-request-id": "x"})
    never = team.admin.request(method, f"{KEYS}/{UNKNOWN}{suffix}", headers={"x-request-id": "x"})
    varying = {"x-ratelimit-remaining"}
    assert (seen.status, seen.text) == (never.status, never.text)
    assert seen.status == 404
    assert {name: value for name, value in seen.headers.items() if name not in varying} == {
        name: value for name, value in never.headers.items() if name not in varying
    }
    assert use(neighbours, theirs) == 200
    assert theirs["id"] not in team.admin.get(KEYS).text


@pytest.mark.parametrize("key_id", ["x", "key_", f"fld_{'0' * 26}"])
def test_an_id_of_another_form_is_not_found(team: Team, key_id: str) -> None:
    assert refusal(team.admin.delete(f"{KEYS}/{key_id}")) == (404, "NOT_FOUND")


def test_other_methods_are_405(team: Team) -> None:
    reply = team.admin.get(f"{KEYS}/{UNKNOWN}")
    assert refusal(reply) == (405, "METHOD_NOT_ALLOWED")
    assert "DELETE" in reply.headers["allow"]


def test_if_match_goes_by_what_is_listed(team: Team) -> None:
    key = issued(team, TOKEN)
    path = f"{KEYS}/{key['id']}"
    assert refusal(team.admin.delete(path, if_match='"0"')) == (412, "PRECONDITION_FAILED")
    assert team.admin.delete(path, if_match="*").status == 204


def test_kinds_are_those_that_can_be_issued_here() -> None:
    assert {kind.value for kind in CredentialKind} == {"ux_metrics", "apiauth", "metricis"}


def test_round_trips_of_a_warm_process(team: Team) -> None:
    key = issued(team, TOKEN)
    path, signing = f"{KEYS}/{key['id']}", f"{KEYS}/{issued(team, SIGNING_KEY)['id']}"
    calls = team.platform.round_trips(
        list=lambda: team.admin.get(KEYS),
        issue=lambda: team.admin.post(KEYS, UX_KEY),
        issue_signing=lambda: team.admin.post(KEYS, SIGNING_KEY),
        rotate=lambda: team.admin.post(f"{path}/rotate"),
        rotate_signing=lambda: team.admin.post(f"{signing}/rotate"),
        revoke=lambda: team.admin.delete(path),
    )
    assert calls == {"list": 2, "issue": 2, "issue_signing": 2, "rotate": 3, "rotate_signing": 3, "revoke": 3}
