"""Tenants and what proves who calls."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Plan(StrEnum):
    FREE = "free"
    SUBSCRIBED = "subscribed"


class CredentialKind(StrEnum):
    UX_METRICS = "ux_metrics"
    APIAUTH = "apiauth"
    METRICIS = "metricis"


#: Requests per minute of the UX Metrics dialect.
PLAN_LIMITS: Final = {Plan.FREE: 60, Plan.SUBSCRIBED: 300}


@dataclass(frozen=True, slots=True)
class Workspace:
    """`limits` holds overrides in requests per minute by dialect (`ux_metrics`)."""

    id: str
    name: str
    plan: Plan
    api_enabled: bool
    created_at: str
    cursor_key: bytes = field(repr=False)
    limits: dict[str, int] = field(default_factory=dict)

    def ux_metrics_limit(self) -> int:
        return self.limits.get(CredentialKind.UX_METRICS, PLAN_LIMITS[self.plan])


@dataclass(frozen=True, slots=True)
class Credential:
    """`secret_hash` is the hex SHA-256 of the bearer key; `limit` overrides the workspace's for this key alone."""

    id: str
    workspace_id: str
    kind: CredentialKind
    name: str
    last_four: str
    created_at: str
    secret_hash: str = field(repr=False)
    expires_at: str | None = None
    limit: int | None = None
