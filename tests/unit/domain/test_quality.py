"""Flags of data quality."""

import math
from statistics import median, quantiles
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimetric.domain.quality import MAX_PAUSE_MS, MIN_PEOPLE, Traits, among, flags_of, traits_of
from trimetric.domain.study_types.design import Card, Design, Question

SURVEY = Design(
    settings={},
    questions=(
        *(Question(f"r{number}", "rating", "?", False, min=1, max=5) for number in range(5)),
        Question("n", "nps", "?", False),
        Question("sus", "sus", "?", False),
        Question("why", "text", "?", False),
        Question("how", "text", "?", False),
    ),
)
IMPRESSIONS = Design(settings={"questions": [{"id": "why", "kind": "text"}, {"id": "what", "kind": "single_choice"}]})
NO_TEXT = Design(settings={"questions": [{"id": "what", "kind": "single_choice"}]})
PLAIN = Design(settings={})


def answers(**values: Any) -> list[dict[str, Any]]:
    return [{"answers": [{"question_id": name, "value": value} for name, value in values.items()]}]


def piles(*groups: str) -> list[dict[str, Any]]:
    return [{"placements": [{"card_id": str(place), "group": group} for place, group in enumerate(groups)]}]


OTHERS = {f"r{number}": number + 1 for number in range(4)}
RATINGS = {f"r{number}": 3 for number in range(5)}
ITEMS = [1, 2, 3, 4, 5, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("study_type", "design", "payloads", "expected"),
    [
        pytest.param("tree_test", PLAIN, [], (), id="no results, no flags"),
        pytest.param("tree_test", PLAIN, [{"skipped": True}, {"skipped": True}], ("all_skipped",), id="skipped all"),
        pytest.param("tree_test", PLAIN, [{"skipped": True}, {"skipped": False}], (), id="skipped one"),
        pytest.param("prototype_test", PLAIN, [{"gave_up": True}], ("all_skipped",), id="gave up everywhere"),
        pytest.param("first_click_test", PLAIN, [{"x": 0.5, "y": 0.5}], (), id="clicked"),
        pytest.param("card_sort", PLAIN, piles("a", "a", "a"), ("single_pile",), id="one pile"),
        pytest.param("card_sort", PLAIN, piles("a", "b", "c"), ("single_pile",), id="a pile for each card"),
        pytest.param("card_sort", PLAIN, piles("a", "a", "b"), (), id="two piles"),
        pytest.param("card_sort", PLAIN, piles("a", "a"), (), id="too few cards to tell"),
        pytest.param("survey", SURVEY, answers(**RATINGS, why="x"), ("straight_line",), id="five equal ratings"),
        pytest.param("survey", SURVEY, answers(**{**RATINGS, "r4": 4}, n=3, why="x"), (), id="four equal ratings"),
        pytest.param(
            "survey", SURVEY, answers(**OTHERS, sus=[3] * 10, why="x"), ("straight_line",), id="one column of a SUS"
        ),
        pytest.param("survey", SURVEY, answers(**OTHERS, sus=ITEMS, why="x"), (), id="a SUS that was read"),
        pytest.param("survey", SURVEY, answers(**OTHERS, n=3), ("empty_open_text",), id="open questions left out"),
        pytest.param(
            "survey", SURVEY, answers(**OTHERS, why=" ", how=""), ("empty_open_text",), id="open questions left blank"
        ),
        pytest.param("survey", SURVEY, answers(**OTHERS, how="so"), (), id="one open question answered"),
        pytest.param("five_second_test", IMPRESSIONS, answers(what="a"), ("empty_open_text",), id="no impression"),
        pytest.param("five_second_test", IMPRESSIONS, answers(why="a"), (), id="an impression"),
        pytest.param("five_second_test", NO_TEXT, answers(what="a"), (), id="nothing to write"),
        pytest.param("preference_test", PLAIN, [{"option_id": None}], (), id="a type without flags"),
    ],
)
def test_flags(study_type: str, design: Design, payloads: list[dict[str, Any]], expected: tuple[str, ...]) -> None:
    assert flags_of(study_type, design, payloads) == expected


TASKS = Design(settings={"tasks": [{"id": str(number)} for number in range(4)]})
CARDS = Design(settings={}, cards=tuple(Card(str(number), str(number)) for number in range(8)))
SKIP, DONE = {"skipped": True}, {"skipped": False}


@pytest.mark.parametrize(
    ("study_type", "design", "payloads", "expected"),
    [
        pytest.param("tree_test", TASKS, [DONE, SKIP, SKIP, SKIP], ("few_interactions",), id="one task of four"),
        pytest.param("tree_test", TASKS, [DONE, DONE, SKIP, SKIP], (), id="half of the tasks"),
        pytest.param("tree_test", TASKS, [SKIP] * 4, ("all_skipped",), id="no task is said once"),
        pytest.param("card_sort", CARDS, piles("a", "a", "b"), ("few_interactions",), id="three cards of eight"),
        pytest.param("card_sort", CARDS, piles("a", "a", "b", "c"), (), id="half of the cards"),
        pytest.param("survey", SURVEY, answers(how="so", n=3), ("few_interactions",), id="two questions of nine"),
        pytest.param("preference_test", TASKS, [{"option_id": "a"}], (), id="one thing is asked"),
    ],
)
def test_little_was_done(
    study_type: str, design: Design, payloads: list[dict[str, Any]], expected: tuple[str, ...]
) -> None:
    assert flags_of(study_type, design, payloads) == expected


@pytest.mark.parametrize(
    ("study_type", "answering", "total", "expected"),
    [
        pytest.param("preference_test", [1000, 2000], 3001 + MAX_PAUSE_MS, ("idle",), id="a moment too long"),
        pytest.param("preference_test", [1000, 2000], 3000 + MAX_PAUSE_MS, (), id="five minutes"),
        pytest.param("preference_test", [1000, None], 10 * MAX_PAUSE_MS, (), id="an answer without a time"),
        pytest.param("interview", [1000], 10 * MAX_PAUSE_MS, (), id="interviews are not timed"),
    ],
)
def test_a_pause(study_type: str, answering: list[int | None], total: int, expected: tuple[str, ...]) -> None:
    payloads = [{"duration_ms": each} for each in answering]
    assert flags_of(study_type, PLAIN, payloads, duration_ms=total) == expected


def people(*durations: int, times: dict[str, int] | None = None) -> dict[str, Traits]:
    return {str(place): Traits(duration, times=times or {}) for place, duration in enumerate(durations)}


def test_less_than_a_third_of_the_median_is_a_speeder() -> None:
    assert among(people(*[300] * 9, 99)) == {"9": ("speeder",)}
    assert among(people(*[300] * 9, 100)) == {}


def test_among_nine_nobody_stands_out() -> None:
    assert among(people(*[300] * 8, 1)) == {}
    slow = {str(place): Traits(1, times={"t": 10 ** (1 + place // 8)}) for place in range(9)}
    assert among(slow) == {}


def test_a_time_beyond_the_fence_is_idle() -> None:
    times = [100, 110, 120, 130, 140, 150, 160, 170, 180, 190, 100_000]
    found = among({str(place): Traits(1, times={"t": each}) for place, each in enumerate(times)})
    assert found == {"10": ("idle",)}
    mixed = {str(place): Traits(1, times={str(place): each}) for place, each in enumerate(times)}
    assert among(mixed) == {}, "times of different tasks are not compared"


def test_whoever_comes_second_is_the_duplicate() -> None:
    found = among({"a": Traits(1, "x"), "b": Traits(1, "y"), "c": Traits(1, "x"), "d": Traits(1), "e": Traits(1)})
    assert found == {"c": ("duplicate",)}


def test_the_fingerprint_is_of_device_locale_and_timed_results() -> None:
    payloads = [{"task_id": "t", "duration_ms": 5}, {"task_id": "u", "duration_ms": 0}]
    first = traits_of("tree_test", payloads, duration_ms=9, device="a", locale="en")
    assert first == traits_of("tree_test", payloads, duration_ms=9, device="a", locale="en")
    assert first is not None
    assert first.times == {"t": 5}
    other = traits_of("tree_test", payloads, duration_ms=9, device="b", locale="en")
    assert other is not None
    assert first.fingerprint != other.fingerprint
    untimed = traits_of("tree_test", [{"duration_ms": None}], duration_ms=9, device="a", locale="en")
    assert untimed == Traits(9)
    assert traits_of("interview", payloads, duration_ms=9, device="a", locale="en") is None


@given(
    st.lists(
        st.tuples(st.integers(1, 100_000), st.integers(1, 100_000), st.sampled_from(["x", "y", None])), max_size=40
    )
)
def test_flags_by_comparison_follow_their_definitions(rows: list[tuple[int, int, str | None]]) -> None:
    found = among({str(place): Traits(row[0], row[2], {"": row[1]}) for place, row in enumerate(rows)})
    for place, (duration, time, mark) in enumerate(rows):
        flags = found.get(str(place), ())
        enough = len(rows) >= MIN_PEOPLE
        assert ("speeder" in flags) == (enough and duration < median(row[0] for row in rows) / 3)
        assert ("duplicate" in flags) == (mark is not None and mark in [row[2] for row in rows[:place]])
        if enough:
            first, _, third = quantiles([math.log(row[1]) for row in rows], n=4, method="inclusive")
            fence = third + 3 * (third - first)
            if not math.isclose(math.log(time), fence, rel_tol=1e-9):
                assert ("idle" in flags) == (math.log(time) > fence)
