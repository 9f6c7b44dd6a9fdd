"""Addresses of visited pages: cleaned for keeping, matched against a goal."""

import re
from functools import lru_cache
from typing import Final
from urllib.parse import SplitResult, urlsplit

_SCHEME: Final = re.compile(r"^https?://", re.IGNORECASE)
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def cleaned(url: str) -> str:
    """`url` without query, fragment, user name, password and default port; ValueError if it is not a URL at all.

    What is dropped may name the participant.
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{_host(parts)}{parts.path or '/'}"


def host_and_path(url: str) -> str:
    parts = urlsplit(url)
    return f"{_host(parts)}{parts.path or '/'}"


def path_of(url: str) -> str:
    return urlsplit(url).path or "/"


def _host(parts: SplitResult) -> str:
    if not parts.hostname:
        raise ValueError("has no host")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    if parts.port is None or parts.port == _DEFAULT_PORTS.get(parts.scheme):
        return host
    return f"{host}:{parts.port}"


def matches(url: str, pattern: str) -> bool:
    """Whether host and path of `url` fit the glob: `*` is any part of a segment, `**` anything, `/**/` also one `/`.

    The host is compared without case; a scheme before the pattern is ignored; without a path the front page is meant.
    One pass over the URL with a set of positions in the pattern as bits: the
    pattern is a researcher's and the URL a stranger's, so time must not grow as backtracking makes it grow.
    """
    glob = _glob(pattern)
    positions = glob.closed(1)
    for letter in host_and_path(url):
        positions = glob.step(positions, letter)
        if not positions:
            return False
    return bool(positions >> glob.length & 1)


class _Glob:
    """Position i: the first i parts have matched. A star stays where it is on a letter, or is passed for nothing."""

    def __init__(self, parts: list[str]) -> None:
        self.length = len(parts)
        self._literals: dict[str, int] = {}
        self._stays_on_any = 0
        self._stays_off_slash = 0
        self._stars: list[int] = []
        self._skips: list[int] = []
        for place, part in enumerate(parts):
            if part in ("*", "**"):
                self._add_star(place, part, parts)
            else:
                self._literals[part] = self._literals.get(part, 0) | 1 << place

    def _add_star(self, place: int, part: str, parts: list[str]) -> None:
        self._stars.append(place)
        if part == "*":
            self._stays_off_slash |= 1 << place
            return
        self._stays_on_any |= 1 << place
        if place > 0 and parts[place - 1 : place + 2] == ["/", "**", "/"]:
            self._skips.append(place)

    def closed(self, positions: int) -> int:
        """With the positions that follow for nothing: each star may be empty."""
        for place in self._stars:
            positions |= (positions >> place & 1) << (place + 1)
        return positions

    def step(self, positions: int, letter: str) -> int:
        arrived = (positions & self._literals.get(letter, 0)) << 1
        for place in self._skips:
            arrived |= (arrived >> place & 1) << (place + 2)
        stayed = positions & self._stays_on_any
        if letter != "/":
            stayed |= positions & self._stays_off_slash
        return self.closed(arrived | stayed)


@lru_cache(maxsize=256)
def _glob(pattern: str) -> _Glob:
    host, _, path = _SCHEME.sub("", pattern).partition("/")
    anywhere = "/" not in pattern and "**" in pattern
    return _Glob(_parts_of(host.lower() if anywhere else f"{host.lower()}/{path}"))


def _parts_of(pattern: str) -> list[str]:
    parts: list[str] = []
    for letter in pattern:
        if letter == "*" and parts and parts[-1] in ("*", "**"):
            parts[-1] = "**"
        else:
            parts.append(letter)
    return parts
