"""What the folder endpoints do."""

from dataclasses import replace

from fastapi import Response

from functions.folders.schemas import FolderPatch, NewFolder
from trimetric.domain import ids
from trimetric.domain.folders import DEFAULT_COLOR, DEFAULT_ICON, Folder
from trimetric.domain.times import to_millis
from trimetric.domain.validation import parse
from trimetric.dynamo import folders
from trimetric.dynamo.folders import Folders
from trimetric.errors import HasStudies, NotFound
from trimetric.http.answers import Answer, Page, commit, etag_of_data, respond, retried
from trimetric.http.call import Call
from trimetric.http.parameters import flag


def list_folders(call: Call) -> Response:
    parameters = call.parameters("archived", "limit", "after")
    size = call.page_size(parameters)
    found = Folders(call.table).list(
        call.tenant.id,
        archived=flag(parameters, "archived"),
        after=call.position(parameters),
        limit=size + 1,
    )
    more = len(found) > size
    page = Page(call.cursor(found[size - 1].id, parameters) if more else None)
    return respond(call, Answer([folder.public() for folder in found[:size]], title="Folders", page=page))


def show_folder(call: Call) -> Response:
    folder = _folder(call)
    call.parameters()
    return respond(call, Answer(folder.public(), title=f"Folder: {folder.name}"))


def create_folder(call: Call) -> Response:
    call.parameters()
    new = parse(NewFolder, call.wrapped_body("folder"), field="folder")
    folder = Folder(
        id=ids.new(ids.FOLDER, millis=to_millis(call.now)),
        name=new.name,
        color=new.color or DEFAULT_COLOR,
        icon=new.icon or DEFAULT_ICON,
        archived=new.archived,
        created_at=call.now_text,
        updated_at=call.now_text,
    )
    answer = Answer(folder.public(), status=201, headers={"Location": f"/api/v1/folders/{folder.id}"})
    return commit(call, answer, *folders.creation(call.tenant.id, folder))


@retried
def update_folder(call: Call) -> Response:
    folder = _folder(call)
    call.parameters()
    patch = parse(FolderPatch, call.wrapped_body("folder"), field="folder")
    call.require_match(etag_of_data(folder.public()))
    changed = replace(
        folder,
        **patch.model_dump(exclude_unset=True),
        updated_at=call.now_text,
        version=folder.version + 1,
    )
    return commit(call, Answer(changed.public()), folders.change(call.tenant.id, changed, seen=folder.version))


@retried
def delete_folder(call: Call) -> Response:
    folder = _folder(call)
    call.parameters()
    call.no_body()
    call.require_match(etag_of_data(folder.public()))
    if folder.study_count:
        raise HasStudies
    return commit(call, Answer(status=204), *folders.deletion(call.tenant.id, folder))


def _folder(call: Call) -> Folder:
    folder = Folders(call.table).get(call.tenant.id, call.path_id("folder_id", ids.FOLDER))
    if folder is None:
        raise NotFound
    return folder
