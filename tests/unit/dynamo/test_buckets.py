"""Single decisions, their cost, and what happens while the table cannot be used."""

import time
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.buckets import FakeBucketsClient
from trimetric.domain.throttle import Decision, Policy, State, decide
from trimetric.dynamo.buckets import EXPIRY_MARGIN_SECONDS, TokenBuckets, epoch_ms

NOON = 1_767_268_800_000
MINUTE = 60_000


@dataclass
class Clock:
    now: int = NOON

    def __call__(self) -> int:
        return self.now


@dataclass
class Meter:
    calls: int = 0
    write_units: float = 0.0

    def __call__(self, calls: int, read_units: float, write_units: float, seconds: float) -> None:
        assert read_units == 0
        assert seconds >= 0
        self.calls += calls
        self.write_units += write_units


@dataclass
class Outage:
    """While set, every call raises `error` after `takes_ms` of the clock, or is applied and raises `error_after`."""

    clock: Clock
    error: Exception | None = None
    error_after: Exception | None = None
    takes_ms: int = 0
    calls: int = 0

    def __call__(self) -> None:
        self.calls += 1
        if self.error is not None:
            self.clock.now += self.takes_ms
            raise self.error

    def after(self, answer: dict[str, Any]) -> None:
        if self.error_after is not None:
            raise self.error_after


@dataclass
class World:
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.outage = Outage(self.clock)
        self.client = FakeBucketsClient(self.outage, self.outage.after)

    def process(self, **options: Any) -> TokenBuckets:
        return TokenBuckets(self.client, "buckets", clock_ms=self.clock, **options)


@pytest.fixture
def world() -> World:
    return World()


def _admitted(buckets: TokenBuckets, policy: Policy, *, times: int) -> int:
    return sum(buckets.take("b", policy).admitted for _ in range(times))


# -- decisions --------------------------------------------------------------------------------------------------------


def test_leaky_bucket_follows_the_documented_timeline(world: World) -> None:
    buckets, policy = world.process(), Policy.leaky(10)
    at_once = [buckets.take("b", policy) for _ in range(11)]
    assert [decision.remaining for decision in at_once] == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0]
    assert [decision.admitted for decision in at_once] == [True] * 10 + [False]
    world.clock.now += 1000
    assert [buckets.take("b", policy).admitted for _ in range(2)] == [True, False]


def test_decision_says_the_same_from_the_table_and_from_memory(world: World) -> None:
    policy = Policy.per_minute(1)
    full = Decision(admitted=True, limit=1, remaining=0, reset_at=NOON // 1000 + 60, retry_after=0)
    empty = Decision(admitted=False, limit=1, remaining=0, reset_at=NOON // 1000 + 60, retry_after=60)
    one, other = world.process(), world.process()
    assert one.take("b", policy) == full
    assert [one.take("b", policy), other.take("b", policy), other.take("b", policy)] == [empty] * 3


def test_buckets_do_not_touch_each_other(world: World) -> None:
    buckets = world.process()
    assert _admitted(buckets, Policy.per_minute(1), times=2) == 1
    assert buckets.take("another", Policy.per_minute(1)).admitted


POLICIES = st.builds(Policy.per_minute, st.integers(1, 8)) | st.builds(
    Policy, st.integers(1, 8), st.integers(1, 4), st.sampled_from([500, 1000])
)
STEPS = st.lists(st.sampled_from([0, 0, 0, 1, 499, 500, 501, 999, 1000, 2600, 59_999, 60_000, -1, -1700]), max_size=60)


@given(POLICIES, POLICIES, STEPS, st.booleans())
def test_one_process_decides_as_the_arithmetic_does(
    policy: Policy, other: Policy, steps: list[int], cold: bool
) -> None:
    """Also with a limit that changes under way, a clock that runs backwards, and without any memory."""
    world = World()
    buckets = world.process()
    state: State | None = None
    for turn, step in enumerate(steps):
        world.clock.now += step
        current = other if turn % 5 == 4 else policy
        if cold:
            buckets = world.process()
        expected, left = decide(current, state, world.clock.now)
        assert buckets.take("b", current) == expected
        if expected.admitted:
            state = left
            assert world.client.state("b") == left


def test_item_outlives_its_window_by_an_hour_at_least(world: World) -> None:
    buckets, policy = world.process(), Policy.leaky(10)
    for _ in range(30):
        buckets.take("b", policy)
        full_again = world.clock.now // 1000 + 10
        expires_at = world.client.rows["b"]["expires_at"]
        assert EXPIRY_MARGIN_SECONDS - 1 <= expires_at - full_again <= EXPIRY_MARGIN_SECONDS
        world.clock.now += 333


def test_bucket_that_expired_is_a_new_one(world: World) -> None:
    buckets, policy = world.process(), Policy.per_minute(1)
    buckets.take("b", policy)
    world.client.rows.clear()
    world.clock.now += MINUTE
    assert buckets.take("b", policy).admitted


def test_clock_counts_milliseconds_since_1970() -> None:
    assert abs(epoch_ms() - time.time() * 1000) < 5000


# -- cost -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [60, 300])
def test_steady_state_costs_one_unit_a_decision(world: World, limit: int) -> None:
    meter = Meter()
    buckets = world.process(meter=meter)
    decisions = 0
    for _ in range(10):
        decisions += _admitted(buckets, Policy.per_minute(limit), times=limit)
        world.clock.now += MINUTE
    assert decisions == 10 * limit
    assert meter.write_units == meter.calls == decisions


def test_first_call_of_a_process_costs_one_unit_in_a_running_window(world: World) -> None:
    policy, meter = Policy.per_minute(60), Meter()
    world.process().take("b", policy)
    assert world.process(meter=meter).take("b", policy).remaining == 58
    assert meter.calls == 1


def test_answers_that_overtake_each_other_leave_the_newest_in_memory(world: World) -> None:
    buckets, policy = world.process(), Policy.per_minute(2)

    def second_caller(answer: dict[str, Any]) -> None:
        world.client.after = lambda answer: None
        assert buckets.take("b", policy).remaining == 0

    world.client.after = second_caller
    assert buckets.take("b", policy).remaining == 1
    calls = world.outage.calls
    assert not buckets.take("b", policy).admitted
    assert world.outage.calls == calls


@pytest.mark.parametrize("policy", [Policy.per_minute(60), Policy.leaky(60)], ids=["minute", "leaky"])
def test_flood_costs_at_most_one_write_a_process_and_window(world: World, policy: Policy) -> None:
    meters = [Meter() for _ in range(3)]
    processes = [world.process(meter=meter) for meter in meters]
    assert _admitted(processes[0], policy, times=60) == 60
    spent = [meter.calls for meter in meters]
    for buckets in processes:
        assert _admitted(buckets, policy, times=33_334) == 0
    assert [meter.calls - before for meter, before in zip(meters, spent, strict=True)] == [0, 1, 1]
    assert meters[1].write_units == 1.0


def test_missing_capacity_figure_counts_as_one_unit(world: World) -> None:
    meter = Meter()
    world.client.after = lambda answer: answer.pop("ConsumedCapacity")
    world.process(meter=meter).take("b", Policy.per_minute(5))
    assert meter.write_units == 1.0


def test_memory_is_bounded_and_keeps_the_latest(world: World) -> None:
    meter = Meter()
    buckets, policy = world.process(meter=meter, remembered=2), Policy.per_minute(1)
    for name in ("first", "second", "third"):
        buckets.take(name, policy)
    before = meter.calls
    assert not buckets.take("third", policy).admitted
    assert meter.calls == before
    assert not buckets.take("first", policy).admitted
    assert meter.calls == before + 1


# -- the table cannot be used -----------------------------------------------------------------------------------------


def _client_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}}, "UpdateItem")


FAILURES = [
    pytest.param(_client_error("ProvisionedThroughputExceededException"), id="throttled"),
    pytest.param(_client_error("InternalServerError"), id="broken"),
    pytest.param(_client_error("ResourceNotFoundException"), id="missing"),
    pytest.param(EndpointConnectionError(endpoint_url="http://store"), id="unreachable"),
    pytest.param(ConnectTimeoutError(endpoint_url="http://store"), id="does not connect"),
    pytest.param(ReadTimeoutError(endpoint_url="http://store"), id="does not answer"),
]


@pytest.mark.parametrize("error", FAILURES)
def test_without_the_table_a_process_counts_alone_with_the_same_numbers(world: World, error: Exception) -> None:
    world.outage.error = error
    buckets, policy = world.process(), Policy.per_minute(3)
    decisions = [buckets.take("b", policy) for _ in range(4)]
    assert [decision.remaining for decision in decisions] == [2, 1, 0, 0]
    assert [decision.admitted for decision in decisions] == [True, True, True, False]
    assert all(decision.degraded and decision.limit == 3 for decision in decisions)
    assert buckets.local_fallbacks == 4


def test_count_goes_on_from_what_the_table_said_last(world: World) -> None:
    buckets, policy = world.process(), Policy.per_minute(5)
    assert _admitted(buckets, policy, times=3) == 3
    world.outage.error = _client_error("InternalServerError")
    assert _admitted(buckets, policy, times=5) == 2


def test_failed_table_is_left_alone_for_a_second(world: World) -> None:
    world.outage.error = ReadTimeoutError(endpoint_url="http://store")
    world.outage.takes_ms = 3000
    buckets, policy = world.process(), Policy.per_minute(100)
    _admitted(buckets, policy, times=20)
    assert world.outage.calls == 1
    world.clock.now += 999
    _admitted(buckets, policy, times=20)
    assert world.outage.calls == 1
    world.clock.now += 1
    _admitted(buckets, policy, times=20)
    assert world.outage.calls == 2


def test_table_is_used_again_when_a_clock_was_set_back(world: World) -> None:
    world.outage.error = _client_error("InternalServerError")
    buckets, policy = world.process(), Policy.per_minute(100)
    buckets.take("b", policy)
    world.outage.error = None
    world.clock.now -= 3_600_000
    assert not buckets.take("b", policy).degraded


def test_what_was_let_through_alone_is_taken_off_the_shared_bucket(world: World) -> None:
    buckets, policy = world.process(), Policy.per_minute(10)
    buckets.take("b", policy)
    world.outage.error = _client_error("InternalServerError")
    assert _admitted(buckets, policy, times=4) == 4
    world.outage.error = None
    world.clock.now += 1000
    assert buckets.take("b", policy) == Decision(
        admitted=True, limit=10, remaining=4, reset_at=NOON // 1000 + 60, retry_after=0
    )
    assert _admitted(world.process(), policy, times=9) == 4


def test_debt_beyond_what_is_left_empties_the_bucket(world: World) -> None:
    one, other, policy = world.process(), world.process(), Policy.per_minute(10)
    one.take("b", policy)
    world.outage.error = _client_error("InternalServerError")
    assert _admitted(one, policy, times=4) == 4
    world.outage.error = None
    assert _admitted(other, policy, times=7) == 7
    world.clock.now += 1000
    assert not one.take("b", policy).admitted
    assert not world.process().take("b", policy).admitted


def test_debt_ends_with_its_window(world: World) -> None:
    buckets, policy = world.process(), Policy.per_minute(5)
    world.outage.error = _client_error("InternalServerError")
    assert _admitted(buckets, policy, times=3) == 3
    world.outage.error = None
    world.clock.now += MINUTE
    assert world.process().take("b", policy).remaining == 4
    assert buckets.take("b", policy).remaining == 3


def test_window_begun_in_ignorance_gives_way_to_the_shared_one(world: World) -> None:
    """The answer to a process's first request got lost, so it did not learn that the window was already running."""
    policy = Policy.per_minute(2)
    world.process().take("b", policy)
    world.clock.now += 1
    cold = world.process(rest_ms=0)
    world.outage.error_after = ReadTimeoutError(endpoint_url="http://store")
    assert cold.take("b", policy).admitted
    assert not cold.take("b", policy).admitted


def test_debt_is_kept_while_the_table_still_fails(world: World) -> None:
    buckets, policy = world.process(rest_ms=0), Policy.per_minute(5)
    world.outage.error = _client_error("InternalServerError")
    assert _admitted(buckets, policy, times=3) == 3
    world.outage.error = None
    assert buckets.take("b", policy).remaining == 1
    assert world.process().take("b", policy).remaining == 0


def test_endless_contention_ends_in_a_count_alone(world: World) -> None:
    buckets, policy = world.process(rest_ms=0), Policy.per_minute(5)
    buckets.take("b", policy)
    row = world.client.rows["b"]

    def others_are_faster() -> None:
        row["stamp"] = NOON - MINUTE if row["stamp"] == NOON else NOON

    world.client.before = others_are_faster
    assert buckets.take("b", policy).degraded
    assert buckets.take("b", policy).degraded
