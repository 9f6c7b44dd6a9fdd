"""Addresses of visited pages: cleaned for keeping, matched against a goal."""

from functools import lru_cache
from typing import Final
from urllib.parse import SplitResult, urlsplit

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

    The host is compared without case. One pass over the URL with a set of positions in the pattern as bits: the
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
        self._passes: list[tuple[int, int]] = []
        for place, part in enumerate(parts):
            if part in ("*", "**"):
                self._add_star(place, part, parts)
            else:
                self._literals[part] = self._literals.get(part, 0) | 1 << place

    def _add_star(self, place: int, part: str, parts: list[str]) -> None:
        self._passes.append((place, place + 1))
        if part == "*":
            self._stays_off_slash |= 1 << place
            return
        self._stays_on_any |= 1 << place
        if place > 0 and parts[place - 1 : place + 2] == ["/", "**", "/"]:
            self._passes.append((place, place + 2))

    def closed(self, positions: int) -> int:
        for place, target in self._passes:
            if positions >> place & 1:
                positions |= 1 << target
        return positions

    def step(self, positions: int, letter: str) -> int:
        moved = (positions & self._literals.get(letter, 0)) << 1
        moved |= positions & self._stays_on_any
        if letter != "/":
            moved |= positions & self._stays_off_slash
        return self.closed(moved)


@lru_cache(maxsize=256)
def _glob(pattern: str) -> _Glob:
    host, slash, path = pattern.partition("/")
    return _Glob(_parts_of(f"{host.lower()}{slash}{path}"))


def _parts_of(pattern: str) -> list[str]:
    parts: list[str] = []
    for letter in pattern:
        if letter == "*" and parts and parts[-1] in ("*", "**"):
            parts[-1] = "**"
        else:
            parts.append(letter)
    return parts
