"""The single table behind structured reads and conditional, all-or-nothing writes.

Callers say what must hold (`Condition`) and what shall change (`Put`, `Update`, `Delete`, `Check`); the expressions of
DynamoDB are written here and nowhere else. Attribute names may be dotted paths into maps (`row.status`).
"""

import random
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from trimetric.dynamo.keys import INDEXES, PARTITION, SORT, Key
from trimetric.errors import Unavailable

Value = str | int | bool | bytes | None | list[Any] | dict[str, Any]
Item = dict[str, Any]

#: TransactWriteItems takes no more.
MAX_ACTIONS = 100
MAX_BATCH_GET = 100

#: Seconds before a transaction that met another one is tried again; each is drawn between nothing and twice the value.
CONFLICT_PAUSES = (0.01, 0.02, 0.04, 0.08, 0.16, 0.3, 0.5, 0.8)


@dataclass(frozen=True, slots=True)
class Condition:
    attribute: str
    operator: Literal["absent", "present", "=", "<>", "<", "<=", ">", ">="]
    value: Value = None
    #: Also true where the attribute is missing.
    or_absent: bool = False


def absent(attribute: str = PARTITION) -> Condition:
    return Condition(attribute, "absent")


def present(attribute: str = PARTITION) -> Condition:
    return Condition(attribute, "present")


def equals(attribute: str, value: Value) -> Condition:
    return Condition(attribute, "=", value)


@dataclass(frozen=True, slots=True)
class Put:
    item: Item
    conditions: Sequence[Condition] = ()

    @property
    def key(self) -> Key:
        return Key(self.item[PARTITION], self.item[SORT])


@dataclass(frozen=True, slots=True)
class Update:
    """`add` counts from 0 where the attribute is missing."""

    key: Key
    set: Mapping[str, Value] = field(default_factory=dict)
    add: Mapping[str, int] = field(default_factory=dict)
    remove: Sequence[str] = ()
    conditions: Sequence[Condition] = ()


@dataclass(frozen=True, slots=True)
class Delete:
    key: Key
    conditions: Sequence[Condition] = ()


@dataclass(frozen=True, slots=True)
class Check:
    key: Key
    conditions: Sequence[Condition]


Action = Put | Update | Delete | Check


class ConditionFailed(Exception):
    """Nothing was written. `failures` maps the place of each refused action to the item as it is (None: absent)."""

    def __init__(self, failures: Mapping[int, Item | None]) -> None:
        self.failures = dict(failures)
        super().__init__(f"conditions failed at {sorted(self.failures)}")


@dataclass(slots=True)
class Meter:
    """What the store did since the last reset. A refused condition reports no units; AWS bills it as one write."""

    calls: int = 0
    read_units: float = 0.0
    write_units: float = 0.0
    seconds: float = 0.0
    #: Reads that do not wait for each other come from two threads.
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False, compare=False)

    def reset(self) -> None:
        with self._lock:
            self.calls, self.read_units, self.write_units, self.seconds = 0, 0.0, 0.0, 0.0

    def count(self, calls: int, read_units: float, write_units: float, seconds: float = 0.0) -> None:
        with self._lock:
            self.calls += calls
            self.read_units += read_units
            self.write_units += write_units
            self.seconds += seconds


class Table(Protocol):
    """What repositories need; `tests/contracts` holds each implementation to it."""

    def get(self, key: Key) -> Item | None: ...

    def get_many(self, keys: Iterable[Key]) -> dict[Key, Item]: ...

    def query(
        self,
        pk: str,
        *,
        limit: int,
        index: str | None = None,
        prefix: str = "",
        after: str | None = None,
        forward: bool = True,
        where: Sequence[Condition] = (),
    ) -> list[Item]:
        """Up to `limit` items whose sort key begins with `prefix` and lies beyond `after`, strongly consistent."""
        ...

    def write(self, *actions: Action) -> None:
        """All or nothing; ConditionFailed says which conditions did not hold."""
        ...


class DynamoTable:
    def __init__(
        self,
        client: Any,
        name: str,
        *,
        meter: Meter | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self.name = name
        self.meter = meter or Meter()
        self._sleep = sleep

    def get(self, key: Key) -> Item | None:
        answer = self._call("get_item", Key=_key(key), ConsistentRead=True)
        return _from_wire(answer["Item"]) if "Item" in answer else None

    def get_many(self, keys: Iterable[Key]) -> dict[Key, Item]:
        wanted = [_key(key) for key in dict.fromkeys(keys)]
        found: dict[Key, Item] = {}
        pauses = iter(CONFLICT_PAUSES)
        while wanted:
            batch, wanted = wanted[:MAX_BATCH_GET], wanted[MAX_BATCH_GET:]
            answer = self._call("batch_get_item", RequestItems={self.name: {"Keys": batch, "ConsistentRead": True}})
            items = answer.get("Responses", {}).get(self.name, [])
            for item in map(_from_wire, items):
                found[Key(item[PARTITION], item[SORT])] = item
            missed = answer.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", [])
            if missed and not items:
                self._pause(pauses)
            wanted += missed
        return found

    def query(
        self,
        pk: str,
        *,
        limit: int,
        index: str | None = None,
        prefix: str = "",
        after: str | None = None,
        forward: bool = True,
        where: Sequence[Condition] = (),
    ) -> list[Item]:
        expression = _Expression()
        sort = INDEXES[index] if index else SORT
        condition = f"{expression.name(PARTITION)} = {expression.value(pk)}"
        bounds = _bounds(prefix, after, forward)
        if bounds:
            low, high = (expression.value(bound) for bound in bounds)
            condition += f" AND {expression.name(sort)} BETWEEN {low} AND {high}"
        request: dict[str, Any] = {
            "KeyConditionExpression": condition,
            "ConsistentRead": True,
            "ScanIndexForward": forward,
        }
        if index:
            request["IndexName"] = index
        if where:
            request["FilterExpression"] = expression.all_of(where)
        request |= expression.attributes()
        items: list[Item] = []
        while len(items) < limit:
            # Behind a filter, small pages would cost a round trip for each handful of matches.
            request["Limit"] = max(limit, 1000) if where else limit - len(items)
            answer = self._call("query", **request)
            items += map(_from_wire, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                break
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
        return items[:limit]

    def write(self, *actions: Action) -> None:
        if len(actions) == 1 and not isinstance(actions[0], Check):
            self._write_one(actions[0])
        else:
            self._write_all(actions)

    def _write_one(self, action: Action) -> None:
        verb, request = self._request(action)
        try:
            self._call(f"{verb.lower()}_item", **request)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            found = _old_item(error.response)
            if not (_was_sent_again(error.response) and _holds(action, found)):
                raise ConditionFailed({0: found}) from error

    def _write_all(self, actions: Sequence[Action]) -> None:
        items = [{verb: request} for verb, request in map(self._request, actions)]
        pauses = iter(CONFLICT_PAUSES)
        token = secrets.token_hex(16)
        while True:
            try:
                self._call("transact_write_items", TransactItems=items, ClientRequestToken=token)
                return
            except ClientError as error:
                if error.response["Error"]["Code"] not in (
                    "TransactionCanceledException",
                    "TransactionInProgressException",
                ):
                    raise
                reasons = error.response.get("CancellationReasons", [])
                failures = {
                    place: _old_item(reason)
                    for place, reason in enumerate(reasons)
                    if reason.get("Code") == "ConditionalCheckFailed"
                }
                if failures:
                    raise ConditionFailed(failures) from error
                transient = {"None", "TransactionConflict", "ProvisionedThroughputExceeded", "ThrottlingError"}
                if not {reason.get("Code", "None") for reason in reasons} <= transient:
                    raise
                if reasons:
                    # It was cancelled, so the next one is another. One that is in progress keeps its token.
                    token = secrets.token_hex(16)
            self._pause(pauses)

    def _pause(self, pauses: Any) -> None:
        pause = next(pauses, None)
        if pause is None:
            raise Unavailable(headers={"Retry-After": "1"})
        self._sleep(_JITTER.uniform(0, 2 * pause))

    def _request(self, action: Action) -> tuple[str, dict[str, Any]]:
        expression = _Expression()
        request: dict[str, Any] = {"TableName": self.name}
        if isinstance(action, Put):
            verb = "Put"
            request["Item"] = {name: to_wire(value) for name, value in action.item.items() if value is not None}
        else:
            verb = {Update: "Update", Delete: "Delete", Check: "ConditionCheck"}[type(action)]
            request["Key"] = _key(action.key)
        if isinstance(action, Update):
            request["UpdateExpression"] = expression.update(action)
        if action.conditions:
            request["ConditionExpression"] = expression.all_of(action.conditions)
            request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        return verb, request | expression.attributes()

    def _call(self, operation: str, **request: Any) -> dict[str, Any]:
        if operation not in ("transact_write_items", "batch_get_item"):
            request["TableName"] = self.name
        began = time.perf_counter()
        write = operation not in ("get_item", "batch_get_item", "query")
        units = 0.0
        try:
            answer: dict[str, Any] = getattr(self._client, operation)(ReturnConsumedCapacity="TOTAL", **request)
            capacity = answer.get("ConsumedCapacity") or []
            entries = capacity if isinstance(capacity, list) else [capacity]
            units = sum(entry.get("CapacityUnits", 0.0) for entry in entries)
            return answer
        except ClientError as error:
            units = float(write)
            if error.response["Error"]["Code"] in _BUSY:
                raise Unavailable(headers={"Retry-After": "1"}) from error
            raise
        except BotoCoreError as error:
            raise Unavailable(headers={"Retry-After": "1"}) from error
        finally:
            spent = time.perf_counter() - began
            self.meter.count(1, 0.0 if write else units, units if write else 0.0, spent)


_JITTER = random.SystemRandom()

_BUSY = {
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
    "InternalServerError",
    "ServiceUnavailable",
}

#: Sorts after every character that a key holds.
_LAST = "\U0010ffff"


def _bounds(prefix: str, after: str | None, forward: bool) -> tuple[str, str] | None:
    if not prefix and after is None:
        return None
    low, high = prefix or "\x01", prefix + _LAST
    if after is not None and forward:
        low = after + "\x01"
    elif after is not None:
        high = after[:-1] + chr(ord(after[-1]) - 1) + _LAST
    return (low, high)


class _Expression:
    """Names and values of one request, numbered in order of use."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._values: dict[str, Any] = {}

    def name(self, path: str) -> str:
        return ".".join(self._names.setdefault(part, f"#n{len(self._names)}") for part in path.split("."))

    def value(self, value: Value) -> str:
        placeholder = f":v{len(self._values)}"
        self._values[placeholder] = to_wire(value)
        return placeholder

    def all_of(self, conditions: Iterable[Condition]) -> str:
        return " AND ".join(map(self._condition, conditions))

    def _condition(self, condition: Condition) -> str:
        name = self.name(condition.attribute)
        if condition.operator == "absent":
            return f"attribute_not_exists({name})"
        if condition.operator == "present":
            return f"attribute_exists({name})"
        comparison = f"{name} {condition.operator} {self.value(condition.value)}"
        return f"(attribute_not_exists({name}) OR {comparison})" if condition.or_absent else comparison

    def update(self, action: Update) -> str:
        sets = [f"{self.name(path)} = {self.value(value)}" for path, value in action.set.items()]
        sets += [
            f"{(name := self.name(path))} = if_not_exists({name}, {self.value(0)}) + {self.value(amount)}"
            for path, amount in action.add.items()
        ]
        removes = [self.name(path) for path in action.remove]
        clauses = [("SET", sets), ("REMOVE", removes)]
        return " ".join(f"{verb} {', '.join(parts)}" for verb, parts in clauses if parts)

    def attributes(self) -> dict[str, Any]:
        request: dict[str, Any] = {}
        if self._names:
            request["ExpressionAttributeNames"] = {placeholder: name for name, placeholder in self._names.items()}
        if self._values:
            request["ExpressionAttributeValues"] = self._values
        return request


def _was_sent_again(answer: Mapping[str, Any]) -> bool:
    """Whether botocore repeated the request, so that its first try may have been carried out with the answer lost."""
    return bool(answer.get("ResponseMetadata", {}).get("RetryAttempts", 0))


def _holds(action: Action, item: Item | None) -> bool:
    """Whether the item is as this action leaves it. Sums cannot be told from others' and never count as done."""
    match action:
        case Put():
            return item == {name: value for name, value in action.item.items() if value is not None}
        case Delete():
            return item is None
        case Update(add=add) if item is not None and not add:
            as_set = all(_member(item, path) == value for path, value in action.set.items())
            return as_set and all(_member(item, path) is None for path in action.remove)
    return False


def _member(item: Item, path: str) -> Any:
    value: Any = item
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _key(key: Key) -> dict[str, Any]:
    return {PARTITION: {"S": key.pk}, SORT: {"S": key.sk}}


def _old_item(answer: Mapping[str, Any]) -> Item | None:
    return _from_wire(answer["Item"]) if answer.get("Item") else None


def to_wire(value: Value) -> dict[str, Any]:
    match value:
        case bool():
            return {"BOOL": value}
        case None:
            return {"NULL": True}
        case str():
            return {"S": value}
        case int():
            return {"N": str(value)}
        case bytes():
            return {"B": value}
        case list():
            return {"L": [to_wire(member) for member in value]}
        case dict():
            return {"M": {name: to_wire(member) for name, member in value.items()}}
    raise TypeError(f"the table does not take {type(value).__name__}")


def from_wire(attribute: Mapping[str, Any]) -> Value:
    kind, value = next(iter(attribute.items()))
    match kind:
        case "N":
            return int(value)
        case "NULL":
            return None
        case "L":
            return [from_wire(member) for member in value]
        case "M":
            return {name: from_wire(member) for name, member in value.items()}
        case "S" | "BOOL" | "B":
            plain: Value = value
            return plain
    raise TypeError(f"the table does not hold {kind}")


def _from_wire(item: Mapping[str, Any]) -> Item:
    return {name: from_wire(attribute) for name, attribute in item.items()}
