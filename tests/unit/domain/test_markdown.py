"""Markdown that participants' text cannot take over."""

import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from trimetric.domain import markdown

HOSTILE = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.sampled_from(
    [
        "a | b",
        "\\| x",
        "# Heading",
        "x\n\n# Heading",
        "```\ncode",
        "    code",
        "<script>alert(1)</script>",
        "<!-- -->",
        "[x](javascript:alert(1))",
        "![x](https://evil.example/pixel.png)",
        "https://evil.example",
        "www.evil.example",
        "a@evil.example",
        "*b* _i_ ~~s~~ `c`",
        "__init__",
        "1. item",
        "1.",
        "- item",
        "> quote",
        "&lt;b&gt; &#60;",
        "--- | ---",
        "===",
        "\u2028# x",
        "\x1c# x",
        ": definition",
        "[^1]: note",
        "$x$",
    ]
)
RENDERER = MarkdownIt("commonmark", {"linkify": False}).enable("table")


def rendered(text: str) -> str:
    html: str = RENDERER.render(text)
    return html


def tags(html: str) -> set[str]:
    return set(re.findall(r"<(\w+)", html))


def text_of(html: str) -> str:
    """What a reader sees."""
    plain = re.sub(r"<[^>]*>", "", html)
    for entity, letter in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        plain = plain.replace(entity, letter)
    return plain


@given(HOSTILE, HOSTILE)
def test_a_cell_stays_in_its_cell(first: str, second: str) -> None:
    html = rendered(markdown.table(["a", "b"], [{"a": first, "b": second}] * 2))
    assert tags(html) == {"table", "thead", "tbody", "tr", "th", "td"}
    assert (html.count("<td"), html.count("<tr")) == (4, 3)


@given(HOSTILE)
def test_a_title_and_a_list_stay_what_they_are(text: str) -> None:
    html = rendered(markdown.document(f"x {text}", [text, "end"]))
    assert tags(html) == {"h1", "ul", "li"}
    assert (html.count("<h1"), html.count("<li")) == (1, 2)


@given(HOSTILE)
def test_names_of_members_are_data_too(text: str) -> None:
    html = rendered(markdown.document("x", {f"k{text}": text, f"n{text}": {f"m{text}": 1}}))
    assert tags(html) == {"h1", "h2", "table", "thead", "tbody", "tr", "th", "td"}


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=40))
def test_the_reader_sees_what_was_written(text: str) -> None:
    seen = text_of(rendered(markdown.table(["a"], [{"a": f"x{text}x"}]))).split("\n")
    assert f"x{text}x".split() == " ".join(seen[5:]).split()


def test_no_control_character_reaches_a_terminal() -> None:
    assert markdown.cell("a\x1b[2J\x07\x9b31m\x7f") == "a\ufffd\\[2J\ufffd\ufffd31m\ufffd"


def test_no_address_becomes_a_link() -> None:
    for address in ("https://evil.example", "www.evil.example", "WWW.evil.example", "a@evil.example"):
        assert markdown.cell(address) != address


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        (True, "yes"),
        (False, "no"),
        (0, "0"),
        (1.5, "1.5"),
        ("std_01k9rg5m8z", "std_01k9rg5m8z"),
        ("2026-01-31T09:30:00.000Z", "2026-01-31T09:30:00.000Z"),
        ("#3B82F6", "\\#3B82F6"),
        ("a: b", "a: b"),
        (["a", 1, None], "a, 1, "),
        ({"a": 1, "b": {"c": True}}, "a: 1; b: c: yes"),
        ("1.", "1\\."),
        (Decimal("-1.5"), "\\-1\\.5"),
    ],
)
def test_cells(value: Any, shown: str) -> None:
    assert markdown.cell(value) == shown


def test_a_document() -> None:
    data = {"id": "std_1", "settings": {"sort_type": "open", "map": {}}, "cards": [{"id": "a"}, {"label": "B"}]}
    assert markdown.document("Study: Shop", data) == (
        "# Study: Shop\n\n"
        "| field | value |\n| --- | --- |\n| id | std_1 |\n\n"
        "## Settings\n\n"
        "| field | value |\n| --- | --- |\n| sort_type | open |\n| map |  |\n\n"
        "## Cards\n\n"
        "| id | label |\n| --- | --- |\n| a |  |\n|  | B |\n"
    )


@pytest.mark.parametrize(
    ("data", "cursor", "ending"),
    [
        ([], None, "None.\n\nNext cursor: none, this is the last page\n"),
        ([{"id": "a"}], "abc_-", "| a |\n\nNext cursor: `abc_-`\n"),
    ],
)
def test_a_page_ends_with_the_cursor(data: Any, cursor: str | None, ending: str) -> None:
    assert markdown.document("Folders", data, paged=True, next_cursor=cursor).endswith(ending)


def test_empty_and_scalar_documents() -> None:
    assert markdown.document("x", {}) == "# x\n\nNone.\n"
    assert markdown.document("x", "a*b") == "# x\n\na\\*b\n"


def test_rows_of_a_matrix_stand_on_lines_of_their_own() -> None:
    text = markdown.document("Similarity", {"percent": [[100, 50.5], [50.5, None]], "ends": [1, 2]})
    assert "\n## Percent\n\n- 100, 50.5\n- 50.5, \n" in text
    assert "| ends | 1, 2 |" in text
