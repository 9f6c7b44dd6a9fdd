"""Trials as clients submit them: which members have a form, and what names a submission."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from trimetric.domain.validation import MAX_DETAILS, Problems

MAX_TRIALS: Final = 20_000
MAX_TASK_NAMES: Final = 100
MAX_TASK_NAME: Final = 100
#: A reaction time longer than a day is none.
MAX_RT_MS: Final = 86_400_000
#: As JSON.
MAX_TRIAL_CHARACTERS: Final = 400_000
MAX_SUMMARIES_CHARACTERS: Final = 100_000

Trial = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Submission:
    task_summaries: Mapping[str, Any]
    trials: Sequence[Trial]
    #: Each trial as JSON, its members in the order in which they were sent.
    lines: Sequence[str]
    #: The same for the same content, however its JSON was written.
    fingerprint: str


def parse_submission(document: Mapping[str, Any]) -> Submission:
    """The members `task_summaries` (may be missing) and `trials`; ValidationFailed names what is wrong."""
    problems = Problems()
    summaries, trials = document.get("task_summaries", {}), document.get("trials")
    _check_summaries(summaries, problems)
    if "trials" not in document:
        problems.add("trials", "is required")
    elif not isinstance(trials, list):
        problems.add("trials", "must be a list")
    elif len(trials) > MAX_TRIALS:
        problems.add("trials", f"must have at most {MAX_TRIALS} members")
    else:
        _check_trials(trials, problems)
    problems.refuse()
    lines = [_json(trial) for trial in trials or []]
    for place, line in enumerate(lines):
        if len(line) > MAX_TRIAL_CHARACTERS:
            problems.add(f"trials[{place}]", f"must not be larger than {MAX_TRIAL_CHARACTERS} characters of JSON")
    problems.refuse()
    return Submission(summaries, trials or [], lines, _fingerprint([summaries, trials]))


def checked_summaries(summaries: dict[str, Any]) -> dict[str, Any]:
    """`summaries` as they are; ValueError if they are too large to be kept."""
    if len(_json(summaries)) > MAX_SUMMARIES_CHARACTERS:
        raise ValueError(f"must not be larger than {MAX_SUMMARIES_CHARACTERS} characters of JSON")
    return summaries


def _check_summaries(summaries: Any, problems: Problems) -> None:
    if not isinstance(summaries, dict):
        problems.add("task_summaries", "must be an object")
        return
    try:
        checked_summaries(summaries)
    except ValueError as error:
        problems.add("task_summaries", str(error))


def _check_trials(trials: Sequence[Any], problems: Problems) -> None:
    names: set[str] = set()
    for place, trial in enumerate(trials):
        if not isinstance(trial, dict):
            problems.add(f"trials[{place}]", "must be an object")
        else:
            _check_trial(f"trials[{place}]", trial, names, problems)
        if len(problems.found) >= MAX_DETAILS:
            return
    if len(names) > MAX_TASK_NAMES:
        problems.add("trials", f"must be of at most {MAX_TASK_NAMES} different tasks")


def _check_trial(path: str, trial: Trial, names: set[str], problems: Problems) -> None:
    task, time, correct = trial.get("task"), trial.get("rt"), trial.get("correct")
    if not isinstance(task, str):
        problems.add(f"{path}.task", "must be a string" if "task" in trial else "is required")
    elif not task.strip() or len(task) > MAX_TASK_NAME:
        problems.add(f"{path}.task", f"must be 1 to {MAX_TASK_NAME} characters, not only spaces")
    else:
        names.add(task)
    if time is not None and (isinstance(time, bool) or not isinstance(time, int | float)):
        problems.add(f"{path}.rt", "must be a number of milliseconds or null")
    elif time is not None and not 0 <= time <= MAX_RT_MS:
        problems.add(f"{path}.rt", f"must be between 0 and {MAX_RT_MS} milliseconds")
    if correct is not None and not isinstance(correct, bool):
        problems.add(f"{path}.correct", "must be true, false or null")


def _json(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _fingerprint(document: Any) -> str:
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
