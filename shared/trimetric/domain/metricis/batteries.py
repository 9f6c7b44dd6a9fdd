"""Batteries: the tasks that a session runs through."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

MAX_TASKS: Final = 50

_ID: Final = re.compile(r"battery_([1-9][0-9]{0,11})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Battery:
    """`number` is counted per workspace; `tasks` are `{"name", "config"}`; `sessions` counts those that use it."""

    number: int
    study_id: int
    name: str
    description: str | None
    tasks: Sequence[Mapping[str, Any]]
    estimated_minutes: int | None
    created_at: str
    updated_at: str
    version: int = 1
    sessions: int = 0

    @property
    def id(self) -> str:
        return battery_id(self.number)

    def public(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "study_id": self.study_id,
            "name": self.name,
            "description": self.description,
            "tasks": [dict(task) for task in self.tasks],
            "estimated_minutes": self.estimated_minutes,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        }


def battery_id(number: int) -> str:
    return f"battery_{number}"


def battery_number_of(text: str) -> int | None:
    """The number in an id; None if it is no id of a battery."""
    found = _ID.fullmatch(text)
    return int(found[1]) if found else None
