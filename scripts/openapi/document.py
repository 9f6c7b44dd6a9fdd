"""Puts the document together."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, Final, get_args

from fastapi.routing import APIRoute

from scripts.environments import ROOT
from scripts.functions import FUNCTIONS
from scripts.openapi.operations import OPERATIONS, PARAMETERS, QUERY_NAMES, Operation
from scripts.openapi.schemas import ANSWERS, DEVICE_ID, SURVEY_ID, TEXT, Schema, identifier, models, ref
from trimetric import errors
from trimetric.http.call import Public, Reader, Writer
from trimetric.http.dialects import Dialect, of_path
from trimetric.http.signed import REFUSAL

#: Where it is committed: beside the code that serves it.
TARGET: Final = ROOT / "functions" / "docs" / "openapi.json"

_READS, _WRITES, _OPEN = (get_args(permission)[1].dependency for permission in (Reader, Writer, Public))
#: By name in a path.
_OTHER_IDS: Final[Mapping[str, Schema]] = {
    "device_id": DEVICE_ID,
    "survey_id": SURVEY_ID,
    "response_id": identifier("rsp"),
    "name": {"type": "string", "pattern": r"^[a-z-]+\.svg$", "examples": ["durations.svg"]},
    "collect_token": {"type": "string", "pattern": r"^col_[0-9a-f]{16}[0-9a-hjkmnp-tv-z]{26}[0-9a-f]{32}$"},
}
_IDS: Final = {
    "folder_id": "fld",
    "study_id": "std",
    "card_id": "crd",
    "group_id": "grp",
    "question_id": "qst",
    "participant_id": "prt",
}
_THROTTLE_HEADERS: Final = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
_SIGNED_THROTTLE_HEADERS: Final = ("RateLimit-Rate", "RateLimit-Burst-Remaining", "RateLimit-Retry-After")


def text() -> str:
    return json.dumps(document(), ensure_ascii=False, indent=1) + "\n"


def document() -> dict[str, Any]:
    paths: dict[str, dict[str, Any]] = {}
    for route, method in routes():
        operation = OPERATIONS[f"{method} {route.path}"]
        paths.setdefault(route.path, {})[method.lower()] = _operation(route, method, operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Trimetric API",
            "version": "1.0.0",
            "summary": "The UX Metrics API v1 under /api/v1, the Micrometrics API under /api/experience",
            "description": "The documentation in words is at `/api/v1/docs.md` and `/docs/micrometrics.md`.",
        },
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "tags": [{"name": tag} for tag in dict.fromkeys(str(route.tags[0]) for route, _ in routes())],
        "paths": dict(sorted(paths.items())),
        "components": _components(),
    }


def routes() -> Iterator[tuple[APIRoute, str]]:
    """Of the UX Metrics and Micrometrics APIs, and of the documentation itself."""
    for group in FUNCTIONS:
        for route in import_module(f"functions.{group}.routes").router.routes:
            if isinstance(route, APIRoute) and (
                group == "docs" or route.path.startswith(("/api/v1/", "/api/experience/"))
            ):
                yield from ((route, method) for method in sorted(route.methods or ()))


def _operation(route: APIRoute, method: str, operation: Operation) -> dict[str, Any]:
    permission = route.dependant.dependencies[0].call
    described: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "tags": route.tags,
    }
    if parameters := list(_parameters(route, method, operation)):
        described["parameters"] = parameters
    if permission is _OPEN:
        participant = "{participant_id}" in route.path
        described["security"] = [{"participant": []}] if participant else []
    if _is_signed(route):
        described["security"] = [{"signature": []}]
    if operation.body is not None:
        media: dict[str, Any] = {"schema": operation.body}
        if operation.example is not None:
            media["example"] = operation.example
        described["requestBody"] = {"required": operation.body_required, "content": {"application/json": media}}
    described["responses"] = _responses(route, method, operation, permission=permission)
    return described


def _is_signed(route: APIRoute) -> bool:
    return of_path(route.path) is Dialect.MICROMETRICS


def _parameters(route: APIRoute, method: str, operation: Operation) -> Iterator[Schema]:
    for name in re.findall(r"\{(\w+)\}", route.path):
        yield {"name": name, "in": "path", "required": True, "schema": _path_schema(name)}
    for name in operation.query:
        schema = PARAMETERS.get(name) or PARAMETERS[QUERY_NAMES[name]]
        yield {
            "name": QUERY_NAMES.get(name, name),
            "in": "query",
            "required": name == "new_type",
            "schema": schema,
        }
    if _is_signed(route):
        yield _parameter("Date")
    if method == "POST":
        yield _parameter("IdempotencyKey")
    if method in ("PATCH", "PUT", "DELETE"):
        yield _parameter("IfMatch")
    if method == "GET" and operation.tagged:
        yield _parameter("IfNoneMatch")


def _path_schema(name: str) -> Schema:
    if name in _IDS:
        return {"type": "string", "pattern": f"^{_IDS[name]}_[0-9a-hjkmnp-tv-z]{{26}}$"}
    return _OTHER_IDS[name]


def _parameter(name: str) -> Schema:
    return {"$ref": f"#/components/parameters/{name}"}


def _responses(route: APIRoute, method: str, operation: Operation, *, permission: Any) -> dict[str, Any]:
    status = route.status_code or 200
    responses: dict[str, Any] = {str(status): _success(route, method, operation, status=status, permission=permission)}
    for other, description in operation.more_answers.items():
        responses[str(other)] = {**responses[str(status)], "description": description}
    if method == "GET" and operation.tagged:
        responses["304"] = {"description": "Unchanged since the tag in If-None-Match"}
    for refused, codes in _refusals(route, method, operation, permission=permission).items():
        name = _name_of(refused, codes, signed=_is_signed(route))
        responses[str(refused)] = {"$ref": f"#/components/responses/{name}"}
    return dict(sorted(responses.items()))


def _success(route: APIRoute, method: str, operation: Operation, *, status: int, permission: Any) -> dict[str, Any]:
    content = {media: {"schema": schema} for media, schema in operation.media.items()}
    if operation.answer is not None:
        content["application/json"] = {"schema": operation.answer}
        if method == "GET" and operation.markdown:
            content["text/markdown"] = {"schema": TEXT}
    headers = ["X-Request-ID"]
    if _is_signed(route):
        headers += _SIGNED_THROTTLE_HEADERS
    elif permission is not _OPEN or route.path.startswith("/api/v1/"):
        headers += _THROTTLE_HEADERS
    if operation.tagged and status in (200, 201) and content:
        headers.append("ETag")
    if (status == 201 and (permission is _WRITES or _is_signed(route))) or status == 302:
        headers.append("Location")
    if "cursor" in operation.query:
        headers.append("Next-Cursor")
    answer: dict[str, Any] = {"description": route.summary, "headers": {name: _header(name) for name in headers}}
    return answer | ({"content": content} if content else {})


def _header(name: str) -> Schema:
    return {"$ref": f"#/components/headers/{name}"}


def _refusals(route: APIRoute, method: str, operation: Operation, *, permission: Any) -> dict[int, list[str]]:
    """Codes by status."""
    names = ["invalid_request", "internal_error", *operation.errors]
    if _is_signed(route):
        names += ["permission_denied"]
        names += ["invalid_cursor", "invalid_window"] if "cursor" in operation.query else []
    if of_path(route.path) is not Dialect.METRICIS:
        names += ["rate_limited", "unavailable"]
    if permission is not _OPEN:
        names += ["unauthorized", "forbidden"]
    if permission is _WRITES:
        names.append("subscription_required")
    if route.path.startswith("/api/v1/collect/"):
        names += ["not_found", "forbidden"]
        names += ["unauthorized"] if "{participant_id}" in route.path else []
    elif "{" in route.path:
        names.append("not_found")
    if operation.body is not None:
        names += ["payload_too_large", "unsupported_media_type"]
    if method == "POST":
        names += ["idempotency_in_progress", "idempotency_key_reused"]
    if method in ("PATCH", "PUT", "DELETE"):
        names.append("precondition_failed")
    found: dict[int, list[str]] = {}
    for code in dict.fromkeys(names):
        found.setdefault(_STATUSES[code], []).append(code)
    return found


def _all_errors() -> Sequence[type[errors.ApiError]]:
    return errors.ApiError.__subclasses__()


#: `invalid_request` is also the code of 405, which no operation has.
_STATUSES: Final[Mapping[str, int]] = {
    error.code: error.status for error in _all_errors() if error is not errors.MethodNotAllowed
}
_MESSAGES: Final[Mapping[str, str]] = {
    error.code: error.default_message for error in _all_errors() if error is not errors.MethodNotAllowed
}


def _name_of(status: int, codes: Sequence[str], *, signed: bool) -> str:
    return "-".join((*(["signed"] if signed else []), str(status), *codes))


def _all_refusals() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for route, method in routes():
        operation, permission = OPERATIONS[f"{method} {route.path}"], route.dependant.dependencies[0].call
        for status, codes in _refusals(route, method, operation, permission=permission).items():
            signed = _is_signed(route)
            found[_name_of(status, codes, signed=signed)] = _refusal(status, codes, signed=signed)
    return dict(sorted(found.items()))


def _refusal(status: int, codes: Sequence[str], *, signed: bool) -> dict[str, Any]:
    headers = ["X-Request-ID", *(["Retry-After"] if status in (409, 429, 503) else [])]
    messages = {**_MESSAGES, "unauthorized": REFUSAL} if signed else _MESSAGES
    more = {} if signed else {"status": status}
    examples = {code: {"value": {"error": {"code": code, "message": messages[code], **more}}} for code in codes}
    return {
        "description": ", ".join(f"`{code}`" for code in codes),
        "headers": {name: _header(name) for name in headers},
        "content": {"application/json": {"schema": ref("SignedError" if signed else "Error"), "examples": examples}},
    }


def _components() -> dict[str, Any]:
    return {
        "securitySchemes": {
            "key": {
                "type": "http",
                "scheme": "bearer",
                "description": "A key of a workspace: `uxm_v1_` and 64 lower-case hexadecimal digits.",
            },
            "signature": {
                "type": "apiKey",
                "in": "header",
                "name": "Authorization",
                "description": "`APIAuth <key>:<signature>`; `/docs/micrometrics.md` says what is signed.",
            },
            "participant": {
                "type": "http",
                "scheme": "bearer",
                "description": "The `participant_token` that beginning as a participant gave.",
            },
        },
        "parameters": {
            "Date": {
                "name": "Date",
                "in": "header",
                "required": True,
                "schema": {**TEXT, "examples": ["Fri, 04 Sep 2020 13:35:05 GMT"]},
                "description": "As it is signed; less than 900 seconds from the server's clock.",
            },
            "IdempotencyKey": {
                "name": "Idempotency-Key",
                "in": "header",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
                "description": "The same request with the same key takes effect once; its answer is kept for 24 hours.",
            },
            "IfMatch": {
                "name": "If-Match",
                "in": "header",
                "schema": TEXT,
                "description": "Only if the object still has this ETag.",
            },
            "IfNoneMatch": {
                "name": "If-None-Match",
                "in": "header",
                "schema": TEXT,
                "description": "Only if the object no longer has this ETag.",
            },
        },
        "headers": {
            name: {"description": description, "schema": {"type": kind}} for name, kind, description in _HEADERS
        },
        "responses": _all_refusals(),
        "schemas": dict(sorted({**ANSWERS, **models()}.items())),
    }


_HEADERS: Final = (
    ("X-Request-ID", "string", "Names the request in logs; yours, if you sent one."),
    ("X-RateLimit-Limit", "integer", "Requests allowed a minute."),
    ("X-RateLimit-Remaining", "integer", "Requests left in this window."),
    ("X-RateLimit-Reset", "integer", "Unix time in seconds at which the window ends."),
    ("RateLimit-Rate", "number", "Requests per second."),
    ("RateLimit-Burst-Remaining", "integer", "Requests that may follow at once."),
    ("RateLimit-Retry-After", "integer", "Whole seconds until the next request succeeds; 0 when not throttled."),
    ("Retry-After", "integer", "Whole seconds to wait."),
    ("ETag", "string", "Names this state of the object in this format."),
    ("Location", "string", "Where the object is."),
    ("Next-Cursor", "string", "`cursor` of the next page; absent on the last one."),
)
