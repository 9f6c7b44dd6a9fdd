"""Figures of the cognitive tasks of a study, from what each completed session adds.

What a session adds is a tree of whole numbers. Adding it and taking it away again leaves the same tree, whatever was
added in between and in whatever order; floats are kept as whole numbers in units of 1e-12, reaction times in
microseconds. Reaction times also stand in a histogram of whole milliseconds: exact below 4,096 ms, above that within
0.03 %, so a median over millions of trials needs a few thousand numbers.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from trimetric.metrics.cognitive import Flag, SessionFigures, TaskFigures, TaskKind, kind_of
from trimetric.metrics.state import SCALE, scaled
from trimetric.metrics.statistics import mean_block, median, rate

#: Names to whole numbers or trees; nothing in it is 0 or empty.
Tree = dict[str, Any]

#: Of the way this release counts sessions.
VERSION: Final = 1
#: Bits of a reaction time in milliseconds that the histogram keeps.
_BITS: Final = 12
_MICROSECONDS: Final = 1000

#: More tasks than this are counted, and not shown.
MAX_SHOWN: Final = 500

#: Figures that a session has one of, and where they end.
_BY_SESSION: Final[Mapping[str, tuple[float | None, float | None]]] = {
    "accuracy": (0, 1),
    "mean_rt": (0, None),
    "median_rt": (0, None),
    "d_prime": (None, None),
    "span": (0, None),
    "completion_time": (0, None),
    "b_minus_a": (None, None),
    "interference": (None, None),
    "inverse_efficiency": (0, None),
}
_BY_LEVEL: Final = ("accuracy", "d_prime")
#: Those of them that do not come from all trials together.
_MEANS_ONLY: Final = ("d_prime", "span", "completion_time", "b_minus_a", "interference", "inverse_efficiency")
_SUMS: Final = ("n", "scored", "correct", "missing", "fast", "omission_errors", "commission_errors")


def contribution(figures: SessionFigures) -> Tree:
    """What a completed session adds to its study."""
    shown = figures.public()
    tree: Tree = {
        "sessions": 1,
        "tasks": {name: _task(task, shown["tasks"][name]) for name, task in figures.tasks.items()},
        "trail_making": _measured(shown["trail_making"]),
    }
    return plus({}, tree)


def _task(figures: TaskFigures, shown: Mapping[str, Any]) -> Tree:
    return {
        "sessions": 1,
        **{name: shown[name] or 0 for name in _SUMS},
        "rt_fast": figures.times.fast,
        "rt_outliers": figures.times.outliers,
        "flags": {flag.value: 1 for flag in figures.flags},
        "rt": _reaction_times(figures.times.kept),
        "means": _measured({name: shown[name] for name in _BY_SESSION}),
        "levels": {str(level): _level(found.public()) for level, found in figures.levels.items()},
    }


def _level(shown: Mapping[str, Any]) -> Tree:
    return {"n": shown["n"], "means": _measured({name: shown[name] for name in _BY_LEVEL})}


def _measured(values: Mapping[str, float | None]) -> Tree:
    units = {name: scaled(value) for name, value in values.items() if value is not None}
    return {name: {"n": 1, "sum": value, "squares": value * value} for name, value in units.items()}


def _reaction_times(times: Iterable[float]) -> Tree:
    counts: dict[str, int] = {}
    n = total = 0
    for time in times:
        n += 1
        total += round(time * _MICROSECONDS)
        bucket = str(_bucket(round(time)))
        counts[bucket] = counts.get(bucket, 0) + 1
    return {"n": n, "us": total, "ms": counts}


def _bucket(milliseconds: int) -> int:
    """The smallest time that is counted with this one."""
    shift = _shift(milliseconds)
    return milliseconds >> shift << shift


def _shift(milliseconds: int) -> int:
    return max(0, milliseconds.bit_length() - _BITS)


def plus(state: Tree, added: Mapping[str, Any], *, sign: int = 1) -> Tree:
    """`state` with `added` (with sign -1: without it), changed in place."""
    for name, value in added.items():
        grown = plus(state.get(name, {}), value, sign=sign) if isinstance(value, Mapping) else sign * value
        total = grown if isinstance(grown, dict) else state.get(name, 0) + grown
        if total:
            state[name] = total
        else:
            state.pop(name, None)
    return state


def study_figures(state: Tree) -> dict[str, Any]:
    """The answer's figures. Counts, accuracy and reaction times are those of all trials together; all other figures
    are means over sessions, which `by_session` gives with their spread."""
    tasks = state.get("tasks", {})
    shown = sorted(tasks, key=lambda name: (-tasks[name]["sessions"], name))[:MAX_SHOWN]
    return {
        "sessions": state.get("sessions", 0),
        "trial_count": sum(task["n"] for task in tasks.values()),
        "tasks": {name: _task_figures(name, tasks[name]) for name in sorted(shown)},
        "tasks_not_shown": len(tasks) - len(shown),
        "trail_making": {name: _block(state.get("trail_making", {}), name) for name in ("a", "b", "b_minus_a")},
    }


def _task_figures(name: str, task: Tree) -> dict[str, Any]:
    kind, times = kind_of(name), task.get("rt", {})
    by_session = {each: _block(task.get("means", {}), each) for each in _BY_SESSION}
    sums = {each: task.get(each, 0) for each in _SUMS}
    scored = sums["scored"]
    figures: dict[str, Any] = {
        "kind": kind.value,
        "sessions": task["sessions"],
        **sums,
        "accuracy": rate(sums["correct"], scored),
        "omission_errors": sums["omission_errors"] if scored else None,
        "commission_errors": sums["commission_errors"] if scored else None,
        "rt_n": times.get("n", 0),
        "rt_excluded": {"fast": task.get("rt_fast", 0), "outliers": task.get("rt_outliers", 0)},
        "mean_rt": times["us"] / times["n"] / _MICROSECONDS if times else None,
        "median_rt": _median(times.get("ms", {})),
        **{each: by_session[each]["mean"] for each in _MEANS_ONLY},
        "by_session": by_session,
        "flags": {flag.value: task.get("flags", {}).get(flag.value, 0) for flag in Flag},
    }
    if kind is TaskKind.N_BACK:
        levels = task.get("levels", {})
        figures["levels"] = {level: _level_figures(levels[level]) for level in sorted(levels)}
    return figures


def _level_figures(level: Tree) -> dict[str, Any]:
    return {"n": level["n"], **{name: _block(level.get("means", {}), name) for name in _BY_LEVEL}}


def _block(means: Tree, name: str) -> dict[str, Any]:
    each = means.get(name, {})
    low, high = _BY_SESSION.get(name, (0, None))
    return mean_block(each.get("n", 0), each.get("sum", 0), each.get("squares", 0), scale=SCALE, low=low, high=high)


def _median(counts: Mapping[str, int]) -> float | None:
    """A bucket's times are taken to be its middle, which is the time itself where it holds one millisecond."""
    middles = {2 * int(start) + (1 << _shift(int(start))) - 1: count for start, count in counts.items()}
    return median(middles, scale=2)
