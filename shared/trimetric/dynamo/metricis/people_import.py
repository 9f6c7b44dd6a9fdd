"""Imports of thousands of people: staged where nobody sees them, there all at once.

    (absent) ──begin──▶ open ──commitment──▶ committed
                         └──give_up──▶ void ──rolled back──▶ (absent)

A staged person names the import (`import`) and exists if and only if a record says that it was committed; that stays,
so people need not be written twice. Every chunk and the commit ask for an open record: an import that somebody else
gave up can neither write nor commit any more.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from trimetric.dynamo import blobs, keys
from trimetric.dynamo.table import (
    MAX_ACTIONS,
    Action,
    Check,
    ConditionFailed,
    Delete,
    Item,
    Put,
    Table,
    Update,
    absent,
    equals,
    present,
)

#: Names, in an item of a person, the import that has to be committed before the person exists.
IMPORT: Final = "import"

#: How long an import is left alone: no function lives longer.
LEASE_MILLIS: Final = 30_000

#: Staged people of one transaction, beside the check of the import's record.
CHUNK: Final = MAX_ACTIONS - 1

_OPEN, _VOID = "open", "void"


@dataclass(frozen=True, slots=True)
class PeopleImport:
    """`owner` names the content: the same content sent again need not wait until the lease is over."""

    id: str
    state: str
    owner: str
    lease: int
    #: Ids of the people that are staged.
    people: Sequence[str]

    def may_be_given_up(self, *, owner: str, now_millis: int) -> bool:
        return self.state == _VOID or self.owner == owner or self.lease <= now_millis


def is_there(table: Table, workspace_id: str, item: Item) -> bool:
    """Whether this person exists: they came alone, or with an import that was committed. Costs a read in the latter
    case."""
    return IMPORT not in item or was_committed(table, workspace_id, item[IMPORT])


def was_committed(table: Table, workspace_id: str, import_id: str) -> bool:
    return table.get(keys.committed_import(workspace_id, import_id)) is not None


def unfinished(table: Table, workspace_id: str) -> list[PeopleImport]:
    """Imports that are running or died, of the whole workspace."""
    place = keys.open_import(workspace_id)
    return [_import(item) for item in table.query(place.pk, prefix=place.sk, limit=100)]


def new_id() -> str:
    return secrets.token_hex(12)


def begin(
    table: Table, workspace_id: str, import_id: str, people: Sequence[str], *, owner: str, now_millis: int
) -> None:
    """Open an import; `people` are those that will be staged."""
    key = keys.open_import(workspace_id, import_id)
    table.write(
        Put(
            {
                "pk": key.pk,
                "sk": key.sk,
                "state": _OPEN,
                "owner": owner,
                "lease": now_millis + LEASE_MILLIS,
                "people": blobs.pack(list(people)),
            },
            [absent()],
        )
    )


def stage(table: Table, workspace_id: str, import_id: str, people: Sequence[Put]) -> None:
    """Write people who do not exist yet, in chunks.

    ConditionFailed if the import was given up (place -1) or somebody is there already (places in `people`).
    """
    guard = Check(keys.open_import(workspace_id, import_id), [equals("state", _OPEN)])
    for start in range(0, len(people), CHUNK):
        chunk = [Put(put.item | {IMPORT: import_id}, put.conditions) for put in people[start : start + CHUNK]]
        try:
            table.write(guard, *chunk)
        except ConditionFailed as failed:
            places = {start + place - 1 if place else -1: item for place, item in failed.failures.items()}
            raise ConditionFailed(places) from failed


def commitment(workspace_id: str, import_id: str) -> Sequence[Action]:
    """The staged people exist from now on; refused (place 0) if the import was given up."""
    key = keys.committed_import(workspace_id, import_id)
    return (
        Delete(keys.open_import(workspace_id, import_id), [equals("state", _OPEN)]),
        Put({"pk": key.pk, "sk": key.sk}, [absent()]),
    )


def give_up(table: Table, workspace_id: str, import_id: str, people: Sequence[str]) -> None:
    """Remove what was staged, unless the import was committed; may be repeated by anybody at any time."""
    key = keys.open_import(workspace_id, import_id)
    try:
        table.write(Update(key, set={"state": _VOID}, conditions=[present()]))
    except ConditionFailed:
        return
    staged = equals(IMPORT, import_id)
    actions: list[Action] = [
        Delete(keys.clinical_participant(workspace_id, identifier), [staged]) for identifier in people
    ]
    for start in range(0, len(actions), MAX_ACTIONS):
        _delete_what_is_left(table, actions[start : start + MAX_ACTIONS])
    table.write(Delete(key))


def _delete_what_is_left(table: Table, actions: Sequence[Action]) -> None:
    left = list(actions)
    while left:
        try:
            table.write(*left)
        except ConditionFailed as failed:
            left = [action for place, action in enumerate(left) if place not in failed.failures]
        else:
            return


def _import(item: Item) -> PeopleImport:
    import_id = item["sk"].partition("#")[2]
    return PeopleImport(import_id, item["state"], item["owner"], item["lease"], blobs.unpack(item["people"]))
