"""Numbers as people read them. Only reports round."""

from collections.abc import Mapping
from typing import Any, Final
from unicodedata import bidirectional

NOTHING: Final = "none"
_RIGHT_TO_LEFT: Final = frozenset({"R", "AL"})


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


def decimal(value: float | None, places: int = 2) -> str:
    return NOTHING if value is None else f"{value:.{places}f}"


def percent(rate: float | None) -> str:
    """Shorter than `share`, for pictures."""
    return NOTHING if rate is None else f"{100 * rate:.0f} %"


def isolated(text: str) -> str:
    """`text`, so that right-to-left letters in it do not turn the words around it."""
    if any(bidirectional(character) in _RIGHT_TO_LEFT for character in text):
        return f"\u2068{text}\u2069"
    return text


def numbered(place: int, text: str) -> str:
    """A title of the `place`th task or question."""
    return f"{place}. {isolated(shortened(text))}"


def quoted(text: str) -> str:
    return f"“{isolated(text)}”"


def shortened(text: str, length: int = 80) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= length else f"{flat[: length - 1].rstrip()}…"


def interval(block: Mapping[str, Any], *, rate: bool = False, places: int = 2) -> str:
    """`0.12 to 0.34` of a block's `ci95`; as shares if it is a `rate`."""
    if block.get("ci95") is None:
        return NOTHING
    low, high = block["ci95"]
    return f"{share(low)} to {share(high)}" if rate else f"{decimal(low, places)} to {decimal(high, places)}"


def proportion(block: Mapping[str, Any]) -> str:
    """`8 of 10 (80.0 %, 95 % interval 47.9 % to 95.4 %)`"""
    if not block["n"]:
        return "no answers yet"
    said = f"{block['count']} of {block['n']} ({share(block['rate'])}"
    return f"{said}, 95 % interval {interval(block, rate=True)})" if block.get("ci95") else f"{said})"


def mean(block: Mapping[str, Any], places: int = 2) -> str:
    """`5.40 (n = 12, 95 % interval 4.80 to 6.00)`"""
    if not block["n"]:
        return "no answers yet"
    said = f"{decimal(block['mean'], places)} (n = {block['n']}"
    return f"{said}, 95 % interval {interval(block, places=places)})" if block.get("ci95") else f"{said})"
