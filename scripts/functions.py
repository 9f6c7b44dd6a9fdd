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
    "devices",
    "surveys",
    "responses",
    "survey_metrics",
    "docs",
)
