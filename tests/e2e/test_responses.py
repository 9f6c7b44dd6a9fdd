"""Responses and their metrics over HTTP: sent, walked through, repeated, counted, and kept from neighbours."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
import pytest

from tests.e2e.conftest import SigningKey, Stack, signing_caller

SURVEYS: Final = "/api/experience/surveys"
DEVICES: Final = "/api/experience/devices"
QUESTIONS: Final[list[dict[str, Any]]] = [
    {"id": "nps", "type": "nps", "text": "How likely?", "required": True},
    {"id": "stars", "type": "rating", "text": "Stars?"},
    {"id": "colour", "type": "choice", "text": "Which?", "options": ["red", "blue"]},
    {"id": "colours", "type": "multi_choice", "text": "Which ones?", "options": [{"id": "r", "label": "Red"}, "blue"]},
    {"id": "why", "type": "text", "text": "Why?"},
    {"id": "again", "type": "boolean", "text": "Again?"},
]
ANSWERS: Final = [
    {"question_id": "nps", "value": 9},
    {"question_id": "stars", "value": 4},
    {"question_id": "colour", "value": "blue"},
    {"question_id": "colours", "value": ["r", "blue"]},
    {"question_id": "why", "value": "Très bien 🙂, the queue was short"},
    {"question_id": "again", "value": True},
]


def body_of(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, f"{answer.request.method} {answer.request.url}: {answer.text[:2000]}"
    return answer.json()


@pytest.fixture
def path(signed_load: httpx.Client) -> str:
    survey = {"name": "Lobby", "status": "active", "questions": QUESTIONS}
    return f"{SURVEYS}/{body_of(signed_load.post(SURVEYS, json=survey), 201)['id']}"


@pytest.fixture
def kiosk(signed_load: httpx.Client) -> str:
    identifier: str = body_of(signed_load.post(DEVICES, json={"name": "Kiosk"}), 201)["id"]
    return identifier


def nps(value: int, **members: Any) -> dict[str, Any]:
    return {"answers": [{"question_id": "nps", "value": value}], **members}


def test_a_response_is_sent_shown_listed_and_counted(signed_load: httpx.Client, path: str, kiosk: str) -> None:
    body = {"answers": ANSWERS, "device_id": kiosk, "language": "fr", "external_id": "k-1"}
    answer = signed_load.post(f"{path}/responses", json=body)
    sent = body_of(answer, 201)
    assert {name: sent[name] for name in body} == body
    assert body_of(signed_load.get(answer.headers["location"])) == sent
    assert body_of(signed_load.get(f"{path}/responses")) == [sent]
    again = signed_load.post(f"{path}/responses", json=body)
    assert body_of(again) == sent
    conflict = signed_load.post(f"{path}/responses", json=nps(1, external_id="k-1"))
    assert body_of(conflict, 409)["error"]["code"] == "duplicate_response"
    shown = body_of(signed_load.get(f"{path}/metrics"))
    assert shown["totals"] == {"responses": 1, "devices": 1, "without_device": 0}
    assert [question["answered"] for question in shown["questions"]] == [1] * len(QUESTIONS)
    assert [(row["device_id"], row["responses"]) for row in shown["devices"]] == [(kiosk, 1)]
    assert body_of(signed_load.get(f"{DEVICES}/{kiosk}"))["last_seen_at"] == sent["submitted_at"]


def test_wrong_answers_are_named(signed_load: httpx.Client, path: str) -> None:
    answer = signed_load.post(f"{path}/responses", json=nps(11, device_id="A" * 22))
    error = body_of(answer, 422)["error"]
    assert error["code"] == "validation_failed"
    assert [detail["field"] for detail in error["details"]] == ["answers[0].value", "device_id"]


def test_a_closed_survey_takes_nothing(signed_load: httpx.Client, path: str) -> None:
    closed = {"name": "Lobby", "status": "closed", "questions": QUESTIONS}
    body_of(signed_load.put(path, json=closed))
    assert body_of(signed_load.post(f"{path}/responses", json=nps(1)), 409)["error"]["code"] == "survey_not_active"


def test_a_walk_meets_each_response_once_while_others_are_sent(signed_load: httpx.Client, path: str) -> None:
    now = datetime.now(UTC)

    def send(minutes: float) -> str:
        body = nps(9, submitted_at=(now - timedelta(minutes=minutes)).isoformat())
        identifier: str = body_of(signed_load.post(f"{path}/responses", json=body), 201)["id"]
        return identifier

    with ThreadPoolExecutor(4) as threads:
        there = set(threads.map(send, range(40)))
        met: list[str] = []
        query = {"limit": "7", "start_at": (now - timedelta(days=1)).isoformat()}
        while True:
            sending = [threads.submit(send, minute + 0.5) for minute in (2, 20, 39)]
            answer = signed_load.get(f"{path}/responses", params=query)
            met += [response["id"] for response in body_of(answer)]
            assert all(each.result() for each in sending)
            if "next-cursor" not in answer.headers:
                break
            query = {"limit": "7", "cursor": answer.headers["next-cursor"]}
    assert len(met) == len(set(met))
    assert there <= set(met)
    shown = body_of(signed_load.get(f"{path}/metrics"))
    assert shown["totals"]["responses"] >= len(met)


def test_neighbours_find_nothing(
    signed_load: httpx.Client, path: str, stack: Stack, make_signing_key: Callable[..., SigningKey]
) -> None:
    sent = body_of(signed_load.post(f"{path}/responses", json=nps(5)), 201)
    with signing_caller(stack, make_signing_key(limit=1_000).pair) as neighbour:
        for rest in ("responses", f"responses/{sent['id']}", "metrics"):
            theirs = neighbour.get(f"{path}/{rest}")
            never = neighbour.get(f"{SURVEYS}/999999/{rest}")
            assert theirs.status_code == never.status_code == 404
            assert theirs.content == never.content
        assert neighbour.post(f"{path}/responses", json=nps(5)).status_code == 404


def test_a_key_that_only_reads_cannot_send(signed_load: httpx.Client, path: str, stack: Stack) -> None:
    with signing_caller(stack, stack.workspaces["load"]["apiauth_read_only"]) as reader:
        refused = reader.post(f"{path}/responses", json=nps(5))
        assert body_of(refused, 403)["error"]["code"] == "permission_denied"
        assert body_of(reader.get(f"{path}/responses")) == []
        assert body_of(reader.get(f"{path}/metrics"))["totals"]["responses"] == 0
