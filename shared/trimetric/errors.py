"""Every refusal the platform can answer with, and nothing else.

    ApiError
    ├── InvalidRequest          400  unparsable input, bad parameters, bad cursors
    ├── InvalidWindow           400  start_at or end_at that bound nothing
    ├── InvalidCursor           400  bad cursors, where the dialect has a code of their own
    ├── Unauthorized            401
    ├── Forbidden               403  the workspace's API is switched off, or the caller's role does not allow it
    ├── SubscriptionRequired    403
    ├── PermissionDenied        403  the key may not do this
    ├── NotFound                404  absent, or another workspace's
    ├── MethodNotAllowed        405
    ├── Conflict                409  the state of what is asked for does not allow it
    ├── IdempotencyInProgress   409
    ├── SurveyNotActive         409
    ├── SurveyInUse             409  the survey has responses, so its questions stay as they are
    ├── DuplicateResponse       409  the survey has another response with this external id
    ├── PreconditionFailed      412
    ├── PayloadTooLarge         413
    ├── UnsupportedMediaType    415
    ├── ValidationFailed        422  with one FieldError for each problem
    ├── InvalidType             422
    ├── NotDraft                422
    ├── InvalidStatusTransition 422
    ├── HasStudies              422
    ├── WrongStudyType          422
    ├── IdempotencyKeyReused    422
    ├── RateLimited             429
    ├── InternalError           500
    └── Unavailable             503  a dependency kept refusing; the same request may be sent again

`code` is the lower_snake code of the UX Metrics dialect; `trimetric.http.dialects` writes it as each dialect does.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One problem of an input: `field` is a dotted path (`study.settings.tasks[0].id`), `message` what is wrong."""

    field: str
    message: str


class ApiError(Exception):
    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    default_message: ClassVar[str] = "Something went wrong on our side"

    def __init__(
        self,
        message: str | None = None,
        *,
        details: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.message = message or self.default_message
        self.details = tuple(details)
        self.headers = dict(headers or {})
        super().__init__(self.message)


class InvalidRequest(ApiError):
    status = 400
    code = "invalid_request"
    default_message = "The request could not be understood"


class InvalidWindow(ApiError):
    status = 400
    code = "invalid_window"
    default_message = "start_at and end_at do not bound a time"


class InvalidCursor(ApiError):
    status = 400
    code = "invalid_cursor"
    default_message = "cursor is not a cursor of this list"


class Unauthorized(ApiError):
    status = 401
    code = "unauthorized"
    default_message = "Missing or invalid API key"


class Forbidden(ApiError):
    status = 403
    code = "forbidden"
    default_message = "The API is not enabled for this workspace"


class SubscriptionRequired(ApiError):
    status = 403
    code = "subscription_required"
    default_message = "Write endpoints need an active subscription"


class PermissionDenied(ApiError):
    status = 403
    code = "permission_denied"
    default_message = "This key may not do this"


class NotFound(ApiError):
    status = 404
    code = "not_found"
    default_message = "Resource not found"


class MethodNotAllowed(ApiError):
    status = 405
    code = "invalid_request"
    default_message = "This path does not take that method"


class Conflict(ApiError):
    status = 409
    code = "conflict"
    default_message = "The resource is in use or in another state"


class IdempotencyInProgress(ApiError):
    status = 409
    code = "idempotency_in_progress"
    default_message = "A request with this Idempotency-Key is still running"


class SurveyNotActive(ApiError):
    status = 409
    code = "survey_not_active"
    default_message = "Only an active survey takes responses"


class SurveyInUse(ApiError):
    status = 409
    code = "survey_in_use"
    default_message = "The survey has responses"


class DuplicateResponse(ApiError):
    status = 409
    code = "duplicate_response"
    default_message = "The survey has another response with this external_id"


class PreconditionFailed(ApiError):
    status = 412
    code = "precondition_failed"
    default_message = "The resource has changed since it was read"


class PayloadTooLarge(ApiError):
    status = 413
    code = "payload_too_large"
    default_message = "The body is larger than this path accepts"


class UnsupportedMediaType(ApiError):
    status = 415
    code = "unsupported_media_type"
    default_message = "Send the body as application/json"


class ValidationFailed(ApiError):
    status = 422
    code = "validation_failed"
    default_message = "The request has invalid data"

    @classmethod
    def of(cls, field: str, message: str) -> "ValidationFailed":
        return cls(details=[FieldError(field, message)])


class InvalidType(ApiError):
    status = 422
    code = "invalid_type"
    default_message = "Unknown study type"


class NotDraft(ApiError):
    status = 422
    code = "not_draft"
    default_message = "Only a draft study allows this"


class InvalidStatusTransition(ApiError):
    status = 422
    code = "invalid_status_transition"
    default_message = "The study's status does not allow this"


class HasStudies(ApiError):
    status = 422
    code = "has_studies"
    default_message = "The folder still holds studies"


class WrongStudyType(ApiError):
    status = 422
    code = "wrong_study_type"
    default_message = "This study's type has no such content"


class IdempotencyKeyReused(ApiError):
    status = 422
    code = "idempotency_key_reused"
    default_message = "This Idempotency-Key was used with another request"


class RateLimited(ApiError):
    status = 429
    code = "rate_limited"
    default_message = "Too many requests"


class InternalError(ApiError):
    pass


class Unavailable(ApiError):
    status = 503
    code = "unavailable"
    default_message = "The service is busy; send the same request again"
