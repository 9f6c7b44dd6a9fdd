"""Ids that are counted per workspace: 1, 2, 3, …"""

from dataclasses import dataclass

from trimetric.dynamo import keys
from trimetric.dynamo.keys import Key
from trimetric.dynamo.table import Action, Condition, Table, Update


@dataclass(frozen=True, slots=True)
class NextNumber:
    """`claim` joins the transaction that uses `number`; it is refused if somebody else took the number meanwhile."""

    number: int
    claim: Action


def next_number(table: Table, workspace_id: str, name: str) -> NextNumber:
    counter = keys.given_number(workspace_id, name)
    number = last_number(table, counter) + 1
    return NextNumber(number, claim(counter, number))


def last_number(table: Table, counter: Key) -> int:
    """0 before the first."""
    item = table.get(counter)
    return item["last"] if item else 0


def claim(counter: Key, number: int) -> Action:
    """Refused unless the number before it was the last one that was taken."""
    unchanged = Condition("last", "=", number - 1, or_absent=number == 1)
    return Update(counter, set={"last": number}, conditions=[unchanged])
