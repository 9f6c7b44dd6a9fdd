"""The errors that each endpoint may answer with, in its dialect's envelope."""

from collections.abc import Sequence
from typing import Any, Final

from fastapi.routing import APIRoute

from scripts.openapi.access import OPEN, WRITES, is_counted, is_open, permission_of
from scripts.openapi.operation import Operation
from scripts.openapi.shapes import Schema, ref
from trimetric import errors
from trimetric.auth import metricis
from trimetric.http.dialects import Dialect, code_of, envelope, of_path
from trimetric.http.signed import REFUSAL

_THROTTLE_HEADERS: Final = {
    Dialect.UX_METRICS: ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"),
    Dialect.METRICIS: ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"),
    Dialect.MICROMETRICS: ("RateLimit-Rate", "RateLimit-Burst-Remaining", "RateLimit-Retry-After"),
}
_ENVELOPES: Final = {
    Dialect.UX_METRICS: "Error",
    Dialect.MICROMETRICS: "SignedError",
    Dialect.METRICIS: "MetricisError",
}
#: How names of components begin.
_PREFIXES: Final = {Dialect.UX_METRICS: (), Dialect.MICROMETRICS: ("signed",), Dialect.METRICIS: ("metricis",)}

#: `invalid_request` is also the code of 405, which no operation has.
_ERRORS: Final = {
    error.code: error for error in errors.ApiError.__subclasses__() if error is not errors.MethodNotAllowed
}


def throttle_headers(route: APIRoute) -> Sequence[str]:
    return _THROTTLE_HEADERS[of_path(route.path)] if is_counted(route) else ()


def refusals(route: APIRoute, method: str, operation: Operation) -> dict[int, list[str]]:
    """Codes of the UX Metrics dialect by status."""
    names = ["invalid_request", "internal_error", *operation.errors, *_of_dialect(route, operation)]
    permission = permission_of(route)
    if not is_open(route):
        names += ["unauthorized", "forbidden"]
    if permission is WRITES:
        names.append("subscription_required")
    if route.path.startswith("/api/v1/collect/"):
        names += ["not_found", "forbidden"]
        names += ["unauthorized"] if "{participant_id}" in route.path else []
    elif "{" in route.path:
        names.append("not_found")
    if operation.takes_body:
        names += ["payload_too_large", "unsupported_media_type"]
    if method == "POST":
        names += ["idempotency_in_progress", "idempotency_key_reused"]
    if method in ("PATCH", "PUT", "DELETE"):
        names.append("precondition_failed")
    found: dict[int, list[str]] = {}
    for code in dict.fromkeys(names):
        found.setdefault(_ERRORS[code].status, []).append(code)
    return found


def _of_dialect(route: APIRoute, operation: Operation) -> list[str]:
    dialect = of_path(route.path)
    counted = ["rate_limited"] if is_counted(route) else []
    if dialect is Dialect.UX_METRICS:
        return [*counted, "unavailable"]
    if dialect is Dialect.METRICIS:
        return ["validation_failed", *counted, *([] if permission_of(route) is OPEN else ["unavailable"])]
    cursor = ["invalid_cursor", "invalid_window"] if "cursor" in operation.query else []
    return ["permission_denied", *cursor, *counted, "unavailable"]


def refusal_name(route: APIRoute, status: int, codes: Sequence[str]) -> str:
    return "-".join((*_PREFIXES[of_path(route.path)], str(status), *codes))


def refusal(route: APIRoute, status: int, codes: Sequence[str]) -> dict[str, Any]:
    dialect = of_path(route.path)
    headers = ["X-Request-ID", *(["Retry-After"] if status in (409, 429, 503) else [])]
    headers += ["WWW-Authenticate"] if status == 401 and dialect is Dialect.METRICIS else []
    headers += _THROTTLE_HEADERS[dialect] if status == 429 else []
    examples = {code_of(error, dialect): {"value": envelope(error, dialect)} for error in _examples(codes, dialect)}
    return {
        "description": ", ".join(f"`{code}`" for code in examples),
        "headers": {name: header(name) for name in headers},
        "content": {"application/json": {"schema": ref(_ENVELOPES[dialect]), "examples": examples}},
    }


def _examples(codes: Sequence[str], dialect: Dialect) -> list[errors.ApiError]:
    return [_example(_ERRORS[code], dialect) for code in codes]


def _example(error: type[errors.ApiError], dialect: Dialect) -> errors.ApiError:
    if error is errors.Unauthorized and dialect is Dialect.MICROMETRICS:
        return error(REFUSAL)
    if error is errors.Unauthorized and dialect is Dialect.METRICIS:
        return metricis.unauthorized()
    if error is errors.ValidationFailed and dialect is Dialect.METRICIS:
        return errors.ValidationFailed.of("email", "Invalid email format")
    return error()


def header(name: str) -> Schema:
    return {"$ref": f"#/components/headers/{name}"}
