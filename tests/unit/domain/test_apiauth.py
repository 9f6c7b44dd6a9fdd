"""APIAuth: vectors, each accepted and each refused form, and whatever else may stand in the headers."""

import base64
import hashlib
import json
import random
import string
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.handlers.signing import http_date, sign
from trimetric.domain import apiauth
from trimetric.domain.apiauth import MAX_CANDIDATES, Authorization, SignedRequest

VECTORS: Final = json.loads((Path(__file__).parents[2] / "vectors/apiauth.json").read_text())["vectors"]
SECRET: Final = "testsecret"
DEVICE: Final = "/api/experience/devices/Tgc9VyKJ-8a9-89uV7wwVc"
RESPONSES: Final = "/api/experience/surveys/237/responses"
WINDOW: Final = "start_at=2020-09-05T23:59:59.999-04:00&cursor=abc"
GET_DATE: Final = "Fri, 04 Sep 2020 13:35:05 GMT"
POST_DATE: Final = "Fri, 04 Sep 2020 13:43:56 GMT"
BODY: Final = b'{"a":1}'
NOW: Final = datetime(2020, 9, 4, 13, 40, tzinfo=UTC)
SHA256: Final = "x-authorization-content-sha256"

JSON: Final = {"content-type": "application/json"}


def b64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def md5(body: bytes) -> str:
    return b64(hashlib.md5(body, usedforsecurity=False).digest())


def md5_hex(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


def get(path: str = DEVICE, query: str = "", **headers: str) -> SignedRequest:
    given = {"date": GET_DATE, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return SignedRequest("GET", path, query, given)


def post(body: bytes = BODY, **headers: str) -> SignedRequest:
    given = {"date": POST_DATE, **JSON, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return SignedRequest("POST", RESPONSES, "", given, body)


def accepts(request: SignedRequest, signature: str, *, algorithm: str = "sha1", strict_uri: bool = False) -> bool:
    given = Authorization(algorithm, "testkey", signature)
    canonicals = apiauth.canonicals(request, strict_uri=strict_uri)
    assert len(canonicals) == len(set(canonicals)) <= MAX_CANDIDATES
    return apiauth.verified(given, canonicals, [SECRET.encode()])


def accepts_signed(request: SignedRequest, *parts: str, **options: Any) -> bool:
    """Whether a signature over these parts is taken."""
    return accepts(request, sign(SECRET, *parts), **options)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_vectors(vector: dict[str, Any]) -> None:
    """The scheme's original implementation agrees with them; clients in other languages test with the same file."""
    path, _, query = vector["target"].partition("?")
    request = SignedRequest(vector["method"], path, query, vector["headers"], vector["body"].encode())
    signature, algorithm = vector["signature"], vector["algorithm"]
    assert sign(SECRET, vector["signed"], digest=algorithm) == signature
    assert vector["signed"] in [canonical.text() for canonical in apiauth.canonicals(request)]
    assert accepts(request, signature, algorithm=algorithm)
    assert apiauth.problem(request, now=NOW) is None
    assert not accepts(request, signature, algorithm="sha256" if algorithm == "sha1" else "sha1")
    assert not accepts(request, signature[:-2] + "A=", algorithm=algorithm)


@pytest.mark.parametrize(
    ("content_type", "signed"),
    [
        ("application/json", "application/json"),
        ("application/json", ""),
        (None, ""),
        (None, "application/json"),
        ("application/json; charset=utf-8", "application/json; charset=utf-8"),
        ("application/json; charset=utf-8", "application/json"),
        ("application/json; charset=utf-8", ""),
        ("text/plain", "text/plain"),
        ("text/plain", "application/json"),
    ],
)
def test_content_types_of_requests_without_body(content_type: str | None, signed: str) -> None:
    request = get(**({} if content_type is None else {"content-type": content_type}))
    assert accepts_signed(request, "GET", signed, "", DEVICE, GET_DATE)


@pytest.mark.parametrize(
    ("content_type", "signed", "accepted"),
    [
        ("application/json", "application/json", True),
        ("application/json;charset=utf-8", "application/json;charset=utf-8", True),
        ("application/json ; charset=utf-8", "application/json", True),
        ("application/json", "", False),
        ("text/plain", "application/json", False),
        ("application/json", "application/json; charset=utf-8", False),
    ],
)
def test_content_types_of_requests_with_a_body(content_type: str, signed: str, *, accepted: bool) -> None:
    request = post(content_type=content_type)
    assert accepts_signed(request, "POST", signed, md5(BODY), RESPONSES, POST_DATE) is accepted


def test_a_body_without_content_type_is_signed_with_a_blank_one() -> None:
    request = post()
    bare = replace(request, headers={"date": POST_DATE})
    assert accepts_signed(bare, "POST", "", md5(BODY), RESPONSES, POST_DATE)
    assert not accepts_signed(bare, "POST", "application/json", md5(BODY), RESPONSES, POST_DATE)


NOTHING: Final = b""


@pytest.mark.parametrize(
    ("body", "declared", "signed", "accepted"),
    [
        (BODY, False, md5(BODY), True),
        (BODY, False, b64(md5_hex(BODY).upper().encode()), True),
        (BODY, False, b64(md5_hex(BODY).encode()), True),
        (BODY, True, b64(hashlib.sha256(BODY).digest()), True),
        (BODY, True, md5(BODY), True),
        (BODY, False, b64(hashlib.sha256(BODY).digest()), False),
        (BODY, False, "", False),
        (BODY, True, "", False),
        (BODY, False, md5_hex(BODY), False),
        (BODY, False, md5(BODY + b"\n"), False),
        (BODY, False, md5(NOTHING), False),
        (NOTHING, False, "", True),
        (NOTHING, False, md5(NOTHING), True),
        (NOTHING, False, b64(md5_hex(NOTHING).upper().encode()), True),
        (NOTHING, False, b64(md5_hex(NOTHING).encode()), True),
        (NOTHING, True, b64(hashlib.sha256(NOTHING).digest()), True),
        (NOTHING, True, "", True),
        (NOTHING, False, b64(hashlib.sha256(NOTHING).digest()), False),
    ],
)
def test_content_hashes(body: bytes, signed: str, *, declared: bool, accepted: bool) -> None:
    headers = {SHA256: b64(hashlib.sha256(body).digest())} if declared else {}
    request = post(body, **headers)
    assert accepts_signed(request, "POST", "application/json", signed, RESPONSES, POST_DATE) is accepted


@pytest.mark.parametrize(
    ("headers", "body", "problem"),
    [
        ({"content-md5": md5(BODY)}, BODY, None),
        ({"content-md5": b64(md5_hex(BODY).encode())}, BODY, None),
        ({"content-md5": b64(md5_hex(BODY).upper().encode())}, BODY, None),
        ({"content-md5": md5(NOTHING)}, NOTHING, None),
        ({"content-md5": ""}, NOTHING, None),
        ({"content-md5": ""}, BODY, "Content-MD5"),
        ({"content-md5": md5(NOTHING)}, BODY, "Content-MD5"),
        ({"content-md5": md5(BODY)}, NOTHING, "Content-MD5"),
        ({"content-md5": md5_hex(BODY)}, BODY, "Content-MD5"),
        ({SHA256: b64(hashlib.sha256(BODY).digest())}, BODY, None),
        ({SHA256: ""}, NOTHING, None),
        ({SHA256: ""}, BODY, "SHA256"),
        ({SHA256: b64(hashlib.sha256(NOTHING).digest())}, BODY, "SHA256"),
    ],
)
def test_declared_digests_must_be_those_of_the_body(headers: dict[str, str], body: bytes, problem: str | None) -> None:
    found = apiauth.problem(post(body, **headers), now=NOW)
    assert (problem is None) is (found is None)
    assert (problem or "") in (found or "")


QUERY: Final = "a=%C3%A9&b=x+y&c=%2B&d=12:30&e=%20"


@pytest.mark.parametrize("query", [QUERY, WINDOW, "cursor=abc", "=", "a=é", "a&a"])
def test_the_query_of_a_get_is_signed_as_sent_or_not_at_all(query: str) -> None:
    request = get("/api/experience/devices", query)
    whole, path = f"/api/experience/devices?{query}", "/api/experience/devices"
    assert accepts_signed(request, "GET", "", "", whole, GET_DATE)
    assert accepts_signed(request, "GET", "", "", path, GET_DATE)
    assert accepts_signed(request, "GET", "", "", whole, GET_DATE, strict_uri=True)
    assert not accepts_signed(request, "GET", "", "", path, GET_DATE, strict_uri=True)
    assert not accepts_signed(request, "GET", "", "", f"{whole}&a=b", GET_DATE)
    assert not accepts_signed(request, "GET", "", "", "/api/experience/surveys", GET_DATE)


def test_other_spellings_of_a_query_are_others() -> None:
    request = get("/api/experience/devices", "a=%2B")
    for other in ("a=+", "a=%2b", "a= "):
        assert not accepts_signed(request, "GET", "", "", f"/api/experience/devices?{other}", GET_DATE)


@pytest.mark.parametrize(("method", "accepted"), [("HEAD", True), ("POST", False), ("PUT", False), ("DELETE", False)])
def test_only_reads_may_leave_the_query_out(method: str, *, accepted: bool) -> None:
    request = replace(get(DEVICE, "a=b"), method=method)
    assert accepts_signed(request, method, "", "", f"{DEVICE}?a=b", GET_DATE)
    assert accepts_signed(request, method, "", "", DEVICE, GET_DATE) is accepted


@pytest.mark.parametrize(
    ("path", "encoded"),
    [
        ("/api/experience/devices/a b", "/api/experience/devices/a%20b"),
        ("/api/experience/devices/é:1", "/api/experience/devices/%C3%A9:1"),
        ("/api/experience/devices/100% é", "/api/experience/devices/100%25%20%C3%A9"),
        ("/api/experience/devices/50%", "/api/experience/devices/50%25"),
    ],
)
def test_a_path_that_the_gateway_decoded_is_taken_in_both_forms(path: str, encoded: str) -> None:
    for uri in (path, encoded, f"{path}?a=b", f"{encoded}?a=b"):
        assert accepts_signed(get(path, "a=b"), "GET", "", "", uri, GET_DATE)
    assert not accepts_signed(get(path, "a=b"), "GET", "", "", path, GET_DATE, strict_uri=True)


@pytest.mark.parametrize("path", ["/api/experience/devices/a%20b", "/api/experience/devices/a:b@c"])
def test_a_path_as_it_was_sent_has_one_form(path: str) -> None:
    assert {canonical.uri for canonical in apiauth.canonicals(get(path))} == {path}


def test_the_method_is_part_of_what_is_signed() -> None:
    assert not accepts_signed(get(), "POST", "", "", DEVICE, GET_DATE)
    assert not accepts_signed(get(), "get", "", "", DEVICE, GET_DATE)
    assert not accepts_signed(get(), "", "", DEVICE, GET_DATE)
    assert not accepts_signed(get(), "application/json", "", DEVICE, GET_DATE)


def test_either_of_two_live_secrets_signs() -> None:
    given, canonicals = Authorization("sha1", "testkey", ""), apiauth.canonicals(get())
    for secret in ("old", "new", "gone"):
        signed = replace(given, signature=sign(secret, "GET", "", "", DEVICE, GET_DATE))
        assert apiauth.verified(signed, canonicals, [b"old", b"new"]) is (secret != "gone")
        assert not apiauth.verified(signed, canonicals, [])


# -- the Date header --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Sun Nov 06 08:49:37 1994",
    ],
)
def test_the_three_forms_of_an_http_date(text: str) -> None:
    assert apiauth.read_date(text, now=NOW) == datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Fri, 04 Sep 2020 13:35:05 +0000",
        "Fri, 04 Sep 2020 13:35:05 UTC",
        "Fri, 04 Sep 2020 13:35:05",
        "Fri, 04 Sep 2020 13:35:05 gmt",
        "Fri, 4 Sep 2020 13:35:05 GMT",
        "Fri, 04 Sep 20 13:35:05 GMT",
        "Fri 04 Sep 2020 13:35:05 GMT",
        "Fri; 04 Sep 2020 13:35:05 GMT",
        "fri, 04 Sep 2020 13:35:05 GMT",
        "Thu, 04 Sep 2020 13:35:05 GMT",
        "Friday, 04 Sep 2020 13:35:05 GMT",
        "Fri, 04 SEP 2020 13:35:05 GMT",
        "Fri, 04 Sept 2020 13:35:05 GMT",
        "Fri,  04 Sep 2020 13:35:05 GMT",
        "Fri, 04 Sep 2020 13:35:05 GMT ",
        " Fri, 04 Sep 2020 13:35:05 GMT",
        "Fri, 04 Sep 2020 13:35:05 GMT, Fri, 04 Sep 2020 13:35:05 GMT",
        "Fri, 04 Sep 2020 24:00:00 GMT",
        "Fri, 04 Sep 2020 13:60:05 GMT",
        "Fri, 04 Sep 2020 13:35:61 GMT",
        "Fri, 04 Sep 2020 13:35 GMT",
        "Fri, 04 Sep 2020 13:35:5 GMT",
        "Fri, 04 Sep 2020 -1:35:05 GMT",
        "Fri, 04 Sep 2020 13:35:05.0 GMT",
        "Fri, 31 Sep 2020 13:35:05 GMT",
        "Fri, 00 Sep 2020 13:35:05 GMT",
        "Fri, 04 Sep 0000 13:35:05 GMT",
        "Fri, \uff104 Sep 2020 13:35:05 GMT",
        "Fri, 31 Dec 9999 23:59:60 GMT",
        "Fri, 04-Sep-20 13:35:05 GMT",
        "Friday, 04-Sep-2020 13:35:05 GMT",
        "Friday, 4-Sep-20 13:35:05 GMT",
        "Friday, 04-Sep-2x 13:35:05 GMT",
        "Friday 04-Sep-20 13:35:05 GMT",
        "Thursday, 04-Sep-20 13:35:05 GMT",
        "Fri Sep 4 13:35:05 2020",
        "Fri Sep  04 13:35:05 2020",
        "Fri Sep  4 13:35:05 2020 GMT",
        "Thu Sep  4 13:35:05 2020",
        "2020-09-04T13:35:05Z",
        "2020-09-04 13:35:05",
        "1599226505",
    ],
)
def test_nothing_looser_is_a_date(text: str) -> None:
    assert apiauth.read_date(text, now=NOW) is None
    assert apiauth.date_problem(text, now=NOW) == "malformed Date header"


@pytest.mark.parametrize(("year", "read"), [("20", 2020), ("94", 1994), ("70", 2070), ("71", 1971), ("00", 2000)])
def test_two_digit_years_are_at_most_fifty_years_ahead(year: str, read: int) -> None:
    day = datetime(read, 9, 4, tzinfo=UTC)
    assert apiauth.read_date(f"{day:%A}, 04-Sep-{year} 00:00:00 GMT", now=NOW) == day


def test_a_leap_second_is_the_next_minute() -> None:
    assert apiauth.read_date("Sat, 31 Dec 2016 23:59:60 GMT", now=NOW) == datetime(2017, 1, 1, tzinfo=UTC)


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_instant_is_read_back(instant: datetime) -> None:
    second = instant.replace(microsecond=0)
    assert apiauth.http_date(second) == format_datetime(second, usegmt=True)
    assert apiauth.read_date(apiauth.http_date(second), now=NOW) == second
    asctime = f"{second:%a %b} {second.day:2d} {second:%H:%M:%S} {second.year:04d}"
    assert apiauth.read_date(asctime, now=NOW) == second


@pytest.mark.parametrize(
    ("seconds", "problem"),
    [(0, None), (899, None), (-899, None), (900, "stale"), (-900, "stale"), (901, "stale"), (-901, "stale")],
)
def test_a_date_is_fresh_for_less_than_fifteen_minutes_in_either_direction(seconds: int, problem: str | None) -> None:
    found = apiauth.date_problem(http_date(NOW + timedelta(seconds=seconds)), now=NOW)
    assert (problem or "") in (found or "")
    assert (found is None) is (problem is None)


def test_a_date_is_required() -> None:
    assert apiauth.date_problem(None, now=NOW) == "no Date header"


# -- the Authorization header -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "algorithm"),
    [
        ("APIAuth k:c2ln", "sha1"),
        ("apiauth k:c2ln", "sha1"),
        ("APIAuth-HMAC-SHA1 k:c2ln", "sha1"),
        ("APIAuth-HMAC-SHA256 k:c2ln", "sha256"),
        ("apiauth-hmac-Sha256   k:c2ln", "sha256"),
        ("APIAuth k:c2ln==", "sha1"),
    ],
)
def test_schemes(header: str, algorithm: str) -> None:
    found = apiauth.read_authorization({"authorization": header})
    assert found is not None
    assert (found.algorithm, found.key, found.signature.rstrip("=")) == (algorithm, "k", "c2ln")
    assert apiauth.read_authorization({"authentication": header}) == found


@pytest.mark.parametrize(
    "header",
    [
        "",
        "APIAuth",
        "APIAuth ",
        "APIAuth k",
        "APIAuth k:",
        "APIAuth :c2ln",
        "APIAuthk:c2ln",
        "APIAuth\tk:c2ln",
        "APIAuth k :c2ln",
        "APIAuth k: c2ln",
        "APIAuth k:c2ln ",
        " APIAuth k:c2ln",
        "APIAuth k:c2ln\n",
        "APIAuth k:c2l-",
        "APIAuth k:c2ln===",
        "APIAuth k:c2=n",
        "APIAuth k:c2ln, APIAuth k:c2ln",
        "APIAuth k:l:c2ln",
        "APIAuth k\xe9:c2ln",
        "AP\u0131Auth k:c2ln",
        "APIAuth-HMAC-MD5 k:c2ln",
        "APIAuth-HMAC-SHA512 k:c2ln",
        "APIAuth-HMAC k:c2ln",
        "XAPIAuth k:c2ln",
        "Bearer k:c2ln",
        "Basic azpj",
        f"APIAuth {'k' * 129}:c2ln",
        f"APIAuth k:{'c' * 129}",
    ],
)
def test_everything_else_is_none(header: str) -> None:
    assert apiauth.read_authorization({"authorization": header}) is None


def test_the_faq_header_counts_only_where_the_right_one_is_absent() -> None:
    good = "APIAuth k:c2ln"
    assert apiauth.read_authorization({"authorization": "Bearer x", "authentication": good}) is None
    assert apiauth.read_authorization({"authorization": "", "authentication": good}) is None
    assert apiauth.read_authorization({}) is None


# -- anything at all --------------------------------------------------------------------------------------------------

CASES: Final = 120_000
_LETTERS: Final = string.printable + "\x00\x7f\x80é\u0131\ud800٣\uff10"


def _mutated(rng: random.Random, text: str) -> str:
    letters = list(text)
    for _ in range(rng.randrange(1, 4)):
        place = rng.randrange(len(letters) + 1)
        match rng.randrange(4):
            case 0:
                letters.insert(place, rng.choice(_LETTERS))
            case 1 if letters:
                del letters[place - 1]
            case 2 if letters:
                letters[place - 1] = rng.choice(_LETTERS)
            case _:
                letters[place:place] = letters[: rng.randrange(8)]
    return "".join(letters)


def test_no_other_header_gets_through_and_none_is_an_error() -> None:
    """Each case changes the header of a request that would be let in."""
    rng = random.Random(4)  # noqa: S311 - the same cases in every run
    request = get(content_type="application/json")
    secrets, canonicals = [SECRET.encode()], apiauth.canonicals(request)
    valid = {
        "authorization": "APIAuth testkey:bcJExpW8u+MoUtqSmKzesvNAEec=",
        "date": GET_DATE,
    }
    passed = set()
    for case in range(CASES):
        name = ("authorization", "date")[case % 2]
        headers = {**request.headers, **valid, name: _mutated(rng, valid[name])}
        changed = replace(request, headers=headers)
        given = apiauth.read_authorization(headers)
        fresh = apiauth.problem(changed, now=NOW) is None
        signed = apiauth.canonicals(changed) if name == "date" else canonicals
        if given and fresh and apiauth.verified(given, signed, secrets):
            passed.add(headers[name])
    # What means the same: another letter case or more spaces behind the scheme, and another key, which is looked up.
    for text in passed - {GET_DATE}:
        found = apiauth.read_authorization({"authorization": text})
        assert found is not None
        assert (found.algorithm, found.signature) == ("sha1", "bcJExpW8u+MoUtqSmKzesvNAEec=")


@given(
    st.sampled_from(["GET", "POST", "HEAD", "DELETE"]),
    st.text(),
    st.text(),
    st.dictionaries(
        st.sampled_from(["date", "content-type", "content-md5", SHA256, "authorization", "authentication"]), st.text()
    ),
    st.binary(max_size=50),
)
def test_any_request_has_few_canonical_strings(
    method: str, path: str, query: str, headers: dict[str, str], body: bytes
) -> None:
    request = SignedRequest(method, path, query, headers, body)
    canonicals = apiauth.canonicals(request)
    assert 1 <= len(canonicals) <= MAX_CANDIDATES
    for canonical in canonicals:
        signature = apiauth.signature_of(canonical, SECRET.encode())
        assert apiauth.verified(Authorization("sha1", "k", signature), canonicals, [SECRET.encode()])
    apiauth.problem(request, now=NOW)


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
@pytest.mark.parametrize("body", [NOTHING, BODY])
def test_what_the_helper_signs_is_accepted(algorithm: str, body: bytes) -> None:
    signed = apiauth.sign("post", f"{DEVICE}?a=b", body, key="k", secret=SECRET, date=NOW, algorithm=algorithm)
    headers = {name.lower(): value for name, value in signed.headers.items()}
    request = SignedRequest("POST", DEVICE, "a=b", headers, body)
    given = apiauth.read_authorization(headers)
    assert given is not None
    assert given.key == "k"
    assert apiauth.verified(given, apiauth.canonicals(request, strict_uri=True)[:1], [SECRET.encode()])
    assert apiauth.problem(request, now=NOW) is None
