"""How reports say numbers."""

import pytest

from functions.reports import words


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
