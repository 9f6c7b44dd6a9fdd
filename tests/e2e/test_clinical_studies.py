"""Studies, people and batteries of a deployed stack, and their lists."""

import random
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import Api, Stack
from tests.e2e.metricis import caller_of, logged_in, token_caller
from tests.e2e.test_crash import function_processes

PEOPLE = "/api/participants"
#: Rounds of the test that kills imports.
ROUNDS = 12
PEOPLE_A_ROUND = 500
TRIES = 60


@pytest.fixture
def admin(stack: Stack) -> Iterator[Api]:
    with caller_of(stack, "load") as api:
        yield api


@pytest.fixture
def study(admin: Api) -> Any:
    body = {"code": secrets.token_hex(6), "name": "Sleep and attention"}
    return created(admin.post("/api/studies", json=body))


def created(answer: httpx.Response) -> Any:
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


def imported(api: Api, study: Any, content: str, *, key: str | None = None) -> httpx.Response:
    return api.post(
        f"{PEOPLE}/import",
        params={"study_id": study["id"]},
        content=content.encode(),
        headers={"Content-Type": "text/csv", **({} if key is None else {"Idempotency-Key": key})},
    )


def listed(api: Api, study: Any, **query: Any) -> Any:
    answer = api.get(PEOPLE, params={"study_id": study["id"], **query})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_documents_pagination(admin: Api, study: Any) -> None:
    content = "participant_id\n" + "".join(f"P{number:03}\n" for number in range(150))
    created(imported(admin, study, content))
    page = listed(admin, study, page=2, per_page=20)
    assert len(page["data"]) == 20
    assert page["pagination"] == {
        "page": 2,
        "per_page": 20,
        "total": 150,
        "total_pages": 8,
        "has_next": True,
        "has_prev": True,
    }


def test_the_documents_filter_and_its_error(admin: Api, study: Any) -> None:
    created(imported(admin, study, "participant_id,status\nP001,enrolled\nP002,screened\n"))
    assert [each["participant_id"] for each in listed(admin, study, status="enrolled")["data"]] == ["P001"]
    refused = admin.post(PEOPLE, json={"study_id": study["id"], "participant_id": "P003", "email": "nobody"})
    assert refused.status_code == 422
    error = refused.json()["error"]
    assert (error["code"], error["message"]) == ("VALIDATION_ERROR", "Invalid input data")
    assert (error["details"]["field"], error["details"]["reason"]) == ("email", "Invalid email format")


def test_five_thousand_rows_are_there_at_once_and_again_change_nothing(admin: Api, study: Any) -> None:
    content = "participant_id,language\n" + "".join(f"P{number:05},en\n" for number in range(5_000))
    assert created(imported(admin, study, content))["created"] == 5_000
    last = listed(admin, study, page=50, per_page=100, sort="participant_id")
    assert last["pagination"]["total"] == 5_000
    assert last["data"][-1]["participant_id"] == "P04999"
    assert created(imported(admin, study, content))["unchanged"] == 5_000
    assert listed(admin, study)["pagination"]["total"] == 5_000


def test_an_import_that_is_killed_is_all_or_nothing_and_the_retry_completes_it(
    admin: Api, stack: Stack, study: Any
) -> None:
    port = httpx.URL(stack.aws_endpoint_url).port
    assert port is not None
    chance = random.Random(11)  # noqa: S311 - reproducible
    killed = interrupted = 0
    for number in range(ROUNDS):
        before, key = PEOPLE_A_ROUND * number, secrets.token_hex(8)
        with ThreadPoolExecutor(1) as threads:
            first = threads.submit(_import, admin, study, before=before, key=key)
            time.sleep(chance.uniform(0, 0.5))
            for process in function_processes(port, "metricis-participants"):
                process.kill()
                killed += 1
            _see_all_or_nothing(admin, study, before=before)
            status = first.result()
        complete = _see_all_or_nothing(admin, study, before=before)
        assert complete or status != 201
        interrupted += status != 201
        _import_until_done(admin, study, before=before, key=key)
    assert killed > 0, "no function process was found to kill"
    assert interrupted > 0, "every import was answered before its function was killed"
    codes = [
        each["participant_id"]
        for page in range(1, 1 + ROUNDS * PEOPLE_A_ROUND // 100)
        for each in listed(admin, study, page=page, per_page=100, sort="participant_id")["data"]
    ]
    assert codes == [f"P{number:05}" for number in range(ROUNDS * PEOPLE_A_ROUND)]


def _import(api: Api, study: Any, *, before: int, key: str) -> int:
    """The status; 0 where the connection broke."""
    people = range(before, before + PEOPLE_A_ROUND)
    content = "participant_id,status\n" + "".join(f"P{number:05},screened\n" for number in people)
    try:
        answer = imported(api, study, content, key=key)
    except httpx.TransportError:
        return 0
    if answer.status_code == 201:
        assert answer.json()["data"]["created"] == PEOPLE_A_ROUND
    return answer.status_code


def _see_all_or_nothing(api: Api, study: Any, *, before: int) -> bool:
    """Whether the people of this round are there. The first count may be from before they came."""
    found = [_total(api, study), _total(api, study, status="screened")]
    assert found == sorted(found)
    assert set(found) <= {before, before + PEOPLE_A_ROUND}, "some of the people are in"
    return found[-1] > before


def _total(api: Api, study: Any, **query: str) -> int:
    """The function that answers this is the one that is killed."""
    for _ in range(TRIES):
        answer = api.get(PEOPLE, params={"study_id": study["id"], **query})
        if answer.status_code == 200:
            return int(answer.json()["pagination"]["total"])
        assert answer.status_code in (500, 502, 503, 504), answer.text
        time.sleep(0.2)
    pytest.fail("the people could not be counted")


def _import_until_done(api: Api, study: Any, *, before: int, key: str) -> None:
    """The same request with the same key."""
    for _ in range(TRIES):
        status = _import(api, study, before=before, key=key)
        complete = _see_all_or_nothing(api, study, before=before)
        if status == 201:
            assert complete
            return
        assert status in (0, 409, 500, 502, 503, 504), status
        time.sleep(0.2)
    pytest.fail("the import never went through")


def test_writers_at_once_are_all_counted(admin: Api, study: Any) -> None:
    def write(number: int) -> str:
        body = {"study_id": study["id"], "participant_id": f"P{number}", "status": "screened"}
        identifier: str = created(admin.post(PEOPLE, json=body))["id"]
        if number % 3 == 0:
            assert admin.delete(f"{PEOPLE}/{identifier}").status_code == 204
        elif number % 3 == 1:
            assert admin.patch(f"{PEOPLE}/{identifier}", json={"status": "enrolled"}).status_code == 200
        return identifier

    with ThreadPoolExecutor(8) as writers:
        written = list(writers.map(write, range(60)))
    for query, kept in (
        ({}, [each for number, each in enumerate(written) if number % 3]),
        ({"status": "enrolled"}, written[1::3]),
        ({"status": "screened"}, written[2::3]),
    ):
        page = listed(admin, study, per_page=100, **query)
        assert page["pagination"]["total"] == len(kept)
        assert {each["id"] for each in page["data"]} == set(kept)


def test_a_neighbour_sees_nothing_of_it(stack: Stack, admin: Api, study: Any) -> None:
    person = created(admin.post(PEOPLE, json={"study_id": study["id"], "participant_id": "P001"}))
    with caller_of(stack, "neighbour") as neighbour:
        foreign = neighbour.get(f"{PEOPLE}/{person['id']}")
        unknown = neighbour.get(f"{PEOPLE}/par_{'0' * 26}")
        assert (foreign.status_code, foreign.text) == (404, unknown.text)
        assert listed(neighbour, study)["pagination"]["total"] == 0


def test_who_only_reads_sees_no_contact_data(stack: Stack) -> None:
    token = logged_in(stack, "subscribed", "read_only")["access_token"]
    with caller_of(stack, "subscribed") as admin, token_caller(stack, token) as reader:
        study = created(admin.post("/api/studies", json={"code": secrets.token_hex(6), "name": "x"}))
        told = {"study_id": study["id"], "participant_id": "P001", "email": "p1@home.example", "phone": "030 123456"}
        person = created(admin.post(PEOPLE, json=told))
        seen = reader.get(f"{PEOPLE}/{person['id']}").text + reader.get(PEOPLE, params={"fields": "email,phone"}).text
        assert "p1@home" not in seen
        assert "123456" not in seen
