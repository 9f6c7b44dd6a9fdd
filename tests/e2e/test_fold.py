"""The stream folds what changed, before anybody asks for metrics."""

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Api, Stack
from tests.e2e.studies import fill, published
from trimetric.domain.times import to_millis, utc_now
from trimetric.dynamo import keys
from trimetric.dynamo.metrics import Metrics
from trimetric.dynamo.table import DynamoTable

PEOPLE = 400
PATIENCE_SECONDS = 90


class Behind:
    """What lies behind the API: the table of the stack."""

    def __init__(self, stack: Stack) -> None:
        outputs = stack.client("cloudformation").describe_stacks(StackName=stack.stack_name)["Stacks"][0]["Outputs"]
        name = next(output["OutputValue"] for output in outputs if output["OutputKey"] == "TableName")
        self.table = DynamoTable(stack.client("dynamodb"), name)
        self.workspace_id: str = stack.workspaces["load"]["id"]

    def stale(self, study_id: str) -> int:
        partition = keys.people(self.workspace_id, study_id)
        return len(self.table.query(partition, index="lsi4", limit=10_000))

    def version(self, study_id: str) -> int:
        head = self.table.get(keys.metrics(self.workspace_id, study_id))
        return head["version"] if head else 0

    def differences(self, study_id: str) -> Any:
        """Between what is stored and what counting everybody anew gives."""
        rebuilt = Metrics(self.table, now_millis=to_millis(utc_now())).rebuild(self.workspace_id, study_id)
        return rebuilt and rebuilt.differences

    def wait_until_folded(self, study_id: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.stale(study_id) and time.monotonic() < deadline:
            time.sleep(0.2)
        assert self.stale(study_id) == 0


@pytest.fixture(scope="module")
def behind(stack: Stack) -> Behind:
    return Behind(stack)


@pytest.mark.parametrize("type_name", ["card_sort", "survey"])
def test_an_import_is_folded_without_any_reader(load: Api, behind: Behind, type_name: str) -> None:
    study = published(load, type_name)
    fill(load, study, PEOPLE)
    behind.wait_until_folded(study["id"])
    folded = behind.version(study["id"])
    assert folded > 0
    shown = load.data("GET", f"/api/v1/studies/{study['id']}/metrics")
    assert shown["participants"]["analysed"] == shown["duration_ms"]["n"] == PEOPLE
    assert behind.version(study["id"]) == folded, "a read found something to fold"
    assert behind.differences(study["id"]) == []


def test_exclusions_are_folded_too_and_then_all_is_quiet(load: Api, behind: Behind) -> None:
    study = published(load, "tree_test")
    made = fill(load, study, 20)
    behind.wait_until_folded(study["id"])
    for person in made[::2]:
        load.data("POST", f"/api/v1/studies/{study['id']}/participants/{person['id']}/exclude")
    behind.wait_until_folded(study["id"])
    version = behind.version(study["id"])
    time.sleep(4)  # long enough for the stream to bring our own writes back, if it did
    assert behind.version(study["id"]) == version
    assert behind.differences(study["id"]) == []


def test_each_batch_leaves_one_line_and_no_error(load: Api, behind: Behind) -> None:
    study = published(load, "survey")
    fill(load, study, 10)
    behind.wait_until_folded(study["id"])
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (lines := fold_lines(study["id"])) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert sum(line["people_folded"] for line in lines) == 10
    assert not any(line["studies_failed"] or line["studies_unfinished"] for line in lines)


def fold_lines(study_id: str) -> list[dict[str, Any]]:
    log = Path(os.environ.get("TRIMETRIC_FUNCTIONS_LOG", ".local/logs/functions.log"))
    lines = [line.partition(" ")[2] for line in log.read_text().splitlines() if "-fold " in line.partition("{")[0]]
    found = [json.loads(line) for line in lines if line.startswith("{")]
    return [line for line in found if line["message"] == "fold" and study_id in line["studies"]]
