"""What the survey endpoints do."""

from dataclasses import dataclass

from fastapi import Response

from functions.surveys.schemas import NEW_SURVEY
from trimetric.domain.experience.surveys import (
    Question,
    Replacement,
    Status,
    Survey,
    number,
    questions_of,
    refuse_unaskable,
)
from trimetric.domain.validation import parse
from trimetric.dynamo.experience import surveys
from trimetric.dynamo.experience.surveys import Surveys
from trimetric.errors import InvalidRequest, NotFound
from trimetric.http import windows
from trimetric.http.answers import Answer, commit, etag_of_data, respond, retried
from trimetric.http.call import Call
from trimetric.http.signed import respond_list


def list_surveys(call: Call) -> Response:
    page = windows.unbounded(call)
    found = Surveys(call.table).list(
        call.tenant.id, first=page.window.first, last=page.window.last, after=page.after, limit=page.size + 1
    )
    shown, next_cursor = page.cut(found, surveys.position_of)
    return respond_list(call, [survey.public() for survey in shown], next_cursor)


def show_survey(call: Call) -> Response:
    survey = Surveys(call.table).get(call.tenant.id, _number(call))
    if survey is None:
        raise NotFound
    windows.ignored(call)
    return respond(call, Answer(survey.public(), bare=True))


@retried
def create_survey(call: Call) -> Response:
    windows.ignored(call)
    sent = _sent(call)
    survey = Survey(
        id=Surveys(call.table).last_id(call.tenant.id) + 1,
        name=sent.name,
        status=sent.status,
        questions=sent.questions,
        created_at=call.now_text,
        updated_at=call.now_text,
    )
    headers = {"Location": f"/api/experience/surveys/{survey.id}"}
    answer = Answer(survey.public(), status=201, headers=headers, bare=True)
    return commit(call, answer, *surveys.creation(call.tenant.id, survey))


@retried
def replace_survey(call: Call) -> Response:
    found = Surveys(call.table).with_use(call.tenant.id, _number(call))
    if found is None:
        raise NotFound
    survey, in_use = found
    windows.ignored(call)
    sent = _sent(call)
    call.require_match(etag_of_data(survey.public(), bare=True))
    planned = Replacement.of(survey, name=sent.name, status=sent.status, questions=sent.questions, now=call.now_text)
    if in_use:
        planned.refuse_in_use()
    return commit(call, Answer(planned.survey.public(), bare=True), *surveys.change(call.tenant.id, planned))


@dataclass(frozen=True, slots=True)
class _Sent:
    name: str
    status: Status
    questions: tuple[Question, ...]


def _sent(call: Call) -> _Sent:
    document = call.body()
    if not isinstance(document, dict):
        raise InvalidRequest("The body must be an object")
    new = parse(NEW_SURVEY, document, field="")
    status = Status(new.get("status", Status.DRAFT))
    questions = questions_of(new.get("questions", ()))
    refuse_unaskable(status, questions)
    return _Sent(new["name"], status, questions)


def _number(call: Call) -> int:
    return number(call.request.path_params["survey_id"])
