"""A neighbour's credential on every route that bears an id: the answer is that of an object which never existed."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.conftest import Api
from tests.e2e.studies import fill, published

UNKNOWN = "0" * 26

ROUTES: list[tuple[str, str, Any]] = [
    ("GET", "/api/v1/folders/{folder}", None),
    ("PATCH", "/api/v1/folders/{folder}", {"folder": {"name": "mine now"}}),
    ("DELETE", "/api/v1/folders/{folder}", None),
    ("GET", "/api/v1/studies/{study}", None),
    ("PATCH", "/api/v1/studies/{study}", {"study": {"name": "mine now"}}),
    ("DELETE", "/api/v1/studies/{study}", None),
    ("POST", "/api/v1/studies/{study}/publish", None),
    ("POST", "/api/v1/studies/{study}/end", None),
    ("POST", "/api/v1/studies/{study}/duplicate", None),
    ("POST", "/api/v1/studies/{study}/cards", {"cards": ["x"]}),
    ("PATCH", "/api/v1/studies/{study}/cards/{card}", {"card": {"label": "x"}}),
    ("DELETE", "/api/v1/studies/{study}/cards/{card}", None),
    ("POST", "/api/v1/studies/{study}/groups", {"groups": ["x"]}),
    ("PATCH", "/api/v1/studies/{study}/groups/{group}", {"group": {"label": "x"}}),
    ("DELETE", "/api/v1/studies/{study}/groups/{group}", None),
    ("POST", "/api/v1/studies/{study}/questions", {"questions": [{"kind": "nps", "prompt": "x"}]}),
    ("PATCH", "/api/v1/studies/{study}/questions/{question}", {"question": {"prompt": "x"}}),
    ("DELETE", "/api/v1/studies/{study}/questions/{question}", None),
    ("GET", "/api/v1/studies/{study}/metrics", None),
    ("GET", "/api/v1/studies/{study}/report.md", None),
    ("GET", "/api/v1/studies/{study}/report.html", None),
    ("GET", "/api/v1/studies/{study}/charts", None),
    ("GET", "/api/v1/studies/{study}/charts/durations.svg", None),
    ("GET", "/api/v1/studies/{study}/results", None),
    ("GET", "/api/v1/studies/{study}/participants", None),
    ("POST", "/api/v1/studies/{study}/participants", {"participants": [{"external_id": "x"}]}),
    ("GET", "/api/v1/studies/{study}/participants/{person}", None),
    ("GET", "/api/v1/studies/{study}/participants/{person}/results", None),
    ("POST", "/api/v1/studies/{study}/participants/{person}/exclude", None),
    ("POST", "/api/v1/studies/{study}/participants/{person}/include", None),
]


@pytest.fixture(scope="module")
def objects(load: Api) -> dict[str, str]:
    folder = load.data("POST", "/api/v1/folders", json={"folder": {"name": "Walled"}}, status=201)
    study = published(load, "card_sort")
    person = fill(load, study, 1)[0]
    return {
        "folder": folder["id"],
        "study": study["id"],
        "card": study["cards"][0]["id"],
        "group": f"grp_{UNKNOWN}",
        "question": f"qst_{UNKNOWN}",
        "person": person["id"],
    }


@pytest.mark.parametrize(("method", "path", "body"), ROUTES, ids=[f"{method} {path}" for method, path, _ in ROUTES])
def test_neighbours_object_is_like_none(
    neighbour: Api, objects: dict[str, str], method: str, path: str, body: Any
) -> None:
    unknown = {name: f"{value[:4]}{UNKNOWN}" for name, value in objects.items()}
    theirs = neighbour.request(method, path.format(**objects), json=body)
    nobodys = neighbour.request(method, path.format(**unknown), json=body)
    assert theirs.status_code == 404, theirs.text[:500]
    assert (theirs.status_code, theirs.content) == (nobodys.status_code, nobodys.content)
    varying = {"x-request-id", "x-ratelimit-remaining", "date", "x-ratelimit-reset"}
    assert {name for name in theirs.headers if name not in varying} == {
        name for name in nobodys.headers if name not in varying
    }


def test_neighbours_person_in_an_own_study_is_404(neighbour: Api, objects: dict[str, str]) -> None:
    own = published(neighbour, "card_sort")
    assert neighbour.get(f"/api/v1/studies/{own['id']}/participants/{objects['person']}").status_code == 404


def test_neighbours_folder_cannot_take_a_study(neighbour: Api, objects: dict[str, str]) -> None:
    body = {"study": {"name": "x", "folder_id": objects["folder"]}}
    assert neighbour.post("/api/v1/studies?type=survey", json=body).status_code == 422
    assert list(neighbour.walk("/api/v1/studies", folder_id=objects["folder"])) == []


def test_collect_token_of_another_study_opens_nothing(load: Api, anonymous: Api, make_api: Callable[..., Api]) -> None:
    study = published(load, "interview")
    token = study["collect_token"]
    assert anonymous.get(f"/api/v1/collect/{token}").status_code == 200
    forged = token[:-1] + ("0" if token[-1] != "0" else "1")
    assert anonymous.get(f"/api/v1/collect/{forged}").status_code == 404
    other = published(make_api(), "interview")["collect_token"]
    mixed = other[:-32] + token[-32:]
    assert anonymous.get(f"/api/v1/collect/{mixed}").status_code == 404
