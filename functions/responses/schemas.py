"""What callers may send."""

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from trimetric.domain.validation import ID_PATTERN, ExternalId, ShortText

_STRICT: Final = ConfigDict(extra="forbid", strict=True)
#: More than a survey has questions.
_MAX_ANSWERS: Final = 1_000

_Id = Annotated[str, StringConstraints(pattern=ID_PATTERN)]


class NewAnswer(BaseModel):
    """`value`: an integer for nps and rating, an option's id for choice, a list of them for multi_choice, a string for
    text, true or false for boolean."""

    model_config = _STRICT

    question_id: _Id
    value: Any


class NewResponse(BaseModel):
    """`submitted_at`: RFC 3339 with an offset; when the response arrives if it is left out."""

    model_config = _STRICT

    answers: Annotated[list[NewAnswer], Field(max_length=_MAX_ANSWERS)]
    device_id: _Id | None = None
    language: ShortText | None = None
    external_id: ExternalId | None = None
    submitted_at: str | None = None
