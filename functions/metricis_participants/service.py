"""What the participant endpoints do."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from fastapi import Response

from functions.metricis_participants.schemas import NewParticipant, ParticipantPatch
from trimetric.domain import ids
from trimetric.domain.metricis.accounts import Role
from trimetric.domain.metricis.list_kinds import PARTICIPANTS
from trimetric.domain.metricis.participants import ClinicalParticipant, participant_id
from trimetric.dynamo.metricis import participants, people_import, session_list, sessions, studies
from trimetric.dynamo.metricis.listing import recorded
from trimetric.dynamo.metricis.participants import ClinicalParticipants
from trimetric.dynamo.metricis.sessions import Sessions
from trimetric.dynamo.metricis.studies import ClinicalStudies
from trimetric.dynamo.table import Action, ConditionFailed
from trimetric.errors import Conflict, NotFound, Unavailable
from trimetric.http.answers import Answer, commit, etag_of_data, respond, retried
from trimetric.http.call import Call
from trimetric.http.metricis import body_of, respond_page
from trimetric.http.paging import fields_of, list_rows, page_request, select

_CODE_TAKEN: Final = "Another participant of this study has this participant_id"

#: Sessions that are unlinked from a person between two looks at them.
_SESSIONS_AT_ONCE: Final = 25


def list_participants(call: Call) -> Response:
    request = page_request(call, PARTICIPANTS)
    store, contact = ClinicalParticipants(call.table), _shows_contact(call)
    rows, total = list_rows(
        call,
        PARTICIPANTS,
        request,
        lambda ids: [each.public(contact=contact) for each in store.get_many(call.tenant.id, ids)],
    )
    return respond_page(call, rows, request, total)


def show_participant(call: Call) -> Response:
    participant = _participant(call)
    fields = fields_of(call, PARTICIPANTS)
    return respond(call, Answer(select(participant.public(contact=_shows_contact(call)), fields)))


@retried
def create_participant(call: Call) -> Response:
    call.parameters()
    new = body_of(call, NewParticipant)
    if ClinicalStudies(call.table).get(call.tenant.id, new.study_id) is None:
        raise NotFound("There is no such study")
    participant = ClinicalParticipant(
        id=participant_id(workspace_id=call.tenant.id, study_id=new.study_id, code=new.participant_id),
        code=new.participant_id,
        created_at=call.now_text,
        updated_at=call.now_text,
        **new.model_dump(exclude={"participant_id"}),
    )
    answer = Answer(
        participant.public(contact=True), status=201, headers={"Location": f"/api/participants/{participant.id}"}
    )
    actions = (
        participants.creation(call.tenant.id, participant),
        studies.counted(call.tenant.id, participant.study_id, participants=1),
    )
    try:
        return commit(call, answer, *actions, *_listed(call, None, participant))
    except ConditionFailed as failed:
        taken = failed.failures.get(0)
        if taken is None:
            raise
        if people_import.is_there(call.table, call.tenant.id, taken):
            raise Conflict(_CODE_TAKEN) from failed
        raise Unavailable("An import works on this person", headers={"Retry-After": "1"}) from failed


@retried
def update_participant(call: Call) -> Response:
    participant = _participant(call)
    call.parameters()
    patch = body_of(call, ParticipantPatch)
    call.require_match(etag_of_data(participant.public(contact=True)))
    changed = replace(
        participant,
        **patch.model_dump(exclude_unset=True),
        updated_at=call.now_text,
        version=participant.version + 1,
    )
    change = participants.change(call.tenant.id, changed, seen=participant.version)
    return commit(call, Answer(changed.public(contact=True)), change, *_listed(call, participant, changed))


@retried
def delete_participant(call: Call) -> Response:
    """Right to erasure: the sessions stay and count, but name nobody any more.

    Sessions are unlinked first, so a function that dies leaves a person who can be erased again.
    """
    participant = _participant(call)
    call.parameters()
    call.no_body()
    call.require_match(etag_of_data(participant.public(contact=True)))
    _unlink_sessions(call, participant)
    return commit(
        call,
        Answer(status=204),
        participants.deletion(call.tenant.id, participant),
        studies.counted(call.tenant.id, participant.study_id, participants=-1),
        *_listed(call, participant, None),
    )


def _participant(call: Call) -> ClinicalParticipant:
    identifier = call.path_id("participant_id", ids.CLINICAL_PARTICIPANT)
    participant = ClinicalParticipants(call.table).get(call.tenant.id, identifier)
    if participant is None:
        raise NotFound
    return participant


def _shows_contact(call: Call) -> bool:
    return call.role.includes(Role.COORDINATOR)


def _unlink_sessions(call: Call, participant: ClinicalParticipant) -> None:
    """Also where another function unlinks the same ones: what is done already is skipped by the next look."""
    table, tenant = call.table, call.tenant.id
    while linked := ClinicalParticipants(table).sessions(tenant, participant.id, limit=_SESSIONS_AT_ONCE):
        for session in Sessions(table).get_many(tenant, linked):
            left, actions = sessions.unlinked(tenant, session, now_text=call.now_text)
            table.write(*actions, *session_list.changed(table, tenant, session, left))


def _listed(call: Call, before: ClinicalParticipant | None, after: ClinicalParticipant | None) -> Sequence[Action]:
    version = after.version if after else before.version + 1 if before else 0
    rows = (each.public(contact=False) if each else None for each in (before, after))
    return recorded(call.table, call.tenant.id, PARTICIPANTS, before=next(rows), after=next(rows), version=version)
