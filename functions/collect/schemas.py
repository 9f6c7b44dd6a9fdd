"""What runners may send."""

from pydantic import BaseModel, ConfigDict

from trimetric.domain.validation import ExternalId, ShortText


class Newcomer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    external_id: ExternalId | None = None
    device: ShortText | None = None
    locale: ShortText | None = None
