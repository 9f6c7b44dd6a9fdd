"""People of clinical studies in the single table.

A person's key is derived from study and code, so a code is taken by one conditional put and found by one read.
`counts.sessions` and one `session#…` item for each session move in the sessions' transactions: so whoever erases a
person knows every session that names them, and none can come meanwhile.

A person who was imported names the import (`import`) and exists only if that was committed; see `people_import`.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from trimetric.domain.metricis.participants import Actor, ClinicalParticipant, ParticipantStatus, participant_id
from trimetric.dynamo import keys
from trimetric.dynamo.metricis import people_import
from trimetric.dynamo.table import Action, Condition, Delete, Item, Put, Table, Update, absent, equals, present

#: Members of an item's `row`.
_ROW: Final = ("study_id", "code", "email", "phone", "enrollment_date", "language", "created_at", "updated_at")


class ClinicalParticipants:
    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, workspace_id: str, identifier: str) -> ClinicalParticipant | None:
        item = self._table.get(keys.clinical_participant(workspace_id, identifier))
        if item is None or not people_import.is_there(self._table, workspace_id, item):
            return None
        return participant_of(item)

    def by_code(self, workspace_id: str, study_id: int, code: str) -> ClinicalParticipant | None:
        """The person with this outside code in this study; one read."""
        return self.get(workspace_id, participant_id(workspace_id=workspace_id, study_id=study_id, code=code))

    def get_many(self, workspace_id: str, identifiers: Iterable[str]) -> list[ClinicalParticipant]:
        """In the order of `identifiers`, which a list gave; those that are gone are left out."""
        wanted = [keys.clinical_participant(workspace_id, identifier) for identifier in identifiers]
        found = self._table.get_many(wanted)
        return [participant_of(found[key]) for key in wanted if key in found]

    def sessions(self, workspace_id: str, identifier: str, *, limit: int) -> list[str]:
        """Ids of up to `limit` sessions that name this person."""
        links = keys.participant_session(workspace_id, identifier)
        return [item["sk"].removeprefix(links.sk) for item in self._table.query(links.pk, prefix=links.sk, limit=limit)]


def creation(workspace_id: str, participant: ClinicalParticipant) -> Put:
    """Refused if the code is taken in its study."""
    return Put(_item(workspace_id, participant) | {"counts": {"sessions": 0}}, [absent()])


def change(workspace_id: str, participant: ClinicalParticipant, *, seen: int) -> Action:
    """Refused if the person is not at version `seen` any more."""
    item = _item(workspace_id, participant)
    return Update(
        keys.clinical_participant(workspace_id, participant.id),
        set={"row": item["row"], "version": item["version"]},
        conditions=[equals("version", seen)],
    )


def deletion(workspace_id: str, participant: ClinicalParticipant) -> Action:
    """Refused if the person changed, is gone or a session still names them."""
    conditions = [equals("version", participant.version), equals("counts.sessions", 0)]
    return Delete(keys.clinical_participant(workspace_id, participant.id), conditions)


def session_added(workspace_id: str, identifier: str, session_id: str) -> Sequence[Action]:
    """A session names this person from now on; refused (place 0) if there is no such person."""
    key = keys.participant_session(workspace_id, identifier, session_id)
    counted = Update(
        keys.clinical_participant(workspace_id, identifier), add={"counts.sessions": 1}, conditions=[present()]
    )
    return counted, Put({"pk": key.pk, "sk": key.sk}, [absent()])


def session_removed(workspace_id: str, identifier: str, session_id: str) -> Sequence[Action]:
    """A session is gone or names this person no longer; refused (place 0, 1) if it never did."""
    counted = Update(
        keys.clinical_participant(workspace_id, identifier),
        add={"counts.sessions": -1},
        conditions=[Condition("counts.sessions", ">=", 1)],
    )
    return counted, Delete(keys.participant_session(workspace_id, identifier, session_id), [present()])


def _item(workspace_id: str, participant: ClinicalParticipant) -> Item:
    key = keys.clinical_participant(workspace_id, participant.id)
    row = {name: getattr(participant, name) for name in _ROW}
    row |= {"status": participant.status.value, "actor": participant.actor.value}
    return {"pk": key.pk, "sk": key.sk, "id": participant.id, "row": row, "version": participant.version}


def participant_of(item: Item) -> ClinicalParticipant:
    row = dict(item["row"])
    return ClinicalParticipant(
        id=item["id"],
        status=ParticipantStatus(row.pop("status")),
        actor=Actor(row.pop("actor")),
        version=item["version"],
        sessions=item["counts"]["sessions"],
        **row,
    )
