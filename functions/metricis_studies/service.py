"""What the study endpoints do."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from fastapi import Response

from functions.metricis_studies.schemas import NewStudy, StudyPatch
from trimetric.domain.metricis.list_kinds import STUDIES
from trimetric.domain.metricis.studies import ClinicalStudy, study_id_of
from trimetric.dynamo.metricis import studies
from trimetric.dynamo.metricis.listing import recorded
from trimetric.dynamo.metricis.studies import ClinicalStudies
from trimetric.dynamo.numbers import next_number
from trimetric.dynamo.table import Action, ConditionFailed
from trimetric.errors import Conflict, NotFound, ValidationFailed
from trimetric.http.answers import Answer, commit, etag_of_data, respond, retried
from trimetric.http.call import Call
from trimetric.http.metricis import body_of, respond_page
from trimetric.http.paging import fields_of, list_rows, page_request, select

_CODE_TAKEN: Final = "Another study of this workspace has this code"
_IN_USE: Final = "The study still holds participants, batteries or sessions"


def list_studies(call: Call) -> Response:
    request = page_request(call, STUDIES)
    store = ClinicalStudies(call.table)
    rows, total = list_rows(
        call, STUDIES, request, lambda ids: [study.public() for study in store.get_many(call.tenant.id, ids)]
    )
    return respond_page(call, rows, request, total)


def show_study(call: Call) -> Response:
    study = _study(call)
    return respond(call, Answer(select(study.public(), fields_of(call, STUDIES))))


@retried
def create_study(call: Call) -> Response:
    call.parameters()
    new = body_of(call, NewStudy)
    _require_order(new.start_date, new.end_date)
    given = next_number(call.table, call.tenant.id, "studies")
    study = ClinicalStudy(id=given.number, created_at=call.now_text, updated_at=call.now_text, **new.model_dump())
    answer = Answer(study.public(), status=201, headers={"Location": f"/api/studies/{study.id}"})
    item, code = studies.creation(call.tenant.id, study)
    try:
        return commit(call, answer, code, item, given.claim, *_listed(call, None, study))
    except ConditionFailed as failed:
        if 0 in failed.failures:
            raise Conflict(_CODE_TAKEN) from failed
        raise


@retried
def update_study(call: Call) -> Response:
    study = _study(call)
    call.parameters()
    patch = body_of(call, StudyPatch)
    call.require_match(etag_of_data(study.public()))
    changed = replace(
        study,
        **patch.model_dump(exclude_unset=True),
        updated_at=call.now_text,
        version=study.version + 1,
    )
    _require_order(changed.start_date, changed.end_date)
    actions = studies.change(call.tenant.id, study, changed)
    try:
        return commit(call, Answer(changed.public()), *actions, *_listed(call, study, changed))
    except ConditionFailed as failed:
        if 0 not in failed.failures and 1 in failed.failures and changed.code != study.code:
            raise Conflict(_CODE_TAKEN) from failed
        raise


@retried
def delete_study(call: Call) -> Response:
    study = _study(call)
    call.parameters()
    call.no_body()
    call.require_match(etag_of_data(study.public()))
    if study.in_use:
        raise Conflict(_IN_USE)
    return commit(call, Answer(status=204), *studies.deletion(call.tenant.id, study), *_listed(call, study, None))


def _study(call: Call) -> ClinicalStudy:
    number = study_id_of(str(call.request.path_params["study_id"]))
    study = None if number is None else ClinicalStudies(call.table).get(call.tenant.id, number)
    if study is None:
        raise NotFound
    return study


def _require_order(start_date: str | None, end_date: str | None) -> None:
    if start_date and end_date and end_date < start_date:
        raise ValidationFailed.of("end_date", "must not be before start_date")


def _listed(call: Call, before: ClinicalStudy | None, after: ClinicalStudy | None) -> Sequence[Action]:
    version = after.version if after else before.version + 1 if before else 0
    rows = (study.public() if study else None for study in (before, after))
    return recorded(call.table, call.tenant.id, STUDIES, before=next(rows), after=next(rows), version=version)
