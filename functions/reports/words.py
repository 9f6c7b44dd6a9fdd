"""Numbers as people read them. Only reports round."""

from typing import Final

NOTHING: Final = "none"


def count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def share(rate: float | None) -> str:
    return NOTHING if rate is None else f"{100 * rate:.1f} %"


def number(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.0f}"


def name(identifier: str) -> str:
    """`card_sort` → `card sort`."""
    return identifier.replace("_", " ")


def duration(millis: float | None) -> str:
    """In the two largest units: `850 ms`, `42.5 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`."""
    if millis is None:
        return NOTHING
    if millis < 999.5:
        return f"{millis:.0f} ms"
    if millis < 59_950:
        return f"{millis / 1000:.1f} s"
    if (seconds := round(millis / 1000)) < 3600:
        return _two(seconds, 60, "min", "s")
    if (minutes := round(millis / 60_000)) < 24 * 60:
        return _two(minutes, 60, "h", "min")
    return _two(round(millis / 3_600_000), 24, "d", "h")


def _two(parts: int, length: int, unit: str, part: str) -> str:
    whole, rest = divmod(parts, length)
    return f"{whole} {unit} {rest} {part}" if rest else f"{whole} {unit}"
