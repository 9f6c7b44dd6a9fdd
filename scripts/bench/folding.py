"""What it costs to take people in, to fold them, and to read their metrics, for study types with much to count.

One study of each kind grows from size to size. Most people are written straight through the store's own code, as people
who are folded already, and the state is made from them as an operator's rebuild makes it; the last few hundred of each
size come through the API and are folded as the stream folds them. Those, and the reads then, are what is measured.
"""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from statistics import median
from typing import Any, Final

from scripts.bench.product import Product, Reply
from scripts.bench.rows import Row
from scripts.bench.samples import MakeResults, batches, people_of, published
from scripts.bench.store import TABLE
from tests.samples.study_types import sample_results
from trimetric.domain import ids, times
from trimetric.domain.participants import Participant, Progress, StoredResult
from trimetric.domain.study_types import study_type
from trimetric.dynamo import keys, participants, studies
from trimetric.dynamo.metrics import RECENT, Metrics
from trimetric.dynamo.studies import Studies
from trimetric.dynamo.table import DynamoTable, Item, Put, to_wire

READ_SECTION: Final = "Metrics of each type: a read, everybody folded"
IMPORT_SECTION: Final = "Metrics of each type: an import of 100 people through the API"
FOLD_SECTION: Final = "Metrics of each type: folding behind the stream"
SIZES: Final = (100, 1_000, 10_000, 50_000)
QUICK_SIZES: Final = (100, 1_000)
#: Of each size, people who come through the API.
IMPORTED: Final = 300
CARDS: Final = 60
GROUPS: Final = 8
LABELS: Final = 60
MOST_TRIPS: Final = 3
MOST_GROWTH: Final = 1.5
#: Sizes whose costs are compared.
COMPARED: Final = (100, 10_000)
REPEATS: Final = 9
_BATCH_WRITE: Final = 25
_NOW: Final = 1_770_000_000_000


@dataclass(frozen=True, slots=True)
class Kind:
    """A study; `content` in place of the sample's, `results` in place of its people's, `most` people in it."""

    type: str
    content: Mapping[str, Any] = field(default_factory=dict)
    results: MakeResults = sample_results
    most: int = SIZES[-1]


def open_sort(type_: str, study: Mapping[str, Any], rng: random.Random) -> list[dict[str, Any]]:
    """Five to twelve piles under names of their own. As in real sorts, few names are frequent and many are rare."""
    labels: list[str] = []
    wanted = rng.randint(5, 12)
    while len(labels) < wanted:
        label = f"Name {min(LABELS, int(rng.paretovariate(0.8)))}"
        labels += [label] * (label not in labels)
    cards = study["cards"]
    placements = []
    for place, card in enumerate(cards):
        usual = labels[place * len(labels) // len(cards)]
        placements.append({"card_id": card["id"], "group": usual if rng.random() < 0.7 else rng.choice(labels)})
    return [{"placements": placements, "duration_ms": rng.randint(60_000, 600_000)}]


_CARDS: Final = [f"Card {number}" for number in range(CARDS)]
_GROUPS: Final = [f"Group {number}" for number in range(GROUPS)]


def _card_sort(sort_type: str, *, unsorted: bool) -> dict[str, Any]:
    settings = {"sort_type": sort_type, "allow_unsorted": unsorted}
    return {"settings": settings, "cards": _CARDS, "groups": [] if sort_type == "open" else _GROUPS}


KINDS: Final[Mapping[str, Kind]] = {
    f"closed card sort of {CARDS} cards": Kind("card_sort", _card_sort("closed", unsorted=False)),
    f"open card sort of {CARDS} cards, {LABELS} names": Kind(
        "card_sort", _card_sort("open", unsorted=False), open_sort, most=10_000
    ),
    "tree test": Kind("tree_test"),
    "survey": Kind("survey"),
}


@dataclass(frozen=True, slots=True)
class Figures:
    """At one size. CPU in milliseconds, calls to the store included; rates are people a second of wall clock."""

    read: Reply
    first_cpu: float
    again_cpu: float
    imported: Sequence[Reply]
    import_rate: float
    fold_rate: float
    fold_cpu: float
    fold_calls: int
    fold_units: float


def steps(sizes: tuple[int, ...]) -> int:
    """How often `measure` calls `advance`, with how much in all."""
    return sum(min(max(sizes), kind.most) for kind in KINDS.values())


def measure(product: Product, sizes: tuple[int, ...], *, seconds: float, advance: Callable[[int], None]) -> list[Row]:
    """What would not be done within `seconds` is left out, and a row says so."""
    rows: list[Row] = []
    deadline = time.monotonic() + seconds
    for number, (name, kind) in enumerate(KINDS.items()):
        growing = Growing(product, kind, advance)
        # Each kind gets its share of what is left.
        ends = time.monotonic() + (deadline - time.monotonic()) / (len(KINDS) - number)
        figures: dict[int, Figures] = {}
        for size in (size for size in sizes if size <= kind.most):
            if time.monotonic() + growing.seconds_to(size) > ends:
                rows.append(Row(READ_SECTION, f"{name}, {size:,} participants", "left out: it would take too long"))
                break
            figures[size] = growing.to(size)
            rows += _rows(f"{name}, {size:,} participants", figures[size])
        if set(COMPARED) <= figures.keys():
            rows.append(_compared(name, *(figures[size] for size in COMPARED)))
    return rows


class Growing:
    """One study that grows."""

    def __init__(self, product: Product, kind: Kind, advance: Callable[[int], None]) -> None:
        self._product, self._kind, self._advance = product, kind, advance
        self._study = published(product, kind.type, **kind.content)
        self._workspace_id: str = product.call("workspace", "GET", "/workspace").data["id"]
        self._table = DynamoTable(product.store, TABLE)
        found = Studies(self._table).with_design(self._workspace_id, self._study["id"])
        if found is None:
            raise RuntimeError("the study that was just made is not there")
        self._design = found[1]
        self._people = 0
        #: What those who were written straight into the table took, rebuild included.
        self._straight, self._seconds = 0, 0.0

    def seconds_to(self, size: int) -> float:
        """An estimate, generous because the rebuild counts everybody."""
        more = size - self._people
        return 1.5 * more * self._seconds / self._straight if self._straight else 0.0

    def to(self, size: int) -> Figures:
        straight = max(0, size - self._people - IMPORTED)
        if straight:
            began = time.monotonic()
            self._write_folded(straight)
            self._metrics().rebuild(self._workspace_id, self._study["id"])
            self._straight, self._seconds = straight, time.monotonic() - began
        imported, seconds = self._import(size - self._people)
        people = sum(len(reply.data) for reply in imported)
        fold = self._fold(people)
        first = []
        for _ in range(REPEATS):
            # What a fold or another process's read leaves: a state that this process has not seen yet.
            RECENT.clear()
            first.append(self._read())
        again = [self._read() for _ in range(REPEATS)]
        return Figures(
            read=min(again, key=lambda reply: reply.cost.trips),
            first_cpu=median(reply.cpu for reply in first) * 1000,
            again_cpu=median(reply.cpu for reply in again) * 1000,
            imported=imported,
            import_rate=people / seconds,
            **fold,
        )

    def _metrics(self) -> Metrics:
        return Metrics(self._table, now_millis=_NOW)

    def _import(self, count: int) -> tuple[list[Reply], float]:
        replies: list[Reply] = []
        seconds = 0.0
        path = f"/studies/{self._study['id']}/participants"
        for body in batches(self._study, count, first=self._people, results=self._kind.results):
            began = time.perf_counter()
            replies.append(self._product.call("participants", "POST", path, body=body))
            seconds += time.perf_counter() - began
            self._advance(len(body["participants"]))
        self._people += count
        return replies, seconds

    def _fold(self, people: int) -> dict[str, Any]:
        self._product.gauge.reset()
        began, cpu = time.perf_counter(), time.process_time()
        done = self._metrics().catch_up(self._workspace_id, self._study["id"], goes_on=lambda: True)
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        cost = self._product.gauge.reset()
        if done.people != people:
            raise RuntimeError(f"{done.people} people were folded instead of {people}")
        return {
            "fold_rate": people / seconds,
            "fold_cpu": cpu * 1000 / people,
            "fold_calls": cost.calls,
            "fold_units": cost.read_units / people,
        }

    def _read(self) -> Reply:
        return self._product.call("reports", "GET", f"/studies/{self._study['id']}/metrics")

    def _write_folded(self, count: int) -> None:
        """People as they stand in the table when they are folded; the state is not touched."""
        bodies = people_of(self._study, count, first=self._people, results=self._kind.results)
        while batch := list(islice(bodies, _BATCH_WRITE)):
            items = [self._item(body) for body in batch]
            requests = [{"PutRequest": {"Item": _wire(item)}} for item in items]
            while requests:
                answer = self._product.store.batch_write_item(RequestItems={TABLE: requests})
                requests = answer.get("UnprocessedItems", {}).get(TABLE, [])
            self._advance(len(batch))
        self._table.write(
            studies.counted_always(self._workspace_id, self._study["id"], participants=count, completed=count)
        )
        self._people += count

    def _item(self, body: Mapping[str, Any]) -> Item:
        began, ended = (times.parse(body[name]) for name in ("started_at", "completed_at"))
        person_id = ids.new(ids.PARTICIPANT, millis=times.to_millis(began))
        participant = Participant(
            id=person_id,
            external_id=body["external_id"],
            status=Progress.COMPLETED,
            started_at=times.to_text(began),
            completed_at=times.to_text(ended),
            duration_ms=times.to_millis(ended) - times.to_millis(began),
            device=body["device"],
            locale=body["locale"],
            order=keys.participant_order(times.to_millis(began), 0, person_id),
        )
        payloads = study_type(self._kind.type).parse_results(self._design, body["results"])
        results = [StoredResult(payload, participant.completed_at or "") for payload in payloads]
        put: Put = participants.creation(
            self._workspace_id, self._study["id"], participant, results, now_millis=times.to_millis(ended)
        )
        folded: Item = {"n": len(results), "status": participant.status.value, "excluded": False, "flags": []}
        return {name: value for name, value in put.item.items() if name != "l4"} | {"counts": {"folded": folded}}


def _wire(item: Item) -> dict[str, Any]:
    return {name: to_wire(value) for name, value in item.items() if value is not None}


def _rows(what: str, figures: Figures) -> list[Row]:
    read, imports = figures.read.cost, [reply.cost for reply in figures.imported]
    units = median(cost.units for cost in imports)
    return [
        Row(
            READ_SECTION,
            what,
            measured=(
                f"{read.trips} trips, {read.units:g} units, {figures.first_cpu:.1f} ms CPU, "
                f"again {figures.again_cpu:.1f} ms"
            ),
            target=f"≤ {MOST_TRIPS} trips",
            met=read.trips <= MOST_TRIPS,
        ),
        Row(
            IMPORT_SECTION,
            what,
            measured=(
                f"{figures.import_rate:.0f} people/s, {median(cost.calls for cost in imports):g} calls, "
                f"{units:g} units and {median(cost.actions for cost in imports):g} actions in transactions"
            ),
            target="≥ 100/s",
            met=figures.import_rate >= 100,
        ),
        Row(
            FOLD_SECTION,
            what,
            measured=(
                f"{figures.fold_rate:.0f} people/s, {figures.fold_cpu:.2f} ms CPU and "
                f"{figures.fold_units:.1f} read units each; {figures.fold_calls} calls in all"
            ),
        ),
    ]


def _compared(name: str, least: Figures, most: Figures) -> Row:
    units = most.read.cost.units / least.read.cost.units
    first, again = most.first_cpu / least.first_cpu, most.again_cpu / least.again_cpu
    return Row(
        READ_SECTION,
        f"{name}, {COMPARED[1]:,} against {COMPARED[0]:,}",
        measured=f"{units:.2f} times the units, {first:.2f} times the CPU, again {again:.2f}",
        target=f"≤ {MOST_GROWTH} times",
        met=max(units, first, again) <= MOST_GROWTH,
    )
