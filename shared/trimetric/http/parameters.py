"""Query parameters that several endpoints share."""

from collections.abc import Mapping

from trimetric.errors import InvalidRequest


def flag(parameters: Mapping[str, str], name: str) -> bool | None:
    """`true`, `false` or absent; anything else is refused."""
    if name not in parameters:
        return None
    if parameters[name] not in ("true", "false"):
        raise InvalidRequest(f"{name} must be true or false")
    return parameters[name] == "true"
