"""Pages of trials, and pages that are too large for an answer."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fastapi import Response

from trimetric.errors import ValidationFailed
from trimetric.http.call import Call
from trimetric.http.metricis import PageOf, respond_page
from trimetric.http.paging import DEFAULT_PER_PAGE, MAX_PAGE, MAX_PER_PAGE

#: Lambda lets 6 MB out, with the body escaped as a JSON text.
MAX_ANSWER_BYTES: Final = 5_800_000


@dataclass(frozen=True, slots=True)
class TrialPage:
    page: int
    per_page: int

    @property
    def start(self) -> int:
        return (self.page - 1) * self.per_page


def trial_page(call: Call) -> TrialPage:
    parameters = call.parameters("page", "per_page")
    return TrialPage(
        _number(parameters, "page", default=1, most=MAX_PAGE),
        _number(parameters, "per_page", default=DEFAULT_PER_PAGE, most=MAX_PER_PAGE),
    )


def _number(parameters: Mapping[str, str], name: str, *, default: int, most: int) -> int:
    text = parameters.get(name, str(default))
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(most)) else 0
    if not 1 <= number <= most:
        raise ValidationFailed.of(name, f"must be a whole number from 1 to {most}")
    return number


def respond_if_it_fits(call: Call, rows: Sequence[Any], page: PageOf, total: int) -> Response:
    """ValidationFailed asks for fewer rows or fields where the answer would be too large to be sent."""
    response = respond_page(call, rows, page, total)
    size = len(response.body)
    # What must be escaped grows at most sixfold.
    if 6 * size > MAX_ANSWER_BYTES and len(json.dumps(bytes(response.body).decode())) > MAX_ANSWER_BYTES:
        raise ValidationFailed.of("per_page", "these rows are too large for one answer; ask for fewer")
    return response
