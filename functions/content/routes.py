"""/api/v1/studies/{study_id}/cards, …/groups, …/questions"""

from fastapi import APIRouter, Response

from functions.content import service
from functions.content.kinds import CARDS, GROUPS, QUESTIONS
from trimetric.http.application import CheckedRoute
from trimetric.http.call import Writer

router = APIRouter(prefix="/api/v1/studies/{study_id}", route_class=CheckedRoute, tags=["UX Metrics: content"])


@router.post("/cards", summary="Add cards (card sort only)", status_code=201)
async def add_cards(call: Writer) -> Response:
    return service.add(call, CARDS)


@router.patch("/cards/{card_id}", summary="Update or move a card")
async def update_card(call: Writer) -> Response:
    return service.update(call, CARDS)


@router.delete("/cards/{card_id}", summary="Remove a card", status_code=204)
async def remove_card(call: Writer) -> Response:
    return service.remove(call, CARDS)


@router.post("/groups", summary="Add groups (closed and hybrid card sort only)", status_code=201)
async def add_groups(call: Writer) -> Response:
    return service.add(call, GROUPS)


@router.patch("/groups/{group_id}", summary="Update or move a group")
async def update_group(call: Writer) -> Response:
    return service.update(call, GROUPS)


@router.delete("/groups/{group_id}", summary="Remove a group", status_code=204)
async def remove_group(call: Writer) -> Response:
    return service.remove(call, GROUPS)


@router.post("/questions", summary="Add questions (survey only)", status_code=201)
async def add_questions(call: Writer) -> Response:
    return service.add(call, QUESTIONS)


@router.patch("/questions/{question_id}", summary="Update or move a question")
async def update_question(call: Writer) -> Response:
    return service.update(call, QUESTIONS)


@router.delete("/questions/{question_id}", summary="Remove a question", status_code=204)
async def remove_question(call: Writer) -> Response:
    return service.remove(call, QUESTIONS)
