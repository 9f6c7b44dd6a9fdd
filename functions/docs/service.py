"""What the documentation endpoints do. The documents lie beside this file and leave the function as they are."""

from functools import cache
from pathlib import Path
from typing import Final

from fastapi import Response

from trimetric.http.answers import JSON, matches_weakly, respond_markdown
from trimetric.http.call import Call, etag_of

_FOLDER: Final = Path(__file__).parent
_HTML: Final = "text/html; charset=utf-8"
_CONTENT_SECURITY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def show_documentation(call: Call) -> Response:
    call.take_by_address("docs")
    call.parameters()
    return respond_markdown(call, _content("ux-metrics.md").decode())


def show_openapi(call: Call) -> Response:
    return _document(call, "openapi.json", media_type=JSON)


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
    headers = {"ETag": etag_of(content)}
    given = call.request.headers.get("if-none-match")
    if given is not None and matches_weakly(given, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(content, 200, headers, media_type=media_type)
