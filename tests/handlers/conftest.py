"""The whole platform in one process: every function behind a gateway that routes as the template does."""

import asyncio
import hashlib
import io
import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from importlib import import_module
from types import SimpleNamespace
from typing import Any, Final, TypeVar, cast
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from aws_lambda_powertools import Logger
from fastapi import APIRouter

from trimetric.http.function import handler_of
from tests.fakes.buckets import FakeBucketsClient
from tests.fakes.secrets import FakeSecret
from tests.fakes.table import FakeTable
from tests.fakes.vault import FakeVault
from tests.handlers.events import Event, event
from trimetric.auth.apiauth import SignatureAuthenticator
from trimetric.auth.bearer import Authenticator, new_key
from trimetric.auth.login_tokens import AccessTokens
from trimetric.auth.metricis import MetricisAuthenticator
from trimetric.auth.passwords import Passwords
from trimetric.auth.signing_keys import SigningKeys
from trimetric.auth.usage import Usage
from trimetric.domain import ids, times
from trimetric.domain.workspaces import Plan, Workspace
from trimetric.dynamo.buckets import TokenBuckets
from trimetric.dynamo.keys import Key
from trimetric.dynamo.metricis.accounts import Accounts
from trimetric.dynamo.table import Action, DynamoTable, Item, Meter, Table
from trimetric.dynamo.workspaces import Workspaces
from trimetric.http.call import Runtime
from trimetric.observability import LambdaHandler
from trimetric.settings import Settings

T = TypeVar("T")

#: The gateway's routes, as the template lists them; what matches none goes to the docs function.
ROUTES: Final = {
    "/api/v1/workspace": "workspace",
    "/api/v1/folders": "folders",
    "/api/v1/folders/{folder_id}": "folders",
    "/api/v1/studies": "studies",
    "/api/v1/studies/{study_id}": "studies",
    "/api/v1/studies/{study_id}/publish": "studies",
    "/api/v1/studies/{study_id}/end": "studies",
    "/api/v1/studies/{study_id}/duplicate": "studies",
    "/api/v1/studies/{study_id}/cards": "content",
    "/api/v1/studies/{study_id}/cards/{card_id}": "content",
    "/api/v1/studies/{study_id}/groups": "content",
    "/api/v1/studies/{study_id}/groups/{group_id}": "content",
    "/api/v1/studies/{study_id}/questions": "content",
    "/api/v1/studies/{study_id}/questions/{question_id}": "content",
    "/api/v1/studies/{study_id}/participants": "participants",
    "/api/v1/studies/{study_id}/participants/{participant_id}": "participants",
    "/api/v1/studies/{study_id}/participants/{participant_id}/results": "participants",
    "/api/v1/studies/{study_id}/participants/{participant_id}/exclude": "participants",
    "/api/v1/studies/{study_id}/participants/{participant_id}/include": "participants",
    "/api/v1/studies/{study_id}/results": "results",
    "/api/v1/studies/{study_id}/metrics": "reports",
    "/api/v1/studies/{study_id}/report.md": "reports",
    "/api/v1/studies/{study_id}/report.html": "reports",
    "/api/v1/studies/{study_id}/charts": "reports",
    "/api/v1/studies/{study_id}/charts/{name}": "reports",
    "/api/v1/collect/{collect_token}": "collect",
    "/api/v1/collect/{collect_token}/participants": "collect",
    "/api/v1/collect/{collect_token}/participants/{participant_id}/results": "collect",
    "/api/v1/collect/{collect_token}/participants/{participant_id}/complete": "collect",
    "/api/experience/devices": "devices",
    "/api/experience/devices/{device_id}": "devices",
    "/api/experience/surveys": "surveys",
    "/api/experience/surveys/{survey_id}": "surveys",
    "/api/experience/surveys/{survey_id}/responses": "responses",
    "/api/experience/surveys/{survey_id}/responses/{response_id}": "responses",
    "/api/experience/surveys/{survey_id}/metrics": "survey_metrics",
    "/api/auth/login": "accounts",
    "/api/auth/refresh": "accounts",
    "/api/auth/logout": "accounts",
    "/api/auth/me": "accounts",
    "/api/auth/register": "accounts",
    "/api/keys": "keys",
    "/api/keys/{key_id}": "keys",
    "/api/keys/{key_id}/rotate": "keys",
    "/api/health": "health",
    "/api/health/detailed": "health",
    "/api/studies": "metricis_studies",
    "/api/studies/{study_id}": "metricis_studies",
    "/api/participants": "metricis_participants",
    "/api/participants/import": "metricis_participants",
    "/api/participants/{participant_id}": "metricis_participants",
    "/api/batteries": "batteries",
    "/api/batteries/{battery_id}": "batteries",
    "/api/sessions": "sessions",
    "/api/session/start": "sessions",
    "/api/sessions/{session_id}": "sessions",
    "/api/sessions/{session_id}/trials": "sessions",
    "/api/sessions/{session_id}/metrics": "sessions",
    "/api/studies/{study_id}/metrics": "sessions",
    "/api/submit": "submit",
    "/openapi.json": "openapi",
}
DEFAULT_GROUP: Final = "docs"

ORIGIN: Final = "https://research.example"


@cache
def _pattern(route: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(route)))


def group_of(path: str) -> str:
    return next((group for route, group in ROUTES.items() if _pattern(route).fullmatch(path)), DEFAULT_GROUP)


class Clock:
    """Stands still but for a millisecond each time it is read, so that ids sort in the order of creation."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def millis(self) -> int:
        return times.to_millis(self.now)

    def seconds(self) -> float:
        return self.millis() / 1000

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class Reply:
    """What the gateway would send; header names in lower case."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def data(self) -> Any:
        return self.json["data"]

    @property
    def error(self) -> dict[str, Any]:
        """The envelope's error, once it is known to be one of the documented form."""
        error: dict[str, Any] = self.json["error"]
        # Only the UX Metrics dialect repeats it.
        assert error.get("status", self.status) == self.status
        assert error["message"]
        return error

    @property
    def refusal(self) -> tuple[int, str]:
        return self.status, self.error["code"]

    @property
    def fields(self) -> list[str]:
        """The paths that the details name."""
        return [detail["field"] for detail in self.json["error"]["details"]]


class Killed(BaseException):
    """The function's process ends here and now."""


@dataclass(slots=True)
class Moments:
    """What happens once, directly before or after the next write of the table."""

    before: Callable[[], object] | None = None
    after: Callable[[], object] | None = None


@dataclass(frozen=True, slots=True)
class WatchedTable:
    """A table that counts its round trips and lets tests step in between them."""

    inner: Table
    meter: Meter
    moments: Moments

    def get(self, key: Key) -> Item | None:
        self.meter.count(1, 1.0, 0.0)
        return self.inner.get(key)

    def get_many(self, keys: Iterable[Key]) -> dict[Key, Item]:
        self.meter.count(1, 1.0, 0.0)
        return self.inner.get_many(keys)

    def query(self, pk: str, **arguments: Any) -> list[Item]:
        self.meter.count(1, 1.0, 0.0)
        return self.inner.query(pk, **arguments)

    def write(self, *actions: Action) -> None:
        self.meter.count(1, 0.0, 1.0)
        if (before := self.moments.before) is not None:
            self.moments.before = None
            before()
        self.inner.write(*actions)
        if (after := self.moments.after) is not None:
            self.moments.after = None
            after()


def elsewhere(action: Callable[[], T]) -> T:
    """In a thread of its own: the event loop of this one is in the middle of a request."""

    def run() -> T:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        try:
            return action()
        finally:
            loop.close()

    with ThreadPoolExecutor(1) as threads:
        return threads.submit(run).result()


def die() -> None:
    raise Killed


@dataclass(slots=True)
class Platform:
    table: FakeTable
    clock: Clock
    moments: Moments = field(default_factory=Moments)
    settings: Settings = field(default_factory=lambda: Settings("table", "buckets", cors_origins=(ORIGIN,)))
    sleep: Callable[[float], None] = lambda seconds: None
    buckets_client: FakeBucketsClient = field(default_factory=FakeBucketsClient)
    vault: FakeVault = field(default_factory=FakeVault)
    secret: FakeSecret = field(default_factory=FakeSecret)
    #: Its hashes cost nothing.
    passwords: Passwords = field(default_factory=lambda: Passwords(time_cost=1, memory_kib=8))
    #: None unless a test looks at it: its write would come between those that tests step in between.
    usage: Usage | None = None
    log: io.StringIO = field(default_factory=io.StringIO)
    _handlers: dict[str, LambdaHandler] = field(default_factory=dict)

    @property
    def workspaces(self) -> Workspaces:
        return Workspaces(self.table)

    def runtime(self) -> Runtime:
        """As one process of a function has it, with caches of its own."""
        meter = Meter()
        table = WatchedTable(self.table, meter, self.moments)
        workspaces, clock, seconds = Workspaces(table), self.clock, self.clock.seconds
        strict_uri = self.settings.api_auth_strict_uri
        signing_keys = SigningKeys(self.secret, monotonic=seconds)
        access_tokens = AccessTokens(signing_keys, seconds=self.settings.access_token_seconds, clock=clock)
        return Runtime(
            settings=self.settings,
            table=table,
            buckets=TokenBuckets(self.buckets_client, "buckets", clock_ms=self.clock.millis, meter=meter.count),
            authenticator=Authenticator(workspaces, usage=self.usage, clock=clock, monotonic=seconds),
            signatures=SignatureAuthenticator(
                workspaces, self.vault, strict_uri=strict_uri, usage=self.usage, clock=clock, monotonic=seconds
            ),
            meter=meter,
            clock=self.clock,
            sleep=self.sleep,
            metricis=MetricisAuthenticator(
                Accounts(table), access_tokens, usage=self.usage, clock=self.clock, monotonic=self.clock.seconds
            ),
            signing_keys=signing_keys,
            access_tokens=access_tokens,
            vault=self.vault,
            passwords=self.passwords,
        )

    def serve(self, *routers: APIRouter) -> LambdaHandler:
        logger = Logger(service=f"tests-{uuid4().hex}", level="INFO", stream=self.log, utc=True)
        return handler_of(self.runtime(), logger, routers)

    def send(self, request: Event) -> Reply:
        group = group_of(request["requestContext"]["http"]["path"])
        if group not in self._handlers:
            self._handlers[group] = self.serve(import_module(f"functions.{group}.routes").router)
        return sent(self._handlers[group], request)

    @contextmanager
    def between_read_and_write(self, action: Callable[[], object]) -> Iterator[None]:
        """`action` happens when the next request has read what it needs and is about to write."""
        self.moments.before = lambda: elsewhere(action)
        yield
        assert self.moments.before is None, "nothing was written"

    def forget(self) -> None:
        """New processes: caches are empty, the table stays."""
        self._handlers.clear()

    def round_trips(self, **sends: Callable[[], object]) -> dict[str, int]:
        """How many calls to stores each of these requests makes."""
        calls = {}
        for name, send in sends.items():
            send()
            calls[name] = self.log_lines()[-1]["store_calls"]
        return calls

    def errors(self) -> list[dict[str, Any]]:
        """What was logged as an error; asked for, it was expected."""
        found = [line for line in self.log_lines() if line["level"] in ("ERROR", "CRITICAL")]
        self.log.truncate(0)
        self.log.seek(0)
        return found

    def log_lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.getvalue().splitlines()]


def sent(handler: LambdaHandler, request: Event) -> Reply:
    answer = handler(request, SimpleNamespace(aws_request_id="11111111-2222-3333-4444-555555555555"))
    assert not answer["isBase64Encoded"]
    return Reply(answer["statusCode"], answer["headers"], answer["body"])


@dataclass(frozen=True, slots=True)
class Client:
    """A caller with a key of a workspace, or without one."""

    platform: Platform
    secret: str | None = None
    workspace: Workspace | None = None

    def request(
        self,
        method: str,
        path: str,
        *,
        json_body: Any = None,
        content: bytes | None = None,
        query: Mapping[str, str] | str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        sent_headers: dict[str, str] = {}
        if self.secret is not None:
            sent_headers["authorization"] = f"Bearer {self.secret}"
        if json_body is not None:
            content = json.dumps(json_body).encode()
        if content is not None:
            sent_headers["content-type"] = "application/json"
        sent_headers |= {name.lower(): value for name, value in (headers or {}).items()}
        text = query if isinstance(query, str) else urlencode(query)
        return self.platform.send(event(method, path, query=text, headers=sent_headers, body=content))

    def get(self, path: str, query: Mapping[str, str] | str = "", **headers: str) -> Reply:
        return self.request("GET", path, query=query, headers=_named(headers))

    def post(self, path: str, body: Any = None, query: Mapping[str, str] | str = "", **headers: str) -> Reply:
        return self.request("POST", path, json_body=body, query=query, headers=_named(headers))

    def patch(self, path: str, body: Any, **headers: str) -> Reply:
        return self.request("PATCH", path, json_body=body, headers=_named(headers))

    def delete(self, path: str, **headers: str) -> Reply:
        return self.request("DELETE", path, headers=_named(headers))

    # -- what most tests begin with ---------------------------------------------------------------------------------

    def folder(self, name: str = "Research", **members: Any) -> dict[str, Any]:
        created: dict[str, Any] = _created(self.post("/api/v1/folders", {"folder": {"name": name, **members}}))
        return created

    def study(self, type_: str = "card_sort", name: str = "Study", **members: Any) -> dict[str, Any]:
        body = {"study": {"name": name, **members}}
        created: dict[str, Any] = _created(self.post("/api/v1/studies", body, {"type": type_}))
        return created

    def published(self, type_: str = "card_sort", **members: Any) -> dict[str, Any]:
        """A study with as little content as its type may be published with."""
        study = self.study(type_, **{"settings": PUBLISHABLE[type_], **members})
        path = f"/api/v1/studies/{study['id']}"
        if type_ == "card_sort":
            _created(self.post(f"{path}/cards", {"cards": ["Apples", "Pears"]}))
        if type_ == "card_sort" and study["settings"]["sort_type"] != "open":
            _created(self.post(f"{path}/groups", {"groups": ["Fruit"]}))
        if type_ == "survey":
            _created(self.post(f"{path}/questions", {"questions": [{"kind": "nps", "prompt": "How likely?"}]}))
        reply = self.post(f"{path}/publish")
        assert reply.status == 200, reply.text
        published: dict[str, Any] = reply.data
        return published

    def ended(self, type_: str = "card_sort", **members: Any) -> dict[str, Any]:
        reply = self.post(f"/api/v1/studies/{self.published(type_, **members)['id']}/end")
        assert reply.status == 200, reply.text
        ended: dict[str, Any] = reply.data
        return ended


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    """`if_match` → `if-match`."""
    return {name.replace("_", "-"): value for name, value in headers.items()}


def _created(reply: Reply) -> Any:
    assert reply.status == 201, reply.text
    return reply.data


def incompressible(seed: int, *, length: int) -> str:
    """Text that stays large however it is packed."""
    octets = hashlib.shake_256(str(seed).encode()).digest(2 * length)
    return "".join(chr(0x4E00 + (high * 256 + low) % 0x5000) for high, low in zip(*[iter(octets)] * 2, strict=True))


_IMAGE: Final = {"url": "https://images.example/home.png", "width": 1200, "height": 800}

#: Settings with which a study of each type is complete (card sorts and surveys need content besides).
PUBLISHABLE: Final[dict[str, dict[str, Any]]] = {
    "card_sort": {"sort_type": "open"},
    "tree_test": {
        "tree": [{"id": "root", "label": "Shop", "children": [{"id": "tea", "label": "Tea", "children": []}]}],
        "tasks": [{"id": "find", "prompt": "Find tea", "correct_node_ids": ["tea"]}],
    },
    "survey": {},
    "first_click_test": {
        "tasks": [
            {
                "id": "basket",
                "prompt": "Open the basket",
                "image": _IMAGE,
                "areas": [
                    {
                        "id": "icon",
                        "label": "Icon",
                        "correct": True,
                        "rect": {"x": 0.8, "y": 0, "width": 0.2, "height": 0.1},
                    }
                ],
            }
        ]
    },
    "five_second_test": {
        "image": _IMAGE,
        "questions": [{"id": "about", "prompt": "What was it about?", "kind": "text", "keywords": ["tea"]}],
    },
    "preference_test": {
        "prompt": "Which do you prefer?",
        "options": [
            {"id": "a", "label": "A", "image_url": "https://images.example/a.png"},
            {"id": "b", "label": "B", "image_url": "https://images.example/b.png"},
        ],
    },
    "prototype_test": {
        "screens": [{"id": "home", "label": "Home"}, {"id": "basket", "label": "Basket"}],
        "tasks": [
            {
                "id": "buy",
                "prompt": "Buy tea",
                "start_screen_id": "home",
                "goal_screen_ids": ["basket"],
                "expected_paths": [["home", "basket"]],
            }
        ],
    },
    "live_website_test": {
        "tasks": [
            {
                "id": "price",
                "prompt": "Find the price",
                "start_url": "https://shop.example/",
                "goal": {"url_pattern": "shop.example/pricing"},
                "expected_paths": [["/", "/pricing"]],
            }
        ]
    },
    "interview": {"guide": [{"id": "day", "question": "How was your day?"}]},
}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def platform(clock: Clock) -> Iterator[Platform]:
    platform = Platform(FakeTable(), clock)
    yield platform
    assert not platform.errors()


def client_of(
    platform: Platform,
    plan: Plan = Plan.SUBSCRIBED,
    *,
    name: str = "Acme",
    api_enabled: bool = True,
    limits: Mapping[str, int] | None = None,
) -> Client:
    """A new workspace and a key of it."""
    workspaces, now = platform.workspaces, platform.clock()
    workspace = workspaces.create(
        workspace_id=ids.new_workspace(),
        name=name,
        plan=plan,
        api_enabled=api_enabled,
        created_at=times.to_text(now),
    )
    if limits is not None:
        workspaces.change(workspace.id, limits=dict(limits))
    key = new_key(workspace.id, "tests", now=now)
    workspaces.add_credential(key.credential)
    return Client(platform, key.secret, workspace)


@pytest.fixture
def make_client(platform: Platform) -> Callable[..., Client]:
    """`client_of` this test's platform."""
    return partial(client_of, platform)


@pytest.fixture
def api(make_client: Callable[..., Client]) -> Client:
    """A subscribed workspace whose limit no test reaches."""
    return make_client(limits={"ux_metrics": 1_000_000})


@pytest.fixture
def neighbour(make_client: Callable[..., Client]) -> Client:
    return make_client(name="Neighbour", limits={"ux_metrics": 1_000_000})


@pytest.fixture
def free(make_client: Callable[..., Client]) -> Client:
    return make_client(Plan.FREE, name="Free")


@pytest.fixture
def anonymous(platform: Platform) -> Client:
    return Client(platform)


@pytest.fixture
def local_api(local_table: DynamoTable, clock: Clock) -> Client:
    """A subscribed workspace in DynamoDB Local, whose transactions conflict as those of AWS do."""
    platform = Platform(cast("FakeTable", local_table), clock, sleep=time.sleep)
    return client_of(platform, limits={"ux_metrics": 1_000_000})
