"""What the content endpoints do.

A child has no address of its own to read it from. Its ETag is that of the object which adding it alone or changing it
answers with; If-Match also takes the ETag of the study, which shows the child.
"""

from dataclasses import replace
from typing import Any

from fastapi import Response

from functions.content.kinds import GROUPS, Child, Kind
from trimetric.domain import ids
from trimetric.domain.studies import Status, Study, detail
from trimetric.domain.study_types.design import Design
from trimetric.domain.times import to_millis
from trimetric.dynamo import studies
from trimetric.dynamo.studies import Studies
from trimetric.errors import InvalidRequest, NotDraft, NotFound, ValidationFailed, WrongStudyType
from trimetric.http.answers import Answer, commit, etag_of_data, retried
from trimetric.http.call import Call, refuse_unknown


@retried
def add(call: Call, kind: Kind) -> Response:
    study, design = _study(call, kind)
    call.parameters()
    new = _new_children(call, kind)
    _refuse_frozen(study)
    children = [*kind.children(design), *new]
    if len(children) > kind.most:
        raise ValidationFailed.of(kind.many, f"a study holds at most {kind.most} {kind.many}")
    changed = kind.with_children(design, children)
    shown = kind.shown(changed)[-len(new) :]
    headers = {"Location": f"/api/v1/studies/{study.id}"}
    if len(shown) == 1:
        headers["ETag"] = etag_of_data(shown[0])
    return _commit(call, kind, Answer(shown, status=201, headers=headers), study, changed)


@retried
def update(call: Call, kind: Kind) -> Response:
    study, design = _study(call, kind)
    place = _place(call, kind, design)
    call.parameters()
    children = list(kind.children(design))
    patched, position = kind.patched(children.pop(place), call.wrapped_body(kind.one))
    if position is not None and position > len(children):
        raise ValidationFailed.of(f"{kind.one}.position", f"must be at most {len(children)}, the last position")
    _require_match(call, study, design, kind.shown(design)[place])
    _refuse_frozen(study)
    position = place if position is None else position
    children.insert(position, patched)
    changed = kind.with_children(design, children)
    return _commit(call, kind, Answer(kind.shown(changed)[position]), study, changed)


@retried
def remove(call: Call, kind: Kind) -> Response:
    study, design = _study(call, kind)
    place = _place(call, kind, design)
    call.parameters()
    call.no_body()
    _require_match(call, study, design, kind.shown(design)[place])
    _refuse_frozen(study)
    children = list(kind.children(design))
    del children[place]
    return _commit(call, kind, Answer(status=204), study, kind.with_children(design, children))


def _study(call: Call, kind: Kind) -> tuple[Study, Design]:
    """The study, once it is known to have this kind of content; no child has been looked at."""
    found = Studies(call.table).with_design(call.tenant.id, call.path_id("study_id", ids.STUDY))
    if found is None:
        raise NotFound
    study, design = found
    if study.type != kind.study_type:
        raise WrongStudyType(f"A {study.type} study has no {kind.many}")
    if kind is GROUPS and design.settings["sort_type"] == "open":
        raise ValidationFailed.of(kind.many, "an open sort has no groups; participants make their own")
    return study, design


def _place(call: Call, kind: Kind, design: Design) -> int:
    child_id = call.path_id(f"{kind.one}_id", kind.prefix)
    for place, child in enumerate(kind.children(design)):
        if child.id == child_id:
            return place
    raise NotFound


def _new_children(call: Call, kind: Kind) -> list[Child]:
    document = call.body()
    if not isinstance(document, dict) or not document.keys() & {kind.one, kind.many}:
        raise InvalidRequest(f'The body must be {{"{kind.many}": […]}} or {{"{kind.one}": …}}')
    refuse_unknown(document, {kind.one, kind.many})
    if len(document) == 2:
        raise ValidationFailed.of(kind.one, f"cannot stand beside {kind.many}")
    alone = kind.one in document
    members = [kind.parse_one(document[kind.one])] if alone else kind.parse_many(document[kind.many])
    millis = to_millis(call.now)
    return [kind.make(id=ids.new(kind.prefix, millis=millis), **each) for each in members]


def _require_match(call: Call, study: Study, design: Design, shown: dict[str, Any]) -> None:
    if "if-match" in call.request.headers:
        call.require_match(etag_of_data(shown), etag_of_data(detail(call.tenant.id, study, design)))


def _refuse_frozen(study: Study) -> None:
    if study.status is not Status.DRAFT:
        raise NotDraft("The content of a published or ended study cannot change")


def _commit(call: Call, kind: Kind, answer: Answer, study: Study, design: Design) -> Response:
    design.refuse_oversized(field=kind.many)
    changed = replace(study, updated_at=call.now_text, version=study.version + 1)
    return commit(call, answer, *studies.change(call.tenant.id, changed, seen=study, design=design))
