"""As much of the API as the scripts call, inside the process: studies, content, people, export, remembered answers."""

import json
from collections.abc import Callable
from typing import Any

import httpx

from scripts.api_client import ApiClient

Answer = tuple[int, Any]
#: May answer a request in place of the API; None lets it be.
Trouble = Callable[[httpx.Request], httpx.Response | None]
CREATED_AT = "2026-01-31T09:30:00.000Z"


class FakeApi:
    """`before` and `after` make trouble: before and after a request has had its effect."""

    def __init__(self) -> None:
        self.studies: dict[str, dict[str, Any]] = {}
        self.people: dict[str, dict[str, dict[str, Any]]] = {}
        self.remembered: dict[tuple[str, str], Answer] = {}
        self.requests: list[httpx.Request] = []
        self.pauses: list[float] = []
        self.before: Trouble = lambda request: None
        self.after: Trouble = lambda request: None
        #: Results of a page of the export.
        self.page = 1000

    def client(self) -> ApiClient:
        transport = httpx.MockTransport(self._handle)
        return ApiClient("http://api.test", "uxm_v1_x", transport=transport, sleep=self.pauses.append)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        refused = self.before(request)
        if refused:
            return refused
        answer = self._remember(request)
        return self.after(request) or answer

    def _remember(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v1")
        if path.endswith("/results"):
            return self._export(path.split("/")[2], int(request.url.params.get("cursor", "0")))
        key = (path, request.headers.get("Idempotency-Key", ""))
        if key not in self.remembered or not key[1]:
            self.remembered[key] = self._answer(request, path)
        status, data = self.remembered[key]
        body = {"data": data} if status < 400 else {"error": {"code": data, "message": data, "status": status}}
        return httpx.Response(status, json=body)

    def _answer(self, request: httpx.Request, path: str) -> Answer:
        body: Any = json.loads(request.content) if request.content else {}
        match request.method, path.strip("/").split("/"):
            case "POST", ["studies"]:
                return self._create(body["study"], request.url.params["type"])
            case _, ["studies", study_id, *_] if study_id not in self.studies:
                return 404, "not_found"
            case "GET", ["studies", study_id]:
                return 200, dict(self.studies[study_id])
            case "POST", ["studies", study_id, "publish"]:
                self.studies[study_id]["status"] = "published"
                return 200, dict(self.studies[study_id])
            case "POST", ["studies", study_id, "participants"]:
                return self._import(study_id, body["participants"])
            case "POST", ["studies", study_id, ("cards" | "questions") as kind]:
                return self._add(study_id, kind, body[kind])
        return 405, "invalid_request"

    def _create(self, body: dict[str, Any], type_name: str) -> Answer:
        study_id = f"std_{len(self.studies)}"
        study = {"id": study_id, "type": type_name, "status": "draft", "created_at": CREATED_AT, **body}
        self.studies[study_id] = study
        self.people[study_id] = {}
        return 201, dict(study)

    def _add(self, study_id: str, kind: str, items: list[Any]) -> Answer:
        bodies = [item if isinstance(item, dict) else {"label": item} for item in items]
        added = [{"id": f"{kind}_{place}", **body, "position": place} for place, body in enumerate(bodies)]
        self.studies[study_id].setdefault(kind, []).extend(added)
        return 201, added

    def _import(self, study_id: str, people: list[dict[str, Any]]) -> Answer:
        known = self.people[study_id]
        if any(known.get(person["external_id"], person) != person for person in people):
            return 422, "validation_failed"
        known |= {person["external_id"]: person for person in people}
        return 201, [{"id": f"prt_{person['external_id']}"} for person in people]

    def _export(self, study_id: str, begin: int) -> httpx.Response:
        people = list(self.people[study_id].values())
        page = people[begin : begin + self.page]
        lines = [
            json.dumps({"external_id": person["external_id"], **result}, ensure_ascii=False) + "\n"
            for person in page
            for result in person["results"]
        ]
        end = begin + self.page
        headers = {"Next-Cursor": str(end)} if end < len(people) else {}
        return httpx.Response(200, text="".join(lines), headers={**headers, "Content-Type": "application/x-ndjson"})
