"""The metrics of each study type, loaded when they are asked for."""

from functools import cache
from importlib import import_module
from typing import Any, Protocol, cast

from trimetric.domain.study_types import STUDY_TYPES
from trimetric.domain.study_types.design import Design
from trimetric.metrics.state import Contribution, Person, State


class StudyMetrics(Protocol):
    """What a study type's module here offers; both functions are pure."""

    def contribution(self, design: Design, person: Person) -> Contribution:
        """What that person adds; nothing for people who do not count."""

    def summarise(self, design: Design, state: State) -> dict[str, Any]:
        """The block of the API that is named like the study type."""


@cache
def metrics_of(type_name: str) -> StudyMetrics:
    """The module of type `type_name`; KeyError if there is no such type."""
    if type_name not in STUDY_TYPES:
        raise KeyError(type_name)
    return cast("StudyMetrics", import_module(f"trimetric.metrics.{type_name}"))
