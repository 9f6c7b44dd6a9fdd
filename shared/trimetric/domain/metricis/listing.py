"""Lists that know how many rows lie before each page: buckets of entries in time order, counted in a directory.

A scope (all rows of a kind, or those of one study) has a *chain* of buckets for each instant that it is ordered by,
and another for each status: `created_at`, `created_at enrolled`, … A bucket holds up to `BUCKET` whole entries, so any
chain can also be filtered and sorted by what its entries hold.

Buckets are not written with each change of a row. A change is a *record*: entries before and after. Records that are
not folded in yet are laid over the buckets by whoever reads: `Overlay` says for each place in a chain whether the
buckets have an entry there and what stands there by now. As the directory says which bucket a place belongs to,
counts are exact without the buckets' contents.

A place is (milliseconds, id), so it orders a chain and ties go by id. Nothing here reads or writes anything.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, groupby
from typing import Any, Final, NamedTuple

from trimetric.domain.metricis.list_kinds import STATUS, Entry, Kind

#: Entries of one bucket. Smaller ones make the directory larger, which each page reads; larger ones cost more to fold.
BUCKET: Final = 256
#: A bucket that would be left with less than this part is put together with a neighbour.
FEW: Final = 4

#: Rows that a list which is not kept in the wanted order may have to look through.
MAX_CANDIDATES: Final = 100_000

#: Stands for an instant that is missing, behind year 9999: rows without a value come last in each ascending order.
NO_TIME: Final = 10**15

Place = tuple[int, Any]


class Inconsistent(Exception):
    """What was read is not of one moment: look again."""


class TooManyCandidates(Exception):
    """More than `MAX_CANDIDATES` rows would have to be looked through."""


class Pair(NamedTuple):
    """A change of one row: None before it was there, None after it went."""

    before: Entry | None
    after: Entry | None


class Slot(NamedTuple):
    """What of one place is not folded in: whether the buckets have an entry there, and the entry by now."""

    stored: bool
    entry: Entry | None


Overlay = Mapping[str, Mapping[Place, Slot]]


@dataclass(frozen=True, slots=True)
class Bucket:
    """`start` is not after any place in it and after all places of the one before it; the first one's is not used."""

    number: int
    start: Place | None
    count: int


@dataclass(frozen=True, slots=True)
class Directory:
    chains: Mapping[str, Sequence[Bucket]] = field(default_factory=dict)
    #: The highest number that a bucket ever had.
    last: int = 0

    def to_document(self) -> Any:
        chains = {
            name: [[b.number for b in chain], [b.count for b in chain], *_starts(chain)]
            for name, chain in self.chains.items()
        }
        return [self.last, chains]

    @classmethod
    def from_document(cls, document: Any) -> "Directory":
        last, chains = document
        return cls({name: _chain(*columns) for name, columns in chains.items()}, last)


def _starts(chain: Sequence[Bucket]) -> tuple[list[int], list[Any]]:
    """The first start is not kept; instants are differences to the ones before them."""
    starts = [bucket.start or (0, "") for bucket in chain[1:]]
    return _differences([millis for millis, _ in starts]), [identifier for _, identifier in starts]


def _chain(numbers: list[int], counts: list[int], steps: list[int], ids: list[Any]) -> Sequence[Bucket]:
    starts: list[Place | None] = [None, *zip(accumulate(steps), ids, strict=True)]
    return [Bucket(*each) for each in zip(numbers, starts, counts, strict=True)]


def _differences(numbers: Sequence[int]) -> list[int]:
    return [number - before for before, number in zip([0, *numbers], numbers, strict=False)]


# -- entries ----------------------------------------------------------------------------------------------------------


def chain_name(order: str, status: str | None = None) -> str:
    return order if status is None else f"{order} {status}"


def places(kind: Kind, entry: Entry) -> Mapping[str, Place]:
    """Where the entry stands in each chain that it belongs to."""
    status = entry[kind.place(STATUS)] if STATUS in kind.columns else None
    found: dict[str, Place] = {}
    for order in kind.orders:
        place = place_of(kind, order, entry)
        found[order] = place
        if status is not None:
            found[chain_name(order, status)] = place
    return found


def place_of(kind: Kind, order: str, entry: Entry) -> Place:
    millis = entry[kind.place(order)]
    return NO_TIME if millis is None else millis, entry[0]


def pack(kind: Kind, entries: Sequence[Entry]) -> Any:
    """Columns, which compress well: ids without what they have in common, instants as differences."""
    if not entries:
        return []
    ids, created, *others = (list(column) for column in zip(*entries, strict=True))
    prefix = _common(min(ids), max(ids)) if isinstance(ids[0], str) else ""
    if prefix:
        ids = [identifier[len(prefix) :] for identifier in ids]
    instants = kind.instants - 1
    for column in others[:instants]:
        column[:] = [at if at is None else at - of for at, of in zip(column, created, strict=True)]
    return [prefix, ids, _differences(created), *others]


def _common(one: str, other: str) -> str:
    length = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return one[:length]


def unpack(kind: Kind, document: Any) -> list[Entry]:
    if not document:
        return []
    prefix, ids, steps, *others = document
    if prefix:
        ids = [prefix + identifier for identifier in ids]
    created = list(accumulate(steps))
    instants = kind.instants - 1
    for number, column in enumerate(others[:instants]):
        others[number] = [at if at is None else at + of for at, of in zip(column, created, strict=True)]
    return list(zip(ids, created, *others, strict=True))


# -- records that are not folded in ------------------------------------------------------------------------------------


def overlay(kind: Kind, pairs: Iterable[Pair]) -> Overlay:
    """What all changes come to, in whatever order they are given; Inconsistent if some in between are missing.

    The entry after one change of a row is the one before the next, so these cancel: what is left of a place is at most
    the entry that the buckets have there and the one that should be.
    """
    sums: dict[str, dict[Place, dict[Entry, int]]] = {}
    for pair in pairs:
        for entry, by in ((pair.before, -1), (pair.after, 1)):
            if entry is not None:
                for name, place in places(kind, entry).items():
                    _count(sums.setdefault(name, {}).setdefault(place, {}), entry, by)
    chains = {name: {place: _slot(left) for place, left in sums[name].items() if left} for name in sums}
    return {name: slots for name, slots in chains.items() if slots}


def _count(left: dict[Entry, int], entry: Entry, by: int) -> None:
    left[entry] = left.get(entry, 0) + by
    if not left[entry]:
        del left[entry]


def _slot(left: Mapping[Entry, int]) -> Slot:
    gone = [entry for entry, number in left.items() for _ in range(-number)]
    there = [entry for entry, number in left.items() for _ in range(number)]
    if len(gone) > 1 or len(there) > 1:
        raise Inconsistent
    return Slot(stored=bool(gone), entry=there[0] if there else None)


class _Laid:
    """One chain with its part of the overlay, by bucket."""

    def __init__(self, chain: Sequence[Bucket], slots: Mapping[Place, Slot]) -> None:
        # A chain without buckets has one that is not stored.
        self.buckets = chain or [Bucket(0, None, 0)]
        self._starts = [bucket.start for bucket in self.buckets[1:] if bucket.start is not None]
        self.slots: dict[int, list[tuple[Place, Slot]]] = {}
        self.counts = [bucket.count for bucket in self.buckets]
        for place, slot in slots.items():
            index = self.index(place)
            self.slots.setdefault(index, []).append((place, slot))
            self.counts[index] += (slot.entry is not None) - slot.stored

    def index(self, place: Place) -> int:
        """Of the bucket that this place belongs to."""
        return bisect_right(self._starts, place)

    def before(self, index: int) -> int:
        """Rows in the buckets before this one."""
        return sum(self.counts[:index])

    def entries(self, kind: Kind, order: str, index: int, loaded: Mapping[int, Sequence[Entry]]) -> Sequence[Entry]:
        """What the bucket holds by now; Inconsistent if it and the overlay do not fit together."""
        bucket = self.buckets[index]
        entries = loaded[bucket.number] if bucket.number else ()
        if len(entries) != bucket.count:
            raise Inconsistent
        if index not in self.slots:
            return entries
        held = {place_of(kind, order, entry): entry for entry in entries}
        for place, slot in self.slots[index]:
            if (place in held) != slot.stored:
                raise Inconsistent
            if slot.entry is None:
                held.pop(place, None)
            else:
                held[place] = slot.entry
        return [held[place] for place in sorted(held)]


# -- reading ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Query:
    """`since` and `until` bound `start_time` (milliseconds, the latter exclusive); `offset` and `limit` say which rows.

    `filters` are equalities by column, without what chose the scope and the chain.
    """

    sort: str
    descending: bool = False
    offset: int = 0
    limit: int = 20
    status: str | None = None
    since: int | None = None
    until: int | None = None
    filters: Mapping[str, Any] = field(default_factory=dict)

    def order(self, kind: Kind) -> str:
        """The instant whose chain serves it: one that bounds it must order it."""
        if self.since is not None or self.until is not None:
            return kind.orders[-1]
        return self.sort if self.sort in kind.orders else kind.orders[0]

    def is_indexed(self, kind: Kind) -> bool:
        return not self.filters and self.sort == self.order(kind)


class Found(NamedTuple):
    """Entries of one page and the number of all that match."""

    entries: Sequence[Entry]
    total: int


@dataclass(frozen=True, slots=True)
class Plan:
    """`numbers` are the buckets that `answer` wants to see."""

    numbers: Sequence[int]
    answer: Callable[[Mapping[int, Sequence[Entry]]], Found]


def plan(kind: Kind, directory: Directory, pending: Overlay, query: Query) -> Plan:
    """TooManyCandidates if the list is not kept in this order and too long to be sorted."""
    order = query.order(kind)
    name = chain_name(order, query.status)
    laid = _Laid(directory.chains.get(name, ()), pending.get(name, {}))
    window = _Window.of(laid, query)
    if query.is_indexed(kind):
        wanted = window.around(laid, query)
        return Plan(_numbers(laid, wanted), lambda loaded: _page(kind, order, laid, window, query, wanted, loaded))
    if sum(laid.counts[window.first : window.last + 1]) > MAX_CANDIDATES:
        raise TooManyCandidates
    whole = range(window.first, window.last + 1)
    return Plan(_numbers(laid, whole), lambda loaded: _sorted_page(kind, order, laid, window, query, loaded))


def _numbers(laid: _Laid, indexes: Iterable[int]) -> Sequence[int]:
    return [number for index in indexes if (number := laid.buckets[index].number)]


@dataclass(frozen=True, slots=True)
class _Window:
    """The rows between two bounds; `first` and `last` are the buckets that the bounds fall into."""

    first: int
    last: int
    since: int | None
    until: int | None

    @classmethod
    def of(cls, laid: _Laid, query: Query) -> "_Window":
        # What has no instant is in no range.
        until = NO_TIME if query.until is None and query.since is not None else query.until
        first = 0 if query.since is None else laid.index((query.since, ""))
        last = len(laid.buckets) - 1 if until is None else laid.index((until, ""))
        return cls(first, max(first, last), query.since, until)

    def around(self, laid: _Laid, query: Query) -> Sequence[int]:
        """Buckets that the page may touch, and those that the bounds fall into."""
        ends = [*accumulate(laid.counts)]
        if query.descending:
            low, high = (ends[self.last] - part for part in (self._unsure(laid, self.last, self.until), 0))
            low, high = low - query.offset - query.limit, high - query.offset
        else:
            low = ends[self.first] - laid.counts[self.first]
            high = low + self._unsure(laid, self.first, self.since)
            low, high = low + query.offset, high + query.offset + query.limit
        low = max(low, 0)
        page = range(bisect_right(ends, low), bisect_left(ends, high) + 1) if low < high else range(0)
        bounds = {self.first} if self.since is not None else set()
        bounds |= {self.last} if self.until is not None else set()
        return sorted(bounds | {index for index in page if self.first <= index <= self.last and laid.counts[index]})

    @staticmethod
    def _unsure(laid: _Laid, index: int, bound: int | None) -> int:
        """How many rows of the bucket may lie on the other side of the bound."""
        return 0 if bound is None else laid.counts[index]

    def ranks(self, order_place: int, laid: _Laid, entries_of: Mapping[int, Sequence[Entry]]) -> tuple[int, int]:
        """Ranks in the chain of the first row inside, and of the first behind."""
        low, high = laid.before(self.first), laid.before(self.last + 1)
        if self.since is not None:
            low += _earlier(entries_of[self.first], order_place, self.since)
        if self.until is not None:
            high = laid.before(self.last) + _earlier(entries_of[self.last], order_place, self.until)
        return low, max(low, high)


def _earlier(entries: Sequence[Entry], order_place: int, bound: int) -> int:
    return sum(entry[order_place] is not None and entry[order_place] < bound for entry in entries)


def _page(
    kind: Kind,
    order: str,
    laid: _Laid,
    window: _Window,
    query: Query,
    wanted: Sequence[int],
    loaded: Mapping[int, Sequence[Entry]],
) -> Found:
    entries_of = {index: laid.entries(kind, order, index, loaded) for index in wanted}
    low, high = window.ranks(kind.place(order), laid, entries_of)
    if query.descending:
        stop = max(high - query.offset, low)
        start = max(stop - query.limit, low)
    else:
        start = min(low + query.offset, high)
        stop = min(start + query.limit, high)
    rows: list[Entry] = []
    for index in wanted:
        first = laid.before(index)
        rows += entries_of[index][max(start - first, 0) : max(stop - first, 0)]
    return Found(rows[::-1] if query.descending else rows, high - low)


def _sorted_page(
    kind: Kind, order: str, laid: _Laid, window: _Window, query: Query, loaded: Mapping[int, Sequence[Entry]]
) -> Found:
    rows = [
        entry for index in range(window.first, window.last + 1) for entry in laid.entries(kind, order, index, loaded)
    ]
    time = kind.place(order)
    if window.since is not None:
        rows = [row for row in rows if row[time] is not None and row[time] >= window.since]
    if window.until is not None:
        rows = [row for row in rows if row[time] is not None and row[time] < window.until]
    for name, value in query.filters.items():
        column = kind.place(name)
        rows = [row for row in rows if row[column] == value]
    column = kind.place(query.sort)
    rows.sort(key=lambda row: (row[column] is None, row[column], row[0]))
    if query.descending:
        rows.reverse()
    return Found(rows[query.offset : query.offset + query.limit], len(rows))


# -- folding ----------------------------------------------------------------------------------------------------------


class Piece(NamedTuple):
    """A bucket to be written."""

    number: int
    blob: bytes


@dataclass(frozen=True, slots=True)
class Folded:
    directory: Directory
    pieces: Sequence[Piece]
    #: Buckets that are no more.
    gone: Sequence[int]


def touched(directory: Directory, pending: Overlay, *, bucket: int = BUCKET) -> Sequence[int]:
    """Numbers of the buckets that a fold wants to see and will write or remove."""
    return [
        number
        for name, slots in pending.items()
        for run in _runs(_Laid(directory.chains.get(name, ()), slots), bucket)
        for number in run.numbers
    ]


def fold(
    kind: Kind,
    directory: Directory,
    pending: Overlay,
    loaded: Mapping[int, Sequence[Entry]],
    packed: Callable[[Any], bytes],
    *,
    most_bytes: int,
    bucket: int = BUCKET,
) -> Folded:
    """Buckets and directory as they are with all that is pending; Inconsistent if they do not fit together."""
    folding = _Folding(kind, packed, most_bytes, bucket, directory.last)
    chains = dict(directory.chains)
    for name, slots in pending.items():
        chain = folding.chain(name, _Laid(directory.chains.get(name, ()), slots), loaded)
        chains.pop(name, None)
        if chain:
            chains[name] = chain
    return Folded(Directory(chains, folding.last), folding.pieces, folding.gone)


class _Run(NamedTuple):
    """Neighbouring buckets that are written anew together."""

    first: int
    last: int
    numbers: Sequence[int]


def _runs(laid: _Laid, bucket: int) -> Sequence[_Run]:
    indexes = set(laid.slots)
    for index in laid.slots:
        if FEW * laid.counts[index] < bucket and len(laid.buckets) > 1:
            indexes.add(index - 1 if index else 1)
    runs = []
    for _, group in groupby(enumerate(sorted(indexes)), key=lambda each: each[1] - each[0]):
        run = [index for _, index in group]
        runs.append(_Run(run[0], run[-1], _numbers(laid, run)))
    return runs


@dataclass(slots=True)
class _Folding:
    kind: Kind
    packed: Callable[[Any], bytes]
    most_bytes: int
    bucket: int
    last: int
    pieces: list[Piece] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)

    def chain(self, name: str, laid: _Laid, loaded: Mapping[int, Sequence[Entry]]) -> Sequence[Bucket]:
        order = name.partition(" ")[0]
        chain: list[Bucket] = []
        done = 0
        for run in _runs(laid, self.bucket):
            chain += laid.buckets[done : run.first]
            chain += self._run(order, laid, run, loaded)
            done = run.last + 1
        chain += laid.buckets[done:]
        return chain

    def _run(self, order: str, laid: _Laid, run: _Run, loaded: Mapping[int, Sequence[Entry]]) -> Sequence[Bucket]:
        entries = [
            entry for index in range(run.first, run.last + 1) for entry in laid.entries(self.kind, order, index, loaded)
        ]
        growing = run.last == len(laid.buckets) - 1
        cut = [piece for part in _cut(entries, self.bucket, growing=growing) for piece in self._small(part)]
        numbers = list(run.numbers)[: len(cut)]
        self.gone += run.numbers[len(cut) :]
        for _ in range(len(cut) - len(numbers)):
            self.last += 1
            numbers.append(self.last)
        buckets: list[Bucket] = []
        start = laid.buckets[run.first].start
        before: Entry | None = None
        for number, (part, blob) in zip(numbers, cut, strict=True):
            if before is not None:
                start = separator(place_of(self.kind, order, before), place_of(self.kind, order, part[0]))
            self.pieces.append(Piece(number, blob))
            buckets.append(Bucket(number, start, len(part)))
            before = part[-1]
        return buckets

    def _small(self, entries: Sequence[Entry]) -> Sequence[tuple[Sequence[Entry], bytes]]:
        blob = self.packed(pack(self.kind, entries))
        if len(blob) <= self.most_bytes or len(entries) == 1:
            return [(entries, blob)]
        half = len(entries) // 2
        return [*self._small(entries[:half]), *self._small(entries[half:])]


def _cut(entries: Sequence[Entry], bucket: int, *, growing: bool) -> Sequence[Sequence[Entry]]:
    """The end of a chain, where rows come, is left with full buckets; others get parts of one size."""
    size = bucket
    if not growing and entries:
        size = -(-len(entries) // -(-len(entries) // bucket))
    return [entries[start : start + size] for start in range(0, len(entries), size)]


def separator(before: Place, first: Place) -> Place:
    """A short place that is after `before` and not after `first`."""
    (earlier, low), (later, high) = before, first
    if not isinstance(high, str):
        return later, high if earlier == later else 0
    if earlier < later:
        return later, ""
    return later, high[: len(_common(low, high)) + 1]
