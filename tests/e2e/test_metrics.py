"""Metrics over HTTP: of every type, exact right after a write, also with eight writers."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.e2e.conftest import Api
from tests.e2e.studies import fill, people, published
from trimetric.domain.study_types import STUDY_TYPES

WRITERS = 8
ROUNDS = 5


def figures(api: Api, path: str) -> dict[str, Any]:
    """The metrics without the instant they were asked for."""
    document = dict(api.data("GET", f"{path}/metrics"))
    del document["as_of"]
    return document


@pytest.mark.parametrize("type_name", STUDY_TYPES)
def test_excluding_and_including_again_changes_nothing(load: Api, type_name: str) -> None:
    study = published(load, type_name)
    path = f"/api/v1/studies/{study['id']}"
    made = fill(load, study, 30)
    before = figures(load, path)
    assert before[type_name]
    for person in made[::3]:
        load.data("POST", f"{path}/participants/{person['id']}/exclude")
    between = figures(load, path)
    assert between["participants"]["analysed"] == 20
    assert between != before
    for person in made[::3]:
        load.data("POST", f"{path}/participants/{person['id']}/include")
    assert figures(load, path) == before


@pytest.mark.parametrize("type_name", STUDY_TYPES)
@pytest.mark.parametrize("form", ["report.md", "report.html"])
def test_report_of_each_type(load: Api, type_name: str, form: str) -> None:
    study = published(load, type_name)
    path = f"/api/v1/studies/{study['id']}"
    empty = load.get(f"{path}/{form}")
    assert empty.status_code == 200, empty.text[:500]
    fill(load, study, 12)
    full = load.get(f"{path}/{form}")
    assert full.status_code == 200, full.text[:500]
    assert len(full.text) > len(empty.text)
    for chart in load.data("GET", f"{path}/charts"):
        picture = load.get(f"{path}/charts/{chart['name']}.svg")
        assert picture.status_code == 200, chart
        assert picture.headers["Content-Type"].startswith("image/svg+xml")


@pytest.mark.parametrize("type_name", ["survey", "card_sort", "tree_test"])
def test_a_read_sees_every_write_answered_before_it(load: Api, type_name: str) -> None:
    study = published(load, type_name)
    path = f"/api/v1/studies/{study['id']}"
    answered, lock = 0, threading.Lock()

    def write_and_read(writer: int) -> None:
        nonlocal answered
        for number in range(ROUNDS):
            body = {"participants": people(study, 5, seed=100 * writer + number)}
            load.data("POST", f"{path}/participants", json=body, status=201)
            with lock:
                answered += 5
                least = answered
            seen = figures(load, path)
            assert seen["participants"]["analysed"] >= least
            assert seen["duration_ms"]["n"] >= least

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write_and_read, range(WRITERS)))
    seen = figures(load, path)
    assert seen["participants"]["analysed"] == seen["duration_ms"]["n"] == WRITERS * ROUNDS * 5


@pytest.mark.parametrize("type_name", [name for name in STUDY_TYPES if name != "interview"])
def test_figures_without_flagged_people_are_those_that_exclusion_gives(load: Api, type_name: str) -> None:
    study = published(load, type_name)
    path = f"/api/v1/studies/{study['id']}"
    [*others, hasty] = people(study, 14)
    hasty["completed_at"] = hasty["started_at"]
    twin = {**others[0], "external_id": "twin"}
    load.data("POST", f"{path}/participants", json={"participants": [*others, hasty, twin]}, status=201)
    without = dict(load.data("GET", f"{path}/metrics?flagged=exclude"))
    marked = [person for person in load.data("GET", f"{path}/participants") if person["flags"]]
    assert {"speeder", "duplicate"} <= {flag for person in marked for flag in person["flags"]}
    assert "Without flagged people" in load.get(f"{path}/report.md").text
    for person in marked:
        load.data("POST", f"{path}/participants/{person['id']}/exclude")
    excluded = figures(load, path)
    assert without[type_name] == excluded[type_name]
    assert without["duration_ms"] == excluded["duration_ms"]
    assert without["participants"]["analysed"] == excluded["participants"]["analysed"] == 15 - len(marked)
    assert load.get(f"{path}/metrics?flagged=only").status_code == 400
