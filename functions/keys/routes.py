"""/api/keys"""

from fastapi import APIRouter, Response

from functions.keys import service
from trimetric.http.application import CheckedRoute
from trimetric.http.metricis import Admin

router = APIRouter(prefix="/api/keys", route_class=CheckedRoute, tags=["Metricis: keys (extension)"])


@router.get("", summary="List keys")
async def list_keys(call: Admin) -> Response:
    return service.list_keys(call)


@router.post("", summary="Issue a key", status_code=201)
async def issue_key(call: Admin) -> Response:
    return service.issue_key(call)


@router.post("/{key_id}/rotate", summary="Give a key a new secret")
async def rotate_key(call: Admin) -> Response:
    return service.rotate_key(call)


@router.delete("/{key_id}", summary="Revoke a key", status_code=204)
async def revoke_key(call: Admin) -> Response:
    return service.revoke_key(call)
