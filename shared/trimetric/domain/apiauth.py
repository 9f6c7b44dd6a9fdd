"""APIAuth: signed requests of the Micrometrics dialect. Standard library only, so that clients may carry this file.

A signature is Base64(HMAC(secret, `METHOD,content-type,content-hash,uri,date`)). Clients and gateways disagree on how
some parts are written, so a request has several canonical strings; it is genuine if its signature is that of any.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Final, NamedTuple
from urllib.parse import quote

#: A date must be less than this far from the server's, in either direction.
MAX_SKEW: Final = timedelta(seconds=900)
#: Canonical strings that are tried for a request; those that deviate most from the document are left out.
MAX_CANDIDATES: Final = 24

JSON: Final = "application/json"
SHA256_HEADER: Final = "x-authorization-content-sha256"

_AUTHORIZATION: Final = re.compile(
    r"APIAuth(?:-HMAC-SHA(?P<bits>1|256))? +(?P<key>[\x21-\x39\x3b-\x7e]{1,128}):"
    r"(?P<signature>[A-Za-z0-9+/]{1,128}={0,2})",
    re.IGNORECASE | re.ASCII,
)
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TIME: Final = r"(?P<hour>[01][0-9]|2[0-3]):(?P<minute>[0-5][0-9]):(?P<second>[0-5][0-9]|60)"
_MONTH: Final = f"(?P<month>{'|'.join(_MONTHS)})"
_SHORT_DAY: Final = f"(?P<weekday>{'|'.join(day[:3] for day in _DAYS)})"
_LONG_DAY: Final = f"(?P<weekday>{'|'.join(_DAYS)})"
_DATES: Final = tuple(
    re.compile(form)
    for form in (
        rf"{_SHORT_DAY}, (?P<day>[0-9]{{2}}) {_MONTH} (?P<year>[0-9]{{4}}) {_TIME} GMT",
        rf"{_LONG_DAY}, (?P<day>[0-9]{{2}})-{_MONTH}-(?P<year>[0-9]{{2}}) {_TIME} GMT",
        rf"{_SHORT_DAY} {_MONTH} (?P<day>[0-9]{{2}}| [0-9]) {_TIME} (?P<year>[0-9]{{4}})",
    )
)
#: What may stand in a path on the wire (RFC 3986); anything else was decoded on the way.
_PATH_CHARACTERS: Final = "/:@!$&'()*+,;=-._~"
_DECODED: Final = re.compile(r"[^A-Za-z0-9/:@!$&'()*+,;=\-._~%]|%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request as it came: `path` and `query` raw, header names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Authorization:
    """`algorithm` is `sha1` or `sha256`."""

    algorithm: str
    key: str
    signature: str


class Canonical(NamedTuple):
    """The parts of the string that is signed."""

    method: str
    content_type: str
    content_hash: str
    uri: str
    date: str

    def text(self) -> str:
        return ",".join(self)


def read_authorization(headers: Mapping[str, str]) -> Authorization | None:
    """From `Authorization`, or from `Authentication` where that is absent; None if it is not of the scheme's form."""
    match = _AUTHORIZATION.fullmatch(headers.get("authorization", headers.get("authentication", "")))
    if match is None:
        return None
    return Authorization("sha256" if match["bits"] == "256" else "sha1", match["key"], match["signature"])


def read_date(text: str, *, now: datetime) -> datetime | None:
    """The instant of an HTTP-date in one of its three forms (RFC 9110, 5.6.7); None for anything else."""
    match = next(filter(None, (form.fullmatch(text) for form in _DATES)), None)
    if match is None:
        return None
    year = int(match["year"])
    if len(match["year"]) == 2:
        year += now.year - now.year % 100
        if year > now.year + 50:
            year -= 100
    try:
        day = datetime(year, _MONTHS.index(match["month"]) + 1, int(match["day"]), tzinfo=UTC)
        instant = day + timedelta(hours=int(match["hour"]), minutes=int(match["minute"]), seconds=int(match["second"]))
    except (ValueError, OverflowError):
        return None
    return instant if _DAYS[day.weekday()].startswith(match["weekday"]) else None


def date_problem(text: str | None, *, now: datetime) -> str | None:
    """What is wrong with a Date header, None for one that is well-formed and fresh."""
    if text is None:
        return "no Date header"
    instant = read_date(text, now=now)
    if instant is None:
        return "malformed Date header"
    return None if abs(now - instant) < MAX_SKEW else "stale Date header"


def digest_problem(request: SignedRequest) -> str | None:
    """Whether a digest that the caller declared in a header belongs to another body."""
    declared = request.headers.get("content-md5")
    if declared is not None and declared not in _md5_forms(request.body) and (declared or request.body):
        return "Content-MD5 is that of another body"
    declared = request.headers.get(SHA256_HEADER)
    if declared is not None and declared != _sha256(request.body) and (declared or request.body):
        return "X-Authorization-Content-SHA256 is that of another body"
    return None


def problem(request: SignedRequest, *, now: datetime) -> str | None:
    """What speaks against a request beside its signature."""
    return date_problem(request.headers.get("date"), now=now) or digest_problem(request)


def canonicals(request: SignedRequest, *, strict_uri: bool = False) -> list[Canonical]:
    """What an honest client may have signed, the likeliest first; at most MAX_CANDIDATES."""
    parts = (
        _content_types(request),
        _content_hashes(request),
        _uris(request, strict_uri=strict_uri),
    )
    ranked = sorted(product(*(enumerate(part) for part in parts)), key=lambda chosen: sum(rank for rank, _ in chosen))
    date = request.headers.get("date", "")
    return [
        Canonical(request.method, content_type, content_hash, uri, date)
        for (_, content_type), (_, content_hash), (_, uri) in ranked[:MAX_CANDIDATES]
    ]


def signature_of(canonical: Canonical, secret: bytes, *, algorithm: str = "sha1") -> str:
    message = canonical.text().encode("utf-8", "surrogatepass")
    return base64.b64encode(hmac.digest(secret, message, algorithm)).decode()


def verified(given: Authorization, candidates: Sequence[Canonical], secrets: Iterable[bytes]) -> bool:
    """Whether one of the secrets signed one of the candidates; all are compared, whichever it is."""
    signature = given.signature.encode()
    found = False
    for secret in secrets:
        for candidate in candidates:
            expected = signature_of(candidate, secret, algorithm=given.algorithm).encode()
            found |= hmac.compare_digest(expected, signature)
    return found


def _content_types(request: SignedRequest) -> list[str]:
    verbatim = request.headers.get("content-type", "")
    forms = [verbatim, verbatim.partition(";")[0].strip()]
    return _distinct(forms if request.body else [*forms, JSON, ""])


def _content_hashes(request: SignedRequest) -> list[str]:
    md5 = _md5_forms(request.body)
    sha256 = [_sha256(request.body)] if SHA256_HEADER in request.headers else []
    return [*sha256, *md5] if request.body else ["", *sha256, *md5]


def _uris(request: SignedRequest, *, strict_uri: bool) -> list[str]:
    paths = [request.path]
    if _DECODED.search(request.path):
        paths.append(encoded_path(request.path))
    query = f"?{request.query}" if request.query else ""
    uris = [path + query for path in paths]
    if query and not strict_uri and request.method in ("GET", "HEAD"):
        uris += paths
    return uris


def encoded_path(path: str) -> str:
    """A decoded path as clients write it on the wire."""
    return quote(path, safe=_PATH_CHARACTERS, errors="surrogatepass")


def _md5_forms(body: bytes) -> list[str]:
    """Base64 of the raw MD5 and of its hex digits in upper and lower case; documents show both kinds."""
    digest = hashlib.md5(body, usedforsecurity=False)
    digits = digest.hexdigest()
    return [_base64(digest.digest()), _base64(digits.upper().encode()), _base64(digits.encode())]


def _sha256(body: bytes) -> str:
    return _base64(hashlib.sha256(body).digest())


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def _distinct(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))
