"""Single conditional writes whose first answer was lost: botocore sends them again and meets its own effect."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from trimetric.dynamo.keys import Key
from trimetric.dynamo.table import (
    Action,
    ConditionFailed,
    Delete,
    DynamoTable,
    Item,
    Put,
    Update,
    absent,
    equals,
    present,
    to_wire,
)

KEY = Key("p", "s")
WRITTEN: Item = {"pk": "p", "sk": "s", "row": {"name": "new"}, "version": 2}


class Refusing:
    """A client whose every write fails its condition and shows the item as it stands."""

    def __init__(self, found: Item | None, *, retries: int) -> None:
        self._answer: Any = {
            "Error": {"Code": "ConditionalCheckFailedException", "Message": "no"},
            "ResponseMetadata": {"RetryAttempts": retries},
        }
        if found is not None:
            self._answer["Item"] = {name: to_wire(value) for name, value in found.items()}

    def __getattr__(self, operation: str) -> Any:
        def refuse(**_: Any) -> None:
            raise ClientError(self._answer, operation)

        return refuse


CASES: dict[str, tuple[Action, Item | None]] = {
    "put": (Put(WRITTEN, [absent()]), WRITTEN),
    "update": (Update(KEY, set={"row": {"name": "new"}, "version": 2}, conditions=[equals("version", 1)]), WRITTEN),
    "removal of a member": (
        Update(KEY, set={"row.name": "new"}, remove=["l3", "row.pending"], conditions=[equals("version", 1)]),
        WRITTEN,
    ),
    "delete": (Delete(KEY, [present()]), None),
}


@pytest.mark.parametrize(("action", "found"), CASES.values(), ids=CASES.keys())
def test_own_effect_met_by_the_second_try_is_success(action: Action, found: Item | None) -> None:
    DynamoTable(Refusing(found, retries=1), "table").write(action)


@pytest.mark.parametrize(("action", "found"), CASES.values(), ids=CASES.keys())
def test_first_try_that_is_refused_was_somebody_elses_doing(action: Action, found: Item | None) -> None:
    with pytest.raises(ConditionFailed) as refused:
        DynamoTable(Refusing(found, retries=0), "table").write(action)
    assert refused.value.failures == {0: found}


FOREIGN: dict[str, tuple[Action, Item | None]] = {
    "put, other content": (Put({**WRITTEN, "version": 3}, [absent()]), WRITTEN),
    "update, other value": (Update(KEY, set={"version": 3}, conditions=[equals("version", 1)]), WRITTEN),
    "update, member still there": (Update(KEY, remove=["version"], conditions=[equals("version", 1)]), WRITTEN),
    "update of nothing": (Update(KEY, set={"version": 2}, conditions=[present()]), None),
    "sum": (Update(KEY, add={"version": 1}, conditions=[equals("version", 1)]), WRITTEN),
    "delete, still there": (Delete(KEY, [equals("version", 1)]), WRITTEN),
}


@pytest.mark.parametrize(("action", "found"), FOREIGN.values(), ids=FOREIGN.keys())
def test_second_try_that_meets_another_effect_is_refused(action: Action, found: Item | None) -> None:
    with pytest.raises(ConditionFailed):
        DynamoTable(Refusing(found, retries=1), "table").write(action)
