"""The checks in front of endpoints of the Micrometrics dialect: signature, switch, throttle, permission."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Final

from fastapi import Depends, Request, Response

from trimetric.auth.apiauth import SignatureRefused
from trimetric.auth.bearer import Principal
from trimetric.domain import times
from trimetric.domain.apiauth import SignedRequest
from trimetric.domain.throttle import Policy, untouched
from trimetric.domain.workspaces import Permission
from trimetric.errors import Forbidden, PermissionDenied, RateLimited, Unauthorized
from trimetric.http.answers import Answer, respond
from trimetric.http.call import Call

#: Failed signatures of one address; what is more is answered 429, valid signatures never are on their account.
FAILURES_PER_MINUTE: Final = 60
#: Every refusal says this and no more.
REFUSAL: Final = "The request is not signed by a known key"


def signed_request(call: Call) -> SignedRequest:
    """The request as the gateway received it: the framework's own path and query may have been decoded."""
    event = call.request.scope["aws.event"]
    return SignedRequest(
        method=event["requestContext"]["http"]["method"],
        path=event["rawPath"],
        query=event.get("rawQueryString", ""),
        headers=dict(call.request.headers),
        body=call.content,
    )


def _identify(call: Call) -> Principal:
    authenticator = call.runtime.signatures
    if authenticator is None:
        raise RuntimeError("this function was composed without signatures")
    try:
        return authenticator.authenticate(signed_request(call))
    except SignatureRefused as refused:
        call.log_fields["refused"] = refused.reason
        if refused.credential_id is not None:
            call.log_fields["credential_id"] = refused.credential_id
        _count_failure(call)
        raise Unauthorized(REFUSAL, headers={"WWW-Authenticate": "APIAuth"}) from refused


def _count_failure(call: Call) -> None:
    policy = Policy.per_minute(FAILURES_PER_MINUTE)
    decision = call.runtime.buckets.take(f"ip#apiauth#{call.source_address()}", policy)
    if not decision.admitted:
        call.throttle, call.policy = decision, policy
        raise RateLimited(headers={"Retry-After": str(decision.retry_after)})


def admit(call: Call, permission: Permission) -> None:
    """The checks up to the permission; what fails raises."""
    principal = _identify(call)
    workspace, credential = principal.workspace, principal.credential
    call.workspace, call.credential_id = workspace, credential.id
    call.log_fields |= {"workspace_id": workspace.id, "credential_id": credential.id}
    policy = Policy.leaky_per_minute(credential.limit or workspace.apiauth_limit())
    if not workspace.api_enabled:
        # Nothing is taken from the bucket, so it is full.
        call.throttle, call.policy = untouched(policy, times.to_millis(call.now)), policy
        raise Forbidden
    call.take(f"aa#{workspace.id}#{credential.id}", policy)
    if permission not in credential.permissions:
        raise PermissionDenied(f"This key lacks the permission {permission}")


def _permitted(permission: Permission) -> Callable[[Request], Awaitable[Call]]:
    async def check(request: Request) -> Call:
        call: Call = request.state.call
        admit(call, permission)
        call.begin_idempotent()
        return call

    return check


DevicesReader = Annotated[Call, Depends(_permitted(Permission.DEVICES_READ))]
DevicesWriter = Annotated[Call, Depends(_permitted(Permission.DEVICES_WRITE))]
SurveysReader = Annotated[Call, Depends(_permitted(Permission.SURVEYS_READ))]
SurveysWriter = Annotated[Call, Depends(_permitted(Permission.SURVEYS_WRITE))]
ResponsesReader = Annotated[Call, Depends(_permitted(Permission.RESPONSES_READ))]
ResponsesWriter = Annotated[Call, Depends(_permitted(Permission.RESPONSES_WRITE))]


def respond_list(call: Call, rows: Sequence[Any], next_cursor: str | None) -> Response:
    """A bare array; `next_cursor` None on the last page."""
    headers = {} if next_cursor is None else {"Next-Cursor": next_cursor}
    return respond(call, Answer(list(rows), bare=True, headers=headers))
