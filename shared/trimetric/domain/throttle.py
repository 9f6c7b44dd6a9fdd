"""The token bucket behind every limit, as arithmetic: whole tokens, whole milliseconds, the time is an argument.

A bucket holds up to `capacity` tokens and every request takes one. `refill_amount` tokens come back each
`refill_interval_ms`, counted from `stamp`; a bucket that is full when it is taken from starts counting anew.

* All tokens at once, a minute after the window's first request: `Policy.per_minute(60)`.
* One token a second, as a leaky bucket does it: `Policy.leaky(10)`.

A clock that runs behind the stamp refills nothing, so clocks that disagree can delay a token but never add one.
"""

from dataclasses import dataclass
from typing import NamedTuple, Self


@dataclass(frozen=True, slots=True)
class Policy:
    capacity: int
    refill_amount: int
    refill_interval_ms: int

    def __post_init__(self) -> None:
        if min(self.capacity, self.refill_amount, self.refill_interval_ms) < 1:
            raise ValueError("capacity, refill amount and refill interval must be at least 1")

    @classmethod
    def per_minute(cls, limit: int) -> Self:
        """`limit` requests inside a window that begins with its first request and lasts 60 s."""
        return cls(limit, limit, 60_000)

    @classmethod
    def leaky(cls, capacity: int, per_second: int = 1) -> Self:
        """A burst of `capacity`, then `per_second` requests a second."""
        return cls(capacity, per_second, 1000)

    @classmethod
    def leaky_per_minute(cls, limit: int) -> Self:
        """A bucket that holds ten seconds' worth of `limit` requests a minute and leaks evenly: 60 is `leaky(10)`.

        Rounded down where `limit` is not a whole number of requests a second, so never more than it.
        """
        burst = max(1, limit // 6)
        if limit < 60:
            return cls(burst, 1, _divided_up(60_000, limit))
        return cls(burst, limit // 60, 1000)

    @property
    def full_after_ms(self) -> int:
        """Any bucket that nobody takes from for this long is full, whatever it held."""
        return _divided_up(self.capacity, self.refill_amount) * self.refill_interval_ms


class State(NamedTuple):
    """Tokens in the bucket, and since when (epoch milliseconds) the refills are counted."""

    level: int
    stamp: int

    def is_newer_than(self, other: "State") -> bool:
        """Stamps only grow, and levels only fall while a stamp stands."""
        return (self.stamp, -self.level) > (other.stamp, -other.level)


@dataclass(frozen=True, slots=True)
class Decision:
    """What the caller is told.

    `reset_at` is when tokens come back next, in epoch seconds, rounded up. `retry_after` is 0 for an admitted request;
    for a refused one it is the whole seconds, at least 1, after which a caller who is alone is admitted.
    """

    admitted: bool
    limit: int
    remaining: int
    reset_at: int
    retry_after: int
    #: Decided without the shared table, by this process's own count.
    degraded: bool = False


def decide(policy: Policy, state: State | None, now_ms: int) -> tuple[Decision, State]:
    """Take one token; None is a bucket that was never used. A refusal leaves the bucket as it was."""
    level, stamp = refilled(policy, state, now_ms)
    if level < 1:
        return refusal(policy, State(level, stamp), now_ms), State(level, stamp)
    started = max(stamp, now_ms) if level == policy.capacity else stamp
    taken = State(level - 1, started)
    return admission(policy, taken), taken


def untouched(policy: Policy, now_ms: int) -> Decision:
    """What a caller is told of a full bucket that nothing is taken from."""
    return Decision(True, policy.capacity, policy.capacity, _divided_up(now_ms, 1000), 0)


def reconciled(policy: Policy, shared: State | None, alone: State, *, owed: int, now_ms: int) -> State:
    """The shared bucket once it is told of the `owed` tokens that a process took by its own count, `alone`."""
    known = refilled(policy, shared, now_ms)
    if known.level < policy.capacity:
        return State(max(0, known.level - owed), known.stamp)
    if shared is None or alone.stamp >= shared.stamp + policy.full_after_ms:
        return refilled(policy, alone, now_ms)
    # The process did not know of the shared count, so its own began too early to go on from.
    return State(max(0, policy.capacity - owed), now_ms)


def refilled(policy: Policy, state: State | None, now_ms: int) -> State:
    if state is None:
        return State(policy.capacity, now_ms)
    intervals = elapsed_intervals(policy, state, now_ms)
    level = min(policy.capacity, state.level + intervals * policy.refill_amount)
    return State(level, state.stamp + intervals * policy.refill_interval_ms)


def elapsed_intervals(policy: Policy, state: State, now_ms: int) -> int:
    return max(0, now_ms - state.stamp) // policy.refill_interval_ms


def admission(policy: Policy, state: State) -> Decision:
    """The answer to the request that left the bucket in `state`."""
    return Decision(
        admitted=True,
        limit=policy.capacity,
        remaining=state.level,
        reset_at=_divided_up(state.stamp + policy.refill_interval_ms, 1000),
        retry_after=0,
    )


def refusal(policy: Policy, state: State, now_ms: int) -> Decision:
    """The answer to a request that found the bucket empty."""
    next_token = state.stamp + policy.refill_interval_ms
    return Decision(
        admitted=False,
        limit=policy.capacity,
        remaining=0,
        reset_at=_divided_up(next_token, 1000),
        retry_after=_divided_up(next_token - now_ms, 1000),
    )


def _divided_up(number: int, by: int) -> int:
    return -(-number // by)
