"""trimetric keys …"""

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.cli.conftest import Desk
from tests.fakes.secrets import FakeSecret
from tests.handlers.signing import http_date, sign
from trimetric.auth.apiauth import SignatureAuthenticator, SignatureRefused
from trimetric.auth.bearer import Authenticator
from trimetric.auth.login_tokens import AccessTokens
from trimetric.auth.metricis import MetricisAuthenticator
from trimetric.auth.signing_keys import SigningKeys
from trimetric.domain.apiauth import SignedRequest
from trimetric.domain.metricis.accounts import Role
from trimetric.domain.workspaces import Permission
from trimetric.dynamo.metricis.accounts import Accounts
from trimetric.dynamo.table import DynamoTable
from trimetric.errors import Unauthorized

Issue = Callable[..., Any]


def opens(desk: Desk, key: Any) -> bool:
    """Whether a function that has just started lets this key in."""
    authenticator = Authenticator(desk.workspaces, clock=lambda: desk.now)
    try:
        principal = authenticator.authenticate(f"Bearer {key['secret']}")
    except Unauthorized:
        return False
    return bool(principal.credential.id == key["id"])


def test_a_new_key_opens_its_workspace(desk: Desk, workspace: Any, issue: Issue) -> None:
    key = issue()
    assert opens(desk, key)
    assert re.fullmatch(f"uxm_v1_{workspace['id'].removeprefix('ws_')}[0-9a-f]{{48}}", key["secret"])
    assert {name: key[name] for name in key if name not in ("id", "secret", "last_four")} == {
        "workspace_id": workspace["id"],
        "kind": "ux_metrics",
        "name": "laptop",
        "status": "active",
        "expires_at": None,
        "limit": None,
        "last_used_on": None,
        "created_at": "2026-01-31T09:30:01.000Z",
    }


def test_a_key_can_end_and_have_a_limit_of_its_own(desk: Desk, issue: Issue) -> None:
    key = issue("trial", "--days", "30", "--limit", "12")
    assert (key["expires_at"], key["limit"]) == ("2026-03-02T09:30:01.000Z", 12)
    desk.wait(days=29)
    assert opens(desk, key)
    desk.wait(days=2)
    assert not opens(desk, key)
    assert [row["status"] for row in desk.ask("keys", "list", "Acme research")] == ["ended"]


def test_the_secret_is_shown_once(desk: Desk, workspace: Any, issue: Issue) -> None:
    key = issue()
    listed = desk.type("keys", "list", workspace["id"])
    assert key["secret"] not in listed.output
    assert key["last_four"] in listed.output
    assert desk.ask("keys", "list", workspace["id"]) == [{name: key[name] for name in key if name != "secret"}]
    shown = desk.type("keys", "issue", workspace["id"], "--name", "second").stdout
    assert re.search(r"Secret +uxm_v1_[0-9a-f]{64}\n", shown)
    assert "cannot be shown again" in shown


def test_keys_are_listed_oldest_first(desk: Desk, workspace: Any, issue: Issue) -> None:
    made = [issue(name)["id"] for name in ("first", "second", "third")]
    assert [row["id"] for row in desk.ask("keys", "list", workspace["id"])] == made


def test_a_workspace_without_keys_says_so(desk: Desk, workspace: Any) -> None:
    assert desk.type("keys", "list", workspace["id"]).stdout == "The workspace Acme research has no keys.\n"


def test_a_kind_that_there_is_not_cannot_be_issued(desk: Desk, workspace: Any) -> None:
    assert desk.type("keys", "issue", workspace["id"], "--name", "laptop", "--kind", "other").exit_code == 2
    assert desk.ask("keys", "list", workspace["id"]) == []


def test_rotation_keeps_the_old_secret_for_a_day(desk: Desk, workspace: Any, issue: Issue) -> None:
    old = issue("laptop", "--limit", "12")
    new = desk.ask("keys", "rotate", workspace["id"], old["id"])
    assert (new["name"], new["limit"], new["id"]) == ("laptop", 12, old["id"])
    assert new["replaced_secret_expires_at"] == "2026-02-01T09:30:01.000Z"
    desk.wait(hours=23)
    assert opens(desk, old)
    assert opens(desk, new)
    desk.wait(hours=2)
    assert not opens(desk, old)
    assert opens(desk, new)


def test_rotation_with_seven_days_of_overlap(desk: Desk, workspace: Any, issue: Issue) -> None:
    old = issue()
    desk.ask("keys", "rotate", workspace["id"], old["id"], "--overlap-days", "7")
    desk.wait(days=6, hours=23)
    assert opens(desk, old)
    desk.wait(hours=2)
    assert not opens(desk, old)


def test_rotation_without_overlap_asks_and_ends_the_old_secret_at_once(
    desk: Desk, workspace: Any, issue: Issue
) -> None:
    old = issue()
    line = ("keys", "rotate", workspace["id"], old["id"], "--overlap-days", "0")
    assert desk.type(*line).exit_code == 2
    assert opens(desk, old)
    new = desk.ask(*line, "--yes")
    assert not opens(desk, old)
    assert opens(desk, new)


def test_rotation_does_not_prolong_a_key_that_ends_sooner(desk: Desk, workspace: Any, issue: Issue) -> None:
    old = issue("trial", "--days", "1")
    new = desk.ask("keys", "rotate", workspace["id"], old["id"], "--overlap-days", "7")
    assert new["replaced_secret_expires_at"] == old["expires_at"] == new["expires_at"]


def test_a_key_that_has_ended_is_not_rotated(desk: Desk, workspace: Any, issue: Issue) -> None:
    old = issue("trial", "--days", "1")
    desk.wait(days=2)
    result = desk.type("keys", "rotate", workspace["id"], old["id"])
    assert result.exit_code == 1
    assert "has ended already" in result.stderr
    assert len(desk.ask("keys", "list", workspace["id"])) == 1


@pytest.mark.parametrize("days", ["-1", "8", "x"])
def test_an_overlap_outside_0_to_7_days_is_wrong_usage(desk: Desk, workspace: Any, issue: Issue, days: str) -> None:
    key = issue()
    assert desk.type("keys", "rotate", workspace["id"], key["id"], f"--overlap-days={days}").exit_code == 2


def test_of_two_rotations_at_once_one_is_refused(
    desk: Desk, workspace: Any, issue: Issue, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = issue()
    write = DynamoTable.write

    def overtaken(table: DynamoTable, *actions: Any) -> None:
        monkeypatch.setattr(DynamoTable, "write", write)
        desk.ask("keys", "rotate", workspace["id"], key["id"])
        write(table, *actions)

    monkeypatch.setattr(DynamoTable, "write", overtaken)
    result = desk.type("keys", "rotate", workspace["id"], key["id"])
    assert result.exit_code == 1
    assert "at the same moment" in result.stderr
    assert len(desk.ask("keys", "list", workspace["id"])) == 1
    assert len(desk.workspaces.list_credentials(workspace["id"])) == 2


def test_revocation_asks_and_then_closes_the_door(desk: Desk, workspace: Any, issue: Issue) -> None:
    kept, doomed = issue("kept"), issue("doomed")
    desk.terminal = True
    line = ("keys", "revoke", workspace["id"], doomed["id"])
    declined = desk.type(*line, answer="n\n")
    assert f"Revoke the key doomed (…{doomed['last_four']}) of Acme research?" in declined.stderr
    assert declined.exit_code == 1
    assert opens(desk, doomed)
    done = desk.type(*line, answer="y\n")
    assert done.exit_code == 0
    assert done.stdout.endswith(f"Revoked  {doomed['id']}\nThis takes effect within 60 seconds.\n")
    assert not opens(desk, doomed)
    assert opens(desk, kept)


def test_all_keys_can_be_revoked_together(desk: Desk, workspace: Any, issue: Issue) -> None:
    keys = [issue(str(number)) for number in range(3)]
    neighbour = desk.ask("workspaces", "create", "Neighbour")
    foreign = desk.ask("keys", "issue", neighbour["id"], "--name", "foreign")
    assert desk.type("keys", "revoke", workspace["id"], "--all").exit_code == 2
    answer = desk.ask("keys", "revoke", workspace["id"], "--all", "--yes")
    assert sorted(answer["revoked"]) == sorted(key["id"] for key in keys)
    assert not any(opens(desk, key) for key in keys)
    assert opens(desk, foreign)
    assert desk.ask("keys", "revoke", workspace["id"], "--all") == {"revoked": []}


@pytest.mark.parametrize("extra", [[], ["key_1", "--all"]], ids=["neither a key nor --all", "both"])
def test_revocation_takes_one_key_or_all(desk: Desk, workspace: Any, extra: list[str]) -> None:
    assert desk.type("keys", "revoke", workspace["id"], *extra, "--yes").exit_code == 2


@pytest.mark.parametrize(
    "command",
    [["rotate", "{}", "{}"], ["revoke", "{}", "{}", "--yes"], ["set-limit", "{}", "{}", "5"]],
    ids=lambda command: str(command[0]),
)
def test_a_key_of_another_workspace_is_unknown(desk: Desk, workspace: Any, issue: Issue, command: list[str]) -> None:
    key = issue()
    neighbour = desk.ask("workspaces", "create", "Neighbour")
    verb, place, which, *rest = command
    result = desk.type("keys", verb, place.format(neighbour["id"]), which.format(key["id"]), *rest)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"Error: The workspace Neighbour has no key {key['id']}.\n"
    assert opens(desk, key)


def test_a_limit_of_a_key_can_be_set_and_removed(desk: Desk, workspace: Any, issue: Issue) -> None:
    key = issue()
    assert desk.ask("keys", "set-limit", workspace["id"], key["id"], "5")["limit"] == 5
    assert [row["limit"] for row in desk.ask("keys", "list", workspace["id"])] == [5]
    assert desk.ask("keys", "set-limit", workspace["id"], key["id"], "default")["limit"] is None


# -- keys that sign ---------------------------------------------------------------------------------------------------


def signs(desk: Desk, key: Any) -> bool:
    """Whether a function that has just started lets this pair in."""
    date = http_date(desk.now)
    headers = {"date": date, "authorization": f"APIAuth {key['key']}:{sign(key['secret'], 'GET', '', '', '/', date)}"}
    authenticator = SignatureAuthenticator(desk.workspaces, desk.vault, clock=lambda: desk.now)
    try:
        principal = authenticator.authenticate(SignedRequest("GET", "/", "", headers))
    except SignatureRefused:
        return False
    return bool(principal.credential.id == key["id"])


def test_a_new_pair_signs(desk: Desk, workspace: Any, issue: Issue) -> None:
    made = issue("kiosks", "--kind", "apiauth", "--limit", "600", "--days", "30")
    assert signs(desk, made)
    assert made["key"].startswith(workspace["id"].removeprefix("ws_"))
    assert {name: made[name] for name in ("kind", "limit", "expires_at", "status")} == {
        "kind": "apiauth",
        "limit": 600,
        "expires_at": "2026-03-02T09:30:01.000Z",
        "status": "active",
    }
    assert made["permissions"] == [permission.value for permission in Permission]
    assert made["secret"] not in repr(desk.workspaces.list_credentials(workspace["id"]))
    assert made["secret"].endswith(made["last_four"])


def test_a_pair_has_the_permissions_that_were_given(desk: Desk, issue: Issue) -> None:
    made = issue("board", "--kind", "apiauth", "--permission", "surveys:read", "--permission", "devices:read")
    assert made["permissions"] == ["devices:read", "surveys:read"]
    [credential] = desk.workspaces.list_credentials(made["workspace_id"])
    assert credential.permissions == (Permission.DEVICES_READ, Permission.SURVEYS_READ)


@pytest.mark.parametrize(
    "options",
    [("--permission", "devices:read"), ("--kind", "apiauth", "--permission", "devices:*")],
    ids=["of a bearer key", "unknown"],
)
def test_permissions_that_make_no_sense(desk: Desk, workspace: Any, options: tuple[str, ...]) -> None:
    assert desk.type("keys", "issue", workspace["id"], "--name", "x", *options).exit_code == 2
    assert desk.ask("keys", "list", workspace["id"]) == []


def test_pairs_are_listed_with_their_key_but_without_the_secret(desk: Desk, workspace: Any, issue: Issue) -> None:
    bearer, pair = issue(), issue("kiosks", "--kind", "apiauth")
    listed = desk.type("keys", "list", workspace["id"]).stdout
    assert pair["key"] in listed
    assert pair["secret"] not in listed
    rows = desk.ask("keys", "list", workspace["id"])
    assert rows == [{name: key[name] for name in key if name != "secret"} for key in (bearer, pair)]


def test_rotation_keeps_the_key_and_for_a_day_the_old_secret(desk: Desk, workspace: Any, issue: Issue) -> None:
    old = issue("kiosks", "--kind", "apiauth", "--limit", "12", "--permission", "devices:read")
    new = desk.ask("keys", "rotate", workspace["id"], old["id"])
    assert new["replaced_secret_expires_at"] == "2026-02-01T09:30:01.000Z"
    same = ("id", "key", "name", "limit", "permissions", "created_at")
    assert {name: new[name] for name in same} == {name: old[name] for name in same}
    assert new["secret"] != old["secret"]
    desk.wait(hours=23)
    assert signs(desk, old)
    assert signs(desk, new)
    desk.wait(hours=2)
    assert not signs(desk, old)
    assert signs(desk, new)
    assert len(desk.ask("keys", "list", workspace["id"])) == 1


def test_rotation_without_overlap_ends_the_old_signing_secret(desk: Desk, workspace: Any, issue: Issue) -> None:
    old = issue("kiosks", "--kind", "apiauth")
    new = desk.ask("--yes", "keys", "rotate", workspace["id"], old["id"], "--overlap-days", "0")
    assert not signs(desk, old)
    assert signs(desk, new)


def test_a_revoked_pair_signs_no_more(desk: Desk, workspace: Any, issue: Issue) -> None:
    made = issue("kiosks", "--kind", "apiauth")
    desk.ask("--yes", "keys", "revoke", workspace["id"], made["id"])
    assert not signs(desk, made)


# -- tokens of the Metricis API ----------------------------------------------------------------------------------------


def opens_metricis(desk: Desk, key: Any) -> Role | None:
    """What a function that has just started lets this token do."""
    access_tokens = AccessTokens(SigningKeys(FakeSecret()), seconds=1800)
    authenticator = MetricisAuthenticator(Accounts(desk.table), access_tokens, clock=lambda: desk.now)
    try:
        return authenticator.authenticate(f"Bearer {key['secret']}", None).role
    except Unauthorized:
        return None


def test_a_token_has_the_role_that_was_given(desk: Desk, workspace: Any, issue: Issue) -> None:
    made = issue("tablet", "--kind", "metricis", "--role", "coordinator", "--limit", "12")
    assert (made["kind"], made["role"], made["limit"]) == ("metricis", "coordinator", 12)
    assert opens_metricis(desk, made) is Role.COORDINATOR
    rotated = desk.ask("keys", "rotate", workspace["id"], made["id"], "--overlap-days", "0", "--yes")
    assert (rotated["id"], rotated["role"], rotated["limit"]) == (made["id"], "coordinator", 12)
    assert (opens_metricis(desk, made), opens_metricis(desk, rotated)) == (None, Role.COORDINATOR)
    desk.ask("keys", "revoke", workspace["id"], made["id"], "--yes")
    assert opens_metricis(desk, rotated) is None


@pytest.mark.parametrize(
    "options", [("--kind", "metricis"), ("--role", "admin"), ("--kind", "metricis", "--role", "x")]
)
def test_a_token_without_a_role_and_a_key_with_one_are_wrong_usage(
    desk: Desk, workspace: Any, options: tuple[str, ...]
) -> None:
    assert desk.type("keys", "issue", workspace["id"], "--name", "x", *options).exit_code == 2
    assert desk.ask("keys", "list", workspace["id"]) == []
