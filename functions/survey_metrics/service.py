"""What the metrics endpoint of surveys does."""

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
    for rows in _ROWS:
        if len(Answer(shown, bare=True).content()) <= MOST_BYTES:
            break
        shown = {**shown, rows: [{**row, "questions": None} for row in shown[rows]]}
    return shown
