"""The local door passes requests and answers on exactly, over real sockets on the loopback."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from scripts.local_stack.ports import LOOPBACK, free_ports
from scripts.local_stack.proxy import BODY_LIMIT, Proxy, Upstream

pytestmark = [pytest.mark.loopback, pytest.mark.allow_hosts([LOOPBACK])]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class Received:
    """One request as it came over the wire."""

    line: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name]


@dataclass
class Cloud:
    """Answers every request with the same bytes and keeps what it got."""

    answer: bytes = OK
    delay: float = 0.0
    received: list[Received] = field(default_factory=list)
    running: int = 0
    most_running: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                headers = [(name, value.strip()) for name, value in (row.split(":", 1) for row in head[1:] if row)]
                length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
                self.received.append(Received(head[0], headers, await reader.readexactly(length)))
                self.running += 1
                self.most_running = max(self.most_running, self.running)
                await asyncio.sleep(self.delay)
                self.running -= 1
                writer.write(self.answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def door(cloud: Cloud | None, *, running_at_once: int = 8) -> AsyncIterator[int]:
    """A proxy in front of the cloud (None: nobody listens there); its port."""
    port, aws_port = free_ports(2)
    server = await asyncio.start_server(cloud.serve, LOOPBACK, aws_port) if cloud else None
    proxy = Proxy(Upstream(aws_port, "abc123"), port=port, running_at_once=running_at_once)
    await proxy.start()
    try:
        yield port
    finally:
        await proxy.stop()
        if server is not None:
            server.close()


async def exchange(port: int, request: bytes) -> tuple[int, dict[str, str], bytes]:
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    writer.write(request)
    await writer.drain()
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, value in (row.split(":", 1) for row in head[1:] if row)}
    length = 0 if request.startswith(b"HEAD ") else int(headers.get("content-length", "0"))
    body = await reader.readexactly(length)
    writer.close()
    return int(head[0].split(" ")[1]), headers, body


def ask(cloud: Cloud | None, request: bytes) -> tuple[int, dict[str, str], bytes]:
    async def run() -> tuple[int, dict[str, str], bytes]:
        async with door(cloud) as port:
            return await exchange(port, request)

    return asyncio.run(run())


@pytest.mark.parametrize(
    "target",
    [
        pytest.param("/api/v1/studies?limit=2&limit=3", id="a parameter twice"),
        pytest.param("/a?x=%41&y=+&z=%2B&e=&&=&q='~!*", id="needless and missing escapes"),
        pytest.param("/a%2Fb/%E4/c;d/./x", id="escapes, semicolons and dots in the path"),
        pytest.param("/a?b=c?d=/e:f@g", id="reserved characters in the query"),
        pytest.param("/a?x=%zz", id="a broken escape"),
    ],
)
def test_path_and_query_arrive_as_they_were_sent(target: str) -> None:
    cloud = Cloud()
    ask(cloud, f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert cloud.received[0].line == f"GET {target} HTTP/1.1"


def test_the_host_is_the_api_and_the_caller_is_named() -> None:
    cloud = Cloud()
    ask(cloud, b"GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nX-Forwarded-For: 10.0.0.9\r\n\r\n")
    assert cloud.received[0].header("host") == ["abc123.execute-api.localhost"]
    assert cloud.received[0].header("x-forwarded-for") == ["10.0.0.9, 127.0.0.1"]


def test_nothing_is_added_that_a_caller_left_out() -> None:
    cloud = Cloud()
    ask(cloud, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    names = {name.lower() for name, _ in cloud.received[0].headers}
    assert names <= {"host", "x-forwarded-for", "x-forwarded-proto"}


def test_headers_of_one_connection_stay_behind() -> None:
    cloud = Cloud()
    headers = b"Connection: keep-alive, X-Mine\r\nX-Mine: 1\r\nTE: trailers\r\nX-Other: 2\r\n"
    ask(cloud, b"GET / HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n")
    names = {name.lower() for name, _ in cloud.received[0].headers}
    assert "x-other" in names
    assert not names & {"x-mine", "te", "keep-alive"}


def test_repeated_headers_are_joined_as_api_gateway_joins_them() -> None:
    cloud = Cloud()
    ask(cloud, b"GET / HTTP/1.1\r\nHost: x\r\nAccept: a/b\r\nAccept: c/d\r\n\r\n")
    assert cloud.received[0].header("accept") == ["a/b,c/d"]


@pytest.mark.parametrize("octets", [b"caf\xe9", "café".encode()], ids=["Latin-1", "UTF-8"])
def test_no_letter_of_a_header_is_lost(octets: bytes) -> None:
    cloud = Cloud()
    ask(cloud, b"GET / HTTP/1.1\r\nHost: x\r\nX-Name: " + octets + b"\r\n\r\n")
    assert cloud.received[0].header("x-name") == ["café".encode().decode("latin-1")]


def test_a_large_body_arrives_whole() -> None:
    cloud = Cloud()
    body = bytes(range(256)) * 4096 * 6
    request = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
    status, _, _ = ask(cloud, request + body)
    assert status == 200
    assert cloud.received[0].body == body


def test_a_chunked_body_arrives_whole() -> None:
    cloud = Cloud()
    ask(cloud, b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
    assert cloud.received[0].body == b"abcde"
    assert cloud.received[0].header("transfer-encoding") == []


def test_a_body_beyond_the_gateways_limit_is_refused_here() -> None:
    cloud = Cloud()
    body = b"x" * (BODY_LIMIT + 1)
    status, _, answer = ask(cloud, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    assert status == 413
    assert "bodies" in json.loads(answer)["message"]
    assert cloud.received == []


def test_answers_keep_status_headers_and_packed_bodies() -> None:
    answer = (
        b"HTTP/1.1 422 Unprocessable Content\r\nContent-Encoding: gzip\r\nX-RateLimit-Limit: 60\r\n"
        b"Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nConnection: close\r\nContent-Length: 5\r\n\r\n\x1f\x8bxyz"
    )
    status, headers, body = ask(Cloud(answer), b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (status, body) == (422, b"\x1f\x8bxyz")
    assert headers["content-encoding"] == "gzip"
    assert headers["x-ratelimit-limit"] == "60"


def test_a_redirect_is_the_callers_to_follow() -> None:
    answer = b"HTTP/1.1 302 Found\r\nLocation: /docs\r\nContent-Length: 0\r\n\r\n"
    status, headers, _ = ask(Cloud(answer), b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (status, headers["location"]) == (302, "/docs")


def test_a_head_request_has_the_length_and_no_body() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 42\r\n\r\n"
    status, headers, body = ask(Cloud(answer), b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (status, headers["content-length"], body) == (200, "42", b"")


def test_a_cloud_that_is_down_is_a_sentence() -> None:
    status, headers, body = ask(None, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert status == 502
    assert headers["content-type"] == "application/json"
    assert json.loads(body)["message"].startswith("The local cloud (MiniStack) does not answer")


def test_many_callers_wait_while_a_few_are_served() -> None:
    cloud = Cloud(delay=0.01)

    async def run() -> list[int]:
        async with door(cloud, running_at_once=4) as port:
            requests = (exchange(port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") for _ in range(80))
            return [status for status, _, _ in await asyncio.gather(*requests)]

    assert asyncio.run(run()) == [200] * 80
    assert cloud.most_running == 4


def test_a_connection_serves_one_request_after_another() -> None:
    cloud = Cloud()

    async def run() -> list[bytes]:
        async with door(cloud) as port:
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            lines = []
            for _ in range(3):
                writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                lines.append(await reader.readline())
                await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(2)
            writer.close()
            return lines

    assert asyncio.run(run()) == [b"HTTP/1.1 200 OK\r\n"] * 3
