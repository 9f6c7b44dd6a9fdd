"""/api/v1/collect/{collect_token}"""

from fastapi import APIRouter, Response

from functions.collect import service
from trimetric.http.application import CheckedRoute
from trimetric.http.call import Public

router = APIRouter(
    prefix="/api/v1/collect/{collect_token}", route_class=CheckedRoute, tags=["UX Metrics: collect (extension)"]
)


@router.get("", summary="Show what a runner presents")
async def show_to_runner(call: Public) -> Response:
    return service.show_to_runner(call)


@router.post("/participants", summary="Begin as a participant", status_code=201)
async def begin(call: Public) -> Response:
    return service.begin(call)


@router.post("/participants/{participant_id}/results", summary="Hand in one result", status_code=201)
async def hand_in(call: Public) -> Response:
    return service.hand_in(call)


@router.post("/participants/{participant_id}/complete", summary="Complete the participation")
async def complete(call: Public) -> Response:
    return service.complete(call)
