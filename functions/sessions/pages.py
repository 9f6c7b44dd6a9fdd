"""Pages that are too large for an answer."""

import json
from collections.abc import Sequence
from typing import Any, Final

from fastapi import Response

from trimetric.errors import ValidationFailed
from trimetric.http.call import Call
from trimetric.http.metricis import PageOf, respond_page

#: Lambda lets 6 MB out, with the body escaped as a JSON text.
MAX_ANSWER_BYTES: Final = 5_800_000


def respond_if_it_fits(call: Call, rows: Sequence[Any], page: PageOf, total: int) -> Response:
    """ValidationFailed asks for fewer rows or fields where the answer would be too large to be sent."""
    response = respond_page(call, rows, page, total)
    size = len(response.body)
    # What must be escaped grows at most sixfold.
    if 6 * size > MAX_ANSWER_BYTES and len(json.dumps(bytes(response.body).decode())) > MAX_ANSWER_BYTES:
        raise ValidationFailed.of("per_page", "these rows are too large for one answer; ask for fewer")
    return response
