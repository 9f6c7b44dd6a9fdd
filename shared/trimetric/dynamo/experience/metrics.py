"""Metrics of a survey, a state for each day, kept up to date by their readers.

A response never changes, and its mark among the unfolded ones is written with it. Whoever folds a response into its
day's state deletes the mark in the same transaction, so this holds at every moment:

    state of a day = sum over the day's responses that have no mark

A reader lists the marks *before* it reads the states: a response that has none by then is in its state. The
transaction that writes a state asks for the version that was read and for the marks, so one that comes second loses
and looks again. Days that the window cuts are counted from their responses; so is what cannot be folded, because
others were faster each time or the state is larger than a transaction takes: that needs no state at all.

A read takes its time, not more: texts may be so many that it ends with Unavailable. What it has folded until then
stays folded, so that the next one goes on.
"""

import random
import time
from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Any, Final

from botocore.exceptions import ClientError

from trimetric.domain import ids
from trimetric.domain.experience.responses import day_of, month_of
from trimetric.domain.experience.surveys import Survey
from trimetric.dynamo import keys
from trimetric.dynamo.experience.responses import Responses, key_of, response_of
from trimetric.dynamo.experience.surveys import survey_of
from trimetric.dynamo.keys import Key
from trimetric.dynamo.metrics import Kept, LookAgain, part_keys, stored_state
from trimetric.dynamo.parallel import both
from trimetric.dynamo.table import (
    CONFLICT_PAUSES,
    MAX_ACTIONS,
    MAX_BATCH_GET,
    ConditionFailed,
    Delete,
    Item,
    Table,
    present,
)
from trimetric.errors import Unavailable
from trimetric.metrics.experience import Counting
from trimetric.metrics.state import Contribution, State

DAY_MILLIS: Final = 86_400_000

#: Transactions that one read spends on folding; what is more is counted from the responses, or left to the next read.
MAX_CHUNKS: Final = 200
#: Responses in a transaction whose states grow faster than expected.
SMALL_CHUNK: Final = 9
#: Responses that one read counts one by one, beside those of days that its window cuts.
MAX_COUNTED: Final = 20_000
#: Days whose states are asked for without knowing whether they have any.
MAX_BLIND_DAYS: Final = MAX_BATCH_GET - 1

#: Seconds after which a read begins no other transaction and counts no other day.
BEGINS_UNTIL: Final = 12.0
#: Seconds after which it gives up the day that it is counting. A function lives for 29.
GIVES_UP_AFTER: Final = 20.0
#: Characters in the names of counters that the responses of one transaction add, or those of one response more: it must
#: be written long before a read ends.
MOST_ADDED: Final = 1_500_000

#: What a transaction of 4 MB takes where bytes are counted as they travel (in Base64), less what keys and expressions
#: need.
_MOST_BYTES: Final = 2_900_000
#: By so much states grow when `MOST_ADDED` is added, names of random letters and digits even: three quarters of it.
_GROWTH: Final = 1_200_000
_PAGE: Final = 2_000
_JITTER: Final = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Every response that was accepted before the read began is in it."""

    survey: Survey
    #: By date, in order; only days that may hold responses.
    days: Mapping[str, State]

    def figures(self) -> dict[str, Any]:
        return Counting(self.survey.questions).summary(self.days)


class _TooLarge(Exception):
    """No transaction takes the states of these days."""

    def __init__(self, days: Iterable[str]) -> None:
        self.days = frozenset(days)
        super().__init__()


@dataclass(frozen=True, slots=True)
class _Window:
    """Whole days (their numbers since 1970) and the milliseconds of days that are cut, all inclusive."""

    days: range
    cuts: Sequence[tuple[int, int]]

    @classmethod
    def of(cls, first: int, last: int) -> "_Window":
        begin, end = -(-first // DAY_MILLIS), (last + 1) // DAY_MILLIS
        if begin > end:
            return cls(range(0), [(first, last)])
        edges = [(first, begin * DAY_MILLIS - 1), (end * DAY_MILLIS, last)]
        return cls(range(begin, end), [(start, stop) for start, stop in edges if start <= stop])


@dataclass(slots=True)
class _Base:
    """A survey with the stored states of its days."""

    workspace_id: str
    survey: Survey
    counting: Counting
    kept: dict[str, Kept]
    #: Days whose state another release or other questions made.
    unusable: set[str] = field(default_factory=set)
    #: Days that are counted from their responses, because no state of them can be written.
    counted: dict[str, State] = field(default_factory=dict)

    def states(self) -> Mapping[str, State]:
        stored = {day: kept.state for day, kept in self.kept.items()}
        return dict(sorted((stored | self.counted).items()))


class SurveyMetrics:
    """For one read: its time begins with the object."""

    def __init__(
        self,
        table: Table,
        *,
        sleep: Callable[[float], None] = time.sleep,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._table = table
        self._responses = Responses(table)
        self._sleep = sleep
        self._seconds = seconds
        self._began = seconds()
        self._left_to_count = MAX_COUNTED
        self._small = False

    def read(self, workspace_id: str, survey_id: int, *, first: int, last: int) -> Snapshot | None:
        """Of what was submitted from `first` to `last` (milliseconds, inclusive); None: no such survey.

        Two round trips for a window of whole days in which nothing is unfolded. Unavailable after a part of the work
        has been done, where there is more of it than one request can do.
        """
        window = _Window.of(max(first, 0), last)
        marks, cut = both(
            lambda: self._marks(workspace_id, survey_id, window),
            lambda: [item for cut in window.cuts for item in self._items(workspace_id, survey_id, *cut)],
        )
        for pause in (*CONFLICT_PAUSES, None):
            try:
                base = self._base(workspace_id, survey_id, window, marks)
                if base is None:
                    return None
                self._settle(base, marks, last_attempt=pause is None)
            except (ConditionFailed, LookAgain):
                self._sleep(_JITTER.uniform(0, 2 * (pause or 0)))
                marks = self._marks(workspace_id, survey_id, window)
            else:
                return Snapshot(base.survey, _merged(base.states(), self._days_of(base, cut)))
        raise _busy()

    def _in_time(self, most: float) -> None:
        """Unavailable if the read is older than that, in seconds."""
        if self._seconds() - self._began > most:
            raise _busy()

    # -- what is there -----------------------------------------------------------------------------------------------

    def _marks(self, workspace_id: str, survey_id: int, window: _Window) -> list[str]:
        """Ids of the window's responses that are in no state yet, in their order; no more than a read can work on."""
        most = MAX_CHUNKS * MAX_ACTIONS + MAX_COUNTED
        return list(islice(self._all_marks(workspace_id, survey_id, window.days), most))

    def _all_marks(self, workspace_id: str, survey_id: int, days: range) -> Iterator[str]:
        if not days:
            return
        first, last = _millis_of(days)
        partition, after = keys.unfolded_responses(workspace_id, survey_id), ids.before(ids.RESPONSE, millis=first)
        while page := self._table.query(partition, after=after, limit=_PAGE):
            within = [item["sk"] for item in page if ids.millis(item["sk"]) <= last]
            yield from within
            if len(within) < _PAGE:
                return
            after = page[-1]["sk"]

    def _base(self, workspace_id: str, survey_id: int, window: _Window, marks: Sequence[str]) -> _Base | None:
        """None: no such survey; LookAgain if what was read is not of one moment."""
        survey_key = keys.survey(workspace_id, survey_id)
        head_of = {
            day: keys.survey_day_metrics(workspace_id, survey_id, day)
            for day in self._candidates(workspace_id, survey_id, window)
        }
        found = self._table.get_many([survey_key, *head_of.values()])
        if survey_key not in found:
            return None
        survey = survey_of(found[survey_key])
        base = _Base(workspace_id, survey, Counting(tuple(survey.questions)), {})
        marked = {day_of(ids.millis(mark)) for mark in marks}
        parts = self._parts(found[key] for key in head_of.values() if key in found)
        for day, key in head_of.items():
            if key not in found and day not in marked:
                continue
            base.kept[day], usable = stored_state(
                lambda wanted: {key: parts[key] for key in wanted if key in parts},
                key,
                found.get(key),
                base.counting.fingerprint,
            )
            if not usable:
                base.unusable.add(day)
        return base

    def _candidates(self, workspace_id: str, survey_id: int, window: _Window) -> Sequence[str]:
        """Days of the window that may hold responses."""
        if len(window.days) <= MAX_BLIND_DAYS:
            return [day_of(number * DAY_MILLIS) for number in window.days]
        first, last = _millis_of(window.days)
        months = self._responses.months(workspace_id, survey_id, first=first, last=last)
        begin, end = day_of(first), day_of(last)
        return [day for month in months for day in _days_of_month(month) if begin <= day <= end]

    def _parts(self, heads: Iterable[Item]) -> Mapping[Key, Item]:
        """Those of all states that stand in several, in one round trip for a hundred."""
        wanted = [
            key
            for head in heads
            if len(head["parts"]) > 1
            for key in part_keys(Key(head[keys.PARTITION], head[keys.SORT]), head["parts"])
        ]
        return self._table.get_many(wanted) if wanted else {}

    def _pages(self, workspace_id: str, survey_id: int, first: int, last: int) -> Iterator[Sequence[Item]]:
        """The items of responses within one day."""
        partition = keys.responses(workspace_id, survey_id, month_of(first))
        after = ids.before(ids.RESPONSE, millis=first)
        while page := self._table.query(partition, after=after, limit=_PAGE):
            within = [item for item in page if ids.millis(item["sk"]) <= last]
            yield within
            if len(within) < _PAGE:
                return
            after = page[-1]["sk"]

    def _items(self, workspace_id: str, survey_id: int, first: int, last: int) -> Iterator[Item]:
        """The same one by one, for as long as there is time."""
        for page in self._pages(workspace_id, survey_id, first, last):
            self._in_time(GIVES_UP_AFTER)
            yield from page

    # -- what is missing ---------------------------------------------------------------------------------------------

    def _settle(self, base: _Base, marks: Sequence[str], *, last_attempt: bool) -> None:
        """Bring the states up to the marks; ConditionFailed, LookAgain if others were faster."""
        marks = self._rebuild(base, marks)
        unfolded = {day_of(ids.millis(mark)) for mark in marks}
        self._count_days(base, {day for day in unfolded - base.counted.keys() if _is_full(base.kept[day])})
        done: set[str] = set()
        small = self._small
        for chunk in islice(_chunks(base, marks, small=small), 0 if last_attempt else MAX_CHUNKS):
            try:
                self._fold(base, chunk)
            except _TooLarge as error:
                if not small:
                    self._small = True
                    raise LookAgain from error
                self._count_days(base, error.days)
            done.update(chunk)
        rest = [mark for mark in marks if mark not in done and day_of(ids.millis(mark)) not in base.counted]
        if len(rest) >= MAX_COUNTED:
            raise _busy()
        self._count_days(base, {day_of(ids.millis(mark)) for mark in rest})

    def _fold(self, base: _Base, chunk: Sequence[str]) -> None:
        """The states of some days with these responses, and their marks gone; in one transaction, or in several where
        they add much."""
        wanted = {mark: key_of(base.workspace_id, base.survey.id, mark) for mark in chunk}
        found = self._table.get_many(wanted.values())
        if len(found) < len(wanted):
            raise LookAgain
        part: list[str] = []
        added = 0
        for mark, key in wanted.items():
            if part and added > MOST_ADDED:
                self._write_part(base, part)
                part, added = [], 0
            if not part:
                self._in_time(BEGINS_UNTIL)
            contribution = self._contribution(base, found[key])
            base.kept[day_of(ids.millis(mark))].replace(Contribution(), contribution)
            part.append(mark)
            added += sum(map(len, contribution.counters))
        self._write_part(base, part)

    def _write_part(self, base: _Base, marks: Sequence[str]) -> None:
        """One transaction."""
        touched = {day: base.kept[day] for day in map(day_of, map(ids.millis, marks))}
        self._write(
            touched,
            [Delete(keys.unfolded_response(base.workspace_id, base.survey.id, mark), [present()]) for mark in marks],
        )

    def _write(self, touched: Mapping[str, Kept], deletions: Sequence[Delete] = ()) -> None:
        stored = [kept.stored() for kept in touched.values()]
        actions = [action for actions, _ in stored for action in actions] + list(deletions)
        if len(actions) > MAX_ACTIONS or sum(size for _, size in stored) > _MOST_BYTES:
            raise _TooLarge(touched)
        try:
            self._table.write(*actions)
        except Unavailable as error:
            # Others are writing the same states. In the end, days are counted without any.
            raise LookAgain from error
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationException":
                raise
            # It is the only thing about states that a store finds invalid.
            raise _TooLarge(touched) from error

    def _rebuild(self, base: _Base, marks: Sequence[str]) -> Sequence[str]:
        """Make the states anew that say nothing; gives the marks as they are by then.

        The responses are read before the marks: one that has no mark then was in the state that is replaced. Had
        anybody folded one since, that state would have another version, and this one is refused.
        """
        for day in sorted(base.unusable):
            self._in_time(BEGINS_UNTIL)
            items = self._of_day(base, day)
            fresh = list(self._all_marks(base.workspace_id, base.survey.id, _one_day(day)))
            unfolded = set(fresh)
            made = State.of(self._contribution(base, item) for item in items if item["sk"] not in unfolded)
            kept = base.kept[day]
            kept.reset(made)
            try:
                self._write({day: kept})
            except _TooLarge:
                base.counted[day] = State.of(self._contribution(base, item) for item in items)
            marks = [mark for mark in marks if day_of(ids.millis(mark)) != day] + fresh
        return sorted(marks)

    def _count_days(self, base: _Base, days: Iterable[str]) -> None:
        for day in sorted(days):
            self._in_time(BEGINS_UNTIL)
            base.counted[day] = State.of(self._contribution(base, item) for item in self._of_day(base, day))

    def _of_day(self, base: _Base, day: str) -> list[Item]:
        """All responses of a day; Unavailable where this read has counted as many as it can."""
        first, last = _millis_of(_one_day(day))
        items = list(self._items(base.workspace_id, base.survey.id, first, last))
        if self._left_to_count <= 0:
            raise _busy()
        self._left_to_count -= len(items)
        return items

    def _days_of(self, base: _Base, items: Iterable[Item]) -> Mapping[str, State]:
        days: dict[str, State] = {}
        for item in items:
            day = day_of(ids.millis(item["sk"]))
            days.setdefault(day, State()).add(self._contribution(base, item))
        return days

    def _contribution(self, base: _Base, item: Item) -> Contribution:
        self._in_time(GIVES_UP_AFTER)
        return base.counting.contribution(response_of(item, survey_id=base.survey.id))


def _is_full(kept: Kept) -> bool:
    """Whether a state has so little room left that nobody need try to fold something into it."""
    return sum(size for _, size in kept.parts) > _MOST_BYTES * 15 // 16


def _busy() -> Unavailable:
    return Unavailable(headers={"Retry-After": "1"})


def _chunks(base: _Base, marks: Sequence[str], *, small: bool) -> Iterator[Sequence[str]]:
    """Marks that fit into one transaction beside the states of their days, which then have grown, and have up to twice
    as many parts. Those of one day are tried whatever the size of its state.

    Where that was not true, `small` ones are of one day, which leaves the state most of the transaction.
    """
    chunk: list[str] = []
    days: set[str] = set()
    for mark in marks:
        if day_of(ids.millis(mark)) in base.counted:
            continue
        more = days | {day_of(ids.millis(mark))}
        parts = [part for day in more for part in base.kept[day].parts]
        actions = len(more) + 2 * len(parts) + len(chunk) + 1
        full = actions > MAX_ACTIONS or (len(more) > 1 and sum(size for _, size in parts) + _GROWTH > _MOST_BYTES)
        if chunk and (full or (small and (len(more) > 1 or len(chunk) == SMALL_CHUNK))):
            yield chunk
            chunk, more = [], {day_of(ids.millis(mark))}
            if more & base.counted.keys():
                # Since a moment ago: no transaction took its state.
                days = set()
                continue
        chunk.append(mark)
        days = more
    if chunk:
        yield chunk


def _merged(days: Mapping[str, State], others: Mapping[str, State]) -> Mapping[str, State]:
    """Both never hold the same day."""
    return dict(sorted({**days, **others}.items()))


def _millis_of(days: range) -> tuple[int, int]:
    """The first and the last one."""
    return days.start * DAY_MILLIS, days.stop * DAY_MILLIS - 1


def _one_day(day: str) -> range:
    number = (date.fromisoformat(day) - date(1970, 1, 1)).days
    return range(number, number + 1)


def _days_of_month(month: str) -> Sequence[str]:
    _, most = monthrange(int(month[:4]), int(month[5:]))
    return [f"{month}-{number:02d}" for number in range(1, most + 1)]
