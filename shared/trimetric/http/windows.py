"""Lists of the Micrometrics dialect: `start_at`, `end_at`, `limit` and `cursor` of a request.

    page = windows.monthly(call)                    # or windows.unbounded(call)
    found = repository.list(…, first=page.window.first, last=page.window.last, after=page.after, limit=page.size + 1)
    shown, next_cursor = page.cut(found, lambda row: row.id)
    return respond_list(call, [row.public() for row in shown], next_cursor)

A cursor holds the resolved window, so that it stays the same while a list is walked through.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from trimetric.domain.experience.windows import BadWindow, Bounds, Window
from trimetric.errors import InvalidCursor, InvalidRequest, InvalidWindow
from trimetric.http.call import Call

BOUNDS: Final = ("start_at", "end_at")

#: Characters of a page as JSON. Lambda lets 6 MB out, in which each quote and each sign beyond ASCII takes more.
MOST_CHARACTERS: Final = 2_000_000


class Shown(Protocol):
    def public(self) -> dict[str, Any]: ...


Row = TypeVar("Row", bound=Shown)


@dataclass(frozen=True, slots=True)
class WindowedPage:
    """The page that a list was asked for; `after` is the position that the page before ended with."""

    call: Call
    window: Window
    size: int
    after: str | None
    parameters: Mapping[str, str]

    def cut(self, rows: Sequence[Row], position: Callable[[Row], str]) -> tuple[list[Row], str | None]:
        """The rows of this page, and the cursor of the next one (None: this is the last).

        Of `size` + 1 rows the last one only tells that there are more. Where rows are so large that an answer could
        not hold them, there are fewer on a page.
        """
        shown: list[Row] = []
        characters = 0
        for row in rows[: self.size]:
            characters += len(json.dumps(row.public()))
            if shown and characters > MOST_CHARACTERS:
                break
            shown.append(row)
        if len(shown) == len(rows):
            return shown, None
        return shown, self._cursor(position(shown[-1]))

    def _cursor(self, position: str) -> str:
        return self.call.cursor(f"{self.window.to_text()} {position}", self.parameters, name="cursor")


def ignored(call: Call) -> None:
    """The parameters of a request that shows or changes one thing: a window is accepted and means nothing."""
    call.parameters(*BOUNDS)


def window_of_month(call: Call) -> Window:
    """The window of a request that gives figures of one; by default the month that ends today."""
    return _month(call, _bounds(call.parameters(*BOUNDS)))


def monthly(call: Call) -> WindowedPage:
    """A list whose window is, by default, the month that ends today."""
    return _page(call, _month)


def unbounded(call: Call) -> WindowedPage:
    """A list that shows everything unless it is asked for a window."""
    return _page(call, _always)


def _page(call: Call, resolved: Callable[[Call, Bounds], Window]) -> WindowedPage:
    parameters = call.parameters("limit", "cursor", *BOUNDS)
    size, bounds = call.page_size(parameters), _bounds(parameters)
    bound = {name: value for name, value in parameters.items() if name not in BOUNDS}
    try:
        found = call.position(bound, name="cursor")
    except InvalidRequest as error:
        raise InvalidCursor from error
    if found is None:
        return WindowedPage(call, resolved(call, bounds), size, None, bound)
    text, _, after = found.partition(" ")
    window = Window.from_text(text)
    if not bounds.admits(window):
        raise InvalidCursor("cursor belongs to another start_at or end_at")
    return WindowedPage(call, window, size, after, bound)


def _bounds(parameters: Mapping[str, str]) -> Bounds:
    try:
        return Bounds.parse(parameters.get("start_at"), parameters.get("end_at"))
    except BadWindow as error:
        raise InvalidWindow(str(error)) from error


def _month(call: Call, bounds: Bounds) -> Window:
    try:
        return bounds.month(call.now)
    except BadWindow as error:
        raise InvalidWindow(str(error)) from error


def _always(call: Call, bounds: Bounds) -> Window:
    return bounds.always()
