"""Two reads that do not wait for each other."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TypeVar

First = TypeVar("First")
Second = TypeVar("Second")


@lru_cache(maxsize=1)
def _beside() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=8, thread_name_prefix="beside")


def both(first: Callable[[], First], second: Callable[[], Second]) -> tuple[First, Second]:
    """The values of both, in the time of the slower one; an error of `first` is raised before one of `second`."""
    running = _beside().submit(first)
    try:
        found = second()
    finally:
        # Also where `second` failed: nothing of this request may run on behind the next one.
        value = running.result()
    return value, found
