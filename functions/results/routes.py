"""/api/v1/studies/{study_id}/results"""

from fastapi import APIRouter, Response

from functions.results import service
from trimetric.http.application import CheckedRoute
from trimetric.http.call import Reader

router = APIRouter(prefix="/api/v1/studies/{study_id}/results", route_class=CheckedRoute, tags=["UX Metrics: results"])


@router.get("", summary="Export results as NDJSON or CSV")
async def export_results(call: Reader) -> Response:
    return service.export_results(call)
