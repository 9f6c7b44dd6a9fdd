import json
import random
import statistics
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trimetric.metrics.cognitive import session_figures
from trimetric.metrics.cognitive_studies import MAX_SHOWN, Tree, contribution, plus, study_figures

TASKS = ("CPT", "2-back", "Digit Span", "TMT-A", "TMT-B", "Stroop", "Mood questionnaire")

trial_lists = st.lists(
    st.fixed_dictionaries(
        {
            "task": st.sampled_from(TASKS),
            "rt": st.none() | st.integers(0, 90_000) | st.floats(0, 5_000),
            "correct": st.none() | st.booleans(),
            "response": st.none() | st.sampled_from("fj"),
        },
        optional={
            "is_target": st.booleans(),
            "congruency": st.sampled_from(["congruent", "incongruent"]),
            "span": st.integers(0, 12),
            "level": st.integers(0, 4),
        },
    ),
    max_size=25,
)
added_by = trial_lists.map(lambda trials: contribution(session_figures(trials)))


def text_of(state: Tree) -> str:
    return json.dumps(state, sort_keys=True)


def study(*sessions: list[dict[str, Any]]) -> dict[str, Any]:
    state: Tree = {}
    for trials in sessions:
        plus(state, contribution(session_figures(trials)))
    return study_figures(state)


def run(task: str, times: Sequence[float], **members: Any) -> list[dict[str, Any]]:
    return [{"task": task, "rt": time, "response": "f", "correct": True, **members} for time in times]


@settings(max_examples=1000)
@given(st.lists(added_by, max_size=6), st.randoms(use_true_random=False))
def test_order_does_not_matter_and_what_left_leaves_no_trace(additions: list[Tree], chance: random.Random) -> None:
    gone = [addition for addition in additions if chance.random() < 0.5]
    stayed = [addition for addition in additions if not any(addition is other for other in gone)]
    steps = [(addition, 1) for addition in additions]
    chance.shuffle(steps)
    state: Tree = {}
    for addition, sign in [*steps, *[(addition, -1) for addition in gone]]:
        plus(state, json.loads(json.dumps(addition)), sign=sign)
    expected: Tree = {}
    for addition in stayed:
        plus(expected, addition)
    assert text_of(state) == text_of(expected)
    assert study_figures(state) == study_figures(expected)


@given(added_by)
def test_a_contribution_holds_whole_numbers_and_nothing_empty(addition: Tree) -> None:
    def check(tree: Tree) -> None:
        for value in tree.values():
            assert value
            if isinstance(value, dict):
                check(value)
            else:
                assert type(value) is int

    check(addition)


def test_trials_of_all_sessions_make_accuracy_and_reaction_times() -> None:
    first, second = [300, 310.5, 320, 1000], [400, 410]
    wrong = [{"task": "Stroop", "rt": 350, "response": "j", "correct": False}]
    figures = study(run("Stroop", first), [*run("Stroop", second), *wrong])
    shown = figures["tasks"]["Stroop"]
    assert (figures["sessions"], figures["trial_count"], shown["sessions"], shown["n"]) == (2, 7, 2, 7)
    assert shown["accuracy"] == pytest.approx(6 / 7)
    assert shown["mean_rt"] == pytest.approx(statistics.mean([*first, *second]))
    assert shown["median_rt"] == 360
    assert shown["commission_errors"] == 1


@given(st.lists(st.integers(200, 4095), min_size=1, max_size=80))
def test_the_median_of_usual_times_is_exact(times: list[int]) -> None:
    # Of one session each, so that no time is an outlier of others.
    figures = study(*[run("SRT", [time]) for time in times])
    assert figures["tasks"]["SRT"]["median_rt"] == statistics.median(times)


@given(st.lists(st.integers(4096, 86_400_000), min_size=1, max_size=40))
def test_the_median_of_long_times_is_near(times: list[int]) -> None:
    figures = study(*[run("SRT", [time]) for time in times])
    assert figures["tasks"]["SRT"]["median_rt"] == pytest.approx(statistics.median(times), rel=3e-4)


def test_other_figures_are_means_over_sessions_with_their_spread() -> None:
    spans = (5, 7, 9)
    figures = study(*[run("digit span", [900], span=span) for span in spans])["tasks"]["digit span"]
    assert figures["span"] == 7
    by_session = figures["by_session"]["span"]
    assert (by_session["n"], by_session["mean"], by_session["sd"]) == (3, 7, 2)
    assert by_session["ci95"] == pytest.approx([7 - 4.302653 * 2 / 3**0.5, 7 + 4.302653 * 2 / 3**0.5], abs=1e-5)


def test_trail_making_and_levels_are_averaged() -> None:
    def session(a: float, b: float) -> list[dict[str, Any]]:
        return [
            *run("TMT A", [a]),
            *run("TMT B", [b]),
            *run("2-back", [500], is_target=True),
            *run("2-back", [500], is_target=False),
        ]

    figures = study(session(20_000, 50_000), session(30_000, 80_000))
    assert figures["trail_making"]["b_minus_a"]["mean"] == 40_000
    assert figures["tasks"]["TMT B"]["b_minus_a"] == 40_000
    level = figures["tasks"]["2-back"]["levels"]["2"]
    assert (level["n"], level["accuracy"]["mean"], level["d_prime"]["n"]) == (4, 1, 2)


def test_flags_count_sessions() -> None:
    figures = study(run("SRT", [100, 300]), run("SRT", [300, 310]))["tasks"]["SRT"]
    assert figures["flags"] == {"fast_trials": 1, "missing_trials": 0}
    assert figures["rt_excluded"] == {"fast": 1, "outliers": 0}


def test_sessions_without_trials_count_as_sessions() -> None:
    assert study([], []) == {
        "sessions": 2,
        "trial_count": 0,
        "tasks": {},
        "tasks_not_shown": 0,
        "trail_making": {name: {"n": 0, "mean": None, "sd": None, "ci95": None} for name in ("a", "b", "b_minus_a")},
    }


def test_a_study_without_sessions_has_nothing() -> None:
    assert study()["sessions"] == 0


def test_nothing_scored_has_no_rates() -> None:
    figures = study([{"task": "Mood questionnaire", "response": "4", "rt": None}])["tasks"]["Mood questionnaire"]
    nulls = ("accuracy", "omission_errors", "commission_errors", "mean_rt", "median_rt", "d_prime")
    assert all(figures[name] is None for name in nulls)


def test_very_many_task_names_are_counted_and_the_usual_ones_shown() -> None:
    sessions = [run(f"task {number}", [300]) for number in range(MAX_SHOWN + 7)]
    figures = study(*sessions, run("task 506", [300]))
    assert len(figures["tasks"]) == MAX_SHOWN
    assert figures["tasks_not_shown"] == 7
    assert figures["trial_count"] == MAX_SHOWN + 8
    assert "task 506" in figures["tasks"]
