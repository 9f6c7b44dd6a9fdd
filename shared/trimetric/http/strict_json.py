"""JSON as the contract admits it: no duplicate keys, no NaN or Infinity, at most 32 levels, no U+0000."""

import json
import math
from collections.abc import Iterable
from typing import Any, Final, NoReturn

from trimetric.errors import FieldError, InvalidRequest, ValidationFailed

MAX_DEPTH: Final = 32


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise InvalidRequest("The body names a member twice in one object")
    return members


def _refuse_constant(text: str) -> NoReturn:
    raise InvalidRequest(f"{text} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise InvalidRequest(f"{text[:40]} is too large a number")
    return number


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_float=_finite, strict=True
)


def parse(body: bytes) -> Any:
    """The document in `body`; InvalidRequest (400) if it is not strict JSON, ValidationFailed (422) for text that
    cannot be kept (U+0000, lone surrogates)."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidRequest("The body is not UTF-8") from error
    try:
        document = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise InvalidRequest(
            f"The body is not JSON: {error.msg} at line {error.lineno} column {error.colno}"
        ) from error
    except RecursionError as error:
        raise InvalidRequest(f"The body nests deeper than {MAX_DEPTH} levels") from error
    except ValueError as error:
        raise InvalidRequest("The body holds a number with too many digits") from error
    _refuse_depth(text, document)
    if "\\u" in text or "\x00" in text:
        _refuse_unstorable(document)
    return document


def _refuse_depth(text: str, document: Any) -> None:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    level, depth = _containers([document]), 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise InvalidRequest(f"The body nests deeper than {MAX_DEPTH} levels")
        level = [inner for each in level for inner in _containers(each.values() if isinstance(each, dict) else each)]


def _containers(values: Iterable[Any]) -> list[Any]:
    return [value for value in values if isinstance(value, dict | list)]


def _refuse_unstorable(document: Any) -> None:
    pending: list[tuple[str, Any]] = [("", document)]
    while pending:
        path, value = pending.pop()
        if isinstance(value, dict):
            for name, member in value.items():
                _refuse_text(path or "body", name)
                pending.append((f"{path}.{name}" if path else name, member))
        elif isinstance(value, list):
            pending += [(f"{path}[{place}]", member) for place, member in enumerate(value)]
        elif isinstance(value, str):
            _refuse_text(path or "body", value)


def _refuse_text(path: str, text: str) -> None:
    if "\x00" in text:
        raise ValidationFailed(details=[FieldError(path, "must not contain U+0000")])
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValidationFailed(details=[FieldError("body", "holds half of a surrogate pair")]) from error
