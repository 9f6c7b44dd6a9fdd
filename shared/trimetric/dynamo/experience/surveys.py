"""Surveys of the Micrometrics dialect in the single table.

Responses must not write their survey: all of a popular one would queue for one item. They pass one of its gates
instead, chosen at random. A gate tells to which version of the survey it admits responses, and whether one has passed.
Whoever changes the questions or the status of an active survey writes all gates in the same transaction, so no
response ever answers a survey that was closed or changed before it, and none comes between the look for responses and
the change.
"""

import secrets
from collections.abc import Sequence
from typing import Final

from trimetric.domain import times
from trimetric.domain.experience.surveys import Question, Replacement, Status, Survey
from trimetric.dynamo import blobs, keys
from trimetric.dynamo.keys import Key
from trimetric.dynamo.numbers import claim, last_number
from trimetric.dynamo.table import Action, Check, Condition, Item, Put, Table, Update, absent, equals

#: A transaction that checks an item makes others that check it at the same moment come again.
GATES: Final = 8


class Surveys:
    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, workspace_id: str, survey_id: int) -> Survey | None:
        item = self._table.get(keys.survey(workspace_id, survey_id))
        return survey_of(item) if item else None

    def with_use(self, workspace_id: str, survey_id: int) -> tuple[Survey, bool] | None:
        """The survey, and whether it has responses."""
        survey_key = keys.survey(workspace_id, survey_id)
        gates = [keys.survey_gate(workspace_id, survey_id, number) for number in range(GATES)]
        found = self._table.get_many([survey_key, *gates])
        if survey_key not in found:
            return None
        return survey_of(found[survey_key]), any(found[gate].get("used", False) for gate in gates if gate in found)

    def list(self, workspace_id: str, *, first: int, last: int, after: str | None, limit: int) -> list[Survey]:
        """Created from `first` to `last` (milliseconds, inclusive), in that order; `after` ended the page before."""
        items = self._table.query(
            keys.surveys(workspace_id), index="lsi1", after=after or keys.by_creation(first), limit=limit
        )
        return [survey_of(item) for item in items if item["l1"] <= keys.by_creation(last, "~")]

    def last_id(self, workspace_id: str) -> int:
        """Of the survey that was created last; 0 before the first."""
        return last_number(self._table, keys.survey_counter(workspace_id))


def position_of(survey: Survey) -> str:
    """Where it stands in `Surveys.list`."""
    return keys.by_creation(times.to_millis(times.parse(survey.created_at)), f"{survey.id:010d}")


def creation(workspace_id: str, survey: Survey) -> Sequence[Action]:
    """Refused if another survey took the number."""
    actions: list[Action] = [
        Put(_item(workspace_id, survey), [absent()]),
        claim(keys.survey_counter(workspace_id), survey.id),
    ]
    if survey.status is Status.ACTIVE:
        actions += [_gate(workspace_id, survey, number) for number in range(GATES)]
    return actions


def change(workspace_id: str, replacement: Replacement) -> Sequence[Action]:
    """Refused if the survey is not as seen any more, or has got a response that the change must not meet."""
    survey = replacement.survey
    actions: list[Action] = [Put(_item(workspace_id, survey), [equals("version", replacement.seen.version)])]
    if replacement.moves_the_gates:
        conditions = [absent("used")] if replacement.needs_no_responses else []
        actions += [_gate(workspace_id, survey, number, conditions) for number in range(GATES)]
    return actions


def gate_key(workspace_id: str, survey_id: int) -> Key:
    """The gate that a response is to pass; read it with the survey, for `passage`."""
    return keys.survey_gate(workspace_id, survey_id, secrets.randbelow(GATES))


def passage(gate: Key, survey: Survey, item: Item | None) -> Action:
    """To be written with a response to the active `survey`; refused if it was closed or changed since it was read.

    `item` is the gate as it was read. Only the first response through a gate writes it.
    """
    admits = equals("admits", survey.admits)
    if item is not None and item.get("used", False):
        return Check(gate, [admits])
    return Update(gate, set={"used": True}, conditions=[admits])


def existing(workspace_id: str, survey_id: int) -> Check:
    """Refused if there is no such survey."""
    return Check(keys.survey(workspace_id, survey_id), [Condition(keys.PARTITION, "present")])


def survey_of(item: Item) -> Survey:
    """From a whole item or from an index's projection (which has neither version nor gates: lists do not need them)."""
    row = item["row"]
    return Survey(
        id=int(item["sk"]),
        name=row["name"],
        status=Status(row["status"]),
        questions=tuple(map(Question.from_document, blobs.unpack(row["questions"]))),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        version=item.get("version", 0),
        admits=item.get("admits", 0),
    )


def _gate(workspace_id: str, survey: Survey, number: int, conditions: Sequence[Condition] = ()) -> Update:
    gate = keys.survey_gate(workspace_id, survey.id, number)
    return Update(gate, set={"admits": survey.admits}, conditions=conditions)


def _item(workspace_id: str, survey: Survey) -> Item:
    key = keys.survey(workspace_id, survey.id)
    row = {
        "name": survey.name,
        "status": survey.status.value,
        "questions": blobs.pack([question.public() for question in survey.questions]),
        "created_at": survey.created_at,
        "updated_at": survey.updated_at,
    }
    return {
        "pk": key.pk,
        "sk": key.sk,
        "row": row,
        "version": survey.version,
        "admits": survey.admits,
        "l1": position_of(survey),
    }
