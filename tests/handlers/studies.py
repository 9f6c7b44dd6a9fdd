"""Studies of every type with people, made through the API."""

import random
from typing import Any

from tests.handlers.conftest import Client
from tests.samples.study_types import sample_results, sample_study


def published(client: Client, type_: str) -> dict[str, Any]:
    """The detail of a published study with the sample's settings and content."""
    sample = sample_study(type_)
    body = {"study": {"name": f"A {type_}", "settings": sample["settings"]}}
    path = f"/api/v1/studies/{client.post('/api/v1/studies', body, {'type': type_}).data['id']}"
    for kind in ("cards", "groups", "questions"):
        if sample.get(kind):
            assert client.post(f"{path}/{kind}", {kind: sample[kind]}).status == 201
    reply = client.post(f"{path}/publish")
    assert reply.status == 200, reply.text
    detail: dict[str, Any] = client.get(path).data
    return detail


def people(study: dict[str, Any], count: int, *, seed: int = 0) -> list[dict[str, Any]]:
    """Completed participants with results, each with an external id."""
    rng = random.Random(seed)  # noqa: S311 - the same people every time
    return [
        {
            "external_id": f"person-{seed}-{number}",
            "started_at": "2026-01-05T09:00:00Z",
            "completed_at": "2026-01-05T09:05:00Z",
            "device": "phone",
            "locale": "en",
            "results": sample_results(study["type"], study, rng),
        }
        for number in range(count)
    ]


def walked(client: Client, path: str, **query: str) -> list[dict[str, Any]]:
    """All pages of a list."""
    found: list[dict[str, Any]] = []
    while True:
        reply = client.get(path, query)
        assert reply.status == 200, reply.text
        found += reply.data
        cursor = reply.json["pagination"]["next_cursor"]
        assert reply.json["pagination"]["has_more"] is (cursor is not None)
        if cursor is None:
            return found
        query["after"] = cursor
