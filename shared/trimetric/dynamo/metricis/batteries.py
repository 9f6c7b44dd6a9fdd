"""Batteries in the single table. `counts.sessions` moves in the sessions' transactions."""

from collections.abc import Iterable, Mapping
from typing import Any

from trimetric.domain.metricis.batteries import Battery
from trimetric.dynamo import blobs, keys
from trimetric.dynamo.table import Action, Condition, Delete, Item, Put, Table, Update, absent, equals, present


class Batteries:
    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, workspace_id: str, number: int) -> Battery | None:
        item = self._table.get(keys.battery(workspace_id, number))
        return _battery(item) if item else None

    def get_many(self, workspace_id: str, numbers: Iterable[int]) -> list[Battery]:
        """In the order of `numbers`; those that are gone are left out."""
        wanted = [keys.battery(workspace_id, number) for number in numbers]
        found = self._table.get_many(wanted)
        return [_battery(found[key]) for key in wanted if key in found]


def fits(tasks: Iterable[Mapping[str, Any]]) -> bool:
    """Whether one item holds these tasks."""
    return blobs.fits(_packed(tasks))


def creation(workspace_id: str, battery: Battery) -> Action:
    return Put(_item(workspace_id, battery) | {"counts": {"sessions": 0}}, [absent()])


def change(workspace_id: str, battery: Battery, *, seen: int) -> Action:
    """Refused if the battery is not at version `seen` any more."""
    item = _item(workspace_id, battery)
    return Update(
        keys.battery(workspace_id, battery.number),
        set={name: item[name] for name in ("row", "tasks", "version")},
        conditions=[equals("version", seen)],
    )


def deletion(workspace_id: str, battery: Battery) -> Action:
    """Refused if the battery changed, is gone or a session uses it."""
    conditions = [equals("version", battery.version), equals("counts.sessions", 0)]
    return Delete(keys.battery(workspace_id, battery.number), conditions)


def session_counted(workspace_id: str, number: int, *, by: int) -> Action:
    """A session that uses the battery came (1) or went (-1); refused if there is no such battery."""
    condition = present() if by > 0 else Condition("counts.sessions", ">=", -by)
    return Update(keys.battery(workspace_id, number), add={"counts.sessions": by}, conditions=[condition])


def _item(workspace_id: str, battery: Battery) -> Item:
    key = keys.battery(workspace_id, battery.number)
    row = {
        "study_id": battery.study_id,
        "name": battery.name,
        "description": battery.description,
        "estimated_minutes": battery.estimated_minutes,
        "created_at": battery.created_at,
        "updated_at": battery.updated_at,
    }
    tasks = _packed(battery.tasks)
    return {
        "pk": key.pk,
        "sk": key.sk,
        "number": battery.number,
        "row": row,
        "tasks": tasks,
        "version": battery.version,
    }


def _packed(tasks: Iterable[Mapping[str, Any]]) -> bytes:
    return blobs.pack([dict(task) for task in tasks])


def _battery(item: Item) -> Battery:
    return Battery(
        number=item["number"],
        tasks=blobs.unpack(item["tasks"]),
        version=item["version"],
        sessions=item["counts"]["sessions"],
        **item["row"],
    )
