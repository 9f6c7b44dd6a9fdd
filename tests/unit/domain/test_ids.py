"""Public ids."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimetric.domain import ids

PREFIXES = [ids.FOLDER, ids.STUDY, ids.CARD, ids.GROUP, ids.QUESTION, ids.PARTICIPANT, ids.RESULT, ids.KEY]
MILLIS = st.integers(0, 2**48 - 1)


@given(st.sampled_from(PREFIXES), MILLIS)
def test_a_new_id_has_the_form_of_an_id_and_of_no_other_kind(prefix: str, millis: int) -> None:
    made = ids.new(prefix, millis=millis)
    assert re.fullmatch(rf"{prefix}_[0-9a-hjkmnp-tv-z]{{26}}", made)
    assert [kind for kind in PREFIXES if ids.is_id(kind, made)] == [prefix]


@given(MILLIS, MILLIS)
def test_ids_sort_by_the_millisecond_they_were_made_in(first: int, second: int) -> None:
    if first != second:
        earlier, later = sorted((first, second))
        assert ids.new("std", millis=earlier) < ids.new("std", millis=later)


def test_ids_of_one_millisecond_differ() -> None:
    assert len({ids.new("std", millis=7) for _ in range(1000)}) == 1000


@given(st.lists(st.text(), max_size=3), st.lists(st.text(), max_size=3))
def test_derived_ids_are_equal_if_and_only_if_their_parts_are(one: list[str], other: list[str]) -> None:
    assert (ids.derived("prt", *one) == ids.derived("prt", *other)) is (one == other)
    assert ids.is_id("prt", ids.derived("prt", *one))


def test_derived_ids_stay_what_they_are() -> None:
    """They are kept in tables and by callers."""
    assert ids.derived("prt", "std_1", "person") == "prt_1hpjb1enn46s09tsy6a5vkpgcf"
    assert ids.result("prt_1", 0) != ids.result("prt_1", 1)
    assert ids.result("prt_1", 0) == ids.derived("res", "prt_1", "0")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "std",
        "std_",
        "std_" + "0" * 25,
        "std_" + "0" * 27,
        "std_" + "i" * 26,
        "std_" + "A" * 26,
        "std_" + "\u0660" * 26,
        "STD_" + "0" * 26,
        " std_" + "0" * 26,
        "std_" + "0" * 26 + "\n",
        "std-" + "0" * 26,
    ],
)
def test_text_of_another_form_is_no_id(text: str) -> None:
    assert not ids.is_id("std", text)


def test_workspaces_have_ids_that_keys_begin_with() -> None:
    assert re.fullmatch(r"ws_[0-9a-f]{16}", ids.new_workspace())
    assert ids.new_workspace() != ids.new_workspace()


@pytest.mark.parametrize(("octets", "length"), [(16, 22), (24, 32), (32, 43)])
def test_tokens_are_random_and_safe_in_urls(octets: int, length: int) -> None:
    assert re.fullmatch(rf"[A-Za-z0-9_-]{{{length}}}", ids.token(octets))
    assert ids.token(octets) != ids.token(octets)
