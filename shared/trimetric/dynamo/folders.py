"""Folders in the single table.

A folder is deleted only while its count of studies, which is kept in their transactions, is 0.
"""

from collections.abc import Sequence

from trimetric.domain.folders import Folder
from trimetric.dynamo import keys
from trimetric.dynamo.table import Action, Condition, Delete, Item, Put, Table, Update, absent, equals, present


class Folders:
    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, workspace_id: str, folder_id: str) -> Folder | None:
        item = self._table.get(keys.folder(workspace_id, folder_id))
        return _folder(item) if item else None

    def list(self, workspace_id: str, *, archived: bool | None, after: str | None, limit: int) -> list[Folder]:
        """Creation order; `after` is the id that the previous page ended with."""
        index = None if archived is None else "lsi1"
        prefix = "" if archived is None else keys.folder_by_archived(archived)
        position = after if after is None else prefix + after
        items = self._table.query(keys.folders(workspace_id), index=index, prefix=prefix, after=position, limit=limit)
        return [_folder(item) for item in items]


def creation(workspace_id: str, folder: Folder) -> Sequence[Action]:
    counted = Update(keys.workspace_counts(workspace_id), add={"folders": 1})
    return Put(_item(workspace_id, folder), [absent()]), counted


def change(workspace_id: str, folder: Folder, *, seen: int) -> Action:
    """Refused if the folder is not at version `seen` any more; its count of studies is left alone."""
    item = _item(workspace_id, folder)
    return Update(
        keys.folder(workspace_id, folder.id),
        set={"row": item["row"], "version": folder.version, "l1": item["l1"]},
        conditions=[equals("version", seen)],
    )


def deletion(workspace_id: str, folder: Folder) -> Sequence[Action]:
    """Refused if the folder changed, is gone or holds a study."""
    conditions = [equals("version", folder.version), equals("counts.studies", 0)]
    counted = Update(keys.workspace_counts(workspace_id), add={"folders": -1})
    return Delete(keys.folder(workspace_id, folder.id), conditions), counted


def study_added(workspace_id: str, folder_id: str) -> Action:
    """Refused if there is no such folder: a study never lands in a deleted one."""
    return Update(keys.folder(workspace_id, folder_id), add={"counts.studies": 1}, conditions=[present()])


def study_removed(workspace_id: str, folder_id: str) -> Action:
    return Update(
        keys.folder(workspace_id, folder_id),
        add={"counts.studies": -1},
        conditions=[Condition("counts.studies", ">=", 1)],
    )


def _item(workspace_id: str, folder: Folder) -> Item:
    key = keys.folder(workspace_id, folder.id)
    row = {
        "name": folder.name,
        "color": folder.color,
        "icon": folder.icon,
        "archived": folder.archived,
        "created_at": folder.created_at,
        "updated_at": folder.updated_at,
    }
    return {
        "pk": key.pk,
        "sk": key.sk,
        "row": row,
        "counts": {"studies": folder.study_count},
        "version": folder.version,
        "l1": keys.folder_by_archived(folder.archived, folder.id),
    }


def _folder(item: Item) -> Folder:
    """From a whole item or from an index's projection (which has no version: lists do not show it)."""
    return Folder(id=item["sk"], study_count=item["counts"]["studies"], version=item.get("version", 0), **item["row"])
