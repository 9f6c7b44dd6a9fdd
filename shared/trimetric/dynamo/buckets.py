"""Token buckets that every process shares, on a table of their own.

An item is `bucket` (key), `level`, `stamp` (epoch milliseconds) and `expires_at` (TTL, epoch seconds). A decision is
one conditional UpdateItem; what the process saw last only picks the expression that is tried first, the condition alone
decides. Where it fails, the item that the table hands back says what to try instead or how long to wait.

| expression      | holds when                                       | leaves                             |
|-----------------|--------------------------------------------------|------------------------------------|
| `_open_or_take` | no item, or same interval with a token left      | one token less                     |
| `_drip`         | stamp as seen                                    | earned tokens less one, next stamp |
| `_top_up`       | stamp as seen, full with what was earned         | capacity less one, counted anew    |
| `_start_over`   | no item, or idle for long enough to be full      | capacity less one, counted anew    |

A bucket seen empty is refused without a call until its next token is due, so a flood costs nothing.

While the table cannot be used, this process counts alone with the same numbers. What it lets through is owed, and is
taken off the shared bucket in the first write after that. An update that was applied but not answered is owed as well:
the caller may lose a token by it, never gain one.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from trimetric.domain.throttle import (
    Decision,
    Policy,
    State,
    admission,
    decide,
    elapsed_intervals,
    reconciled,
    refilled,
)

#: calls, read units, write units, seconds
Meter = Callable[[int, float, float, float], None]

REMEMBERED_BUCKETS: Final = 10_000
#: How long the table is left alone after it failed, so that requests do not queue up behind its timeouts.
REST_MS: Final = 1000
#: An item outlives the moment at which its bucket is full again by this much; clocks may disagree.
EXPIRY_MARGIN_SECONDS: Final = 3600
#: A condition fails only when another process got through, and an emptied bucket ends the loop.
MAX_ATTEMPTS: Final = 16

_Kept = TypeVar("_Kept")

_NAMES: Final = {"#bucket": "bucket", "#level": "level", "#stamp": "stamp", "#expires_at": "expires_at"}


def epoch_ms() -> int:
    return time.time_ns() // 1_000_000


class TokenBuckets:
    """`local_fallbacks` counts the decisions that were made without the table."""

    def __init__(
        self,
        client: Any,
        table_name: str,
        *,
        clock_ms: Callable[[], int] = epoch_ms,
        meter: Meter | None = None,
        rest_ms: int = REST_MS,
        remembered: int = REMEMBERED_BUCKETS,
    ) -> None:
        self._client = client
        self._table_name = table_name
        self._clock_ms = clock_ms
        self._meter = meter
        self._rest_ms = rest_ms
        self._memory = _Memory(remembered)
        self._failed_at: int | None = None
        self.local_fallbacks = 0

    def take(self, bucket: str, policy: Policy) -> Decision:
        """Take one token from `bucket`, or say how long to wait. Never raises for the table's sake."""
        now = self._clock_ms()
        if self._table_rests(now):
            return self._take_alone(bucket, policy, now=now)
        seen = self._memory.state(bucket)
        if seen is not None:
            foreseen, _ = decide(policy, seen, now)
            if not foreseen.admitted:
                return foreseen
        try:
            owed, alone = self._memory.take_debt(bucket, policy, now=now)
            if owed:
                return self._settle(bucket, policy, owed=owed, alone=alone, now=now)
            return self._take_shared(bucket, policy, seen=seen, now=now)
        except _TableDown:
            self._failed_at = self._clock_ms()
            return self._take_alone(bucket, policy, now=now)

    def _take_shared(self, bucket: str, policy: Policy, *, seen: State | None, now: int) -> Decision:
        for _ in range(MAX_ATTEMPTS):
            try:
                left = self._write(bucket, _fitting_update(policy, seen, now))
            except _ConditionFailed as failure:
                seen = failure.state
                self._memory.learn(bucket, seen)
                decision, _ = decide(policy, seen, now)
                if not decision.admitted:
                    return decision
            else:
                self._memory.learn(bucket, left)
                return admission(policy, left)
        raise _TableDown

    def _settle(self, bucket: str, policy: Policy, *, owed: int, alone: State, now: int) -> Decision:
        """Take what was let through alone, and this request's token if one is left, in one exact write."""
        found: State | None = None
        try:
            for _ in range(MAX_ATTEMPTS):
                paid = reconciled(policy, found, alone, owed=owed, now_ms=now)
                self._memory.correct(bucket, paid)
                decision, left = decide(policy, paid, now)
                try:
                    self._write(bucket, _replace(policy, found, left))
                except _ConditionFailed as failure:
                    found = failure.state
                else:
                    self._memory.learn(bucket, left)
                    return decision
            raise _TableDown
        except _TableDown:
            self._memory.owe(bucket, owed)
            raise

    def _take_alone(self, bucket: str, policy: Policy, *, now: int) -> Decision:
        self.local_fallbacks += 1
        return replace(self._memory.take(bucket, policy, now=now), degraded=True)

    def _table_rests(self, now: int) -> bool:
        return self._failed_at is not None and 0 <= now - self._failed_at < self._rest_ms

    def _write(self, bucket: str, update: "_Update") -> State:
        began = time.perf_counter()
        units = 1.0
        try:
            answer = self._client.update_item(
                TableName=self._table_name,
                Key={"bucket": {"S": bucket}},
                UpdateExpression=update.change,
                ConditionExpression=update.condition,
                ExpressionAttributeNames=update.names(),
                ExpressionAttributeValues={name: {"N": str(value)} for name, value in update.values.items()},
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                ReturnConsumedCapacity="TOTAL",
            )
            units = answer.get("ConsumedCapacity", {}).get("CapacityUnits", 1.0)
            return _state(answer["Attributes"])
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                item: Any = error.response.get("Item")
                raise _ConditionFailed(_state(item) if item else None) from error
            raise _TableDown from error
        except BotoCoreError as error:
            raise _TableDown from error
        finally:
            if self._meter is not None:
                # A refused condition reports no units and is billed as one.
                self._meter(1, 0.0, units, time.perf_counter() - began)


class _ConditionFailed(Exception):
    """`state` is the bucket as it stands, None if there is none."""

    def __init__(self, state: State | None) -> None:
        self.state = state
        super().__init__(state)


class _TableDown(Exception):
    """Refused, unreachable or too slow: whether the update was applied is not known."""


@dataclass(frozen=True, slots=True)
class _Update:
    change: str
    condition: str
    values: Mapping[str, int]

    def names(self) -> dict[str, str]:
        used = self.change + self.condition
        return {placeholder: name for placeholder, name in _NAMES.items() if placeholder in used}


def _fitting_update(policy: Policy, seen: State | None, now: int) -> _Update:
    """The update whose condition holds if the bucket is as it was seen."""
    if seen is None:
        return _open_or_take(policy, now)
    if now - seen.stamp >= policy.full_after_ms:
        return _start_over(policy, now)
    intervals = elapsed_intervals(policy, seen, now)
    if seen.level + intervals * policy.refill_amount >= policy.capacity:
        return _top_up(policy, seen.stamp, intervals, now)
    return _drip(policy, seen.stamp, intervals) if intervals else _open_or_take(policy, now)


def _open_or_take(policy: Policy, now: int) -> _Update:
    no_item = "attribute_not_exists(#bucket)"
    same_interval = "#stamp > :interval_ago"
    not_empty = "#level >= :one"
    # A full bucket is counted anew, and one that a higher limit filled is cut to this one.
    not_full = "#level < :capacity"
    return _Update(
        change="SET #level = if_not_exists(#level, :capacity) - :one, #stamp = if_not_exists(#stamp, :now), "
        "#expires_at = if_not_exists(#expires_at, :expires_at)",
        condition=f"{no_item} OR ({same_interval} AND {not_empty} AND {not_full})",
        values={
            ":interval_ago": now - policy.refill_interval_ms,
            ":one": 1,
            ":capacity": policy.capacity,
            ":now": now,
            ":expires_at": _expires_at(policy, now),
        },
    )


def _start_over(policy: Policy, now: int) -> _Update:
    no_item = "attribute_not_exists(#bucket)"
    idle_until_full = "#stamp <= :idle_since"
    return _Update(
        change="SET #level = :left, #stamp = :now, #expires_at = :expires_at",
        condition=f"{no_item} OR {idle_until_full}",
        values={
            ":idle_since": now - policy.full_after_ms,
            ":left": policy.capacity - 1,
            ":now": now,
            ":expires_at": _expires_at(policy, now),
        },
    )


def _top_up(policy: Policy, stamp: int, intervals: int, now: int) -> _Update:
    as_seen = "#stamp = :seen"
    full = "#level >= :enough"
    restart = max(stamp, now)
    return _Update(
        change="SET #level = :left, #stamp = :restart, #expires_at = :expires_at",
        condition=f"{as_seen} AND {full}",
        values={
            ":seen": stamp,
            ":enough": policy.capacity - intervals * policy.refill_amount,
            ":left": policy.capacity - 1,
            ":restart": restart,
            ":expires_at": _expires_at(policy, restart),
        },
    )


def _drip(policy: Policy, stamp: int, intervals: int) -> _Update:
    # Levels only fall while a stamp stands, so what was not full then is not full now.
    as_seen = "#stamp = :seen"
    earned = intervals * policy.refill_amount
    refilled_until = stamp + intervals * policy.refill_interval_ms
    return _Update(
        change="SET #level = #level + :gain, #stamp = :refilled_until, #expires_at = :expires_at",
        condition=as_seen,
        values={
            ":seen": stamp,
            ":gain": earned - 1,
            ":refilled_until": refilled_until,
            ":expires_at": _expires_at(policy, refilled_until),
        },
    )


def _replace(policy: Policy, found: State | None, left: State) -> _Update:
    change = "SET #level = :left, #stamp = :stamp, #expires_at = :expires_at"
    values = {":left": left.level, ":stamp": left.stamp, ":expires_at": _expires_at(policy, left.stamp)}
    if found is None:
        no_item = "attribute_not_exists(#bucket)"
        return _Update(change, no_item, values)
    same_stamp = "#stamp = :found_stamp"
    same_level = "#level = :found_level"
    expected = {":found_stamp": found.stamp, ":found_level": found.level}
    return _Update(change, f"{same_stamp} AND {same_level}", values | expected)


def _expires_at(policy: Policy, stamp: int) -> int:
    return (stamp + policy.full_after_ms) // 1000 + EXPIRY_MARGIN_SECONDS


def _state(item: Mapping[str, Any]) -> State:
    return State(int(item["level"]["N"]), int(item["stamp"]["N"]))


class _Memory:
    """What this process knows of the buckets it met last, and what it let through alone."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._states: dict[str, State] = {}
        self._debts: dict[str, int] = {}
        self._lock = threading.Lock()

    def state(self, bucket: str) -> State | None:
        return self._states.get(bucket)

    def learn(self, bucket: str, state: State | None) -> None:
        """Answers may overtake each other: an older state does not replace a newer one."""
        with self._lock:
            known = self._states.pop(bucket, None)
            if state is not None:
                newest = state if known is None or state.is_newer_than(known) else known
                _keep(self._states, bucket, newest, size=self._size)

    def correct(self, bucket: str, state: State) -> None:
        """Put the table's word in place of a count made alone, which may have begun a window that never was."""
        with self._lock:
            self._states.pop(bucket, None)
            _keep(self._states, bucket, state, size=self._size)

    def take(self, bucket: str, policy: Policy, *, now: int) -> Decision:
        """Decide alone, and owe what was let through until it would have come back."""
        with self._lock:
            decision, left = decide(policy, self._states.pop(bucket, None), now)
            _keep(self._states, bucket, left, size=self._size)
            if decision.admitted:
                _keep(self._debts, bucket, self._debts.pop(bucket, 0) + 1, size=self._size)
        return decision

    def owe(self, bucket: str, tokens: int) -> None:
        with self._lock:
            _keep(self._debts, bucket, self._debts.pop(bucket, 0) + tokens, size=self._size)

    def take_debt(self, bucket: str, policy: Policy, *, now: int) -> tuple[int, State]:
        """What is owed and has not come back since, and the count that it stems from."""
        with self._lock:
            alone = refilled(policy, self._states.get(bucket), now)
            return min(self._debts.pop(bucket, 0), policy.capacity - alone.level), alone


def _keep(kept: dict[str, _Kept], name: str, value: _Kept, *, size: int) -> None:
    """Put `value` last; the one that was put longest ago makes room."""
    kept[name] = value
    if len(kept) > size:
        del kept[next(iter(kept))]
