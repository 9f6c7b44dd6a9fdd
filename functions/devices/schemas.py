"""What callers may send."""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from trimetric.domain.experience.devices import MAX_LOCATION
from trimetric.domain.validation import TEXT_PATTERN, Name

#: More digits than any survey has.
_MAX_SURVEY: Final = 9_999_999_999


class NewDevice(BaseModel):
    """Members that are left out have these values, also where a device is replaced."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Name
    location: Annotated[str, StringConstraints(max_length=MAX_LOCATION, pattern=TEXT_PATTERN)] | None = None
    status: Literal["active", "inactive"] = "active"
    survey_id: Annotated[int, Field(ge=1, le=_MAX_SURVEY)] | None = None
    #: Flat; `trimetric.domain.experience.devices` looks into it.
    metadata: dict[str, Any] = {}
