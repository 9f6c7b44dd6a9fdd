"""Members that several types' settings and results share, and their limits."""

from collections.abc import Iterable
from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field, StringConstraints, with_config
from typing_extensions import TypedDict

from trimetric.domain.study_types.design import Design
from trimetric.domain.validation import HTTP_URL_PATTERN, ID_PATTERN, TEXT_PATTERN, Name, Problems

STRICT: Final = ConfigDict(strict=True, extra="forbid", defer_build=True)
DEFERRED: Final = ConfigDict(defer_build=True)

MAX_TASKS: Final = 100
MAX_OPTIONS: Final = 100
MAX_PROMPT: Final = 2_000
MAX_ANSWER: Final = 5_000
#: Steps of one task: nodes, screens or pages.
MAX_STEPS: Final = 1_000
#: Of one task: how many ways to its goal are expected, and how long each may be.
MAX_EXPECTED_PATHS: Final = 50
MAX_EXPECTED_STEPS: Final = 200
#: About three years; more is a broken clock.
MAX_DURATION_MS: Final = 100_000_000_000

Id = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
Label = Name
#: May be blank while the study is a draft.
Prompt = Annotated[str, StringConstraints(max_length=MAX_PROMPT, pattern=TEXT_PATTERN)]
Answer = Annotated[str, StringConstraints(max_length=MAX_ANSWER, pattern=TEXT_PATTERN)]
HttpUrl = Annotated[str, StringConstraints(max_length=2_048, pattern=HTTP_URL_PATTERN)]
Milliseconds = Annotated[int, Field(ge=0, le=MAX_DURATION_MS)]
Clicks = Annotated[int, Field(ge=0, le=1_000_000)]
Coordinate = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
#: Single ease question, confidence.
SevenPoints = Annotated[int, Field(ge=1, le=7)]


@with_config(STRICT)
class Image(TypedDict):
    """`width` and `height` in pixels."""

    url: HttpUrl
    width: Annotated[int, Field(ge=1, le=100_000)]
    height: Annotated[int, Field(ge=1, le=100_000)]


@with_config(STRICT)
class LabelledOption(TypedDict):
    id: Id
    label: Label


def refuse_repeated_ids(ids: Iterable[tuple[str, str]]) -> None:
    """ValidationFailed for ids that stand twice in a study's settings, even for things of two kinds.

    `ids` are pairs of path and id.
    """
    problems = Problems()
    add_repeated(problems, ids, message="is used twice in this study")
    problems.refuse()


def add_repeated(problems: Problems, values: Iterable[tuple[str, str]], *, message: str = "is given twice") -> None:
    seen: set[str] = set()
    for path, value in values:
        if value in seen:
            problems.add(path, message)
        seen.add(value)


def add_unknown(problems: Problems, values: Iterable[tuple[str, str]], known: Iterable[str], *, what: str) -> None:
    names = known if isinstance(known, set | frozenset | dict) else set(known)
    for path, value in values:
        if value not in names:
            problems.add(path, f"is not {what} of this study")


def placed(field: str, values: Iterable[str]) -> list[tuple[str, str]]:
    """Each value with its path."""
    return [(f"{field}[{place}]", value) for place, value in enumerate(values)]


def ids_of(field: str, items: Iterable[dict[str, Any]]) -> list[tuple[str, str]]:
    """Each item's id with the path of that id."""
    return [(f"{field}[{place}].id", item["id"]) for place, item in enumerate(items)]


def tasks_of(design: Design) -> dict[str, dict[str, Any]]:
    """Tasks by id, in the order of the settings."""
    return design.derived("tasks", lambda: {task["id"]: task for task in design.settings["tasks"]})


def is_blank(text: str | None) -> bool:
    return text is None or not text.strip()
