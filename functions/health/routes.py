"""/api/health"""

from fastapi import APIRouter, Response

from functions.health import service
from trimetric.http.application import CheckedRoute
from trimetric.http.call import Public
from trimetric.http.metricis import Admin

router = APIRouter(prefix="/api/health", route_class=CheckedRoute, tags=["Metricis: health"])


@router.get("", summary="Say whether the API answers")
async def show_health(call: Public) -> Response:
    return service.show_health(call)


@router.get("/detailed", summary="Say how what the API depends on does")
async def show_details(call: Admin) -> Response:
    return service.show_details(call)
