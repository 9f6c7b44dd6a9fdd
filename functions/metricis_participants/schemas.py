"""What callers may send."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from trimetric.domain.metricis.participants import Actor, ParticipantStatus
from trimetric.domain.metricis.studies import MAX_STUDY_ID
from trimetric.domain.validation import CalendarDate, Code, Email, LanguageTag, Phone


class ImportedParticipant(BaseModel):
    """A row of an import, whose study stands in the query."""

    model_config = ConfigDict(extra="forbid")

    participant_id: Code
    email: Email | None = None
    phone: Phone | None = None
    enrollment_date: CalendarDate | None = None
    status: ParticipantStatus = ParticipantStatus.ENROLLED
    actor: Actor = Actor.PATIENT
    language: LanguageTag | None = None


class NewParticipant(ImportedParticipant):
    study_id: Annotated[int, Field(strict=True, ge=1, lt=MAX_STUDY_ID)]


class ParticipantPatch(BaseModel):
    """Members that are left out stay as they are; study and outside code are who the person is, so they stay too."""

    model_config = ConfigDict(extra="forbid")

    email: Email | None = None
    phone: Phone | None = None
    enrollment_date: CalendarDate | None = None
    status: ParticipantStatus = ParticipantStatus.ENROLLED
    actor: Actor = Actor.PATIENT
    language: LanguageTag | None = None
