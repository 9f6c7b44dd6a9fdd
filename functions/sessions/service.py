"""What the endpoints of sessions do."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from fastapi import Response

from functions.sessions.memory import BatteryStudies
from functions.sessions.schemas import NewSession, SessionPatch, StartedSession
from trimetric.domain.metricis.batteries import battery_number_of
from trimetric.domain.metricis.list_kinds import SESSIONS
from trimetric.domain.metricis.sessions import Session, SessionStatus, new_session_id, workspace_of
from trimetric.domain.metricis.studies import study_id_of
from trimetric.dynamo import keys
from trimetric.dynamo.metricis import session_list, session_metrics, sessions, trials
from trimetric.dynamo.metricis.batteries import Batteries
from trimetric.dynamo.metricis.participants import ClinicalParticipants
from trimetric.dynamo.metricis.session_metrics import SessionMetrics
from trimetric.dynamo.metricis.sessions import Sessions
from trimetric.dynamo.table import Action, Check, ConditionFailed, equals
from trimetric.errors import Conflict, NotFound, ValidationFailed
from trimetric.http.answers import Answer, commit, etag_of_data, respond, retried
from trimetric.http.call import Call
from trimetric.http.metricis import body_of, page_of, respond_page
from trimetric.http.paging import fields_of, list_rows, page_request, select
from trimetric.metrics.cognitive import session_figures
from trimetric.metrics.cognitive_studies import contribution, study_figures

_STUDY_OF: Final = BatteryStudies()

#: The claim of a deletion; those of submissions are fingerprints.
_DELETION: Final = "deletion"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a new session belongs."""

    study_id: int
    battery: int
    participant_id: str
    person: str


def list_sessions(call: Call) -> Response:
    request = page_request(call, SESSIONS)
    store = Sessions(call.table)
    rows, total = list_rows(
        call, SESSIONS, request, lambda ids: [session.public() for session in store.get_many(call.tenant.id, ids)]
    )
    return respond_page(call, rows, request, total)


def show_session(call: Call) -> Response:
    session = _session(call)
    return respond(call, Answer(select(session.public(), fields_of(call, SESSIONS))))


def create_session(call: Call) -> Response:
    call.parameters()
    new = body_of(call, NewSession)
    status = SessionStatus.CREATED if new.start_time is None else SessionStatus.IN_PROGRESS
    return _created(call, new, status=status, start_time=new.start_time or call.now_text, bare=False)


def start_session(call: Call) -> Response:
    call.parameters()
    new = body_of(call, StartedSession)
    return _created(call, new, status=SessionStatus.IN_PROGRESS, start_time=call.now_text, bare=True)


@retried
def _created(call: Call, new: StartedSession, *, status: SessionStatus, start_time: str, bare: bool) -> Response:
    place = _place(call, new)
    session = Session(
        id=new_session_id(call.tenant.id),
        study_id=place.study_id,
        participant_id=place.participant_id,
        person=place.person,
        battery=place.battery,
        status=status,
        start_time=start_time,
        created_at=call.now_text,
        updated_at=call.now_text,
    )
    answer = Answer(session.public(), status=201, headers={"Location": f"/api/sessions/{session.id}"})
    if bare:
        answer = Answer({"session_id": session.id}, bare=True)
    made, listed = sessions.creation(call.tenant.id, session), session_list.added(call.table, call.tenant.id, session)
    try:
        return commit(call, answer, *made, *listed)
    except ConditionFailed:
        _STUDY_OF.forget(call.tenant.id, place.battery)
        raise


def _place(call: Call, new: StartedSession) -> _Place:
    """NotFound for an unknown battery, and for a participant who is not in the battery's study."""
    number = battery_number_of(new.battery_id)
    if number is None:
        raise NotFound(f"There is no battery {new.battery_id}")
    study_id = _study_of(call, number)
    if new.study_id not in (None, study_id):
        raise ValidationFailed.of("study_id", "is not the battery's study")
    participant = ClinicalParticipants(call.table).by_code(call.tenant.id, study_id, new.participant_id)
    if participant is None:
        raise NotFound(f"There is no participant {new.participant_id} in the battery's study")
    return _Place(study_id, number, participant.code, participant.id)


def _study_of(call: Call, number: int) -> int:
    known = _STUDY_OF.get(call.tenant.id, number)
    if known is not None:
        return known
    battery = Batteries(call.table).get(call.tenant.id, number)
    if battery is None:
        raise NotFound(f"There is no battery_{number}")
    _STUDY_OF.remember(call.tenant.id, number, battery.study_id)
    return battery.study_id


@retried
def update_session(call: Call) -> Response:
    session = _session(call)
    call.parameters()
    patch = body_of(call, SessionPatch)
    call.require_match(etag_of_data(session.public()))
    wanted = _patched(call, session, patch)
    if wanted == session:
        return commit(call, Answer(session.public()))
    if session.status.closed:
        raise Conflict(f"A session that is {session.status.value} does not change any more")
    if not session.status.may_become(wanted.status):
        raise Conflict(f"A session that is {session.status.value} cannot become {wanted.status.value}")
    changed = replace(wanted, updated_at=call.now_text, version=session.version + 1)
    if changed.status is SessionStatus.COMPLETED:
        return _completed_by_hand(call, session, changed)
    return commit(call, Answer(changed.public()), *_change(call, session, changed))


def _completed_by_hand(call: Call, before: Session, after: Session) -> Response:
    """Without any trials, so its study counts a session more and no task."""
    figures = session_figures([])
    completed = replace(after, metrics=figures.public())
    counted = session_metrics.completed(call.tenant.id, completed, contribution(figures))
    return commit(call, Answer(completed.public()), *_change(call, before, completed), *counted)


def _patched(call: Call, session: Session, patch: SessionPatch) -> Session:
    members: dict[str, Any] = patch.model_dump(exclude_unset=True)
    wanted = replace(session, **members)
    began = session.status is SessionStatus.CREATED and wanted.status is SessionStatus.IN_PROGRESS
    if began and "start_time" not in members:
        wanted = replace(wanted, start_time=call.now_text)
    if wanted.status.closed and not session.status.closed and "end_time" not in members:
        wanted = replace(wanted, end_time=call.now_text)
    if wanted.end_time is not None and wanted.end_time < wanted.start_time:
        raise ValidationFailed.of("end_time", "must not be before start_time")
    return wanted


def _change(call: Call, before: Session, after: Session) -> list[Action]:
    listed = session_list.changed(call.table, call.tenant.id, before, after)
    return [sessions.change(call.tenant.id, after, seen=before.version), *listed]


@retried
def delete_session(call: Call) -> Response:
    session, counted = _session_to_delete(call)
    call.parameters()
    call.no_body()
    call.require_match(etag_of_data(session.public()))
    tenant, session = call.tenant.id, _without_staged(call, session)
    items = trials.items_of(tenant, session.id, session.blocks)
    together = items if session.trial_bytes <= trials.MAX_BYTES_IN_ONE else []
    response = commit(
        call,
        Answer(status=204),
        *sessions.deletion(tenant, session),
        *session_list.removed(call.table, tenant, session),
        *trials.deletion(together),
        *counted,
    )
    if not together:
        trials.clear(call.table, items)
    return response


def _session_to_delete(call: Call) -> tuple[Session, Sequence[Action]]:
    """The session; of one that is gone, the rest that an interrupted deletion may have left is removed."""
    session_id = _session_id(call)
    found = session_metrics.deletable(call.table, call.tenant.id, session_id)
    if found is None:
        trials.clear(call.table, trials.orphans(call.table, call.tenant.id, session_id))
        raise NotFound
    return found


def _without_staged(call: Call, session: Session) -> Session:
    """Removes what submissions that were never completed left behind.

    Those that are still running are stopped by a claim of our own first.
    """
    tenant = call.tenant.id
    left = trials.staged_only(tenant, session)
    if left and session.status is not SessionStatus.COMPLETED:
        claimed = replace(session, staging=_DELETION, version=session.version + 1)
        call.table.write(sessions.change(tenant, claimed, seen=session.version))
        session = claimed
    unchanged = Check(keys.session(tenant, session.id), [equals("version", session.version)])
    trials.clear(call.table, left, unchanged)
    return session


def list_trials(call: Call) -> Response:
    session_id = _session_id(call)
    try:
        page = page_of(call)
    except ValidationFailed:
        # A session that is not there comes first; only then it needs a read of its own.
        _session(call)
        raise
    found = trials.page(call.table, call.tenant.id, session_id, start=page.start, size=page.per_page)
    if found is None:
        raise NotFound
    session, shown = found
    return respond_page(call, shown, page, session.trial_count)


def show_session_metrics(call: Call) -> Response:
    session = _session(call)
    call.parameters()
    figures = session.metrics or session_figures([]).public()
    shown = session.public()
    named = {name: shown[name] for name in ("session_id", "study_id", "participant_id", "status", "trial_count")}
    return respond(call, Answer({**named, **figures}))


def show_study_metrics(call: Call) -> Response:
    number = study_id_of(str(call.request.path_params["study_id"]))
    if number is None:
        raise NotFound
    found = SessionMetrics(call.table, sleep=call.runtime.sleep).read(call.tenant.id, number)
    if found is None:
        raise NotFound
    call.parameters()
    return respond(call, Answer({"study_id": number, **study_figures(found)}))


def _session_id(call: Call) -> str:
    session_id = str(call.request.path_params["session_id"])
    if workspace_of(session_id) is None:
        raise NotFound
    return session_id


def _session(call: Call) -> Session:
    session = Sessions(call.table).get(call.tenant.id, _session_id(call))
    if session is None:
        raise NotFound
    return session
