"""What callers may send."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from trimetric.domain.metricis.accounts import Role
from trimetric.domain.validation import Instant, Name
from trimetric.domain.workspaces import CredentialKind, Permission


class NewKey(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: CredentialKind
    name: Name
    #: Of a `metricis` key, which must have one.
    role: Role | None = None
    #: Of an `apiauth` key; None: all of them.
    permissions: Annotated[list[Permission], Field(min_length=1)] | None = None
    #: None: it ends when it is revoked.
    expires_at: Instant | None = None


class Rotation(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    overlap_days: Annotated[int, Field(ge=0, le=7)] = 1
