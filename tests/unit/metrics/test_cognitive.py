import math
import statistics
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from trimetric.metrics.cognitive import TaskKind, cleaned, d_prime, kind_of, session_figures

Trial = dict[str, Any]


def task(trials: list[Trial], name: str = "task") -> dict[str, Any]:
    """The figures of one task."""
    figures: dict[str, Any] = session_figures([{"task": name, **trial} for trial in trials]).public()["tasks"][name]
    return figures


def answered(rt: float | None = 400, *, correct: bool | None = True, **members: Any) -> Trial:
    return {"rt": rt, "response": "f", "correct": correct, **members}


def silent(*, correct: bool | None = False, **members: Any) -> Trial:
    return {"rt": None, "response": None, "correct": correct, **members}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Simple Reaction Time", TaskKind.SIMPLE_REACTION_TIME),
        ("simple_reaction_time", TaskKind.SIMPLE_REACTION_TIME),
        ("simpleReactionTime", TaskKind.SIMPLE_REACTION_TIME),
        ("SRT", TaskKind.SIMPLE_REACTION_TIME),
        ("CPT", TaskKind.CPT),
        ("AX-CPT", TaskKind.CPT),
        ("cpt_test", TaskKind.CPT),
        ("Continuous Performance Task", TaskKind.CPT),
        ("digit span", TaskKind.DIGIT_SPAN),
        ("Digit-Span (backward)", TaskKind.DIGIT_SPAN),
        ("n-back", TaskKind.N_BACK),
        ("2-back", TaskKind.N_BACK),
        ("nback_task", TaskKind.N_BACK),
        ("Two Back", TaskKind.N_BACK),
        ("Trail Making Test Part A", TaskKind.TRAIL_MAKING_A),
        ("TMT-A", TaskKind.TRAIL_MAKING_A),
        ("trail_making_b", TaskKind.TRAIL_MAKING_B),
        ("Trails B", TaskKind.TRAIL_MAKING_B),
        ("Trail Making", TaskKind.TRAIL_MAKING),
        ("TMT", TaskKind.TRAIL_MAKING),
        ("trail making A/B", TaskKind.TRAIL_MAKING),
        ("Eriksen flanker", TaskKind.FLANKER),
        ("Color-Word Stroop", TaskKind.STROOP),
        ("Sleep questionnaire", TaskKind.QUESTIONNAIRE),
        ("Questionnaires", TaskKind.QUESTIONNAIRE),
        ("feedback", TaskKind.OTHER),
        ("background", TaskKind.OTHER),
        ("Korsi-Blöcke 記憶", TaskKind.OTHER),
        ("", TaskKind.OTHER),
    ],
)
def test_tasks_are_recognised_however_they_are_spelled(name: str, kind: TaskKind) -> None:
    assert kind_of(name) is kind


@pytest.mark.parametrize(
    ("hits", "misses", "false_alarms", "rejections", "published"),
    [(20, 5, 10, 15, 1.0445), (25, 0, 0, 25, 4.1398)],
)
def test_d_prime_gives_published_values(
    hits: int, misses: int, false_alarms: int, rejections: int, published: float
) -> None:
    found = d_prime(hits=hits, targets=hits + misses, false_alarms=false_alarms, others=false_alarms + rejections)
    assert found == pytest.approx(published, abs=5e-5)


@given(hits=st.integers(0, 50), misses=st.integers(0, 50), alarms=st.integers(0, 50), rejections=st.integers(0, 50))
def test_d_prime_is_that_of_scipy(hits: int, misses: int, alarms: int, rejections: int) -> None:
    found = d_prime(hits=hits, targets=hits + misses, false_alarms=alarms, others=alarms + rejections)
    if hits + misses and alarms + rejections:
        hit_rate = (hits + 0.5) / (hits + misses + 1)
        alarm_rate = (alarms + 0.5) / (alarms + rejections + 1)
        assert found == pytest.approx(stats.norm.ppf(hit_rate) - stats.norm.ppf(alarm_rate), abs=1e-9)
    else:
        assert found is None


@given(st.lists(st.floats(0, 20_000, allow_nan=False), max_size=60))
def test_reaction_times_are_cleaned_as_numpy_would(times: list[float]) -> None:
    found = cleaned(times)
    enough = np.array([time for time in times if time >= 200])
    kept = enough
    if len(enough) > 1 and (spread := np.log(enough).std(ddof=1)) > 1e-9:
        distance = np.abs(np.log(enough) - np.log(enough).mean()) / spread
        kept = enough[distance <= 3 + 1e-9]
    assert list(found.kept) == pytest.approx(list(kept))
    assert found.fast == len(times) - len(enough)
    assert found.outliers == len(enough) - len(kept)
    if len(kept):
        assert found.mean == pytest.approx(kept.mean())
        assert found.median == pytest.approx(np.median(kept))
    else:
        assert (found.mean, found.median) == (None, None)


def test_fast_and_outlying_correct_responses_are_left_out_and_counted() -> None:
    usual = [500 + step for step in range(40)]
    figures = task([*(answered(time) for time in [*usual, 150, 199.9, 200, 60_000]), answered(100, correct=False)])
    assert figures["rt_excluded"] == {"fast": 2, "outliers": 1}
    assert figures["rt_n"] == 41
    assert figures["mean_rt"] == pytest.approx(statistics.mean([200, *usual]))
    assert figures["median_rt"] == 519
    assert (figures["n"], figures["fast"], figures["correct"]) == (45, 3, 44)


def test_equal_reaction_times_have_no_outliers() -> None:
    assert task([answered(333.3)] * 7)["rt_excluded"] == {"fast": 0, "outliers": 0}


def test_accuracy_and_inverse_efficiency() -> None:
    figures = task([answered(400), answered(600), answered(900, correct=False), answered(100, correct=None)])
    assert figures["accuracy"] == pytest.approx(2 / 3)
    assert figures["scored"] == 3
    assert figures["inverse_efficiency"] == pytest.approx(500 / (2 / 3))


def test_nothing_right_has_no_inverse_efficiency() -> None:
    figures = task([answered(correct=False)])
    assert figures["accuracy"] == 0
    assert figures["inverse_efficiency"] is None
    assert figures["mean_rt"] is None


def test_questionnaires_are_neither_right_nor_wrong() -> None:
    figures = task(
        [answered(2500, correct=None), silent(correct=None), {"stimulus": "?", "response": "", "rt": 10}], "Survey"
    )
    assert (figures["n"], figures["scored"], figures["missing"]) == (3, 0, 2)
    nulls = ("accuracy", "mean_rt", "median_rt", "omission_errors", "commission_errors", "d_prime", "span")
    assert all(figures[name] is None for name in nulls)


def test_cpt_says_omissions_commissions_and_sensitivity_by_its_targets() -> None:
    hits = [answered(is_target=True)] * 20
    misses = [silent(is_target=True)] * 5
    alarms = [answered(correct=False, is_target=False)] * 10
    rejections = [silent(correct=True, is_target=False)] * 15
    figures = task([*hits, *misses, *alarms, *rejections], "CPT")
    assert (figures["omission_errors"], figures["commission_errors"]) == (5, 10)
    assert figures["d_prime"] == pytest.approx(1.0445, abs=5e-5)
    assert figures["missing"] == 5, "silence where it was right is not missing"


@pytest.mark.parametrize("members", [{}, {"condition": "unknown"}], ids=["no word", "a word of another kind"])
def test_targets_of_a_cpt_follow_from_what_was_done(members: dict[str, Any]) -> None:
    trials = [answered()] * 20 + [silent()] * 5 + [answered(correct=False)] * 10 + [silent(correct=True)] * 15
    figures = task([trial | members for trial in trials], "Continuous Performance Test")
    assert figures["d_prime"] == pytest.approx(1.0445, abs=5e-5)
    assert (figures["omission_errors"], figures["commission_errors"]) == (5, 10)


@pytest.mark.parametrize(
    ("target", "other"),
    [
        ({"target": True}, {"target": False}),
        ({"condition": "Target"}, {"condition": "non-target"}),
        ({"trial_type": "go"}, {"trial_type": "no_go"}),
        ({"target": "X", "condition": "match"}, {"target": "X", "condition": "lure"}),
    ],
)
def test_targets_may_be_named_otherwise(target: Trial, other: Trial) -> None:
    trials = [answered(**target)] * 25 + [answered(**other)] * 25
    assert task(trials, "anything")["d_prime"] == pytest.approx(4.1398, abs=5e-5)


def test_without_targets_a_wrong_silence_is_an_omission() -> None:
    figures = task([answered(), silent(), answered(correct=False), answered(correct=False)], "flanker")
    assert (figures["omission_errors"], figures["commission_errors"], figures["d_prime"]) == (1, 2, None)


def test_clients_without_response_say_by_rt_whether_there_was_one() -> None:
    figures = task([{"rt": 350, "correct": True}, {"rt": None, "correct": False}, {"correct": False}], "SRT")
    assert (figures["missing"], figures["omission_errors"], figures["commission_errors"]) == (2, 2, 0)


def test_n_back_is_told_apart_by_level() -> None:
    def block(level: int, alarms: int) -> list[Trial]:
        others = [answered(correct=number >= alarms, is_target=False, level=level) for number in range(25)]
        return [answered(is_target=True, level=level)] * 25 + others

    figures = task([*block(1, 0), *block(2, 5)], "n-back")
    assert list(figures["levels"]) == ["1", "2"]
    assert figures["levels"]["1"] == {"n": 50, "accuracy": 1.0, "d_prime": pytest.approx(4.1398, abs=5e-5)}
    assert figures["levels"]["2"]["accuracy"] == 0.9
    assert figures["levels"]["2"]["d_prime"] < figures["levels"]["1"]["d_prime"]


def test_the_name_of_an_n_back_says_its_level() -> None:
    assert list(task([answered()], "two-back")["levels"]) == ["2"]
    assert list(task([answered()], "3-back")["levels"]) == ["3"]
    assert list(task([answered(level=True), answered(level=99)], "n-back")["levels"]) == []
    assert "levels" not in task([answered()], "flanker")


def test_an_n_back_with_two_keys_needs_targets() -> None:
    assert task([answered(), answered(correct=False)], "2-back")["d_prime"] is None
    assert task([answered(), silent(correct=True)], "2-back")["d_prime"] is not None


@pytest.mark.parametrize(
    ("right", "wrong", "span"),
    [
        ({"span": 7}, {"span": 9}, 7),
        ({"level": 6}, {"level": 7}, 6),
        ({"stimulus": "3 8 1 5"}, {"stimulus": "3 8 1 5 2"}, 4),
        ({"stimulus": [3, 8, 1]}, {"stimulus": [3, 8, 1, 2]}, 3),
        ({"stimulus": "none"}, {}, None),
    ],
)
def test_span_is_the_longest_sequence_that_was_right(right: Trial, wrong: Trial, span: int | None) -> None:
    trials = [answered(**right), answered(correct=False, **right), answered(correct=False, **wrong)]
    assert task(trials, "Digit Span")["span"] == span
    assert task(trials, "flanker")["span"] is None


def test_span_is_0_if_nothing_was_right() -> None:
    assert task([answered(correct=False, span=3)], "digit span")["span"] == 0


def test_trail_making_in_two_tasks() -> None:
    trials = [
        {"task": "TMT-A", "rt": 12_000, "correct": True},
        {"task": "TMT-A", "rt": 11_000, "correct": False},
        {"task": "TMT-B", "rt": 61_500.5, "correct": True},
        {"task": "flanker", "rt": 400, "correct": True},
    ]
    figures = session_figures(trials).public()
    assert figures["trail_making"] == {"a": 23_000, "b": 61_500.5, "b_minus_a": 38_500.5}
    assert [figures["tasks"][name]["completion_time"] for name in ("TMT-A", "TMT-B", "flanker")] == [
        23_000,
        61_500.5,
        None,
    ]
    assert [figures["tasks"][name]["b_minus_a"] for name in ("TMT-A", "TMT-B", "flanker")] == [38_500.5, 38_500.5, None]


def test_trail_making_in_one_task_with_parts() -> None:
    trials = [answered(20_000, part="A"), answered(50_000, part="part b"), answered(1, part="C"), answered(1, part=3)]
    figures = task(trials, "Trail Making")
    assert (figures["completion_time"], figures["b_minus_a"]) == (70_000, 30_000)


def test_half_a_trail_making_has_no_difference() -> None:
    assert session_figures([{"task": "TMT A", "rt": 20_000}]).public()["trail_making"] == {
        "a": 20_000,
        "b": None,
        "b_minus_a": None,
    }
    assert task([silent()], "TMT A")["completion_time"] is None


@pytest.mark.parametrize(
    ("easy", "hard"),
    [
        ({"congruency": "congruent"}, {"congruency": "incongruent"}),
        ({"condition": "Congruent"}, {"condition": "InCongruent"}),
        ({"trial_type": "compatible"}, {"trial_type": "incompatible"}),
        ({"congruent": True}, {"congruent": False}),
    ],
)
def test_interference_is_incongruent_minus_congruent(easy: Trial, hard: Trial) -> None:
    trials = [answered(400, **easy), answered(420, **easy), answered(500, **hard), answered(530, **hard)]
    left_out = [answered(900, correct=False, **hard), answered(100, **hard), answered(450, condition="neutral")]
    assert task([*trials, *left_out], "Stroop")["interference"] == pytest.approx(515 - 410)


def test_interference_needs_both_conditions() -> None:
    assert task([answered(400, congruency="congruent")], "flanker")["interference"] is None
    assert task([answered(100, congruency="congruent")], "flanker")["interference"] is None


@pytest.mark.parametrize(
    ("trials", "flags"),
    [
        ([answered()] * 9 + [answered(150)], []),
        ([answered()] * 8 + [answered(150)], ["fast_trials"]),
        ([answered()] * 8 + [silent()], ["missing_trials"]),
        ([answered(100), silent()], ["fast_trials", "missing_trials"]),
    ],
)
def test_sessions_with_many_fast_or_missing_trials_are_flagged(trials: list[Trial], flags: list[str]) -> None:
    assert task(trials)["flags"] == flags


def test_no_trials_are_no_tasks() -> None:
    nothing = {"tasks": {}, "trail_making": {"a": None, "b": None, "b_minus_a": None}}
    assert session_figures([]).public() == nothing


def test_a_realistic_session_agrees_with_independent_formulas() -> None:
    chance = np.random.default_rng(5)
    trials = [
        {
            "task": "Flanker",
            "rt": round(math.exp(chance.normal(6.2, 0.25)), 1),
            "response": "f",
            "correct": bool(chance.random() < 0.93),
            "congruency": str(chance.choice(["congruent", "incongruent"])),
        }
        for _ in range(400)
    ]
    figures = session_figures(trials).public()["tasks"]["Flanker"]
    correct = np.array([trial["rt"] for trial in trials if trial["correct"]], dtype=float)
    enough = correct[correct >= 200]
    kept = enough[np.abs(stats.zscore(np.log(enough), ddof=1)) <= 3]
    assert figures["accuracy"] == pytest.approx(len(correct) / 400)
    assert figures["mean_rt"] == pytest.approx(kept.mean(), rel=1e-12)
    assert figures["median_rt"] == pytest.approx(np.median(kept), rel=1e-12)
    assert figures["inverse_efficiency"] == pytest.approx(kept.mean() / (len(correct) / 400), rel=1e-12)
