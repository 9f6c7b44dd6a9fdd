"""What the documentation endpoints do. The documents lie beside this file and leave the function as they are."""

from functools import cache
from pathlib import Path
from typing import Final

from fastapi import Response

from trimetric.http.answers import MARKDOWN, tagged
from trimetric.http.call import Call, etag_of

_FOLDER: Final = Path(__file__).parent
_HTML: Final = "text/html; charset=utf-8"
_CONTENT_SECURITY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def show_documentation(call: Call) -> Response:
    call.take_by_address("docs")
    return _document(call, "ux-metrics.md", media_type=MARKDOWN)


def show_micrometrics(call: Call) -> Response:
    return _document(call, "micrometrics.md", media_type=MARKDOWN)


def show_metricis(call: Call) -> Response:
    call.take_by_address("docs")
    return _document(call, "metricis.md", media_type=MARKDOWN)


def show_index(call: Call) -> Response:
    response = _document(call, "index.html", media_type=_HTML)
    response.headers["Content-Security-Policy"] = _CONTENT_SECURITY
    return response


def lead_to_index(call: Call) -> Response:
    call.parameters()
    return Response(status_code=302, headers={"Location": "/docs"})


@cache
def _content(name: str) -> bytes:
    return (_FOLDER / name).read_bytes()


def _document(call: Call, name: str, *, media_type: str) -> Response:
    call.parameters()
    content = _content(name)
    return tagged(call, content, etag=etag_of(content), media_type=media_type)
