"""What the OpenAPI endpoint does. The document lies beside this file and leaves the function as it is."""

from functools import cache
from pathlib import Path
from typing import Final

from fastapi import Response

from trimetric.http.answers import JSON, tagged
from trimetric.http.call import Call, etag_of

_DOCUMENT: Final = Path(__file__).with_name("openapi.json")


def show_openapi(call: Call) -> Response:
    call.parameters()
    content = _content()
    return tagged(call, content, etag=etag_of(content), media_type=JSON)


@cache
def _content() -> bytes:
    return _DOCUMENT.read_bytes()
