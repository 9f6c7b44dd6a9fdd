"""What each resource of the Metricis dialect can be listed by.

An `Entry` is what a list knows of a row: its id, its instants in milliseconds, and what it can be filtered and sorted
by, in the order of `Kind.columns`. Contact data is in no entry.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from trimetric.domain import times
from trimetric.domain.metricis.participants import Actor, ParticipantStatus
from trimetric.domain.metricis.sessions import SessionStatus
from trimetric.domain.metricis.studies import StudyStatus

Entry = tuple[Any, ...]
#: A row as it is shown: at least the id and all columns, by the names of the wire.
Row = Mapping[str, Any]

CREATED: Final = "created_at"
STARTED: Final = "start_time"
UPDATED: Final = "updated_at"
STUDY: Final = "study_id"
STATUS: Final = "status"

_INSTANTS: Final = (CREATED, STARTED, UPDATED)


@dataclass(frozen=True, slots=True)
class Kind:
    """`orders` are the instants that a list is kept in the order of; `choices` the values that a filter may have, by
    its name (None: any text)."""

    name: str
    id: str
    orders: tuple[str, ...]
    #: Of an entry, behind the id: instants first.
    columns: tuple[str, ...]
    choices: Mapping[str, tuple[str, ...] | None]
    sorts: tuple[str, ...]
    #: Members of a row, for `fields=`.
    fields: tuple[str, ...]

    @property
    def instants(self) -> int:
        """How many columns are milliseconds."""
        return sum(name in _INSTANTS for name in self.columns)

    def entry(self, row: Row) -> Entry:
        return (row[self.id], *(_stored(name, row[name]) for name in self.columns))

    def place(self, name: str) -> int:
        """Where in an entry a member stands."""
        return 0 if name == self.id else 1 + self.columns.index(name)


def _stored(name: str, value: Any) -> Any:
    if name in _INSTANTS:
        return None if value is None else _millis(value)
    return None if value is None else value if isinstance(value, int) else str(value)


@lru_cache(maxsize=1024)
def _millis(text: str) -> int:
    """Rows of an import share their instants."""
    return times.to_millis(times.parse(text))


STUDIES: Final = Kind(
    name="studies",
    id="id",
    orders=(CREATED,),
    columns=(CREATED, UPDATED, "status", "code", "name"),
    choices={"status": tuple(StudyStatus)},
    sorts=(CREATED, UPDATED, "status", "code", "name"),
    fields=(
        "id",
        "code",
        "name",
        "description",
        "pi_name",
        "pi_email",
        "start_date",
        "end_date",
        "status",
        CREATED,
        UPDATED,
    ),
)

PARTICIPANTS: Final = Kind(
    name="participants",
    id="id",
    orders=(CREATED,),
    columns=(CREATED, UPDATED, "study_id", "status", "actor", "language", "enrollment_date", "participant_id"),
    choices={
        "study_id": None,
        "status": tuple(ParticipantStatus),
        "participant_id": None,
        "actor": tuple(Actor),
        "language": None,
    },
    sorts=(CREATED, UPDATED, "participant_id", "status", "enrollment_date"),
    fields=(
        "id",
        "study_id",
        "participant_id",
        "email",
        "phone",
        "enrollment_date",
        "status",
        "actor",
        "language",
        CREATED,
        UPDATED,
    ),
)

BATTERIES: Final = Kind(
    name="batteries",
    id="id",
    orders=(CREATED,),
    columns=(CREATED, UPDATED, "study_id", "name"),
    choices={"study_id": None},
    sorts=(CREATED, UPDATED, "name"),
    fields=("id", "study_id", "name", "description", "tasks", "estimated_minutes", CREATED, UPDATED),
)

SESSIONS: Final = Kind(
    name="sessions",
    id="session_id",
    orders=(CREATED, STARTED),
    columns=(CREATED, STARTED, UPDATED, "study_id", "status", "battery_id", "participant_id"),
    choices={"study_id": None, "status": tuple(SessionStatus), "participant_id": None, "battery_id": None},
    sorts=(CREATED, UPDATED, STARTED, "status", "participant_id"),
    fields=(
        "session_id",
        "study_id",
        "participant_id",
        "battery_id",
        "status",
        "start_time",
        "end_time",
        "task_summaries",
        "metrics",
        "trial_count",
        CREATED,
        UPDATED,
    ),
)
