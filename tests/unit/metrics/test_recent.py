"""Figures that are kept for the next reader: those used last, within a bound."""

from trimetric.metrics.durations import Durations
from trimetric.metrics.recent import Recent, Shown


def shown(size: int) -> Shown:
    return Shown(b"0" * size, Durations(), {})


def test_what_was_kept_is_found_by_its_key_only() -> None:
    recent, one = Recent(), shown(5)
    recent.put(("ws_a", "std_a", 1), one)
    assert recent.get(("ws_a", "std_a", 1)) is one
    assert recent.get(("ws_b", "std_a", 1)) is None


def test_those_that_were_not_used_for_longest_make_room() -> None:
    recent = Recent(most=150_000)
    for name in "abc":
        recent.put(name, shown(20_000))
    assert recent.get("a") is not None
    recent.put("d", shown(20_000))
    assert [recent.get(name) is not None for name in "abcd"] == [True, False, True, True]


def test_putting_again_takes_no_more_room() -> None:
    recent = Recent(most=100_000)
    for _ in range(10):
        recent.put("a", shown(30_000))
    recent.put("b", shown(20_000))
    assert recent.get("a") is not None
    assert recent.get("b") is not None


def test_what_is_larger_than_all_the_room_is_not_kept() -> None:
    recent = Recent(most=50_000)
    recent.put("large", shown(100_000))
    assert recent.get("large") is None
    recent.put("small", shown(10))
    assert recent.get("small") is not None


def test_all_is_forgotten_and_there_is_room_again() -> None:
    recent = Recent(most=50_000)
    recent.put("a", shown(20_000))
    recent.clear()
    assert recent.get("a") is None
    recent.put("b", shown(20_000))
    assert recent.get("b") is not None
