"""What the battery endpoints do."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from fastapi import Response

from functions.batteries.schemas import BatteryPatch, NewBattery
from trimetric.domain.metricis.batteries import Battery, battery_number_of
from trimetric.domain.metricis.list_kinds import BATTERIES
from trimetric.dynamo.metricis import batteries, studies
from trimetric.dynamo.metricis.batteries import Batteries
from trimetric.dynamo.metricis.listing import recorded
from trimetric.dynamo.metricis.studies import ClinicalStudies
from trimetric.dynamo.numbers import next_number
from trimetric.dynamo.table import Action
from trimetric.errors import Conflict, NotFound, ValidationFailed
from trimetric.http.answers import Answer, commit, etag_of_data, respond, retried
from trimetric.http.call import Call
from trimetric.http.metricis import body_of, respond_page
from trimetric.http.paging import fields_of, list_rows, page_request, select

_IN_USE: Final = "Sessions use this battery"


def list_batteries(call: Call) -> Response:
    request = page_request(call, BATTERIES)
    rows, total = list_rows(call, BATTERIES, request, lambda ids: _rows(call, ids))
    return respond_page(call, rows, request, total)


def show_battery(call: Call) -> Response:
    battery = _battery(call)
    return respond(call, Answer(select(battery.public(), fields_of(call, BATTERIES))))


@retried
def create_battery(call: Call) -> Response:
    call.parameters()
    new = body_of(call, NewBattery)
    if ClinicalStudies(call.table).get(call.tenant.id, new.study_id) is None:
        raise NotFound("There is no such study")
    given = next_number(call.table, call.tenant.id, "batteries")
    battery = Battery(number=given.number, created_at=call.now_text, updated_at=call.now_text, **new.model_dump())
    _require_room(battery.tasks)
    answer = Answer(battery.public(), status=201, headers={"Location": f"/api/batteries/{battery.id}"})
    return commit(
        call,
        answer,
        batteries.creation(call.tenant.id, battery),
        given.claim,
        studies.counted(call.tenant.id, battery.study_id, batteries=1),
        *_listed(call, None, battery),
    )


@retried
def update_battery(call: Call) -> Response:
    battery = _battery(call)
    call.parameters()
    patch = body_of(call, BatteryPatch)
    call.require_match(etag_of_data(battery.public()))
    changed = replace(
        battery,
        **patch.model_dump(include=patch.model_fields_set),
        updated_at=call.now_text,
        version=battery.version + 1,
    )
    _require_room(changed.tasks)
    change = batteries.change(call.tenant.id, changed, seen=battery.version)
    return commit(call, Answer(changed.public()), change, *_listed(call, battery, changed))


@retried
def delete_battery(call: Call) -> Response:
    battery = _battery(call)
    call.parameters()
    call.no_body()
    call.require_match(etag_of_data(battery.public()))
    if battery.sessions:
        raise Conflict(_IN_USE)
    return commit(
        call,
        Answer(status=204),
        batteries.deletion(call.tenant.id, battery),
        studies.counted(call.tenant.id, battery.study_id, batteries=-1),
        *_listed(call, battery, None),
    )


def _rows(call: Call, ids: Sequence[str]) -> list[dict[str, Any]]:
    numbers = [number for each in ids if (number := battery_number_of(each)) is not None]
    return [battery.public() for battery in Batteries(call.table).get_many(call.tenant.id, numbers)]


def _require_room(tasks: Sequence[Mapping[str, Any]]) -> None:
    if not batteries.fits(tasks):
        raise ValidationFailed.of("tasks", "are too large to be kept together")


def _battery(call: Call) -> Battery:
    number = battery_number_of(str(call.request.path_params["battery_id"]))
    battery = None if number is None else Batteries(call.table).get(call.tenant.id, number)
    if battery is None:
        raise NotFound
    return battery


def _listed(call: Call, before: Battery | None, after: Battery | None) -> Sequence[Action]:
    version = after.version if after else before.version + 1 if before else 0
    rows = (battery.public() if battery else None for battery in (before, after))
    return recorded(call.table, call.tenant.id, BATTERIES, before=next(rows), after=next(rows), version=version)
