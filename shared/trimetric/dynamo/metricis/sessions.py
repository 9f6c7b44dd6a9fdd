"""Sessions in the single table.

What a session counts for moves in its own transactions: its study's and its battery's number of sessions, and the link
from its participant. So nothing that a session needs can be deleted while there is one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from trimetric.domain.metricis.sessions import Session, SessionStatus
from trimetric.dynamo import blobs, keys
from trimetric.dynamo.metricis import batteries, participants, studies
from trimetric.dynamo.table import Action, Delete, Item, Put, Table, absent, equals

_ROW = ("study_id", "participant_id", "person", "battery", "start_time", "end_time", "created_at", "updated_at")
_OTHERS = ("trial_count", "trial_bytes", "version", "submission", "staging")


class Sessions:
    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, workspace_id: str, session_id: str) -> Session | None:
        item = self._table.get(keys.session(workspace_id, session_id))
        return session_of(item) if item else None

    def get_many(self, workspace_id: str, identifiers: Iterable[str]) -> list[Session]:
        """In the order of `identifiers`; those that are gone are left out."""
        wanted = [keys.session(workspace_id, identifier) for identifier in identifiers]
        found = self._table.get_many(wanted)
        return [session_of(found[key]) for key in wanted if key in found]


def creation(workspace_id: str, session: Session) -> Sequence[Action]:
    """Refused if its study (place 1), battery (2) or participant (3) is gone."""
    person = session.person or ""
    return (
        Put(_item(workspace_id, session), [absent()]),
        studies.counted(workspace_id, session.study_id, sessions=1),
        batteries.session_counted(workspace_id, session.battery, by=1),
        *participants.session_added(workspace_id, person, session.id),
    )


def change(workspace_id: str, session: Session, *, seen: int) -> Action:
    """Refused if the session is not at version `seen` any more."""
    return Put(_item(workspace_id, session), [equals("version", seen)])


def unlinked(workspace_id: str, session: Session, *, now_text: str) -> tuple[Session, Sequence[Action]]:
    """The session as it stays when its participant is erased; refused if it changed."""
    left = replace(session, participant_id=None, person=None, updated_at=now_text, version=session.version + 1)
    return left, (change(workspace_id, left, seen=session.version), *_link_removed(workspace_id, session))


def deletion(workspace_id: str, session: Session) -> Sequence[Action]:
    """Of the session itself and what it counts for; refused if it changed."""
    return (
        Delete(keys.session(workspace_id, session.id), [equals("version", session.version)]),
        studies.counted(workspace_id, session.study_id, sessions=-1),
        batteries.session_counted(workspace_id, session.battery, by=-1),
        *_link_removed(workspace_id, session),
    )


def _link_removed(workspace_id: str, session: Session) -> Sequence[Action]:
    if session.person is None:
        return ()
    return participants.session_removed(workspace_id, session.person, session.id)


def _item(workspace_id: str, session: Session) -> Item:
    key = keys.session(workspace_id, session.id)
    row: dict[str, Any] = {name: getattr(session, name) for name in _ROW} | {"status": session.status.value}
    others = {name: getattr(session, name) for name in _OTHERS}
    figures = {"task_summaries": dict(session.task_summaries), "metrics": session.metrics}
    return {
        "pk": key.pk,
        "sk": key.sk,
        "id": session.id,
        "row": row,
        **others,
        "figures": blobs.pack(figures),
        "blocks": list(session.blocks),
        "staged_blocks": list(session.staged_blocks),
    }


def session_of(item: Item) -> Session:
    row = dict(item["row"])
    others: dict[str, Any] = {name: item.get(name) for name in _OTHERS}
    return Session(
        id=item["id"],
        status=SessionStatus(row.pop("status")),
        **row,
        **others,
        **blobs.unpack(item["figures"]),
        blocks=tuple(item["blocks"]),
        staged_blocks=tuple(item["staged_blocks"]),
    )
