"""Documents and where they are; every other path that comes here has no endpoint and is answered 404."""

from fastapi import APIRouter, Response

from functions.docs import service
from trimetric.http.application import CheckedRoute
from trimetric.http.call import Public

router = APIRouter(route_class=CheckedRoute, tags=["Documentation"])


@router.get("/api/v1/docs.md", summary="This documentation, as Markdown")
async def show_documentation(call: Public) -> Response:
    return service.show_documentation(call)


@router.get("/docs/micrometrics.md", summary="The documentation of the Micrometrics API, as Markdown")
async def show_micrometrics(call: Public) -> Response:
    return service.show_micrometrics(call)


@router.get("/docs/metricis.md", summary="The documentation of the Metricis API, as Markdown")
async def show_metricis(call: Public) -> Response:
    return service.show_metricis(call)


@router.get("/docs", summary="Where the documentation is")
async def show_index(call: Public) -> Response:
    return service.show_index(call)


@router.get("/", summary="Leads to the documentation", status_code=302)
async def lead_to_index(call: Public) -> Response:
    return service.lead_to_index(call)
