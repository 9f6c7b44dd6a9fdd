"""What is a word, and when an answer holds a keyword."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trimetric.metrics.state import State, Tally
from trimetric.metrics.words import (
    LONGEST,
    SHOWN,
    bigrams_of,
    contains,
    contains_any,
    tally_words,
    word_table,
    words_of,
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A blue logo.", ["a", "blue", "logo"]),
        ("prices, PRICES; prices!", ["prices"] * 3),
        ("Don\u2019t know, 'maybe'", ["don't", "know", "maybe"]),
        ("low-cost 24/7", ["low", "cost", "24", "7"]),
        ("STRASSE straße", ["strasse", "strasse"]),
        ("e\u0301te\u0301 \u00e9t\u00e9", ["été", "été"]),
        ("\ufb01ne \uff21\uff22\uff23", ["fine", "abc"]),
        ("snake_case", ["snake", "case"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("ไม่ดี", ["ไม่ดี"]),
        ("\u0645\u06cc\u200c\u062e\u0648", ["\u0645\u06cc\u062e\u0648"]),
        ("co\u00adoperate", ["cooperate"]),
        ("👍 👩\u200d💻 ❤\ufe0f", []),
        ("", []),
        (" \n\t", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert words_of(text) == words


@settings(max_examples=200)
@given(st.text())
def test_words_are_stable_and_have_no_spaces(text: str) -> None:
    words = words_of(text)
    assert all(word and not any(letter.isspace() for letter in word) for word in words)
    assert words_of(" ".join(words)) == words
    assert all(contains(text, word) for word in words)


def test_bigrams() -> None:
    assert bigrams_of(["cheap", "flights", "to"]) == ["cheap flights", "flights to"]
    assert bigrams_of(["cheap"]) == bigrams_of([]) == []


@pytest.mark.parametrize(
    ("text", "keyword", "found"),
    [
        ("Cheap FLIGHTS to Rome", "flights", True),
        ("Cheap flights", "flight", False),
        ("Cheap flights to Rome", "flights  to", True),
        ("to flights", "flights to", False),
        ("Rome's sights", "rome", True),
        ("I don\u2019t know", "don't", True),
        ("low-cost", "low cost", True),
        ("low cost", "low-cost", True),
        ("flow cost", "low-cost", False),
        ("I like C++", "C++", True),
        ("I like C", "C++", False),
        ("abc++", "C++", False),
        ("xa+a+a", "a+a", True),
        ("price 15 €", "5 €", False),
        ("price  5 €", "5 €", True),
        ("nice 👍!", "👍", True),
        ("nice", "👍", False),
        ("anything", "\u200b", False),
        ("Straße", "STRASSE", True),
    ],
)
def test_keywords_are_whole_words(text: str, keyword: str, found: bool) -> None:
    assert contains(text, keyword) is found


def test_any_keyword_will_do() -> None:
    assert contains_any("a plane", ["ship", "plane"])
    assert not contains_any("a plane", [])


def test_tables_rank_by_people_then_occurrences_then_alphabet() -> None:
    tally, other = Tally(), Tally()
    tally_words(tally, "w", words=["b", "a", "c", "c", "d", "d"])
    tally_words(other, "w", words=["b", "d"])
    assert word_table(State.of([tally.contribution(), other.contribution()]), "w") == [
        {"word": "d", "participants": 2, "occurrences": 3},
        {"word": "b", "participants": 2, "occurrences": 2},
        {"word": "c", "participants": 1, "occurrences": 2},
        {"word": "a", "participants": 1, "occurrences": 1},
    ]


def test_tables_end() -> None:
    tally = Tally()
    tally_words(tally, "w", words=[f"word{number}" for number in range(SHOWN + 20)])
    assert len(word_table(State.of([tally.contribution()]), "w", called="bigram")) == SHOWN


def test_what_is_longer_than_any_word_is_in_no_table() -> None:
    words = words_of(f"one {'x' * LONGEST} {'y' * (LONGEST + 1)} two three")
    tally = Tally()
    tally_words(tally, "words", words=words)
    tally_words(tally, "bigrams", words=bigrams_of(words))
    state = State.of([tally.contribution()])
    assert {row["word"] for row in word_table(state, "words")} == {"one", "x" * LONGEST, "two", "three"}
    assert {row["bigram"] for row in word_table(state, "bigrams", called="bigram")} == {
        f"one {'x' * LONGEST}",
        "two three",
    }
