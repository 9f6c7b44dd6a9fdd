"""Text inside HTML and SVG."""

import re
from html import escape as escape_markup
from typing import Final

#: What XML cannot hold even escaped; one such character would make a picture unreadable.
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def escape(text: str) -> str:
    """Neither markup nor an end of an attribute; characters that documents cannot hold become U+FFFD."""
    return escape_markup(_FORBIDDEN.sub("\ufffd", text), quote=True)
