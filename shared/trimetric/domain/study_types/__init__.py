"""The nine study types: one module each, all answering the same questions, imported only when a study needs it."""

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import Any, Final, Protocol, cast

from trimetric.domain.study_types.design import Design
from trimetric.errors import FieldError

Settings = dict[str, Any]
Payload = dict[str, Any]
Cell = str | int | float | None

STUDY_TYPES: Final[tuple[str, ...]] = (
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


class StudyType(Protocol):
    """What each type's module offers.

    A draft's settings may be incomplete but never malformed: members, wrong kinds of values, ranges and repeated ids
    are refused when they arrive. What one member says about another (a correct node that the tree lacks) is judged at
    publishing, because the two may arrive in separate requests.
    """

    def default_settings(self) -> Settings: ...

    def merge_settings(self, current: Settings, raw: object, *, field: str = "study.settings") -> Settings:
        """`current` with the members of `raw` in place of its own; ValidationFailed if they are malformed."""

    def editable_after_publish(self, current: Settings, raw: object) -> bool:
        """Whether a study that is no longer a draft may take `raw`, which `merge_settings` has accepted."""

    def missing_for_publish(self, design: Design) -> list[FieldError]:
        """What keeps the study from being published; empty if nothing does."""

    def parse_results(
        self,
        design: Design,
        raw_results: object,
        *,
        field: str = "results",
        existing: Sequence[Payload] = (),
        in_progress: bool = False,
    ) -> list[Payload]:
        """The payloads of one participant, complete and normalised; ValidationFailed names every misfit by its path.

        `existing` are payloads that the person has given before. `in_progress`: the person has not finished, so
        required questions may still be open.
        """

    def task_of(self, payload: Payload) -> str | None: ...

    def outcome(self, design: Design, payload: Payload) -> str | None:
        """The verdict on a task, worked out from the raw payload; None where the type has none."""

    def runner_view(self, design: Design) -> dict[str, Any]:
        """What a runner shows to a participant; never what would give the right answer away."""

    def csv_columns(self, design: Design) -> list[str]:
        """Names of the type's own columns, each once, in the order of `csv_row`."""

    def csv_row(self, design: Design, payload: Payload) -> list[Cell]: ...


@cache
def study_type(name: str) -> StudyType:
    """The module of type `name`; KeyError if there is no such type."""
    if name not in STUDY_TYPES:
        raise KeyError(name)
    return cast("StudyType", import_module(f"{__name__}.{name}"))
