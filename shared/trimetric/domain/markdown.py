"""Markdown for people and language models, from the same facts as the JSON.

Every value that came from outside is escaped: it can neither break a table nor start a heading, a link, HTML or a code
block, so text of participants stays data.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|~>=@$^]|:(?![\s]))")
_LINES = re.compile(r"[\r\n\u0085\u2028\u2029\v\f\x1c-\x1e]+")
#: Nothing that a reader sees; a terminal would obey some of them.
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")


def escape(text: str) -> str:
    flat = _CONTROLS.sub("\ufffd", _LINES.sub(" ", text)).strip().replace("&", "&amp;").replace("<", "&lt;")
    return _SPECIAL.sub(r"\\\1", flat)


def cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return str(value)
        case str():
            return _plain(value)
        case Mapping():
            return "; ".join(f"{_plain(str(name))}: {cell(member)}" for name, member in value.items())
        case Sequence():
            return ", ".join(map(cell, value))
    return _plain(str(value))


#: Ids, instants and words that need no escaping stay readable and can be copied; addresses would become links.
_SAFE = re.compile(r"(?!www\.)[A-Za-z0-9][A-Za-z0-9_:.,-]*", re.ASCII | re.IGNORECASE)


def _plain(text: str) -> str:
    return text if _SAFE.fullmatch(text) and not re.fullmatch(r"\d+[.)]", text) and "__" not in text else escape(text)


def table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    lines = [f"| {' | '.join(map(cell, columns))} |", f"|{' --- |' * len(columns)}"]
    lines += [f"| {' | '.join(cell(row.get(column)) for column in columns)} |" for row in rows]
    return "\n".join(lines)


def heading_of(name: str) -> str:
    return name.replace("_", " ").capitalize()


def document(title: str, data: Any, *, next_cursor: str | None = None, paged: bool = False) -> str:
    """A heading, then what `data` holds; for pages of a list the next cursor at the end."""
    parts = [f"# {escape(title)}"]
    parts += _blocks(data, level=2)
    if paged:
        parts.append(f"Next cursor: `{next_cursor}`" if next_cursor else "Next cursor: none, this is the last page")
    return "\n\n".join(parts) + "\n"


def _blocks(data: Any, *, level: int) -> list[str]:
    if isinstance(data, Mapping):
        return _mapping_blocks(data, level=level)
    if _is_table(data):
        columns = list(dict.fromkeys(name for row in data for name in row))
        return [table(columns, data)]
    if isinstance(data, Sequence) and not isinstance(data, str):
        return ["\n".join(f"- {cell(member)}" for member in data)] if data else ["None."]
    return [cell(data)]


def _mapping_blocks(data: Mapping[str, Any], *, level: int) -> list[str]:
    plain = {name: value for name, value in data.items() if not _is_section(value)}
    parts: list[str] = []
    if plain:
        parts.append(table(["field", "value"], [{"field": name, "value": value} for name, value in plain.items()]))
    for name, value in data.items():
        if _is_section(value):
            parts.append(f"{'#' * min(level, 6)} {escape(heading_of(name))}")
            parts += _blocks(value, level=level + 1)
    return parts or ["None."]


def _is_section(value: Any) -> bool:
    return (isinstance(value, Mapping) and bool(value)) or _is_table(value) or _is_matrix(value)


def _is_matrix(value: Any) -> bool:
    return _is_list(value) and bool(value) and all(map(_is_list, value))


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _is_table(value: Any) -> bool:
    return isinstance(value, Sequence) and bool(value) and all(isinstance(row, Mapping) for row in value)
