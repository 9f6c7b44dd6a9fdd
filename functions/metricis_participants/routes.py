"""/api/participants"""

from fastapi import APIRouter, Response

from functions.metricis_participants import importer, service
from trimetric.http.application import CheckedRoute, ImportRoute
from trimetric.http.metricis import Coordinator, ReadOnly

router = APIRouter(prefix="/api/participants", route_class=CheckedRoute, tags=["Metricis: participants"])


@router.get("", summary="List participants")
async def list_participants(call: ReadOnly) -> Response:
    return service.list_participants(call)


@router.post("", summary="Create a participant", status_code=201)
async def create_participant(call: Coordinator) -> Response:
    return service.create_participant(call)


async def import_participants(call: Coordinator) -> Response:
    return importer.import_participants(call)


# An import may be larger than other bodies.
router.add_api_route(
    "/import",
    import_participants,
    methods=["POST"],
    summary="Import participants from CSV or NDJSON",
    status_code=201,
    route_class_override=ImportRoute,
)


@router.get("/{participant_id}", summary="Show a participant")
async def show_participant(call: ReadOnly) -> Response:
    return service.show_participant(call)


@router.patch("/{participant_id}", summary="Update a participant")
async def update_participant(call: Coordinator) -> Response:
    return service.update_participant(call)


@router.delete("/{participant_id}", summary="Erase a participant", status_code=204)
async def delete_participant(call: Coordinator) -> Response:
    return service.delete_participant(call)
