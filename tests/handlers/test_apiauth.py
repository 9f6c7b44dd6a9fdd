"""Signed requests on their way through the checks, in front of an endpoint made for these tests."""

from fastapi import APIRouter, Response

from tests.handlers.conftest import Platform, Reply, sent
from tests.handlers.events import Event, event
from tests.handlers.signing import SignedClient, http_date, signed_client_of, signed_event
from trimetric.http.answers import Answer, commit, respond
from trimetric.http.application import CheckedRoute
from trimetric.http.call import Call
from trimetric.http.signed import DevicesReader, DevicesWriter, respond_list

PATH = "/api/experience/devices"

router = APIRouter(prefix=PATH, route_class=CheckedRoute)


@router.get("")
async def list_devices(call: DevicesReader) -> Response:
    call.parameters("limit", "start_at")
    return respond_list(call, [{"id": "a"}], "next")


@router.get("/{device_id}")
async def show_device(call: DevicesReader) -> Response:
    call.parameters()
    return respond(call, Answer({"id": "a"}, bare=True))


@router.post("")
async def create_device(call: DevicesWriter) -> Response:
    call.parameters()
    return commit(call, Answer(_body(call), status=201, bare=True))


def _body(call: Call) -> object:
    return call.body()


class Door:
    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.handler = platform.serve(router)

    def send(self, request: Event) -> Reply:
        return sent(self.handler, request)

    def get(self, client: SignedClient, path: str = PATH, query: str = "") -> Reply:
        date = http_date(self.platform.clock.now)
        return self.send(signed_event("GET", path, query, key=client.key, secret=client.secret, date=date))


def test_a_signed_request_is_answered_barely(platform: Platform) -> None:
    door = Door(platform)
    client = signed_client_of(platform, limit=None)
    reply = door.get(client)
    assert (reply.status, reply.json) == (200, [{"id": "a"}])
    assert reply.headers["next-cursor"] == "next"
    assert reply.headers["ratelimit-rate"] == "1"
    assert reply.headers["ratelimit-burst-remaining"] == "9"
    assert reply.headers["ratelimit-retry-after"] == "0"
    assert "x-ratelimit-limit" not in reply.headers
    assert door.get(client, f"{PATH}/a").json == {"id": "a"}
    assert door.send(event("GET", PATH)).refusal == (401, "unauthorized")
