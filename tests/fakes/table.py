"""The single table in memory, held to the same contract as the real one by `tests/contracts/test_table.py`."""

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from trimetric.dynamo.keys import INDEXES, PARTITION, PROJECTED, SORT, Key
from trimetric.dynamo.table import (
    MAX_ACTIONS,
    Action,
    Check,
    Condition,
    ConditionFailed,
    Delete,
    Item,
    Put,
    Update,
    to_wire,
)

Hook = Callable[[str], None]
Answer = TypeVar("Answer")

MAX_ITEM_BYTES = 400 * 1024
_INDEXED = frozenset(INDEXES.values())
_ORDERED = (str, int, bytes)


def _nothing(operation: str) -> None:
    pass


class FakeTable:
    """`before` runs ahead of each call and `after` behind it, with the method's name; either may raise.

    What `before` raises stands for a store that was not reached, what `after` raises for an answer that was lost.
    """

    def __init__(self, *, before: Hook = _nothing, after: Hook = _nothing) -> None:
        self.before = before
        self.after = after
        self._partitions: dict[str, dict[str, Item]] = {}
        self._lock = threading.RLock()

    def get(self, key: Key) -> Item | None:
        return self._run("get", lambda: self._copy(key))

    def get_many(self, keys: Iterable[Key]) -> dict[Key, Item]:
        wanted = list(dict.fromkeys(keys))
        return self._run("get_many", lambda: {key: item for key in wanted if (item := self._copy(key)) is not None})

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
        sort = INDEXES[index] if index else SORT

        def beyond(value: str) -> bool:
            return after is None or (value > after if forward else value < after)

        def read() -> list[Item]:
            found = [item for item in self._partitions.get(pk, {}).values() if sort in item]
            found = [item for item in found if item[sort].startswith(prefix) and beyond(item[sort])]
            found.sort(key=lambda item: (item[sort], item[SORT]), reverse=not forward)
            shown = [_projected(item, sort) if index else item for item in found]
            return [_plain(item) for item in shown if _all_hold(where, item)][:limit]

        return self._run("query", read)

    def write(self, *actions: Action) -> None:
        self._run("write", lambda: self._write(actions))

    def items(self) -> list[Item]:
        """Everything, for tests that look behind the scenes."""
        with self._lock:
            return [_plain(item) for partition in self._partitions.values() for item in partition.values()]

    def _run(self, operation: str, call: Callable[[], Answer]) -> Answer:
        self.before(operation)
        with self._lock:
            answer = call()
        self.after(operation)
        return answer

    def _write(self, actions: Sequence[Action]) -> None:
        _check_request(actions)
        failures = {
            place: self._copy(action.key)
            for place, action in enumerate(actions)
            if not _all_hold(action.conditions, self._stored(action.key) or {})
        }
        if failures:
            raise ConditionFailed(failures)
        changed = {action.key: self._result(action) for action in actions if not isinstance(action, Check)}
        for key, item in changed.items():
            partition = self._partitions.setdefault(key.pk, {})
            partition.pop(key.sk, None)
            if item is not None:
                partition[str(key.sk)] = item

    def _result(self, action: Put | Update | Delete) -> Item | None:
        if isinstance(action, Delete):
            return None
        if isinstance(action, Put):
            item = {name: value for name, value in action.item.items() if value is not None}
        else:
            item = _updated(self._copy(action.key), action)
        _check_item(item)
        stored: Item = _plain(item)
        return stored

    def _stored(self, key: Key) -> Item | None:
        return self._partitions.get(key.pk, {}).get(key.sk)

    def _copy(self, key: Key) -> Item | None:
        item = self._stored(key)
        copy: Item | None = None if item is None else _plain(item)
        return copy


def _projected(item: Item, sort: str) -> Item:
    return {name: item[name] for name in (PARTITION, SORT, sort, *PROJECTED) if name in item}


def _plain(value: Any) -> Any:
    """A deep copy as the wire would give it back: enumerations become their values."""
    match value:
        case bool() | None | bytes():
            return value
        case str():
            return str(value)
        case int():
            return int(value)
        case list():
            return [_plain(member) for member in value]
        case dict():
            return {str(name): _plain(member) for name, member in value.items()}
    raise TypeError(f"the table does not take {type(value).__name__}")


# -- conditions -------------------------------------------------------------------------------------------------------


def _all_hold(conditions: Sequence[Condition], item: Item) -> bool:
    return all(_holds(condition, item) for condition in conditions)


def _holds(condition: Condition, item: Item) -> bool:
    exists, stored = _find(item, condition.attribute)
    if condition.operator == "absent":
        return not exists
    if condition.operator == "present":
        return exists
    if not exists:
        # A missing attribute is unequal to everything, and stands in no other relation.
        return condition.or_absent or condition.operator == "<>"
    if condition.operator in ("=", "<>"):
        return (to_wire(stored) == to_wire(condition.value)) is (condition.operator == "=")
    return _in_order(stored, condition)


def _in_order(stored: Any, condition: Condition) -> bool:
    value: Any = condition.value
    if next(iter(to_wire(stored))) != next(iter(to_wire(value))):
        return False
    match condition.operator:
        case "<":
            return bool(stored < value)
        case "<=":
            return bool(stored <= value)
        case ">":
            return bool(stored > value)
    return bool(stored >= value)


def _find(item: Item, path: str) -> tuple[bool, Any]:
    found: Any = item
    for part in path.split("."):
        if not isinstance(found, dict) or part not in found:
            return False, None
        found = found[part]
    return True, found


# -- changes ----------------------------------------------------------------------------------------------------------


def _updated(item: Item | None, action: Update) -> Item:
    before = item or {PARTITION: action.key.pk, SORT: action.key.sk}
    after: Item = _plain(before)
    for path, value in action.set.items():
        parent, name = _parent(after, path)
        parent[name] = value
    for path, amount in action.add.items():
        parent, name = _parent(after, path)
        exists, counted = _find(before, path)
        if exists and (isinstance(counted, bool) or not isinstance(counted, int)):
            raise _refused(f"{path} is not a number")
        parent[name] = (counted if exists else 0) + amount
    for path in action.remove:
        parent, name = _parent(after, path)
        parent.pop(name, None)
    return after


def _parent(item: Item, path: str) -> tuple[Item, str]:
    *way, name = path.split(".")
    exists, parent = _find(item, ".".join(way)) if way else (True, item)
    if not exists or not isinstance(parent, dict):
        raise _refused("the document path provided in the update expression is invalid for update")
    return parent, name


# -- what the service refuses -----------------------------------------------------------------------------------------


def _check_request(actions: Sequence[Action]) -> None:
    if not 1 <= len(actions) <= MAX_ACTIONS:
        raise _refused(f"a transaction takes 1 to {MAX_ACTIONS} actions")
    if len({action.key for action in actions}) < len(actions):
        raise _refused("a transaction cannot include multiple operations on one item")
    for action in actions:
        if isinstance(action, Update):
            _check_update(action)
        if isinstance(action, Check) and not action.conditions:
            raise _refused("a check needs a condition")
        for condition in action.conditions:
            _check_condition(condition)


def _check_condition(condition: Condition) -> None:
    ordered = isinstance(condition.value, _ORDERED) and not isinstance(condition.value, bool)
    if condition.operator in ("<", "<=", ">", ">=") and not ordered:
        raise _refused(f"operand of {condition.operator} has no order")


def _check_update(action: Update) -> None:
    paths = [*action.set, *action.add, *action.remove]
    if not paths:
        raise _refused("an update needs a change")
    if {PARTITION, SORT} & set(paths):
        raise _refused("an update cannot change the key")
    for place, path in enumerate(paths):
        if any(f"{other}.".startswith(f"{path}.") for other in paths[:place] + paths[place + 1 :]):
            raise _refused("two document paths overlap")


def _check_item(item: Item) -> None:
    for name in (PARTITION, SORT):
        if not isinstance(item.get(name), str) or not item[name]:
            raise _refused(f"{name} must be a text of one character or more")
    for name in _INDEXED & item.keys():
        if not isinstance(item[name], str) or not item[name]:
            raise _refused(f"{name} is the key of an index")
    if _bytes(item) > MAX_ITEM_BYTES:
        raise _refused("item size has exceeded the maximum allowed size")


def _bytes(value: Any) -> int:
    """By the rules that the service publishes; numbers, which it packs, are counted as their digits."""
    match value:
        case bool() | None:
            return 1
        case str():
            return len(value.encode())
        case int():
            _check_number(value)
            return len(str(value))
        case bytes():
            return len(value)
        case list():
            return 3 + sum(1 + _bytes(member) for member in value)
        case dict():
            return 3 + sum(1 + len(name.encode()) + _bytes(member) for name, member in value.items())
    raise TypeError(f"the table does not take {type(value).__name__}")


def _check_number(number: int) -> None:
    if len(str(abs(number)).rstrip("0")) > 38:
        raise _refused("a number has 38 significant digits at most")


def _refused(message: str) -> ClientError:
    return ClientError({"Error": {"Code": "ValidationException", "Message": message}}, "Write")
