"""/api/sessions, /api/session/start, /api/studies/{study_id}/metrics"""

from fastapi import APIRouter, Response

from functions.sessions import service
from trimetric.http.application import CheckedRoute
from trimetric.http.metricis import Coordinator, ReadOnly

router = APIRouter(prefix="/api", route_class=CheckedRoute, tags=["Metricis: sessions"])


@router.get("/sessions", summary="List sessions")
async def list_sessions(call: ReadOnly) -> Response:
    return service.list_sessions(call)


@router.post("/sessions", summary="Create a session", status_code=201)
async def create_session(call: Coordinator) -> Response:
    return service.create_session(call)


@router.post("/session/start", summary="Create a session that is in progress")
async def start_session(call: Coordinator) -> Response:
    return service.start_session(call)


@router.get("/sessions/{session_id}", summary="Show a session")
async def show_session(call: ReadOnly) -> Response:
    return service.show_session(call)


@router.patch("/sessions/{session_id}", summary="Update a session")
async def update_session(call: Coordinator) -> Response:
    return service.update_session(call)


@router.delete("/sessions/{session_id}", summary="Delete a session with its trials", status_code=204)
async def delete_session(call: Coordinator) -> Response:
    return service.delete_session(call)


@router.get("/sessions/{session_id}/trials", summary="Page through a session's trials")
async def list_trials(call: ReadOnly) -> Response:
    return service.list_trials(call)


@router.get("/sessions/{session_id}/metrics", summary="Metrics of each task of a session")
async def show_session_metrics(call: ReadOnly) -> Response:
    return service.show_session_metrics(call)


@router.get("/studies/{study_id}/metrics", summary="Metrics of each task over a study's completed sessions")
async def show_study_metrics(call: ReadOnly) -> Response:
    return service.show_study_metrics(call)
