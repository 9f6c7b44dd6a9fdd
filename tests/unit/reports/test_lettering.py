"""Where long labels are cut."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trimetric.reporting.lettering import cut, label, width

FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467"
FLAG = "\U0001f1e9\U0001f1ea"


@example(text="0؛", room=24)
@given(text=st.text(max_size=60), room=st.integers(24, 300))
def test_what_is_cut_fits(text: str, room: int) -> None:
    assert width(cut(text, room)) <= room


def test_short_labels_stay_and_are_on_one_line() -> None:
    assert cut("a  b\nc", 100) == "a b c"
    assert "<title>" not in label("short", 0, 0, room=100)


def test_long_labels_say_all_of_themselves() -> None:
    drawn = label("A <long> label that goes on", 0, 0, room=60)
    assert "<title>A &lt;long&gt; label that goes on</title>" in drawn
    assert "…" in drawn


@pytest.mark.parametrize("one", [FAMILY, FLAG, "e\u0301", "\U0001f44d\U0001f3fd"])
def test_what_reads_as_one_character_is_not_torn(one: str) -> None:
    whole = {one * count + "…" for count in range(12)} | {one * 12}
    assert {cut(one * 12, room) for room in range(12, 200)} <= whole


def test_right_to_left_labels_keep_their_direction() -> None:
    assert cut("\u05e9\u05dc", 100) == "\u2068\u05e9\u05dc\u2069"
