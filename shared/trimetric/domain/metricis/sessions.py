"""Sessions: one run of a participant through a battery.

    created ──▶ in_progress ──▶ completed
       │             │
       └─────────────┴────────▶ abandoned      (a created session may also be completed at once)

A completed or abandoned session does not change any more.
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from trimetric.domain import ids
from trimetric.domain.metricis.batteries import battery_id

_ID: Final = re.compile(r"sess_([0-9a-f]{16})[0-9a-f]{32}")
_RANDOM_BYTES: Final = 16


class SessionStatus(StrEnum):
    CREATED = "created"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    ABANDONED = "abandoned"

    @property
    def closed(self) -> bool:
        return self in (SessionStatus.COMPLETED, SessionStatus.ABANDONED)

    def may_become(self, other: "SessionStatus") -> bool:
        return other is self or (not self.closed and other is not SessionStatus.CREATED)


def new_session_id(workspace_id: str) -> str:
    """The workspace's 16 hex digits and 128 random bits: whoever has the id may submit, and it names its workspace."""
    return f"sess_{workspace_id.removeprefix(f'{ids.WORKSPACE}_')}{secrets.token_hex(_RANDOM_BYTES)}"


def workspace_of(session_id: str) -> str | None:
    """The workspace that the id names, whether or not there is such a session; None if it is no session's id."""
    match = _ID.fullmatch(session_id)
    return f"{ids.WORKSPACE}_{match[1]}" if match else None


@dataclass(frozen=True, slots=True)
class Session:
    """`participant_id` is the outside code and `person` the participant's own id; both None once that was erased.

    `metrics` are computed when the session is completed. Instants are RFC 3339 texts in UTC; `version` counts changes.
    """

    id: str
    study_id: int
    participant_id: str | None
    person: str | None
    battery: int
    status: SessionStatus
    start_time: str
    created_at: str
    updated_at: str
    end_time: str | None = None
    task_summaries: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] | None = None
    trial_count: int = 0
    version: int = 1
    #: Fingerprint of what was submitted.
    submission: str | None = None
    #: Fingerprint of a submission that is being stored in several steps.
    staging: str | None = None
    #: Of the trials as they are stored.
    trial_bytes: int = 0
    #: In how many items each block of the trials is; the same of all that was ever staged.
    blocks: Sequence[int] = ()
    staged_blocks: Sequence[int] = ()

    @property
    def battery_id(self) -> str:
        return battery_id(self.battery)

    def public(self) -> dict[str, Any]:
        return {
            "session_id": self.id,
            "study_id": self.study_id,
            "participant_id": self.participant_id,
            "battery_id": self.battery_id,
            "status": self.status.value,
            "start_time": self.start_time,
            "end_time": self.end_time,
            "task_summaries": dict(self.task_summaries),
            "metrics": None if self.metrics is None else dict(self.metrics),
            "trial_count": self.trial_count,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        }
