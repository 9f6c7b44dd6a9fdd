"""APIAuth as a client writes it from the document; it shares nothing with the code under test."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Generator, Mapping
from email.utils import formatdate

import httpx


def md5(body: bytes) -> str:
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()


def sign(secret: str, *parts: str, digest: str = "sha1") -> str:
    """Base64 of the HMAC over the parts, joined by commas."""
    return base64.b64encode(hmac.new(secret.encode(), ",".join(parts).encode(), digest).digest()).decode()


class Signer(httpx.Auth):
    """Signs method, Content-Type, Base64 of the raw MD5, path with query and date; `pair` is {"key", "secret"}."""

    requires_request_body = True

    def __init__(self, pair: Mapping[str, str], *, date: Callable[[], str] = lambda: formatdate(usegmt=True)) -> None:
        self.key, self.secret, self.date = pair["key"], pair["secret"], date

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers.setdefault("Content-Type", "application/json")
        request.headers["Date"] = self.date()
        parts = (
            request.method,
            request.headers["Content-Type"],
            md5(request.content) if request.content else "",
            request.url.raw_path.decode(),
            request.headers["Date"],
        )
        request.headers["Authorization"] = f"APIAuth {self.key}:{sign(self.secret, *parts)}"
        yield request
