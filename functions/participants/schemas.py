"""What callers may send."""

from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, TypeAdapter

from trimetric.domain import times
from trimetric.domain.validation import TEXT_PATTERN, ExternalId, ShortText

MAX_PEOPLE: Final = 100
MAX_REASON: Final = 500


def _instant(raw: object) -> object:
    return times.parse(raw) if isinstance(raw, str) else raw


Instant = Annotated[datetime, BeforeValidator(_instant)]


class NewParticipant(BaseModel):
    """`completed_at` null or left out: in progress. `started_at` left out: the moment of completion, else now."""

    model_config = ConfigDict(extra="forbid", strict=True)

    external_id: ExternalId | None = None
    started_at: Instant | None = None
    completed_at: Instant | None = None
    device: ShortText | None = None
    locale: ShortText | None = None
    #: Judged by the study's type.
    results: list[Any] = []


class Exclusion(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    reason: Annotated[str, StringConstraints(strict=True, max_length=MAX_REASON, pattern=TEXT_PATTERN)] | None = None


NEW_PARTICIPANTS: Final = TypeAdapter(Annotated[list[NewParticipant], Field(min_length=1, max_length=MAX_PEOPLE)])
