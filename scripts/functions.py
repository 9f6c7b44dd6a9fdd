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
    "docs",
)

#: Those that work behind the table's stream.
WORKERS: Final = ("fold",)

ALL: Final = (*FUNCTIONS, *WORKERS)
