"""Page lists of the Metricis dialect: what a caller may ask of them."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final

from trimetric.domain import times
from trimetric.domain.metricis.batteries import battery_number_of
from trimetric.domain.metricis.list_kinds import CREATED, STARTED, STATUS, STUDY, Kind, Row
from trimetric.domain.metricis.listing import Query
from trimetric.domain.metricis.studies import study_id_of
from trimetric.dynamo.metricis.listing import Lists
from trimetric.errors import FieldError, ValidationFailed
from trimetric.http.call import Call
from trimetric.http.metricis import DEFAULT_PER_PAGE, MAX_PAGE, MAX_PER_PAGE, whole_number

#: Looks at a page while writers change its rows.
MAX_LOOKS: Final = 8

_MAX_TEXT: Final = 255
_RANGE: Final = ("start_date", "end_date")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DAY: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class PageRequest:
    """One page of one list. `study_id` and `query` say which rows; `fields` (None: all) which of their members."""

    page: int
    per_page: int
    query: Query
    study_id: int | None = None
    fields: Sequence[str] | None = None

    def shown(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return select(row, self.fields)


def page_request(call: Call, kind: Kind) -> PageRequest:
    """What the query parameters ask for; ValidationFailed names each one that cannot be."""
    ranges = _RANGE if STARTED in kind.orders else ()
    names = ("page", "per_page", "sort", "order", "fields")
    reader = _Reader(call.parameters(*names, *kind.choices, *ranges), kind)
    request = reader.request()
    if reader.problems:
        raise ValidationFailed(details=reader.problems)
    return request


def fields_of(call: Call, kind: Kind) -> Sequence[str] | None:
    """`fields=` of a single read, which takes no other parameter; None: all."""
    reader = _Reader(call.parameters("fields"), kind)
    fields = reader.fields()
    if reader.problems:
        raise ValidationFailed(details=reader.problems)
    return fields


def select(row: Mapping[str, Any], fields: Sequence[str] | None) -> dict[str, Any]:
    """Those members of a row that were asked for; one that the caller may not see is not in the row and left out."""
    return {name: value for name, value in row.items() if fields is None or name in fields}


def list_rows(
    call: Call, kind: Kind, request: PageRequest, read: Callable[[Sequence[Any]], Sequence[Row]]
) -> tuple[list[dict[str, Any]], int]:
    """The page's rows as they were asked for, and the exact total: three reads.

    `read` gives the rows of ids as they are shown. Where writers change rows between the list and the rows, both are
    read again, so that a page shows one moment; after `MAX_LOOKS` it shows the rows as they are by now.
    """
    lists = Lists(call.table, call.tenant.id, kind, sleep=call.runtime.sleep)
    for look in range(MAX_LOOKS):
        page = lists.page(request.query, study_id=request.study_id)
        rows = read(page.ids)
        if look == MAX_LOOKS - 1 or [kind.entry(row) for row in rows] == [tuple(each) for each in page.entries]:
            break
    return [request.shown(row) for row in rows], page.total


@dataclass(slots=True)
class _Reader:
    parameters: Mapping[str, str]
    kind: Kind
    problems: list[FieldError] = field(default_factory=list)

    def request(self) -> PageRequest:
        page = self._number("page", default=1, most=MAX_PAGE)
        per_page = self._number("per_page", default=DEFAULT_PER_PAGE, most=MAX_PER_PAGE)
        since, until = self._range()
        filters = {name: self._filter(name) for name in self.kind.choices if name in self.parameters}
        study_id, status = filters.pop(STUDY, None), filters.pop(STATUS, None)
        usual = CREATED if since is None and until is None else STARTED
        query = Query(
            sort=self._choice("sort", self.kind.sorts, default=usual),
            descending=self._choice("order", ("asc", "desc"), default="asc") == "desc",
            offset=(page - 1) * per_page,
            limit=per_page,
            status=status,
            since=since,
            until=until,
            filters=filters,
        )
        return PageRequest(page, per_page, query, study_id, self.fields())

    def fields(self) -> Sequence[str] | None:
        if "fields" not in self.parameters:
            return None
        names = self.parameters["fields"].split(",")
        unknown = [name for name in names if name not in self.kind.fields]
        if unknown:
            self._refuse("fields", f"must be some of {', '.join(self.kind.fields)}, separated by commas")
        return (self.kind.id, *names)

    def _refuse(self, name: str, reason: str) -> None:
        self.problems.append(FieldError(name, reason))

    def _number(self, name: str, *, default: int, most: int) -> int:
        try:
            return whole_number(self.parameters, name, default=default, most=most)
        except ValidationFailed as refused:
            self.problems += refused.details
            return default

    def _choice(self, name: str, choices: Sequence[str], *, default: str) -> str:
        value = self.parameters.get(name, default)
        if value not in choices:
            self._refuse(name, f"must be one of {', '.join(choices)}")
            return default
        return value

    def _filter(self, name: str) -> Any:
        text = self.parameters[name]
        choices = self.kind.choices[name]
        if choices is not None:
            return self._choice(name, choices, default=choices[0])
        if name == STUDY:
            number = study_id_of(text)
            if number is None:
                self._refuse(name, "must be the number of a study")
            return number
        if name == "battery_id" and battery_number_of(text) is None:
            self._refuse(name, "must be the id of a battery, such as battery_1")
        elif not 1 <= len(text) <= _MAX_TEXT or "\0" in text:
            self._refuse(name, f"must have 1 to {_MAX_TEXT} characters")
        return text

    def _range(self) -> tuple[int | None, int | None]:
        since, until = (self._bound(name) for name in _RANGE)
        if since is not None and until is not None and since >= until:
            self._refuse("start_date", "must not be after end_date")
        return since, until

    def _bound(self, name: str) -> int | None:
        """Milliseconds; of an end, those of the first instant that is out."""
        if name not in self.parameters:
            return None
        text = self.parameters[name]
        try:
            if _DATE.fullmatch(text):
                day = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
                return times.to_millis(day) + (_DAY if name == "end_date" else 0)
            return times.to_millis(times.parse(text)) + (name == "end_date")
        except ValueError:
            self._refuse(name, "must be a date such as 2026-01-31 or an RFC 3339 date and time")
            return None
