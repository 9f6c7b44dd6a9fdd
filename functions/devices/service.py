"""What the device endpoints do."""

from dataclasses import replace

from fastapi import Response

from functions.devices.schemas import NewDevice
from trimetric.domain.experience.devices import Device, Status, device_id, new_id, packed_metadata
from trimetric.domain.validation import parse
from trimetric.dynamo.experience import devices, surveys
from trimetric.dynamo.experience.devices import Devices
from trimetric.dynamo.table import Action, ConditionFailed
from trimetric.errors import InvalidRequest, NotFound, ValidationFailed
from trimetric.http import windows
from trimetric.http.answers import Answer, commit, etag_of_data, respond, retried
from trimetric.http.call import Call
from trimetric.http.signed import respond_list


def list_devices(call: Call) -> Response:
    page = windows.unbounded(call)
    found = Devices(call.table).list(
        call.tenant.id, first=page.window.first, last=page.window.last, after=page.after, limit=page.size + 1
    )
    shown, next_cursor = page.cut(found, devices.position_of)
    return respond_list(call, [device.public() for device in shown], next_cursor)


def show_device(call: Call) -> Response:
    device = _device(call)
    windows.ignored(call)
    return respond(call, Answer(device.public(), bare=True))


@retried
def create_device(call: Call) -> Response:
    windows.ignored(call)
    new = _sent(call)
    device = Device(
        id=new_id(),
        name=new.name,
        location=new.location,
        status=Status(new.status),
        survey_id=new.survey_id,
        metadata=packed_metadata(new.metadata),
        created_at=call.now_text,
        updated_at=call.now_text,
    )
    headers = {"Location": f"/api/experience/devices/{device.id}"}
    answer = Answer(device.public(), status=201, headers=headers, bare=True)
    return _commit(call, answer, devices.creation(call.tenant.id, device), survey_id=device.survey_id)


@retried
def replace_device(call: Call) -> Response:
    device = _device(call)
    windows.ignored(call)
    new = _sent(call)
    metadata = packed_metadata(new.metadata)
    call.require_match(etag_of_data(device.public(), bare=True))
    changed = replace(
        device,
        name=new.name,
        location=new.location,
        status=Status(new.status),
        survey_id=new.survey_id,
        metadata=metadata,
        updated_at=call.now_text,
        version=device.version + 1,
    )
    answer = Answer(changed.public(), bare=True)
    action = devices.change(call.tenant.id, changed, seen=device)
    return _commit(call, answer, action, survey_id=None if new.survey_id == device.survey_id else new.survey_id)


@retried
def delete_device(call: Call) -> Response:
    device = _device(call)
    windows.ignored(call)
    call.no_body()
    call.require_match(etag_of_data(device.public(), bare=True))
    return commit(call, Answer(status=204), devices.deletion(call.tenant.id, device))


def _commit(call: Call, answer: Answer, action: Action, *, survey_id: int | None) -> Response:
    """With a look for the survey, if one is named anew. Surveys are never deleted."""
    if survey_id is None:
        return commit(call, answer, action)
    try:
        return commit(call, answer, action, surveys.existing(call.tenant.id, survey_id))
    except ConditionFailed as failed:
        if 1 in failed.failures:
            raise ValidationFailed.of("survey_id", "is not a survey of this workspace") from failed
        raise


def _device(call: Call) -> Device:
    device = Devices(call.table).get(call.tenant.id, device_id(call.request.path_params["device_id"]))
    if device is None:
        raise NotFound
    return device


def _sent(call: Call) -> NewDevice:
    document = call.body()
    if not isinstance(document, dict):
        raise InvalidRequest("The body must be an object")
    return parse(NewDevice, document, field="")
