"""What was worked out of states not long ago, so that a state that did not change is not worked out again."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Final

from trimetric.metrics.durations import Durations

#: Bytes of figures that a process keeps; those of the largest card sorts come to some megabytes each.
MAX_BYTES: Final = 24_000_000
#: What an entry takes beside its figures, generously.
_BESIDE: Final = 20_000


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown of one state. Nobody changes it: it is shared by all who read that state."""

    #: The figures of the study's type, as JSON.
    figures: bytes
    #: Of everybody analysed.
    durations: Durations
    #: Data quality flag -> how many of the analysed people carry it.
    flags: dict[str, int]


@dataclass(slots=True)
class Recent:
    """The entries used last, up to `most` bytes. A key has to name all that its entry follows from."""

    most: int = MAX_BYTES
    _entries: OrderedDict[Hashable, Shown] = field(default_factory=OrderedDict)
    _bytes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: Hashable) -> Shown | None:
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
            return self._entries.get(key)

    def put(self, key: Hashable, shown: Shown) -> None:
        """Forgets those that were not used for longest; one that is larger than all the room is not kept."""
        with self._lock:
            if key in self._entries:
                return
            self._entries[key] = shown
            self._bytes += _size(shown)
            while self._bytes > self.most:
                _, forgotten = self._entries.popitem(last=False)
                self._bytes -= _size(forgotten)

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()
            self._bytes = 0


def _size(shown: Shown) -> int:
    return len(shown.figures) + _BESIDE
