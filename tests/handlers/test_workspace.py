"""GET /api/v1/workspace"""

from collections.abc import Callable

import pytest

from tests.handlers.conftest import Client
from trimetric.domain.workspaces import Plan


@pytest.mark.parametrize(("plan", "limit"), [(Plan.FREE, 60), (Plan.SUBSCRIBED, 300)])
def test_it_shows_the_workspace_of_the_key(make_client: Callable[..., Client], plan: Plan, limit: int) -> None:
    client = make_client(plan, name="Café Ünïcode")
    assert client.workspace is not None
    assert client.get("/api/v1/workspace").data == {
        "id": client.workspace.id,
        "name": "Café Ünïcode",
        "plan": plan.value,
        "api_enabled": True,
        "rate_limit": limit,
        "folder_count": 0,
        "study_count": 0,
        "created_at": client.workspace.created_at,
    }


def test_an_overridden_limit_is_the_one_that_is_shown_and_kept(make_client: Callable[..., Client]) -> None:
    reply = make_client(limits={"ux_metrics": 1234}).get("/api/v1/workspace")
    assert (reply.data["rate_limit"], reply.headers["x-ratelimit-limit"]) == (1234, "1234")


def test_it_counts_folders_and_studies_at_once(api: Client, neighbour: Client) -> None:
    def counts(client: Client) -> tuple[int, int]:
        shown = client.get("/api/v1/workspace").data
        return shown["folder_count"], shown["study_count"]

    folders = [api.folder() for _ in range(2)]
    studies = [api.study() for _ in range(3)]
    assert counts(api) == (2, 3)
    api.post(f"/api/v1/studies/{studies[0]['id']}/duplicate")
    assert counts(api) == (2, 4)
    assert api.delete(f"/api/v1/folders/{folders[0]['id']}").status == 204
    assert api.delete(f"/api/v1/studies/{studies[1]['id']}").status == 204
    assert counts(api) == (1, 3)
    assert counts(neighbour) == (0, 0)


def test_its_markdown_has_the_same_facts(api: Client) -> None:
    text = api.get("/api/v1/workspace", accept="text/markdown").text
    assert text.startswith("# Workspace: Acme\n")
    for name, value in api.get("/api/v1/workspace").data.items():
        assert f"| {name} | {'yes' if value is True else value} |" in text


def test_a_warm_read_is_two_round_trips(api: Client) -> None:
    api.get("/api/v1/workspace")
    api.get("/api/v1/workspace")
    assert api.platform.log_lines()[-1]["store_calls"] == 2
