"""/api/v1/studies"""

from fastapi import APIRouter, Response

from functions.studies import service
from trimetric.http.application import CheckedRoute
from trimetric.http.call import Reader, Writer

router = APIRouter(prefix="/api/v1/studies", route_class=CheckedRoute, tags=["UX Metrics: studies"])


@router.get("", summary="List studies")
async def list_studies(call: Reader) -> Response:
    return service.list_studies(call)


@router.post("", summary="Create a study", status_code=201)
async def create_study(call: Writer) -> Response:
    return service.create_study(call)


@router.get("/{study_id}", summary="Show a study with its settings and content")
async def show_study(call: Reader) -> Response:
    return service.show_study(call)


@router.patch("/{study_id}", summary="Update a study")
async def update_study(call: Writer) -> Response:
    return service.update_study(call)


@router.delete("/{study_id}", summary="Delete a draft study", status_code=204)
async def delete_study(call: Writer) -> Response:
    return service.delete_study(call)


@router.post("/{study_id}/publish", summary="Publish a draft study")
async def publish_study(call: Writer) -> Response:
    return service.publish_study(call)


@router.post("/{study_id}/end", summary="End a published study")
async def end_study(call: Writer) -> Response:
    return service.end_study(call)


@router.post("/{study_id}/duplicate", summary="Duplicate a study as a draft", status_code=201)
async def duplicate_study(call: Writer) -> Response:
    return service.duplicate_study(call)
