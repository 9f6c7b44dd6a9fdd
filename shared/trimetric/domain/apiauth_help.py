"""Why a signature was refused: what the sender signed against what was sent. Standard library only, as `apiauth`.

It looks for the least number of mistakes that, made together, give the signature in question.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations, islice, product
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlencode

from trimetric.domain import apiauth
from trimetric.domain.apiauth import JSON, Canonical, SignedRequest

PARTS: Final = Canonical._fields
#: Mistakes that are looked for at once.
MOST_MISTAKES: Final = 3
#: How far apart the signed and the sent date may be to be found out, in seconds.
CLOCK_STEPS: Final = 5
#: With many mistakes at once, only the likeliest spellings of the other parts are tried.
_BASES: Final = {0: apiauth.MAX_CANDIDATES, 1: apiauth.MAX_CANDIDATES, 2: apiauth.MAX_CANDIDATES, 3: 2}


@dataclass(frozen=True, slots=True)
class Difference:
    """`part` is one of the canonical string's, or `separator`, `secret`, `algorithm`, `encoding`."""

    part: str
    signed: str
    expected: str
    advice: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """`accepted`: the server would let the request in. `signed` is what the signature was found to be made of.

    `problems` are those that no signature mends, such as a stale date. `differences` is empty when `signed` is None:
    then the secret is another one, or the request differs in a way that is not known here.
    """

    expected: Canonical
    signed: Canonical | None
    differences: tuple[Difference, ...]
    problems: tuple[str, ...]

    @property
    def accepted(self) -> bool:
        return self.signed is not None and not self.differences and not self.problems


class _Recipe(NamedTuple):
    """How a signature is made; without a method, its comma falls away. `secret`: its octets, as Latin-1."""

    method: str
    content_type: str
    content_hash: str
    uri: str
    date: str
    separator: str
    secret: str
    algorithm: str
    encoding: str

    def signature(self) -> str:
        parts = self[0 if self.method else 1 : len(PARTS)]
        message = self.separator.join(parts).encode("utf-8", "surrogatepass")
        digest = hmac.digest(self.secret.encode("latin-1"), message, self.algorithm)
        match self.encoding:
            case "hex":
                return digest.hex()
            case "Base64 of hex":
                return base64.b64encode(digest.hex().encode()).decode()
            case "URL-safe Base64":
                return base64.urlsafe_b64encode(digest).decode()
        return base64.b64encode(digest).decode()

    def canonical(self) -> Canonical:
        return Canonical(*self[: len(PARTS)])


class _Mistake(NamedTuple):
    value: str
    advice: str


def explain(
    request: SignedRequest,
    *,
    secret: str,
    signature: str,
    now: datetime,
    key: str = "",
    algorithm: str = "sha1",
    strict_uri: bool = False,
) -> Explanation:
    """What the sender of `request` signed; `signature` as it stands behind the colon."""
    candidates = apiauth.canonicals(request, strict_uri=strict_uri)
    octets = secret.encode().decode("latin-1")
    bases = [_Recipe(*candidate, ",", octets, algorithm, "Base64") for candidate in candidates]
    mistakes = {"secret": _secrets(octets, key), **_SEPARATORS, **_ENCODINGS}
    mistakes |= _mistakes(request, candidates)
    mistakes["algorithm"] = [_Mistake(*other) for other in _SCHEMES.items() if other[0] != algorithm]
    found = next(_matching(bases, mistakes, signature.strip()), None)
    problems = tuple(filter(None, (_date_problem(request, now), apiauth.digest_problem(request))))
    if found is None:
        return Explanation(candidates[0], None, (), problems)
    made, base, wrong = found
    differences = tuple(
        Difference(part, *_shown(part, getattr(made, part), getattr(base, part)), mistake.advice)
        for part, mistake in wrong.items()
    )
    return Explanation(base.canonical(), made.canonical(), differences, problems)


def _date_problem(request: SignedRequest, now: datetime) -> str | None:
    text = request.headers.get("date")
    reason = apiauth.date_problem(text, now=now)
    instant = apiauth.read_date(text, now=now) if text else None
    if reason is None or instant is None:
        return reason
    seconds = int((now - instant).total_seconds())
    direction = "behind" if seconds > 0 else "ahead of"
    return f"{reason}: it is {abs(seconds)} s {direction} the clock; less than 900 s are allowed"


def _matching(
    bases: list[_Recipe], mistakes: dict[str, list[_Mistake]], signature: str
) -> Iterator[tuple[_Recipe, _Recipe, dict[str, _Mistake]]]:
    for number in range(MOST_MISTAKES + 1):
        for parts in combinations(mistakes, number):
            for chosen in product(*(mistakes[part] for part in parts)):
                wrong = dict(zip(parts, chosen, strict=True))
                values = {part: mistake.value for part, mistake in wrong.items()}
                for base in islice(bases, _BASES[number]):
                    made = base._replace(**values)
                    if made.signature() == signature:
                        yield made, base, wrong


def _mistakes(request: SignedRequest, accepted: list[Canonical]) -> dict[str, list[_Mistake]]:
    """By part of the string; the spellings that are accepted anyway are no mistakes."""
    found = {
        "uri": _uris(request),
        "content_hash": _hashes(request.body),
        "content_type": _content_types(request),
        "date": _dates(request),
        "method": _methods(request),
    }
    for part in PARTS:
        right = {getattr(candidate, part) for candidate in accepted}
        found[part] = [mistake for mistake in found[part] if mistake.value not in right]
    return found


_SEPARATORS: Final = {
    "separator": [
        _Mistake(", ", "Join the parts with commas alone, without spaces."),
        _Mistake("\n", "Join the parts with commas, not with line breaks."),
        _Mistake("", "Join the parts with commas."),
    ]
}
_ENCODINGS: Final = {
    "encoding": [
        _Mistake("hex", "Send the Base64 of the HMAC's bytes, not its hex digits."),
        _Mistake("Base64 of hex", "Base64 the HMAC's bytes, not its hex digits."),
        _Mistake("URL-safe Base64", "Use the standard Base64 alphabet with + and /."),
    ]
}
_SCHEMES: Final = {
    "sha1": "This scheme in the header means another HMAC: `APIAuth` is for HMAC-SHA1.",
    "sha256": "This scheme in the header means another HMAC: `APIAuth-HMAC-SHA256` is for HMAC-SHA256.",
}


def _methods(request: SignedRequest) -> list[_Mistake]:
    others = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", request.method.lower())
    named = [_Mistake(other, "Sign the method that is sent, in capitals.") for other in others]
    return [*named, _Mistake("", "Begin the string with the method.")]


def _content_types(request: SignedRequest) -> list[_Mistake]:
    advice = "Sign the Content-Type that is sent."
    others = (
        JSON,
        "",
        "application/json; charset=utf-8",
        "application/json;charset=utf-8",
        "application/json; charset=UTF-8",
        "application/x-www-form-urlencoded",
        "text/plain",
        "application/octet-stream",
        request.headers.get("content-type", "").lower(),
    )
    return [_Mistake(other, advice) for other in dict.fromkeys(others)]


def _hashes(body: bytes) -> list[_Mistake]:
    found = [_Mistake("", "Put the Base64 of the body's MD5 into the string.")]
    digest = hashlib.md5(body, usedforsecurity=False)
    sha256 = hashlib.sha256(body)
    bare = "Base64 the MD5; its hex digits alone are not enough."
    found += [_Mistake(digest.hexdigest(), bare), _Mistake(digest.hexdigest().upper(), bare)]
    found.append(_Mistake(_base64(digest.digest()).rstrip("="), "Keep the = at the end of the Base64."))
    found.append(
        _Mistake(_base64(sha256.digest()), "With SHA-256 send the header X-Authorization-Content-SHA256, or use MD5.")
    )
    found.append(_Mistake(body.decode("utf-8", "replace"), "Put a hash of the body into the string, not the body."))
    for other, advice in _other_bodies(body):
        if other != body:
            found += [_Mistake(form, advice) for form in apiauth.md5_forms(other)]
    return found


def _other_bodies(body: bytes) -> Iterator[tuple[bytes, str]]:
    yield body.strip(), "Hash the body as it is sent: the signed one lacked the white space around it."
    yield body + b"\n", "Hash the body as it is sent: the signed one ended with a line break."
    yield b"", "Hash the body that is sent, not an empty one."
    yield b"{}", "Hash the body as it is sent, not an empty object."
    try:
        document = json.loads(body)
    except ValueError:
        return
    advice = "Hash the bytes that are sent: the signed body was written in another way (spaces, order or escapes)."
    for separators in ((",", ":"), (", ", ": ")):
        for ascii_only, ordered in product((False, True), repeat=2):
            text = json.dumps(document, separators=separators, ensure_ascii=ascii_only, sort_keys=ordered)
            yield text.encode("utf-8", "surrogatepass"), advice


def _uris(request: SignedRequest) -> list[_Mistake]:
    path, query = request.path, request.query
    whole = f"{path}?{query}" if query else path
    host = request.headers.get("host", "")
    found = [_Mistake(path, "Sign the query, too.")]
    found += [
        _Mistake(f"{scheme}{host}{whole}", "Sign the path and query without scheme and host.")
        for scheme in ("https://", "http://", "")
        if host
    ]
    found += [
        _Mistake(unquote(whole), "Sign the query as it is sent: percent-encoded."),
        _Mistake(f"{path}?{unquote(query)}", "Sign the query as it is sent: percent-encoded."),
    ]
    found += [_Mistake(f"{path}?{other}", "Sign the query as it is sent.") for other in _other_queries(query)]
    found += [
        _Mistake(f"{whole}/", "Sign the path as it is sent: without the slash at its end."),
        _Mistake(whole.replace("/?", "?").rstrip("/"), "Sign the path as it is sent: with the slash at its end."),
        *(
            _Mistake(uri.removeprefix(prefix), "Sign the whole path, from /api on.")
            for uri in (whole, path)
            for prefix in ("/api/experience", "/api")
        ),
        _Mistake(whole.lower(), "Sign the path in the letter case in which it is sent."),
        _Mistake(whole.lstrip("/"), "Begin the path with a slash."),
        _Mistake(f"{path}?", "Leave the question mark out where there is no query."),
    ]
    return found


def _other_queries(query: str) -> Iterator[str]:
    pairs = parse_qsl(query, keep_blank_values=True)
    for ordered in (pairs, sorted(pairs)):
        yield urlencode(ordered)
        yield urlencode(ordered, quote_via=quote)
        yield urlencode(ordered, quote_via=quote, safe=":+")
    yield "&".join(sorted(query.split("&")))


def _dates(request: SignedRequest) -> list[_Mistake]:
    sent = request.headers.get("date", "")
    found = [_Mistake("", "Sign the Date header that is sent.")]
    instant = apiauth.read_date(sent, now=datetime.fromisoformat("2026-01-01T00:00:00+00:00"))
    if instant is None:
        return found
    other_form = "Sign the date in the very form in which the header has it."
    moment = apiauth.http_date(instant)
    found += [
        _Mistake(moment, other_form),
        _Mistake(moment.replace("GMT", "+0000"), other_form),
        _Mistake(moment.replace("GMT", "UTC"), other_form),
        _Mistake(instant.strftime("%Y-%m-%dT%H:%M:%SZ"), other_form),
        _Mistake(instant.strftime("%Y-%m-%dT%H:%M:%S+00:00"), other_form),
        _Mistake(str(int(instant.timestamp())), other_form),
    ]
    for step in range(1, CLOCK_STEPS + 1):
        for seconds in (-step, step):
            shifted = apiauth.http_date(instant + timedelta(seconds=seconds))
            found.append(
                _Mistake(shifted, "Read the clock once: the signed date and the Date header must be one text.")
            )
    return found


def _secrets(secret: str, key: str) -> list[_Mistake]:
    found = [_Mistake(secret.strip(), "The secret was given here with white space around it.")]
    found += [
        _Mistake(f"{secret}{end}", "Sign with the secret alone: white space stood behind it.")
        for end in ("\n", "\r\n", " ")
    ]
    found.append(_Mistake(secret.lower(), "Keep the letter case of the secret."))
    if key:
        found.append(_Mistake(key, "Sign with the secret, not with the key."))
    try:
        decoded = base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4)).decode("latin-1")
        found.append(_Mistake(decoded, "Use the secret's characters as they are; they are not to be decoded."))
    except ValueError:
        pass
    return [mistake for mistake in found if mistake.value != secret]


def _shown(part: str, signed: str, expected: str) -> tuple[str, str]:
    return ("another secret", "the secret") if part == "secret" else (signed, expected)


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()
