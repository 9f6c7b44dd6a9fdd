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
    match text.split(" "):
        case [weekday, day, month, year, time, "GMT"] if len(weekday) == 4 and len(day) == 2 and len(year) == 4:
            return _instant(weekday[:-1], day, month, year, time) if weekday[-1] == "," else None
        case [weekday, day_month_year, time, "GMT"] if weekday[:-1] in _DAYS and weekday[-1] == ",":
            return _instant_of_two_digits(weekday[:-1], day_month_year, time, now=now)
        case [weekday, month, day, time, year] if len(weekday) == 3 and len(day) == 2 and len(year) == 4:
            return _instant(weekday, day, month, year, time)
        case [weekday, month, "", day, time, year] if len(weekday) == 3 and len(day) == 1 and len(year) == 4:
            return _instant(weekday, day, month, year, time)
    return None


def _instant_of_two_digits(weekday: str, day_month_year: str, time: str, *, now: datetime) -> datetime | None:
    """A year that seems more than 50 years ahead is the latest past one with these digits."""
    match day_month_year.split("-"):
        case [day, month, year] if len(day) == 2 and len(year) == 2 and _is_number(year):
            full_year = now.year - now.year % 100 + int(year)
            full_year -= 100 if full_year > now.year + 50 else 0
            return _instant(weekday[:3], day, month, f"{full_year:04d}", time)
    return None


def _instant(weekday: str, day: str, month: str, year: str, time: str) -> datetime | None:
    clock = time.split(":")
    if month not in _MONTHS or [len(part) for part in clock] != [2, 2, 2]:
        return None
    if not all(map(_is_number, (day, year, *clock))):
        return None
    hour, minute, second = map(int, clock)
    if hour > 23 or minute > 59 or second > 60:
        return None
    try:
        date = datetime(int(year), _MONTHS.index(month) + 1, int(day), tzinfo=UTC)
        # Only a leap second is the sixtieth.
        instant = date + timedelta(hours=hour, minutes=minute, seconds=second)
    except (ValueError, OverflowError):
        return None
    return instant if _DAYS[date.weekday()][:3] == weekday else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


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
    if declared is not None and declared not in md5_forms(request.body) and (declared or request.body):
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
    md5 = md5_forms(request.body)
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


def md5_forms(body: bytes) -> list[str]:
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


def http_date(instant: datetime) -> str:
    """IMF-fixdate, as clients should write it."""
    moment = instant.astimezone(UTC)
    clock = f"{moment.hour:02d}:{moment.minute:02d}:{moment.second:02d}"
    return f"{_DAYS[moment.weekday()][:3]}, {moment.day:02d} {_MONTHS[moment.month - 1]} {moment.year:04d} {clock} GMT"


@dataclass(frozen=True, slots=True)
class Signed:
    """What was signed, and the headers to send."""

    canonical: Canonical
    headers: dict[str, str]


def sign(
    method: str,
    target: str,
    body: bytes = b"",
    *,
    key: str,
    secret: str,
    date: datetime,
    content_type: str = JSON,
    algorithm: str = "sha1",
) -> Signed:
    """Sign a request as the document says it; `target` is the path with the query, as it goes over the wire."""
    content_hash = md5_forms(body)[0] if body else ""
    canonical = Canonical(method.upper(), content_type, content_hash, target, http_date(date))
    scheme = "APIAuth" if algorithm == "sha1" else f"APIAuth-HMAC-{algorithm.upper()}"
    headers = {
        "Authorization": f"{scheme} {key}:{signature_of(canonical, secret.encode(), algorithm=algorithm)}",
        "Content-Type": content_type,
        "Date": canonical.date,
    }
    if body:
        headers["Content-MD5"] = content_hash
    return Signed(canonical, headers)
