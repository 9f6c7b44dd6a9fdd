"""What a sender signed instead: each common mistake is found and named."""

import base64
import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import pytest

from tests.handlers.signing import md5, sign
from trimetric.domain.apiauth import SignedRequest
from trimetric.domain.apiauth_help import Explanation, explain

SECRET: Final = "c2VjcmV0LW9mLWEta2V5"
KEY: Final = "0123456789abcdef0123456789abcdef"
DATE: Final = "Fri, 04 Sep 2020 13:35:05 GMT"
NOW: Final = datetime(2020, 9, 4, 13, 36, tzinfo=UTC)
PATH: Final = "/api/experience/surveys/237/responses"
QUERY: Final = "start_at=2020-09-05T23%3A59%3A59%2B00%3A00&limit=5"
BODY: Final = b'{"b": 1, "a": "x"}'
TYPE: Final = "application/json; charset=utf-8"
HEADERS: Final = {"date": DATE, "content-type": TYPE, "host": "api.example"}

POST: Final = SignedRequest("POST", PATH, QUERY, HEADERS, BODY)
GET: Final = SignedRequest("GET", PATH, QUERY, HEADERS)
URI: Final = f"{PATH}?{QUERY}"
RIGHT: Final = ("POST", TYPE, md5(BODY), URI, DATE)


def explained(request: SignedRequest, signature: str, *, algorithm: str = "sha1") -> Explanation:
    return explain(request, secret=SECRET, signature=signature, now=NOW, key=KEY, algorithm=algorithm)


def wrong_parts(request: SignedRequest, signature: str) -> list[str]:
    found = explained(request, signature)
    assert not found.accepted
    assert all(difference.advice and difference.signed != difference.expected for difference in found.differences)
    return sorted(difference.part for difference in found.differences)


def test_a_right_signature_is_accepted_and_shown() -> None:
    found = explained(POST, sign(SECRET, *RIGHT))
    assert found.accepted
    assert found.signed == found.expected
    assert found.expected.text() == ",".join(RIGHT)
    assert explained(POST, sign(SECRET, *RIGHT, digest="sha256"), algorithm="sha256").accepted


def test_an_accepted_spelling_is_no_mistake() -> None:
    found = explained(GET, sign(SECRET, "GET", "", md5(b""), PATH, DATE))
    assert found.accepted
    assert found.signed is not None
    assert found.signed.uri == PATH


def test_a_strict_stack_wants_the_query() -> None:
    signature = sign(SECRET, "GET", TYPE, "", PATH, DATE)
    found = explain(GET, secret=SECRET, signature=signature, now=NOW, strict_uri=True)
    assert [difference.part for difference in found.differences] == ["uri"]


@pytest.mark.parametrize(
    ("part", "parts"),
    [
        ("method", ("PUT", *RIGHT[1:])),
        ("method", ("post", *RIGHT[1:])),
        ("method", RIGHT[1:]),
        ("content_type", ("POST", "", *RIGHT[2:])),
        ("content_type", ("POST", "text/plain", *RIGHT[2:])),
        ("content_hash", (*RIGHT[:2], "", *RIGHT[3:])),
        ("content_hash", (*RIGHT[:2], hashlib.md5(BODY, usedforsecurity=False).hexdigest(), *RIGHT[3:])),
        ("content_hash", (*RIGHT[:2], base64.b64encode(hashlib.sha256(BODY).digest()).decode(), *RIGHT[3:])),
        ("content_hash", (*RIGHT[:2], BODY.decode(), *RIGHT[3:])),
        ("content_hash", (*RIGHT[:2], md5(BODY).rstrip("="), *RIGHT[3:])),
        ("content_hash", (*RIGHT[:2], md5(BODY + b"\n"), *RIGHT[3:])),
        ("content_hash", (*RIGHT[:2], md5(b'{"b":1,"a":"x"}'), *RIGHT[3:])),
        ("content_hash", (*RIGHT[:2], md5(b'{"a": "x", "b": 1}'), *RIGHT[3:])),
        ("content_hash", (*RIGHT[:2], md5(b""), *RIGHT[3:])),
        ("uri", (*RIGHT[:3], PATH, DATE)),
        ("uri", (*RIGHT[:3], f"https://api.example{URI}", DATE)),
        ("uri", (*RIGHT[:3], f"api.example{URI}", DATE)),
        ("uri", (*RIGHT[:3], f"{PATH}?start_at=2020-09-05T23:59:59+00:00&limit=5", DATE)),
        ("uri", (*RIGHT[:3], f"{PATH}?limit=5&start_at=2020-09-05T23%3A59%3A59%2B00%3A00", DATE)),
        ("uri", (*RIGHT[:3], f"{PATH}/?{QUERY}", DATE)),
        ("uri", (*RIGHT[:3], URI.removeprefix("/api/experience"), DATE)),
        ("date", (*RIGHT[:4], "")),
        ("date", (*RIGHT[:4], "Fri, 04 Sep 2020 13:35:04 GMT")),
        ("date", (*RIGHT[:4], "Fri, 04 Sep 2020 13:35:05 +0000")),
        ("date", (*RIGHT[:4], "2020-09-04T13:35:05Z")),
    ],
)
def test_the_part_that_differs_is_named(part: str, parts: tuple[str, ...]) -> None:
    if (part, parts[3]) == ("uri", f"{PATH}/?{QUERY}"):
        slashed = replace(POST, path=f"{PATH}/")
        assert wrong_parts(slashed, sign(SECRET, *RIGHT)) == ["uri"]
        return
    assert wrong_parts(POST, sign(SECRET, *parts)) == [part]


@pytest.mark.parametrize("separator", [", ", "\n", ""])
def test_other_separators(separator: str) -> None:
    assert wrong_parts(POST, sign(SECRET, separator.join(RIGHT))) == ["separator"]


@pytest.mark.parametrize("secret", [f"{SECRET}\n", SECRET.lower(), KEY])
def test_other_secrets_are_not_shown(secret: str) -> None:
    found = explained(POST, sign(secret, *RIGHT))
    assert [difference.part for difference in found.differences] == ["secret"]
    assert secret.strip() not in repr(found)


def test_a_decoded_secret() -> None:
    digest = hmac.new(base64.b64decode(SECRET), ",".join(RIGHT).encode(), "sha1").digest()
    assert wrong_parts(POST, base64.b64encode(digest).decode()) == ["secret"]


def test_another_algorithm_than_the_scheme_says() -> None:
    assert wrong_parts(POST, sign(SECRET, *RIGHT, digest="sha256")) == ["algorithm"]


def test_other_encodings() -> None:
    digest = hmac.new(SECRET.encode(), ",".join(RIGHT).encode(), "sha1").digest()
    assert wrong_parts(POST, digest.hex()) == ["encoding"]
    assert wrong_parts(POST, base64.b64encode(digest.hex().encode()).decode()) == ["encoding"]
    many = [replace(POST, headers={**HEADERS, "date": f"Fri, 04 Sep 2020 13:35:0{second} GMT"}) for second in range(9)]
    for request in many:
        right = sign(SECRET, *RIGHT[:4], request.headers["date"])
        if set("+/") & set(right):
            assert wrong_parts(request, right.replace("+", "-").replace("/", "_")) == ["encoding"]


def test_three_mistakes_at_once() -> None:
    signature = sign(f"{SECRET}\n", "POST", TYPE, "", PATH, DATE)
    assert wrong_parts(POST, signature) == ["content_hash", "secret", "uri"]


def test_what_nobody_signed_is_not_explained() -> None:
    found = explained(POST, "bcJExpW8u+MoUtqSmKzesvNAEec=")
    assert (found.signed, found.differences, found.problems) == (None, (), ())
    assert not found.accepted


@pytest.mark.parametrize(
    ("date", "problem"),
    [
        (None, "no Date header"),
        ("yesterday", "malformed Date header"),
        (
            "Fri, 04 Sep 2020 13:20:00 GMT",
            "stale Date header: it is 960 s behind the clock; less than 900 s are allowed",
        ),
        (
            "Fri, 04 Sep 2020 14:00:00 GMT",
            "stale Date header: it is 1440 s ahead of the clock; less than 900 s are allowed",
        ),
    ],
)
def test_what_no_signature_mends(date: str | None, problem: str) -> None:
    headers = {name: value for name, value in {**HEADERS, "date": date}.items() if value is not None}
    found = explained(replace(POST, headers=headers), sign(SECRET, *RIGHT[:4], date or ""))
    assert found.problems == (problem,)
    assert found.differences == ()
    assert not found.accepted


def test_a_body_that_is_not_json_and_a_key_that_is_not_given() -> None:
    request = SignedRequest("POST", PATH, "", HEADERS, b"\xff")
    signature = sign(SECRET, "POST", TYPE, md5(b"\xff"), PATH, "")
    found = explain(request, secret=SECRET, signature=signature, now=NOW)
    assert [difference.part for difference in found.differences] == ["date"]


def test_a_secret_that_is_no_base64() -> None:
    assert explain(GET, secret="abcde", signature="x", now=NOW).signed is None
