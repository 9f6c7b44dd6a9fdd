"""A patient caller of the UX Metrics API for the scripts here: waits when throttled, repeats what may be repeated."""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any, Final, Self

import httpx

#: How often one request is sent before its last answer counts.
ATTEMPTS: Final = 8
#: Seconds before the second attempt where the server does not say how long to wait; doubled each time, up to the most.
FIRST_PAUSE: Final = 0.25
LONGEST_PAUSE: Final = 10.0


class UnexpectedAnswer(Exception):
    """An answer with another status than was asked for; the text holds the whole of it."""

    def __init__(self, method: str, path: str, answer: httpx.Response) -> None:
        self.answer = answer
        super().__init__(f"{method} {path} answered {answer.status_code}: {answer.text[:2000]}")


class ApiClient:
    """One key's view of the API at `base_url` (without `/api/v1`)."""

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._sleep = sleep
        self._http = httpx.Client(
            base_url=f"{base_url.rstrip('/')}/api/v1",
            headers={"Authorization": f"Bearer {key}"},
            timeout=60,
            transport=transport or httpx.HTTPTransport(retries=3),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def data(self, method: str, path: str, **arguments: Any) -> Any:
        """The `data` of a JSON answer; arguments as for `call`."""
        return self.call(method, path, **arguments).json()["data"]

    def walk(self, path: str, **parameters: str) -> Iterator[dict[str, Any]]:
        """Every object of a list, page by page."""
        after: str | None = None
        while True:
            document = self.call("GET", path, params={**parameters, **({"after": after} if after else {})}).json()
            yield from document["data"]
            after = document["pagination"]["next_cursor"]
            if after is None:
                return

    def call(
        self,
        method: str,
        path: str,
        *,
        status: int = 200,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        accept: str = "application/json",
        idempotency_key: str | None = None,
    ) -> httpx.Response:
        """The answer with `status`; UnexpectedAnswer for any other, httpx.TransportError if there was none."""
        headers = {"Accept": accept} | ({"Idempotency-Key": idempotency_key} if idempotency_key else {})
        request = self._http.build_request(method, path, params=params, json=body, headers=headers)
        # A POST without a key may have had its effect when its answer is lost.
        repeatable = method != "POST" or idempotency_key is not None
        for attempt in range(1, ATTEMPTS + 1):
            last = attempt == ATTEMPTS
            try:
                answer = self._http.send(request)
            except httpx.TransportError:
                if last or not repeatable:
                    raise
                self._sleep(_backoff(attempt))
                continue
            if answer.status_code == status:
                return answer
            if last or not _passes(answer, repeatable=repeatable):
                break
            self._sleep(_asked_pause(answer) or _backoff(attempt))
        raise UnexpectedAnswer(method, path, answer)


def _passes(answer: httpx.Response, *, repeatable: bool) -> bool:
    """Whether the same request may be answered otherwise later."""
    if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        return True
    if answer.status_code == httpx.codes.CONFLICT:
        return "idempotency_in_progress" in answer.text
    return answer.is_server_error and repeatable


def _asked_pause(answer: httpx.Response) -> float | None:
    asked = answer.headers.get("Retry-After", "")
    return float(asked) if asked.isascii() and asked.isdigit() else None


def _backoff(attempt: int) -> float:
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** (attempt - 1)) * random.uniform(0.5, 1)  # noqa: S311 - jitter
