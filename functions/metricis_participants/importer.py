"""The import: up to 5,000 people of one study, all or nothing unless the caller takes what is right."""

import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from fastapi import Response

from functions.metricis_participants.rows import CSV, NDJSON, ImportRow, read_rows
from functions.metricis_participants.schemas import ImportedParticipant
from trimetric.domain.metricis.list_kinds import PARTICIPANTS
from trimetric.domain.metricis.participants import ClinicalParticipant, participant_id
from trimetric.domain.metricis.studies import study_id_of
from trimetric.domain.times import to_millis
from trimetric.dynamo import keys
from trimetric.dynamo.metricis import participants, people_import, studies
from trimetric.dynamo.metricis.listing import imported
from trimetric.dynamo.metricis.participants import participant_of
from trimetric.dynamo.metricis.people_import import IMPORT
from trimetric.dynamo.metricis.studies import ClinicalStudies
from trimetric.dynamo.table import MAX_ACTIONS, ConditionFailed
from trimetric.errors import ApiError, FieldError, NotFound, Unavailable, ValidationFailed
from trimetric.http.answers import Answer, Replayed, commit
from trimetric.http.call import Call
from trimetric.http.parameters import flag

#: Problems that one refusal names.
MAX_PROBLEMS: Final = 1_000

#: Seconds between attempts while another import holds one of the people; each is drawn up to twice as long.
PAUSES: Final = (0.0, 0.1, 0.2, 0.4, 0.8)

_RANDOM: Final = random.SystemRandom()


@dataclass(slots=True)
class Batch:
    """What one request asks for. `created` and `unchanged` are people by the number of their row."""

    study_id: int
    rows: Sequence[ImportRow]
    created: dict[int, ClinicalParticipant] = field(default_factory=dict)
    unchanged: dict[int, ClinicalParticipant] = field(default_factory=dict)
    problems: dict[int, Sequence[FieldError]] = field(default_factory=dict)

    @property
    def owner(self) -> str:
        """Names the content: the same rows sent again take over what an attempt that died left behind."""
        told = [row.participant.model_dump(mode="json") if row.participant else row.number for row in self.rows]
        return hashlib.sha256(json.dumps([self.study_id, told]).encode()).hexdigest()

    def report(self) -> dict[str, Any]:
        return {
            "study_id": self.study_id,
            "total": len(self.rows),
            "created": len(self.created),
            "unchanged": len(self.unchanged),
            "failed": len(self.problems),
            "rows": [self._row_report(row.number) for row in self.rows],
        }

    def _row_report(self, number: int) -> dict[str, Any]:
        if number in self.problems:
            listed = [{"field": each.field, "message": each.message} for each in self.problems[number]]
            return {"row": number, "status": "failed", "errors": listed}
        done = self.created.get(number)
        person = done or self.unchanged[number]
        status = "created" if done else "unchanged"
        return {"row": number, "status": status, "id": person.id, "participant_id": person.code}


def import_participants(call: Call) -> Response:
    study_id, partial = _parameters(call)
    _require_study(call, study_id)
    rows = read_rows(call.content, call.media_type(CSV, NDJSON))
    for attempt, pause in enumerate(PAUSES):
        if attempt:
            call.runtime.sleep(_RANDOM.uniform(0, 2 * pause))
            _require_study(call, study_id)
        batch = _batch(call, study_id, rows)
        if batch.problems and not partial:
            raise _refusal(batch)
        if not _clear(call, batch, may_take_over=attempt == 0):
            continue
        # What somebody else wrote meanwhile is found by the next look.
        with suppress(ConditionFailed):
            return _write(call, batch)
    raise Unavailable("Another request works on the same people", headers={"Retry-After": "1"})


def _require_study(call: Call, study_id: int) -> None:
    if ClinicalStudies(call.table).get(call.tenant.id, study_id) is None:
        raise NotFound


def _parameters(call: Call) -> tuple[int, bool]:
    parameters = call.parameters("study_id", "partial")
    if "study_id" not in parameters:
        raise ValidationFailed.of("study_id", "is required")
    study_id = study_id_of(parameters["study_id"])
    if study_id is None:
        raise ValidationFailed.of("study_id", "must be the number of a study")
    try:
        return study_id, flag(parameters, "partial") or False
    except ApiError as error:
        raise ValidationFailed.of("partial", "must be true or false") from error


def _refusal(batch: Batch) -> ValidationFailed:
    details = [
        FieldError(f"rows[{number}].{problem.field}", problem.message)
        for number, problems in sorted(batch.problems.items())
        for problem in problems
    ]
    return ValidationFailed(
        f"{len(batch.problems)} of {len(batch.rows)} rows are invalid; nothing was imported",
        details=details[:MAX_PROBLEMS],
    )


# -- from what was sent to what is stored ------------------------------------------------------------------------------


def _batch(call: Call, study_id: int, rows: Sequence[ImportRow]) -> Batch:
    batch = Batch(study_id, rows)
    named: dict[str, int] = {}
    for row in rows:
        if row.participant is None:
            batch.problems[row.number] = row.problems
            continue
        first = named.setdefault(row.participant.participant_id, row.number)
        if first != row.number:
            batch.problems[row.number] = [FieldError("participant_id", f"stands in row {first} already")]
        else:
            batch.created[row.number] = _participant(call, study_id, row.participant)
    _set_apart_who_exists(call, batch)
    return batch


def _participant(call: Call, study_id: int, new: ImportedParticipant) -> ClinicalParticipant:
    return ClinicalParticipant(
        id=participant_id(workspace_id=call.tenant.id, study_id=study_id, code=new.participant_id),
        study_id=study_id,
        code=new.participant_id,
        email=new.email,
        phone=new.phone,
        enrollment_date=new.enrollment_date,
        status=new.status,
        actor=new.actor,
        language=new.language,
        created_at=call.now_text,
        updated_at=call.now_text,
    )


def _set_apart_who_exists(call: Call, batch: Batch) -> None:
    """People who are stored with the same content are `unchanged`, with other content they are a problem."""
    wanted = {keys.clinical_participant(call.tenant.id, new.id): row for row, new in batch.created.items()}
    stored = {wanted[key]: item for key, item in call.table.get_many(wanted).items()}
    committed = _committed(call, stored.values())
    for row, item in sorted(stored.items()):
        if IMPORT in item and item[IMPORT] not in committed:
            continue
        person, new = participant_of(item), batch.created.pop(row)
        if _same(person, new):
            batch.unchanged[row] = person
        else:
            batch.problems[row] = [FieldError("participant_id", "exists in this study with other content")]


def _committed(call: Call, items: Any) -> set[str]:
    imports = {item[IMPORT] for item in items if IMPORT in item}
    return {each for each in imports if people_import.was_committed(call.table, call.tenant.id, each)}


def _same(one: ClinicalParticipant, other: ClinicalParticipant) -> bool:
    def told(person: ClinicalParticipant) -> Mapping[str, Any]:
        shown = person.public(contact=True)
        return {name: value for name, value in shown.items() if name not in ("created_at", "updated_at")}

    return told(one) == told(other)


# -- writing -----------------------------------------------------------------------------------------------------------


def _clear(call: Call, batch: Batch, *, may_take_over: bool) -> bool:
    """Remove what imports that died left behind; whether none of the people is held by one that may be alive."""
    ours = {person.id for person in batch.created.values()}
    owner = batch.owner if may_take_over else ""
    free = True
    for other in people_import.unfinished(call.table, call.tenant.id):
        if other.may_be_given_up(owner=owner, now_millis=to_millis(call.now)):
            people_import.give_up(call.table, call.tenant.id, other.id, other.people)
        elif ours & set(other.people):
            free = False
    return free


def _write(call: Call, batch: Batch) -> Response:
    answer = Answer(
        batch.report(),
        status=207 if batch.problems else 201,
        headers={"Location": f"/api/participants?study_id={batch.study_id}"},
    )
    people = list(batch.created.values())
    if not people:
        return commit(call, answer)
    puts = [participants.creation(call.tenant.id, person) for person in people]
    workspace_id, staged = call.tenant.id, [person.id for person in people]
    import_id = people_import.new_id()
    rows = [person.public(contact=False) for person in people]
    beside = [
        studies.counted(workspace_id, batch.study_id, participants=len(people)),
        *imported(workspace_id, PARTICIPANTS, rows, import_id=import_id),
    ]
    if len(puts) + len(beside) + (call.identity is not None) <= MAX_ACTIONS:
        return commit(call, answer, *puts, *beside)
    now_millis = to_millis(call.now)
    people_import.begin(call.table, workspace_id, import_id, staged, owner=batch.owner, now_millis=now_millis)
    try:
        people_import.stage(call.table, workspace_id, import_id, puts)
        return commit(call, answer, *people_import.commitment(workspace_id, import_id), *beside)
    except (ConditionFailed, Replayed, ApiError):
        with suppress(Unavailable):
            people_import.give_up(call.table, workspace_id, import_id, staged)
        raise
