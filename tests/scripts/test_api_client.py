"""The scripts' caller of the API: what it waits for, what it repeats, what it gives up on."""

from collections.abc import Callable

import httpx
import pytest

from scripts.api_client import ATTEMPTS, LONGEST_PAUSE, ApiClient, UnexpectedAnswer

Reply = httpx.Response | httpx.TransportError


class Script:
    """A server that gives these replies, the last one for ever."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.requests: list[httpx.Request] = []
        self.pauses: list[float] = []
        transport = httpx.MockTransport(self._handle)
        self.api = ApiClient("http://api.test/", "uxm_v1_x", transport=transport, sleep=self.pauses.append)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, httpx.TransportError):
            raise reply
        return reply


OK = httpx.Response(200, json={"data": {"id": "fld_1"}})
BUSY = httpx.Response(429, headers={"Retry-After": "17"})
IN_PROGRESS = httpx.Response(409, json={"error": {"code": "idempotency_in_progress"}})
BROKEN = httpx.Response(503)
CUT = httpx.ReadError("cut")

Call = Callable[[ApiClient], object]


def read(api: ApiClient) -> object:
    return api.data("GET", "/folders/fld_1")


def write(api: ApiClient) -> object:
    return api.data("POST", "/folders", body={})


def keyed_write(api: ApiClient) -> object:
    return api.data("POST", "/folders", body={}, idempotency_key="k")


def test_the_key_travels_and_data_is_unwrapped() -> None:
    script = Script(OK)
    assert keyed_write(script.api) == {"id": "fld_1"}
    (request,) = script.requests
    assert str(request.url) == "http://api.test/api/v1/folders"
    assert request.headers["Authorization"] == "Bearer uxm_v1_x"
    assert request.headers["Idempotency-Key"] == "k"
    assert script.pauses == []


@pytest.mark.parametrize("call", [read, write, keyed_write])
def test_a_throttled_request_waits_as_long_as_it_was_told(call: Call) -> None:
    script = Script(BUSY, BUSY, OK)
    assert call(script.api) == {"id": "fld_1"}
    assert script.pauses == [17, 17]


@pytest.mark.parametrize("call", [read, keyed_write])
@pytest.mark.parametrize("reply", [BROKEN, CUT], ids=["server error", "connection cut"])
def test_what_may_be_repeated_is_repeated_with_growing_pauses(call: Call, reply: Reply) -> None:
    script = Script(reply, reply, reply, OK)
    assert call(script.api) == {"id": "fld_1"}
    assert [0.125 * 2**place <= pause <= 0.25 * 2**place for place, pause in enumerate(script.pauses)] == [True] * 3


def test_a_write_that_is_still_running_is_awaited() -> None:
    script = Script(IN_PROGRESS, OK)
    assert keyed_write(script.api) == {"id": "fld_1"}


def test_a_write_without_key_is_not_sent_twice_after_a_server_error() -> None:
    script = Script(BROKEN)
    with pytest.raises(UnexpectedAnswer, match="POST /folders answered 503"):
        write(script.api)
    assert len(script.requests) == 1


def test_a_write_without_key_is_not_sent_twice_after_a_cut() -> None:
    script = Script(CUT)
    with pytest.raises(httpx.ReadError):
        write(script.api)
    assert len(script.requests) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422])
def test_a_refusal_is_final_and_shown_whole(status: int) -> None:
    script = Script(httpx.Response(status, text="the reason"))
    with pytest.raises(UnexpectedAnswer, match=f"GET /folders/fld_1 answered {status}: the reason"):
        read(script.api)
    assert len(script.requests) == 1


@pytest.mark.parametrize(("reply", "error"), [(BROKEN, UnexpectedAnswer), (CUT, httpx.ReadError)])
def test_patience_ends(reply: Reply, error: type[Exception]) -> None:
    script = Script(reply)
    with pytest.raises(error):
        read(script.api)
    assert len(script.requests) == ATTEMPTS
    assert max(script.pauses) <= LONGEST_PAUSE


def test_a_list_is_walked_to_its_end() -> None:
    pages = [
        httpx.Response(200, json={"data": [{"id": "a"}], "pagination": {"has_more": True, "next_cursor": "c1"}}),
        httpx.Response(200, json={"data": [{"id": "b"}], "pagination": {"has_more": False, "next_cursor": None}}),
    ]
    script = Script(*pages)
    assert [each["id"] for each in script.api.walk("/folders", limit="1")] == ["a", "b"]
    assert [str(request.url.params) for request in script.requests] == ["limit=1", "limit=1&after=c1"]
