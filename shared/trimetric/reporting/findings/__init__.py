"""What a study found, one module a type, imported only when a study needs it."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any, Final

from trimetric.domain.study_types.design import Design
from trimetric.reporting.layout import Section

Sections = Sequence[Section]
Metrics = Mapping[str, Any]

#: Two types whose metrics have the same members share a module.
_MODULES: Final[Mapping[str, str]] = {"prototype_test": "navigation", "live_website_test": "navigation"}


@cache
def findings_of(study_type: str) -> Callable[[Design, Metrics], Sections]:
    """`sections(design, metrics)` of the type; `metrics` is the member of that name in `GET /metrics`.

    Which charts the sections have follows from the design alone, so their addresses stay.
    """
    module = import_module(f"{__name__}.{_MODULES.get(study_type, study_type)}")
    sections: Callable[[Design, Metrics], Sections] = module.sections
    return sections
