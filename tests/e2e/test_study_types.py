"""A thousand people of each study type go in, are listed, exported and excluded; wrong payloads do not go in."""

import csv
import io
import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.e2e.conftest import Api
from tests.e2e.studies import fill, people, published
from tests.samples.study_types import wrong_results
from trimetric.domain.study_types import STUDY_TYPES

PEOPLE = 1000


def export(api: Api, path: str, accept: str) -> list[str]:
    """The pages of an export."""
    pages: list[str] = []
    parameters: dict[str, str] = {}
    while True:
        answer = api.get(path, params=parameters, headers={"Accept": accept})
        assert answer.status_code == 200, answer.text[:2000]
        assert answer.headers["Content-Type"].startswith(accept)
        pages.append(answer.text)
        if "Next-Cursor" not in answer.headers:
            return pages
        parameters["cursor"] = answer.headers["Next-Cursor"]


@pytest.mark.parametrize("type_name", STUDY_TYPES)
def test_a_thousand_people(load: Api, type_name: str) -> None:
    study = published(load, type_name)
    path = f"/api/v1/studies/{study['id']}"
    sent = people(study, PEOPLE)
    made = fill(load, study, PEOPLE)
    assert [person["external_id"] for person in made] == [person["external_id"] for person in sent]
    assert list(load.walk(f"{path}/participants", limit="100")) == made

    rows = [
        json.loads(line)
        for page in export(load, f"{path}/results", "application/x-ndjson")
        for line in page.splitlines()
    ]
    due = [(person["external_id"], len(person["results"])) for person in sent]
    assert len(rows) == sum(count for _, count in due)
    assert list(dict.fromkeys(row["external_id"] for row in rows)) == [name for name, count in due if count]
    assert len({row["result_id"] for row in rows}) == len(rows)

    tables = [list(csv.reader(io.StringIO(page))) for page in export(load, f"{path}/results", "text/csv")]
    assert tables[0][0][:6] == ["result_id", "participant_id", "external_id", "excluded", "task_id", "created_at"]
    assert all(table[0] == tables[0][0] for table in tables)
    assert [row[0] for table in tables for row in table[1:]] == [row["result_id"] for row in rows]

    ids = [person["id"] for person in made]
    _each(load, [f"{path}/participants/{identifier}/exclude" for identifier in ids])
    counts = load.data("GET", f"{path}/metrics")["participants"]
    assert (counts["started"], counts["excluded"], counts["analysed"]) == (PEOPLE, PEOPLE, 0)
    assert [row["id"] for row in load.walk(f"{path}/participants", excluded="true", limit="100")] == ids
    assert list(load.walk(f"{path}/participants", excluded="false")) == []

    _each(load, [f"{path}/participants/{identifier}/include" for identifier in ids[:3]])
    assert load.data("GET", f"{path}/metrics")["duration_ms"]["n"] == 3
    assert [row["id"] for row in load.walk(f"{path}/participants", excluded="false")] == ids[:3]
    shown = load.data("GET", path)
    assert (shown["participant_count"], shown["completed_count"], shown["excluded_count"]) == (
        PEOPLE,
        PEOPLE,
        PEOPLE - 3,
    )


def _each(api: Api, paths: list[str]) -> None:
    """Eight writers on one study."""
    with ThreadPoolExecutor(8) as pool:
        for answer in pool.map(api.post, paths):
            assert answer.status_code == 200, answer.text[:500]


@pytest.mark.parametrize("type_name", STUDY_TYPES)
def test_wrong_payloads_are_refused_with_their_path(load: Api, type_name: str) -> None:
    study = published(load, type_name)
    path = f"/api/v1/studies/{study['id']}/participants"
    for prose, results, suffix in wrong_results(type_name, study):
        body: dict[str, Any] = {
            "participants": [*people(study, 1, seed=1), {**people(study, 1, seed=2)[0], "results": results}]
        }
        answer = load.post(path, json=body)
        assert answer.status_code == 422, f"{prose}: {answer.status_code} {answer.text[:500]}"
        error = answer.json()["error"]
        assert error["code"] == "validation_failed", prose
        fields = [detail["field"] for detail in error["details"]]
        assert any(re.match(r"participants\[1\]\.results", field) and field.endswith(suffix) for field in fields), (
            f"{prose}: {fields} end with {suffix}"
        )
    assert load.data("GET", f"/api/v1/studies/{study['id']}")["participant_count"] == 0
