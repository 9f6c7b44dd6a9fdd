"""trimetric sign, trimetric explain-signature. No stack is asked: support has what a client sent, and its secret."""

import shlex
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import urlsplit

import typer

from trimetric.domain import apiauth, times
from trimetric.domain.apiauth import Canonical, SignedRequest
from trimetric.domain.apiauth_help import Explanation, explain
from trimetric_cli.stack import Refused

if TYPE_CHECKING:
    from trimetric_cli.console import Operator

SECRET_VARIABLE: Final = "TRIMETRIC_SIGNING_SECRET"  # noqa: S105 - the name of a variable

Method = Annotated[str, typer.Argument(metavar="METHOD", help="GET, POST, PUT, DELETE …")]
Url = Annotated[str, typer.Argument(metavar="URL", help="A URL, or a path with its query, as it goes over the wire.")]
Secret = Annotated[
    str,
    typer.Option(
        "--secret", prompt=True, hide_input=True, envvar=SECRET_VARIABLE, help="Asked for, if it is not given."
    ),
]
Body = Annotated[str | None, typer.Option("--body", metavar="FILE", help="The body's octets; - is standard input.")]
Instant = Annotated[str | None, typer.Option(metavar="TIME", help="RFC 3339, such as 2026-01-31T09:30:00Z [now].")]


def sign(
    context: typer.Context,
    method: Method,
    url: Url,
    secret: Secret,
    key: Annotated[str, typer.Option(help="The key, as `keys list` shows it.")],
    body: Body = None,
    content_type: Annotated[str, typer.Option(help="The Content-Type that is sent.")] = apiauth.JSON,
    sha256: Annotated[bool, typer.Option("--sha256", help="HMAC-SHA256 instead of HMAC-SHA1.")] = False,
    date: Instant = None,
) -> None:
    """Sign a request of the Micrometrics API: what is signed, part by part, and the headers to send."""
    operator: Operator = context.obj
    target = _target(url)
    signed = apiauth.sign(
        method,
        target,
        _octets(body),
        key=key,
        secret=secret,
        date=_instant(date) or operator.clock(),
        content_type=content_type,
        algorithm="sha256" if sha256 else "sha1",
    )
    row: dict[str, Any] = {"parts": signed.canonical._asdict(), "signed": signed.canonical.text()}
    row["headers"] = signed.headers
    if operator.as_json:
        operator.show(row)
        return
    operator.show({**row["parts"], "signed": row["signed"], **row["headers"]}, note=_curl(method, url, signed, body))


def _curl(method: str, url: str, signed: apiauth.Signed, body: str | None) -> str:
    words = ["curl", "-X", method.upper()]
    for name, value in signed.headers.items():
        words += ["-H", f"{name}: {value}"]
    if body is not None:
        words += ["--data-binary", f"@{body}"]
    return shlex.join([*words, url])


def explain_signature(
    context: typer.Context,
    method: Method,
    url: Url,
    secret: Secret,
    header: Annotated[
        list[str] | None,
        typer.Option("--header", "-H", metavar="'NAME: VALUE'", help="A header as it was sent; repeat it."),
    ] = None,
    body: Body = None,
    signature: Annotated[str | None, typer.Option(help="The signature, if no Authorization header is given.")] = None,
    received_at: Instant = None,
    strict_uri: Annotated[bool, typer.Option("--strict-uri", help="As a stack with ApiAuthStrictUri does.")] = False,
) -> None:
    """Compare what a client signed with what it sent, and name the part that differs."""
    operator: Operator = context.obj
    place = urlsplit(url)
    headers = {"host": place.netloc} if place.netloc else {}
    headers |= dict(map(_header, header or []))
    path, _, query = _target(url).partition("?")
    request = SignedRequest(method.upper(), path, query, headers, _octets(body))
    given = apiauth.read_authorization(headers)
    if given is None and signature is None:
        raise Refused("Give the Authorization header with -H, or the signature alone with --signature.", exit_code=2)
    explanation = explain(
        request,
        secret=secret,
        signature=signature or (given.signature if given else ""),
        now=_instant(received_at) or operator.clock(),
        key=given.key if given else "",
        algorithm=given.algorithm if given else "sha1",
        strict_uri=strict_uri,
    )
    if operator.as_json:
        operator.show(_document(explanation))
        return
    operator.list(_rows(explanation), columns=("part", "sent", "signed", "advice"), empty="")
    for sentence in _verdict(explanation):
        typer.echo(sentence)


def _document(explanation: Explanation) -> dict[str, Any]:
    return {
        "accepted": explanation.accepted,
        "expected": explanation.expected._asdict(),
        "signed": explanation.signed._asdict() if explanation.signed else None,
        "differences": [asdict(difference) for difference in explanation.differences],
        "problems": list(explanation.problems),
    }


def _rows(explanation: Explanation) -> list[dict[str, Any]]:
    differences = {difference.part: difference for difference in explanation.differences}
    rows: list[dict[str, Any]] = []
    for part in Canonical._fields:
        sent = getattr(explanation.expected, part)
        signed = getattr(explanation.signed, part) if explanation.signed else "?"
        advice = differences.pop(part).advice if part in differences else ""
        rows.append({"part": part, "sent": _visible(sent), "signed": _visible(signed), "advice": advice})
    rows += [
        {"part": part, "sent": _visible(found.expected), "signed": _visible(found.signed), "advice": found.advice}
        for part, found in differences.items()
    ]
    return rows


def _visible(text: str) -> str:
    return text.encode("unicode_escape").decode() if text else "(blank)"


def _verdict(explanation: Explanation) -> list[str]:
    sentences = [f"The request is refused for this, whatever is signed: {text}." for text in explanation.problems]
    if explanation.signed is None:
        return [
            *sentences,
            "This signature is of nothing that is like this request: the secret may be another one, or the request "
            "given here is not the one that was sent.",
        ]
    if explanation.differences:
        names = ", ".join(difference.part for difference in explanation.differences)
        return [*sentences, f"What was signed differs from what was sent: {names}."]
    return sentences or ["The signature is right."]


def _target(url: str) -> str:
    place = urlsplit(url)
    if not place.path.startswith("/"):
        raise typer.BadParameter("a URL, or a path that begins with /")
    return f"{place.path}?{place.query}" if place.query else place.path


def _header(text: str) -> tuple[str, str]:
    name, separator, value = text.partition(":")
    if not separator or not name.strip():
        raise typer.BadParameter(f"a header is 'Name: value', not {text!r}")
    return name.strip().lower(), value.strip()


def _instant(text: str | None) -> datetime | None:
    try:
        return None if text is None else times.parse(text)
    except ValueError as error:
        raise typer.BadParameter(f"a time {error}") from error


def _octets(body: str | None) -> bytes:
    if body is None:
        return b""
    if body == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(body).read_bytes()
    except OSError as error:
        raise Refused(f"The body could not be read from {body}: {error.strerror}.") from error
