"""Columns of an export: flat, named once, codes beside labels."""

from collections.abc import Iterable


def unique(names: Iterable[str]) -> list[str]:
    """`names` in order; a name that is taken gets a number."""
    taken: set[str] = set()
    result: list[str] = []
    for name in names:
        candidate, number = name, 2
        while candidate in taken:
            candidate, number = f"{name} ({number})", number + 1
        taken.add(candidate)
        result.append(candidate)
    return result


def joined(values: Iterable[object]) -> str:
    return ";".join(str(value) for value in values)


def yes_no(value: bool) -> str:
    return "true" if value else "false"
