"""The list of sessions: what its index knows of each."""

from collections.abc import Sequence

from trimetric.domain.metricis.sessions import Session
from trimetric.dynamo.table import Action, Table


def added(table: Table, workspace_id: str, session: Session) -> Sequence[Action]:
    return ()


def changed(table: Table, workspace_id: str, before: Session, after: Session) -> Sequence[Action]:
    return ()


def removed(table: Table, workspace_id: str, session: Session) -> Sequence[Action]:
    return ()
