"""What joins the transactions of sessions so that their lists know of it."""

from collections.abc import Sequence

from trimetric.domain.metricis.list_kinds import SESSIONS
from trimetric.domain.metricis.sessions import Session
from trimetric.dynamo.metricis.listing import recorded
from trimetric.dynamo.table import Action, Table


def added(table: Table, workspace_id: str, session: Session) -> Sequence[Action]:
    after = session.public()
    return recorded(table, workspace_id, SESSIONS, before=None, after=after, version=session.version)


def changed(table: Table, workspace_id: str, before: Session, after: Session) -> Sequence[Action]:
    rows = before.public(), after.public()
    return recorded(table, workspace_id, SESSIONS, before=rows[0], after=rows[1], version=after.version)


def removed(table: Table, workspace_id: str, session: Session) -> Sequence[Action]:
    before = session.public()
    return recorded(table, workspace_id, SESSIONS, before=before, after=None, version=session.version + 1)
