"""The product's functions inside this process, on DynamoDB Local, each with a runtime of its own as on Lambda."""

import io
import json
import time
from dataclasses import dataclass, field
from importlib import import_module
from types import SimpleNamespace
from typing import Any, Final

from aws_lambda_powertools import Logger
from fastapi import APIRouter

from trimetric.http.function import handler_of
from scripts.bench.events import Event, event
from scripts.bench.kms import OpenVault
from scripts.bench.store import BUCKETS, TABLE, Cost, Gauge, client
from trimetric.auth.apiauth import NewSignatureKey, SignatureAuthenticator, new_signature_key
from trimetric.auth.bearer import Authenticator, new_key
from trimetric.domain import apiauth, ids, times
from trimetric.domain.workspaces import CredentialKind, Plan
from trimetric.dynamo.buckets import TokenBuckets
from trimetric.dynamo.table import DynamoTable, Meter
from trimetric.dynamo.workspaces import Workspaces
from trimetric.http.call import Runtime
from trimetric.observability import LambdaHandler
from trimetric.settings import Settings

#: High enough that nothing here is ever refused.
PER_MINUTE: Final = 1_000_000
CONTEXT: Final = SimpleNamespace(aws_request_id="11111111-2222-3333-4444-555555555555")


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: dict[str, str]
    text: str
    #: What the store did, and the CPU seconds of the whole request.
    cost: Cost
    cpu: float

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def data(self) -> Any:
        return self.json["data"]

    @property
    def own_cpu(self) -> float:
        """CPU seconds outside calls to the store."""
        return self.cpu - self.cost.cpu


class UnexpectedReply(Exception):
    pass


@dataclass(slots=True)
class Product:
    """One caller with keys of a subscribed workspace whose limits are out of the way."""

    endpoint: str
    store: Any = field(init=False)
    gauge: Gauge = field(init=False)
    keys: "Keys" = field(init=False)
    _handlers: dict[str, LambdaHandler] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.store = client(self.endpoint)
        self.keys = make_workspace(self.store)
        self.gauge = Gauge(self.store)

    def runtime(self) -> Runtime:
        meter = Meter()
        table = DynamoTable(self.store, TABLE, meter=meter)
        return Runtime(
            settings=Settings(TABLE, BUCKETS),
            table=table,
            buckets=TokenBuckets(self.store, BUCKETS, meter=meter.count),
            authenticator=Authenticator(Workspaces(table)),
            signatures=SignatureAuthenticator(Workspaces(table), OpenVault()),
            meter=meter,
        )

    def serve(self, *routers: APIRouter) -> LambdaHandler:
        # Its lines are made, as on Lambda, and go nowhere.
        logger = Logger(service=f"bench-{len(self._handlers)}", level="INFO", stream=_Nowhere(), utc=True)
        return handler_of(self.runtime(), logger, routers)

    def event(self, method: str, path: str, *, query: str = "", body: Any = None) -> Event:
        """In the dialect of the path; a signed one is good for a quarter of an hour."""
        if not path.startswith("/api/experience/"):
            headers = {"authorization": f"Bearer {self.keys.bearer}"}
            return event(method, path, query=query, headers=headers, body=body)
        made = event(method, path, query=query, body=body)
        target = f"{path}?{query}" if query else path
        content = made.get("body", "").encode()
        pair, now = self.keys.signing, times.utc_now()
        signed = apiauth.sign(method, target, content, key=pair.key, secret=pair.secret, date=now)
        made["headers"] |= {name.lower(): text for name, text in signed.headers.items()}
        return made

    def send(self, group: str, request: Event, *, status: int | None = None) -> Reply:
        """The reply of function `group`; UnexpectedReply if it is an error or has another status."""
        if group not in self._handlers:
            self._handlers[group] = self.serve(import_module(f"functions.{group}.routes").router)
        reply = measured(self._handlers[group], request, self.gauge)
        if reply.status != status if status is not None else reply.status >= 400:
            http = request["requestContext"]["http"]
            raise UnexpectedReply(f"{http['method']} {http['path']} answered {reply.status}: {reply.text[:500]}")
        return reply

    def call(self, group: str, method: str, path: str, *, query: str = "", body: Any = None) -> Reply:
        """`path` without `/api/v1`, or whole."""
        whole = path if path.startswith("/api/") else f"/api/v1{path}"
        return self.send(group, self.event(method, whole, query=query, body=body))


@dataclass(frozen=True, slots=True)
class Keys:
    bearer: str
    signing: NewSignatureKey


def make_workspace(store: Any) -> Keys:
    """The keys of a fresh workspace."""
    workspaces = Workspaces(DynamoTable(store, TABLE))
    workspace = workspaces.create(
        workspace_id=ids.new_workspace(),
        name="Bench",
        plan=Plan.SUBSCRIBED,
        api_enabled=True,
        created_at=times.to_text(times.utc_now()),
        limits=dict.fromkeys((CredentialKind.UX_METRICS.value, CredentialKind.APIAUTH.value), PER_MINUTE),
    )
    made = new_key(workspace.id, "bench", now=times.utc_now())
    pair = new_signature_key(OpenVault(), workspace.id, "bench", now=times.utc_now())
    workspaces.add_credential(made.credential)
    workspaces.add_credential(pair.credential)
    return Keys(made.secret, pair)


def measured(handler: LambdaHandler, request: Event, gauge: Gauge) -> Reply:
    gauge.reset()
    began = time.process_time()
    answer = handler(request, CONTEXT)
    spent = time.process_time() - began
    return Reply(answer["statusCode"], answer["headers"], answer.get("body") or "", gauge.reset(), spent)


class _Nowhere(io.StringIO):
    def write(self, text: str) -> int:
        return len(text)
