"""Each status of the Metricis document's table, from a deployed stack."""

import secrets
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import Api, Stack
from tests.e2e.metricis import caller_of, logged_in, newcomer, token_caller
from trimetric.dynamo import keys
from trimetric.dynamo.table import DynamoTable, Update


@pytest.fixture
def admin(stack: Stack) -> Iterator[Api]:
    with caller_of(stack, "load") as api:
        yield api


@pytest.fixture
def study(admin: Api) -> Any:
    return admin.post("/api/studies", json={"code": secrets.token_hex(6), "name": "Sleep"}).json()["data"]


def code(answer: httpx.Response) -> tuple[int, str]:
    error = answer.json()["error"]
    assert set(error) <= {"code", "message", "details"}
    return answer.status_code, error["code"]


def test_what_goes_well(admin: Api, study: Any) -> None:
    path = f"/api/studies/{study['id']}"
    assert admin.get(path).status_code == 200
    assert admin.post("/api/participants", json={"study_id": study["id"], "participant_id": "P1"}).status_code == 201
    person = admin.get("/api/participants", params={"study_id": study["id"]}).json()["data"][0]
    assert admin.delete(f"/api/participants/{person['id']}").status_code == 204
    assert admin.delete(path).status_code == 204


def test_what_is_refused(stack: Stack, admin: Api, study: Any) -> None:
    path = f"/api/studies/{study['id']}"
    reader = token_caller(stack, logged_in(stack, "load", "read_only")["access_token"])
    json = {"Content-Type": "application/json"}
    with reader, newcomer(stack) as nobody:
        answers = [
            admin.post("/api/studies", content=b"{", headers=json),
            nobody.get(path),
            reader.patch(path, json={"name": "x"}),
            admin.get("/api/studies/999999999"),
            admin.put(path, json={}),
            admin.post("/api/studies", json={"code": study["code"], "name": "x"}),
            admin.patch(path, json={"name": "x"}, headers={"If-Match": '"another"'}),
            admin.post("/api/studies", content=b" " * 1_100_000, headers=json),
            admin.post("/api/studies", content=b"x", headers={"Content-Type": "text/plain"}),
            admin.post("/api/studies", json={"code": "x"}),
        ]
    assert [code(answer) for answer in answers] == [
        (400, "BAD_REQUEST"),
        (401, "UNAUTHORIZED"),
        (403, "FORBIDDEN"),
        (404, "NOT_FOUND"),
        (405, "METHOD_NOT_ALLOWED"),
        (409, "CONFLICT"),
        (412, "PRECONDITION_FAILED"),
        (413, "PAYLOAD_TOO_LARGE"),
        (415, "UNSUPPORTED_MEDIA_TYPE"),
        (422, "VALIDATION_ERROR"),
    ]


def test_a_caller_that_does_not_wait(stack: Stack) -> None:
    with caller_of(stack, "free") as hasty:
        answers = [hasty.get("/api/batteries") for _ in range(61)]
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert code(refused) == (429, "RATE_LIMIT_EXCEEDED")
    assert int(refused.headers["Retry-After"]) >= 1
    assert refused.headers["X-RateLimit-Remaining"] == "0"


def test_an_item_that_nobody_can_read_is_our_own_failure(stack: Stack, admin: Api, study: Any) -> None:
    outputs = stack.client("cloudformation").describe_stacks(StackName=stack.stack_name)["Stacks"][0]["Outputs"]
    name = next(output["OutputValue"] for output in outputs if output["OutputKey"] == "TableName")
    table = DynamoTable(stack.client("dynamodb"), name)
    key = keys.clinical_study(stack.workspaces["load"]["id"], study["id"])
    table.write(Update(key, remove=["version"]))
    failed = admin.get(f"/api/studies/{study['id']}")
    table.write(Update(key, set={"version": 1}))
    assert code(failed) == (500, "INTERNAL_ERROR")
    assert failed.headers["X-Request-ID"]
    assert "version" not in failed.text
    assert "Traceback" not in failed.text
