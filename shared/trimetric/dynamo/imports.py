"""Imports larger than one transaction: staged where nobody sees it, committed at once, then tidied up.

The record of an import says where it stands:

    (absent) ──first chunk──▶ open ──the commit──▶ committed ──tidied──▶ (absent)
                               └──given up──▶ void ──rolled back──▶ (absent)

People that do not fit into the commit are written before it with `row.pending` = the import's id. They are visible if
and only if the record says `committed` (or has gone because they were tidied). Every later chunk and the commit ask for
an open record, so an import that was given up by somebody else can neither write nor commit any more. Whoever meets a
pending person calls `settle`; that also cleans up after functions that died.
"""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from trimetric.dynamo import keys
from trimetric.dynamo.keys import Key
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
)

#: Member of a person's `row`: the import that has to be committed before the person exists.
PENDING: Final = "pending"

#: How long an import is left alone: no function lives longer. Giving up a living one costs it a new start, no more.
LEASE_MILLIS: Final = 30_000

#: A transaction takes 4 MB, remembered answer and keys included.
MAX_TRANSACTION_BYTES: Final = 3_400_000

#: Ten items of the largest size stay below what one transaction takes.
_TIDIED_AT_ONCE: Final = 10

_OPEN, _COMMITTED, _VOID = "open", "committed", "void"


@dataclass(frozen=True, slots=True)
class Split:
    """`staged` chunks are written before the commit, `last` together with it."""

    staged: Sequence[Sequence[Put]]
    last: Sequence[Put]


def split(people: Sequence[Put], *, actions_beside: int, bytes_beside: int = 0) -> Split:
    """As much as possible goes into the commit, which has `actions_beside` actions of its own."""
    last: list[Put] = []
    rest = list(people)
    # One place more is kept for the import's record, which only an import that is staged needs.
    room = MAX_ACTIONS - actions_beside
    if len(people) > room or bytes_beside + sum(map(_size, people)) > MAX_TRANSACTION_BYTES:
        room -= 1
    size = bytes_beside
    while rest and len(last) < room and size + _size(rest[-1]) <= MAX_TRANSACTION_BYTES:
        size += _size(rest[-1])
        last.append(rest.pop())
    return Split(list(_chunks(rest)), last[::-1])


def _chunks(people: Sequence[Put]) -> Iterator[Sequence[Put]]:
    chunk: list[Put] = []
    size = 0
    for person in people:
        if chunk and (len(chunk) == MAX_ACTIONS - 1 or size + _size(person) > MAX_TRANSACTION_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(person)
        size += _size(person)
    if chunk:
        yield chunk


def _size(person: Put) -> int:
    """Bytes, generously: the row and the keys stay below 4 KB."""
    return len(person.item["results"]) + 4096


@dataclass(slots=True)
class Imports:
    table: Table
    now_millis: int
    #: Imports whose record was gone; met again, they are not waited for.
    _gone: set[str] = field(default_factory=set)

    def stage(self, workspace_id: str, study_id: str, chunks: Sequence[Sequence[Put]], *, owner: str) -> str:
        """Write the chunks under a new import and return its id.

        `owner` names the content: the same content sent again need not wait until the lease is over. ConditionFailed
        (its places count the people of all chunks, -1 is the import itself) if somebody is there already; nothing
        stays behind then.
        """
        import_id = secrets.token_hex(12)
        record = keys.staged_import(workspace_id, study_id, import_id)
        written = 0
        for number, chunk in enumerate(chunks):
            guard: Action = Check(record, [equals("state", _OPEN)])
            if number == 0:
                guard = Put(self._record(record, chunks, owner=owner), [absent()])
            try:
                self.table.write(guard, *(_pending(person, import_id) for person in chunk))
            except ConditionFailed as failed:
                if number:
                    self.close(workspace_id, study_id, import_id)
                places = {place - 1 + written if place else -1: item for place, item in failed.failures.items()}
                raise ConditionFailed(places) from failed
            written += len(chunk)
        return import_id

    def _record(self, record: Key, chunks: Sequence[Sequence[Put]], *, owner: str) -> Item:
        return {
            "pk": record.pk,
            "sk": record.sk,
            "state": _OPEN,
            "owner": owner,
            "lease": self.now_millis + LEASE_MILLIS,
            "people": [person.key.sk for chunk in chunks for person in chunk],
        }

    def settle(self, workspace_id: str, study_id: str, import_id: str, *, owner: str | None = None) -> bool:
        """Finish what was committed, roll back what is dead; False if the import may still be running.

        True means: read again. An `owner` takes over its own import at once.
        """
        if import_id in self._gone:
            return False
        record = self.table.get(keys.staged_import(workspace_id, study_id, import_id))
        if record is None:
            self._gone.add(import_id)
            return True
        if record["state"] == _OPEN and record["owner"] != owner and self.now_millis < record["lease"]:
            return False
        self.close(workspace_id, study_id, import_id)
        return True

    def close(self, workspace_id: str, study_id: str, import_id: str) -> bool:
        """Tidy up after a commit (True); give up and roll back an import that was not committed."""
        key = keys.staged_import(workspace_id, study_id, import_id)
        try:
            self.table.write(Update(key, set={"state": _VOID}, conditions=[equals("state", _OPEN)]))
        except ConditionFailed as failed:
            record = failed.failures[0]
        else:
            record = self.table.get(key)
        if record is None:
            return False
        committed: bool = record["state"] == _COMMITTED
        self.tidy(workspace_id, study_id, import_id, record["people"], committed=committed)
        return committed

    def tidy(self, workspace_id: str, study_id: str, import_id: str, people: Sequence[str], *, committed: bool) -> None:
        """Make the staged people plain ones, or remove them; the record goes last."""
        actions: list[Action] = [
            _settled(keys.participant(workspace_id, study_id, person), import_id, committed=committed)
            for person in people
        ]
        last = Delete(keys.staged_import(workspace_id, study_id, import_id))
        while len(actions) > _TIDIED_AT_ONCE:
            self._write_what_is_left(actions[:_TIDIED_AT_ONCE])
            del actions[:_TIDIED_AT_ONCE]
        self._write_what_is_left([*actions, last])

    def _write_what_is_left(self, actions: Sequence[Action]) -> None:
        """Somebody else may be tidying the same import: what is done already is skipped."""
        left = list(actions)
        while left:
            try:
                self.table.write(*left)
            except ConditionFailed as failed:
                left = [action for place, action in enumerate(left) if place not in failed.failures]
            else:
                return


def commitment(workspace_id: str, study_id: str, import_id: str) -> Action:
    """Flips the staged people to visible; refused if the import was given up."""
    return Update(
        keys.staged_import(workspace_id, study_id, import_id),
        set={"state": _COMMITTED},
        conditions=[equals("state", _OPEN)],
    )


def pending_import(item: Item) -> str | None:
    """The import that this person waits for."""
    pending: str | None = item["row"].get(PENDING)
    return pending


def _pending(person: Put, import_id: str) -> Put:
    return Put({**person.item, "row": {**person.item["row"], PENDING: import_id}}, person.conditions)


def _settled(key: Key, import_id: str, *, committed: bool) -> Action:
    waits = equals(f"row.{PENDING}", import_id)
    return Update(key, remove=[f"row.{PENDING}"], conditions=[waits]) if committed else Delete(key, [waits])
