"""CPU of a warm request outside calls to the store, and what of it the framework takes."""

import os
import warnings
from collections.abc import Callable
from functools import cache
from importlib import import_module
from statistics import median
from types import ModuleType
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Response
from mangum import Mangum

from scripts.bench.cold_start import environment
from scripts.bench.events import Event, event
from scripts.bench.product import Product, Reply, measured
from scripts.bench.rows import Row
from scripts.bench.samples import PEER_KEY, Sample
from scripts.bench.store import Gauge
from trimetric.http.answers import Answer, respond
from trimetric.http.application import CheckedRoute
from trimetric.http.call import Public

SECTION: Final = "Warm requests, CPU outside calls to the store"
MOST_MILLISECONDS: Final = 2.0
MOST_OF_BARE: Final = 3.0
WARM_UP: Final = 10


@cache
def peer(endpoint: str) -> tuple[ModuleType, Gauge]:
    """The peer inside this process, and what its calls cost."""
    os.environ.update(environment(endpoint))
    with warnings.catch_warnings():
        # Our setting that models are built on first use holds in the whole process, and FastAPI is not made for it.
        warnings.simplefilter("ignore")
        module = import_module("scripts.bench.peer.app")
    return module, Gauge(module.table.meta.client)


def ask_peer(endpoint: str, method: str, path: str, *, query: str = "", body: Any = None) -> Reply:
    module, gauge = peer(endpoint)
    headers = {"authorization": f"Bearer {PEER_KEY}"}
    request = event(method, f"/api/v1{path}", query=query, headers=headers, body=body)
    return measured(module.handler, request, gauge)


def measure(product: Product, sample: Sample, *, repeats: int, advance: Callable[[], None]) -> list[Row]:
    study = f"/studies/{sample.study_id}"
    requests: dict[str, tuple[str, Event]] = {
        "a folder": ("folders", product.event("GET", f"/api/v1/folders/{sample.folder_id}")),
        "25 folders": ("folders", product.event("GET", "/api/v1/folders")),
        "a study with its content": ("studies", product.event("GET", f"/api/v1{study}")),
        "25 participants": ("participants", product.event("GET", f"/api/v1{study}/participants")),
        "metrics of a study": ("reports", product.event("GET", f"/api/v1{study}/metrics")),
        "changing a folder": (
            "folders",
            product.event("PATCH", f"/api/v1/folders/{sample.folder_id}", body={"folder": {"name": "Renamed"}}),
        ),
    }
    spent: dict[str, list[float]] = {name: [] for name in requests}
    for_peer: list[float] = []
    for turn in range(WARM_UP + repeats):
        peer_reply = ask_peer(product.endpoint, "GET", "/folders")
        replies = {name: product.send(group, request) for name, (group, request) in requests.items()}
        if turn >= WARM_UP:
            for_peer.append(peer_reply.own_cpu)
            for name, reply in replies.items():
                spent[name].append(reply.own_cpu)
        advance()
    rows = [_row(name, median(values) * 1000) for name, values in spent.items()]
    rows[1] = _row("25 folders", median(spent["25 folders"]) * 1000, peer=f"{median(for_peer) * 1000:.2f} ms")
    return [*rows, framework(product, repeats=repeats)]


def _row(name: str, milliseconds: float, *, peer: str = "") -> Row:
    return Row(
        SECTION,
        name,
        measured=f"{milliseconds:.2f} ms",
        target=f"≤ {MOST_MILLISECONDS:.0f} ms",
        peer=peer,
        met=milliseconds <= MOST_MILLISECONDS,
    )


def framework(product: Product, *, repeats: int) -> Row:
    """Everything around an endpoint that does nothing, against the same of FastAPI and Mangum alone."""
    ours, bare = nothing(product), bare_route()
    request = event("GET", "/nothing")
    gauge = product.gauge
    own: list[float] = []
    theirs: list[float] = []
    for turn in range(WARM_UP + 10 * repeats):
        pair = measured(ours, request, gauge).cpu, measured(bare, request, gauge).cpu
        if turn >= WARM_UP:
            own.append(pair[0])
            theirs.append(pair[1])
    ratio = median(own) / median(theirs)
    return Row(
        SECTION,
        "framework: an endpoint that does nothing, with checks, headers and log line",
        measured=f"{median(own) * 1000:.3f} ms, {ratio:.1f} times",
        target=f"≤ {MOST_OF_BARE:.0f} times a bare route",
        peer=f"{median(theirs) * 1000:.3f} ms",
        met=ratio <= MOST_OF_BARE,
    )


def nothing(product: Product) -> Callable[[Event, Any], dict[str, Any]]:
    router = APIRouter(route_class=CheckedRoute)

    @router.get("/nothing")
    async def answer_nothing(call: Public) -> Response:
        call.parameters()
        return respond(call, Answer({}))

    return product.serve(router)


def bare_route() -> Callable[[Event, Any], dict[str, Any]]:
    app = FastAPI()

    @app.get("/nothing")
    async def answer_nothing() -> dict[str, Any]:
        return {"data": {}}

    handler: Callable[[Event, Any], dict[str, Any]] = Mangum(app, lifespan="off")
    return handler
