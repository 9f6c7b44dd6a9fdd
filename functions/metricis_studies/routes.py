"""/api/studies"""

from fastapi import APIRouter, Response

from functions.metricis_studies import service
from trimetric.http.application import CheckedRoute
from trimetric.http.metricis import ReadOnly, Researcher

router = APIRouter(prefix="/api/studies", route_class=CheckedRoute, tags=["Metricis: studies"])


@router.get("", summary="List studies")
async def list_studies(call: ReadOnly) -> Response:
    return service.list_studies(call)


@router.post("", summary="Create a study", status_code=201)
async def create_study(call: Researcher) -> Response:
    return service.create_study(call)


@router.get("/{study_id}", summary="Show a study")
async def show_study(call: ReadOnly) -> Response:
    return service.show_study(call)


@router.patch("/{study_id}", summary="Update a study")
async def update_study(call: Researcher) -> Response:
    return service.update_study(call)


@router.delete("/{study_id}", summary="Delete a study that holds nothing", status_code=204)
async def delete_study(call: Researcher) -> Response:
    return service.delete_study(call)
