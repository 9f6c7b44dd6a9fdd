"""What runners may send."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from trimetric.domain.validation import TEXT_PATTERN

ExternalId = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=255, pattern=TEXT_PATTERN)]
ShortText = Annotated[str, StringConstraints(strict=True, max_length=100, pattern=TEXT_PATTERN)]


class Newcomer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    external_id: ExternalId | None = None
    device: ShortText | None = None
    locale: ShortText | None = None
