"""What callers may send. `trimetric.domain.experience.surveys` tells which members each type of question has."""

from typing import Annotated, Any, Final, Literal, NotRequired

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints, TypeAdapter, with_config
from typing_extensions import TypedDict

from trimetric.domain.experience.surveys import MAX_OPTIONS, MAX_QUESTIONS
from trimetric.domain.validation import ID_PATTERN, NOT_BLANK_PATTERN, Name

_STRICT: Final = ConfigDict(strict=True, extra="forbid", defer_build=True)

MAX_TEXT: Final = 2_000


def _labelled(raw: object) -> object:
    """A bare string is an option's label."""
    return {"label": raw} if isinstance(raw, str) else raw


@with_config(_STRICT)
class NewOption(TypedDict):
    id: NotRequired[Name | None]
    label: Name


_Bound = Annotated[int, Field(ge=-1_000, le=1_000)]
_Option = Annotated[NewOption, BeforeValidator(_labelled)]


@with_config(_STRICT)
class NewQuestion(TypedDict):
    """`null` is the same as leaving a member out."""

    id: NotRequired[Annotated[str, StringConstraints(pattern=ID_PATTERN)] | None]
    type: Literal["nps", "rating", "choice", "multi_choice", "text", "boolean"]
    text: Annotated[str, StringConstraints(max_length=MAX_TEXT, pattern=NOT_BLANK_PATTERN)]
    required: NotRequired[bool]
    options: NotRequired[Annotated[list[_Option], Field(max_length=MAX_OPTIONS)] | None]
    min: NotRequired[_Bound | None]
    max: NotRequired[_Bound | None]


@with_config(_STRICT)
class NewSurvey(TypedDict):
    """A survey without `status` is a draft, one without `questions` has none; also where a survey is replaced."""

    name: Name
    status: NotRequired[Literal["draft", "active", "closed"]]
    questions: NotRequired[Annotated[list[NewQuestion], Field(max_length=MAX_QUESTIONS)]]


NEW_SURVEY: Final[TypeAdapter[Any]] = TypeAdapter(NewSurvey)
