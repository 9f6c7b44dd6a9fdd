"""Devices of the Micrometrics dialect: kiosks and other places where surveys are answered."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from trimetric.domain import ids
from trimetric.errors import FieldError, NotFound, ValidationFailed

#: Bytes of a device's metadata as compact JSON.
MAX_METADATA_BYTES: Final = 4_096
MAX_LOCATION: Final = 255

_ID: Final = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)
_OCTETS: Final = 16


class Status(StrEnum):
    ACTIVE = "active"
    INACTIVE = "inactive"


@dataclass(frozen=True, slots=True)
class Device:
    """`metadata` is JSON: numbers stay as they were sent. `version` counts changes, not responses."""

    id: str
    name: str
    location: str | None
    status: Status
    survey_id: int | None
    metadata: str
    created_at: str
    updated_at: str
    #: When its latest response was submitted.
    last_seen_at: str | None = None
    version: int = 1

    def public(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "location": self.location,
            "status": self.status.value,
            "survey_id": self.survey_id,
            "metadata": json.loads(self.metadata),
            "last_seen_at": self.last_seen_at,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        }


def new_id() -> str:
    return ids.token(_OCTETS)


def device_id(text: str) -> str:
    """The id in a path; NotFound for what is none."""
    if not is_id(text):
        raise NotFound
    return text


def is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


def packed_metadata(metadata: Mapping[str, Any], *, field: str = "metadata") -> str:
    """As it is kept; ValidationFailed for members that are no text, number, truth value or null, or for too much."""
    nested = [name for name, value in metadata.items() if isinstance(value, dict | list)]
    if nested:
        raise ValidationFailed(details=[FieldError(f"{field}.{name[:64]}", "must not nest") for name in nested[:50]])
    text = json.dumps(metadata, ensure_ascii=False, separators=(",", ":"))
    if len(text.encode()) > MAX_METADATA_BYTES:
        raise ValidationFailed.of(field, f"must have at most {MAX_METADATA_BYTES} bytes as JSON")
    return text
