"""Devices and surveys of the Micrometrics API over HTTP."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import Stack, signing_caller
from trimetric.domain.workspaces import READ_PERMISSIONS

DEVICES = "/api/experience/devices"
SURVEYS = "/api/experience/surveys"
QUESTIONS = [
    {"id": "nps", "type": "nps", "text": "How likely are you to recommend us?", "required": True},
    {"id": "why", "type": "multi_choice", "text": "Why?", "options": ["Rooms", {"id": "food", "label": "Breakfast"}]},
]


@pytest.fixture(scope="module")
def api(stack: Stack, make_signing_key: Callable[..., Any]) -> Iterator[httpx.Client]:
    """A workspace of its own, whose lists nobody else fills."""
    with signing_caller(stack, make_signing_key(limit=1_000_000).pair) as client:
        yield client


@pytest.fixture(scope="module")
def neighbour(stack: Stack, make_signing_key: Callable[..., Any]) -> Iterator[httpx.Client]:
    with signing_caller(stack, make_signing_key(limit=1_000_000).pair) as client:
        yield client


def sent(client: httpx.Client, method: str, path: str, *, status: int = 200, **arguments: Any) -> httpx.Response:
    answer = client.request(method, path, **arguments)
    assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text[:2000]}"
    return answer


def walked(client: httpx.Client, path: str, **parameters: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    answer = sent(client, "GET", path, params=parameters)
    rows += answer.json()
    while cursor := answer.headers.get("next-cursor"):
        answer = sent(client, "GET", path, params={**parameters, "cursor": cursor})
        rows += answer.json()
    return rows


def test_a_kiosk_is_set_up_moved_and_taken_away(api: httpx.Client) -> None:
    survey = sent(
        api, "POST", SURVEYS, status=201, json={"name": "Stay", "status": "active", "questions": QUESTIONS}
    ).json()
    body = {"name": "Kiosk at the door", "survey_id": survey["id"], "metadata": {"floor": 2, "height": 1.25}}
    made = sent(api, "POST", DEVICES, status=201, json=body)
    path = made.headers["location"]
    assert path == f"{DEVICES}/{made.json()['id']}"
    shown = sent(api, "GET", path)
    assert (shown.json(), shown.headers["etag"]) == (made.json(), made.headers["etag"])
    sent(api, "GET", path, status=304, headers={"If-None-Match": shown.headers["etag"]})
    moved = sent(api, "PUT", path, json={**body, "location": "Bar"}, headers={"If-Match": shown.headers["etag"]})
    assert (moved.json()["location"], moved.json()["survey_id"]) == ("Bar", survey["id"])
    sent(api, "PUT", path, status=412, json=body, headers={"If-Match": shown.headers["etag"]})
    unknown = sent(api, "PUT", path, status=422, json={**body, "survey_id": survey["id"] + 1_000})
    assert unknown.json()["error"]["details"] == [
        {"field": "survey_id", "message": "is not a survey of this workspace"}
    ]
    assert sent(api, "DELETE", path, status=204).content == b""
    assert sent(api, "GET", path, status=404).json()["error"]["code"] == "not_found"


def test_lists_are_walked_by_their_header(api: httpx.Client) -> None:
    names = [f"Kiosk {number}" for number in range(7)]
    for name in names:
        sent(api, "POST", DEVICES, status=201, json={"name": name})
    rows = [row for row in walked(api, DEVICES, limit="3") if row["name"] in names]
    assert [row["name"] for row in rows] == names
    window = {"start_at": rows[1]["created_at"], "end_at": rows[5]["created_at"]}
    assert [row["name"] for row in walked(api, DEVICES, limit="2", **window)] == names[2:5]
    # Unencoded, a + is a space.
    refused = api.get(f"{DEVICES}?start_at=2020-09-05T23:59:59.999+04:00")
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "invalid_window")
    assert "%2B" in refused.json()["error"]["message"]
    foreign = sent(api, "GET", DEVICES, params={"limit": "1"}).headers["next-cursor"]
    assert sent(api, "GET", SURVEYS, status=400, params={"cursor": foreign}).json()["error"]["code"] == "invalid_cursor"


def test_surveys_that_are_created_at_once_get_numbers_of_their_own(api: httpx.Client) -> None:
    before = [row["id"] for row in walked(api, SURVEYS)]
    create = partial(sent, api, "POST", SURVEYS, status=201)
    with ThreadPoolExecutor(4) as threads:
        made = [answer.json()["id"] for answer in threads.map(lambda n: create(json={"name": str(n)}), range(8))]
    assert sorted(made) == list(range(max(before, default=0) + 1, max(before, default=0) + 9))
    assert sorted(row["id"] for row in walked(api, SURVEYS, limit="3")) == sorted(before + made)


def test_a_survey_is_replaced_and_a_repeated_creation_is_not_carried_out(api: httpx.Client) -> None:
    body = {"name": "Stay", "questions": QUESTIONS}
    headers = {"Idempotency-Key": "survey-1"}
    first = sent(api, "POST", SURVEYS, status=201, json=body, headers=headers)
    again = sent(api, "POST", SURVEYS, status=201, json=body, headers=headers)
    assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")
    path = first.headers["location"]
    opened = sent(api, "PUT", path, json={**body, "status": "active"}).json()
    assert opened["questions"][1]["options"] == [
        {"id": "Rooms", "label": "Rooms"},
        {"id": "food", "label": "Breakfast"},
    ]
    assert sent(api, "GET", path).json() == opened
    refused = sent(api, "PUT", path, status=422, json={**body, "questions": [{"type": "choice", "text": "?"}]})
    assert [detail["field"] for detail in refused.json()["error"]["details"]] == ["questions[0].options"]


def test_a_neighbours_things_never_existed(api: httpx.Client, neighbour: httpx.Client) -> None:
    theirs = sent(neighbour, "POST", DEVICES, status=201, json={"name": "Theirs"})
    path = theirs.headers["location"]
    for method, body in (("GET", None), ("PUT", {"name": "Mine"}), ("DELETE", None)):
        seen = sent(api, method, path, status=404, json=body)
        never = sent(api, method, f"{DEVICES}/{'0' * 22}", status=404, json=body)
        assert seen.content == never.content
    assert sent(neighbour, "GET", path).json() == theirs.json()
    sent(neighbour, "DELETE", path, status=204)


def test_a_key_that_only_reads_does_not_write(stack: Stack, make_signing_key: Callable[..., Any]) -> None:
    with signing_caller(stack, make_signing_key(permissions=READ_PERMISSIONS).pair) as reader:
        assert sent(reader, "POST", DEVICES, status=403, json={"name": "x"}).json()["error"]["code"] == (
            "permission_denied"
        )
        assert reader.get(SURVEYS).status_code == 200
