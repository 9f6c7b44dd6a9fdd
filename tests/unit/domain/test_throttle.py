from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimetric.domain.throttle import Decision, Policy, State, decide, reconciled, untouched

NOON = 1_767_268_800_000
MINUTE = 60_000


@dataclass
class Bucket:
    """A bucket that lives on: each `take` decides on what the one before left."""

    policy: Policy
    state: State | None = None

    def take(self, now_ms: int) -> Decision:
        decision, self.state = decide(self.policy, self.state, now_ms)
        return decision


def test_leaky_bucket_follows_the_documented_timeline() -> None:
    bucket = Bucket(Policy.leaky(10))
    at_once = [bucket.take(NOON) for _ in range(11)]
    assert [decision.admitted for decision in at_once] == [True] * 10 + [False]
    assert [decision.remaining for decision in at_once] == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0]
    assert not bucket.take(NOON + 999).admitted
    assert [bucket.take(NOON + 1000).admitted for _ in range(2)] == [True, False]


def test_sixty_a_minute_leak_as_documented() -> None:
    assert Policy.leaky_per_minute(60) == Policy.leaky(10)
    assert Policy.leaky_per_minute(1_000_000) == Policy.leaky(166_666, 16_666)


@given(st.integers(1, 1_000_000))
def test_an_even_leak_is_never_more_than_so_many_a_minute(limit: int) -> None:
    policy = Policy.leaky_per_minute(limit)
    per_minute = policy.refill_amount * 60_000 / policy.refill_interval_ms
    assert limit - 60 < per_minute <= limit
    assert policy.capacity == max(1, limit // 6)


def test_a_bucket_that_nothing_is_taken_from_is_told_as_full() -> None:
    told = untouched(Policy.leaky(10), NOON + 1)
    assert told == Decision(admitted=True, limit=10, remaining=10, reset_at=NOON // 1000 + 1, retry_after=0)


def test_minute_window_begins_with_its_first_request_and_comes_back_whole() -> None:
    bucket = Bucket(Policy.per_minute(3))
    first = NOON + 12_345
    assert [bucket.take(first + late).remaining for late in (0, 1, 59_000)] == [2, 1, 0]
    assert not bucket.take(first + 59_999).admitted
    assert bucket.take(first + 60_000).remaining == 2


def test_next_minute_window_begins_with_its_own_first_request() -> None:
    bucket = Bucket(Policy.per_minute(2))
    bucket.take(NOON)
    late = NOON + MINUTE + 30_000
    assert bucket.take(late) == Decision(
        admitted=True, limit=2, remaining=1, reset_at=(late + MINUTE) // 1000, retry_after=0
    )


@pytest.mark.parametrize(
    ("policy", "now", "reset_at", "retry_after"),
    [
        pytest.param(Policy.per_minute(1), NOON, NOON // 1000 + 60, 60, id="a minute left"),
        pytest.param(Policy.per_minute(1), NOON + 1, NOON // 1000 + 60, 60, id="a part of a second counts as a whole"),
        pytest.param(Policy.per_minute(1), NOON + 59_999, NOON // 1000 + 60, 1, id="never less than a second"),
        pytest.param(Policy.leaky(1), NOON + 1, NOON // 1000 + 1, 1, id="next drip"),
        pytest.param(Policy.per_minute(1), NOON - 5_000, NOON // 1000 + 60, 65, id="clock behind the window's start"),
    ],
)
def test_refusal_says_when_to_come_back(policy: Policy, now: int, reset_at: int, retry_after: int) -> None:
    decision, state = decide(policy, State(0, NOON), now)
    assert decision == Decision(admitted=False, limit=1, remaining=0, reset_at=reset_at, retry_after=retry_after)
    assert state == State(0, NOON)


def test_reset_is_rounded_up_to_a_whole_second() -> None:
    decision, _ = decide(Policy.per_minute(5), None, NOON + 1)
    assert decision.reset_at == NOON // 1000 + 61


def test_lowered_limit_cuts_what_is_left() -> None:
    decision, state = decide(Policy.per_minute(60), State(200, NOON), NOON + 1000)
    assert (decision.limit, decision.remaining) == (60, 59)
    assert state == State(59, NOON + 1000)


def test_raised_limit_counts_from_the_next_window() -> None:
    bucket = Bucket(Policy.per_minute(300), State(10, NOON))
    assert bucket.take(NOON + 1000).remaining == 9
    assert bucket.take(NOON + MINUTE).remaining == 299


@pytest.mark.parametrize(
    ("shared", "alone", "owed", "expected"),
    [
        pytest.param(State(4, NOON), State(2, NOON), 2, State(2, NOON), id="the debt comes off"),
        pytest.param(State(4, NOON), State(0, NOON), 9, State(0, NOON), id="the bucket is empty at worst"),
        pytest.param(None, State(7, NOON), 3, State(7, NOON), id="the process opened the window"),
        pytest.param(State(0, NOON - MINUTE), State(7, NOON), 3, State(7, NOON), id="the shared window is over"),
        pytest.param(
            State(0, NOON - MINUTE),
            State(7, NOON - 1),
            3,
            State(7, NOON + 20),
            id="two counts that overlapped are over",
        ),
        pytest.param(State(5, NOON + 10), State(7, NOON), 3, State(2, NOON + 10), id="others opened a window"),
    ],
)
def test_shared_bucket_learns_what_a_process_took_alone(
    shared: State | None, alone: State, owed: int, expected: State
) -> None:
    assert reconciled(Policy.per_minute(10), shared, alone, owed=owed, now_ms=NOON + 20) == expected


@pytest.mark.parametrize("figures", [(0, 1, 1), (1, 0, 1), (1, 1, 0)], ids=["capacity", "amount", "interval"])
def test_policy_needs_positive_figures(figures: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Policy(*figures)


POLICIES = st.builds(
    Policy,
    capacity=st.integers(1, 12),
    refill_amount=st.integers(1, 12),
    refill_interval_ms=st.sampled_from([1, 7, 1000, 60_000]),
) | st.builds(Policy.per_minute, st.integers(1, 12))
STEPS = st.lists(st.integers(-70_000, 70_000) | st.integers(-3, 3) | st.just(1000), max_size=60)


def _instants(steps: list[int]) -> list[int]:
    instants = [NOON]
    for step in steps:
        instants.append(instants[-1] + step)
    return instants


@given(POLICIES, STEPS)
def test_clock_in_any_direction_admits_no_more_than_capacity_and_refills(policy: Policy, steps: list[int]) -> None:
    """From any admitted request on: a full bucket, and what the time brought that the clocks have shown since."""
    bucket = Bucket(policy)
    latest, admitted_at = NOON, []
    for now in _instants(steps):
        latest = max(latest, now)
        decision = bucket.take(now)
        assert 0 <= decision.remaining < decision.limit == policy.capacity
        if decision.admitted:
            admitted_at.append(latest)
    for place, begin in enumerate(admitted_at):
        for count, end in enumerate(admitted_at[place:], start=1):
            refills = (end - begin) // policy.refill_interval_ms + 1
            assert count <= policy.capacity + refills * policy.refill_amount


@given(st.integers(1, 5), st.lists(st.integers(0, 40_000), max_size=60))
def test_minute_windows_do_not_overlap_and_hold_the_limit(limit: int, steps: list[int]) -> None:
    bucket = Bucket(Policy.per_minute(limit))
    windows: list[list[int]] = []
    for now in _instants(steps):
        if not bucket.take(now).admitted:
            assert now - windows[-1][0] < MINUTE
            assert len(windows[-1]) == limit
        elif windows and now - windows[-1][0] < MINUTE:
            windows[-1].append(now)
        else:
            windows.append([now])
    assert all(len(window) <= limit for window in windows)


@given(st.integers(1, 10), st.lists(st.integers(0, 3000), max_size=60))
def test_leaky_bucket_is_a_bucket_with_a_hole(capacity: int, steps: list[int]) -> None:
    """Told as the seed document tells it: requests pour in, one drop leaves a second."""
    bucket = Bucket(Policy.leaky(capacity))
    water, next_drop = 0, NOON
    for now in _instants(steps):
        while water and next_drop <= now:
            water, next_drop = water - 1, next_drop + 1000
        decision = bucket.take(now)
        assert decision.admitted == (water < capacity)
        if decision.admitted:
            next_drop = next_drop if water else now + 1000
            water += 1
            assert decision.remaining == capacity - water


@given(POLICIES, STEPS)
def test_waiting_as_told_is_enough_and_a_refusal_takes_nothing(policy: Policy, steps: list[int]) -> None:
    bucket = Bucket(policy)
    for now in _instants(steps):
        before = bucket.state
        decision = bucket.take(now)
        if not decision.admitted:
            assert bucket.state == before
            later, _ = decide(policy, bucket.state, now + decision.retry_after * 1000)
            assert later.admitted


@given(POLICIES, POLICIES, STEPS)
def test_states_of_one_bucket_only_get_newer(policy: Policy, other: Policy, steps: list[int]) -> None:
    """Also where the limit keeps changing, which is what processes rely on when answers overtake each other."""
    state: State | None = None
    for turn, now in enumerate(_instants(steps)):
        decision, left = decide(other if turn % 3 == 2 else policy, state, now)
        assert state is None or not decision.admitted or left.is_newer_than(state)
        assert decision.remaining < decision.limit
        state = left
