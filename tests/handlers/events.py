"""Payload-2.0 events as the gateway sends them: stored ones from `events/`, and others made in the same shape."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

_STORED = Path(__file__).parents[2] / "events"
_HOST = "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com"

STORED: Final = sorted(path.stem for path in _STORED.glob("*.json"))

Event = dict[str, Any]


def stored(name: str, **headers: str) -> Event:
    """The event in `events/<name>.json`, with these headers in place of its own (`_` stands for `-`)."""
    event: Event = json.loads((_STORED / f"{name}.json").read_text())
    event["headers"] |= {header.replace("_", "-"): value for header, value in headers.items()}
    return event


def event(
    method: str,
    path: str,
    *,
    query: str = "",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    address: str = "203.0.113.7",
) -> Event:
    """Text bodies come as text and all others in Base64, as the gateway decides it."""
    made: Event = {
        "version": "2.0",
        "routeKey": f"ANY {path}",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"host": _HOST, "x-forwarded-proto": "https", **_lower(headers or {})},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3d4e5",
            "domainName": _HOST,
            "domainPrefix": "a1b2c3d4e5",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": address,
                "userAgent": "tests",
            },
            "requestId": "UDrWmhQ1oAMEPyA=",
            "routeKey": f"ANY {path}",
            "stage": "$default",
            "time": "11/Nov/2025:08:26:12 +0000",
            "timeEpoch": 1762849572081,
        },
        "isBase64Encoded": False,
    }
    if query:
        made["queryStringParameters"] = _joined(query)
    if body is not None:
        made |= _body(body)
    return made


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _joined(query: str) -> dict[str, str]:
    """Repeated parameters are joined by commas."""
    found: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def _body(content: bytes) -> Event:
    try:
        return {"body": content.decode(), "isBase64Encoded": False}
    except UnicodeDecodeError:
        return {"body": base64.b64encode(content).decode(), "isBase64Encoded": True}
