"""/api/v1/workspace"""

from fastapi import APIRouter, Response

from functions.workspace import service
from trimetric.http.application import CheckedRoute
from trimetric.http.call import Reader

router = APIRouter(prefix="/api/v1/workspace", route_class=CheckedRoute, tags=["UX Metrics: workspace"])


@router.get("", summary="Show the workspace of the key")
async def show_workspace(call: Reader) -> Response:
    return service.show_workspace(call)
