"""What callers may send. Refusals never repeat a value, so no password is shown."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

from trimetric.domain.metricis.accounts import Role
from trimetric.domain.validation import TEXT_PATTERN, Email, Name

#: Longer ones would only cost time.
LONGEST_PASSWORD = 1024

GivenPassword = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=LONGEST_PASSWORD, pattern=TEXT_PATTERN)
]
NewPassword = Annotated[
    str, StringConstraints(strict=True, min_length=12, max_length=LONGEST_PASSWORD, pattern=TEXT_PATTERN)
]


class JsonLogin(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    email: Email
    password: GivenPassword


class FormLogin(BaseModel):
    """As OAuth 2 clients send it (RFC 6749, 4.3.2); there are no scopes and no clients to tell apart."""

    model_config = ConfigDict(extra="forbid", strict=True)

    username: Email
    password: GivenPassword
    grant_type: Literal["password", ""] = "password"
    scope: Literal[""] = ""
    client_id: Literal[""] = ""
    client_secret: Literal[""] = ""


class JsonRefresh(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    refresh_token: Annotated[str, StringConstraints(strict=True, max_length=500)]


class FormRefresh(JsonRefresh):
    grant_type: Literal["refresh_token", ""] = "refresh_token"
    client_id: Literal[""] = ""
    client_secret: Literal[""] = ""


class NewUser(BaseModel):
    model_config = ConfigDict(extra="forbid")

    email: Email
    password: NewPassword
    name: Name
    role: Role = Role.READ_ONLY
