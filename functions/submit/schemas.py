"""What callers may send."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from trimetric.domain.metricis.trials import MAX_TRIALS


class SubmittedTrial(BaseModel):
    """Further members are kept as they are."""

    model_config = ConfigDict(extra="allow")

    task: str
    rt: float | None = None
    response: Any = None
    stimulus: Any = None
    correct: bool | None = None


class SubmittedSession(BaseModel):
    """The form in the API's document; 20,000 trials at a time are read by `trimetric.domain.metricis.trials`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    session_id: Annotated[str, StringConstraints(pattern="^sess_[0-9a-f]{48}$")]
    task_summaries: dict[str, Any] = Field(default_factory=dict)
    trials: Annotated[list[SubmittedTrial], Field(max_length=MAX_TRIALS)]
