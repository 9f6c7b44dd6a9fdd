"""The UpdateItem of a token-bucket table, in memory: one key, whole numbers, the expressions that buckets need."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from trimetric.domain.throttle import State

Row = dict[str, int]

_TOKEN = re.compile(r"[#:]?\w+|<=|>=|[=<>()+,-]")
_COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    "=": lambda left, right: left == right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


class FakeBucketsClient:
    """`rows` is the table. `before` runs ahead of each request, `after` when it was applied, with the answer.

    Either may raise: the request is then refused, or its answer is lost.
    """

    def __init__(
        self,
        before: Callable[[], None] = lambda: None,
        after: Callable[[dict[str, Any]], None] = lambda answer: None,
    ) -> None:
        self.rows: dict[str, Row] = {}
        self.before = before
        self.after = after

    def state(self, bucket: str) -> State | None:
        row = self.rows.get(bucket)
        return State(row["level"], row["stamp"]) if row else None

    def update_item(self, **request: Any) -> dict[str, Any]:
        self.before()
        bucket = request["Key"]["bucket"]["S"]
        row = self.rows.get(bucket)
        if not _Reader(request["ConditionExpression"], request, row).condition():
            raise _condition_failed(row)
        changed = {**(row or {}), **_Reader(request["UpdateExpression"], request, row).update()}
        self.rows[bucket] = changed
        answer = {"Attributes": _item(changed), "ConsumedCapacity": {"CapacityUnits": 1.0}}
        self.after(answer)
        return answer


class _Reader:
    """Reads one expression from left to right and works it out on the way."""

    def __init__(self, expression: str, request: dict[str, Any], row: Row | None) -> None:
        self._tokens: Iterator[str] = iter([*_TOKEN.findall(expression), ""])
        self._next = next(self._tokens)
        self._names: dict[str, str] = request["ExpressionAttributeNames"]
        self._values = {name: int(value["N"]) for name, value in request["ExpressionAttributeValues"].items()}
        self._exists = row is not None
        self._row = row or {}

    def condition(self) -> bool:
        holds = self._all()
        while self._accept("OR"):
            # Both sides are always read, or the reader would lose its place.
            holds = self._all() | holds
        return holds

    def update(self) -> Row:
        self._expect("SET")
        changes = dict([self._assignment()])
        while self._accept(","):
            changes |= [self._assignment()]
        return changes

    def _all(self) -> bool:
        holds = self._clause()
        while self._accept("AND"):
            holds = self._clause() & holds
        return holds

    def _clause(self) -> bool:
        if self._accept("("):
            holds = self.condition()
            self._expect(")")
            return holds
        if self._accept("attribute_not_exists"):
            self._expect("(")
            self._take()
            self._expect(")")
            return not self._exists
        left, compare, right = self._operand(), _COMPARISONS[self._take()], self._operand()
        return left is not None and right is not None and compare(left, right)

    def _assignment(self) -> tuple[str, int]:
        name = self._names[self._take()]
        self._expect("=")
        value = self._term()
        while self._next in ("+", "-"):
            sign = 1 if self._take() == "+" else -1
            value += sign * self._term()
        return name, value

    def _term(self) -> int:
        if self._accept("if_not_exists"):
            self._expect("(")
            stored = self._operand()
            self._expect(",")
            default = self._term()
            self._expect(")")
            return default if stored is None else stored
        operand = self._operand()
        if operand is None:
            raise AssertionError("an update reads an attribute that is not there")
        return operand

    def _operand(self) -> int | None:
        token = self._take()
        return self._values[token] if token.startswith(":") else self._row.get(self._names[token])

    def _take(self) -> str:
        token, self._next = self._next, next(self._tokens, "")
        return token

    def _accept(self, token: str) -> bool:
        if self._next != token:
            return False
        self._take()
        return True

    def _expect(self, token: str) -> None:
        if not self._accept(token):
            raise AssertionError(f"expected {token!r}, found {self._next!r}")


def _item(row: Row) -> dict[str, Any]:
    return {name: {"N": str(value)} for name, value in row.items()}


def _condition_failed(row: Row | None) -> ClientError:
    answer: Any = {"Error": {"Code": "ConditionalCheckFailedException", "Message": "The conditional failed"}}
    if row:
        answer["Item"] = _item(row)
    return ClientError(answer, "UpdateItem")
