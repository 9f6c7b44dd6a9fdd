"""The functions, in the order in which documents list them; `functions/<name>` and the template have one each."""

from typing import Final

FUNCTIONS: Final = (
    "workspace",
    "folders",
    "studies",
    "content",
    "participants",
    "results",
    "reports",
    "collect",
    "accounts",
    "keys",
    "health",
    "metricis_studies",
    "metricis_participants",
    "batteries",
    "sessions",
    "submit",
    "docs",
)


def logical_name(group: str) -> str:
    """How the group's resources begin in the template: `metricis_studies` → `MetricisStudies`."""
    return "".join(word.capitalize() for word in group.split("_"))
