"""The time that a list of the Micrometrics dialect is asked for.

Bounds are exclusive and, like all times that are kept, whole milliseconds; what is finer is rounded so that no record
between the bounds is lost. Months and days are counted in UTC, the time zone of each account.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple, Self

from trimetric.domain import times

#: The first and the last millisecond that records can have: 1970 to 9999.
EARLIEST: Final = 0
LATEST: Final = 253_402_300_799_999

_MILLISECOND: Final = timedelta(milliseconds=1)
_DAY: Final = timedelta(days=1)
_FINER: Final = re.compile(r"\.\d{3}(\d+)")
#: `+04:00` in a query means ` 04:00`.
_LOST_PLUS: Final = re.compile(r"[0-9.] \d{2}:?\d{2}", re.ASCII)


class BadWindow(ValueError):
    pass


@dataclass(frozen=True, slots=True)
class Window:
    """Milliseconds since 1970, inclusive; `last` is less than `first` where nothing lies between the bounds."""

    first: int = EARLIEST
    last: int = LATEST

    def to_text(self) -> str:
        return f"{self.first}.{self.last}"

    @classmethod
    def from_text(cls, text: str) -> Self:
        first, _, last = text.partition(".")
        return cls(int(first), int(last))


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a request says of its window: the first and the last millisecond inside, None where it says nothing."""

    first: int | None = None
    last: int | None = None

    @classmethod
    def parse(cls, start_at: str | None, end_at: str | None) -> Self:
        """BadWindow for texts that are no times with an offset, and for a start that is not before the end."""
        start = None if start_at is None else _moment("start_at", start_at)
        end = None if end_at is None else _moment("end_at", end_at)
        if start is not None and end is not None and not start < end:
            raise BadWindow("start_at must be before end_at")
        return cls(
            first=None if start is None else start.millis + 1,
            last=None if end is None else end.millis - 1 + bool(end.finer),
        )

    def always(self) -> Window:
        """Open where no bound is given."""
        return _window(self.first, self.last)

    def month(self, now: datetime) -> Window:
        """One calendar month where no more is said: to the end of today, or to the end that is given.

        BadWindow for a start after today without an end.
        """
        if self.last is None:
            first, last = _month_to_the_end_of(now)
            if self.first is not None and self.first > last:
                raise BadWindow("start_at is after today; end_at is needed too")
            return _window(first if self.first is None else self.first, last)
        if self.first is not None:
            return _window(self.first, self.last)
        return _window(_millis_a_month_before(min(self.last + 1, LATEST)) + 1, self.last)

    def admits(self, window: Window) -> bool:
        """Whether a page of `window` may be asked for with these bounds: they are its own or left out."""
        first = None if self.first is None else _window(self.first, None).first
        last = None if self.last is None else _window(None, self.last).last
        return first in (None, window.first) and last in (None, window.last)


def _window(first: int | None, last: int | None) -> Window:
    return Window(
        first=EARLIEST if first is None else max(EARLIEST, first),
        last=LATEST if last is None else min(LATEST, last),
    )


def _month_to_the_end_of(now: datetime) -> tuple[int, int]:
    """31 March → the days after 28 or 29 February, to 31 March."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    first_day = month_before(today) + _DAY
    return times.to_millis(first_day), times.to_millis(today + _DAY - _MILLISECOND)


def _millis_a_month_before(millis: int) -> int:
    instant = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=millis)
    return times.to_millis(month_before(instant))


def month_before(instant: datetime) -> datetime:
    """The same day and time of the month before, or that month's last day; the first month stays."""
    year, month = (instant.year, instant.month - 1) if instant.month > 1 else (instant.year - 1, 12)
    if year < 1:
        return instant
    return instant.replace(year=year, month=month, day=min(instant.day, monthrange(year, month)[1]))


class _Moment(NamedTuple):
    """`finer`: the digits behind the millisecond, without zeroes at the end."""

    millis: int
    finer: str


def _moment(name: str, text: str) -> _Moment:
    try:
        instant = times.parse(text)
    except ValueError as error:
        if _LOST_PLUS.search(text[10:]):
            raise BadWindow(
                f"{name} has a space where its offset begins: a + in a query means a space, so send it as %2B"
            ) from error
        raise BadWindow(f"{name} {error}") from error
    finer = _FINER.search(text)
    return _Moment(times.to_millis(instant), finer[1].rstrip("0") if finer else "")
