"""Figures of cognitive tasks, from the trials of one session.

A trial is an object as the client sent it. What counts of it:

| member | meaning |
|---|---|
| `task` | the name of its task; trials of one name belong together |
| `rt` | milliseconds from stimulus to response, null where nobody responded |
| `response` | what was answered; null, empty or (where `rt` is null too) missing: nothing |
| `correct` | true, false, or null where nothing is right or wrong, as in questionnaires |
| `is_target` (or `target`, `condition`, `trial_type`) | whether a response was called for: CPT, n-back, go/no-go |
| `congruency` (or `condition`, `trial_type`, `congruent`) | `congruent` or `incongruent`: flanker, Stroop |
| `span` (or `length`, `level`) | length of the sequence; else the digits of `stimulus` are counted: digit span |
| `level` (or `n_back`) | how far back: n-back; else the task's name says it |
| `part` | `A` or `B`: trail making, where one task holds both |

All other members are kept and not looked at, and so are these where they have another form.
"""

import math
import re
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

Trial = Mapping[str, Any]

#: Responses below this many milliseconds were under way before the stimulus could be seen.
FASTEST_MS: Final = 200
#: Correct responses further from the mean of logarithms than so many standard deviations are left out.
MOST_DEVIATIONS: Final = 3
#: A session is flagged where more than this share of its trials is too fast, or missing.
FLAGGED_SHARE: Final = 0.1
MAX_LEVEL: Final = 9
_MAX_SPAN: Final = 100


class TaskKind(StrEnum):
    SIMPLE_REACTION_TIME = "simple_reaction_time"
    CPT = "cpt"
    DIGIT_SPAN = "digit_span"
    N_BACK = "n_back"
    TRAIL_MAKING = "trail_making"
    TRAIL_MAKING_A = "trail_making_a"
    TRAIL_MAKING_B = "trail_making_b"
    FLANKER = "flanker"
    STROOP = "stroop"
    QUESTIONNAIRE = "questionnaire"
    OTHER = "other"


class Flag(StrEnum):
    FAST_TRIALS = "fast_trials"
    MISSING_TRIALS = "missing_trials"


#: Names of tasks in lower-case letters and digits only, the first that matches.
_KINDS: Final = tuple(
    (re.compile(pattern), kind)
    for pattern, kind in (
        (r"(trailmaking|trails?|tmt)(test|task)?(part)?a", TaskKind.TRAIL_MAKING_A),
        (r"(trailmaking|trails?|tmt)(test|task)?(part)?b", TaskKind.TRAIL_MAKING_B),
        (r"trailmaking\w*|trails|tmt(test|task)?", TaskKind.TRAIL_MAKING),
        (r"\w*continuousperformance\w*|(ax|conners?)?cpt(ax|ip|\d)?(test|task)?", TaskKind.CPT),
        (r"\w*digitspan\w*|dspan", TaskKind.DIGIT_SPAN),
        (
            r"(dual|single|visual|auditory|spatial|verbal|letter)?(n|\d|zero|one|two|three|four)back\w*",
            TaskKind.N_BACK,
        ),
        (r"\w*flanker\w*", TaskKind.FLANKER),
        (r"\w*stroop\w*", TaskKind.STROOP),
        (r"\w*simplereaction\w*|simplert|srtt?|reactiontime(test|task)?", TaskKind.SIMPLE_REACTION_TIME),
        (r"\w*questionnaire\w*|questions|\w*survey", TaskKind.QUESTIONNAIRE),
    )
)
_TRAIL_MAKING: Final = (TaskKind.TRAIL_MAKING, TaskKind.TRAIL_MAKING_A, TaskKind.TRAIL_MAKING_B)
_NOT_A_WORD: Final = re.compile(r"[^a-z0-9]")
_LEVEL_IN_NAME: Final = re.compile(r"(\d|zero|one|two|three|four)back")
_NUMBER_WORDS: Final = {"zero": 0, "one": 1, "two": 2, "three": 3, "four": 4}

_TARGETS: Final = frozenset({"target", "go", "match"})
_NOT_TARGETS: Final = frozenset({"nontarget", "nogo", "nonmatch", "distractor", "lure", "foil"})
_CONGRUENT: Final = frozenset({"congruent", "con", "compatible"})
_INCONGRUENT: Final = frozenset({"incongruent", "incon", "incompatible"})


def squashed(text: str) -> str:
    """Lower-case letters and digits: `Trail Making (A)` → `trailmakinga`."""
    return _NOT_A_WORD.sub("", text.lower())


def kind_of(task: str) -> TaskKind:
    word = squashed(task)
    return next((kind for pattern, kind in _KINDS if pattern.fullmatch(word)), TaskKind.OTHER)


def d_prime(*, hits: int, targets: int, false_alarms: int, others: int) -> float | None:
    """Sensitivity with the log-linear correction, so that perfect sessions stay finite; None without both kinds."""
    if not targets or not others:
        return None
    quantile = statistics.NormalDist().inv_cdf
    return quantile((hits + 0.5) / (targets + 1)) - quantile((false_alarms + 0.5) / (others + 1))


@dataclass(frozen=True, slots=True)
class Times:
    """Reaction times in milliseconds, and how many were left out."""

    kept: Sequence[float] = ()
    fast: int = 0
    outliers: int = 0

    @property
    def mean(self) -> float | None:
        return math.fsum(self.kept) / len(self.kept) if self.kept else None

    @property
    def median(self) -> float | None:
        return statistics.median(self.kept) if self.kept else None


def cleaned(times: Iterable[float]) -> Times:
    """Without those below `FASTEST_MS`, and of the rest without those beyond 3 standard deviations of their logarithms
    (n - 1, both sides, once)."""
    every = list(times)
    slow_enough = [time for time in every if time >= FASTEST_MS]
    kept = slow_enough
    if len(slow_enough) > 1:
        logarithms = [math.log(time) for time in slow_enough]
        mean = math.fsum(logarithms) / len(logarithms)
        spread = math.sqrt(math.fsum((each - mean) ** 2 for each in logarithms) / (len(logarithms) - 1))
        pairs = zip(slow_enough, logarithms, strict=True)
        kept = [time for time, each in pairs if abs(each - mean) <= MOST_DEVIATIONS * spread or not spread]
    return Times(kept, fast=len(every) - len(slow_enough), outliers=len(slow_enough) - len(kept))


@dataclass(frozen=True, slots=True)
class TaskFigures:
    """One task of one session. None: nothing that it could be computed from."""

    kind: TaskKind
    #: Trials; those that are right or wrong; those that are right.
    n: int
    scored: int
    correct: int
    #: Trials that called for a response and got none; responses below `FASTEST_MS`.
    missing: int
    fast: int
    #: Of correct trials.
    times: Times
    omission_errors: int | None
    commission_errors: int | None
    d_prime: float | None = None
    #: The longest sequence that was answered rightly.
    span: int | None = None
    #: The sum of all reaction times of trail making, by part.
    parts: Mapping[str, float] = field(default_factory=dict)
    #: Mean reaction time of incongruent trials minus that of congruent ones.
    interference: float | None = None
    #: n-back by how far back: n, accuracy, sensitivity.
    levels: Mapping[int, "LevelFigures"] = field(default_factory=dict)
    flags: Sequence[Flag] = ()

    @property
    def accuracy(self) -> float | None:
        return self.correct / self.scored if self.scored else None

    @property
    def inverse_efficiency(self) -> float | None:
        """Mean reaction time by accuracy."""
        mean = self.times.mean
        return mean / self.accuracy if mean is not None and self.accuracy else None


@dataclass(frozen=True, slots=True)
class LevelFigures:
    n: int
    accuracy: float
    d_prime: float | None

    def public(self) -> dict[str, Any]:
        return {"n": self.n, "accuracy": self.accuracy, "d_prime": self.d_prime}


@dataclass(frozen=True, slots=True)
class SessionFigures:
    tasks: Mapping[str, TaskFigures]

    @property
    def parts(self) -> dict[str, float]:
        """Part of trail making → milliseconds, whichever tasks they are in."""
        found: dict[str, float] = {}
        for figures in self.tasks.values():
            for part, time in figures.parts.items():
                found[part] = found.get(part, 0) + time
        return found

    @property
    def b_minus_a(self) -> float | None:
        parts = self.parts
        return parts["b"] - parts["a"] if len(parts) == 2 else None

    def public(self) -> dict[str, Any]:
        trails = {part: self.parts.get(part) for part in ("a", "b")}
        return {
            "tasks": {name: self._task(figures) for name, figures in self.tasks.items()},
            "trail_making": {**trails, "b_minus_a": self.b_minus_a},
        }

    def _task(self, figures: TaskFigures) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "kind": figures.kind.value,
            "n": figures.n,
            "scored": figures.scored,
            "correct": figures.correct,
            "accuracy": figures.accuracy,
            "missing": figures.missing,
            "fast": figures.fast,
            "rt_n": len(figures.times.kept),
            "rt_excluded": {"fast": figures.times.fast, "outliers": figures.times.outliers},
            "mean_rt": figures.times.mean,
            "median_rt": figures.times.median,
            "omission_errors": figures.omission_errors,
            "commission_errors": figures.commission_errors,
            "d_prime": figures.d_prime,
            "span": figures.span,
            "completion_time": sum(figures.parts.values()) if figures.parts else None,
            "b_minus_a": self.b_minus_a if figures.kind in _TRAIL_MAKING else None,
            "interference": figures.interference,
            "inverse_efficiency": figures.inverse_efficiency,
            "flags": [flag.value for flag in figures.flags],
        }
        if figures.kind is TaskKind.N_BACK:
            shown["levels"] = {str(level): found.public() for level, found in sorted(figures.levels.items())}
        return shown


def session_figures(trials: Iterable[Trial]) -> SessionFigures:
    """Tasks in the order in which they came."""
    by_task: dict[str, list[Trial]] = {}
    for trial in trials:
        by_task.setdefault(trial["task"], []).append(trial)
    return SessionFigures({name: task_figures(name, group) for name, group in by_task.items()})


def task_figures(name: str, trials: Sequence[Trial]) -> TaskFigures:
    """`trials` are those of one task, at least one."""
    kind = kind_of(name)
    views = [_View.of(trial) for trial in trials]
    scored = [view for view in views if view.correct is not None]
    missing = sum(not view.responded and view.correct is not True for view in views)
    fast = sum(view.time is not None and view.time < FASTEST_MS for view in views)
    timed = sum(view.time is not None for view in views)
    target_of = _targets(kind, views)
    times = cleaned(view.time for view in scored if view.correct and view.time is not None)
    return TaskFigures(
        kind=kind,
        n=len(views),
        scored=len(scored),
        correct=sum(view.correct is True for view in scored),
        missing=missing,
        fast=fast,
        times=times,
        omission_errors=sum(_omitted(view) for view in scored) if scored else None,
        commission_errors=sum(not view.correct and not _omitted(view) for view in scored) if scored else None,
        d_prime=_sensitivity(scored, target_of),
        span=_span(scored) if kind is TaskKind.DIGIT_SPAN else None,
        parts=_parts(kind, views) if kind in _TRAIL_MAKING else {},
        interference=_interference(scored, times),
        levels=_levels(name, scored, target_of) if kind is TaskKind.N_BACK else {},
        flags=_flags(fast=fast, timed=timed, missing=missing, n=len(views)),
    )


@dataclass(frozen=True, slots=True)
class _View:
    """What counts of a trial."""

    trial: Trial
    time: float | None
    correct: bool | None
    responded: bool

    @classmethod
    def of(cls, trial: Trial) -> "_View":
        time, correct, response = trial.get("rt"), trial.get("correct"), trial.get("response")
        # Clients that send no `response` at all say by `rt` whether there was one.
        responded = time is not None if "response" not in trial else response is not None and response != ""
        return cls(trial, time, correct, responded)

    @property
    def target(self) -> bool | None:
        for member in ("is_target", "target"):
            if isinstance(said := self.trial.get(member), bool):
                return said
        return self._word(("condition", "trial_type"), yes=_TARGETS, no=_NOT_TARGETS)

    @property
    def congruent(self) -> bool | None:
        if isinstance(said := self.trial.get("congruent"), bool):
            return said
        return self._word(("congruency", "condition", "trial_type"), yes=_CONGRUENT, no=_INCONGRUENT)

    def _word(self, members: Iterable[str], *, yes: frozenset[str], no: frozenset[str]) -> bool | None:
        for member in members:
            said = self.trial.get(member)
            if isinstance(said, str) and (word := squashed(said)) in yes | no:
                return word in yes
        return None

    def number(self, *members: str, most: int) -> int | None:
        for member in members:
            said = self.trial.get(member)
            if isinstance(said, int) and not isinstance(said, bool) and 0 <= said <= most:
                return said
        return None


def _omitted(view: _View) -> bool:
    """A wrong trial whose fault is a response that did not come; where targets are known, one to a target."""
    return not view.correct and (not view.responded if view.target is None else view.target)


def _targets(kind: TaskKind, views: Sequence[_View]) -> Callable[[_View], bool | None]:
    """Says which trials called for a response.

    Where they do not say so themselves, it follows from what was done and whether that was right, provided that the
    right answer to others was to do nothing. A CPT is such a task; an n-back is, if nothing was ever right in it.
    """
    silent = any(view.correct and not view.responded for view in views)
    derivable = kind is TaskKind.CPT or (kind is TaskKind.N_BACK and silent)

    def target_of(view: _View) -> bool | None:
        return (view.responded is view.correct) if view.target is None and derivable else view.target

    return target_of


def _sensitivity(scored: Sequence[_View], target_of: Callable[[_View], bool | None]) -> float | None:
    known = [(target, view.correct is True) for view in scored if (target := target_of(view)) is not None]
    targets = [right for target, right in known if target]
    others = [right for target, right in known if not target]
    return d_prime(hits=sum(targets), targets=len(targets), false_alarms=len(others) - sum(others), others=len(others))


def _span(scored: Sequence[_View]) -> int | None:
    lengths = [(length, view.correct) for view in scored if (length := _length(view)) is not None]
    return max((length for length, right in lengths if right), default=0) if lengths else None


def _length(view: _View) -> int | None:
    said = view.number("span", "length", "level", most=_MAX_SPAN)
    stimulus = view.trial.get("stimulus")
    if said is None and isinstance(stimulus, list):
        said = len(stimulus)
    if said is None and isinstance(stimulus, str):
        said = sum(letter.isdigit() for letter in stimulus) or None
    return said


def _parts(kind: TaskKind, views: Sequence[_View]) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    for view in views:
        part = _part(kind, view)
        if part is not None and view.time is not None:
            found.setdefault(part, []).append(view.time)
    return {part: math.fsum(times) for part, times in sorted(found.items())}


def _part(kind: TaskKind, view: _View) -> str | None:
    if kind is not TaskKind.TRAIL_MAKING:
        return kind.value[-1]
    said = view.trial.get("part")
    word = squashed(said).removeprefix("part") if isinstance(said, str) else ""
    return word if word in ("a", "b") else None


def _interference(scored: Sequence[_View], times: Times) -> float | None:
    """From the same reaction times as the task's mean: what was left out lies below or above all of them."""
    if not times.kept:
        return None
    fastest, slowest = min(times.kept), max(times.kept)
    kept = [view for view in scored if view.correct and view.time is not None and fastest <= view.time <= slowest]
    congruent = Times([view.time for view in kept if view.time is not None and view.congruent is True]).mean
    incongruent = Times([view.time for view in kept if view.time is not None and view.congruent is False]).mean
    return None if congruent is None or incongruent is None else incongruent - congruent


def _levels(name: str, scored: Sequence[_View], target_of: Callable[[_View], bool | None]) -> dict[int, LevelFigures]:
    in_name = _LEVEL_IN_NAME.search(squashed(name))
    default = int(_NUMBER_WORDS.get(in_name[1], in_name[1])) if in_name else None
    groups: dict[int, list[_View]] = {}
    for view in scored:
        level = view.number("level", "n_back", most=MAX_LEVEL)
        if (found := default if level is None else level) is not None:
            groups.setdefault(found, []).append(view)
    return {
        level: LevelFigures(
            n=len(group),
            accuracy=sum(view.correct is True for view in group) / len(group),
            d_prime=_sensitivity(group, target_of),
        )
        for level, group in groups.items()
    }


def _flags(*, fast: int, timed: int, missing: int, n: int) -> list[Flag]:
    shares = {Flag.FAST_TRIALS: (fast, timed), Flag.MISSING_TRIALS: (missing, n)}
    return [flag for flag, (some, every) in shares.items() if some > FLAGGED_SHARE * every]
