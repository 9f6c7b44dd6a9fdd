"""What callers may send."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from trimetric.domain.validation import Name

Color = Annotated[str, StringConstraints(strict=True, pattern=r"^#[0-9A-Fa-f]{6}$")]
Icon = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z0-9]+([_-][a-z0-9]+)*$", max_length=50)]


class NewFolder(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: Name
    color: Color | None = None
    icon: Icon | None = None
    archived: bool = False


class FolderPatch(BaseModel):
    """Members that are left out stay as they are."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Name = ""
    color: Color = ""
    icon: Icon = ""
    archived: bool = False
