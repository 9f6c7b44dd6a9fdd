"""Cursors give nothing away and take nothing that they did not give."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimetric.domain import cursors

KEY = b"k" * 32
FILTERS = st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3)
POSITIONS = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
SCOPE = cursors.scope("/api/v1/folders", {})


@given(POSITIONS, st.text(max_size=20), FILTERS)
def test_a_position_comes_back(position: str, endpoint: str, filters: dict[str, str]) -> None:
    scope_text = cursors.scope(endpoint, filters)
    cursor = cursors.encode(position, key=KEY, scope_text=scope_text)
    assert cursors.decode(cursor, key=KEY, scope_text=scope_text) == position
    assert cursor.replace("-", "").replace("_", "").isalnum()


@given(FILTERS, FILTERS)
def test_scopes_are_equal_if_and_only_if_the_filters_are(one: dict[str, str], other: dict[str, str]) -> None:
    assert (cursors.scope("/x", one) == cursors.scope("/x", other)) is (one == other)


def test_the_order_of_filters_does_not_matter() -> None:
    assert cursors.scope("/x", {"a": "1", "b": "2"}) == cursors.scope("/x", {"b": "2", "a": "1"})
    assert cursors.scope("/x", {"a": "1b=2"}) != cursors.scope("/x", {"a": "1", "b": "2"})


@given(POSITIONS, st.integers(0, 10_000))
def test_a_single_changed_bit_is_refused(position: str, bit: int) -> None:
    cursor = cursors.encode(position, key=KEY, scope_text=SCOPE)
    octets = bytearray(cursor.encode())
    octets[bit // 8 % len(octets)] ^= 1 << bit % 8
    with pytest.raises(cursors.BadCursor):
        cursors.decode(octets.decode("latin-1"), key=KEY, scope_text=SCOPE)


@given(st.text(max_size=60))
def test_any_text_is_refused(text: str) -> None:
    with pytest.raises(cursors.BadCursor):
        cursors.decode(text, key=KEY, scope_text=SCOPE)


def test_another_key_or_scope_is_refused() -> None:
    cursor = cursors.encode("fld_1", key=KEY, scope_text=SCOPE)
    with pytest.raises(cursors.BadCursor):
        cursors.decode(cursor, key=b"x" * 32, scope_text=SCOPE)
    for endpoint, filters in (("/api/v1/studies", {}), ("/api/v1/folders", {"archived": "true"})):
        with pytest.raises(cursors.BadCursor):
            cursors.decode(cursor, key=KEY, scope_text=cursors.scope(endpoint, filters))


@pytest.mark.parametrize("spelling", ["{}=", "{}\n", " {}", "{}A"])
def test_another_spelling_of_the_same_octets_is_refused(spelling: str) -> None:
    cursor = cursors.encode("fld_1", key=KEY, scope_text=SCOPE)
    with pytest.raises(cursors.BadCursor):
        cursors.decode(spelling.format(cursor), key=KEY, scope_text=SCOPE)
