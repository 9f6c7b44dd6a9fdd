"""How reports say numbers."""

import pytest

from trimetric.reporting import words


@pytest.mark.parametrize(
    ("millis", "said"),
    [
        (None, "none"),
        (0, "0 ms"),
        (12.4, "12 ms"),
        (999.4, "999 ms"),
        (999.5, "1.0 s"),
        (59_949, "59.9 s"),
        (59_951, "1 min"),
        (200_000, "3 min 20 s"),
        (3_599_600, "1 h"),
        (7_500_000, "2 h 5 min"),
        (86_399_000, "1 d"),
        (300_000_000, "3 d 11 h"),
    ],
)
def test_durations_in_their_two_largest_units(millis: float | None, said: str) -> None:
    assert words.duration(millis) == said


def test_counts_and_shares() -> None:
    assert words.count(1, "person", "people") == "1 person"
    assert words.count(0, "person", "people") == "0 people"
    assert words.share(2 / 3) == "66.7 %"
    assert words.share(None) == words.number(None) == "none"
    assert words.number(1.5) == "2"


def test_blocks_with_their_n_and_interval() -> None:
    share = {"count": 4, "n": 5, "rate": 0.8, "ci95": [0.3596, 0.9797]}
    assert words.proportion(share) == "4 of 5 (80.0 %, 95 % interval 36.0 % to 98.0 %)"
    assert words.proportion({"count": 0, "n": 0, "rate": None, "ci95": None}) == "no answers yet"
    assert words.mean({"n": 1, "mean": 3, "sd": None, "ci95": None}) == "3.00 (n = 1)"
    assert words.mean({"n": 2, "mean": 3, "sd": 0, "ci95": [3, 3]}, 1) == "3.0 (n = 2, 95 % interval 3.0 to 3.0)"
    assert words.mean({"n": 0, "mean": None, "sd": None, "ci95": None}) == "no answers yet"


def test_right_to_left_text_turns_nothing_around_it() -> None:
    assert words.quoted("plain") == "\u201cplain\u201d"
    assert words.quoted("\u05e9") == "\u201c\u2068\u05e9\u2069\u201d"
    assert words.numbered(3, "x" * 90) == f"3. {'x' * 79}\u2026"
