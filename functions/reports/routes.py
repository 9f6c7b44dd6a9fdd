"""/api/v1/studies/{study_id}: metrics, report.md, report.html, charts"""

from fastapi import APIRouter, Response

from functions.reports import service
from trimetric.http.application import CheckedRoute
from trimetric.http.call import Reader

router = APIRouter(
    prefix="/api/v1/studies/{study_id}", route_class=CheckedRoute, tags=["UX Metrics: metrics and reports"]
)


@router.get("/metrics", summary="Show the metrics of a study")
async def show_metrics(call: Reader) -> Response:
    return service.show_metrics(call)


@router.get("/report.md", summary="Show the report of a study as Markdown")
async def show_markdown_report(call: Reader) -> Response:
    return service.show_markdown_report(call)


@router.get("/report.html", summary="Show the report of a study as a web page")
async def show_html_report(call: Reader) -> Response:
    return service.show_html_report(call)


@router.get("/charts", summary="List the charts of a study")
async def list_charts(call: Reader) -> Response:
    return service.list_charts(call)


@router.get("/charts/{name}", summary="Show a chart of a study as SVG")
async def show_chart(call: Reader) -> Response:
    return service.show_chart(call)
