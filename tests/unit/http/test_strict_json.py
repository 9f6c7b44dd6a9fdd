"""JSON as the contract admits it."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimetric.errors import InvalidRequest, ValidationFailed
from trimetric.http.strict_json import MAX_DEPTH, parse

TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))
NUMBERS = st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5),
    max_leaves=20,
)


@given(DOCUMENTS, st.booleans())
def test_what_is_allowed_comes_back_as_it_was(document: Any, ascii_only: bool) -> None:
    assert parse(json.dumps(document, ensure_ascii=ascii_only).encode()) == document


@given(st.binary(max_size=200))
def test_any_octets_are_a_document_or_a_refusal(octets: bytes) -> None:
    with suppress(InvalidRequest, ValidationFailed):
        parse(octets)


@pytest.mark.parametrize("opening", ["[", '{"a":'])
@pytest.mark.parametrize("depth", [1, MAX_DEPTH, MAX_DEPTH + 1, 5000, 200_000])
def test_levels_are_counted_from_the_outermost(opening: str, depth: int) -> None:
    closing = {"[": "]", '{"a":': "}"}[opening]
    text = (opening * depth + ("1" if opening != "[" else "") + closing * depth).encode()
    if depth <= MAX_DEPTH:
        assert parse(text) is not None
    else:
        with pytest.raises(InvalidRequest):
            parse(text)


def test_many_shallow_brackets_are_not_deep() -> None:
    assert len(parse(b"[" + b",".join([b"[]"] * 1000) + b"]")) == 1000


@given(st.text(alphabet='[]{}"\\a', max_size=40))
def test_brackets_in_text_count_for_nothing(text: str) -> None:
    document = [{"k": text}] * 20
    assert parse(json.dumps(document).encode()) == document


def test_a_long_text_of_escapes_takes_no_long_time() -> None:
    text = '"' + '\\"' * 250_000 + '"'
    deep = f"[{text},{'[' * 40}{']' * 40}]"
    with pytest.raises(InvalidRequest):
        parse(deep.encode())


@pytest.mark.parametrize("text", ["1e400", "-1e400", "[1E999]", "NaN", "[-Infinity]", '{"a": Infinity}'])
def test_numbers_are_finite(text: str) -> None:
    with pytest.raises(InvalidRequest):
        parse(text.encode())


@pytest.mark.parametrize(("text", "value"), [("1e3", 1000.0), ("-0", 0), ("1e-400", 0.0), ("9" * 4000, 10**4000 - 1)])
def test_other_numbers_are_taken(text: str, value: float) -> None:
    assert parse(text.encode()) == value


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (r'"\u0000"', "body"),
        (r'{"a": {"b": ["x", "\u0000"]}}', "a.b[1]"),
        (r'{"a": {"\u0000": 1}}', "a"),
        (r'{"a": "\ud83d"}', "body"),
        (r'{"\udc00": 1}', "body"),
        (r'["\ude00\ud83d"]', "body"),
    ],
)
def test_text_that_cannot_be_kept_is_named(text: str, field: str) -> None:
    with pytest.raises(ValidationFailed) as refusal:
        parse(text.encode())
    assert [detail.field for detail in refusal.value.details] == [field]


def test_a_pair_of_surrogates_is_a_character() -> None:
    assert parse(rb'"\ud83d\ude00"') == "\U0001f600"


def test_duplicates_are_found_at_any_depth_and_equal_names_in_different_objects_are_none() -> None:
    assert parse(b'[{"a": 1}, {"a": {"a": 2}}]') == [{"a": 1}, {"a": {"a": 2}}]
    with pytest.raises(InvalidRequest):
        parse(b'[{"a": {"b": 1, "b": 1}}]')
