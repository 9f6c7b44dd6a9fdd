"""Puts the document together."""

import json
import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Final

from fastapi.routing import APIRoute

from scripts.environments import ROOT
from scripts.functions import FUNCTIONS
from scripts.openapi import metricis_schemas
from scripts.openapi.access import SCHEMES, WRITES, permission_of, role_of, security_of
from scripts.openapi.operation import Operation
from scripts.openapi.operations import OPERATIONS, PARAMETERS, QUERY_NAMES
from scripts.openapi.refusals import header, refusal, refusal_name, refusals, throttle_headers
from scripts.openapi.schemas import ANSWERS, DEVICE_ID, SURVEY_ID, models
from scripts.openapi.shapes import TEXT, Schema, identifier
from trimetric.http.dialects import Dialect, of_path

#: Where it is committed: beside the code that serves it.
TARGET: Final = ROOT / "functions" / "openapi" / "openapi.json"

#: By name in a path.
_IDS: Final[Mapping[str, Schema]] = {
    "folder_id": identifier("fld"),
    "study_id": identifier("std"),
    "card_id": identifier("crd"),
    "group_id": identifier("grp"),
    "question_id": identifier("qst"),
    "participant_id": identifier("prt"),
    "device_id": DEVICE_ID,
    "survey_id": SURVEY_ID,
    "response_id": identifier("rsp"),
    "name": {"type": "string", "pattern": r"^[a-z-]+\.svg$", "examples": ["durations.svg"]},
    "collect_token": {"type": "string", "pattern": r"^col_[0-9a-f]{16}[0-9a-hjkmnp-tv-z]{26}[0-9a-f]{32}$"},
}


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
            "summary": "UX Metrics v1 under /api/v1, Micrometrics under /api/experience, Metricis under /api",
            "description": "The documentation in words is at `/api/v1/docs.md`, `/docs/micrometrics.md` and "
            "`/docs/metricis.md`.",
        },
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "tags": [{"name": tag} for tag in dict.fromkeys(str(route.tags[0]) for route, _ in routes())],
        "paths": dict(sorted(paths.items())),
        "components": _components(),
    }


def routes() -> Iterator[tuple[APIRoute, str]]:
    """Every endpoint: of the three APIs, and of the documentation itself."""
    for group in FUNCTIONS:
        for route in import_module(f"functions.{group}.routes").router.routes:
            if isinstance(route, APIRoute):
                yield from ((route, method) for method in sorted(route.methods or ()))


def _operation(route: APIRoute, method: str, operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": _operation_id(route),
        "summary": route.summary,
        **({"description": said} if (said := _description(route, operation)) else {}),
        "tags": route.tags,
    }
    if parameters := list(_parameters(route, method, operation)):
        described["parameters"] = parameters
    security = security_of(route)
    if security is not None:
        described["security"] = security
    if operation.takes_body:
        described["requestBody"] = _request_body(operation)
    described["responses"] = _responses(route, method, operation)
    return described


def _description(route: APIRoute, operation: Operation) -> str:
    role = role_of(route)
    return " ".join(filter(None, (f"Role: `{role.value}`." if role else "", operation.description)))


def _operation_id(route: APIRoute) -> str:
    """Two of the APIs have studies and participants."""
    return f"metricis_{route.name}" if _is_metricis(route) else route.name


def _is_metricis(route: APIRoute) -> bool:
    return of_path(route.path) is Dialect.METRICIS and route.path.startswith(f"{Dialect.METRICIS}/")


def _request_body(operation: Operation) -> dict[str, Any]:
    content: dict[str, Any] = {}
    if operation.body is not None:
        content["application/json"] = {"schema": operation.body}
        if operation.example is not None:
            content["application/json"]["example"] = operation.example
    for media, form in operation.forms.items():
        content[media] = {"schema": form.schema, "example": form.example}
    return {"required": operation.body_required, "content": content}


def _parameters(route: APIRoute, method: str, operation: Operation) -> Iterator[Schema]:
    for name in re.findall(r"\{(\w+)\}", route.path):
        yield {"name": name, "in": "path", "required": True, "schema": _path_schema(route, name)}
    for name in operation.query:
        schema = PARAMETERS.get(name) or PARAMETERS[QUERY_NAMES[name]]
        yield {
            "name": QUERY_NAMES.get(name, name),
            "in": "query",
            "required": name == "new_type",
            "schema": schema,
        }
    yield from operation.parameters
    if of_path(route.path) is Dialect.MICROMETRICS:
        yield _parameter("Date")
    if method == "POST":
        yield _parameter("IdempotencyKey")
    if method in ("PATCH", "PUT", "DELETE"):
        yield _parameter("IfMatch")
    if method == "GET" and operation.tagged:
        yield _parameter("IfNoneMatch")


def _path_schema(route: APIRoute, name: str) -> Schema:
    return metricis_schemas.IDS[name] if _is_metricis(route) else _IDS[name]


def _parameter(name: str) -> Schema:
    return {"$ref": f"#/components/parameters/{name}"}


def _responses(route: APIRoute, method: str, operation: Operation) -> dict[str, Any]:
    status = route.status_code or 200
    responses: dict[str, Any] = {str(status): _success(route, method, operation, status=status)}
    for other, description in operation.more_answers.items():
        responses[str(other)] = {**_success(route, method, operation, status=other), "description": description}
    if method == "GET" and operation.tagged:
        responses["304"] = {"description": "Unchanged since the tag in If-None-Match"}
    for refused, codes in refusals(route, method, operation).items():
        name = refusal_name(route, refused, codes)
        responses[str(refused)] = {"$ref": f"#/components/responses/{name}"}
    return dict(sorted(responses.items()))


def _success(route: APIRoute, method: str, operation: Operation, *, status: int) -> dict[str, Any]:
    content: dict[str, Any] = {media: {"schema": schema} for media, schema in operation.media.items()}
    if operation.answer is not None:
        content["application/json"] = {"schema": operation.answer}
        if operation.answer_example is not None:
            content["application/json"]["example"] = operation.answer_example
        if method == "GET" and operation.markdown:
            content["text/markdown"] = {"schema": TEXT}
    headers = ["X-Request-ID", *throttle_headers(route)]
    if operation.tagged and status in (200, 201) and content:
        headers.append("ETag")
    if _is_located(route, operation) or status == 302:
        headers.append("Location")
    if "cursor" in operation.query:
        headers.append("Next-Cursor")
    if method == "POST":
        headers.append("Idempotent-Replayed")
    answer: dict[str, Any] = {"description": route.summary, "headers": {name: header(name) for name in headers}}
    return answer | ({"content": content} if content else {})


def _is_located(route: APIRoute, operation: Operation) -> bool:
    """Whether answers that made something say where it is; runners of the collect door are not told."""
    if route.status_code != 201:
        return False
    makes = permission_of(route) is WRITES or of_path(route.path) is not Dialect.UX_METRICS
    return makes and operation.located


def _all_refusals() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for route, method in routes():
        for status, codes in refusals(route, method, OPERATIONS[f"{method} {route.path}"]).items():
            found[refusal_name(route, status, codes)] = refusal(route, status, codes)
    return dict(sorted(found.items()))


def _components() -> dict[str, Any]:
    return {
        "securitySchemes": dict(SCHEMES),
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
        "schemas": dict(sorted({**ANSWERS, **models(), **metricis_schemas.components()}.items())),
    }


_HEADERS: Final = (
    ("X-Request-ID", "string", "Names the request in logs; yours, if you sent one."),
    ("X-RateLimit-Limit", "integer", "Requests allowed a minute."),
    ("X-RateLimit-Remaining", "integer", "Requests left in this window."),
    ("X-RateLimit-Reset", "integer", "Unix time in seconds at which the window ends."),
    ("RateLimit-Rate", "number", "Requests per second."),
    ("RateLimit-Burst-Remaining", "integer", "Requests that may follow at once."),
    ("RateLimit-Retry-After", "integer", "Whole seconds until the next request succeeds; 0 when not throttled."),
    ("WWW-Authenticate", "string", "`Bearer`."),
    ("Idempotent-Replayed", "string", "`true`: the answer to an earlier request with this Idempotency-Key."),
    ("Retry-After", "integer", "Whole seconds to wait."),
    ("ETag", "string", "Names this state of the object in this format."),
    ("Location", "string", "Where the object is."),
    ("Next-Cursor", "string", "`cursor` of the next page; absent on the last one."),
)
