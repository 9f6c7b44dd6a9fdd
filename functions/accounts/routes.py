"""/api/auth"""

from fastapi import APIRouter, Response

from functions.accounts import service
from functions.accounts.door import Administrator, Member, Visitor
from trimetric.http.application import CheckedRoute

router = APIRouter(prefix="/api/auth", route_class=CheckedRoute, tags=["Metricis: accounts"])


@router.post("/login", summary="Log in with e-mail and password")
async def login(call: Visitor) -> Response:
    return service.login(call)


@router.post("/refresh", summary="Exchange a refresh token for new tokens")
async def refresh(call: Visitor) -> Response:
    return service.refresh(call)


@router.post("/logout", summary="End the login of the access token", status_code=204)
async def logout(call: Member) -> Response:
    return service.logout(call)


@router.get("/me", summary="Show who calls")
async def show_me(call: Member) -> Response:
    return service.show_me(call)


@router.post("/register", summary="Create a user", status_code=201)
async def register(call: Administrator) -> Response:
    return service.register(call)
