"""What the throttle costs and whether it is exact."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import process_time
from typing import Final

from scripts.bench.rows import Row
from scripts.bench.store import BUCKETS, Gauge, client
from trimetric.domain.throttle import Policy
from trimetric.dynamo.buckets import TokenBuckets

SECTION: Final = "Throttle"
MOST_UNITS: Final = 1.02
LIMITS: Final = (60, 300)
WINDOWS: Final = 5
#: Refused requests at the end of each window.
REFUSED: Final = 5
CALLERS: Final = 64
MINUTE_MS: Final = 60_000


@dataclass(slots=True)
class Clock:
    now_ms: int = 1_770_000_000_000

    def __call__(self) -> int:
        return self.now_ms


def measure(endpoint: str, *, flood: int, advance: Callable[[], None]) -> list[Row]:
    rows: list[Row] = []
    for limit in LIMITS:
        rows.append(_units(endpoint, limit))
        advance()
    rows.append(_flood(endpoint, flood))
    advance()
    rows.append(_over_admission(endpoint))
    advance()
    return rows


def _units(endpoint: str, limit: int) -> Row:
    store = client(endpoint)
    gauge = Gauge(store)
    clock = Clock()
    buckets = TokenBuckets(store, BUCKETS, clock_ms=clock)
    decisions = 0
    for _ in range(WINDOWS):
        for _ in range(limit + REFUSED):
            buckets.take(f"units-{limit}", Policy.per_minute(limit))
            decisions += 1
        clock.now_ms += MINUTE_MS
    units = gauge.cost.write_units / decisions
    return Row(
        SECTION,
        f"write units a decision at {limit} a minute",
        measured=f"{units:.3f}",
        target=f"≤ {MOST_UNITS}",
        met=units <= MOST_UNITS,
    )


def _flood(endpoint: str, requests: int) -> Row:
    store = client(endpoint)
    gauge = Gauge(store)
    buckets = TokenBuckets(store, BUCKETS, clock_ms=Clock())
    policy = Policy.per_minute(LIMITS[0])
    for _ in range(LIMITS[0]):
        buckets.take("flood", policy)
    gauge.reset()
    began = process_time()
    refused = sum(not buckets.take("flood", policy).admitted for _ in range(requests))
    spent = (process_time() - began) / requests
    writes = gauge.cost.calls
    return Row(
        SECTION,
        f"{requests:,} refused requests within a window",
        measured=f"{writes} writes, {spent * 1e6:.1f} µs each",
        target="≤ 1 write a process and window",
        met=writes <= 1 and refused == requests,
    )


def _over_admission(endpoint: str) -> Row:
    """Each caller is a process of its own, as far as the throttle can tell."""
    store = client(endpoint, connections=CALLERS)
    clock = Clock()
    limit = LIMITS[0]

    def caller(_: int) -> int:
        buckets = TokenBuckets(store, BUCKETS, clock_ms=clock)
        return sum(buckets.take("rush", Policy.per_minute(limit)).admitted for _ in range(4))

    with ThreadPoolExecutor(CALLERS) as threads:
        admitted = sum(threads.map(caller, range(CALLERS)))
    return Row(
        SECTION,
        f"over-admission, {CALLERS} parallel callers at {limit} a minute",
        measured=f"{admitted - limit}",
        target="0",
        met=admitted == limit,
    )
