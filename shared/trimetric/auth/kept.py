"""What a process remembers of credentials."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Generic, TypeVar

#: A revoked key, a changed plan, limit or switch reaches every process within this many seconds (the contract: 60).
CACHE_SECONDS: Final = 50
CACHE_ENTRIES: Final = 1000

T = TypeVar("T")


class Kept(Generic[T]):
    """What was found, for a while; what was not found is asked for again."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._entries: OrderedDict[str, tuple[float, T]] = OrderedDict()

    def get(self, name: str, load: Callable[[], T | None]) -> T | None:
        entry = self._entries.get(name)
        now = self._monotonic()
        if entry is not None and now < entry[0]:
            return entry[1]
        found = load()
        self._entries.pop(name, None)
        if found is not None:
            self._entries[name] = (now + CACHE_SECONDS, found)
            if len(self._entries) > CACHE_ENTRIES:
                self._entries.popitem(last=False)
        return found

    def drop(self, name: str) -> None:
        self._entries.pop(name, None)
