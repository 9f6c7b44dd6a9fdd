"""/api/experience/surveys"""

from fastapi import APIRouter, Response

from functions.surveys import service
from trimetric.http.application import CheckedRoute
from trimetric.http.signed import SurveysReader, SurveysWriter

router = APIRouter(prefix="/api/experience/surveys", route_class=CheckedRoute, tags=["Micrometrics: surveys"])


@router.get("", summary="List surveys")
async def list_surveys(call: SurveysReader) -> Response:
    return service.list_surveys(call)


@router.post("", summary="Create a survey", status_code=201)
async def create_survey(call: SurveysWriter) -> Response:
    return service.create_survey(call)


@router.get("/{survey_id}", summary="Show a survey")
async def show_survey(call: SurveysReader) -> Response:
    return service.show_survey(call)


@router.put("/{survey_id}", summary="Replace a survey")
async def replace_survey(call: SurveysWriter) -> Response:
    return service.replace_survey(call)
