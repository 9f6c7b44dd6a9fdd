"""One application with every route, written the straightforward way.

It checks a key, validates bodies with pydantic and reads and writes items through boto3's resource layer. It has no
throttle, no idempotency, no ETags, no cursors and no transactions: whatever it is slower at, it is slower at with less.
"""

import os
import uuid
from datetime import UTC, datetime
from typing import Annotated, Any

import boto3
from boto3.dynamodb.conditions import Key
from fastapi import Depends, FastAPI, Header, HTTPException
from mangum import Mangum

from scripts.bench.peer import models

table = boto3.resource("dynamodb").Table(os.environ["PEER_TABLE_NAME"])
app = FastAPI(title="Peer")


def workspace(authorization: Annotated[str, Header()]) -> dict[str, Any]:
    found = table.get_item(Key={"pk": "key", "sk": authorization.removeprefix("Bearer ")}).get("Item")
    if found is None:
        raise HTTPException(401, "Missing or invalid API key")
    return dict(found)


Workspace = Annotated[dict[str, Any], Depends(workspace)]


def page(pk: str, limit: int, after: str | None) -> dict[str, Any]:
    request: dict[str, Any] = {"KeyConditionExpression": Key("pk").eq(pk), "Limit": limit}
    if after:
        request["ExclusiveStartKey"] = {"pk": pk, "sk": after}
    answer = table.query(**request)
    last = answer.get("LastEvaluatedKey")
    pagination = {"has_more": last is not None, "next_cursor": last["sk"] if last else None}
    return {"data": answer["Items"], "pagination": pagination}


def show(pk: str, sk: str) -> dict[str, Any]:
    found = table.get_item(Key={"pk": pk, "sk": sk}).get("Item")
    if found is None:
        raise HTTPException(404, "Resource not found")
    return {"data": found}


def create(pk: str, prefix: str, fields: dict[str, Any]) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat()
    item = {"pk": pk, "sk": f"{prefix}_{uuid.uuid4().hex}", "created_at": now, "updated_at": now, **fields}
    table.put_item(Item=item)
    return {"data": item}


def change(pk: str, sk: str, fields: dict[str, Any]) -> dict[str, Any]:
    item = show(pk, sk)["data"] | fields
    table.put_item(Item=item)
    return {"data": item}


def remove(pk: str, sk: str) -> None:
    table.delete_item(Key={"pk": pk, "sk": sk})


def set_status(owner: dict[str, Any], study_id: str, status: str) -> dict[str, Any]:
    return change(f"{owner['id']}#studies", study_id, {"status": status})


@app.get("/api/v1/workspace")
def show_workspace(owner: Workspace) -> dict[str, Any]:
    return {"data": owner}


@app.get("/api/v1/folders")
def list_folders(owner: Workspace, limit: int = 25, after: str | None = None) -> dict[str, Any]:
    return page(f"{owner['id']}#folders", limit, after)


@app.post("/api/v1/folders", status_code=201)
def create_folder(owner: Workspace, body: models.FolderBody) -> dict[str, Any]:
    return create(f"{owner['id']}#folders", "fld", body.folder.model_dump())


@app.get("/api/v1/folders/{folder_id}")
def show_folder(owner: Workspace, folder_id: str) -> dict[str, Any]:
    return show(f"{owner['id']}#folders", folder_id)


@app.patch("/api/v1/folders/{folder_id}")
def update_folder(owner: Workspace, folder_id: str, body: models.FolderPatchBody) -> dict[str, Any]:
    return change(f"{owner['id']}#folders", folder_id, body.folder.model_dump(exclude_unset=True))


@app.delete("/api/v1/folders/{folder_id}", status_code=204)
def delete_folder(owner: Workspace, folder_id: str) -> None:
    remove(f"{owner['id']}#folders", folder_id)


@app.get("/api/v1/studies")
def list_studies(
    owner: Workspace, limit: int = 25, after: str | None = None, status: models.Status | None = None
) -> dict[str, Any]:
    return page(f"{owner['id']}#studies", limit, after)


@app.post("/api/v1/studies", status_code=201)
def create_study(owner: Workspace, type: models.StudyType, body: models.StudyBody) -> dict[str, Any]:
    return create(f"{owner['id']}#studies", "std", {"type": type, "status": "draft", **body.study.model_dump()})


@app.get("/api/v1/studies/{study_id}")
def show_study(owner: Workspace, study_id: str) -> dict[str, Any]:
    return show(f"{owner['id']}#studies", study_id)


@app.patch("/api/v1/studies/{study_id}")
def update_study(owner: Workspace, study_id: str, body: models.StudyPatchBody) -> dict[str, Any]:
    return change(f"{owner['id']}#studies", study_id, body.study.model_dump(exclude_unset=True))


@app.delete("/api/v1/studies/{study_id}", status_code=204)
def delete_study(owner: Workspace, study_id: str) -> None:
    remove(f"{owner['id']}#studies", study_id)


@app.post("/api/v1/studies/{study_id}/publish")
def publish_study(owner: Workspace, study_id: str) -> dict[str, Any]:
    return set_status(owner, study_id, "published")


@app.post("/api/v1/studies/{study_id}/end")
def end_study(owner: Workspace, study_id: str) -> dict[str, Any]:
    return set_status(owner, study_id, "ended")


@app.post("/api/v1/studies/{study_id}/duplicate", status_code=201)
def duplicate_study(owner: Workspace, study_id: str) -> dict[str, Any]:
    fields = show(f"{owner['id']}#studies", study_id)["data"]
    return create(f"{owner['id']}#studies", "std", {k: v for k, v in fields.items() if k not in ("pk", "sk")})


@app.post("/api/v1/studies/{study_id}/cards", status_code=201)
def add_cards(owner: Workspace, study_id: str, body: models.CardsBody) -> dict[str, Any]:
    return {"data": [create(f"{study_id}#cards", "crd", card.model_dump())["data"] for card in body.cards]}


@app.patch("/api/v1/studies/{study_id}/cards/{card_id}")
def update_card(owner: Workspace, study_id: str, card_id: str, body: models.CardPatchBody) -> dict[str, Any]:
    return change(f"{study_id}#cards", card_id, body.card.model_dump(exclude_unset=True))


@app.delete("/api/v1/studies/{study_id}/cards/{card_id}", status_code=204)
def delete_card(owner: Workspace, study_id: str, card_id: str) -> None:
    remove(f"{study_id}#cards", card_id)


@app.post("/api/v1/studies/{study_id}/groups", status_code=201)
def add_groups(owner: Workspace, study_id: str, body: models.GroupsBody) -> dict[str, Any]:
    return {"data": [create(f"{study_id}#groups", "grp", group.model_dump())["data"] for group in body.groups]}


@app.patch("/api/v1/studies/{study_id}/groups/{group_id}")
def update_group(owner: Workspace, study_id: str, group_id: str, body: models.GroupPatchBody) -> dict[str, Any]:
    return change(f"{study_id}#groups", group_id, body.group.model_dump(exclude_unset=True))


@app.delete("/api/v1/studies/{study_id}/groups/{group_id}", status_code=204)
def delete_group(owner: Workspace, study_id: str, group_id: str) -> None:
    remove(f"{study_id}#groups", group_id)


@app.post("/api/v1/studies/{study_id}/questions", status_code=201)
def add_questions(owner: Workspace, study_id: str, body: models.QuestionsBody) -> dict[str, Any]:
    return {"data": [create(f"{study_id}#questions", "qst", asked.model_dump())["data"] for asked in body.questions]}


@app.patch("/api/v1/studies/{study_id}/questions/{question_id}")
def update_question(
    owner: Workspace, study_id: str, question_id: str, body: models.QuestionPatchBody
) -> dict[str, Any]:
    return change(f"{study_id}#questions", question_id, body.question.model_dump(exclude_unset=True))


@app.delete("/api/v1/studies/{study_id}/questions/{question_id}", status_code=204)
def delete_question(owner: Workspace, study_id: str, question_id: str) -> None:
    remove(f"{study_id}#questions", question_id)


@app.get("/api/v1/studies/{study_id}/participants")
def list_participants(
    owner: Workspace, study_id: str, limit: int = 25, after: str | None = None, excluded: bool | None = None
) -> dict[str, Any]:
    return page(f"{study_id}#people", limit, after)


@app.post("/api/v1/studies/{study_id}/participants", status_code=201)
def add_participants(owner: Workspace, study_id: str, body: models.ParticipantsBody) -> dict[str, Any]:
    return {"data": [create(f"{study_id}#people", "prt", one.model_dump())["data"] for one in body.participants]}


@app.get("/api/v1/studies/{study_id}/participants/{participant_id}")
def show_participant(owner: Workspace, study_id: str, participant_id: str) -> dict[str, Any]:
    return show(f"{study_id}#people", participant_id)


@app.get("/api/v1/studies/{study_id}/participants/{participant_id}/results")
def list_results(
    owner: Workspace, study_id: str, participant_id: str, limit: int = 25, after: str | None = None
) -> dict[str, Any]:
    return page(f"{study_id}#{participant_id}#results", limit, after)


@app.post("/api/v1/studies/{study_id}/participants/{participant_id}/exclude")
def exclude(owner: Workspace, study_id: str, participant_id: str, body: models.Exclusion) -> dict[str, Any]:
    return change(f"{study_id}#people", participant_id, {"excluded": True, "exclusion_reason": body.reason})


@app.post("/api/v1/studies/{study_id}/participants/{participant_id}/include")
def include(owner: Workspace, study_id: str, participant_id: str) -> dict[str, Any]:
    return change(f"{study_id}#people", participant_id, {"excluded": False, "exclusion_reason": None})


@app.get("/api/v1/studies/{study_id}/metrics")
def show_metrics(owner: Workspace, study_id: str) -> dict[str, Any]:
    """Every participant is read to answer."""
    people: list[dict[str, Any]] = []
    answer = table.query(KeyConditionExpression=Key("pk").eq(f"{study_id}#people"))
    people += answer["Items"]
    while last := answer.get("LastEvaluatedKey"):
        answer = table.query(KeyConditionExpression=Key("pk").eq(f"{study_id}#people"), ExclusiveStartKey=last)
        people += answer["Items"]
    completed = [person for person in people if person.get("completed_at") and not person.get("excluded")]
    return {"data": {"study_id": study_id, "started": len(people), "completed": len(completed)}}


@app.get("/api/v1/studies/{study_id}/results")
def export_results(owner: Workspace, study_id: str, cursor: str | None = None) -> dict[str, Any]:
    return page(f"{study_id}#people", 1000, cursor)


@app.get("/api/v1/collect/{collect_token}")
def show_collect(collect_token: str) -> dict[str, Any]:
    return show("collect", collect_token)


@app.post("/api/v1/collect/{collect_token}/participants", status_code=201)
def join(collect_token: str, body: models.NewParticipant) -> dict[str, Any]:
    return create(f"{collect_token}#people", "prt", body.model_dump())


@app.post("/api/v1/collect/{collect_token}/participants/{participant_id}/results", status_code=201)
def add_result(collect_token: str, participant_id: str, body: dict[str, Any]) -> dict[str, Any]:
    return create(f"{collect_token}#{participant_id}#results", "res", body)


@app.post("/api/v1/collect/{collect_token}/participants/{participant_id}/complete")
def complete(collect_token: str, participant_id: str) -> dict[str, Any]:
    return change(f"{collect_token}#people", participant_id, {"completed_at": datetime.now(UTC).isoformat()})


handler = Mangum(app, lifespan="off")
