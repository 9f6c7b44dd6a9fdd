"""What endpoints answer with: JSON or Markdown from the same facts, ETags, and answers that are remembered."""

import json
import random
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec

import mimeparse
from fastapi import Response

from trimetric.domain import markdown
from trimetric.domain.times import to_millis
from trimetric.dynamo.idempotency import RequestIdentity, StoredAnswer, remember, stored_answer
from trimetric.dynamo.table import CONFLICT_PAUSES, Action, ConditionFailed, Put
from trimetric.errors import IdempotencyInProgress, IdempotencyKeyReused, Unavailable
from trimetric.http import dialects
from trimetric.http.call import Call, etag_of, etag_of_markdown

if TYPE_CHECKING:
    from trimetric.auth.vault import Vault

JSON: Final = "application/json"
MARKDOWN: Final = "text/markdown; charset=utf-8"

P = ParamSpec("P")

#: What an endpoint does once its caller has passed the checks.
Service = Callable[Concatenate[Call, P], Response]

_JITTER: Final = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Page:
    """`next_cursor` None on the last page."""

    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """`data` is the JSON value of the envelope's `data`; `title` heads the Markdown form.

    A `bare` answer is the value itself, in JSON alone, as the Micrometrics dialect has it.
    """

    data: Any = None
    status: int = 200
    title: str = ""
    page: Page | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    bare: bool = False

    def content(self) -> bytes:
        if self.status == 204:
            return b""
        if self.bare:
            return to_json(self.data)
        document: dict[str, Any] = {"data": self.data}
        if self.page is not None:
            document["pagination"] = {
                "has_more": self.page.next_cursor is not None,
                "next_cursor": self.page.next_cursor,
            }
        return to_json(document)


class Replayed(Exception):
    """The request was answered before; this is that answer."""

    def __init__(self, answer: StoredAnswer) -> None:
        self.answer = answer
        super().__init__()


def to_json(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def etag_of_data(data: Any, *, bare: bool = False) -> str:
    """The ETag that a read of this object carries."""
    return etag_of(Answer(data, bare=bare).content())


def commit(call: Call, answer: Answer, *actions: Action) -> Response:
    """Write the effect together with the remembered answer, all or nothing.

    ConditionFailed counts its places among `actions`; Replayed if this request took effect before.
    """
    if not call.inputs_were_read():
        raise RuntimeError("an endpoint that does not look at its whole input must not write")
    response = _json_response(call, answer)
    if call.identity is None:
        if actions:
            call.table.write(*actions)
        return response
    record = _record(call, call.identity, response)
    try:
        call.table.write(record, *actions)
    except ConditionFailed as failed:
        if 0 in failed.failures:
            raise replay(call, failed) from failed
        raise ConditionFailed({place - 1: item for place, item in failed.failures.items()}) from failed
    call.settled = True
    return response


def retried(service: Service[P]) -> Service[P]:
    """Runs a service anew, from its reads on, when others changed what it read before its commit."""

    @wraps(service)
    def run(call: Call, /, *args: P.args, **kwargs: P.kwargs) -> Response:
        for pause in (*CONFLICT_PAUSES, None):
            try:
                return service(call, *args, **kwargs)
            except ConditionFailed:
                if pause is not None:
                    call.runtime.sleep(_JITTER.uniform(0, 2 * pause))
        raise Unavailable(headers={"Retry-After": "1"})

    return run


def settle(call: Call, response: Response) -> Response:
    """Remember an answer that changed nothing (below 500), or give the one that is remembered already."""
    if call.identity is None or call.settled or response.status_code >= 500:
        return response
    record = _record(call, call.identity, response)
    try:
        call.table.write(record)
    except ConditionFailed as failed:
        raise replay(call, failed) from failed
    call.settled = True
    return response


def replay(call: Call, failed: ConditionFailed) -> Replayed:
    """The stored answer behind a refused record; raises when it cannot be given."""
    item = failed.failures[0]
    call.settled = True
    if item is None or call.identity is None:
        raise IdempotencyInProgress(headers={"Retry-After": "1"})
    if item["fingerprint"] != call.identity.fingerprint:
        raise IdempotencyKeyReused
    answer = stored_answer(item)
    if answer is None:
        raise IdempotencyInProgress(headers={"Retry-After": "1"})
    if answer.sealed:
        body = vault_of(call).open(answer.body, **_binding(call.identity))
        answer = replace(answer, body=zlib.decompress(body), sealed=False)
    return Replayed(answer)


def replayed_response(stored: StoredAnswer) -> Response:
    return Response(stored.body, stored.status, {**stored.headers, "Idempotent-Replayed": "true"})


def respond(call: Call, answer: Answer) -> Response:
    """The answer to a read: negotiated, with an ETag on single objects, 304 where the caller has it already."""
    _require_read_inputs(call)
    page, content = answer.page, answer.content()
    if answer.bare:
        return _respond_bare(call, answer, content)
    negotiated = dialects.of_path(call.request.scope["path"]) is dialects.Dialect.UX_METRICS
    as_markdown = negotiated and prefers_markdown(call.request.headers.get("accept"))
    media_type = MARKDOWN if as_markdown else JSON
    headers = {**({"Vary": "Accept"} if negotiated else {}), **answer.headers}
    shown = content
    if as_markdown:
        next_cursor = page.next_cursor if page else None
        shown = markdown.document(answer.title, answer.data, paged=page is not None, next_cursor=next_cursor).encode()
    if page is not None:
        return Response(shown, answer.status, headers, media_type=media_type)
    etag = etag_of(content)
    return tagged(
        call, shown, etag=etag_of_markdown(etag) if as_markdown else etag, media_type=media_type, headers=headers
    )


def _respond_bare(call: Call, answer: Answer, content: bytes) -> Response:
    if isinstance(answer.data, list):
        return Response(content, answer.status, dict(answer.headers), media_type=JSON)
    return tagged(call, content, etag=etag_of(content), media_type=JSON, headers=answer.headers)


def tagged(
    call: Call,
    content: bytes,
    *,
    etag: str,
    media_type: str,
    headers: Mapping[str, str] | None = None,
    same: Sequence[str] = (),
) -> Response:
    """`content` with its ETag, or 304 where the caller has it already, maybe in a form that is as good (`same`).

    A 304 says the type although there is no body: the adapter would say JSON, and caches would believe it.
    """
    _require_read_inputs(call)
    all_headers = {"ETag": etag, **(headers or {})}
    given = call.request.headers.get("if-none-match")
    had = next((tag for tag in (etag, *same) if given is not None and matches_weakly(given, tag)), None)
    if had is None:
        return Response(content, 200, all_headers, media_type=media_type)
    # A body that is not there is not encoded either.
    kept = {name: value for name, value in all_headers.items() if name != "Content-Encoding"}
    return Response(status_code=304, headers={**kept, "ETag": had}, media_type=media_type)


def _require_read_inputs(call: Call) -> None:
    if not call.inputs_were_read():
        raise RuntimeError("an endpoint must look at its query parameters")


def matches_weakly(header: str, etag: str) -> bool:
    tags = ",".join(tag.strip().removeprefix("W/") for tag in header.split(","))
    return etag in tags.split(",") or "*" in tags.split(",")


def prefers_markdown(accept: str | None) -> bool:
    """Whether this Accept header asks for Markdown: `*/*` and what cannot be read mean JSON, `text/*` Markdown."""
    if not accept:
        return False
    try:
        return bool(mimeparse.best_match(["text/markdown", "application/json"], accept.lower()) == "text/markdown")
    except mimeparse.MimeTypeParseException:
        return False


def _json_response(call: Call, answer: Answer) -> Response:
    headers = dict(answer.headers)
    if answer.status == 204:
        return Response(status_code=204, headers=headers)
    if call.secret_answer:
        headers.setdefault("Cache-Control", "no-store")
    elif answer.page is None and isinstance(answer.data, dict) and answer.status in (200, 201):
        headers.setdefault("ETag", etag_of(answer.content()))
    return Response(answer.content(), answer.status, headers, media_type=JSON)


def _record(call: Call, identity: RequestIdentity, response: Response) -> Put:
    answer = _to_store(response)
    if call.secret_answer:
        body = vault_of(call).seal(zlib.compress(answer.body), **_binding(identity))
        answer = replace(answer, body=body, sealed=True)
    return remember(identity, answer, now_seconds=to_millis(call.now) // 1000)


def vault_of(call: Call) -> "Vault":
    """Of functions whose answers hold secrets."""
    if call.runtime.vault is None:
        raise RuntimeError("this function was composed without a vault")
    return call.runtime.vault


def _binding(identity: RequestIdentity) -> dict[str, str]:
    return {"workspace_id": identity.workspace_id, "credential_id": f"answer_{identity.digest}"}


def _to_store(response: Response) -> StoredAnswer:
    kept = ("content-type", "location", "etag", "retry-after")
    headers = {name: value for name, value in response.headers.items() if name in kept}
    return StoredAnswer(response.status_code, bytes(response.body), headers)
