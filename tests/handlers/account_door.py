"""/api/auth as callers see it."""

import json
from dataclasses import dataclass
from typing import Any

from tests.handlers.conftest import Platform, Reply
from tests.handlers.events import event
from trimetric.domain import ids, times
from trimetric.domain.metricis.accounts import Role, User, UserStatus
from trimetric.dynamo.metricis.accounts import Accounts

LOGIN = "/api/auth/login"
REFRESH = "/api/auth/refresh"
LOGOUT = "/api/auth/logout"
ME = "/api/auth/me"
REGISTER = "/api/auth/register"
PASSWORD = "correct horse battery"


@dataclass(slots=True)
class Door:
    """From ever new addresses, so that no address's limit is in the way."""

    platform: Platform
    address: int = 0

    def send(
        self,
        path: str,
        body: Any = None,
        *,
        method: str = "POST",
        form: bytes | None = None,
        content_type: str = "application/json",
        **headers: str,
    ) -> Reply:
        return self.send_with(named(headers), path, body, method=method, form=form, content_type=content_type)

    def send_with(
        self,
        headers: dict[str, str],
        path: str,
        body: Any = None,
        *,
        method: str = "POST",
        form: bytes | None = None,
        content_type: str = "application/json",
    ) -> Reply:
        self.address += 1
        content = form if body is None else json.dumps(body).encode()
        if content is not None:
            headers = headers | {"content-type": content_type}
        return self.platform.send(
            event(method, path, headers=headers, body=content, address=f"2001:db8::{self.address:x}")
        )

    def login(self, email: str, password: str = PASSWORD, **headers: str) -> Reply:
        return self.send_with(named(headers), LOGIN, {"email": email, "password": password})

    def refresh(self, token: str, **headers: str) -> Reply:
        return self.send_with(named(headers), REFRESH, {"refresh_token": token})

    def me(self, access_token: str) -> Reply:
        return self.send(ME, method="GET", authorization=f"Bearer {access_token}")


def named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def tokens(reply: Reply) -> dict[str, Any]:
    assert reply.status == 200, reply.text
    document: dict[str, Any] = reply.json
    return document


def user_of(platform: Platform, workspace_id: str, email: str, *, role: Role = Role.RESEARCHER) -> User:
    """A user whose password is `PASSWORD`."""
    now = times.to_text(platform.clock())
    user = User(
        id=ids.new(ids.USER, millis=platform.clock.millis()),
        workspace_id=workspace_id,
        email=email,
        name="Ada",
        role=role,
        status=UserStatus.ACTIVE,
        created_at=now,
        updated_at=now,
        password_hash=platform.passwords.hash(PASSWORD),
    )
    Accounts(platform.table).create(user)
    return user
