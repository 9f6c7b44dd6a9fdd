"""Instants on the wire: RFC 3339, UTC with `Z` in answers, any offset but never none in inputs."""

import re
from datetime import UTC, datetime

_RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
_FRACTION = re.compile(r"\.(\d+)")


def utc_now() -> datetime:
    return datetime.now(UTC)


def to_millis(instant: datetime) -> int:
    """Milliseconds since 1970, without floats."""
    delta = instant - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1000 + delta.microseconds // 1000


def to_text(instant: datetime) -> str:
    """`2026-01-31T09:30:00.123Z`."""
    moment = instant.astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z".rjust(24, "0")


def parse(text: str) -> datetime:
    """The instant that `text` names, cut to milliseconds; ValueError if it is not RFC 3339 or has no offset."""
    if not _RFC3339.fullmatch(text):
        raise ValueError("must be an RFC 3339 date and time with an offset, such as 2026-01-31T09:30:00Z")
    cut = _FRACTION.sub(lambda match: f".{match.group(1)[:6]:0<6}", text.upper().replace(" ", "T"))
    try:
        moment = datetime.fromisoformat(cut).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError("is not a real date and time") from error
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
