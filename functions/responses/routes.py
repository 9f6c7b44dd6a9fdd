"""/api/experience/surveys/{survey_id}/responses"""

from fastapi import APIRouter, Response

from functions.responses import service
from trimetric.http.application import CheckedRoute
from trimetric.http.signed import ResponsesReader, ResponsesWriter

router = APIRouter(
    prefix="/api/experience/surveys/{survey_id}/responses",
    route_class=CheckedRoute,
    tags=["Micrometrics: responses"],
)


@router.get("", summary="List responses")
async def list_responses(call: ResponsesReader) -> Response:
    return service.list_responses(call)


@router.post("", summary="Send a response", status_code=201)
async def create_response(call: ResponsesWriter) -> Response:
    return service.create_response(call)


@router.get("/{response_id}", summary="Show a response")
async def show_response(call: ResponsesReader) -> Response:
    return service.show_response(call)
