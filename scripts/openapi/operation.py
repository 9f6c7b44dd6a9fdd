"""What is written down of one endpoint."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scripts.openapi.shapes import Schema


@dataclass(frozen=True, slots=True)
class Body:
    """A request's body in a form that is not JSON."""

    schema: Schema
    example: Any


@dataclass(frozen=True, slots=True)
class Operation:
    """`answer` is the JSON of success (None: no body), `media` other forms of it."""

    answer: Schema | None = None
    query: Sequence[str] = ()
    body: Schema | None = None
    example: Any = None
    body_required: bool = True
    errors: Sequence[str] = ()
    media: Mapping[str, Schema] = field(default_factory=dict)
    #: Also answered as text/markdown.
    markdown: bool = True
    #: One object with an ETag, which If-None-Match and If-Match go by.
    tagged: bool = True
    more_answers: Mapping[int, str] = field(default_factory=dict)
    description: str = ""
    #: Whole parameter objects, where a name does not say enough.
    parameters: Sequence[Schema] = ()
    #: Other forms of the body, by media type.
    forms: Mapping[str, Body] = field(default_factory=dict)
    answer_example: Any = None
    #: An answer of 201 says where the object is.
    located: bool = True

    @property
    def takes_body(self) -> bool:
        return self.body is not None or bool(self.forms)
