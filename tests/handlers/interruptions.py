"""Functions that die, and others that come in between, at any call to the store."""

import asyncio
import threading
from collections.abc import Callable

from tests.fakes.table import FakeTable
from tests.handlers.conftest import Killed

AtCall = Callable[[int], object]


class Interruptions:
    """Counts the calls of a table from 0 and steps in at one of them."""

    def __init__(self, table: FakeTable) -> None:
        self._table = table
        self.calls: list[str] = []
        self.leave_alone()

    def leave_alone(self) -> None:
        self.watch()

    def watch(self, *, before: AtCall | None = None, after: AtCall | None = None) -> None:
        """Counting starts anew."""
        self.calls = calls = []

        def ahead(operation: str) -> None:
            calls.append(operation)
            if before is not None:
                before(len(calls) - 1)

        def behind(operation: str) -> None:
            if after is not None:
                after(len(calls) - 1)

        self._table.before, self._table.after = ahead, behind

    def kill(self, call: int, *, behind: bool) -> None:
        """The function dies at this call: before it reaches the store, or behind it with its answer lost."""

        def die_at(number: int) -> None:
            if number == call:
                raise Killed

        def die_from(number: int) -> None:
            # The dead do not call again.
            if number > call or (number == call and not behind):
                raise Killed

        self.watch(before=die_from, after=die_at if behind else None)

    def step_in(self, call: int, action: Callable[[], object]) -> None:
        """`action` happens once, ahead of this call; its own calls are not counted."""

        def act(number: int) -> None:
            if number == call:
                self.leave_alone()
                in_another_function(action)

        self.watch(before=act)


def in_another_function(action: Callable[[], object]) -> None:
    """Runs to its end beside the request that is on its way: in a thread and an event loop of its own."""
    problems: list[BaseException] = []

    def run() -> None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        try:
            action()
        except BaseException as problem:  # handed over to the test, whatever it is
            problems.append(problem)
        finally:
            loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if problems:
        raise problems[0]
