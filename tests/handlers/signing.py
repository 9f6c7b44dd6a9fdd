"""Signed requests, by a signer of their own: it shares nothing with the code under test."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from tests.handlers.conftest import Platform, Reply
from tests.handlers.events import Event, event
from trimetric.auth.apiauth import new_signature_key
from trimetric.domain import ids, times
from trimetric.domain.workspaces import Permission, Plan, Workspace

READ_ONLY: Final = tuple(permission for permission in Permission if permission.endswith(":read"))


def http_date(instant: datetime) -> str:
    return instant.strftime("%a, %d %b %Y %H:%M:%S GMT")


def sign(secret: str, *parts: str, digest: str = "sha1") -> str:
    """Base64 of the HMAC over the parts, joined by commas."""
    return base64.b64encode(hmac.new(secret.encode(), ",".join(parts).encode(), digest).digest()).decode()


def md5(body: bytes) -> str:
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()


def signed_event(
    method: str,
    path: str,
    query: str = "",
    body: bytes | None = None,
    *,
    key: str,
    secret: str,
    date: str,
    headers: Mapping[str, str] | None = None,
    address: str = "203.0.113.7",
) -> Event:
    """As the document says it: Content-Type JSON, Base64 of the raw MD5, path and query."""
    uri = f"{path}?{query}" if query else path
    signature = sign(secret, method, "application/json", md5(body) if body else "", uri, date)
    sent = {"date": date, "content-type": "application/json", "authorization": f"APIAuth {key}:{signature}"}
    return event(method, path, query=query, headers={**sent, **(headers or {})}, body=body, address=address)


@dataclass(frozen=True, slots=True)
class SignedClient:
    """A caller with a key of the Micrometrics dialect, or without one (`key` empty)."""

    platform: Platform
    key: str
    secret: str
    workspace: Workspace
    credential_id: str

    def request(
        self,
        method: str,
        path: str,
        *,
        json_body: Any = None,
        content: bytes | None = None,
        query: Mapping[str, str] | str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        if json_body is not None:
            content = json.dumps(json_body).encode()
        text = query if isinstance(query, str) else urlencode(query)
        date = http_date(self.platform.clock.now)
        given = {name.lower(): value for name, value in (headers or {}).items()}
        return self.platform.send(
            signed_event(method, path, text, content, key=self.key, secret=self.secret, date=date, headers=given)
        )

    def get(self, path: str, query: Mapping[str, str] | str = "", **headers: str) -> Reply:
        return self.request("GET", path, query=query, headers=_named(headers))

    def post(self, path: str, body: Any = None, query: Mapping[str, str] | str = "", **headers: str) -> Reply:
        return self.request("POST", path, json_body=body, query=query, headers=_named(headers))

    def put(self, path: str, body: Any, **headers: str) -> Reply:
        return self.request("PUT", path, json_body=body, headers=_named(headers))

    def delete(self, path: str, **headers: str) -> Reply:
        return self.request("DELETE", path, headers=_named(headers))


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    """`if_match` → `if-match`."""
    return {name.replace("_", "-"): value for name, value in headers.items()}


def signed_client_of(
    platform: Platform,
    *,
    permissions: tuple[Permission, ...] = tuple(Permission),
    name: str = "Acme",
    api_enabled: bool = True,
    limit: int | None = 1_000_000,
    workspace: Workspace | None = None,
) -> SignedClient:
    """A key of a new workspace, or of `workspace`; `limit` None is the default bucket of 10."""
    now = platform.clock()
    owner = workspace or platform.workspaces.create(
        workspace_id=ids.new_workspace(),
        name=name,
        plan=Plan.SUBSCRIBED,
        api_enabled=api_enabled,
        created_at=times.to_text(now),
        limits={} if limit is None else {"apiauth": limit},
    )
    made = new_signature_key(platform.vault, owner.id, "tests", now=now, permissions=permissions)
    platform.workspaces.add_credential(made.credential)
    return SignedClient(platform, made.key, made.secret, owner, made.credential.id)
