"""Lists of the Metricis dialect in the single table: any page and the exact total in three reads.

A scope is a partition: all rows of a kind, or those of one study. In it stand a `head` with the version, the directory,
records of changes that are not folded in, and the buckets (see `trimetric.domain.metricis.listing`).

A writer only puts a record of its own into its transaction, one in each scope of the row: writers never meet each
other. Whoever lists reads head, directory and records in one query, then the buckets that the page needs, with the
head once more: if its version is the same, nothing was folded in between, so records and directory are of one moment.
A bucket names the version that it was written at; one that is newer than the head sends the reader back as well.

Folding is one transaction: head (still the version that was read), directory, the buckets that change, and the
records, which go. It is done by readers that find many records, and by one in `TENDING` writers.

Records add up. They sort so that of two of one row the later one comes first: so whoever sees a change, in
a query that runs while others write, also sees what came before it, and older ones can be folded without newer ones.
"""

import random
import secrets
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from trimetric.domain.metricis import listing
from trimetric.domain.metricis.list_kinds import CREATED, STUDY, Entry, Kind, Row
from trimetric.domain.metricis.listing import Directory, Folded, Inconsistent, Overlay, Pair, Query, TooManyCandidates
from trimetric.dynamo import blobs, keys
from trimetric.dynamo.table import (
    CONFLICT_PAUSES,
    MAX_ACTIONS,
    Action,
    Condition,
    ConditionFailed,
    Delete,
    Item,
    Put,
    Table,
    absent,
    equals,
    present,
)
from trimetric.errors import Unavailable, ValidationFailed

#: A reader folds where it finds more rows in records than this.
FOLD_AT: Final = 64
#: Transactions that one reader or writer spends on folding.
MAX_FOLDS: Final = 8
#: One writer in so many looks whether there is something to fold.
TENDING: Final = 32

#: Rows of one record of an import.
RECORD_ROWS: Final = 1_000

#: Of a bucket whose entries hold long names.
MAX_BUCKET_BYTES: Final = 64_000
#: A transaction takes 4 MB.
_MAX_FOLD_BYTES: Final = 3_000_000

_PAGE: Final = 1_000
_JITTER: Final = random.SystemRandom()

TOO_MANY: Final = (
    f"needs more than {listing.MAX_CANDIDATES:,} rows to be looked through: "
    "narrow the list by study_id, status or dates, or sort by created_at without another filter"
)


@dataclass(frozen=True, slots=True)
class ListPage:
    """Ids of the page's rows, in their order, and the exact number of all that match.

    `entries` are what the list knows of the rows.
    """

    ids: Sequence[Any]
    total: int
    entries: Sequence[Entry] = field(default=(), compare=False)


def recorded(
    table: Table, workspace_id: str, kind: Kind, *, before: Row | None, after: Row | None, version: int
) -> Sequence[Action]:
    """What joins the transaction that changes a row: one action for each scope, two at most.

    `before` and `after` are the row as it is shown, None where it is not there; `version` is the row's version after
    the change (for a deletion the one that would have come). That transaction must be refused if the row is not at the
    version before it; nothing is refused here.
    """
    old = None if before is None else kind.entry(before)
    new = None if after is None else kind.entry(after)
    if old == new:
        return ()
    actions: list[Action] = []
    for scope in dict.fromkeys(_scopes(kind, before) + _scopes(kind, after)):
        pair = Pair(
            old if scope in _scopes(kind, before) else None,
            new if scope in _scopes(kind, after) else None,
        )
        lists = Lists(table, workspace_id, kind)
        if zlib.crc32(f"{(new or old or ())[0]}#{version}".encode()) % TENDING == 0:
            lists.tend(scope)
        actions.append(_record(kind, keys.list_scope(workspace_id, kind.name, scope), pair, version))
    return actions


def imported(workspace_id: str, kind: Kind, rows: Sequence[Row], *, import_id: str) -> Sequence[Action]:
    """What joins the transaction that makes many new rows of one study visible, all created at the same instant.

    An action for each scope and each `RECORD_ROWS` rows; `import_id` is the import's own.
    """
    chunks = [rows[start : start + RECORD_ROWS] for start in range(0, len(rows), RECORD_ROWS)]
    pairs = [[Pair(None, kind.entry(row)) for row in chunk] for chunk in chunks]
    actions: list[Action] = []
    for scope in _scopes(kind, rows[0] if rows else None):
        partition = keys.list_scope(workspace_id, kind.name, scope)
        for number, chunk in enumerate(pairs):
            created = kind.entry(rows[0])[kind.place(CREATED)]
            key = keys.list_record(partition, created, f"~{import_id}", number, secrets.token_hex(4))
            actions.append(Put(_record_item(kind, key, chunk), [absent()]))
    return actions


def _scopes(kind: Kind, row: Row | None) -> tuple[str, ...]:
    if row is None:
        return ()
    return ("all", str(row[STUDY])) if STUDY in kind.choices else ("all",)


def _record(kind: Kind, partition: str, pair: Pair, version: int) -> Action:
    entry = pair.after or pair.before or ()
    key = keys.list_record(partition, entry[kind.place(CREATED)], str(entry[0]), version, secrets.token_hex(4))
    return Put(_record_item(kind, key, [pair]), [absent()])


def _record_item(kind: Kind, key: keys.Key, pairs: Sequence[Pair]) -> Item:
    return {"pk": key.pk, "sk": key.sk, "rows": len(pairs), "blob": blobs.pack(_packed_pairs(kind, pairs))}


def _packed_pairs(kind: Kind, pairs: Sequence[Pair]) -> Any:
    befores = [pair.before for pair in pairs if pair.before is not None]
    afters = [pair.after for pair in pairs if pair.after is not None]
    return [listing.pack(kind, befores), listing.pack(kind, afters)]


def _pairs(kind: Kind, blob: bytes) -> Sequence[Pair]:
    befores, afters = (listing.unpack(kind, document) for document in blobs.unpack(blob))
    if befores and afters:
        return [Pair(*each) for each in zip(befores, afters, strict=True)]
    return [Pair(entry, None) for entry in befores] + [Pair(None, entry) for entry in afters]


@dataclass(frozen=True, slots=True)
class _Record:
    key: keys.Key
    rows: int
    blob: bytes


@dataclass(frozen=True, slots=True)
class _Scope:
    """A scope as it was read; `records` come oldest first, as far as that matters."""

    partition: str
    version: int
    directory: Directory
    records: Sequence[_Record]

    @property
    def pending(self) -> int:
        return sum(record.rows for record in self.records)

    @property
    def unchanged(self) -> Sequence[Condition]:
        return [equals("version", self.version)] if self.version else [absent()]


@dataclass(slots=True)
class Lists:
    table: Table
    workspace_id: str
    kind: Kind
    sleep: Callable[[float], None] = time.sleep
    fold_at: int = FOLD_AT
    bucket: int = listing.BUCKET

    def page(self, query: Query, *, study_id: int | None = None) -> ListPage:
        """Three reads with those of the rows themselves; ValidationFailed if too many rows had to be looked through."""
        scope_name = "all" if study_id is None else str(study_id)
        for attempt in self._attempts():
            scope = self._look(scope_name)
            if scope.pending > self.fold_at and attempt == 0:
                scope = self._folded(scope, scope_name)
            with suppress(Inconsistent):
                return self._answer(scope, query)
        raise Unavailable(headers={"Retry-After": "1"})

    def tend(self, scope_name: str) -> None:
        """Fold what is there, if it is worth it; nothing is lost if that does not succeed."""
        with suppress(Inconsistent, Unavailable):
            scope = self._look(scope_name)
            if scope.pending > self.fold_at // 2:
                self._folded(scope, scope_name)

    def fold(self, scope_name: str) -> bool:
        """Fold one transaction's worth, for operators and tools; whether there was something to fold."""
        scope = self._look(scope_name)
        if scope.records:
            with suppress(ConditionFailed, Inconsistent):
                self._fold(scope)
        return bool(scope.records)

    def _attempts(self) -> Iterator[int]:
        """Numbers from 0; readers that met a fold look again at once, then after growing pauses."""
        for attempt, pause in enumerate((0.0, 0.0, *CONFLICT_PAUSES)):
            if pause:
                self.sleep(_JITTER.uniform(0, 2 * pause))
            yield attempt

    # -- reading ------------------------------------------------------------------------------------------------------

    def _look(self, scope_name: str) -> _Scope:
        partition = keys.list_scope(self.workspace_id, self.kind.name, scope_name)
        version, directory = 0, Directory()
        records: list[_Record] = []
        after: str | None = None
        while True:
            items = self.table.query(partition, prefix=keys.LIST_INDEX, after=after, limit=_PAGE)
            for item in items:
                match item["sk"]:
                    case keys.LIST_HEAD:
                        version = item["version"]
                    case keys.LIST_DIRECTORY:
                        directory = Directory.from_document(blobs.unpack(item["blob"]))
                    case name:
                        records.append(_Record(keys.Key(partition, name), item["rows"], item["blob"]))
            if len(items) < _PAGE:
                break
            after = items[-1]["sk"]
        return _Scope(partition, version, directory, records[::-1])

    def _answer(self, scope: _Scope, query: Query) -> ListPage:
        try:
            plan = listing.plan(self.kind, scope.directory, self._overlay(scope.records), query)
        except TooManyCandidates as error:
            raise ValidationFailed.of(next(iter(query.filters), "sort"), TOO_MANY) from error
        found = plan.answer(self._buckets(scope, plan.numbers, check_head=True))
        return ListPage([entry[0] for entry in found.entries], found.total, found.entries)

    def _overlay(self, records: Sequence[_Record]) -> Overlay:
        return listing.overlay(self.kind, (pair for record in records for pair in _pairs(self.kind, record.blob)))

    def _buckets(self, scope: _Scope, numbers: Sequence[int], *, check_head: bool) -> Mapping[int, Sequence[Entry]]:
        """Inconsistent unless they are as the scope says."""
        wanted = {number: keys.list_bucket(scope.partition, number) for number in numbers}
        head = keys.list_head(scope.partition)
        found = self.table.get_many([*([head] if check_head else ()), *wanted.values()])
        if check_head and found.get(head, {"version": 0})["version"] != scope.version:
            raise Inconsistent
        loaded: dict[int, Sequence[Entry]] = {}
        for number, key in wanted.items():
            if key not in found or found[key]["version"] > scope.version:
                raise Inconsistent
            loaded[number] = listing.unpack(self.kind, blobs.unpack(found[key]["blob"]))
        return loaded

    # -- folding ------------------------------------------------------------------------------------------------------

    def _folded(self, scope: _Scope, scope_name: str) -> _Scope:
        """The scope as it is when records are few, transactions were many or somebody else was faster."""
        for _ in range(MAX_FOLDS):
            try:
                self._fold(scope)
            except (ConditionFailed, Inconsistent, Unavailable):
                return self._look(scope_name)
            scope = self._look(scope_name)
            if scope.pending <= self.fold_at // 2:
                break
        return scope

    def _fold(self, scope: _Scope) -> None:
        """One transaction with as many of the oldest records as fit; ConditionFailed if somebody else folded."""
        records = list(scope.records[: MAX_ACTIONS - 10])
        while records:
            with suppress(Inconsistent):
                actions = self._folding(scope, records)
                if actions:
                    self.table.write(*actions)
                    return
            records = records[: len(records) // 2]
        raise Inconsistent

    def _folding(self, scope: _Scope, records: Sequence[_Record]) -> Sequence[Action]:
        """Nothing if that is too much for one transaction."""
        overlay = self._overlay(records)
        touched = listing.touched(scope.directory, overlay, bucket=self.bucket)
        if len(touched) + len(records) + 2 > MAX_ACTIONS:
            return ()
        loaded = self._buckets(scope, touched, check_head=False)
        folded = listing.fold(
            self.kind, scope.directory, overlay, loaded, blobs.pack, most_bytes=MAX_BUCKET_BYTES, bucket=self.bucket
        )
        actions = [*self._written(scope, folded), *(Delete(record.key, [present()]) for record in records)]
        size = sum(len(piece.blob) for piece in folded.pieces)
        return actions if len(actions) <= MAX_ACTIONS and size <= _MAX_FOLD_BYTES else ()

    def _written(self, scope: _Scope, folded: Folded) -> Iterator[Action]:
        version = scope.version + 1
        head, directory = keys.list_head(scope.partition), keys.list_directory(scope.partition)
        yield Put({"pk": head.pk, "sk": head.sk, "version": version}, scope.unchanged)
        yield Put({"pk": directory.pk, "sk": directory.sk, "blob": blobs.pack(folded.directory.to_document())})
        for piece in folded.pieces:
            key = keys.list_bucket(scope.partition, piece.number)
            yield Put({"pk": key.pk, "sk": key.sk, "version": version, "blob": piece.blob})
        for number in folded.gone:
            yield Delete(keys.list_bucket(scope.partition, number))
