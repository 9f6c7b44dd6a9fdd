"""People of a study and what they answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from trimetric.domain import ids, times


class Progress(StrEnum):
    """What is stored. A person who did not finish before the study ended is shown as `abandoned`."""

    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"


ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class Participant:
    """`order` is the place in creation order; `version` counts changes (0 where it was read from an index).

    `content_hash` names what was imported, `token_hash` (hex SHA-256) what the person's runner must present.
    `started_at` and `completed_at` are RFC 3339 texts in UTC, `duration_ms` what lies between them.
    """

    id: str
    external_id: str | None
    status: Progress
    started_at: str
    completed_at: str | None
    duration_ms: int | None
    device: str | None = None
    locale: str | None = None
    excluded: bool = False
    exclusion_reason: str | None = None
    flags: tuple[str, ...] = ()
    #: Flags that compare this person with others, as they were when that was last looked at.
    compared: tuple[str, ...] = ()
    order: str = ""
    version: int = 1
    content_hash: str | None = None
    token_hash: str | None = field(default=None, repr=False)

    @property
    def completed(self) -> bool:
        return self.status is Progress.COMPLETED

    def public(self, *, study_ended: bool) -> dict[str, Any]:
        return {
            "id": self.id,
            "external_id": self.external_id,
            "status": ABANDONED if study_ended and not self.completed else self.status.value,
            "excluded": self.excluded,
            "exclusion_reason": self.exclusion_reason,
            "flags": list(dict.fromkeys((*self.flags, *self.compared))),
            "started_at": self.started_at,
            "completed_at": self.completed_at,
            "duration_ms": self.duration_ms,
            "device": self.device,
            "locale": self.locale,
        }

    def exclude(self, reason: str | None) -> "Participant":
        """The same person, excluded; unchanged if excluded already."""
        return self if self.excluded else replace(self, excluded=True, exclusion_reason=reason)

    def include(self) -> "Participant":
        return replace(self, excluded=False, exclusion_reason=None) if self.excluded else self

    def complete(self, completed_at: str, *, flags: tuple[str, ...] = ()) -> "Participant":
        """The same person, done; unchanged if done already. `completed_at` is not before `started_at`.

        `flags` come from `trimetric.domain.quality`.
        """
        if self.completed:
            return self
        duration = duration_ms(self.started_at, completed_at)
        return replace(self, status=Progress.COMPLETED, completed_at=completed_at, duration_ms=duration, flags=flags)


@dataclass(frozen=True, slots=True)
class StoredResult:
    """One answer: `payload` as `study_types.parse_results` gave it."""

    payload: Mapping[str, Any]
    created_at: str

    def to_document(self) -> dict[str, Any]:
        return {**self.payload, "created_at": self.created_at}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "StoredResult":
        payload = {name: value for name, value in document.items() if name != "created_at"}
        return cls(payload, document["created_at"])


def public_result(
    result: StoredResult, *, index: int, participant_id: str, study_id: str, study_type: str
) -> dict[str, Any]:
    """What the API shows of a person's result number `index`; `task_id` is part of the payload of types with tasks."""
    return {
        "id": ids.result(participant_id, index),
        "participant_id": participant_id,
        "study_id": study_id,
        "type": study_type,
        **result.payload,
        "created_at": result.created_at,
    }


def public_results(
    results: Sequence[StoredResult], *, participant_id: str, study_id: str, study_type: str
) -> list[dict[str, Any]]:
    return [
        public_result(result, index=index, participant_id=participant_id, study_id=study_id, study_type=study_type)
        for index, result in enumerate(results)
    ]


def duration_ms(started_at: str, completed_at: str) -> int:
    return times.to_millis(times.parse(completed_at)) - times.to_millis(times.parse(started_at))


def participant_id(*, workspace_id: str, study_id: str, external_id: str | None, millis: int) -> str:
    """Derived from the external id where there is one, so the same person is the same item."""
    if external_id is None:
        return ids.new(ids.PARTICIPANT, millis=millis)
    return ids.derived(ids.PARTICIPANT, workspace_id, study_id, external_id)
