"""trimetric.http.windows, in front of an endpoint made for these tests."""

from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import APIRouter, Response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fakes.table import FakeTable
from tests.handlers.conftest import Clock, Platform, Reply, sent
from tests.handlers.signing import SignedClient, http_date, signed_client_of, signed_event
from trimetric.domain import times
from trimetric.http import windows
from trimetric.http.answers import Answer, respond
from trimetric.http.application import CheckedRoute
from trimetric.http.call import Call
from trimetric.http.signed import ResponsesReader, respond_list

LIST = "/api/experience/surveys/1/responses"
FIGURES = "/api/experience/surveys/1/metrics"


@dataclass(frozen=True)
class Row:
    millis: int
    text: str = ""

    def public(self) -> dict[str, Any]:
        return {"millis": self.millis, "text": self.text}


class Door:
    """A list of rows, with as many as are there at the moment of asking."""

    def __init__(self, platform: Platform) -> None:
        self.rows: list[Row] = []
        self.client = signed_client_of(platform)
        self.platform = platform
        router = APIRouter(route_class=CheckedRoute)

        @router.get(LIST)
        async def show_list(call: ResponsesReader) -> Response:
            return self._list(call)

        @router.get(FIGURES)
        async def show_figures(call: ResponsesReader) -> Response:
            window = windows.window_of_month(call)
            return respond(call, Answer({"first": window.first, "last": window.last}, bare=True))

        self.handler = platform.serve(router)

    def _list(self, call: Call) -> Response:
        page = windows.monthly(call)
        behind = -1 if page.after is None else int(page.after)
        found = [
            row
            for row in sorted(self.rows, key=lambda row: row.millis)
            if page.window.first <= row.millis <= page.window.last and row.millis > behind
        ]
        shown, next_cursor = page.cut(found[: page.size + 1], lambda row: str(row.millis))
        return respond_list(call, [row.public() for row in shown], next_cursor)

    def get(self, path: str, query: str = "", *, client: SignedClient | None = None) -> Reply:
        who = client or self.client
        date = http_date(self.platform.clock.now)
        return sent(self.handler, signed_event("GET", path, query, key=who.key, secret=who.secret, date=date))

    def walk(self, query: str = "limit=2") -> list[int]:
        found: list[int] = []
        reply = self.get(LIST, query)
        while True:
            assert reply.status == 200, reply.text
            found += [row["millis"] for row in reply.json]
            if "next-cursor" not in reply.headers:
                return found
            reply = self.get(LIST, f"{query}&cursor={reply.headers['next-cursor']}")


@pytest.fixture
def door(platform: Platform) -> Door:
    return Door(platform)


def millis(text: str) -> int:
    return times.to_millis(times.parse(text))


def test_a_list_without_a_window_shows_the_month_that_ends_today(door: Door) -> None:
    """It is 31 January 2026."""
    inside = ["2026-01-01T00:00:00Z", "2026-01-31T09:30:00Z", "2026-01-31T23:59:59.999Z"]
    outside = ["2025-12-31T23:59:59.999Z", "2026-02-01T00:00:00Z"]
    door.rows = [Row(millis(text)) for text in (*inside, *outside)]
    assert door.walk() == [millis(text) for text in inside]
    assert door.get(FIGURES).json == {"first": millis(inside[0]), "last": millis(inside[-1])}


def test_the_default_window_does_not_move_while_a_list_is_walked_through(door: Door, clock: Clock) -> None:
    door.rows = [Row(millis(f"2026-01-{day:02}T12:00:00Z")) for day in (1, 2, 3, 4)]
    expected = [row.millis for row in door.rows]
    first = door.get(LIST, "limit=1")
    clock.advance(86_400)
    door.rows.append(Row(millis("2026-02-01T01:00:00Z")))
    rest = door.get(LIST, f"cursor={first.headers['next-cursor']}")
    assert [row["millis"] for row in first.json + rest.json] == expected
    assert door.walk()[-1] == millis("2026-02-01T01:00:00Z")


def test_a_start_alone_may_be_sent_along_on_another_day(door: Door, clock: Clock) -> None:
    door.rows = [Row(millis(f"2026-01-{day:02}T12:00:00Z")) for day in (1, 2, 3)]
    start = "start_at=2026-01-01T13:00:00%2B01:00"
    first = door.get(LIST, f"limit=1&{start}")
    clock.advance(86_400)
    rest = door.get(LIST, f"cursor={first.headers['next-cursor']}&{start}")
    assert [row["millis"] for row in first.json + rest.json] == [row.millis for row in door.rows[1:]]
    other = door.get(LIST, f"cursor={first.headers['next-cursor']}&start_at=2026-01-01T13:00:00Z")
    assert other.refusal == (400, "invalid_cursor")


def test_an_end_alone_begins_a_month_before_it(door: Door) -> None:
    reply = door.get(FIGURES, "end_at=2024-03-31T12:00:00Z")
    assert reply.json["first"] == millis("2024-02-29T12:00:00.001Z")
    assert reply.json["last"] == millis("2024-03-31T11:59:59.999Z")


@pytest.mark.parametrize("path", [LIST, FIGURES])
@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("start_at=2026-02-01T00:00:00Z", "after today"),
        ("start_at=2026-01-01T00:00:00+01:00", "%2B"),
        ("start_at=2026-01-02T00:00:00Z&end_at=2026-01-02T00:00:00Z", "before"),
        ("end_at=today", "RFC 3339"),
    ],
)
def test_what_is_no_window_is_refused_with_a_reason(door: Door, path: str, query: str, word: str) -> None:
    reply = door.get(path, query)
    assert reply.refusal == (400, "invalid_window")
    assert word in reply.error["message"]


def test_figures_take_no_page(door: Door) -> None:
    assert door.get(FIGURES, "limit=1").refusal == (400, "invalid_request")


def test_a_cursor_of_a_neighbour_is_refused(door: Door, platform: Platform) -> None:
    door.rows = [Row(millis(f"2026-01-{day:02}T12:00:00Z")) for day in (1, 2, 3)]
    cursor = door.get(LIST, "limit=1").headers["next-cursor"]
    neighbour = signed_client_of(platform, name="Neighbour")
    assert door.get(LIST, f"cursor={cursor}", client=neighbour).refusal == (400, "invalid_cursor")
    colleague = signed_client_of(platform, workspace=door.client.workspace)
    assert door.get(LIST, f"cursor={cursor}", client=colleague).status == 200


def test_rows_too_large_for_one_answer_come_on_more_pages(door: Door) -> None:
    large = "x" * 900_000
    day = millis("2026-01-10T00:00:00Z")
    door.rows = [Row(day + number, large) for number in range(5)] + [Row(day + 5, large * 3), Row(day + 6)]
    assert [row["millis"] - day for row in door.get(LIST, "limit=100").json] == [0, 1]
    assert [each - day for each in door.walk("limit=100")] == list(range(7))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(data=st.data())
def test_a_walk_shows_what_was_there_once_while_rows_come_and_go(data: st.DataObject) -> None:
    door = Door(Platform(FakeTable(), Clock()))
    day = millis("2026-01-10T00:00:00Z")
    moments = st.integers(0, 60)
    before = data.draw(st.sets(moments, max_size=20))
    door.rows = [Row(day + each) for each in before]
    size = data.draw(st.integers(1, 7))
    start, end = data.draw(moments), data.draw(moments)
    query = f"limit={size}"
    if start < end and data.draw(st.booleans()):
        bounds = [
            times.to_text(times.parse("2026-01-10T00:00:00Z")).replace("000Z", f"{each:03}Z") for each in (start, end)
        ]
        query += f"&start_at={bounds[0]}&end_at={bounds[1]}"
        wanted = {each for each in before if start < each < end}
    else:
        wanted = set(before)
    found: list[int] = []
    gone: set[int] = set()
    reply = door.get(LIST, query)
    while True:
        assert reply.status == 200
        found += [row["millis"] - day for row in reply.json]
        if "next-cursor" not in reply.headers:
            break
        present = {row.millis - day for row in door.rows}
        come = data.draw(st.sets(moments, max_size=3)) - set(before) - present
        leave = data.draw(st.sets(st.sampled_from(sorted(present)), max_size=2)) if present else set()
        gone |= leave - set(found)
        door.rows = [Row(day + each) for each in (present | come) - leave]
        reply = door.get(LIST, f"{query}&cursor={reply.headers['next-cursor']}")
    assert found == sorted(set(found))
    assert wanted - gone <= set(found)
