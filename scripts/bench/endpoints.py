"""Round trips and units of each endpoint in a warm process, throttle included."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from scripts.bench.cold_start import first_requests
from scripts.bench.product import Product
from scripts.bench.rows import Row
from scripts.bench.samples import EXPERIENCE, SURVEY, Sample, people_of, published, response_of
from scripts.bench.store import Cost
from scripts.bench.warm import ask_peer

SECTION: Final = "Store, warm: round trips, read and write units"
READ: Final = 2
LIST: Final = 2
WRITE: Final = 3
METRICS: Final = 3
#: How often a read is asked.
READS: Final = 3


@dataclass(frozen=True, slots=True)
class Request:
    what: str
    group: str
    method: str
    path: str
    #: None: no target.
    most_trips: int | None
    query: str = ""
    body: Any = None


def measure(product: Product, sample: Sample, *, advance: Callable[[], None]) -> list[Row]:
    rows: list[Row] = []
    for request in _requests(product, sample):
        _warm(product, sample, request.group)
        cost = _cost(product, request)
        most = request.most_trips
        met = None if most is None else cost.trips <= most
        theirs = _peer_cost(product.endpoint, request)
        rows.append(
            Row(SECTION, request.what, _words(cost), "" if most is None else f"≤ {most} round trips", theirs, met)
        )
        advance()
    return rows


def _cost(product: Product, request: Request) -> Cost:
    """A read is asked again: whether two calls overlap is the threads' luck."""
    times = READS if request.method == "GET" else 1
    costs = [
        product.call(request.group, request.method, request.path, query=request.query, body=request.body).cost
        for _ in range(times)
    ]
    return min(costs, key=lambda cost: cost.trips)


def _warm(product: Product, sample: Sample, group: str) -> None:
    """Let the function meet the key and the throttle's bucket; what it keeps of them may have grown old."""
    request = first_requests(product, sample)[group]
    for _ in range(2):
        product.send(group, request)


def _requests(product: Product, sample: Sample) -> list[Request]:
    study, draft = f"/studies/{sample.study_id}", f"/studies/{sample.draft_id}"
    person = f"{study}/participants/{sample.participant_id}"
    publishable = product.call("studies", "POST", f"{study}/duplicate").data["id"]
    open_study = published(product)
    body = {"study": {"name": "New", "folder_id": sample.folder_id}}
    one, hundred = (
        {"participants": list(people_of(open_study, count, first=first))} for count, first in ((1, 0), (100, 1))
    )
    people = f"/studies/{open_study['id']}/participants"
    survey, response = f"{EXPERIENCE}/surveys/{sample.survey_id}", response_of(sample.device_id, 1_000_000)
    return [
        Request("show the workspace", "workspace", "GET", "/workspace", READ),
        Request("show a folder", "folders", "GET", f"/folders/{sample.folder_id}", READ),
        Request("list 25 folders", "folders", "GET", "/folders", LIST),
        Request("create a folder", "folders", "POST", "/folders", WRITE, body={"folder": {"name": "New"}}),
        Request(
            "change a folder",
            "folders",
            "PATCH",
            f"/folders/{sample.folder_id}",
            WRITE,
            body={"folder": {"name": "Other"}},
        ),
        Request("show a study", "studies", "GET", study, READ),
        Request("list studies", "studies", "GET", "/studies", LIST),
        Request("create a study in a folder", "studies", "POST", "/studies", WRITE, query="type=card_sort", body=body),
        Request("publish a study", "studies", "POST", f"/studies/{publishable}/publish", WRITE),
        Request(
            "add 20 cards", "content", "POST", f"{draft}/cards", WRITE, body={"cards": list("abcdefghijklmnopqrst")}
        ),
        Request("show a participant", "participants", "GET", person, READ),
        Request("list 25 participants", "participants", "GET", f"{study}/participants", LIST),
        Request("list 100 participants", "participants", "GET", f"{study}/participants", LIST, query="limit=100"),
        Request("a participant's results", "participants", "GET", f"{person}/results", LIST),
        Request("exclude a participant", "participants", "POST", f"{person}/exclude", WRITE, body={"reason": "test"}),
        Request("import 1 person with results", "participants", "POST", people, WRITE, body=one),
        Request("import 100 people with results", "participants", "POST", people, WRITE, body=hundred),
        Request("metrics of a study, everybody folded", "reports", "GET", f"{study}/metrics", METRICS),
        Request("export of 50 people", "results", "GET", f"{study}/results", None),
        Request("show a device, signed", "devices", "GET", f"{EXPERIENCE}/devices/{sample.device_id}", READ),
        Request("list 25 devices", "devices", "GET", f"{EXPERIENCE}/devices", LIST),
        Request("create a device", "devices", "POST", f"{EXPERIENCE}/devices", WRITE, body={"name": "Kiosk"}),
        Request("show a survey", "surveys", "GET", survey, READ),
        Request("list surveys", "surveys", "GET", f"{EXPERIENCE}/surveys", LIST),
        Request("create a survey", "surveys", "POST", f"{EXPERIENCE}/surveys", WRITE, body=SURVEY),
        Request("list 25 responses", "responses", "GET", f"{survey}/responses", LIST),
        Request("send a response", "responses", "POST", f"{survey}/responses", WRITE, body=response),
        Request("metrics of a survey, a month", "survey_metrics", "GET", f"{survey}/metrics", METRICS),
    ]


def _peer_cost(endpoint: str, request: Request) -> str:
    """Where the peer has the same thing to do; it keeps no counts and throttles nobody."""
    paths = {
        "list 25 folders": ("GET", "/folders", None),
        "show a folder": ("GET", f"/folders/fld_{0:026d}", None),
        "create a folder": ("POST", "/folders", {"folder": {"name": "New"}}),
        "show the workspace": ("GET", "/workspace", None),
        "change a folder": ("PATCH", f"/folders/fld_{0:026d}", {"folder": {"name": "Other"}}),
    }
    if request.what not in paths:
        return ""
    method, path, body = paths[request.what]
    return _words(ask_peer(endpoint, method, path, body=body).cost)


def _words(cost: Cost) -> str:
    beside = f" ({cost.calls} calls)" if cost.calls > cost.trips else ""
    actions = f", {cost.actions} actions in transactions" if cost.actions else ""
    return f"{cost.trips}{beside}, {cost.read_units:g} read, {cost.write_units:g} write{actions}"
