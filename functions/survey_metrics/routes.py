"""/api/experience/surveys/{survey_id}/metrics"""

from fastapi import APIRouter, Response

from functions.survey_metrics import service
from trimetric.http.application import CheckedRoute
from trimetric.http.signed import ResponsesReader

router = APIRouter(
    prefix="/api/experience/surveys/{survey_id}/metrics",
    route_class=CheckedRoute,
    tags=["Micrometrics: metrics"],
)


@router.get("", summary="Show the metrics of a survey")
async def show_survey_metrics(call: ResponsesReader) -> Response:
    return service.show_survey_metrics(call)
