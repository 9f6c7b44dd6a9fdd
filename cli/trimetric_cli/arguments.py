"""Arguments that several commands take."""

import re
from typing import Annotated, Final

import typer

from trimetric.domain.validation import EMAIL_PATTERN
from trimetric.domain.workspaces import CredentialKind

#: Requests per minute: the word that removes an override, and the bounds of one.
DEFAULT: Final = "default"
MOST_PER_MINUTE: Final = 1_000_000_000
LONGEST_EMAIL: Final = 254


def parse_limit(text: str) -> int | None:
    """None for `default`; BadParameter unless it is a whole number of 1 or more."""
    if text == DEFAULT:
        return None
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= MOST_PER_MINUTE:
        raise typer.BadParameter(f"a whole number of requests per minute, 1 or more, or the word {DEFAULT}")
    return int(text)


def parse_name(text: str) -> str:
    name = text.strip()
    if not 1 <= len(name) <= 255 or "\0" in name:
        raise typer.BadParameter("a name has 1 to 255 characters")
    return name


def parse_email(text: str) -> str:
    if len(text) > LONGEST_EMAIL or not re.fullmatch(EMAIL_PATTERN, text):
        raise typer.BadParameter(f"{text} is not an e-mail address")
    return text


def parse_kind(kind: CredentialKind) -> CredentialKind:
    return kind


WorkspaceReference = Annotated[str, typer.Argument(metavar="WORKSPACE", help="A workspace's id, or its name.")]
KeyId = Annotated[str, typer.Argument(metavar="KEY", help="A key's id (key_…).")]
UserReference = Annotated[str, typer.Argument(metavar="USER", help="A user's id (usr_…), or the e-mail address.")]
StudyId = Annotated[str, typer.Argument(metavar="STUDY", help="A study's id (std_…).")]
LimitText = Annotated[
    str,
    typer.Argument(metavar="LIMIT", help=f"Requests per minute, or `{DEFAULT}` to remove the override."),
]
