"""Addresses are cleaned before they are kept, and compared with globs."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trimetric.domain.study_types.urls import cleaned, host_and_path, matches, path_of


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        pytest.param("https://shop.example", "https://shop.example/", id="no path"),
        pytest.param("https://shop.example?a=1", "https://shop.example/", id="a query and no path"),
        pytest.param("https://shop.example/a/?a=1#b", "https://shop.example/a/", id="query and fragment"),
        pytest.param("https://ann:pw@shop.example/a", "https://shop.example/a", id="name and password"),
        pytest.param("HTTP://SHOP.Example:80/A", "http://shop.example/A", id="case and the default port"),
        pytest.param("http://shop.example:443/", "http://shop.example:443/", id="the port of another scheme"),
        pytest.param("http://127.0.0.1:3000/x", "http://127.0.0.1:3000/x", id="a port"),
        pytest.param("https://[::1]:8443/x", "https://[::1]:8443/x", id="IPv6"),
    ],
)
def test_cleaning(url: str, clean: str) -> None:
    assert cleaned(url) == clean
    assert cleaned(clean) == clean
    assert clean == f"{clean.split('://')[0]}://{host_and_path(url)}"
    assert clean.endswith(path_of(url))


@pytest.mark.parametrize("url", ["https://", "https://:80/", "https://a:x/", "https://a:70000/", "https://[::1/"])
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        cleaned(url)


@pytest.mark.parametrize(
    ("pattern", "url", "fits"),
    [
        ("shop.example/done", "https://shop.example/done?id=7", True),
        ("shop.example/done", "https://shop.example/done/", False),
        ("shop.example/done", "https://www.shop.example/done", False),
        ("shop.example/done", "https://shop.example:8443/done", False),
        ("localhost:3000/done", "http://localhost:3000/done", True),
        ("Shop.Example/Done", "https://SHOP.example/Done", True),
        ("shop.example/Done", "https://shop.example/done", False),
        ("shop.example/*", "https://shop.example/", True),
        ("shop.example/*", "https://shop.example/orders", True),
        ("shop.example/*", "https://shop.example/orders/7", False),
        ("shop.example/orders/*/thanks", "https://shop.example/orders/7/thanks", True),
        ("shop.example/orders/*/thanks", "https://shop.example/orders/7/8/thanks", False),
        ("shop.example/order-*.html", "https://shop.example/order-7.html", True),
        ("shop.example/**", "https://shop.example", True),
        ("shop.example/**", "https://shop.example/a/b/c", True),
        ("shop.example/**/thanks", "https://shop.example/a/b/thanks", True),
        ("shop.example/**/thanks", "https://shop.example/thanks", True),
        ("shop.example/**/thanks", "https://shop.example/no-thanks", False),
        ("shop.example/a**", "https://shop.example/a/b", True),
        ("shop.example/***", "https://shop.example/a/b", True),
        ("*.example/", "https://shop.example/", True),
        ("*.example/", "https://www.shop.example/", True),
        ("*.shop.example/", "https://shop.example/", False),
        ("**", "https://shop.example/a/b", True),
        ("**/thanks", "https://shop.example/a/thanks", True),
        ("*", "https://shop.example/", True),
        ("*", "https://shop.example/a", False),
        ("shop.example", "https://shop.example", True),
        ("https://shop.example/a", "http://shop.example/a", True),
        ("shop.example/**/**/c", "https://shop.example/c", True),
        ("*/thanks", "https://shop.example/thanks", True),
        ("shop.example/a.c", "https://shop.example/abc", False),
        ("shop.example/[ab]", "https://shop.example/a", False),
        ("shop.example/[ab]", "https://shop.example/[ab]", True),
    ],
)
def test_globs(pattern: str, url: str, fits: bool) -> None:
    assert matches(url, pattern) is fits


def expression_of(pattern: str) -> str:
    parts = re.split(r"((?<=/)\*\*/|\*+)", pattern)
    translated = {"**/": "(?:.*/)?", "*": "[^/]*"}
    return "".join((translated.get(part) or ".*") if place % 2 else re.escape(part) for place, part in enumerate(parts))


@settings(deadline=None)
@given(
    pattern=st.text(alphabet="ab/*", max_size=10).map(lambda text: f"h/{text}"),
    path=st.text(alphabet="ab/", max_size=12),
)
def test_globs_agree_with_regular_expressions(pattern: str, path: str) -> None:
    expected = re.fullmatch(expression_of(pattern), f"h/{path}") is not None
    assert matches(f"https://h/{path}", pattern) is expected


def test_a_hostile_pattern_and_address_take_no_time() -> None:
    begin = time.process_time()
    assert not matches("https://h/" + "a" * 2_000, "h/" + "**a" * 160 + "b")
    assert time.process_time() - begin < 1
