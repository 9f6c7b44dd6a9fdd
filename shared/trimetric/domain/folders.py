"""Folders: a named place for studies."""

from dataclasses import dataclass
from typing import Any

DEFAULT_COLOR = "#3B82F6"
DEFAULT_ICON = "folder"


@dataclass(frozen=True, slots=True)
class Folder:
    """`version` counts changes to the folder itself; `study_count` moves with the studies."""

    id: str
    name: str
    color: str
    icon: str
    archived: bool
    created_at: str
    updated_at: str
    study_count: int = 0
    version: int = 1

    def public(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "color": self.color,
            "icon": self.icon,
            "archived": self.archived,
            "study_count": self.study_count,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        }
