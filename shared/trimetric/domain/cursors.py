"""Cursors: opaque, authenticated, bound to the workspace, the endpoint and the filters.

A cursor is Base64url(HMAC-SHA256 tag, 16 bytes ‖ position). The tag covers the scope, which is never sent: a cursor of
another workspace, another endpoint or other filters does not verify.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

_TAG: Final = 16


class BadCursor(ValueError):
    pass


def scope(endpoint: str, filters: Mapping[str, str]) -> str:
    parts = [endpoint, *(f"{name}={filters[name]}" for name in sorted(filters))]
    return "".join(f"{len(part)}:{part}" for part in parts)


def _tag(key: bytes, scope_text: str, position: bytes) -> bytes:
    message = f"{len(scope_text)}:{scope_text}".encode() + position
    return hmac.new(key, message, hashlib.sha256).digest()[:_TAG]


def encode(position: str, *, key: bytes, scope_text: str) -> str:
    raw = position.encode()
    return base64.urlsafe_b64encode(_tag(key, scope_text, raw) + raw).rstrip(b"=").decode()


def decode(cursor: str, *, key: bytes, scope_text: str) -> str:
    """The position inside; BadCursor if a single bit, the scope or the key differs."""
    try:
        sealed = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise BadCursor from error
    tag, raw = sealed[:_TAG], sealed[_TAG:]
    if not hmac.compare_digest(tag, _tag(key, scope_text, raw)):
        raise BadCursor
    if base64.urlsafe_b64encode(sealed).rstrip(b"=").decode() != cursor:
        raise BadCursor
    return raw.decode()
