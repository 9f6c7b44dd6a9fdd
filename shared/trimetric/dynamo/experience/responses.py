"""Responses in the single table: a partition for each survey and month of `submitted_at`, in the order of ids.

A response is one item that never changes. Beside it are written, in the same transaction, its mark among those that
are in no metrics yet, its month if it is the month's first, and for an `external_id` a claim that only one can have.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from trimetric.domain import ids
from trimetric.domain.experience.devices import Device
from trimetric.domain.experience.responses import Response, month_of
from trimetric.domain.experience.surveys import Survey
from trimetric.dynamo import blobs, keys
from trimetric.dynamo.experience import devices, surveys
from trimetric.dynamo.keys import Key
from trimetric.dynamo.parallel import both
from trimetric.dynamo.table import Action, Item, Put, Table, absent

#: A survey's months, read as one page: one hundred years.
_MONTHS: Final = 1_200


@dataclass(frozen=True, slots=True)
class Claim:
    """Which response has an `external_id`, and what was sent to make it."""

    response_id: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a new response meets. What is not there, or was not named, is None."""

    survey: Survey | None
    device: Device | None
    claim: Claim | None
    month_known: bool
    gate: Key
    gate_item: Item | None


class Responses:
    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, workspace_id: str, survey_id: int, response_id: str) -> Response | None:
        item = self._table.get(key_of(workspace_id, survey_id, response_id))
        return response_of(item, survey_id=survey_id) if item else None

    def surroundings(self, workspace_id: str, response: Response) -> Surroundings:
        """One round trip."""
        survey_key = keys.survey(workspace_id, response.survey_id)
        gate = surveys.gate_key(workspace_id, response.survey_id)
        month = month_key(workspace_id, response.survey_id, response.submitted_millis)
        device = None if response.device_id is None else keys.device(workspace_id, response.device_id)
        claim = claim_key(workspace_id, response)
        found = self._table.get_many([survey_key, gate, month, *(key for key in (device, claim) if key is not None)])
        return Surroundings(
            survey=surveys.survey_of(found[survey_key]) if survey_key in found else None,
            device=devices.device_of(found[device]) if device in found else None,
            claim=_claim(found[claim]) if claim in found else None,
            month_known=month in found,
            gate=gate,
            gate_item=found.get(gate),
        )

    def list(
        self, workspace_id: str, survey_id: int, *, first: int, last: int, after: str | None, limit: int
    ) -> list[Response]:
        """Submitted from `first` to `last` (milliseconds, inclusive), in that order; `after` ended the page before."""
        start = max(ids.before(ids.RESPONSE, millis=first), after or "")
        months = self.months(workspace_id, survey_id, first=ids.millis(start), last=last)

        def page(month: str, limit: int) -> list[Item]:
            partition = keys.responses(workspace_id, survey_id, month)
            return self._table.query(partition, after=start, limit=limit)

        if len(months) == 2:
            earlier, later = both(lambda: page(months[0], limit), lambda: page(months[1], limit))
            found = [*earlier, *later]
        else:
            found = []
            for month in months:
                found += page(month, limit - len(found))
                if len(found) == limit:
                    break
        return [response_of(item, survey_id=survey_id) for item in found if ids.millis(item["sk"]) <= last][:limit]

    def months(self, workspace_id: str, survey_id: int, *, first: int, last: int) -> Sequence[str]:
        """In order, all that hold responses of that time; no round trip where there are two of them at most."""
        if last < first:
            return []
        begin, end = month_of(first), month_of(last)
        if end <= _month_after(begin):
            return sorted({begin, end})
        found = self._table.query(keys.response_months(workspace_id, survey_id), limit=_MONTHS)
        return [item["sk"] for item in found if begin <= item["sk"] <= end]


def creation(
    workspace_id: str, response: Response, around: Surroundings, *, survey: Survey, fingerprint: str
) -> Sequence[Action]:
    """For a survey that is active. Refused if it was closed or changed, the device went, or another response has the
    `external_id` by now. `fingerprint` is what a repetition is told by."""
    actions: list[Action] = [
        Put(_item(workspace_id, response), [absent()]),
        Put(_only_key(keys.unfolded_response(workspace_id, response.survey_id, response.id))),
        surveys.passage(around.gate, survey, around.gate_item),
    ]
    if not around.month_known:
        actions.append(Put(_only_key(month_key(workspace_id, response.survey_id, response.submitted_millis))))
    claim = claim_key(workspace_id, response)
    if claim is not None:
        claimed = {"response_id": response.id, "fingerprint": fingerprint}
        actions.append(Put({**_only_key(claim), **claimed}, [absent()]))
    if around.device is not None:
        actions.append(devices.seen(workspace_id, around.device, response.submitted_at))
    return actions


def _only_key(key: Key) -> Item:
    return {keys.PARTITION: key.pk, keys.SORT: key.sk}


def _item(workspace_id: str, response: Response) -> Item:
    row = {
        "device_id": response.device_id,
        "language": response.language,
        "external_id": response.external_id,
        "submitted_at": response.submitted_at,
        "created_at": response.created_at,
    }
    key = key_of(workspace_id, response.survey_id, response.id)
    return {**_only_key(key), "row": row, "answers": packed(response)}


def packed(response: Response) -> bytes:
    """To be asked `blobs.fits`."""
    return blobs.pack(list(response.answers))


def key_of(workspace_id: str, survey_id: int, response_id: str) -> Key:
    return keys.response(workspace_id, survey_id, month_of(ids.millis(response_id)), response_id)


def month_key(workspace_id: str, survey_id: int, millis: int) -> Key:
    return keys.response_month(workspace_id, survey_id, month_of(millis))


def claim_key(workspace_id: str, response: Response) -> Key | None:
    if response.external_id is None:
        return None
    digest = hashlib.sha256(response.external_id.encode()).hexdigest()
    return keys.external_response(workspace_id, response.survey_id, digest)


def _claim(item: Item) -> Claim:
    return Claim(item["response_id"], item["fingerprint"])


def response_of(item: Item, *, survey_id: int) -> Response:
    row: dict[str, Any] = item["row"]
    return Response(
        id=item["sk"],
        survey_id=survey_id,
        device_id=row["device_id"],
        answers=tuple(blobs.unpack(item["answers"])),
        language=row["language"],
        external_id=row["external_id"],
        submitted_at=row["submitted_at"],
        created_at=row["created_at"],
    )


def _month_after(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12}-{number % 12 + 1:02d}"
