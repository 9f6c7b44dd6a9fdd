"""What tests of responses begin with: a survey that asks everything, devices, and answers."""

from typing import Any, Final

from tests.handlers.conftest import Reply
from tests.handlers.signing import SignedClient

SURVEYS: Final = "/api/experience/surveys"
DEVICES: Final = "/api/experience/devices"

QUESTIONS: Final[list[dict[str, Any]]] = [
    {"id": "nps", "type": "nps", "text": "How likely?", "required": True},
    {"id": "stars", "type": "rating", "text": "How many stars?"},
    {"id": "colour", "type": "choice", "text": "Which?", "options": ["red", "blue"]},
    {"id": "colours", "type": "multi_choice", "text": "Which ones?", "options": ["red", "blue", "green"]},
    {"id": "why", "type": "text", "text": "Why?"},
    {"id": "again", "type": "boolean", "text": "Again?"},
]

#: One answer to each question.
ANSWERS: Final[dict[str, Any]] = {
    "nps": 9,
    "stars": 4,
    "colour": "red",
    "colours": ["green", "red"],
    "why": "The queue was short",
    "again": True,
}


def answered(**values: Any) -> list[dict[str, Any]]:
    return [{"question_id": name, "value": value} for name, value in values.items()]


def created(reply: Reply) -> Any:
    assert reply.status == 201, reply.text
    return reply.json


def survey(client: SignedClient, status: str = "active", **members: Any) -> str:
    """The path of a new survey."""
    body = {"name": "Lobby", "status": status, "questions": QUESTIONS, **members}
    return f"{SURVEYS}/{created(client.post(SURVEYS, body))['id']}"


def device(client: SignedClient, name: str = "Kiosk") -> str:
    """The id of a new device."""
    identifier: str = created(client.post(DEVICES, {"name": name}))["id"]
    return identifier


def last_seen(client: SignedClient, device_id: str) -> str | None:
    seen: str | None = client.get(f"{DEVICES}/{device_id}").json["last_seen_at"]
    return seen


def send(client: SignedClient, path: str, nps: int = 9, **members: Any) -> dict[str, Any]:
    """A new response to the survey at `path`."""
    response: dict[str, Any] = created(client.post(f"{path}/responses", {"answers": answered(nps=nps), **members}))
    return response


def walked(client: SignedClient, path: str, **query: str) -> list[dict[str, Any]]:
    """Every row of a list, page by page."""
    rows: list[dict[str, Any]] = []
    while True:
        reply = client.get(path, query)
        assert reply.status == 200, reply.text
        rows += reply.json
        if "next-cursor" not in reply.headers:
            return rows
        query = {**query, "cursor": reply.headers["next-cursor"]}
