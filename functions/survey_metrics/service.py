"""What the metrics endpoint of surveys does."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from fastapi import Response

from trimetric.domain import times
from trimetric.domain.experience.responses import EPOCH
from trimetric.domain.experience.surveys import number
from trimetric.domain.experience.windows import LATEST, Window
from trimetric.dynamo.experience.metrics import SurveyMetrics
from trimetric.dynamo.experience.surveys import Surveys
from trimetric.errors import ApiError, NotFound
from trimetric.http import windows
from trimetric.http.answers import Answer, respond
from trimetric.http.call import Call

#: Lambda lets 6 MB out, in which quotes are escaped.
MOST_BYTES: Final = 4_500_000
#: What is left out first where everything would be too much: these rows keep their number of responses.
_ROWS: Final = ("devices", "days")
#: Words of each question, where there is no room for all of them even so.
_FEWER_WORDS: Final = (50, 20, 5, 0)


def show_survey_metrics(call: Call) -> Response:
    survey_id = number(str(call.request.path_params["survey_id"]))
    try:
        window = windows.window_of_month(call)
    except ApiError:
        if Surveys(call.table).get(call.tenant.id, survey_id) is None:
            raise NotFound from None
        raise
    metrics = SurveyMetrics(call.table, sleep=call.runtime.sleep)
    snapshot = metrics.read(call.tenant.id, survey_id, first=window.first, last=window.last)
    if snapshot is None:
        raise NotFound
    shown = {"survey_id": survey_id, **_bounds(window), **snapshot.figures()}
    return respond(call, Answer(_fitting(shown), bare=True))


def _bounds(window: Window) -> dict[str, str]:
    """Exclusive, as they are asked for."""
    start_at, end_at = (
        times.to_text(EPOCH + timedelta(milliseconds=millis))
        for millis in (window.first - 1, min(window.last + 1, LATEST))
    )
    return {"start_at": start_at, "end_at": end_at}


def _fitting(shown: dict[str, Any]) -> dict[str, Any]:
    """The first that has room, else the shortest."""
    for each in _shorter_and_shorter(shown):
        if _has_room(each):
            return each
    return each


def _shorter_and_shorter(shown: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield shown
    for rows in _ROWS:
        shown = {**shown, rows: [{**row, "questions": None} for row in shown[rows]]}
        yield shown
    for most in _FEWER_WORDS:
        shown = {**shown, "questions": [_with_fewer_words(question, most) for question in shown["questions"]]}
        yield shown


def _with_fewer_words(question: dict[str, Any], most: int) -> dict[str, Any]:
    return {**question, "words": question["words"][:most]} if "words" in question else question


def _has_room(shown: dict[str, Any]) -> bool:
    return len(Answer(shown, bare=True).content()) <= MOST_BYTES
