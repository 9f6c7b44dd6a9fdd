"""Words of free answers: what counts as one, how often people use it, and whether an answer holds a keyword.

Text is compared as people read it: NFKC, without case, one kind of apostrophe, without invisible characters. A word is
a run of letters and digits with their combining marks; an apostrophe within belongs to it, a hyphen parts two words.
No language is assumed, so there are no stop words and no stems. A run that is longer than any language's words is kept
in no table: a hundred of them would be an answer that nobody can be sent.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

from trimetric.metrics.state import Part, State, Tally

#: Words and bigrams in an answer of the API.
SHOWN: Final = 100
#: Characters of a word in a table; with a longer one, the bigrams are left out, too.
LONGEST: Final = 64

_INVISIBLE: Final = dict.fromkeys([0x00AD, 0x034F, *range(0x200B, 0x2010), 0x2060, 0xFEFF, *range(0xFE00, 0xFE10)])
_APOSTROPHES: Final = dict.fromkeys(map(ord, "\u2019\u02bc"), "'")
_TRANSLATED: Final = {**_INVISIBLE, **_APOSTROPHES}


def folded(text: str) -> str:
    once = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", once.translate(_TRANSLATED))


def words_of(text: str) -> list[str]:
    """In their order, folded."""
    return _words(folded(text))


def bigrams_of(words: Iterable[str]) -> list[str]:
    """Neighbours, with a space between them."""
    return [f"{one} {next_one}" for one, next_one in pairwise(words)]


def contains(text: str, keyword: str) -> bool:
    """Whether the words of `keyword` stand in `text` one after the other, as whole words.

    An apostrophe ends a word here ("Rome's" contains "Rome"). A keyword with other signs (C++, 5 €) must stand there
    literally, with no letter or digit added to its ends.
    """
    return _Answer(text).contains(keyword)


def contains_any(text: str, keywords: Iterable[str]) -> bool:
    answer = _Answer(text)
    return any(answer.contains(keyword) for keyword in keywords)


class _Answer:
    def __init__(self, text: str) -> None:
        self._folded = " ".join(folded(text).split())
        self._pieces = f" {' '.join(_pieces(self._folded))} "

    def contains(self, keyword: str) -> bool:
        pieces, literal = _keyword(keyword)
        if literal is None:
            return bool(pieces) and f" {pieces} " in self._pieces
        return any(_stands_alone(self._folded, *match.span(1)) for match in re.finditer(literal, self._folded))


@lru_cache(maxsize=2048)
def _keyword(keyword: str) -> tuple[str, str | None]:
    """Its words; and the pattern that finds it literally, even where it overlaps itself, if it has other signs."""
    text = " ".join(folded(keyword).split())
    pieces = _pieces(text)
    signs = Counter(text) - Counter("".join(pieces))
    if all(sign in " '" or unicodedata.category(sign) == "Pd" for sign in signs):
        return " ".join(pieces), None
    return " ".join(pieces), f"(?=({re.escape(text)}))"


def _stands_alone(text: str, start: int, end: int) -> bool:
    before = text[start - 1 : start].isalnum() and text[start].isalnum()
    after = text[end : end + 1].isalnum() and text[end - 1].isalnum()
    return not before and not after


def _pieces(folded_text: str) -> list[str]:
    return _words(folded_text.replace("'", " "))


def _words(folded_text: str) -> list[str]:
    marks = frozenset(letter for letter in set(folded_text) if _is_mark(letter))
    return _pattern(marks).findall(folded_text)


def _is_mark(letter: str) -> bool:
    return letter > "\x7f" and unicodedata.category(letter) in ("Mn", "Mc")


@lru_cache(maxsize=256)
def _pattern(marks: frozenset[str]) -> re.Pattern[str]:
    """`\\w` knows letters and digits, not the marks that follow them in many scripts."""
    if not marks:
        return re.compile(r"[^\W_]+(?:'[^\W_]+)*")
    run = f"[^\\W_](?:[^\\W_]|[{re.escape(''.join(sorted(marks)))}])*"
    return re.compile(f"{run}(?:'{run})*")


def tally_words(tally: Tally, *prefix: Part, words: Sequence[str]) -> None:
    """One person's words (or bigrams): who used each, and how often beyond the first time."""
    for word, occurrences in Counter(words).items():
        if any(len(part) > LONGEST for part in word.split(" ")):
            continue
        tally.count(*prefix, "people", word)
        if occurrences > 1:
            tally.count(*prefix, "again", word, by=occurrences - 1)


def word_table(state: State, *prefix: Part, called: str = "word") -> list[dict[str, Any]]:
    """The words most people used, then those used most often, then by alphabet."""
    people: Mapping[tuple[Any, ...], int] = state.under(*prefix, "people")
    again = state.under(*prefix, "again")
    rows = [
        {called: word[0], "participants": count, "occurrences": count + again.get(word, 0)}
        for word, count in people.items()
    ]
    rows.sort(key=lambda row: (-row["participants"], -row["occurrences"], row[called]))
    return rows[:SHOWN]
