"""trimetric users"""

from typing import Any

import pytest

from tests.cli.conftest import Desk
from trimetric.domain.metricis.accounts import LoginSession, User, attempted
from trimetric.dynamo.metricis.accounts import Accounts, beginning

EMAIL = "ada@clinic.example"


@pytest.fixture
def ada(desk: Desk, workspace: Any) -> Any:
    return desk.ask("users", "create", workspace["id"], EMAIL, "--name", " Ada ", "--role", "researcher")


def stored(desk: Desk, user: Any) -> User:
    found = Accounts(desk.table).user(user["workspace_id"], user["id"])
    assert found is not None
    return found


def logs_in(desk: Desk, user: Any, password: str) -> bool:
    return desk.passwords.is_right(password, stored(desk, user).password_hash)


def begin_login(desk: Desk, user: Any) -> None:
    session = LoginSession(f"lgn_{'0' * 26}", user["workspace_id"], user["id"], "2026-01-31T09:30:00.000Z", 10**10, "0")
    desk.table.write(beginning(session))


def logins(desk: Desk, user: Any) -> int:
    return len(Accounts(desk.table).sessions(stored(desk, user)))


def test_a_user_is_made_with_a_password_that_is_shown_once(desk: Desk, workspace: Any, ada: Any) -> None:
    assert {name: ada[name] for name in ada if name not in ("id", "password")} == {
        "workspace_id": workspace["id"],
        "email": EMAIL,
        "name": "Ada",
        "role": "researcher",
        "status": "active",
        "created_at": "2026-01-31T09:30:00.000Z",
    }
    assert len(ada["password"]) >= 12
    assert logs_in(desk, ada, ada["password"])
    listed = desk.type("users", "list", workspace["id"]).stdout
    assert EMAIL in listed
    assert ada["password"] not in listed


def test_a_user_reads_by_default(desk: Desk, workspace: Any) -> None:
    assert desk.ask("users", "create", workspace["id"], EMAIL, "--name", "Ada")["role"] == "read_only"


def test_a_password_can_be_asked_for(desk: Desk, workspace: Any) -> None:
    desk.terminal = True
    line = ("users", "create", workspace["id"], EMAIL, "--name", "Ada", "--ask")
    short = desk.type(*line, answer="eleven char\neleven char\n")
    assert (short.exit_code, "12 to 1,024 characters" in short.stderr) == (2, True)
    done = desk.type(*line, answer="a long password\na long password\n")
    assert done.exit_code == 0, done.output
    assert "a long password" not in done.output
    [user] = desk.ask("users", "list", workspace["id"])
    assert logs_in(desk, user, "a long password")


def test_without_a_terminal_nobody_is_asked(desk: Desk, workspace: Any) -> None:
    assert desk.type("users", "create", workspace["id"], EMAIL, "--name", "Ada", "--ask").exit_code == 2
    assert desk.ask("users", "list", workspace["id"]) == []


@pytest.mark.parametrize("place", ["here", "elsewhere"])
def test_an_address_has_one_account_in_the_stack(desk: Desk, workspace: Any, ada: Any, place: str) -> None:
    owner = workspace if place == "here" else desk.ask("workspaces", "create", "Elsewhere")
    result = desk.type("users", "create", owner["id"], EMAIL.upper(), "--name", "Ada")
    assert (result.exit_code, "has an account already" in result.stderr) == (1, True)


@pytest.mark.parametrize("email", ["ada", "ada@clinic", f"{'a' * 250}@b.example"])
def test_what_is_no_address_is_wrong_usage(desk: Desk, workspace: Any, email: str) -> None:
    assert desk.type("users", "create", workspace["id"], email, "--name", "Ada").exit_code == 2


def test_a_workspace_without_users_says_so(desk: Desk, workspace: Any) -> None:
    assert desk.type("users", "list", workspace["id"]).stdout == "The workspace Acme research has no users.\n"


@pytest.mark.parametrize("by", ["id", "email"])
def test_a_role_changes(desk: Desk, workspace: Any, ada: Any, by: str) -> None:
    shown = desk.ask("users", "set-role", workspace["id"], ada[by], "admin")
    assert (shown["role"], stored(desk, ada).role) == ("admin", "admin")


def test_a_user_is_shut_out_and_let_in_again(desk: Desk, workspace: Any, ada: Any) -> None:
    begin_login(desk, ada)
    line = ("users", "disable", workspace["id"], EMAIL)
    assert desk.type(*line).exit_code == 2
    assert (stored(desk, ada).status, logins(desk, ada)) == ("active", 1)
    assert desk.ask(*line, "--yes")["status"] == "disabled"
    assert logins(desk, ada) == 0
    assert desk.ask("users", "enable", workspace["id"], EMAIL)["status"] == "active"


def test_a_new_password_ends_logins_and_forgets_wrong_ones(desk: Desk, workspace: Any, ada: Any) -> None:
    begin_login(desk, ada)
    store = Accounts(desk.table)
    store.count_attempt(EMAIL, attempted(None, 0), seen=None)
    new = desk.ask("users", "set-password", workspace["id"], EMAIL, "--yes")
    assert not logs_in(desk, ada, ada["password"])
    assert logs_in(desk, ada, new["password"])
    assert logins(desk, ada) == 0
    assert store.claimant(EMAIL).attempts is None


def test_logins_can_be_ended(desk: Desk, workspace: Any, ada: Any) -> None:
    begin_login(desk, ada)
    assert desk.ask("users", "sign-out", workspace["id"], ada["id"]) == {"ended": 1}
    assert logins(desk, ada) == 0


@pytest.mark.parametrize(
    "command",
    [("set-role", "admin"), ("enable",), ("disable", "--yes"), ("set-password", "--yes"), ("sign-out",)],
    ids=lambda command: str(command[0]),
)
@pytest.mark.parametrize("by", ["id", "email"])
def test_a_user_of_another_workspace_is_unknown(
    desk: Desk, workspace: Any, ada: Any, command: tuple[str, ...], by: str
) -> None:
    neighbour = desk.ask("workspaces", "create", "Neighbour")
    verb, *rest = command
    result = desk.type("users", verb, neighbour["id"], ada[by], *rest)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"Error: The workspace Neighbour has no user {ada[by]}.\n"
    assert logs_in(desk, ada, ada["password"])
