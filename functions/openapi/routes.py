"""/openapi.json"""

from fastapi import APIRouter, Response

from functions.openapi import service
from trimetric.http.application import CheckedRoute
from trimetric.http.call import Public

router = APIRouter(route_class=CheckedRoute, tags=["Documentation"])


@router.get("/openapi.json", summary="The OpenAPI document")
async def show_openapi(call: Public) -> Response:
    return service.show_openapi(call)
