"""Negotiation and entity tags, apart from any request."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimetric.http.answers import Answer, Page, etag_of_data, matches_weakly, prefers_markdown
from trimetric.http.call import etag_matches, etag_of

ETAG = etag_of(b"x")


@given(st.text(max_size=60))
def test_no_accept_header_is_an_error(accept: str) -> None:
    assert prefers_markdown(accept) in (True, False)


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_the_higher_quality_wins_and_json_a_tie(markdown: int, json: int) -> None:
    accept = f"text/markdown;q={markdown / 1000}, application/json;q={json / 1000}"
    assert prefers_markdown(accept) is (markdown > json)


@given(st.integers(1, 1000))
def test_a_type_with_quality_0_is_never_preferred(other: int) -> None:
    assert not prefers_markdown(f"text/markdown;q=0, text/html;q={other / 1000}")
    assert prefers_markdown(f"application/json;q=0, text/markdown;q={other / 1000}")


def test_equal_data_has_an_equal_tag_and_other_data_another() -> None:
    assert etag_of_data({"a": 1, "b": [None]}) == etag_of_data({"a": 1, "b": [None]})
    assert len({etag_of_data(data) for data in ({"a": 1}, {"a": 2}, {"a": "1"}, {"b": 1}, {})}) == 5
    assert etag_of_data({"a": 1}) == etag_of(Answer({"a": 1}).content())


@pytest.mark.parametrize(
    ("header", "weak", "strong"),
    [
        (ETAG, True, True),
        (f'"a",{ETAG} , "b"', True, True),
        ("*", True, True),
        (f"W/{ETAG}", True, False),
        (ETAG.strip('"'), False, False),
        ('"other"', False, False),
        ("", False, False),
    ],
)
def test_if_none_match_compares_weakly_and_if_match_strongly(header: str, weak: bool, strong: bool) -> None:
    assert matches_weakly(header, ETAG) is weak
    assert etag_matches(header, ETAG) is strong


def test_an_answer_in_octets() -> None:
    assert Answer({"é": None}).content() == '{"data":{"é":null}}'.encode()
    assert Answer(status=204).content() == b""
    assert Answer([], page=Page(None)).content() == (b'{"data":[],"pagination":{"has_more":false,"next_cursor":null}}')
    assert b'"has_more":true,"next_cursor":"abc"' in Answer([], page=Page("abc")).content()


def test_no_answer_holds_a_number_that_json_has_not() -> None:
    with pytest.raises(ValueError, match="Out of range float"):
        Answer(float("nan")).content()
