"""Requests as the gateway hands them to a function (payload format 2.0)."""

import json
from collections.abc import Mapping
from typing import Any, Final

HOST: Final = "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com"

Event = dict[str, Any]


def event(
    method: str, path: str, *, query: str = "", headers: Mapping[str, str] | None = None, body: Any = None
) -> Event:
    """`body` is a JSON document."""
    made: Event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"host": HOST, "accept": "application/json", "user-agent": "bench", **(headers or {})},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3d4e5",
            "domainName": HOST,
            "domainPrefix": "a1b2c3d4e5",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": "bench",
            },
            "requestId": "UDrWmhQ1oAMEPyA=",
            "routeKey": "$default",
            "stage": "$default",
            "time": "11/Nov/2025:08:26:12 +0000",
            "timeEpoch": 1762849572081,
        },
        "isBase64Encoded": False,
    }
    if body is not None:
        made["headers"]["content-type"] = "application/json"
        made["body"] = json.dumps(body)
    return made
