"""Arguments that several commands take."""

from typing import Annotated, Final

import typer
from pydantic import TypeAdapter

from trimetric.domain.validation import Email, Name, parse
from trimetric.errors import ValidationFailed

#: Requests per minute: the word that removes an override, and the bounds of one.
DEFAULT: Final = "default"
MOST_PER_MINUTE: Final = 1_000_000_000

_NAME: Final[TypeAdapter[str]] = TypeAdapter(Name)
_EMAIL: Final[TypeAdapter[str]] = TypeAdapter(Email)


def parse_limit(text: str) -> int | None:
    """None for `default`; BadParameter unless it is a whole number of 1 or more."""
    if text == DEFAULT:
        return None
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= MOST_PER_MINUTE:
        raise typer.BadParameter(f"a whole number of requests per minute, 1 or more, or the word {DEFAULT}")
    return int(text)


def parse_name(text: str) -> str:
    return _fitting(_NAME, text, "a name has 1 to 255 characters")


def parse_email(text: str) -> str:
    return _fitting(_EMAIL, text, f"{text} is not an e-mail address")


def _fitting(shape: TypeAdapter[str], text: str, problem: str) -> str:
    """What the API would refuse is refused here, too."""
    try:
        return parse(shape, text, field="")
    except ValidationFailed as refused:
        raise typer.BadParameter(problem) from refused


WorkspaceReference = Annotated[str, typer.Argument(metavar="WORKSPACE", help="A workspace's id, or its name.")]
KeyId = Annotated[str, typer.Argument(metavar="KEY", help="A key's id (key_…).")]
UserReference = Annotated[str, typer.Argument(metavar="USER", help="A user's id (usr_…), or the e-mail address.")]
StudyId = Annotated[str, typer.Argument(metavar="STUDY", help="A study's id (std_…).")]
LimitText = Annotated[
    str,
    typer.Argument(metavar="LIMIT", help=f"Requests per minute, or `{DEFAULT}` to remove the override."),
]
