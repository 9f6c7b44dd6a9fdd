"""Words in pictures: how wide they are about, and where long ones are cut."""

import unicodedata
from typing import Final

from trimetric.reporting import words
from trimetric.reporting.svg import Markup, element

SIZE: Final = 12
_ELLIPSIS: Final = "…"
_JOINERS: Final = frozenset("\u200d\ufe0e\ufe0f") | {chr(code) for code in range(0x1F3FB, 0x1F400)}


def width(text: str, *, size: float = SIZE) -> float:
    """Pixels, as a usual sans-serif font would take, rather too many than too few."""
    return size * sum(map(_em, text))


def _em(character: str) -> float:
    invisible = unicodedata.category(character) == "Cf"
    if invisible or unicodedata.combining(character) or character in _JOINERS:
        return 0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.1
    if character in "iljtfI.,:;'|! ()[]":
        return 0.36
    return 0.78 if character in "mwMW%@" or character.isupper() else 0.6


def cut(text: str, room: float, *, size: float = SIZE) -> str:
    """`text` on one line, within `room` pixels; what a reader sees as one character stays whole.

    Right-to-left text keeps its own direction: its cut is at its left end.
    """
    flat = " ".join(text.split())
    if width(flat, size=size) > room:
        flat = _shortened(flat, room - size, size=size) + _ELLIPSIS
    return words.isolated(flat)


def _shortened(text: str, room: float, *, size: float) -> str:
    end, used = 0, 0.0
    while end < len(text) - 1 and (used := used + size * _em(text[end])) <= room:
        end += 1
    while end > 0 and _is_within_one(text, end):
        end -= 1
    return text[:end].rstrip()


def _is_within_one(text: str, place: int) -> bool:
    """Whether a cut before `place` would tear what belongs together."""
    after, before = text[place], text[place - 1]
    if unicodedata.combining(after) or after in _JOINERS or before == "\u200d":
        return True
    flags = 0
    while flags < place and _is_regional(text[place - 1 - flags]):
        flags += 1
    return _is_regional(after) and flags % 2 == 1


def _is_regional(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def label(
    text: str,
    x: float,
    y: float,
    *,
    room: float,
    size: float = SIZE,
    after: Markup | None = None,
    **attributes: str | float | None,
) -> Markup:
    """A line of text that tells all of itself to whoever points at it; `after` follows on the same line."""
    shown = cut(text, room, size=size)
    whole = element("title", text) if _ELLIPSIS in shown else Markup("")
    given = {"fill": "var(--ink)", **attributes}
    if size != SIZE:
        given["font_size"] = size
    return element("text", whole, shown, after or Markup(""), x=x, y=y, **given)
