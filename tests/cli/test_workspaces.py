"""trimetric workspaces …"""

import re
from typing import Any

import pytest

from tests.cli.conftest import Desk


def test_a_new_workspace_is_subscribed_and_open_unless_told_otherwise(desk: Desk) -> None:
    made = desk.ask("workspaces", "create", "  Acme research ")
    assert re.fullmatch("ws_[0-9a-f]{16}", made.pop("id"))
    assert made == {
        "name": "Acme research",
        "plan": "subscribed",
        "api_enabled": True,
        "rate_limit": 300,
        "limits": {},
        "created_at": "2026-01-31T09:30:00.000Z",
    }


def test_plan_switch_and_limit_can_be_given_at_creation(desk: Desk) -> None:
    made = desk.ask("workspaces", "create", "Acme", "--plan", "free", "--no-api", "--limit", "1000000")
    assert (made["plan"], made["api_enabled"]) == ("free", False)
    assert (made["rate_limit"], made["limits"]) == (1_000_000, {"ux_metrics": 1_000_000})


def test_a_table_is_printed_without_json(desk: Desk) -> None:
    created = desk.type("workspaces", "create", "Acme")
    assert "Api enabled  yes" in created.stdout
    assert "trimetric keys issue ws_" in created.stdout
    listed = desk.type("workspaces", "list").stdout.splitlines()
    assert listed[0].split() == ["Id", "Name", "Plan", "Api", "enabled", "Rate", "limit", "Created", "at"]
    assert listed[1].split()[1:] == ["Acme", "subscribed", "yes", "300", "2026-01-31T09:30:00.000Z"]


def test_every_workspace_is_listed(desk: Desk) -> None:
    made = {desk.ask("workspaces", "create", f"Number {number}")["id"] for number in range(3)}
    assert {row["id"] for row in desk.ask("workspaces", "list")} == made


def test_an_empty_stack_says_how_to_begin(desk: Desk) -> None:
    assert "workspaces create" in desk.type("workspaces", "list").stdout
    assert desk.ask("workspaces", "list") == []


def test_show_adds_counts(desk: Desk, workspace: Any) -> None:
    desk.ask("keys", "issue", workspace["id"], "--name", "laptop")
    counts = {"folder_count": 0, "study_count": 0, "key_count": 1}
    assert desk.ask("workspaces", "show", workspace["id"]) == workspace | counts
    assert "Key count" in desk.type("workspaces", "show", workspace["id"]).stdout


def test_a_workspace_can_be_named_by_its_name(desk: Desk, workspace: Any) -> None:
    assert desk.ask("workspaces", "show", "Acme research")["id"] == workspace["id"]


def test_a_name_that_two_workspaces_have_is_refused(desk: Desk, workspace: Any) -> None:
    desk.ask("workspaces", "create", "Acme research")
    result = desk.type("workspaces", "show", "Acme research")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: 2 workspaces are called Acme research: name one by its id.\n"


@pytest.mark.parametrize("reference", ["ws_0123456789abcdef", "Nobody"], ids=["by id", "by name"])
@pytest.mark.parametrize(
    "command",
    [
        ["workspaces", "show", "{}"],
        ["workspaces", "set-plan", "{}", "free"],
        ["workspaces", "enable-api", "{}"],
        ["workspaces", "disable-api", "{}", "--yes"],
        ["workspaces", "set-limit", "{}", "5"],
        ["keys", "issue", "{}", "--name", "laptop"],
        ["keys", "list", "{}"],
        ["keys", "rotate", "{}", "key_1"],
        ["keys", "revoke", "{}", "--all", "--yes"],
        ["keys", "set-limit", "{}", "key_1", "5"],
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_an_unknown_workspace_is_refused_in_one_sentence(desk: Desk, command: list[str], reference: str) -> None:
    result = desk.type(*(part.format(reference) for part in command))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"Error: There is no workspace {reference}.\n"


def test_the_plan_decides_the_limit(desk: Desk, workspace: Any) -> None:
    changed = desk.ask("workspaces", "set-plan", workspace["id"], "free")
    assert changed == workspace | {"plan": "free", "rate_limit": 60}
    assert desk.ask("workspaces", "set-plan", workspace["id"], "subscribed") == workspace


def test_an_override_of_the_limit_can_be_set_and_removed(desk: Desk, workspace: Any) -> None:
    changed = desk.ask("workspaces", "set-limit", workspace["id"], "7")
    assert changed == workspace | {"rate_limit": 7, "limits": {"ux_metrics": 7}}
    assert desk.ask("workspaces", "set-limit", workspace["id"], "default") == workspace


def test_each_api_has_a_limit_of_its_own(desk: Desk, workspace: Any) -> None:
    desk.ask("workspaces", "set-limit", workspace["id"], "7")
    changed = desk.ask("workspaces", "set-limit", workspace["id"], "600", "--kind", "apiauth")
    assert changed["limits"] == {"ux_metrics": 7, "apiauth": 600}
    changed = desk.ask("workspaces", "set-limit", workspace["id"], "default")
    assert changed["limits"] == {"apiauth": 600}
    changed = desk.ask("workspaces", "set-limit", workspace["id"], "8", "--kind", "metricis")
    assert changed["limits"] == {"apiauth": 600, "metricis": 8}


@pytest.mark.parametrize("limit", ["0", "-1", "many", "1.5", "\N{ARABIC-INDIC DIGIT ONE}", "1000000001"])
def test_a_limit_that_is_not_one_is_wrong_usage(desk: Desk, workspace: Any, limit: str) -> None:
    assert desk.type("workspaces", "set-limit", workspace["id"], "--", limit).exit_code == 2
    assert desk.type("workspaces", "create", "Acme", f"--limit={limit}").exit_code == 2
    assert desk.ask("workspaces", "list") == [workspace]


@pytest.mark.parametrize("name", ["", "  ", "a" * 256, "a\0b"], ids=["empty", "blank", "too long", "with U+0000"])
def test_a_name_that_is_not_one_is_wrong_usage(desk: Desk, name: str) -> None:
    assert desk.type("workspaces", "create", name).exit_code == 2
    assert desk.ask("workspaces", "list") == []


def test_the_api_can_be_switched_off_and_on(desk: Desk, workspace: Any) -> None:
    assert desk.ask("workspaces", "disable-api", workspace["id"], "--yes") == workspace | {"api_enabled": False}
    assert desk.ask("workspaces", "enable-api", workspace["id"]) == workspace
    assert "within 60 seconds" in desk.type("workspaces", "enable-api", workspace["id"]).stdout


def test_switching_off_asks_first(desk: Desk, workspace: Any) -> None:
    desk.terminal = True
    refused = desk.type("workspaces", "disable-api", workspace["id"], answer="n\n")
    assert refused.exit_code == 1
    assert f"Switch the API off for Acme research ({workspace['id']})?" in refused.stderr
    assert refused.stderr.endswith("Error: Nothing was changed.\n")
    assert desk.ask("workspaces", "list") == [workspace]
    assert desk.type("workspaces", "disable-api", workspace["id"], answer="y\n").exit_code == 0
    assert desk.ask("workspaces", "list") == [workspace | {"api_enabled": False}]


def test_switching_off_is_refused_where_nobody_can_be_asked(desk: Desk, workspace: Any) -> None:
    result = desk.type("workspaces", "disable-api", workspace["id"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "add --yes" in result.stderr
    assert desk.ask("workspaces", "list") == [workspace]
