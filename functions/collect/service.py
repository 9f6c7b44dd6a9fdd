"""What the collect endpoints do."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from fastapi import Response

from functions.collect.door import TOKEN_OCTETS, enter, hash_of, recognise, require_published
from functions.collect.schemas import Newcomer
from trimetric.domain import ids, times
from trimetric.domain.participants import (
    Participant,
    Progress,
    StoredResult,
    duration_ms,
    participant_id,
    public_result,
)
from trimetric.domain.quality import flags_of
from trimetric.domain.studies import Study
from trimetric.domain.study_types import study_type
from trimetric.domain.study_types.design import Design
from trimetric.domain.times import to_millis
from trimetric.domain.validation import parse
from trimetric.dynamo import blobs, imports, keys, participants, studies
from trimetric.dynamo.imports import Imports
from trimetric.dynamo.parallel import both
from trimetric.dynamo.participants import Person
from trimetric.dynamo.studies import Studies
from trimetric.dynamo.table import ConditionFailed, Item
from trimetric.errors import (
    FieldError,
    InvalidRequest,
    InvalidStatusTransition,
    NotFound,
    Unavailable,
    ValidationFailed,
)
from trimetric.http.answers import Answer, commit, respond, retried
from trimetric.http.call import Call

#: Where the one result of a request stands for the study's type, which takes lists.
_LIST: Final = "results"
_ONE: Final = f"{_LIST}[0]"


def show_to_runner(call: Call) -> Response:
    study, design = _designed(call, enter(call))
    call.parameters()
    require_published(study)
    shown = {
        "study_id": study.id,
        "type": study.type,
        "name": study.name,
        "description": study.description,
        **study_type(study.type).runner_view(design),
    }
    return respond(call, Answer(shown, title=study.name))


def begin(call: Call) -> Response:
    study = enter(call)
    call.begin_idempotent(credential_id=study.id)
    call.parameters()
    newcomer = _newcomer(call)
    require_published(study)
    token = ids.token(TOKEN_OCTETS)
    participant = _participant(call, study, newcomer, token_hash=hash_of(token))
    answer = Answer({"participant_id": participant.id, "participant_token": token}, status=201)
    creation = participants.creation(call.tenant.id, study.id, participant, [], now_millis=to_millis(call.now))
    try:
        return commit(call, answer, creation, studies.counted(call.tenant.id, study.id, participants=1))
    except ConditionFailed as failed:
        if 1 in failed.failures:
            raise InvalidStatusTransition("This study has just ended") from failed
        raise _taken(call, study, failed.failures[0]) from failed


def _newcomer(call: Call) -> Newcomer:
    if not call.content.strip():
        call.no_body()
        return Newcomer()
    return parse(Newcomer, _object(call), field="")


def _object(call: Call) -> dict[str, Any]:
    document = call.body()
    if not isinstance(document, dict):
        raise InvalidRequest("The body must be an object")
    return document


def _participant(call: Call, study: Study, newcomer: Newcomer, *, token_hash: str) -> Participant:
    millis = to_millis(call.now)
    identifier = participant_id(
        workspace_id=call.tenant.id, study_id=study.id, external_id=newcomer.external_id, millis=millis
    )
    return Participant(
        id=identifier,
        external_id=newcomer.external_id,
        status=Progress.IN_PROGRESS,
        started_at=call.now_text,
        completed_at=None,
        duration_ms=None,
        device=newcomer.device,
        locale=newcomer.locale,
        order=keys.participant_order(millis, 0, identifier),
        token_hash=token_hash,
    )


def _taken(call: Call, study: Study, item: Item | None) -> Exception:
    """A stranger who guesses an external id must not get the token of the person who has it."""
    waits_for = imports.pending_import(item) if item else None
    if item is None or waits_for is not None:
        if waits_for is not None:
            Imports(call.table, now_millis=to_millis(call.now)).settle(call.tenant.id, study.id, waits_for)
        return Unavailable(headers={"Retry-After": "1"})
    return ValidationFailed.of("external_id", "is taken: this person takes part already")


def hand_in(call: Call) -> Response:
    study = enter(call)
    return retried(lambda again: _hand_in(again, study))(call)


def _hand_in(call: Call, entered: Study) -> Response:
    person, (study, design) = both(lambda: recognise(call, entered), lambda: _designed(call, entered))
    call.begin_idempotent(credential_id=person.participant.id)
    call.parameters()
    raw = _object(call)
    [payload] = _parsed(study, design, raw)
    require_published(study)
    given = _place_of_same_task(study, person, payload)
    if given is not None and person.results[given].payload == payload:
        return commit(call, Answer(_shown(study, person, given, person.results[given])))
    if person.participant.completed:
        raise InvalidStatusTransition("This participant has completed the study")
    _parsed(study, design, raw, existing=[result.payload for result in person.results])
    results = (*person.results, StoredResult(payload, call.now_text))
    if not blobs.fits(participants.packed(results)):
        raise ValidationFailed.of(_LIST, "are too large to be kept for one person")
    change = participants.change(
        call.tenant.id,
        study.id,
        person.participant,
        seen=person.participant,
        now_millis=to_millis(call.now),
        results=results,
    )
    return commit(call, Answer(_shown(study, person, len(results) - 1, results[-1]), status=201), *change)


def _parsed(study: Study, design: Design, raw: Mapping[str, Any], **options: Any) -> list[dict[str, Any]]:
    """The normalised payload; paths of errors begin inside the body, which is the payload itself."""
    try:
        return study_type(study.type).parse_results(design, [raw], field=_LIST, **options)
    except ValidationFailed as refused:
        details = [FieldError(_inside(detail.field), detail.message) for detail in refused.details]
        raise ValidationFailed(refused.message, details=details) from refused


def _inside(path: str) -> str:
    return path.removeprefix(_ONE).removeprefix(".") or "result"


def _place_of_same_task(study: Study, person: Person, payload: Mapping[str, Any]) -> int | None:
    """The place of the result that the person gave for the same task, or for a study without tasks."""
    task_of = study_type(study.type).task_of
    task = task_of(dict(payload))
    same = (place for place, result in enumerate(person.results) if task_of(dict(result.payload)) == task)
    return next(same, None)


def _shown(study: Study, person: Person, index: int, result: StoredResult) -> dict[str, Any]:
    return public_result(
        result, index=index, participant_id=person.participant.id, study_id=study.id, study_type=study.type
    )


def complete(call: Call) -> Response:
    study = enter(call)
    return retried(lambda again: _complete(again, study))(call)


def _complete(call: Call, entered: Study) -> Response:
    person, (study, design) = both(lambda: recognise(call, entered), lambda: _designed(call, entered))
    participant = person.participant
    call.begin_idempotent(credential_id=participant.id)
    call.parameters()
    call.no_body()
    require_published(study)
    if participant.completed:
        return commit(call, _completion(participant))
    completed_at = times.to_text(_not_before(participant.started_at, call.now))
    taken = duration_ms(participant.started_at, completed_at)
    payloads = [result.payload for result in person.results]
    flags = flags_of(study.type, design, payloads, duration_ms=taken)
    done = participant.complete(completed_at, flags=flags)
    change = participants.change(call.tenant.id, study.id, done, seen=participant, now_millis=to_millis(call.now))
    try:
        return commit(call, _completion(done), *change)
    except ConditionFailed as failed:
        if 1 in failed.failures:
            raise InvalidStatusTransition("This study has just ended") from failed
        raise


def _not_before(started_at: str, now: datetime) -> datetime:
    """Two machines' clocks may differ by a moment."""
    return max(times.parse(started_at), now)


def _completion(participant: Participant) -> Answer:
    return Answer(
        {
            "participant_id": participant.id,
            "status": participant.status.value,
            "completed_at": participant.completed_at,
            "duration_ms": participant.duration_ms,
        }
    )


def _designed(call: Call, study: Study) -> tuple[Study, Design]:
    found = Studies(call.table).with_design(call.tenant.id, study.id)
    if found is None:
        raise NotFound
    return found
