"""Kiosks that meet each other in a real store, whose transactions conflict as those of AWS do."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, cast

import pytest

from tests.handlers.conftest import Clock, Platform, Reply, elsewhere
from tests.handlers.experience import QUESTIONS, answered, device, last_seen, send, survey, walked
from tests.handlers.signing import SignedClient, signed_client_of
from trimetric.dynamo.table import DynamoTable

if TYPE_CHECKING:
    from tests.fakes.table import FakeTable


@pytest.fixture
def api(local_table: DynamoTable, clock: Clock) -> SignedClient:
    return signed_client_of(Platform(cast("FakeTable", local_table), clock, sleep=time.sleep))


def at_once(*sends: Callable[[], Reply]) -> list[Reply]:
    with ThreadPoolExecutor(len(sends)) as threads:
        return list(threads.map(elsewhere, sends))


def test_one_external_id_at_once_is_one_response(api: SignedClient) -> None:
    path = survey(api)
    body = {"answers": answered(nps=9), "external_id": "k-1"}
    replies = at_once(*[partial(api.post, f"{path}/responses", body)] * 8)
    assert sorted(reply.status for reply in replies) == [200] * 7 + [201]
    assert {reply.text for reply in replies} == {replies[0].text}
    assert api.get(f"{path}/responses").json == [replies[0].json]
    assert api.get(f"{path}/metrics").json["totals"]["responses"] == 1


def test_other_content_at_once_is_one_response_and_conflicts(api: SignedClient) -> None:
    path = survey(api)
    sends = [
        partial(api.post, f"{path}/responses", {"answers": answered(nps=number), "external_id": "k-1"})
        for number in range(6)
    ]
    replies = at_once(*sends)
    assert sorted(reply.status for reply in replies) == [201] + [409] * 5
    [accepted] = (reply.json for reply in replies if reply.status == 201)
    assert api.get(f"{path}/responses").json == [accepted]


def test_one_key_at_once_is_one_response(api: SignedClient) -> None:
    path = survey(api)
    body = {"answers": answered(nps=9)}
    replies = at_once(*[partial(api.post, f"{path}/responses", body, idempotency_key="k")] * 8)
    assert {(reply.status, reply.text) for reply in replies} == {(201, replies[0].text)}
    assert len(api.get(f"{path}/responses").json) == 1


def test_many_writers_and_readers_at_once_lose_and_double_nothing(api: SignedClient) -> None:
    path, kiosk = survey(api), device(api)
    send(api, path)

    def write(number: int) -> Reply:
        submitted_at = f"2026-01-{20 + number % 3}T{number % 24:02d}:00:00Z"
        body = {"answers": answered(nps=number % 11), "device_id": kiosk, "submitted_at": submitted_at}
        return api.post(f"{path}/responses", body)

    def read(number: int) -> Reply:
        return api.get(f"{path}/metrics")

    for turn in range(3):
        sends = [partial(write if number % 2 else read, turn * 16 + number) for number in range(16)]
        assert {reply.status for reply in at_once(*sends)} <= {200, 201}
    rows = walked(api, f"{path}/responses", limit="7")
    assert len(rows) == len({row["id"] for row in rows}) == 25
    shown = api.get(f"{path}/metrics").json
    assert shown["totals"] == {"responses": 25, "devices": 1, "without_device": 1}
    by_day = {row["date"]: row["responses"] for row in shown["days"]}
    assert by_day == {day: sum(row["submitted_at"].startswith(day) for row in rows) for day in by_day}
    assert last_seen(api, kiosk) == max(row["submitted_at"] for row in rows if row["device_id"] == kiosk)


def test_a_survey_that_is_closed_takes_nothing_behind_it(api: SignedClient) -> None:
    closed = {"name": "Lobby", "status": "closed", "questions": QUESTIONS}
    for _ in range(4):
        path = survey(api)
        body = {"answers": answered(nps=9)}
        closing, *replies = at_once(partial(api.put, path, closed), *[partial(api.post, f"{path}/responses", body)] * 6)
        assert closing.status == 200
        assert {reply.status for reply in replies} <= {201, 409}
        accepted = sum(reply.status == 201 for reply in replies)
        assert len(api.get(f"{path}/responses").json) == accepted
        assert api.post(f"{path}/responses", body).status == 409
        assert api.get(f"{path}/metrics").json["totals"]["responses"] == accepted


def test_months_that_begin_at_once_are_known(api: SignedClient) -> None:
    path = survey(api)
    sends = [
        partial(
            api.post,
            f"{path}/responses",
            {"answers": answered(nps=9), "submitted_at": f"20{10 + number % 2}-05-01T00:00:00Z"},
        )
        for number in range(10)
    ]
    assert [reply.status for reply in at_once(*sends)] == [201] * 10
    window = {"start_at": "2000-01-01T00:00:00Z", "end_at": "2020-01-01T00:00:00Z"}
    assert len(walked(api, f"{path}/responses", **window)) == 10
    assert api.get(f"{path}/metrics", window).json["totals"]["responses"] == 10
