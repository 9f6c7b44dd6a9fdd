"""The Metricis dialect's checks and answers.

Credential (401), API switched off (403), throttle (429), role (403), then the Idempotency-Key of a POST. Roles stand in
the signatures of endpoints: `ReadOnly`, `Coordinator`, `Researcher`, `Admin`, each of them that role or a higher one.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Protocol, overload

from fastapi import Depends, Request, Response

from trimetric.auth.metricis import Caller, MetricisAuthenticator, unauthorized
from trimetric.domain.metricis.accounts import Role
from trimetric.domain.metricis.sessions import workspace_of
from trimetric.domain.throttle import Policy
from trimetric.domain.validation import M, Shape, T_co, parse
from trimetric.errors import Forbidden, ValidationFailed
from trimetric.http.answers import JSON, to_json
from trimetric.http.call import Call

#: Requests per minute with one session id as the credential, and with all session ids of one workspace.
SESSION_LIMIT: Final = 60
SESSIONS_LIMIT: Final = 6_000


DEFAULT_PER_PAGE: Final = 20
MAX_PER_PAGE: Final = 100
#: Far behind the last page of any list.
MAX_PAGE: Final = 10**9
#: Lambda lets 6 MB out, with the body escaped as a JSON text.
MAX_ANSWER_BYTES: Final = 5_800_000


class PageOf(Protocol):
    """Which page was asked for: `page` and `per_page` are 1 or more."""

    @property
    def page(self) -> int: ...

    @property
    def per_page(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Page:
    """Of a list that takes no other parameters; its rows are those from `start` on, before `end`."""

    page: int
    per_page: int

    @property
    def start(self) -> int:
        return (self.page - 1) * self.per_page

    @property
    def end(self) -> int:
        return self.start + self.per_page


def page_of(call: Call) -> Page:
    parameters = call.parameters("page", "per_page")
    return Page(
        whole_number(parameters, "page", default=1, most=MAX_PAGE),
        whole_number(parameters, "per_page", default=DEFAULT_PER_PAGE, most=MAX_PER_PAGE),
    )


def whole_number(parameters: Mapping[str, str], name: str, *, default: int, most: int) -> int:
    """A parameter from 1 to `most`; ValidationFailed if it is anything else."""
    text = parameters.get(name, str(default))
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(most)) else 0
    if not 1 <= number <= most:
        raise ValidationFailed.of(name, f"must be a whole number from 1 to {most}")
    return number


def pagination(page: PageOf, total: int) -> dict[str, Any]:
    """The pagination object of a list: no rows are no pages, and a page past the end has a previous one."""
    pages = -(-total // page.per_page)
    return {
        "page": page.page,
        "per_page": page.per_page,
        "total": total,
        "total_pages": pages,
        "has_next": page.page < pages,
        "has_prev": page.page > 1 and total > 0,
    }


def respond_page(call: Call, rows: Sequence[Any], page: PageOf, total: int) -> Response:
    """One page of a list; its rows are JSON values.

    ValidationFailed asks for fewer rows or fields where the answer would be too large to be sent.
    """
    if not call.inputs_were_read():
        raise RuntimeError("an endpoint must look at its query parameters")
    content = to_json({"data": list(rows), "pagination": pagination(page, total)})
    # What must be escaped grows at most sixfold.
    if 6 * len(content) > MAX_ANSWER_BYTES and len(json.dumps(content.decode())) > MAX_ANSWER_BYTES:
        raise ValidationFailed.of("per_page", "these rows are too large for one answer; ask for fewer")
    return Response(content, 200, media_type=JSON)


@overload
def body_of(call: Call, shape: Shape[T_co]) -> T_co: ...
@overload
def body_of(call: Call, shape: type[M]) -> M: ...
def body_of(call: Call, shape: Any) -> Any:
    """The body as `shape` (a pydantic model or `TypeAdapter`) wants it; a body that is no object is refused as
    `body`."""
    document = call.body()
    if not isinstance(document, dict):
        raise ValidationFailed.of("body", "must be an object")
    return parse(shape, document, field="")


def authenticate(call: Call) -> None:
    """Credential, switch, throttle."""
    headers = call.request.headers
    admit(call, authenticator(call).authenticate(headers.get("authorization"), headers.get("x-api-key")))


def admit(call: Call, caller: Caller) -> None:
    """Switch and throttle of a caller who is known."""
    call.caller, call.workspace, call.credential_id = caller, caller.workspace, caller.id
    call.log_fields |= {"workspace_id": caller.workspace.id, "credential_id": caller.id}
    if not caller.workspace.api_enabled:
        raise Forbidden
    limit = caller.workspace.metricis_limit() if caller.limit is None else caller.limit
    call.take(f"mt#{caller.workspace.id}#{caller.id}", Policy.per_minute(limit))


def require_role(call: Call, role: Role) -> None:
    if not call.role.includes(role):
        raise Forbidden(f"This needs the role {role.value}; yours is {call.role.value}")


def authenticator(call: Call) -> MetricisAuthenticator:
    if call.runtime.metricis is None:
        raise RuntimeError("this function was not made by make_metricis_handler")
    return call.runtime.metricis


def _admit_session(call: Call, session_id: str) -> None:
    """A session id in place of a credential: it names its workspace; whether it exists, the endpoint finds out."""
    workspace_id = workspace_of(session_id)
    if workspace_id is None:
        raise unauthorized()
    workspace = authenticator(call).workspace(workspace_id)
    call.workspace, call.credential_id = workspace, session_id
    call.log_fields |= {"workspace_id": workspace.id, "credential_id": "session"}
    if not workspace.api_enabled:
        raise Forbidden
    call.take(f"mts#{session_id}", Policy.per_minute(SESSION_LIMIT))
    call.take(f"mts#{workspace.id}", Policy.per_minute(SESSIONS_LIMIT))


def _requiring(role: Role) -> Callable[[Request], Awaitable[Call]]:
    async def admit(request: Request) -> Call:
        call: Call = request.state.call
        authenticate(call)
        require_role(call, role)
        call.begin_idempotent()
        return call

    return admit


async def _submitter(request: Request) -> Call:
    call: Call = request.state.call
    headers = request.headers
    call.session_id = headers.get("x-session-id")
    if call.session_id is not None and "authorization" not in headers and "x-api-key" not in headers:
        _admit_session(call, call.session_id)
    else:
        authenticate(call)
        require_role(call, Role.COORDINATOR)
    call.begin_idempotent()
    return call


ReadOnly = Annotated[Call, Depends(_requiring(Role.READ_ONLY))]
Coordinator = Annotated[Call, Depends(_requiring(Role.COORDINATOR))]
Researcher = Annotated[Call, Depends(_requiring(Role.RESEARCHER))]
Admin = Annotated[Call, Depends(_requiring(Role.ADMIN))]
#: A coordinator or higher, or whoever has the session's id in X-Session-ID (then `call.caller` is None and
#: `call.session_id` is the id; a session that does not exist is an `unauthorized()`, not a 404).
Submitter = Annotated[Call, Depends(_submitter)]
