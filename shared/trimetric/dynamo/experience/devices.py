"""Devices of the Micrometrics dialect in the single table."""

from collections.abc import Sequence
from typing import Any

from trimetric.domain import times
from trimetric.domain.experience.devices import Device, Status
from trimetric.dynamo import keys
from trimetric.dynamo.table import Action, Check, Condition, Delete, Item, Put, Table, Update, absent, equals, present

#: Missing until the first response.
_SEEN = "row.last_seen_at"


class Devices:
    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, workspace_id: str, device_id: str) -> Device | None:
        item = self._table.get(keys.device(workspace_id, device_id))
        return device_of(item) if item else None

    def list(self, workspace_id: str, *, first: int, last: int, after: str | None, limit: int) -> list[Device]:
        """Created from `first` to `last` (milliseconds, inclusive), in that order; `after` ended the page before."""
        items = self._table.query(
            keys.devices(workspace_id), index="lsi1", after=after or keys.by_creation(first), limit=limit
        )
        return [device_of(item) for item in items if item["l1"] <= keys.by_creation(last, "~")]


def position_of(device: Device) -> str:
    """Where it stands in `Devices.list`."""
    return keys.by_creation(times.to_millis(times.parse(device.created_at)), device.id)


def creation(workspace_id: str, device: Device) -> Action:
    return Put(_item(workspace_id, device), [absent()])


def change(workspace_id: str, device: Device, *, seen: Device) -> Action:
    """Refused if the device is not as `seen` any more, also where only a response has come from it."""
    return Put(_item(workspace_id, device), _unchanged(seen))


def deletion(workspace_id: str, device: Device) -> Action:
    """Refused if the device changed or is gone."""
    return Delete(keys.device(workspace_id, device.id), _unchanged(device))


def seen(workspace_id: str, device: Device, at: str) -> Action:
    """To be written with a response of this device that was submitted `at`; refused if the device is gone.

    `last_seen_at` never goes back: the response of a moment before the last one leaves it. Where a later one came in
    between, the action is refused, and is to be made anew from the device as it is.
    """
    key = keys.device(workspace_id, device.id)
    if device.last_seen_at is not None and at <= device.last_seen_at:
        return Check(key, [present()])
    return Update(key, set={_SEEN: at}, conditions=[present(), Condition(_SEEN, "<", at, or_absent=True)])


def device_of(item: Item) -> Device:
    """From a whole item or from an index's projection (which has no version: lists do not show it)."""
    row = {**item["row"], "status": Status(item["row"]["status"])}
    return Device(id=item["sk"], version=item.get("version", 0), **row)


def _unchanged(device: Device) -> Sequence[Condition]:
    last_seen = absent(_SEEN) if device.last_seen_at is None else equals(_SEEN, device.last_seen_at)
    return [equals("version", device.version), last_seen]


def _item(workspace_id: str, device: Device) -> Item:
    key = keys.device(workspace_id, device.id)
    row: dict[str, Any] = {
        "name": device.name,
        "location": device.location,
        "status": device.status.value,
        "survey_id": device.survey_id,
        "metadata": device.metadata,
        "created_at": device.created_at,
        "updated_at": device.updated_at,
    }
    if device.last_seen_at is not None:
        row["last_seen_at"] = device.last_seen_at
    return {"pk": key.pk, "sk": key.sk, "row": row, "version": device.version, "l1": position_of(device)}
