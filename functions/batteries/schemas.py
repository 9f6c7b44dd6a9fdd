"""What callers may send."""

import json
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from trimetric.domain.metricis.batteries import MAX_TASKS
from trimetric.domain.metricis.studies import MAX_STUDY_ID
from trimetric.domain.validation import Description, Name

MAX_CONFIG_BYTES: Final = 16_384
MAX_MINUTES: Final = 24 * 60


def _small(config: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(config, ensure_ascii=False, separators=(",", ":")).encode()) > MAX_CONFIG_BYTES:
        raise ValueError(f"must not be larger than {MAX_CONFIG_BYTES} bytes of JSON")
    return config


class Task(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: Name
    config: Annotated[dict[str, Any], AfterValidator(_small)] = Field(default_factory=dict)


Tasks = Annotated[list[Task], Field(max_length=MAX_TASKS)]
Minutes = Annotated[int, Field(ge=1, le=MAX_MINUTES)]


class NewBattery(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    study_id: Annotated[int, Field(ge=1, lt=MAX_STUDY_ID)]
    name: Name
    description: Description | None = None
    tasks: Tasks = Field(default_factory=list)
    estimated_minutes: Minutes | None = None


class BatteryPatch(BaseModel):
    """Members that are left out stay as they are."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Name = ""
    description: Description | None = None
    tasks: Tasks = Field(default_factory=list)
    estimated_minutes: Minutes | None = None
