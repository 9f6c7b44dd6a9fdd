"""Which of the three documented APIs a path belongs to, and how that API words an error."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from trimetric.domain.throttle import Decision, Policy
from trimetric.errors import ApiError, ValidationFailed


class Dialect(StrEnum):
    UX_METRICS = "/api/v1"
    MICROMETRICS = "/api/experience"
    METRICIS = "/api"


def of_path(path: str) -> Dialect:
    """The longest matching prefix decides; whatever lies outside all of them is answered as Metricis does."""
    for dialect in Dialect:
        if path == dialect or path.startswith(f"{dialect}/"):
            return dialect
    return Dialect.METRICIS


@dataclass(frozen=True, slots=True)
class _Words:
    micrometrics: str
    metricis: str


#: Codes that are not the UX Metrics code in the other dialects, by error class name.
_CODES = {
    "InvalidRequest": _Words("invalid_request", "BAD_REQUEST"),
    "MethodNotAllowed": _Words("method_not_allowed", "METHOD_NOT_ALLOWED"),
    "SubscriptionRequired": _Words("permission_denied", "FORBIDDEN"),
    "ValidationFailed": _Words("validation_failed", "VALIDATION_ERROR"),
    "RateLimited": _Words("rate_limited", "RATE_LIMIT_EXCEEDED"),
}


def code_of(error: ApiError, dialect: Dialect) -> str:
    if dialect is Dialect.UX_METRICS:
        return error.code
    words = _CODES.get(type(error).__name__, _Words(error.code, error.code.upper()))
    return words.micrometrics if dialect is Dialect.MICROMETRICS else words.metricis


def envelope(error: ApiError, dialect: Dialect) -> dict[str, Any]:
    body: dict[str, Any] = {"code": code_of(error, dialect), "message": _message(error, dialect)}
    listed = [{"field": detail.field, "message": detail.message} for detail in error.details]
    if dialect is Dialect.UX_METRICS:
        body["status"] = error.status
    if listed and dialect is Dialect.METRICIS:
        first = error.details[0]
        body["details"] = {"field": first.field, "reason": first.message, "errors": listed}
    elif listed:
        body["details"] = listed
    return {"error": body}


def throttle_headers(decision: Decision, policy: Policy, dialect: Dialect) -> dict[str, str]:
    """What a caller is told of the bucket that its request was taken from."""
    if dialect is Dialect.MICROMETRICS:
        return {
            "RateLimit-Rate": f"{policy.refill_amount * 1000 / policy.refill_interval_ms:.3f}".rstrip("0").rstrip("."),
            "RateLimit-Burst-Remaining": str(decision.remaining),
            "RateLimit-Retry-After": str(decision.retry_after),
        }
    return {
        "X-RateLimit-Limit": str(decision.limit),
        "X-RateLimit-Remaining": str(decision.remaining),
        "X-RateLimit-Reset": str(decision.reset_at),
    }


def _message(error: ApiError, dialect: Dialect) -> str:
    """In the words of the document, where the error has none of its own."""
    if dialect is Dialect.METRICIS and error.message == ValidationFailed.default_message:
        return "Invalid input data"
    return error.message
