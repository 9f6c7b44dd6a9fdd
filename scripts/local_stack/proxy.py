"""The local door: 127.0.0.1:8080 in front of MiniStack, which finds an HTTP API by its Host.

Passes on method, path and query exactly as they came (a signature may depend on their spelling), headers and body, and
does what API Gateway does on the way: joins repeated headers and adds X-Forwarded-*. Any number of callers may wait;
so many requests run at once that the functions' processes fit on a developer's machine.
"""

import asyncio
import io
import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from scripts.local_stack.ports import LOOPBACK

#: Each running request holds a process of its function: as on Lambda, one serves a single request at a time.
RUNNING_AT_ONCE = 8
#: API Gateway's own limit (bytes).
BODY_LIMIT = 10 * 1024 * 1024
#: Longer than any function may run (seconds).
ANSWER_TIMEOUT = 35.0
LONGEST_LINE = 64 * 1024

HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
#: aiohttp adds these to a request that has none, and a caller's absence of them must arrive too.
NEVER_ADDED = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Upstream:
    aws_port: int
    api_id: str

    @property
    def host(self) -> str:
        return f"{self.api_id}.execute-api.localhost"

    def url(self, raw_target: str) -> URL:
        target = raw_target if raw_target.startswith("/") else f"/{raw_target}"
        return URL(f"http://{LOOPBACK}:{self.aws_port}{target}", encoded=True)


class Proxy:
    """One listening address; `start` and `stop` from the same event loop."""

    def __init__(self, upstream: Upstream, *, port: int, running_at_once: int = RUNNING_AT_ONCE) -> None:
        self._upstream = upstream
        self._port = port
        self._slots = asyncio.Semaphore(running_at_once)
        self._session: aiohttp.ClientSession | None = None
        self._runner: web.ServerRunner | None = None

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=60),
            timeout=aiohttp.ClientTimeout(total=ANSWER_TIMEOUT),
            auto_decompress=False,
            skip_auto_headers=NEVER_ADDED,
            cookie_jar=aiohttp.DummyCookieJar(),
            max_line_size=LONGEST_LINE,
            max_field_size=LONGEST_LINE,
        )
        server = web.Server(
            self._handle,
            access_log=None,
            keepalive_timeout=75,
            max_line_size=LONGEST_LINE,
            max_field_size=LONGEST_LINE,
        )
        self._runner = web.ServerRunner(server)
        await self._runner.setup()
        await web.TCPSite(self._runner, LOOPBACK, self._port, backlog=512).start()

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        if self._session is not None:
            await self._session.close()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await _read(request)
        if body is None:
            return _sentence(413, f"The local gateway takes bodies up to {BODY_LIMIT} bytes, as API Gateway does.")
        try:
            async with self._slots:
                return await self._forward(request, body)
        except TimeoutError:
            return _sentence(504, f"The function did not answer within {ANSWER_TIMEOUT:.0f} seconds.")
        except aiohttp.ClientError as error:
            log.warning("%s %s: %s", request.method, request.path, error)
            return _sentence(502, "The local cloud (MiniStack) does not answer; .local/logs/ministack.log says more.")

    async def _forward(self, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        assert self._session is not None  # noqa: S101  # the server only runs between start and stop
        async with self._session.request(
            request.method,
            self._upstream.url(request.raw_path),
            headers=request_headers(request, self._upstream.host),
            data=io.BytesIO(body) if body else None,
            allow_redirects=False,
        ) as answer:
            content = await answer.read()
            headers = passed_on(answer.headers.items())
        if request.method != "HEAD":
            headers.popall("Content-Length", None)
        return web.Response(status=answer.status, reason=answer.reason, headers=headers, body=content)


async def _read(request: web.BaseRequest) -> bytes | None:
    """None when it is longer than the gateway takes; the rest is dropped, so that the caller can finish sending."""
    parts: list[bytes] = []
    size = 0
    async for part in request.content.iter_any():
        size += len(part)
        if size <= BODY_LIMIT:
            parts.append(part)
    return b"".join(parts) if size <= BODY_LIMIT else None


def request_headers(request: web.BaseRequest, host: str) -> CIMultiDict[str]:
    headers: CIMultiDict[str] = CIMultiDict()
    for name, sent in passed_on(request.headers.items()).items():
        value = _as_text(sent)
        if name.lower() not in ("host", "content-length", "x-forwarded-for"):
            headers[name] = f"{headers[name]},{value}" if name in headers else value
    headers["Host"] = host
    earlier = request.headers.getall("X-Forwarded-For", [])
    headers["X-Forwarded-For"] = ", ".join([*earlier, request.remote or LOOPBACK])
    headers["X-Forwarded-Proto"] = "http"
    return headers


def _as_text(value: str) -> str:
    """A value that is not UTF-8 is read as Latin-1; aiohttp would leave those octets out when it sends them on."""
    octets = value.encode("utf-8", "surrogateescape")
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def passed_on(pairs: Iterable[tuple[str, str]]) -> CIMultiDict[str]:
    """Without what concerns one connection only: the fixed names and those that Connection lists."""
    pairs = list(pairs)
    listed = {name.strip().lower() for key, value in pairs if key.lower() == "connection" for name in value.split(",")}
    return CIMultiDict((name, value) for name, value in pairs if name.lower() not in HOP_BY_HOP | listed)


def _sentence(status: int, message: str) -> web.Response:
    return web.Response(
        status=status, body=json.dumps({"message": message}).encode(), headers={"Content-Type": "application/json"}
    )
