"""The import: 1 to 100 people with their results, all or nothing."""

import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from fastapi import Response

from functions.participants.schemas import MAX_PEOPLE, NEW_PARTICIPANTS, NewParticipant
from trimetric.domain import ids, times
from trimetric.domain.participants import Participant, Progress, StoredResult, duration_ms, participant_id
from trimetric.domain.quality import flags_of
from trimetric.domain.studies import Status, Study
from trimetric.domain.study_types import study_type
from trimetric.domain.study_types.design import Design
from trimetric.domain.times import to_millis
from trimetric.domain.validation import Problems, parse
from trimetric.dynamo import blobs, imports, keys, participants, studies
from trimetric.dynamo.imports import Imports
from trimetric.dynamo.studies import Studies
from trimetric.dynamo.table import Action, ConditionFailed, Item, Put
from trimetric.errors import ApiError, InvalidStatusTransition, NotFound, Unavailable, ValidationFailed
from trimetric.http.answers import Answer, Replayed, commit
from trimetric.http.call import Call

#: Seconds between attempts while another import holds one of the people; each is drawn up to twice as long.
PAUSES: Final = (0.0, 0.05, 0.1, 0.2, 0.4, 0.4, 0.8, 0.8)

_RANDOM: Final = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Candidate:
    """One person of the request who may be new; `place` is where the request names them first."""

    place: int
    participant: Participant
    put: Put


@dataclass(slots=True)
class Batch:
    """The people of one request. `order` names them by id as they were sent, `stored` are those that exist."""

    study: Study
    order: Sequence[str]
    candidates: Mapping[str, Candidate]
    #: Names the whole content: the same request sent again takes over what an attempt that died left behind.
    owner: str
    stored: dict[str, Participant] = field(default_factory=dict)

    def new(self) -> list[Candidate]:
        """In the order of their ids, so those that are staged are the first of all: of two imports that share people,
        at most one can then be waiting for the other."""
        return [self.candidates[identifier] for identifier in sorted(self.candidates.keys() - self.stored.keys())]

    def answer(self) -> Answer:
        shown = [self.stored.get(identifier) or self.candidates[identifier].participant for identifier in self.order]
        return Answer(
            [participant.public(study_ended=False) for participant in shown],
            status=201,
            headers={"Location": f"/api/v1/studies/{self.study.id}/participants"},
        )


def import_participants(call: Call) -> Response:
    study, design = _study(call)
    call.parameters()
    new = parse(NEW_PARTICIPANTS, _limited(call.wrapped_body("participants")), field="participants")
    _require_published(study)
    batch = _batch(call, study, design, new)
    wait = False
    for attempt, pause in enumerate(PAUSES):
        if wait:
            call.runtime.sleep(_RANDOM.uniform(0, 2 * pause))
        try:
            return _write(call, batch)
        except ConditionFailed as failed:
            wait = _learn(call, batch, failed, may_take_over=attempt == 0)
    raise Unavailable("Another import works on the same people", headers={"Retry-After": "1"})


def _study(call: Call) -> tuple[Study, Design]:
    found = Studies(call.table).with_design(call.tenant.id, call.path_id("study_id", ids.STUDY))
    if found is None:
        raise NotFound
    return found


def _require_published(study: Study) -> None:
    if study.status is not Status.PUBLISHED:
        raise InvalidStatusTransition("Only a published study takes participants")


def _limited(people: Any) -> Any:
    """A list of far too many is refused before each of them is looked at."""
    if isinstance(people, list) and len(people) > MAX_PEOPLE:
        raise ValidationFailed.of("participants", f"must have at most {MAX_PEOPLE} members")
    return people


# -- from what was sent to what is stored ------------------------------------------------------------------------------


def _batch(call: Call, study: Study, design: Design, new: Sequence[NewParticipant]) -> Batch:
    problems = Problems()
    order: list[str] = []
    candidates: dict[str, Candidate] = {}
    for place, person in enumerate(new):
        try:
            candidate = _candidate(call, study, design, person, place=place)
        except ValidationFailed as error:
            problems.found += error.details
            continue
        identifier = candidate.participant.id
        order.append(identifier)
        first = candidates.setdefault(identifier, candidate)
        if first.participant.content_hash != candidate.participant.content_hash:
            problems.add(f"participants[{place}].external_id", f"stands in participants[{first.place}] differently")
    problems.refuse()
    hashes = [candidate.participant.content_hash or "" for candidate in candidates.values()]
    return Batch(study, order, candidates, hashlib.sha256("".join(hashes).encode()).hexdigest())


def _candidate(call: Call, study: Study, design: Design, person: NewParticipant, *, place: int) -> Candidate:
    path = f"participants[{place}]"
    payloads = study_type(study.type).parse_results(
        design, person.results, field=f"{path}.results", in_progress=person.completed_at is None
    )
    participant = _participant(call, study, person, payloads, place=place)
    if participant.completed:
        flags = flags_of(study.type, design, payloads, duration_ms=participant.duration_ms)
        participant = replace(participant, flags=flags)
    results = [StoredResult(payload, call.now_text) for payload in payloads]
    put = participants.creation(call.tenant.id, study.id, participant, results, now_millis=to_millis(call.now))
    if not blobs.fits(put.item["results"]):
        raise ValidationFailed.of(f"{path}.results", "is too large to be kept for one person")
    return Candidate(place, participant, put)


def _participant(
    call: Call, study: Study, person: NewParticipant, payloads: Sequence[Mapping[str, Any]], *, place: int
) -> Participant:
    millis = to_millis(call.now)
    identifier = participant_id(
        workspace_id=call.tenant.id, study_id=study.id, external_id=person.external_id, millis=millis
    )
    started_at = times.to_text(person.started_at or person.completed_at or call.now)
    completed_at = times.to_text(person.completed_at) if person.completed_at else None
    duration = duration_ms(started_at, completed_at) if completed_at else None
    if duration is not None and duration < 0:
        raise ValidationFailed.of(f"participants[{place}].completed_at", "must not be before started_at")
    return Participant(
        id=identifier,
        external_id=person.external_id,
        status=Progress.COMPLETED if completed_at else Progress.IN_PROGRESS,
        started_at=started_at,
        completed_at=completed_at,
        duration_ms=duration,
        device=person.device,
        locale=person.locale,
        order=keys.participant_order(millis, place, identifier),
        content_hash=_content_hash(person, payloads),
    )


def _content_hash(person: NewParticipant, payloads: Sequence[Mapping[str, Any]]) -> str:
    """Of what was sent, apart from how it was written (offsets of instants, order of members, omitted nulls)."""
    content = [
        person.external_id,
        _text(person.started_at),
        _text(person.completed_at),
        person.device,
        person.locale,
        payloads,
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _text(instant: datetime | None) -> str | None:
    return times.to_text(instant) if instant else None


# -- writing -----------------------------------------------------------------------------------------------------------


def _write(call: Call, batch: Batch) -> Response:
    new = batch.new()
    if not new:
        return commit(call, batch.answer())
    completed = sum(candidate.participant.completed for candidate in new)
    counted = studies.counted(call.tenant.id, batch.study.id, participants=len(new), completed=completed)
    parts = imports.split([candidate.put for candidate in new], actions_beside=1 + (call.identity is not None))
    if not parts.staged:
        return commit(call, batch.answer(), *parts.last, counted)
    return _write_staged(call, batch, parts, counted)


def _write_staged(call: Call, batch: Batch, parts: imports.Split, counted: Action) -> Response:
    where = (call.tenant.id, batch.study.id)
    store = _imports(call)
    import_id = store.stage(*where, parts.staged, owner=batch.owner)
    flip = imports.commitment(*where, import_id)
    staged = [put.key.sk for chunk in parts.staged for put in chunk]
    try:
        # The people stand last in the places of failures, behind those that are staged.
        response = commit(call, batch.answer(), *parts.last, counted, flip)
    except (ConditionFailed, Replayed, ApiError) as refused:
        with suppress(Unavailable):
            store.close(*where, import_id)
        if isinstance(refused, ConditionFailed):
            raise ConditionFailed(_shifted(refused.failures, len(staged))) from refused
        raise
    # It has taken effect; if tidying fails now, whoever meets these people next does it.
    with suppress(Unavailable):
        store.tidy(*where, import_id, staged, committed=True)
    return response


def _shifted(failures: Mapping[int, Item | None], places: int) -> dict[int, Item | None]:
    return {place + places: item for place, item in failures.items()}


def _learn(call: Call, batch: Batch, failed: ConditionFailed, *, may_take_over: bool) -> bool:
    """Take note of the people who exist; whether another import has to be waited for.

    ValidationFailed for people who exist with other content, InvalidStatusTransition if the study has ended.
    """
    new = batch.new()
    if len(new) in failed.failures:
        # The counts of the study were refused.
        _require_published(_study(call)[0])
    others: list[int] = []
    wait = False
    for place, item in failed.failures.items():
        if item is None or not 0 <= place < len(new):
            # This import itself was given up, by an equal one that goes on in its place.
            wait = True
            continue
        pending = imports.pending_import(item)
        if pending is not None:
            owner = batch.owner if may_take_over else None
            wait |= not _imports(call).settle(call.tenant.id, batch.study.id, pending, owner=owner)
        elif item.get("content_hash") == new[place].participant.content_hash:
            batch.stored[item["sk"]] = participants.participant_of(item)
        else:
            others.append(new[place].place)
    problems = Problems()
    for place in sorted(others):
        problems.add(f"participants[{place}].external_id", "exists in this study with other content")
    problems.refuse()
    return wait


def _imports(call: Call) -> Imports:
    return Imports(call.table, now_millis=to_millis(call.now))
