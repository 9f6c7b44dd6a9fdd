"""Studies of every type through the API, from draft to people."""

import random
from typing import Any

from tests.e2e.conftest import Api
from tests.samples.study_types import sample_results, sample_study


def draft(api: Api, type_name: str) -> dict[str, Any]:
    """A complete draft: settings and content as the type needs them."""
    sample = sample_study(type_name)
    body = {"study": {"name": f"A {type_name}", "settings": sample["settings"]}}
    study = api.data("POST", "/api/v1/studies", params={"type": type_name}, json=body, status=201)
    for kind in ("cards", "groups", "questions"):
        if sample.get(kind):
            api.data("POST", f"/api/v1/studies/{study['id']}/{kind}", json={kind: sample[kind]}, status=201)
    return dict(api.data("GET", f"/api/v1/studies/{study['id']}"))


def published(api: Api, type_name: str) -> dict[str, Any]:
    study = draft(api, type_name)
    return dict(api.data("POST", f"/api/v1/studies/{study['id']}/publish"))


def people(study: dict[str, Any], count: int, *, seed: int = 0) -> list[dict[str, Any]]:
    """Bodies of completed participants with real results, ten minutes each or less."""
    rng = random.Random(seed)  # noqa: S311 - reproducible test data
    return [
        {
            "external_id": f"person-{seed}-{number}",
            "started_at": "2026-01-05T09:00:00Z",
            "completed_at": f"2026-01-05T09:{rng.randrange(1, 10):02d}:{rng.randrange(60):02d}Z",
            "device": rng.choice(["desktop", "phone", "tablet"]),
            "locale": "en",
            "results": sample_results(study["type"], study, rng),
        }
        for number in range(count)
    ]


def fill(api: Api, study: dict[str, Any], count: int, *, seed: int = 0) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    everybody = people(study, count, seed=seed)
    for begin in range(0, count, 100):
        body = {"participants": everybody[begin : begin + 100]}
        made += api.data("POST", f"/api/v1/studies/{study['id']}/participants", json=body, status=201)
    return made
