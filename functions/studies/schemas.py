"""What callers may send. Settings are judged by the study's type."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints

from trimetric.domain.studies import MAX_DESCRIPTION
from trimetric.domain.validation import TEXT_PATTERN, Name

Description = Annotated[str, StringConstraints(max_length=MAX_DESCRIPTION, pattern=TEXT_PATTERN)]


class NewStudy(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: Name
    description: Description | None = None
    folder_id: str | None = None
    settings: Any = None


class StudyPatch(BaseModel):
    """Members that are left out stay as they are; `folder_id` null takes the study out of its folder."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Name = ""
    description: Description | None = None
    folder_id: str | None = None
    settings: Any = None
