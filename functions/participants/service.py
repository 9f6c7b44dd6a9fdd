"""What the participant endpoints do, but for the import."""

from fastapi import Response

from functions.participants.schemas import Exclusion
from trimetric.domain import ids
from trimetric.domain.participants import Participant, public_results
from trimetric.domain.studies import Status, Study
from trimetric.domain.times import to_millis
from trimetric.domain.validation import parse
from trimetric.dynamo import participants
from trimetric.dynamo.parallel import both
from trimetric.dynamo.participants import Participants, Person
from trimetric.dynamo.studies import Studies
from trimetric.errors import InvalidRequest, NotFound
from trimetric.http.answers import Answer, Page, commit, respond, retried
from trimetric.http.call import Call
from trimetric.http.parameters import flag


def list_participants(call: Call) -> Response:
    study_id = call.path_id("study_id", ids.STUDY)
    try:
        parameters = call.parameters("excluded", "limit", "after")
        size = call.page_size(parameters)
        excluded, after = flag(parameters, "excluded"), call.position(parameters)
    except InvalidRequest:
        _require_study(call, study_id)
        raise
    study, found = both(
        lambda: _require_study(call, study_id),
        lambda: _people(call).list(call.tenant.id, study_id, excluded=excluded, after=after, limit=size + 1),
    )
    more = len(found) > size
    page = Page(call.cursor(found[size - 1].order, parameters) if more else None)
    shown = [_public(study, participant) for participant in found[:size]]
    return respond(call, Answer(shown, title=f"Participants of {study.name}", page=page))


def show_participant(call: Call) -> Response:
    study, person = _person(call)
    call.parameters()
    return respond(call, Answer(_public(study, person.participant), title=f"Participant {person.participant.id}"))


def list_results(call: Call) -> Response:
    study, person = _person(call)
    parameters = call.parameters("limit", "after")
    size = call.page_size(parameters)
    begin = int(call.position(parameters) or 0)
    participant_id = person.participant.id
    results = public_results(person.results, participant_id=participant_id, study_id=study.id, study_type=study.type)
    end = begin + size
    page = Page(call.cursor(str(end), parameters) if len(results) > end else None)
    return respond(call, Answer(results[begin:end], title=f"Results of participant {participant_id}", page=page))


@retried
def exclude_participant(call: Call) -> Response:
    study, person = _person(call)
    call.parameters()
    reason = _exclusion(call).reason
    return _change(call, study, seen=person.participant, changed=person.participant.exclude(reason))


@retried
def include_participant(call: Call) -> Response:
    study, person = _person(call)
    call.parameters()
    call.no_body()
    return _change(call, study, seen=person.participant, changed=person.participant.include())


def _exclusion(call: Call) -> Exclusion:
    if not call.content.strip():
        call.no_body()
        return Exclusion()
    document = call.body()
    if not isinstance(document, dict):
        raise InvalidRequest('The body must be {"reason": …} or nothing')
    return parse(Exclusion, document, field="")


def _change(call: Call, study: Study, *, seen: Participant, changed: Participant) -> Response:
    answer = Answer(_public(study, changed))
    if changed == seen:
        return commit(call, answer)
    change = participants.change(call.tenant.id, study.id, changed, seen=seen, now_millis=to_millis(call.now))
    return commit(call, answer, *change)


def _people(call: Call) -> Participants:
    return Participants(call.table, now_millis=to_millis(call.now))


def _require_study(call: Call, study_id: str) -> Study:
    study = Studies(call.table).get(call.tenant.id, study_id)
    if study is None:
        raise NotFound
    return study


def _person(call: Call) -> tuple[Study, Person]:
    study_id = call.path_id("study_id", ids.STUDY)
    participant_id = call.path_id("participant_id", ids.PARTICIPANT)
    study, person = both(
        lambda: _require_study(call, study_id),
        lambda: _people(call).person(call.tenant.id, study_id, participant_id),
    )
    if person is None:
        raise NotFound
    return study, person


def _public(study: Study, participant: Participant) -> dict[str, object]:
    return participant.public(study_ended=study.status is Status.ENDED)
