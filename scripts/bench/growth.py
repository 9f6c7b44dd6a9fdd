"""What grows with a study and what must not: metrics, pages of a list, imports."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from scripts.bench.product import Product, Reply
from scripts.bench.rows import Row
from scripts.bench.samples import add_people_for_peer, batches, published
from scripts.bench.warm import ask_peer

METRICS_SECTION: Final = "Metrics read, everybody folded"
PAGES_SECTION: Final = "Pages of a list"
IMPORT_SECTION: Final = "Import"
SIZES: Final = (100, 1_000, 10_000)
QUICK_SIZES: Final = (100, 1_000)
MOST_GROWTH: Final = 1.5
MOST_TRIPS: Final = 3
PAGE: Final = 100
MOST_READS_A_PAGE: Final = 3
MOST_OF_FIRST_PAGE: Final = 2.0
PEOPLE_PER_SECOND: Final = 100
REPEATS: Final = 15


@dataclass(frozen=True, slots=True)
class Grown:
    study: dict[str, Any]
    size: int
    seconds: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Reading:
    trips: int
    units: float
    #: Milliseconds, calls to the store included.
    cpu: float

    @classmethod
    def of(cls, replies: list[Reply]) -> "Reading":
        return cls(
            trips=min(reply.cost.trips for reply in replies),
            units=median(reply.cost.units for reply in replies),
            cpu=median(reply.cpu for reply in replies) * 1000,
        )

    def __str__(self) -> str:
        return f"{self.trips} trips, {self.units:g} units, {self.cpu:.1f} ms CPU"


def steps(sizes: tuple[int, ...]) -> int:
    """How often `measure` calls `advance`, with how much in all."""
    return sum(sizes) * 2


def measure(product: Product, sizes: tuple[int, ...], *, advance: Callable[[int], None]) -> list[Row]:
    grown = [_grow(product, size, advance) for size in sizes]
    for one in grown:
        add_people_for_peer(product.endpoint, one.study, f"std_{one.size}", one.size, advance=advance)
    return [*_metrics(product, grown), *_pages(product, grown[-1]), _import(grown[-1])]


def _grow(product: Product, size: int, advance: Callable[[int], None]) -> Grown:
    study = published(product)
    seconds = cpu = 0.0
    for body in batches(study, size):
        began = time.perf_counter()
        reply = product.call("participants", "POST", f"/studies/{study['id']}/participants", body=body)
        seconds += time.perf_counter() - began
        cpu += reply.cpu
        # As the stream does on AWS: nobody waits with a fold until ten thousand are missing.
        product.call("reports", "GET", f"/studies/{study['id']}/metrics")
        advance(len(body["participants"]))
    return Grown(study, size, seconds, cpu)


def _metrics(product: Product, grown: list[Grown]) -> list[Row]:
    readings: dict[int, Reading] = {}
    rows: list[Row] = []
    for one in grown:
        path = f"/studies/{one.study['id']}/metrics"
        for _ in range(3):
            product.call("reports", "GET", path)
        readings[one.size] = Reading.of([product.call("reports", "GET", path) for _ in range(REPEATS)])
        theirs = Reading.of([ask_peer(product.endpoint, "GET", f"/studies/std_{one.size}/metrics") for _ in range(3)])
        rows.append(
            Row(
                METRICS_SECTION,
                f"{one.size:,} participants",
                measured=str(readings[one.size]),
                target=f"≤ {MOST_TRIPS} trips",
                peer=f"{theirs} (reads everybody, counts only)",
                met=readings[one.size].trips <= MOST_TRIPS,
            )
        )
    least, most = readings[grown[0].size], readings[grown[-1].size]
    units, cpu = most.units / least.units, most.cpu / least.cpu
    rows.append(
        Row(
            METRICS_SECTION,
            f"{grown[-1].size:,} against {grown[0].size:,}",
            measured=f"{units:.2f} times the units, {cpu:.2f} times the CPU",
            target=f"≤ {MOST_GROWTH} times",
            met=units <= MOST_GROWTH and cpu <= MOST_GROWTH,
        )
    )
    return rows


def _pages(product: Product, grown: Grown) -> list[Row]:
    pages = _walk(lambda query: _page(product, grown, query))
    theirs = _walk(lambda query: _peer_page(product, grown, query))
    places = {"first": 0, "middle": len(pages) // 2, "last": len(pages) - 1}
    readings = {name: Reading.of([pages[place]]) for name, place in places.items()}
    first = readings["first"]
    rows: list[Row] = []
    for name, reading in readings.items():
        met = reading.trips <= MOST_READS_A_PAGE and reading.units <= MOST_OF_FIRST_PAGE * first.units
        rows.append(
            Row(
                PAGES_SECTION,
                f"{name} page of {PAGE} out of {grown.size:,} participants",
                measured=str(reading),
                target=f"≤ {MOST_READS_A_PAGE} trips, ≤ {MOST_OF_FIRST_PAGE:.0f} times the first page's units",
                peer=str(Reading.of([theirs[min(places[name], len(theirs) - 1)]])),
                met=met,
            )
        )
    return rows


def _walk(page: Callable[[str], Reply]) -> list[Reply]:
    replies = [page(f"limit={PAGE}")]
    while cursor := replies[-1].json["pagination"]["next_cursor"]:
        replies.append(page(f"limit={PAGE}&after={cursor}"))
    return replies


def _page(product: Product, grown: Grown, query: str) -> Reply:
    return product.call("participants", "GET", f"/studies/{grown.study['id']}/participants", query=query)


def _peer_page(product: Product, grown: Grown, query: str) -> Reply:
    return ask_peer(product.endpoint, "GET", f"/studies/std_{grown.size}/participants", query=query)


def _import(grown: Grown) -> Row:
    rate = grown.size / grown.seconds
    return Row(
        IMPORT_SECTION,
        f"{grown.size:,} people with results, in process on DynamoDB Local",
        measured=f"{rate:.0f} people/s, {grown.cpu / grown.size * 1000:.2f} ms CPU each",
        target=f"≥ {PEOPLE_PER_SECOND}/s",
        met=rate >= PEOPLE_PER_SECOND,
    )
