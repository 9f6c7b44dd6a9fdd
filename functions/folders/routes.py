"""/api/v1/folders"""

from fastapi import APIRouter, Response

from functions.folders import service
from trimetric.http.application import CheckedRoute
from trimetric.http.call import Reader, Writer

router = APIRouter(prefix="/api/v1/folders", route_class=CheckedRoute, tags=["UX Metrics: folders"])


@router.get("", summary="List folders")
async def list_folders(call: Reader) -> Response:
    return service.list_folders(call)


@router.post("", summary="Create a folder", status_code=201)
async def create_folder(call: Writer) -> Response:
    return service.create_folder(call)


@router.get("/{folder_id}", summary="Show a folder")
async def show_folder(call: Reader) -> Response:
    return service.show_folder(call)


@router.patch("/{folder_id}", summary="Update a folder")
async def update_folder(call: Writer) -> Response:
    return service.update_folder(call)


@router.delete("/{folder_id}", summary="Delete an empty folder", status_code=204)
async def delete_folder(call: Writer) -> Response:
    return service.delete_folder(call)
