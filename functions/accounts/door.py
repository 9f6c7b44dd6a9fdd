"""Who may come in: each address ten times a minute, before anything is looked up."""

from typing import Annotated, Final

from fastapi import Depends, Request

from trimetric.domain.metricis.accounts import Role
from trimetric.http.call import Call
from trimetric.http.metricis import authenticate, require_role

#: Requests per minute of one address to all of /api/auth.
ADDRESS_LIMIT: Final = 10


async def _visit(request: Request) -> Call:
    call: Call = request.state.call
    call.take_by_address("auth", limit=ADDRESS_LIMIT)
    return call


async def _enter(request: Request) -> Call:
    call = await _visit(request)
    authenticate(call)
    return call


async def _administer(request: Request) -> Call:
    call = await _enter(request)
    require_role(call, Role.ADMIN)
    return call


#: Their endpoints take up the Idempotency-Key themselves: bodies here hold passwords and tokens.
Visitor = Annotated[Call, Depends(_visit)]
Member = Annotated[Call, Depends(_enter)]
Administrator = Annotated[Call, Depends(_administer)]
