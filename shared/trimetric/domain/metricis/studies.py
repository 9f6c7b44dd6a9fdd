"""Studies of the Metricis dialect: a clinical study with its people, batteries and sessions."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

#: Ids are counted per workspace; more digits than this are no id.
MAX_STUDY_ID: Final = 10**12


class StudyStatus(StrEnum):
    DRAFT = "draft"
    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True)
class ClinicalStudy:
    """Dates are `YYYY-MM-DD`, instants RFC 3339 texts in UTC; `version` counts changes.

    `participants`, `batteries` and `sessions` say how many the study holds; erased participants no longer count.
    """

    id: int
    code: str
    name: str
    description: str | None
    pi_name: str | None
    pi_email: str | None
    start_date: str | None
    end_date: str | None
    status: StudyStatus
    created_at: str
    updated_at: str
    version: int = 1
    participants: int = 0
    batteries: int = 0
    sessions: int = 0

    @property
    def in_use(self) -> bool:
        return bool(self.participants or self.batteries or self.sessions)

    def public(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "code": self.code,
            "name": self.name,
            "description": self.description,
            "pi_name": self.pi_name,
            "pi_email": self.pi_email,
            "start_date": self.start_date,
            "end_date": self.end_date,
            "status": self.status.value,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        }


def study_id_of(text: str) -> int | None:
    """The number that `text` writes, without leading zeros or signs; None if it is no id."""
    if not text.isascii() or not text.isdigit() or text.startswith("0") or len(text) > len(str(MAX_STUDY_ID)) - 1:
        return None
    return int(text)
