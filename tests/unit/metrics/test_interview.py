"""Interview metrics: appointments, tags, and whether new ones still turn up."""

import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.domain.study_types.designs import design_of
from tests.unit.metrics.people import COMPLETED, STARTED, assert_folding_leaves_no_trace, people_of, person_of, state_of
from trimetric.metrics import interview
from trimetric.metrics.interview import saturated
from trimetric.metrics.state import Person, State

STUDY = design_of("interview")


def note(*tags: str, sentiment: int | None = None) -> dict[str, Any]:
    return {"text": "", "tags": list(tags), "sentiment": sentiment}


def result(*notes: dict[str, Any], status: str = "completed", **given: Any) -> dict[str, Any]:
    instants = {"scheduled_at": None, "started_at": None, "ended_at": None}
    return {"status": status, **instants, "answers": [], "notes": list(notes), **given}


def summary(*people: Person) -> dict[str, Any]:
    return interview.summarise(STUDY, state_of("interview", STUDY, list(people)))


def summary_of(*results: dict[str, Any]) -> dict[str, Any]:
    return summary(*(person_of(each, number=number) for number, each in enumerate(results)))


def test_statuses_count_everybody_who_is_not_excluded() -> None:
    statuses = ["scheduled", "completed", "no_show", "cancelled", "completed"]
    people = [
        person_of(result(note("price"), status=status), number=number, completed=completed)
        for completed in (True, False)
        for number, status in enumerate(statuses)
    ]
    metrics = summary(*people, person_of(result(), number=9, excluded=True))
    assert [metrics[each] for each in ("scheduled", "completed", "no_show", "cancelled")] == [2, 4, 2, 2]
    # The rest: interviews that took place, of people who are done.
    assert metrics["tags"][0]["participants"] == 2
    assert metrics["new_tags_per_interview"] == [1, 0]


def test_lengths_of_interviews_with_both_ends() -> None:
    start, end = "2026-01-05T09:00:00.000Z", "2026-01-05T09:30:00.250Z"
    metrics = summary_of(
        result(started_at=start, ended_at=end),
        result(started_at=start),
        result(ended_at=end),
        result(started_at=start, ended_at=start),
        result(started_at=start, ended_at=end, status="cancelled"),
    )
    assert (metrics["duration_ms"]["n"], metrics["duration_ms"]["max"]) == (2, 1_800_250)


def test_tags_by_interviews_then_mentions() -> None:
    metrics = summary_of(
        result(note("price", "trust 🙂", sentiment=-1), note("price", sentiment=1), note("price"), note()),
        result(note("trust 🙂", "price", sentiment=0), note("speed", "trust 🙂", "price", sentiment=-1)),
        result(note("speed", sentiment=1)),
    )
    assert metrics["tags"] == [
        {
            "tag": "price",
            "participants": 2,
            "mentions": 5,
            "sentiment": {"negative": 2, "neutral": 1, "positive": 1},
        },
        {
            "tag": "trust 🙂",
            "participants": 2,
            "mentions": 3,
            "sentiment": {"negative": 2, "neutral": 1, "positive": 0},
        },
        {"tag": "speed", "participants": 2, "mentions": 2, "sentiment": {"negative": 1, "neutral": 0, "positive": 1}},
    ]
    assert metrics["tag_pairs"] == [
        {"tags": ["price", "trust 🙂"], "count": 3},
        {"tags": ["price", "speed"], "count": 1},
        {"tags": ["speed", "trust 🙂"], "count": 1},
    ]


def test_coverage_lists_every_question_and_counts_answers_that_say_something() -> None:
    answers = [{"question_id": "last-time", "text": "May"}, {"question_id": "went-well", "text": " \n"}]
    assert summary_of(result(answers=answers), result(answers=answers[:1]))["guide_coverage"] == [
        {"question_id": "last-time", "answered": 2},
        {"question_id": "went-well", "answered": 0},
        {"question_id": "went-wrong", "answered": 0},
    ]


def test_new_tags_come_in_the_order_in_which_interviews_ended() -> None:
    late, early = "2026-01-06T09:00:00.000Z", "2026-01-05T09:00:00.000Z"
    metrics = summary_of(
        result(note("a", "b"), ended_at=late),
        result(note("a"), ended_at=early),
        result(note("a"), note("c")),
    )
    # The one without an end stands at the time at which the person was done.
    assert metrics["new_tags_per_interview"] == [1, 1, 1]


def test_without_ends_people_come_in_the_order_in_which_they_were_done() -> None:
    people = [
        Person("1", completed=True, excluded=False, started_at=STARTED, completed_at=done, results=(result(each),))
        for done, each in ((COMPLETED, note("a")), ("2026-02-01T09:00:00.000Z", note("a", "b")))
    ]
    assert summary(*people)["new_tags_per_interview"] == [2, 0]


@pytest.mark.parametrize(
    ("new_tags", "expected"),
    [
        pytest.param([9, 9, 1, 1, 0], None, id="under six"),
        pytest.param([9, 9, 1, 1, 1, 0], True, id="1 of 20"),
        pytest.param([9, 9, 1, 0, 1, 0], False, id="1 of 19"),
        pytest.param([9, 9, 1, 1, 7, 0, 1], True, id="seven: the fifth is in neither"),
        pytest.param([9, 9, 1, 1, 1, 1], False, id="2 of 20"),
        pytest.param([0, 0, 0, 0, 0, 0], None, id="no early tags, no late ones"),
        pytest.param([0, 0, 0, 0, 3, 0], None, id="no early tags, but late ones"),
    ],
)
def test_saturation(new_tags: Sequence[int], expected: bool | None) -> None:
    assert saturated(new_tags) is expected


def test_saturation_of_six_interviews() -> None:
    metrics = summary_of(*(result(note("price", "trust")) for _ in range(6)))
    assert metrics["new_tags_per_interview"] == [2, 0, 0, 0, 0, 0]
    assert metrics["saturated"] is True


def test_nobody_gives_zeroes_and_nulls() -> None:
    metrics = interview.summarise(STUDY, State())
    assert (metrics["scheduled"], metrics["completed"], metrics["saturated"]) == (0, 0, None)
    assert (metrics["tags"], metrics["tag_pairs"], metrics["new_tags_per_interview"]) == ([], [], [])
    assert metrics["duration_ms"]["median"] is None


@settings(max_examples=200, deadline=None)
@given(people=people_of("interview", STUDY, most=20))
def test_a_naive_count_agrees(people: list[Person]) -> None:
    metrics = summary(*people)
    held = [
        payload
        for person in people
        if person.analysed
        for payload in person.results
        if payload["status"] == "completed"
    ]
    assert len(metrics["new_tags_per_interview"]) == len(held)
    assert sum(metrics["new_tags_per_interview"]) == len(metrics["tags"])
    for each in metrics["tags"]:
        notes = [one for payload in held for one in payload["notes"] if each["tag"] in one["tags"]]
        assert each["mentions"] == len(notes)
        assert each["sentiment"]["negative"] == sum(one["sentiment"] == -1 for one in notes)
        assert each["participants"] == sum(any(each["tag"] in n["tags"] for n in payload["notes"]) for payload in held)
    for pair in metrics["tag_pairs"]:
        assert pair["count"] == sum(set(pair["tags"]) <= set(n["tags"]) for payload in held for n in payload["notes"])


@settings(max_examples=1000, deadline=None)
@given(people=people_of("interview", STUDY), rng=st.randoms(use_true_random=False))
def test_folding_leaves_no_trace(people: list[Person], rng: random.Random) -> None:
    assert_folding_leaves_no_trace("interview", STUDY, people, rng)


_NOTES = st.lists(
    st.builds(
        lambda tags, sentiment: note(*tags, sentiment=sentiment),
        st.lists(st.sampled_from(["a", "A", "🙂", '"', "]", ","]), unique=True, max_size=4),
        st.sampled_from([-1, 0, 1, None]),
    ),
    max_size=4,
)


@settings(max_examples=200, deadline=None)
@given(taken=st.lists(_NOTES, max_size=12), rng=st.randoms(use_true_random=False))
def test_folding_any_notes_leaves_no_trace(taken: list[list[dict[str, Any]]], rng: random.Random) -> None:
    people = [person_of(result(*notes), number=number) for number, notes in enumerate(taken)]
    assert_folding_leaves_no_trace("interview", STUDY, people, rng)
