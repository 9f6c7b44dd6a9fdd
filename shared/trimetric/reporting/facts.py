"""What a report is made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trimetric.domain.study_types.design import Design


@dataclass(frozen=True, slots=True)
class Facts:
    """The figures of `GET /metrics` with the design they are about.

    `metrics` is the member named after the study's type, None where that is not known; `histogram` has classes of
    durations (from, to, people) in milliseconds.
    """

    study_type: str
    design: Design
    participants: Mapping[str, Any]
    duration_ms: Mapping[str, Any]
    metrics: Mapping[str, Any] | None
    histogram: Sequence[tuple[float, float, int]] = ()
