"""Many small counters in one whole number: a field of `WIDTH` decimal digits for each card.

Packed counters are added and taken away like any others, but five hundred at a time, and need one name instead of five
hundred. Fields are decimal because states are kept as JSON, where the digits of a field then stand side by side and
compress well. Fields may be negative; each stays within half of its room in either direction.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

#: Room for counts of up to five million people.
WIDTH: Final = 7


@lru_cache(maxsize=64)
def units(count: int, width: int = WIDTH) -> tuple[int, ...]:
    """The numbers with 1 in one field and 0 in the others."""
    return tuple(10 ** (width * place) for place in range(count))


def unpacked(number: int, count: int, *, width: int = WIDTH) -> Sequence[int]:
    """What stands in each of `count` fields, beginning with field 0."""
    if not number:
        return [0] * count
    # A half is added to each field, so that none is negative.
    half = 10**width // 2
    digits = f"{number + int(str(half) * count):0{count * width}}"
    return [int(digits[end - width : end]) - half for end in range(len(digits), 0, -width)]


def occupied(number: int, *, width: int = WIDTH) -> Iterable[tuple[int, int]]:
    """The fields that are not 0, of which none is negative: (field, what stands in it), in the fields' order."""
    digits = str(number)
    size, end = len(digits), len(digits)
    while end > 0 and (kept := len(digits[:end].rstrip("0"))):
        field = (size - kept) // width
        start = max(0, size - (field + 1) * width)
        yield field, int(digits[start : size - field * width])
        end = start
