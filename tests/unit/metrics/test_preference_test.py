"""Preference tests: published shares and tests, ties, and who counts."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tests.unit.domain.study_types.designs import design_of
from tests.unit.metrics.people import assert_folding_leaves_no_trace, people_of, person_of, state_of
from trimetric.metrics.preference_test import summarise
from trimetric.metrics.state import Person, State

TEST = design_of("preference_test")


def chose(option_id: str | None, *order: str, duration_ms: int = 1000) -> Person:
    return person_of({"option_id": option_id, "order": list(order), "reason": None, "duration_ms": duration_ms})


def summary_of(people: list[Person], *options: str) -> dict[str, Any]:
    design = design_of("preference_test", options=[{"id": each, "label": each.upper()} for each in options])
    return summarise(design, state_of("preference_test", design, people))


def of_counts(**counts: int) -> dict[str, Any]:
    return summary_of([chose(option) for option, count in counts.items() for _ in range(count)], *counts)


@settings(max_examples=1000, deadline=None)
@given(people_of("preference_test", TEST), st.randoms(use_true_random=False))
def test_folding_leaves_no_trace(people: list[Person], rng: random.Random) -> None:
    assert_folding_leaves_no_trace("preference_test", TEST, people, rng)


def test_published_choices_of_210_travellers_spread_but_have_no_winner() -> None:
    summary = of_counts(train=63, car=59, air=58, bus=30)
    test = summary["test"]
    assert (test["kind"], test["df"], test["valid"]) == ("chi_square", 3, True)
    assert test["statistic"] == pytest.approx(13.1238095238)
    assert test["p_value"] == pytest.approx(0.0043763684)
    assert summary["runner_up_p_value"] == pytest.approx(0.7860578569)
    assert summary["winner"] is None
    assert summary["tied"] == []
    assert summary["options"][0]["ci95"] == pytest.approx([0.2419646076, 0.3652210127])


def test_a_winner_beats_chance_and_the_second() -> None:
    assert of_counts(a=39, b=20, c=20, d=21)["winner"] == "a"
    assert of_counts(a=20, b=5)["winner"] == "a"
    assert of_counts(a=6, b=0)["winner"] == "a"
    assert of_counts(a=5, b=0)["winner"] is None


def test_few_people_have_an_exact_test_of_the_leader() -> None:
    test = of_counts(a=6, b=1, c=1, d=1)["test"]
    assert test == {
        "kind": "exact_binomial",
        "statistic": 6,
        "df": None,
        "p_value": pytest.approx(stats.binomtest(6, 9, 0.25).pvalue),
        "valid": False,
    }


@pytest.mark.parametrize(("n", "kind"), [(14, "exact_binomial"), (15, "chi_square")])
def test_five_people_an_option_are_enough(n: int, kind: str) -> None:
    assert of_counts(a=n, b=0, c=0)["test"]["kind"] == kind


def test_two_options_always_have_the_exact_test() -> None:
    test = of_counts(a=60, b=40)["test"]
    assert (test["kind"], test["valid"]) == ("exact_binomial", True)
    assert test["p_value"] == pytest.approx(stats.binomtest(60, 100).pvalue)


def test_ties_name_the_leaders() -> None:
    summary = of_counts(a=30, b=30, c=0)
    assert (summary["winner"], summary["tied"], summary["runner_up_p_value"]) == (None, ["a", "b"], 1)
    assert summary["test"]["p_value"] < 0.001


def test_nobody_gives_nulls() -> None:
    summary = summarise(TEST, State())
    assert summary["test"] == {
        "kind": "exact_binomial",
        "statistic": None,
        "df": None,
        "p_value": None,
        "valid": False,
    }
    assert summary["runner_up_p_value"] is summary["winner"] is None
    assert (summary["tied"], summary["none"]) == ([], 0)
    assert {row["rate"] for row in summary["options"]} == {None}
    assert {row["duration_ms"]["mean"] for row in summary["options"]} == {None}
    assert summarise(design_of("preference_test", options=[]), State())["test"]["p_value"] is None


def test_one_person() -> None:
    summary = summary_of([chose("a", "a", "b")], "a", "b")
    assert summary["options"][0]["ci95"] == pytest.approx([0.1674994855, 1])
    assert summary["test"]["p_value"] == 1
    assert summary["winner"] is None


def test_none_stands_outside_the_shares() -> None:
    summary = summary_of([chose("a"), chose(None), chose(None)], "a", "b")
    assert summary["none"] == 2
    assert summary["options"][0]["n"] == 1


def test_shares_of_those_who_saw_an_option_first() -> None:
    people = [chose("a", "a", "b"), chose("b", "a", "b"), chose(None, "a", "b"), chose("a", "b", "a"), chose("a")]
    first = [row["first_shown_share"] for row in summary_of(people, "a", "b")["options"]]
    assert [(share["count"], share["n"]) for share in first] == [(1, 3), (0, 1)]


def test_durations_are_those_of_the_people_who_chose() -> None:
    people = [chose("a", duration_ms=0), chose("a", duration_ms=500), chose(None, duration_ms=9)]
    durations = [row["duration_ms"] for row in summary_of(people, "a", "b")["options"]]
    assert (durations[0]["n"], durations[0]["mean"], durations[0]["geometric_mean"]) == (2, 250, pytest.approx(500))
    assert durations[1]["n"] == 0


def test_only_analysed_people_and_known_options_count() -> None:
    gone = chose("gone", "gone", "a")
    people = [person_of(), person_of(completed=False), person_of(excluded=True), gone]
    assert [row["n"] for row in summary_of(people, "a", "b")["options"]] == [0, 0]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=2, max_size=6))
def test_tests_are_those_of_scipy(counts: list[int]) -> None:
    summary = of_counts(**{f"o{place}": count for place, count in enumerate(counts)})
    test, n, k = summary["test"], sum(counts), len(counts)
    if not n:
        assert test["p_value"] is None
    elif k > 2 and n >= 5 * k:
        assert (test["statistic"], test["p_value"]) == pytest.approx(tuple(stats.chisquare(counts)), rel=1e-9)
    else:
        assert test["p_value"] == pytest.approx(stats.binomtest(max(counts), n, 1 / k).pvalue, rel=1e-9)
