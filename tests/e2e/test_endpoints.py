"""Each of the 31 documented endpoints, called over HTTP as its document says."""

from typing import Any

import pytest

from tests.e2e.conftest import Api
from tests.e2e.studies import draft, fill, published

LIST_FIELDS = {
    "id",
    "type",
    "status",
    "name",
    "description",
    "folder_id",
    "participant_count",
    "completed_count",
    "excluded_count",
    "created_at",
    "updated_at",
    "published_at",
    "ended_at",
}


def assert_throttle_headers(answer: Any) -> None:
    for name in ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"):
        assert answer.headers[name].isdigit()


def test_workspace(load: Api, stack: Any) -> None:
    answer = load.get("/api/v1/workspace")
    workspace = answer.json()["data"]
    assert workspace["id"] == stack.workspaces["load"]["id"]
    assert set(workspace) == {
        "id",
        "name",
        "plan",
        "api_enabled",
        "rate_limit",
        "folder_count",
        "study_count",
        "created_at",
    }
    assert_throttle_headers(answer)


def test_folder_from_creation_to_deletion(load: Api) -> None:
    body = {"folder": {"name": "Research", "color": "#3B82F6", "icon": "folder"}}
    answer = load.post("/api/v1/folders", json=body)
    folder = answer.json()["data"]
    path = f"/api/v1/folders/{folder['id']}"
    assert (answer.status_code, answer.headers["Location"]) == (201, path)
    assert folder["id"].startswith("fld_")

    assert load.data("GET", path) == folder
    assert folder in list(load.walk("/api/v1/folders", archived="false"))
    changed = load.data("PATCH", path, json={"folder": {"archived": True}})
    assert changed["archived"] is True
    assert changed in list(load.walk("/api/v1/folders", archived="true"))
    assert load.data("DELETE", path, status=204) is None
    assert load.get(path).status_code == 404


def test_study_from_draft_to_end(load: Api) -> None:
    answer = load.post("/api/v1/studies?type=card_sort", json={"study": {"name": "My Study"}})
    study = answer.json()["data"]
    path = f"/api/v1/studies/{study['id']}"
    assert (answer.status_code, answer.headers["Location"], study["status"]) == (201, path, "draft")

    listed = [row for row in load.walk("/api/v1/studies", type="card_sort", status="draft") if row["id"] == study["id"]]
    assert set(listed[0]) == LIST_FIELDS
    assert load.data("PATCH", path, json={"study": {"name": "Renamed"}})["name"] == "Renamed"
    load.data("POST", f"{path}/cards", json={"cards": [{"label": "Apple"}, {"label": "Pear"}]}, status=201)

    live = load.data("POST", f"{path}/publish")
    assert live["status"] == "published"
    assert live["collect_token"]
    ended = load.data("POST", f"{path}/end")
    assert ended["status"] == "ended"
    assert "collect_token" not in ended

    copied = load.post(f"{path}/duplicate")
    copy = copied.json()["data"]
    assert copied.status_code == 201
    assert (copy["name"], copy["status"]) == ("Renamed (copy)", "draft")
    assert {card["label"] for card in copy["cards"]} == {"Apple", "Pear"}
    assert not {card["id"] for card in copy["cards"]} & {card["id"] for card in ended["cards"]}
    assert load.data("DELETE", copied.headers["Location"], status=204) is None


def test_cards(load: Api) -> None:
    path = f"/api/v1/studies/{draft(load, 'card_sort')['id']}"
    [card] = load.data("POST", f"{path}/cards", json={"card": {"label": "One more"}}, status=201)
    changed = load.data("PATCH", f"{path}/cards/{card['id']}", json={"card": {"label": "First", "position": 0}})
    assert changed == {"id": card["id"], "label": "First", "position": 0}
    assert load.data("GET", path)["cards"][0] == changed
    load.data("DELETE", f"{path}/cards/{card['id']}", status=204)
    assert card["id"] not in {row["id"] for row in load.data("GET", path)["cards"]}


def test_groups(load: Api) -> None:
    body = {"study": {"name": "Closed", "settings": {"sort_type": "closed"}}}
    study = load.data("POST", "/api/v1/studies?type=card_sort", json=body, status=201)
    path = f"/api/v1/studies/{study['id']}"
    groups = load.data("POST", f"{path}/groups", json={"groups": ["Fruit", {"label": "Bread"}]}, status=201)
    assert [group["label"] for group in groups] == ["Fruit", "Bread"]
    changed = load.data("PATCH", f"{path}/groups/{groups[1]['id']}", json={"group": {"position": 0}})
    assert changed["position"] == 0
    load.data("DELETE", f"{path}/groups/{groups[0]['id']}", status=204)
    assert [group["label"] for group in load.data("GET", path)["groups"]] == ["Bread"]


def test_questions(load: Api) -> None:
    study = load.data("POST", "/api/v1/studies?type=survey", json={"study": {"name": "Asked"}}, status=201)
    path = f"/api/v1/studies/{study['id']}"
    body = {"questions": [{"kind": "nps", "prompt": "Would you recommend us?", "required": True}]}
    [question] = load.data("POST", f"{path}/questions", json=body, status=201)
    changed = load.data(
        "PATCH", f"{path}/questions/{question['id']}", json={"question": {"prompt": "Would you tell a friend?"}}
    )
    assert (changed["kind"], changed["prompt"]) == ("nps", "Would you tell a friend?")
    load.data("DELETE", f"{path}/questions/{question['id']}", status=204)
    assert load.data("GET", path)["questions"] == []


def test_participants_from_import_to_report(load: Api) -> None:
    study = published(load, "tree_test")
    path = f"/api/v1/studies/{study['id']}"
    made = fill(load, study, 12)
    one = f"{path}/participants/{made[3]['id']}"
    assert list(load.walk(f"{path}/participants", limit="5")) == made
    assert load.data("GET", one) == made[3]

    results = load.data("GET", f"{one}/results")
    assert results
    assert all(result["participant_id"] == made[3]["id"] for result in results)
    assert all(result["study_id"] == study["id"] for result in results)

    excluded = load.data("POST", f"{one}/exclude", json={"reason": "hurried"})
    assert (excluded["excluded"], excluded["exclusion_reason"]) == (True, "hurried")
    assert [row["id"] for row in load.walk(f"{path}/participants", excluded="true")] == [made[3]["id"]]
    metrics = load.data("GET", f"{path}/metrics")
    assert metrics["participants"]["analysed"] == 11
    assert metrics["duration_ms"]["n"] == 11
    assert load.data("POST", f"{one}/include")["excluded"] is False
    assert load.data("GET", f"{path}/metrics")["participants"]["analysed"] == 12

    report = load.get(f"{path}/report.md")
    assert report.status_code == 200
    assert report.headers["Content-Type"].startswith("text/markdown")
    assert study["name"] in report.text.replace("\\", "")


def test_documentation_needs_no_key(anonymous: Api) -> None:
    answer = anonymous.get("/api/v1/docs.md")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/markdown")
    assert_throttle_headers(answer)


@pytest.mark.parametrize(
    "tail",
    ["", "/participants", "/metrics", "/participants/{pid}", "/participants/{pid}/results", "/report.md"],
    ids=lambda tail: tail or "study",
)
def test_reads_of_a_study_answer_markdown(load: Api, tail: str) -> None:
    study = published(load, "survey")
    pid = fill(load, study, 1)[0]["id"]
    answer = load.get(f"/api/v1/studies/{study['id']}{tail.format(pid=pid)}", headers={"Accept": "text/markdown"})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/markdown; charset=utf-8"
    assert answer.text.startswith("# ")


@pytest.mark.parametrize("path", ["/api/v1/workspace", "/api/v1/folders", "/api/v1/studies"])
def test_reads_of_a_workspace_answer_markdown(load: Api, path: str) -> None:
    answer = load.get(path, headers={"Accept": "text/markdown;q=0.9, application/json;q=0.1"})
    assert answer.headers["Content-Type"] == "text/markdown; charset=utf-8"
    assert "Accept" in answer.headers["Vary"]


def test_collect_door_from_runner_to_completion(load: Api, anonymous: Api) -> None:
    study = published(load, "preference_test")
    door = f"/api/v1/collect/{study['collect_token']}"
    shown = anonymous.get(door, headers={"Origin": "https://runner.example"})
    assert shown.headers["Access-Control-Allow-Origin"] == "*"
    options = [option["id"] for option in study["settings"]["options"]]

    joined = anonymous.data("POST", f"{door}/participants", json={"device": "phone"}, status=201)
    person = f"{door}/participants/{joined['participant_id']}"
    token = {"Authorization": f"Bearer {joined['participant_token']}"}
    payload = {"option_id": options[0], "order": options, "reason": None, "duration_ms": 900}
    anonymous.data("POST", f"{person}/results", json=payload, headers=token, status=201)
    other = anonymous.post(f"{person}/results", json={**payload, "duration_ms": 901}, headers=token)
    assert other.status_code == 422
    anonymous.data("POST", f"{person}/complete", headers=token)
    anonymous.data("POST", f"{person}/complete", headers=token)
    stored = load.data("GET", f"/api/v1/studies/{study['id']}/participants/{joined['participant_id']}")
    assert stored["status"] == "completed"
    assert load.data("GET", f"/api/v1/studies/{study['id']}")["completed_count"] == 1
