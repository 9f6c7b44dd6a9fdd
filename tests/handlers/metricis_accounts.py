"""Callers of the Metricis dialect: a workspace in the test's table with an API token of each role."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.handlers.conftest import Client, Platform, Reply
from trimetric.auth.metricis import new_token
from trimetric.domain import ids, times
from trimetric.domain.metricis.accounts import Role
from trimetric.domain.workspaces import Plan, Workspace


@dataclass(frozen=True, slots=True)
class Team:
    """One workspace's callers, by role; `refused` is the answer's code and the fields that it names."""

    platform: Platform
    workspace: Workspace
    admin: Client
    researcher: Client
    coordinator: Client
    read_only: Client

    @property
    def by_role(self) -> dict[Role, Client]:
        return {
            Role.ADMIN: self.admin,
            Role.RESEARCHER: self.researcher,
            Role.COORDINATOR: self.coordinator,
            Role.READ_ONLY: self.read_only,
        }

    @property
    def headers(self) -> dict[Role, dict[str, str]]:
        return {role: {"authorization": f"Bearer {client.secret}"} for role, client in self.by_role.items()}


def team_of(
    platform: Platform,
    *,
    name: str = "Clinic",
    api_enabled: bool = True,
    limits: Mapping[str, int] | None = None,
) -> Team:
    """A new workspace and a token of each role; no test reaches its limits unless it asks for others."""
    now = platform.clock()
    workspace = platform.workspaces.create(
        workspace_id=ids.new_workspace(),
        name=name,
        plan=Plan.SUBSCRIBED,
        api_enabled=api_enabled,
        created_at=times.to_text(now),
        limits={"metricis": 1_000_000} if limits is None else limits,
    )
    clients = {role.value: token_client(platform, workspace, role) for role in Role}
    return Team(platform, workspace, **clients)


def token_client(
    platform: Platform, workspace: Workspace, role: Role, *, expires_at: str | None = None, limit: int | None = None
) -> Client:
    key = new_token(workspace.id, f"tests {role.value}", role=role, now=platform.clock(), expires_at=expires_at)
    platform.workspaces.add_credential(key.credential)
    if limit is not None:
        platform.workspaces.change_credential(key.credential, limit=limit)
    return Client(platform, key.secret, workspace)


def refusal(reply: Reply) -> tuple[int, str]:
    """Status and code of an error in this dialect's form."""
    error: dict[str, Any] = reply.json["error"]
    assert error["message"]
    assert list(error) == (["code", "message", "details"] if "details" in error else ["code", "message"])
    return reply.status, error["code"]


def fields(reply: Reply) -> list[str]:
    """The paths that the details name; the first of them is also the document's `field`."""
    details: dict[str, Any] = reply.json["error"]["details"]
    first, *_ = details["errors"]
    assert (details["field"], details["reason"]) == (first["field"], first["message"])
    return [each["field"] for each in details["errors"]]
