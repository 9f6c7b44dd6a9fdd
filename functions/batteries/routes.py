"""/api/batteries"""

from fastapi import APIRouter, Response

from functions.batteries import service
from trimetric.http.application import CheckedRoute
from trimetric.http.metricis import ReadOnly, Researcher

router = APIRouter(prefix="/api/batteries", route_class=CheckedRoute, tags=["Metricis: batteries"])


@router.get("", summary="List batteries")
async def list_batteries(call: ReadOnly) -> Response:
    return service.list_batteries(call)


@router.post("", summary="Create a battery", status_code=201)
async def create_battery(call: Researcher) -> Response:
    return service.create_battery(call)


@router.get("/{battery_id}", summary="Show a battery")
async def show_battery(call: ReadOnly) -> Response:
    return service.show_battery(call)


@router.patch("/{battery_id}", summary="Update a battery")
async def update_battery(call: Researcher) -> Response:
    return service.update_battery(call)


@router.delete("/{battery_id}", summary="Delete a battery that no session uses", status_code=204)
async def delete_battery(call: Researcher) -> Response:
    return service.delete_battery(call)
