"""What callers may send."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from trimetric.domain.metricis.sessions import SessionStatus
from trimetric.domain.metricis.studies import MAX_STUDY_ID
from trimetric.domain.metricis.trials import checked_summaries
from trimetric.domain.validation import Code, Instant, ShortText


class StartedSession(BaseModel):
    model_config = ConfigDict(extra="forbid")

    participant_id: Code
    battery_id: ShortText
    study_id: Annotated[int, Field(strict=True, ge=1, lt=MAX_STUDY_ID)] | None = None


class NewSession(StartedSession):
    #: A session that has begun already is created in progress.
    start_time: Instant | None = None


class SessionPatch(BaseModel):
    """Members that are left out stay as they are."""

    model_config = ConfigDict(extra="forbid")

    status: SessionStatus = SessionStatus.CREATED
    start_time: Instant = ""
    end_time: Instant | None = None
    task_summaries: Annotated[dict[str, Any], AfterValidator(checked_summaries)] = Field(default_factory=dict)
