"""/api/v1/studies/{study_id}/participants"""

from fastapi import APIRouter, Response

from functions.participants import importer, service
from trimetric.http.application import CheckedRoute, ImportRoute
from trimetric.http.call import Reader, Writer

router = APIRouter(
    prefix="/api/v1/studies/{study_id}/participants", route_class=CheckedRoute, tags=["UX Metrics: participants"]
)


@router.get("", summary="List participants")
async def list_participants(call: Reader) -> Response:
    return service.list_participants(call)


async def import_participants(call: Writer) -> Response:
    return importer.import_participants(call)


# An import may be larger than other bodies.
router.add_api_route(
    "",
    import_participants,
    methods=["POST"],
    summary="Import participants with their results",
    status_code=201,
    route_class_override=ImportRoute,
)


@router.get("/{participant_id}", summary="Show a participant")
async def show_participant(call: Reader) -> Response:
    return service.show_participant(call)


@router.get("/{participant_id}/results", summary="List a participant's results")
async def list_results(call: Reader) -> Response:
    return service.list_results(call)


@router.post("/{participant_id}/exclude", summary="Exclude a participant")
async def exclude_participant(call: Writer) -> Response:
    return service.exclude_participant(call)


@router.post("/{participant_id}/include", summary="Re-include a participant")
async def include_participant(call: Writer) -> Response:
    return service.include_participant(call)
