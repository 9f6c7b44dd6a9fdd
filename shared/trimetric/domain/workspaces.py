"""Tenants and what proves who calls."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from trimetric.domain.metricis.accounts import Role


class Plan(StrEnum):
    FREE = "free"
    SUBSCRIBED = "subscribed"


class CredentialKind(StrEnum):
    UX_METRICS = "ux_metrics"
    APIAUTH = "apiauth"
    METRICIS = "metricis"


class Permission(StrEnum):
    """What a key of the Micrometrics dialect may do."""

    DEVICES_READ = "devices:read"
    DEVICES_WRITE = "devices:write"
    SURVEYS_READ = "surveys:read"
    SURVEYS_WRITE = "surveys:write"
    RESPONSES_READ = "responses:read"
    RESPONSES_WRITE = "responses:write"


READ_PERMISSIONS: Final = tuple(permission for permission in Permission if permission.endswith(":read"))

#: Requests per minute of the UX Metrics dialect.
PLAN_LIMITS: Final = {Plan.FREE: 60, Plan.SUBSCRIBED: 300}
#: Requests per minute that leak out of a key's bucket in the Micrometrics dialect; a sixth of it may come in a burst.
APIAUTH_LIMIT: Final = 60

#: Requests per minute of each token and of each user of the Metricis dialect.
METRICIS_LIMIT: Final = 60


@dataclass(frozen=True, slots=True)
class Workspace:
    """`limits` holds overrides in requests per minute by dialect: `ux_metrics` for all keys together, `apiauth` and
    `metricis` for each of them."""

    id: str
    name: str
    plan: Plan
    api_enabled: bool
    created_at: str
    cursor_key: bytes = field(repr=False)
    limits: dict[str, int] = field(default_factory=dict)

    def ux_metrics_limit(self) -> int:
        return self.limits.get(CredentialKind.UX_METRICS, PLAN_LIMITS[self.plan])

    def apiauth_limit(self) -> int:
        return self.limits.get(CredentialKind.APIAUTH, APIAUTH_LIMIT)

    def metricis_limit(self) -> int:
        return self.limits.get(CredentialKind.METRICIS, METRICIS_LIMIT)


@dataclass(frozen=True, slots=True)
class SealedSecret:
    """A signing secret as KMS encrypted it; `ends_at` once a newer one has replaced it."""

    sealed: bytes = field(repr=False)
    last_four: str
    ends_at: str | None = None


@dataclass(frozen=True, slots=True)
class Credential:
    """`secret_hash` is the hex SHA-256 of the bearer key; `limit` overrides the workspace's for this key alone.

    The rest belongs to `apiauth`, where `secret_hash` is that of `key`, which is no secret. `secrets`: the newest last.
    """

    id: str
    workspace_id: str
    kind: CredentialKind
    name: str
    last_four: str
    created_at: str
    secret_hash: str = field(repr=False)
    expires_at: str | None = None
    limit: int | None = None
    key: str | None = None
    permissions: tuple[Permission, ...] = ()
    secrets: tuple[SealedSecret, ...] = ()
    #: Of a token of the Metricis dialect.
    role: Role | None = None
    #: Day, `2026-01-31`.
    last_used_on: str | None = None
    #: A newer secret has taken this one's place in the key; it ends at `expires_at`.
    superseded: bool = False
