"""Who may call an endpoint, by the permission in its signature."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, get_args

from fastapi.routing import APIRoute

from functions.accounts.door import Administrator, Member, Visitor
from trimetric.domain.metricis.accounts import Role
from trimetric.http.call import Public, Reader, Writer
from trimetric.http.dialects import Dialect, of_path
from trimetric.http.metricis import Admin, Coordinator, ReadOnly, Researcher, Submitter

Security = Sequence[Mapping[str, Sequence[str]]]


def _asked(permission: Any) -> Any:
    return get_args(permission)[1].dependency


READS, WRITES, OPEN = (_asked(permission) for permission in (Reader, Writer, Public))
VISITS, SUBMITS = _asked(Visitor), _asked(Submitter)

#: Of the Metricis dialect: the least role that may call. A submission may also come with its session's id.
ROLES: Final[Mapping[Any, Role]] = {
    _asked(Member): Role.READ_ONLY,
    _asked(ReadOnly): Role.READ_ONLY,
    _asked(Coordinator): Role.COORDINATOR,
    SUBMITS: Role.COORDINATOR,
    _asked(Researcher): Role.RESEARCHER,
    _asked(Admin): Role.ADMIN,
    _asked(Administrator): Role.ADMIN,
}

_TOKENS: Final[Security] = ({"token": []}, {"apiKey": []})


def permission_of(route: APIRoute) -> Any:
    return route.dependant.dependencies[0].call


def is_open(route: APIRoute) -> bool:
    """Whether it takes no credential; one that runners or those who log in show is no credential."""
    return permission_of(route) in (OPEN, VISITS)


def security_of(route: APIRoute) -> Security | None:
    """None: what holds for the whole document."""
    permission = permission_of(route)
    if permission is OPEN:
        return [{"participant": []}] if "{participant_id}" in route.path else []
    if of_path(route.path) is Dialect.MICROMETRICS:
        return [{"signature": []}]
    if of_path(route.path) is Dialect.UX_METRICS:
        return None
    return _metricis_security(route, permission)


def _metricis_security(route: APIRoute, permission: Any) -> Security:
    if permission is VISITS:
        return [{}, {"refresh": []}] if route.path.endswith("/refresh") else []
    if permission is SUBMITS:
        return [*_TOKENS, {"session": []}]
    if route.path.endswith("/logout"):
        return [{"token": []}]
    return list(_TOKENS)


def role_of(route: APIRoute) -> Role | None:
    """The least role that may call, in the Metricis dialect."""
    return ROLES.get(permission_of(route))


def is_counted(route: APIRoute) -> bool:
    """Whether its answers say how many requests are left."""
    return permission_of(route) is not OPEN or route.path.startswith("/api/v1/") or route.path == "/docs/metricis.md"


SCHEMES: Final[Mapping[str, Mapping[str, str]]] = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "UX Metrics: a key of a workspace, `uxm_v1_` and 64 lower-case hexadecimal digits.",
    },
    "participant": {
        "type": "http",
        "scheme": "bearer",
        "description": "UX Metrics: the `participant_token` that beginning as a participant gave.",
    },
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "Micrometrics: `APIAuth <key>:<signature>`; `/docs/micrometrics.md` says what is signed.",
    },
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "Metricis: an API token, `mtk_` and 64 lower-case hexadecimal digits, or the access token "
        "(a JWT) of a user who logged in.",
    },
    "apiKey": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "Metricis: an API token.",
    },
    "refresh": {
        "type": "http",
        "scheme": "bearer",
        "description": "Metricis: a refresh token, where the request has no body.",
    },
    "session": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Session-ID",
        "description": "Metricis: the id of the session that is submitted.",
    },
}
