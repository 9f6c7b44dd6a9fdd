"""What the response endpoints do."""

from typing import Any

from fastapi import Response as HttpResponse

from functions.responses.schemas import NewResponse
from trimetric.domain import ids, times
from trimetric.domain.experience.answers import add_misfits
from trimetric.domain.experience.responses import AHEAD, EPOCH, Response, Sent
from trimetric.domain.experience.surveys import Status, Survey, number
from trimetric.domain.validation import Problems, parse
from trimetric.dynamo import blobs
from trimetric.dynamo.experience import responses
from trimetric.dynamo.experience.responses import Responses, Surroundings
from trimetric.dynamo.experience.surveys import Surveys
from trimetric.dynamo.parallel import both
from trimetric.errors import (
    ApiError,
    DuplicateResponse,
    InvalidRequest,
    NotFound,
    SurveyNotActive,
    ValidationFailed,
)
from trimetric.http import windows
from trimetric.http.answers import Answer, commit, respond, retried
from trimetric.http.call import Call
from trimetric.http.signed import respond_list


def list_responses(call: Call) -> HttpResponse:
    survey_id = _survey_id(call)
    try:
        page = windows.monthly(call)
    except ApiError:
        _require_survey(call, survey_id)
        raise
    _, found = both(
        lambda: _require_survey(call, survey_id),
        lambda: Responses(call.table).list(
            call.tenant.id,
            survey_id,
            first=page.window.first,
            last=page.window.last,
            after=page.after,
            limit=page.size + 1,
        ),
    )
    shown, next_cursor = page.cut(found, lambda response: response.id)
    return respond_list(call, [response.public() for response in shown], next_cursor)


def show_response(call: Call) -> HttpResponse:
    found = Responses(call.table).get(call.tenant.id, _survey_id(call), call.path_id("response_id", ids.RESPONSE))
    if found is None:
        raise NotFound
    windows.ignored(call)
    return respond(call, Answer(found.public(), bare=True))


@retried
def create_response(call: Call) -> HttpResponse:
    survey_id = _survey_id(call)
    try:
        windows.ignored(call)
        sent = _sent(call)
    except ApiError:
        _require_survey(call, survey_id)
        raise
    return _accept(call, survey_id, sent)


def _accept(call: Call, survey_id: int, sent: Sent) -> HttpResponse:
    response = sent.arrived(survey_id=survey_id, now=call.now)
    around = Responses(call.table).surroundings(call.tenant.id, response)
    survey = around.survey
    if survey is None:
        raise NotFound
    if around.claim is not None and around.claim.fingerprint == sent.fingerprint:
        return _accepted_before(call, survey_id, around.claim.response_id)
    _refuse_misfits(call, survey, around, response)
    if around.claim is not None:
        raise DuplicateResponse
    if survey.status is not Status.ACTIVE:
        raise SurveyNotActive
    answer = Answer(response.public(), status=201, headers={"Location": _location(response)}, bare=True)
    actions = responses.creation(call.tenant.id, response, around, survey=survey, fingerprint=sent.fingerprint)
    return commit(call, answer, *actions)


def _accepted_before(call: Call, survey_id: int, response_id: str) -> HttpResponse:
    """Also where the survey has been closed or the device removed since: the sender only missed the answer."""
    stored = Responses(call.table).get(call.tenant.id, survey_id, response_id)
    if stored is None:
        raise NotFound
    return commit(call, Answer(stored.public(), headers={"Location": _location(stored)}, bare=True))


def _refuse_misfits(call: Call, survey: Survey, around: Surroundings, response: Response) -> None:
    problems = Problems()
    add_misfits(problems, survey.questions, response.answers)
    if response.device_id is not None and around.device is None:
        problems.add("device_id", "is not a device of this workspace")
    if response.submitted_millis > times.to_millis(call.now + AHEAD):
        problems.add("submitted_at", "is more than 5 minutes ahead of our clock")
    problems.refuse()
    if not blobs.fits(responses.packed(response)):
        raise ValidationFailed.of("answers", "is too large to keep; shorten the texts")


def _sent(call: Call) -> Sent:
    document = call.body()
    if not isinstance(document, dict):
        raise InvalidRequest("The body must be an object")
    new = parse(NewResponse, document, field="")
    return Sent(
        device_id=new.device_id,
        answers=tuple({"question_id": answer.question_id, "value": answer.value} for answer in new.answers),
        language=new.language,
        external_id=new.external_id,
        submitted_at=None if new.submitted_at is None else _instant(new.submitted_at),
    )


def _instant(text: str) -> Any:
    try:
        instant = times.parse(text)
    except ValueError as error:
        raise ValidationFailed.of("submitted_at", str(error)) from error
    if instant < EPOCH:
        raise ValidationFailed.of("submitted_at", "must not be before 1970")
    return instant


def _location(response: Response) -> str:
    return f"/api/experience/surveys/{response.survey_id}/responses/{response.id}"


def _survey_id(call: Call) -> int:
    return number(str(call.request.path_params["survey_id"]))


def _require_survey(call: Call, survey_id: int) -> None:
    if Surveys(call.table).get(call.tenant.id, survey_id) is None:
        raise NotFound
