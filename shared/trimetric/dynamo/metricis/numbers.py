"""Ids that are counted per workspace: 1, 2, 3, …"""

from dataclasses import dataclass

from trimetric.dynamo import keys
from trimetric.dynamo.table import Action, Table, Update, absent, equals


@dataclass(frozen=True, slots=True)
class NextNumber:
    """`claim` joins the transaction that uses `number`; it is refused if somebody else took the number meanwhile."""

    number: int
    claim: Action


def next_number(table: Table, workspace_id: str, name: str) -> NextNumber:
    key = keys.given_number(workspace_id, name)
    item = table.get(key)
    if item is None:
        return NextNumber(1, Update(key, set={"last": 1}, conditions=[absent()]))
    last = item["last"]
    return NextNumber(last + 1, Update(key, set={"last": last + 1}, conditions=[equals("last", last)]))
