"""The metrics of each study type, loaded when they are asked for."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final, Protocol, cast

from trimetric.domain.study_types.design import Design
from trimetric.metrics.state import Contribution, Person, State


class StudyMetrics(Protocol):
    """What a study type's module here defines. Both functions are pure."""

    def contribution(self, design: Design, person: Person) -> Contribution:
        """What that person adds; nothing for people who do not count."""
        ...

    def summarise(self, design: Design, state: State) -> dict[str, Any]:
        """The block of the API named like the study type."""
        ...


_MODULES: Final[Mapping[str, str]] = {
    study_type: f"trimetric.metrics.{study_type}"
    for study_type in (
        "card_sort",
        "tree_test",
        "survey",
        "first_click_test",
        "five_second_test",
        "preference_test",
        "prototype_test",
        "live_website_test",
        "interview",
    )
}


def metrics_of(type_name: str) -> StudyMetrics:
    """KeyError for no study type."""
    return cast(StudyMetrics, import_module(_MODULES[type_name]))
