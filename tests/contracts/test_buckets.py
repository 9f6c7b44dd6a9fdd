"""The same buckets on the fake, on moto and on DynamoDB Local."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from tests.conftest import LOOPBACK
from tests.fakes.buckets import FakeBucketsClient
from trimetric.domain.throttle import Policy, State, decide
from trimetric.dynamo.buckets import TokenBuckets

NOON = 1_767_268_800_000
MINUTE = 60_000


@dataclass
class Clock:
    now: int = NOON

    def __call__(self) -> int:
        return self.now


@dataclass
class Store:
    client: Any
    table_name: str
    clock: Clock
    calls: int = 0
    reachable: bool = True

    def process(self, **options: Any) -> TokenBuckets:
        return TokenBuckets(self, self.table_name, clock_ms=self.clock, meter=self._count, **options)

    def update_item(self, **request: Any) -> Any:
        if not self.reachable:
            raise EndpointConnectionError(endpoint_url="http://store")
        return self.client.update_item(**request)

    def _count(self, calls: int, read_units: float, write_units: float, seconds: float) -> None:
        self.calls += calls


@pytest.fixture(params=["fake", "moto", pytest.param("DynamoDB Local", marks=LOOPBACK)])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    if request.param == "fake":
        yield Store(FakeBucketsClient(), "buckets", Clock())
    elif request.param == "moto":
        name = request.getfixturevalue("moto_buckets_table")
        yield Store(request.getfixturevalue("moto_client"), name, Clock())
    else:
        name = request.getfixturevalue("local_buckets_table")
        yield Store(request.getfixturevalue("local_client"), name, Clock())


def _admitted(buckets: TokenBuckets, policy: Policy, *, times: int) -> int:
    return sum(buckets.take("b", policy).admitted for _ in range(times))


STEPS = {
    "a window and the next": (Policy.per_minute(3), [0, 0, 1000, 1, 58_999, 0, 0, 0, 61_000, 0]),
    "drops of a leaky bucket": (
        Policy.leaky(3),
        [0, 0, 0, 0, 1000, 0, 2500, 0, 0, 499, 1, 999, 1, 10_000, 0, 900, 900],
    ),
    "two drops at a time": (Policy(5, 2, 1000), [0, 0, 0, 0, 0, 0, 1000, 0, 0, 3000, 0, 0, 0, 0, 0]),
    "a clock set back": (Policy.per_minute(3), [0, 0, -30_000, 0, 89_999, 1, 0]),
}


@pytest.mark.parametrize(("policy", "steps"), STEPS.values(), ids=STEPS)
@pytest.mark.parametrize("memory", ["warm", "cold"])
def test_decisions_are_those_of_the_arithmetic(store: Store, policy: Policy, steps: list[int], memory: str) -> None:
    buckets = store.process()
    state: State | None = None
    for step in steps:
        store.clock.now += step
        if memory == "cold":
            buckets = store.process()
        expected, left = decide(policy, state, store.clock.now)
        assert buckets.take("b", policy) == expected
        state = left if expected.admitted else state


def test_limit_that_is_lowered_and_raised(store: Store) -> None:
    buckets = store.process()
    assert buckets.take("b", Policy.per_minute(300)).remaining == 299
    assert buckets.take("b", Policy.per_minute(60)).remaining == 59
    assert buckets.take("b", Policy.per_minute(300)).remaining == 58


def test_limit_lowered_to_exactly_what_is_left_counts_anew(store: Store) -> None:
    for _ in range(3):
        store.process().take("b", Policy.per_minute(5))
    store.clock.now += 30_000
    cold = store.process()
    assert [cold.take("b", Policy.per_minute(2)).reset_at for _ in range(3)] == [NOON // 1000 + 90] * 3


def test_count_alone_is_taken_off_afterwards(store: Store) -> None:
    policy = Policy.per_minute(10)
    buckets = store.process(rest_ms=0)
    store.reachable = False
    assert _admitted(buckets, policy, times=4) == 4
    store.reachable = True
    assert buckets.take("b", policy).remaining == 5
    assert store.process().take("b", policy).remaining == 4


@pytest.mark.parametrize("limit", [60, 300])
def test_one_write_a_decision_and_none_a_refusal(store: Store, limit: int) -> None:
    buckets, policy = store.process(), Policy.per_minute(limit)
    for _ in range(2):
        assert _admitted(buckets, policy, times=limit + 1000) == limit
        store.clock.now += MINUTE
    assert store.calls == 2 * limit


@pytest.mark.parametrize("policy", [Policy.per_minute(60), Policy.leaky(10)], ids=["minute", "leaky"])
@pytest.mark.parametrize("shared_memory", [True, False], ids=["64 threads of a process", "64 processes"])
def test_parallel_callers_get_exactly_the_capacity(
    local_client: Any, local_buckets_table: str, policy: Policy, shared_memory: bool
) -> None:
    store = Store(local_client, local_buckets_table, Clock())
    processes = [store.process()] * 64 if shared_memory else [store.process() for _ in range(64)]

    def burst() -> int:
        with ThreadPoolExecutor(64) as pool:
            return sum(pool.map(lambda each: _admitted(each, policy, times=3), processes))

    assert burst() == policy.capacity
    store.clock.now += policy.refill_interval_ms
    assert burst() == policy.refill_amount
    assert all(each.local_fallbacks == 0 for each in processes)
