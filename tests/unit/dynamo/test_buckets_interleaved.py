"""Several processes on one table, interleaved before and after each store call, with clocks that disagree.

Each decision runs in a thread that only moves when the test lets it, so an example is reproducible step by step.
"""

import threading
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.buckets import FakeBucketsClient
from trimetric.domain.throttle import Decision, Policy, State, decide, refilled
from trimetric.dynamo.buckets import TokenBuckets

NOON = 1_767_268_800_000
MINUTE = 60_000


@dataclass(frozen=True)
class Write:
    """One applied update, and what the writer's clock and policy were."""

    policy: Policy
    now: int
    before: State | None
    after: State

    @property
    def taken(self) -> int:
        return refilled(self.policy, self.before, self.now).level - self.after.level


@dataclass
class Operation:
    """One call of `take`: what it wrote, what it could see of the table meanwhile, how it ended."""

    writes: list[Write] = field(default_factory=list)
    seen: list[State | None] = field(default_factory=list)
    now: int = 0
    decision: Decision | None = None


class Process:
    def __init__(self, shared: FakeBucketsClient, world: "World", policy: Policy, skew: int) -> None:
        self._shared, self._world, self._skew = shared, world, skew
        self.policy = policy
        self.lose_answer = False
        self.finished: list[Operation] = []
        self._current: Operation | None = None
        self._buckets = TokenBuckets(self, "buckets", clock_ms=self._clock, rest_ms=0)
        self._go, self._paused = threading.Semaphore(0), threading.Semaphore(0)

    def step(self) -> None:
        """On to the next point at which others may act."""
        if self._current is None:
            self._current = Operation()
            threading.Thread(target=self._take, args=(self._current,), daemon=True).start()
        self._go.release()
        self._paused.acquire()

    def finish(self) -> None:
        while self._current is not None:
            self.step()

    def take(self) -> Decision:
        """A whole decision, undisturbed."""
        self.step()
        self.finish()
        decision = self.finished[-1].decision
        assert decision is not None
        return decision

    def update_item(self, **request: Any) -> Any:
        self._pause()
        before = self._shared.state("b")
        try:
            answer = self._shared.update_item(**request)
        except ClientError:
            self._look()
            self._pause()
            raise
        after = self._shared.state("b")
        assert after is not None
        self._operation.writes.append(Write(self.policy, self._operation.now, before, after))
        self._pause()
        if self.lose_answer:
            raise ReadTimeoutError(endpoint_url="http://store")
        return answer

    def _take(self, operation: Operation) -> None:
        self._go.acquire()
        self._look()
        operation.decision = self._buckets.take("b", self.policy)
        self.finished.append(operation)
        self._current = None
        self._paused.release()

    def _clock(self) -> int:
        self._operation.now = self._operation.now or self._world.now + self._skew
        return self._operation.now

    def _pause(self) -> None:
        self._paused.release()
        self._go.acquire()

    def _look(self) -> None:
        self._operation.seen.append(self._shared.state("b"))

    @property
    def _operation(self) -> Operation:
        assert self._current is not None
        return self._current


@dataclass(frozen=True)
class Step:
    process: int
    passes_ms: int
    lose_answer: bool = False


class World:
    def __init__(self, policies: list[Policy], skews: list[int]) -> None:
        self.now = NOON
        shared = FakeBucketsClient()
        self.processes = [Process(shared, self, policy, skew) for policy, skew in zip(policies, skews, strict=True)]

    def run(self, steps: list[Step]) -> list[Operation]:
        for step in steps:
            self.now += step.passes_ms
            process = self.processes[step.process]
            process.lose_answer = step.lose_answer
            process.step()
        for process in self.processes:
            process.lose_answer = False
            process.finish()
        return [operation for process in self.processes for operation in process.finished]


PROCESSES = 3
POLICIES = (
    st.builds(Policy.per_minute, st.integers(1, 6))
    | st.builds(Policy.leaky, st.integers(1, 6))
    | st.builds(Policy, st.integers(1, 6), st.integers(1, 3), st.just(1000))
)
PASSES = st.sampled_from([0, 0, 0, 0, 0, 1, 250, 999, 1000, 3000, 30_000, 60_000])
SKEWS = st.lists(st.sampled_from([0, 0, 1, -1, 700, -1500, 45_000, -90_000]), min_size=PROCESSES, max_size=PROCESSES)


def _steps(*, losses: bool = False) -> st.SearchStrategy[list[Step]]:
    lost = st.booleans() if losses else st.just(False)
    return st.lists(st.builds(Step, st.integers(0, PROCESSES - 1), PASSES, lost), max_size=90)


def _tokens_by_window(operations: list[Operation]) -> Counter[int]:
    """Tokens taken since each start of a window."""
    taken: Counter[int] = Counter()
    for operation in operations:
        for write in operation.writes:
            taken[write.after.stamp] += write.taken
    return taken


def _assert_minute_windows_hold(policy: Policy, operations: list[Operation]) -> None:
    windows = _tokens_by_window(operations)
    assert all(taken <= policy.capacity for taken in windows.values())
    starts = sorted(windows)
    assert all(later - earlier >= MINUTE for earlier, later in pairwise(starts))


@settings(max_examples=150, deadline=None)
@given(POLICIES, SKEWS, _steps())
def test_each_admission_is_one_write_that_follows_the_arithmetic(
    policy: Policy, skews: list[int], steps: list[Step]
) -> None:
    operations = World([policy] * PROCESSES, skews).run(steps)
    for operation in operations:
        assert operation.decision is not None
        assert not operation.decision.degraded
        assert len(operation.writes) == operation.decision.admitted
        for write in operation.writes:
            expected, left = decide(policy, write.before, write.now)
            assert expected == operation.decision
            assert left == write.after
    if policy.refill_interval_ms == MINUTE:
        _assert_minute_windows_hold(policy, operations)


@settings(max_examples=100, deadline=None)
@given(POLICIES, _steps())
def test_refusal_is_right_at_some_moment_of_the_call(policy: Policy, steps: list[Step]) -> None:
    for operation in World([policy] * PROCESSES, [0] * PROCESSES).run(steps):
        assert operation.decision is not None
        if not operation.decision.admitted:
            decided = [decide(policy, state, operation.now)[0] for state in operation.seen]
            assert operation.decision in decided


@settings(max_examples=150, deadline=None)
@given(POLICIES, SKEWS, st.booleans(), _steps(), st.integers(0, PROCESSES - 1))
def test_waiting_as_told_is_enough_for_a_caller_who_is_alone(
    policy: Policy, skews: list[int], skewed: bool, steps: list[Step], asked: int
) -> None:
    """A clock that is behind may tell from memory of a window that others have ended; then one more wait is exact."""
    world = World([policy] * PROCESSES, skews if skewed else [0] * PROCESSES)
    world.run(steps)
    process = world.processes[asked]
    waits = 0
    while not (decision := process.take()).admitted:
        world.now += decision.retry_after * 1000
        waits += 1
        assert waits <= 1 + skewed


@settings(max_examples=100, deadline=None)
@given(st.lists(POLICIES, min_size=PROCESSES, max_size=PROCESSES), SKEWS, _steps())
def test_limit_that_changes_at_different_times_is_each_writer_s_own(
    policies: list[Policy], skews: list[int], steps: list[Step]
) -> None:
    for operation in World(policies, skews).run(steps):
        assert operation.decision is not None
        assert 0 <= operation.decision.remaining < operation.decision.limit
        for write in operation.writes:
            assert write.taken == 1
            assert 0 <= write.after.level < write.policy.capacity


@settings(max_examples=150, deadline=None)
@given(POLICIES, SKEWS, _steps(losses=True))
def test_lost_answer_never_admits_one_too_many(policy: Policy, skews: list[int], steps: list[Step]) -> None:
    """Every admitted caller has a token of its own off the shared bucket, whether its answer arrived or not."""
    operations = World([policy] * PROCESSES, skews).run(steps)
    for operation in operations:
        assert operation.decision is not None
        assert not operation.decision.admitted or sum(write.taken for write in operation.writes) >= 1
    if policy.refill_interval_ms == MINUTE:
        _assert_minute_windows_hold(policy, operations)


class Failing:
    """A store that refuses, answers, or applies and then does not answer, as `mood` says."""

    def __init__(self) -> None:
        self.mood = "well"
        self._shared = FakeBucketsClient(self._before, self._after)

    def update_item(self, **request: Any) -> Any:
        return self._shared.update_item(**request)

    def _before(self) -> None:
        if self.mood == "down":
            raise EndpointConnectionError(endpoint_url="http://store")

    def _after(self, answer: dict[str, Any]) -> None:
        if self.mood == "answer lost":
            raise ReadTimeoutError(endpoint_url="http://store")


MOODS = st.lists(st.tuples(st.sampled_from(["well", "well", "down", "answer lost"]), PASSES), max_size=120)


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 6), MOODS, st.sampled_from([0, 1000]))
def test_alone_on_a_failing_table_a_process_keeps_the_limit_of_each_window(
    limit: int, moods: list[tuple[str, int]], rest_ms: int
) -> None:
    store, now = Failing(), [NOON]
    buckets = TokenBuckets(store, "buckets", clock_ms=lambda: now[0], rest_ms=rest_ms)
    windows: list[list[int]] = []
    for mood, passes_ms in moods:
        store.mood = mood
        now[0] += passes_ms
        if buckets.take("b", Policy.per_minute(limit)).admitted:
            if not windows or now[0] - windows[-1][0] >= MINUTE:
                windows.append([])
            windows[-1].append(now[0])
    assert all(len(window) <= limit for window in windows)


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 6), MOODS, st.sampled_from([0, 1000]))
def test_alone_on_a_failing_table_a_leaky_bucket_does_not_overflow(
    capacity: int, moods: list[tuple[str, int]], rest_ms: int
) -> None:
    store, now = Failing(), [NOON]
    buckets = TokenBuckets(store, "buckets", clock_ms=lambda: now[0], rest_ms=rest_ms)
    admitted: list[int] = []
    for mood, passes_ms in moods:
        store.mood = mood
        now[0] += passes_ms
        if buckets.take("b", Policy.leaky(capacity)).admitted:
            admitted.append(now[0])
    for place, begin in enumerate(admitted):
        for count, end in enumerate(admitted[place:], start=1):
            assert count <= capacity + (end - begin) // 1000 + 1
