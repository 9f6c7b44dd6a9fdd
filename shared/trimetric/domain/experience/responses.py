"""A response to a survey: what one person answered at one moment.

Responses never change once they are there. Their ids begin with the millisecond of `submitted_at`, so the order of ids
is the order in which a list shows them, and an id alone says where the response is kept.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from trimetric.domain import ids, times
from trimetric.domain.experience.windows import LATEST

#: Clocks of kiosks may be ahead by as much.
AHEAD: Final = timedelta(minutes=5)
#: The first instant that an id can begin with. Any later one is taken: kiosks may have been offline for long.
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Response:
    id: str
    survey_id: int
    device_id: str | None
    #: {"question_id", "value"} each, as they were sent.
    answers: tuple[dict[str, Any], ...]
    language: str | None
    external_id: str | None
    submitted_at: str
    created_at: str

    @property
    def submitted_millis(self) -> int:
        return ids.millis(self.id)

    def public(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "survey_id": self.survey_id,
            "device_id": self.device_id,
            "answers": [dict(answer) for answer in self.answers],
            "language": self.language,
            "external_id": self.external_id,
            "submitted_at": self.submitted_at,
            "created_at": self.created_at,
        }


@dataclass(frozen=True, slots=True)
class Sent:
    """A response as it was sent. `submitted_at` None: when it arrived."""

    device_id: str | None
    answers: tuple[dict[str, Any], ...]
    language: str | None
    external_id: str | None
    submitted_at: datetime | None

    @property
    def fingerprint(self) -> str:
        """Two with the same one say the same, in whatever order they answer and whatever offset they name."""
        submitted = None if self.submitted_at is None else times.to_text(self.submitted_at)
        answers = sorted(self.answers, key=lambda answer: str(answer["question_id"]))
        text = json.dumps([self.device_id, answers, self.language, submitted], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def arrived(self, *, survey_id: int, now: datetime) -> Response:
        submitted_at = now if self.submitted_at is None else self.submitted_at
        return Response(
            id=ids.new(ids.RESPONSE, millis=times.to_millis(submitted_at)),
            survey_id=survey_id,
            device_id=self.device_id,
            answers=self.answers,
            language=self.language,
            external_id=self.external_id,
            submitted_at=times.to_text(submitted_at),
            created_at=times.to_text(now),
        )


def month_of(millis: int) -> str:
    return f"{_instant(millis):%Y-%m}"


def day_of(millis: int) -> str:
    """In UTC."""
    return f"{_instant(millis):%Y-%m-%d}"


def _instant(millis: int) -> datetime:
    """An id that somebody made up may name any."""
    return EPOCH + timedelta(milliseconds=min(millis, LATEST))
