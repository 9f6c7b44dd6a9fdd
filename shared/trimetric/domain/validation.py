"""Shape checks: one door into pydantic, and one translation of what it finds into our own field errors."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Annotated, Any, Final, Protocol, TypeVar, overload

from pydantic import AfterValidator, BaseModel, StringConstraints, ValidationError

from trimetric.domain import times
from trimetric.errors import FieldError, ValidationFailed

T_co = TypeVar("T_co", covariant=True)
M = TypeVar("M", bound=BaseModel)

#: Rust regular expressions; `$` is the very end. A pattern that a shape uses has its message in `_PATTERN_MESSAGES`.
ID_PATTERN: Final = r"^[A-Za-z0-9_-]{1,64}$"
TEXT_PATTERN: Final = r"^[^\x00]*$"
NOT_BLANK_PATTERN: Final = r"^[^\x00]*[^\s\x00][^\x00]*$"
HTTP_URL_PATTERN: Final = r"^[Hh][Tt][Tt][Pp][Ss]?://[^\s\x00/?#][^\s\x00]*$"
URL_PATH_PATTERN: Final = r"^/[^\s\x00?#]*$"
URL_GLOB_PATTERN: Final = (
    r"^([Hh][Tt][Tt][Pp][Ss]?://)?(\[[0-9A-Fa-f:.]+\]|[^\s\x00/?#:\[\]]+)(:[0-9*]+)?(/[^\s\x00?#]*)?$"
)
#: What a browser's e-mail field takes (HTML, "valid e-mail address"), its host with at least one dot.
EMAIL_PATTERN: Final = (
    r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+$"
)
#: Digits as people group them, with or without a country code.
PHONE_PATTERN: Final = r"^\+?[0-9(][0-9 ()./-]{2,30}[0-9]$"
#: A language tag as BCP 47 forms it, not looked up.
LANGUAGE_PATTERN: Final = r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$"
#: What names something in paths and files; no spaces at its ends.
CODE_PATTERN: Final = r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$"

#: A name: trimmed, 1 to 255 characters.
Name = Annotated[
    str,
    StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=255, pattern=TEXT_PATTERN),
]

#: Not more than a mail server takes.
Email = Annotated[str, StringConstraints(strict=True, max_length=254, pattern=EMAIL_PATTERN)]
Phone = Annotated[str, StringConstraints(strict=True, pattern=PHONE_PATTERN)]
LanguageTag = Annotated[str, StringConstraints(strict=True, max_length=35, pattern=LANGUAGE_PATTERN)]
#: What people call a study or a participant: kept as it was sent.
Code = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=64, pattern=CODE_PATTERN)]
DATE_PATTERN: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


def _real_date(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise ValueError("is not a real date") from None
    return text


def _in_utc(text: str) -> str:
    return times.to_text(times.parse(text))


#: RFC 3339 with any offset; kept in UTC.
Instant = Annotated[str, StringConstraints(strict=True), AfterValidator(_in_utc)]
#: `YYYY-MM-DD`.
CalendarDate = Annotated[str, StringConstraints(strict=True, pattern=DATE_PATTERN), AfterValidator(_real_date)]
#: Longer prose.
Description = Annotated[str, StringConstraints(strict=True, max_length=5000, pattern=TEXT_PATTERN)]

#: What another system calls a person: kept as it was sent.
ExternalId = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=255, pattern=TEXT_PATTERN)]
#: A person's device or locale.
ShortText = Annotated[str, StringConstraints(strict=True, max_length=100, pattern=TEXT_PATTERN)]

#: A broken list of thousands is reported by its first members.
MAX_DETAILS: Final = 50
_MAX_NAME: Final = 64
_MAX_FIELD: Final = 300

_PATTERN_MESSAGES: Final = {
    ID_PATTERN: "must be 1 to 64 characters A-Z, a-z, 0-9, _ or -",
    TEXT_PATTERN: "must not contain U+0000",
    NOT_BLANK_PATTERN: "must not be blank or contain U+0000",
    HTTP_URL_PATTERN: "must be an absolute http or https URL",
    URL_PATH_PATTERN: "must be a URL path: it begins with / and has no query, fragment or space",
    DATE_PATTERN: "must be a date such as 2026-01-31",
    EMAIL_PATTERN: "Invalid email format",
    PHONE_PATTERN: "must be a phone number of digits, spaces and ( ) . / - with or without a leading +",
    LANGUAGE_PATTERN: "must be a language tag such as en or pt-BR",
    CODE_PATTERN: "must not begin or end with a space or hold control characters",
    URL_GLOB_PATTERN: "must be a host and path such as shop.example/orders/*, without query or space",
}

_MESSAGES: Final = {
    "missing": "is required",
    "extra_forbidden": "is not a known member",
    "invalid_key": "must be a string",
    "string_type": "must be a string",
    "string_unicode": "must not hold half of a surrogate pair",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "int_type": "must be an integer",
    "int_from_float": "must be an integer",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "too_long": "must have at most {max_length} members",
    "too_short": "must have at least {min_length} members",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "recursion_depth_exceeded": "nests too deep",
    "recursion_loop": "nests too deep",
    "value_error": "{error}",
}


class Shape(Protocol[T_co]):
    """A `pydantic.TypeAdapter`."""

    def validate_python(self, value: Any, /) -> T_co: ...


class Problems:
    """Gathers what is wrong with an input, so that one answer can name all of it."""

    def __init__(self) -> None:
        self.found: list[FieldError] = []

    def add(self, field: str, message: str) -> None:
        self.found.append(FieldError(field, message))

    def refuse(self) -> None:
        """ValidationFailed if anything was found."""
        if self.found:
            raise ValidationFailed(details=self.found[:MAX_DETAILS])


@overload
def parse(shape: Shape[T_co], raw: object, *, field: str) -> T_co: ...
@overload
def parse(shape: type[M], raw: object, *, field: str) -> M: ...
def parse(shape: Any, raw: object, *, field: str) -> Any:
    """`raw` as `shape` wants it; ValidationFailed with paths that begin with `field` if it does not fit."""
    try:
        if isinstance(shape, type) and issubclass(shape, BaseModel):
            return shape.model_validate(raw)
        return shape.validate_python(raw)
    except ValidationError as error:
        raise ValidationFailed(details=field_errors(error, field=field)) from None


def field_errors(error: ValidationError, *, field: str) -> list[FieldError]:
    found = error.errors(include_url=False, include_input=False)[:MAX_DETAILS]
    return [FieldError(_path(field, each["loc"]), _message(each["type"], each.get("ctx", {}))) for each in found]


def _path(field: str, places: Iterable[int | str]) -> str:
    path = field
    for place in places:
        if isinstance(place, int):
            path += f"[{place}]"
        elif place != "[key]":
            path += f".{_printable(place)}"
    return path.removeprefix(".")[:_MAX_FIELD]


def _printable(name: str) -> str:
    """A member's name as the caller sent it may be anything; the answer must stay valid, short UTF-8."""
    short = name if len(name) <= _MAX_NAME else f"{name[:_MAX_NAME]}…"
    return "".join(letter if letter.isprintable() else "�" for letter in short)


def _message(kind: str, context: Mapping[str, Any]) -> str:
    if kind == "string_pattern_mismatch":
        return _PATTERN_MESSAGES.get(context["pattern"], "has the wrong form")
    if kind == "string_too_short" and context["min_length"] == 1:
        return "must not be empty"
    return _MESSAGES.get(kind, "is not valid").format_map(context)
