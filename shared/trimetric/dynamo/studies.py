"""Studies and their designs in the single table."""

from collections.abc import Mapping, Sequence
from typing import Any

from trimetric.domain.studies import Counts, Status, Study
from trimetric.domain.study_types.design import Design
from trimetric.dynamo import blobs, folders, keys
from trimetric.dynamo.table import Action, Condition, Delete, Item, Put, Table, Update, Value, absent, equals
from trimetric.errors import Unavailable

#: The index that serves a filter, most selective first; the other filters are applied to what it finds.
_INDEXES = {"folder_id": "lsi3", "type": "lsi2", "status": "lsi1"}

#: How often a study and its design are read before a stream of writes between the two reads counts as overload.
_READS = 10


class Studies:
    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, workspace_id: str, study_id: str) -> Study | None:
        item = self._table.get(keys.study(workspace_id, study_id))
        return _study(item) if item else None

    def with_design(self, workspace_id: str, study_id: str) -> tuple[Study, Design] | None:
        """Both in one round trip, and of one moment.

        A batch read is not atomic. A study with the design of the moment before would pass for unchanged when it is
        written back, and the other writer's content would be lost: such a pair is read again.
        """
        study_key, design_key = keys.study(workspace_id, study_id), keys.design(workspace_id, study_id)
        for _ in range(_READS):
            found = self._table.get_many([study_key, design_key])
            if study_key not in found or design_key not in found:
                return None
            if found[study_key]["design_version"] == found[design_key]["version"]:
                return _study(found[study_key]), Design.from_document(blobs.unpack(found[design_key]["blob"]))
        raise Unavailable(headers={"Retry-After": "1"})

    def list(self, workspace_id: str, *, filters: Mapping[str, str], after: str | None, limit: int) -> list[Study]:
        """Creation order; `filters` may hold `folder_id`, `type`, `status`; `after` ends the previous page."""
        chosen = next((name for name in _INDEXES if name in filters), None)
        prefix = keys.study_by(filters[chosen]) if chosen else ""
        rest = [Condition(f"row.{name}", "=", value) for name, value in filters.items() if name != chosen]
        items = self._table.query(
            keys.studies(workspace_id),
            index=_INDEXES[chosen] if chosen else None,
            prefix=prefix,
            after=after if after is None else prefix + after,
            limit=limit,
            where=rest,
        )
        return [_study(item) for item in items]


def study_of(item: Item) -> Study:
    """From a whole item or from an index's projection."""
    return _study(item)


def creation(workspace_id: str, study: Study, design: Design) -> Sequence[Action]:
    """The folder's action, if any, comes last: it is refused where the folder is gone."""
    actions: list[Action] = [
        Put(_item(workspace_id, study), [absent()]),
        _put_design(workspace_id, study, design),
        Update(keys.workspace_counts(workspace_id), add={"studies": 1}),
    ]
    if study.folder_id is not None:
        actions.append(folders.study_added(workspace_id, study.folder_id))
    return actions


def change(workspace_id: str, study: Study, *, seen: Study, design: Design | None = None) -> Sequence[Action]:
    """Refused if the study is not as `seen` any more. `design` is given only where it changes.

    The actions of a move between folders come last: leaving, then arriving.
    """
    item = _item(workspace_id, study)
    written: dict[str, Value] = {
        name: item[name] for name in ("row", "version", "collect_secret", "l1", "l2", "l3") if name in item
    }
    if design is not None:
        written["design_version"] = study.version
    gone = [name for name in ("collect_secret", "l3") if name not in item]
    actions: list[Action] = [
        Update(
            keys.study(workspace_id, study.id), set=written, remove=gone, conditions=[equals("version", seen.version)]
        )
    ]
    if design is not None:
        actions.append(_put_design(workspace_id, study, design))
    if study.folder_id != seen.folder_id:
        if seen.folder_id is not None:
            actions.append(folders.study_removed(workspace_id, seen.folder_id))
        if study.folder_id is not None:
            actions.append(folders.study_added(workspace_id, study.folder_id))
    return actions


def deletion(workspace_id: str, study: Study) -> Sequence[Action]:
    """Refused if the study is not as it was seen any more."""
    actions: list[Action] = [
        Delete(keys.study(workspace_id, study.id), [equals("version", study.version)]),
        Delete(keys.design(workspace_id, study.id)),
        Update(keys.workspace_counts(workspace_id), add={"studies": -1}),
    ]
    if study.folder_id is not None:
        actions.append(folders.study_removed(workspace_id, study.folder_id))
    return actions


def counted(workspace_id: str, study_id: str, **changes: int) -> Update:
    """Move the counts of people; refused while the study is not published (exclusions use `counted_always`)."""
    return Update(
        keys.study(workspace_id, study_id),
        add={f"counts.{name}": amount for name, amount in changes.items() if amount},
        conditions=[equals("row.status", Status.PUBLISHED.value)],
    )


def counted_always(workspace_id: str, study_id: str, **changes: int) -> Update:
    return Update(
        keys.study(workspace_id, study_id),
        add={f"counts.{name}": amount for name, amount in changes.items() if amount},
        conditions=[Condition("pk", "present")],
    )


def _put_design(workspace_id: str, study: Study, design: Design) -> Put:
    key = keys.design(workspace_id, study.id)
    blob = blobs.pack(design.to_document())
    return Put({"pk": key.pk, "sk": key.sk, "blob": blob, "version": study.version})


def _item(workspace_id: str, study: Study) -> Item:
    key = keys.study(workspace_id, study.id)
    row: dict[str, Any] = {
        "type": study.type,
        "status": study.status.value,
        "name": study.name,
        "description": study.description,
        "folder_id": study.folder_id,
        "created_at": study.created_at,
        "updated_at": study.updated_at,
        "published_at": study.published_at,
        "ended_at": study.ended_at,
    }
    counts = {
        "participants": study.counts.participants,
        "completed": study.counts.completed,
        "excluded": study.counts.excluded,
        "excluded_completed": study.counts.excluded_completed,
    }
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "row": row,
        "counts": counts,
        "version": study.version,
        "design_version": study.version,
        "l1": keys.study_by(study.status.value, study.id),
        "l2": keys.study_by(study.type, study.id),
    }
    if study.folder_id is not None:
        item["l3"] = keys.study_by(study.folder_id, study.id)
    if study.collect_secret is not None:
        item["collect_secret"] = study.collect_secret
    return item


def _study(item: Item) -> Study:
    """From a whole item or from an index's projection (which has neither version nor collect secret)."""
    row = {**item["row"], "status": Status(item["row"]["status"])}
    return Study(
        id=item["sk"],
        counts=Counts(**item["counts"]),
        version=item.get("version", 0),
        collect_secret=item.get("collect_secret"),
        **row,
    )
