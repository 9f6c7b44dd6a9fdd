"""trimetric studies …"""

from typing import Any

import pytest

from tests.cli.conftest import Desk
from tests.unit.metrics.test_folding import STUDY, World
from trimetric.dynamo import keys, metrics
from trimetric.dynamo.table import Update
from trimetric_cli import studies


@pytest.fixture
def world(desk: Desk, workspace: Any) -> World:
    """A study of that workspace with three people, folded."""
    made = World(desk.table, workspace_id=workspace["id"])
    for duration in (5, 7, None):
        made.add(duration)
    made.read()
    return made


def test_a_rebuild_of_what_is_right_finds_it_identical(desk: Desk, workspace: Any, world: World) -> None:
    before = world.seen()
    assert desk.ask("studies", "rebuild-metrics", workspace["id"], STUDY) == {
        "study_id": STUDY,
        "participants": 3,
        "result": "identical",
        "differences": [],
    }
    assert world.seen() == before == world.expected()


def test_a_rebuild_without_a_state_has_nothing_to_compare(desk: Desk, workspace: Any) -> None:
    made = World(desk.table, workspace_id=workspace["id"])
    made.add(5)
    result = desk.type("studies", "rebuild-metrics", workspace["name"], STUDY)
    assert result.exit_code == 0
    assert "nothing to compare" in result.stdout
    assert made.stale() == 0


def test_a_rebuild_names_what_differed(
    desk: Desk, workspace: Any, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = keys.participant(workspace["id"], STUDY, next(iter(world.people)))
    wrong = Update(key, set={"counts": {"folded": {"n": 0, "status": "completed", "excluded": True}}})
    world.table.write(wrong)
    monkeypatch.setattr(studies, "SHOWN", 1)
    short = desk.type("studies", "rebuild-metrics", workspace["id"], STUDY)
    assert "differed" in short.stdout
    assert short.stdout.count("stored, ") == 1
    world.table.write(wrong)
    full = desk.type("studies", "rebuild-metrics", workspace["id"], STUDY, "--all")
    assert "duration: 2 durations stored, 1 counted" in full.stdout
    assert world.seen() == world.expected()


def test_another_workspaces_study_is_refused(desk: Desk, workspace: Any, world: World) -> None:
    other = desk.ask("workspaces", "create", "Other")
    result = desk.type("studies", "rebuild-metrics", other["id"], STUDY)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"Error: The workspace Other has no study {STUDY}.\n"


def test_metrics_too_large_to_be_stored_are_explained(
    desk: Desk, workspace: Any, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "_MOST_BYTES", 100)
    result = desk.type("studies", "rebuild-metrics", workspace["id"], STUDY)
    assert result.exit_code == 1
    assert "too large to be stored" in result.stderr
