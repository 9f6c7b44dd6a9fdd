"""/api/submit"""

from fastapi import APIRouter, Response

from functions.submit import service
from trimetric.http.application import ImportRoute
from trimetric.http.metricis import Submitter

router = APIRouter(prefix="/api/submit", route_class=ImportRoute, tags=["Metricis: sessions"])


@router.post("", summary="Submit the trials of a session, which completes it")
async def submit(call: Submitter) -> Response:
    return service.submit(call)
