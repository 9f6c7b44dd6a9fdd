"""People of a clinical study."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from trimetric.domain import ids

#: Members that a caller who may only read does not see.
CONTACT: Final = ("email", "phone")


class ParticipantStatus(StrEnum):
    SCREENED = "screened"
    ENROLLED = "enrolled"
    WITHDRAWN = "withdrawn"
    COMPLETED = "completed"


class Actor(StrEnum):
    PATIENT = "patient"
    CAREGIVER = "caregiver"


@dataclass(frozen=True, slots=True)
class ClinicalParticipant:
    """`code` is the outside name (`participant_id` on the wire, such as P001), unique in its study.

    `enrollment_date` is `YYYY-MM-DD`, instants are RFC 3339 texts in UTC; `version` counts changes and `sessions` the
    sessions that name this person.
    """

    id: str
    study_id: int
    code: str
    email: str | None
    phone: str | None
    enrollment_date: str | None
    status: ParticipantStatus
    actor: Actor
    language: str | None
    created_at: str
    updated_at: str
    version: int = 1
    sessions: int = 0

    def public(self, *, contact: bool) -> dict[str, Any]:
        """Without `contact` the members of `CONTACT` are left out."""
        shown: dict[str, Any] = {
            "id": self.id,
            "study_id": self.study_id,
            "participant_id": self.code,
            "email": self.email,
            "phone": self.phone,
            "enrollment_date": self.enrollment_date,
            "status": self.status.value,
            "actor": self.actor.value,
            "language": self.language,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        }
        return shown if contact else {name: value for name, value in shown.items() if name not in CONTACT}


def participant_id(*, workspace_id: str, study_id: int, code: str) -> str:
    """The id that this person always has: so a code is taken by one conditional write, and found by one read."""
    return ids.derived(ids.CLINICAL_PARTICIPANT, workspace_id, str(study_id), code)
