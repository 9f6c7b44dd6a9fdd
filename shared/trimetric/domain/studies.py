"""Studies: draft → published → ended, no way back."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from trimetric.domain.study_types.design import Design

MAX_DESCRIPTION: Final = 2_000

#: The content that each type's studies have beside their settings; the other types have none.
CONTENT: Final = {"card_sort": ("cards", "groups"), "survey": ("questions",)}


class Status(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Counts:
    """People of a study. `excluded_completed` are those of `completed` that are excluded."""

    participants: int = 0
    completed: int = 0
    excluded: int = 0
    excluded_completed: int = 0


@dataclass(frozen=True, slots=True)
class Study:
    """What lists show; settings and content are the study's design and kept apart.

    `version` counts changes to the study or its design, not the coming and going of participants. `collect_secret` is
    the last part of the collect token, made when the study is published.
    """

    id: str
    type: str
    status: Status
    name: str
    description: str | None
    folder_id: str | None
    created_at: str
    updated_at: str
    published_at: str | None = None
    ended_at: str | None = None
    counts: Counts = field(default_factory=Counts)
    version: int = 1
    collect_secret: str | None = field(default=None, repr=False)

    def public(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "type": self.type,
            "status": self.status.value,
            "name": self.name,
            "description": self.description,
            "folder_id": self.folder_id,
            "participant_count": self.counts.participants,
            "completed_count": self.counts.completed,
            "excluded_count": self.counts.excluded,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            "published_at": self.published_at,
            "ended_at": self.ended_at,
        }


def collect_token(workspace_id: str, study: Study) -> str | None:
    """What a runner in a browser presents while the study is published: workspace, study and 128 random bits."""
    if study.status is not Status.PUBLISHED or study.collect_secret is None:
        return None
    return f"col_{workspace_id.removeprefix('ws_')}{study.id.removeprefix('std_')}{study.collect_secret}"


def detail(workspace_id: str, study: Study, design: Design) -> dict[str, Any]:
    """The study as a read of it shows it: list fields, settings, content, and the collect token while published."""
    shown = {**study.public(), "settings": design.settings}
    content = {"cards": design.public_cards, "groups": design.public_groups, "questions": design.public_questions}
    shown |= {name: content[name]() for name in CONTENT.get(study.type, ())}
    token = collect_token(workspace_id, study)
    return shown if token is None else {**shown, "collect_token": token}
