"""What the study endpoints do."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from fastapi import Response

from functions.studies.schemas import NewStudy, StudyPatch
from trimetric.domain import ids
from trimetric.domain.studies import Status, Study, detail
from trimetric.domain.study_types import STUDY_TYPES, study_type
from trimetric.domain.study_types.design import Design
from trimetric.domain.times import to_millis
from trimetric.domain.validation import parse
from trimetric.dynamo import studies
from trimetric.dynamo.studies import Studies
from trimetric.dynamo.table import Action, ConditionFailed
from trimetric.errors import (
    InvalidRequest,
    InvalidStatusTransition,
    InvalidType,
    NotDraft,
    NotFound,
    ValidationFailed,
)
from trimetric.http.answers import Answer, Page, commit, etag_of_data, respond, retried
from trimetric.http.call import Call

MAX_NAME: Final = 255
COPY_SUFFIX: Final = " (copy)"

_SETTINGS: Final = "study.settings"


def list_studies(call: Call) -> Response:
    parameters = call.parameters("type", "status", "folder_id", "limit", "after")
    size = call.page_size(parameters)
    position = call.position(parameters)
    found = Studies(call.table).list(call.tenant.id, filters=_filters(parameters), after=position, limit=size + 1)
    more = len(found) > size
    page = Page(call.cursor(found[size - 1].id, parameters) if more else None)
    return respond(call, Answer([study.public() for study in found[:size]], title="Studies", page=page))


def show_study(call: Call) -> Response:
    study, design = _study(call)
    call.parameters()
    return respond(call, Answer(detail(call.tenant.id, study, design), title=f"Study: {study.name}"))


@retried
def create_study(call: Call) -> Response:
    parameters = call.parameters("type")
    if not parameters.get("type"):
        raise InvalidRequest("The parameter type is missing: the type of the new study")
    raw = call.wrapped_body("study")
    if parameters["type"] not in STUDY_TYPES:
        raise InvalidType
    new = parse(NewStudy, raw, field="study")
    _refuse_malformed_folder(new.folder_id)
    kind = study_type(parameters["type"])
    settings = kind.default_settings()
    if "settings" in new.model_fields_set:
        settings = kind.merge_settings(settings, new.settings, field=_SETTINGS)
    study = Study(
        id=ids.new(ids.STUDY, millis=to_millis(call.now)),
        type=parameters["type"],
        status=Status.DRAFT,
        name=new.name,
        description=new.description,
        folder_id=new.folder_id,
        created_at=call.now_text,
        updated_at=call.now_text,
    )
    design = Design(settings)
    design.refuse_oversized(field=_SETTINGS)
    actions = studies.creation(call.tenant.id, study, design)
    answer = _created(call, study, design)
    return _commit_into_folder(call, answer, actions) if study.folder_id else commit(call, answer, *actions)


@retried
def update_study(call: Call) -> Response:
    study, design = _study(call)
    call.parameters()
    patch = parse(StudyPatch, call.wrapped_body("study"), field="study")
    _refuse_malformed_folder(patch.folder_id)
    changed_design = _with_settings(study, design, patch)
    call.require_match(_etag(call, study, design))
    if changed_design is not None:
        _refuse_frozen(study, design, patch)
        _refuse_groups_without_use(changed_design)
    changed = replace(
        study,
        **patch.model_dump(include={"name", "description", "folder_id"}, exclude_unset=True),
        updated_at=call.now_text,
        version=study.version + 1,
    )
    answer = Answer(detail(call.tenant.id, changed, changed_design or design))
    actions = studies.change(call.tenant.id, changed, seen=study, design=changed_design)
    arrives = changed.folder_id is not None and changed.folder_id != study.folder_id
    return _commit_into_folder(call, answer, actions) if arrives else commit(call, answer, *actions)


@retried
def delete_study(call: Call) -> Response:
    study, design = _study(call)
    call.parameters()
    call.no_body()
    call.require_match(_etag(call, study, design))
    if study.status is not Status.DRAFT:
        raise NotDraft
    return commit(call, Answer(status=204), *studies.deletion(call.tenant.id, study))


@retried
def publish_study(call: Call) -> Response:
    study, design = _study_to_move(call, Status.DRAFT)
    missing = study_type(study.type).missing_for_publish(design)
    if missing:
        raise ValidationFailed("The study is not complete", details=missing)
    published = replace(
        study, status=Status.PUBLISHED, published_at=call.now_text, collect_secret=secrets.token_hex(16)
    )
    return _commit_move(call, published, design)


@retried
def end_study(call: Call) -> Response:
    study, design = _study_to_move(call, Status.PUBLISHED)
    return _commit_move(call, replace(study, status=Status.ENDED, ended_at=call.now_text), design)


@retried
def duplicate_study(call: Call) -> Response:
    """The copy stands beside its source: a folder that is gone when it is written has lost the source before."""
    source, design = _study(call)
    call.parameters()
    call.no_body()
    copy = Study(
        id=ids.new(ids.STUDY, millis=to_millis(call.now)),
        type=source.type,
        status=Status.DRAFT,
        name=f"{source.name}{COPY_SUFFIX}"[:MAX_NAME].rstrip(),
        description=source.description,
        folder_id=source.folder_id,
        created_at=call.now_text,
        updated_at=call.now_text,
    )
    copied = _with_new_ids(design, millis=to_millis(call.now))
    return commit(call, _created(call, copy, copied), *studies.creation(call.tenant.id, copy, copied))


def _study(call: Call) -> tuple[Study, Design]:
    found = Studies(call.table).with_design(call.tenant.id, call.path_id("study_id", ids.STUDY))
    if found is None:
        raise NotFound
    return found


def _etag(call: Call, study: Study, design: Design) -> str:
    return etag_of_data(detail(call.tenant.id, study, design))


def _filters(parameters: Mapping[str, str]) -> dict[str, str]:
    filters = {name: parameters[name] for name in ("type", "status", "folder_id") if name in parameters}
    if filters.get("status", Status.DRAFT) not in list(Status):
        raise InvalidRequest(f"status must be one of {', '.join(Status)}")
    if "folder_id" in filters and not ids.is_id(ids.FOLDER, filters["folder_id"]):
        raise InvalidRequest("folder_id is not the id of a folder")
    if "type" in filters and filters["type"] not in STUDY_TYPES:
        raise InvalidType
    return filters


def _refuse_malformed_folder(folder_id: str | None) -> None:
    if folder_id is not None and not ids.is_id(ids.FOLDER, folder_id):
        raise _no_such_folder()


def _no_such_folder() -> ValidationFailed:
    return ValidationFailed.of("study.folder_id", "is not a folder of this workspace")


def _commit_into_folder(call: Call, answer: Answer, actions: Sequence[Action]) -> Response:
    """The last action makes room in a folder; where that alone is refused, there is no such folder."""
    try:
        return commit(call, answer, *actions)
    except ConditionFailed as failed:
        if set(failed.failures) == {len(actions) - 1}:
            raise _no_such_folder() from failed
        raise


def _created(call: Call, study: Study, design: Design) -> Answer:
    return Answer(
        detail(call.tenant.id, study, design), status=201, headers={"Location": f"/api/v1/studies/{study.id}"}
    )


def _with_new_ids(design: Design, *, millis: int) -> Design:
    """Ids inside settings are the researcher's and stay."""
    return replace(
        design,
        cards=tuple(replace(card, id=ids.new(ids.CARD, millis=millis)) for card in design.cards),
        groups=tuple(replace(group, id=ids.new(ids.GROUP, millis=millis)) for group in design.groups),
        questions=tuple(replace(question, id=ids.new(ids.QUESTION, millis=millis)) for question in design.questions),
    )


def _with_settings(study: Study, design: Design, patch: StudyPatch) -> Design | None:
    """None where the patch has no settings."""
    if "settings" not in patch.model_fields_set:
        return None
    settings = study_type(study.type).merge_settings(design.settings, patch.settings, field=_SETTINGS)
    changed = replace(design, settings=settings)
    changed.refuse_oversized(field=_SETTINGS)
    return changed


def _refuse_frozen(study: Study, design: Design, patch: StudyPatch) -> None:
    if study.status is Status.DRAFT:
        return
    if not study_type(study.type).editable_after_publish(design.settings, patch.settings):
        raise NotDraft("These settings cannot change once the study is published")


def _refuse_groups_without_use(design: Design) -> None:
    """An open sort has no groups, and none are thrown away behind the caller's back."""
    if design.groups and design.settings.get("sort_type") == "open":
        raise ValidationFailed.of(f"{_SETTINGS}.sort_type", "cannot be open while the study has groups")


def _study_to_move(call: Call, status: Status) -> tuple[Study, Design]:
    """The study of a publish or end request, which only takes studies in `status`."""
    study, design = _study(call)
    call.parameters()
    call.no_body()
    if study.status is not status:
        raise InvalidStatusTransition(f"The study is {study.status}; only a {status} study allows this")
    return study, design


def _commit_move(call: Call, study: Study, design: Design) -> Response:
    moved = replace(study, updated_at=call.now_text, version=study.version + 1)
    answer = Answer(detail(call.tenant.id, moved, design))
    return commit(call, answer, *studies.change(call.tenant.id, moved, seen=study))
