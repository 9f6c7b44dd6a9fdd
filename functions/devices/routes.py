"""/api/experience/devices"""

from fastapi import APIRouter, Response

from functions.devices import service
from trimetric.http.application import CheckedRoute
from trimetric.http.signed import DevicesReader, DevicesWriter

router = APIRouter(prefix="/api/experience/devices", route_class=CheckedRoute, tags=["Micrometrics: devices"])


@router.get("", summary="List devices")
async def list_devices(call: DevicesReader) -> Response:
    return service.list_devices(call)


@router.post("", summary="Create a device", status_code=201)
async def create_device(call: DevicesWriter) -> Response:
    return service.create_device(call)


@router.get("/{device_id}", summary="Show a device")
async def show_device(call: DevicesReader) -> Response:
    return service.show_device(call)


@router.put("/{device_id}", summary="Replace a device")
async def replace_device(call: DevicesWriter) -> Response:
    return service.replace_device(call)


@router.delete("/{device_id}", summary="Delete a device", status_code=204)
async def delete_device(call: DevicesWriter) -> Response:
    return service.delete_device(call)
