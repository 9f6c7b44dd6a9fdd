"""Sessions forget the participant who is erased: they stay, and count, but name nobody any more."""

from trimetric.dynamo.metricis import session_list, sessions
from trimetric.dynamo.metricis.participants import ClinicalParticipants
from trimetric.dynamo.metricis.sessions import Sessions
from trimetric.dynamo.table import Table

#: Sessions that are looked up at once.
_AT_ONCE = 100


def unlink_sessions(table: Table, workspace_id: str, person: str, *, now_text: str) -> None:
    """Each session that names this person names nobody afterwards; one transaction each, so it may be repeated.

    ConditionFailed if a session changed meanwhile.
    """
    people = ClinicalParticipants(table)
    while linked := people.sessions(workspace_id, person, limit=_AT_ONCE):
        for session in Sessions(table).get_many(workspace_id, linked):
            left, actions = sessions.unlinked(workspace_id, session, now_text=now_text)
            table.write(*actions, *session_list.changed(table, workspace_id, session, left))
