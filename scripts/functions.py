"""The functions, in the order in which documents list them; `functions/<name>` and the template have one each."""

from typing import Final

#: Those that answer requests.
FUNCTIONS: Final = (
    "workspace",
    "folders",
    "studies",
    "content",
    "participants",
    "results",
    "reports",
    "collect",
    "devices",
    "surveys",
    "responses",
    "survey_metrics",
    "accounts",
    "keys",
    "health",
    "metricis_studies",
    "metricis_participants",
    "batteries",
    "sessions",
    "submit",
    "openapi",
    "docs",
)

#: Those that work behind the table's stream.
WORKERS: Final = ("fold",)

ALL: Final = (*FUNCTIONS, *WORKERS)


def logical_name(group: str) -> str:
    """How the group's resources begin in the template: `metricis_studies` → `MetricisStudies`."""
    return "".join(word.capitalize() for word in group.split("_"))
