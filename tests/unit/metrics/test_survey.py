"""Surveys: published examples of every kind of question, and figures that no folding may change."""

import random
import statistics
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.domain.study_types.designs import design_of, survey_of
from tests.unit.metrics.people import assert_folding_leaves_no_trace, people_of, person_of, state_of
from trimetric.domain.study_types.design import Design
from trimetric.metrics.state import Person, State
from trimetric.metrics.survey import summarise

SURVEY = design_of("survey")
SUS_SCORES = [
    *[95, 97.5, 80, 87.5, 87.5, 67.5, 65, 80, 87.5, 75, 82.5, 62.5, 75, 77.5, 75],
    *[50, 85, 55, 57.5, 60, 45, 50, 72.5, 72.5, 57.5, 82.5, 37.5, 65, 87.5, 77.5],
]


def question(kind: str, **members: Any) -> dict[str, Any]:
    return {"kind": kind, "prompt": "?", "required": False, **members}


def options(*ids: str) -> list[dict[str, str]]:
    return [{"id": each, "label": each.upper()} for each in ids]


def answered(values: list[Any], number: int = 0, **flags: bool) -> Person:
    """A person's answers to the questions in their order; None: left out."""
    answers = [
        {"question_id": f"qst_{place}", "value": value} for place, value in enumerate(values) if value is not None
    ]
    return person_of({"answers": answers, "duration_ms": 1}, number=number, **flags)


def summary_of(design: Design, people: list[Person]) -> dict[str, Any]:
    return summarise(design, state_of("survey", design, people))


def only(values: list[Any], kind: str, **members: Any) -> dict[str, Any]:
    """The block of a survey's one question."""
    summary = summary_of(survey_of(question(kind, **members)), [answered([value]) for value in values])
    block: dict[str, Any] = summary["questions"][0]
    return block


def sus_of(score: float) -> list[int]:
    """Answers that make the score: praise as far as it goes."""
    points = int(score / 2.5)
    each = [max(0, min(4, points - 4 * place)) for place in range(10)]
    return [1 + point if place % 2 == 0 else 5 - point for place, point in enumerate(each)]


@settings(max_examples=1000, deadline=None)
@given(people_of("survey", SURVEY), st.randoms(use_true_random=False))
def test_folding_leaves_no_trace(people: list[Person], rng: random.Random) -> None:
    assert_folding_leaves_no_trace("survey", SURVEY, people, rng)


@pytest.mark.parametrize(
    ("answers", "score"),
    [("4152514231", 85), ("5421232452", 55), ("2141434233", 67.5), ("3" * 10, 50), ("51" * 5, 100), ("15" * 5, 0)],
)
def test_published_sus_scores(answers: str, score: float) -> None:
    block = only([[int(answer) for answer in answers]], "sus")
    assert block["score"] == {"n": 1, "mean": score, "sd": None, "ci95": None}
    assert block["median"] == score
    assert block["cronbach_alpha"] is None


def test_sus_of_thirty_people() -> None:
    block = only([sus_of(score) for score in SUS_SCORES], "sus")
    assert block["score"]["mean"] == pytest.approx(71.6666666667)
    assert block["score"]["sd"] == pytest.approx(15.1903629462)
    assert block["score"]["ci95"] == pytest.approx([65.994491923, 77.3388414104])
    assert (block["median"], block["grade"]) == (75, "C+")


def test_task_load_of_thirty_people() -> None:
    """The published study's raw scores times six; how a person's points are spread over the scales is of no account."""
    sums = [
        0,
        5,
        15,
        20,
        20,
        25,
        30,
        35,
        35,
        35,
        40,
        40,
        45,
        50,
        60,
        60,
        60,
        75,
        90,
        90,
        95,
        100,
        100,
        115,
        125,
        125,
        150,
        260,
        290,
        300,
    ]
    block = only([[min(100, max(0, points - 100 * place)) for place in range(6)] for points in sums], "nasa_tlx")
    assert block["score"]["n"] == 30
    assert block["score"]["mean"] == pytest.approx(13.8333333333)
    assert block["score"]["sd"] == pytest.approx(13.0439134527)
    assert block["score"]["ci95"] == pytest.approx([8.9626560028, 18.7040106639])


@pytest.mark.parametrize(
    ("score", "grade"), [(100, "A+"), (82.5, "A"), (80, "A-"), (77.5, "B+"), (75, "B"), (72.5, "C+"), (52.5, "D")]
)
def test_sus_grades(score: float, grade: str) -> None:
    assert only([sus_of(score)], "sus")["grade"] == grade


def test_sus_parts_and_reliability() -> None:
    people = [[4, 1, 5, 2, 5, 1, 4, 2, 3, 1], [3, 2, 3, 3, 2, 4, 3, 3, 2, 5], [5, 1, 4, 1, 5, 2, 5, 1, 4, 2]]
    points = [[x - 1 if place % 2 == 0 else 5 - x for place, x in enumerate(person)] for person in people]
    block = only(people, "sus")
    easy = [person[3] + person[9] for person in points]
    assert block["learnability"] == pytest.approx(statistics.mean(easy) * 12.5)
    assert block["usability"] == pytest.approx(
        statistics.mean(sum(person) - part for person, part in zip(points, easy, strict=True)) * 3.125
    )
    parts = sum(statistics.variance(item) for item in zip(*points, strict=True))
    alpha = 10 / 9 * (1 - parts / statistics.variance(sum(person) for person in points))
    assert block["cronbach_alpha"] == pytest.approx(alpha)
    assert only(people[:1] * 4, "sus")["cronbach_alpha"] is None


@pytest.mark.parametrize(
    ("promoters", "passives", "detractors", "nps", "ci95"),
    [
        (462, 176, 362, 10, [4.39, 15.55]),
        (5, 0, 0, 100, [17.4914530342, 100]),
        (0, 0, 5, -100, [-100, -17.4914530342]),
        (0, 1, 0, 0, [-60.0113959544, 60.0113959544]),
        (2, 2, 2, 0, [-51.0724775654, 51.0724775654]),
    ],
)
def test_published_net_promoter_scores(
    promoters: int, passives: int, detractors: int, nps: float, ci95: list[float]
) -> None:
    block = only([9] * promoters + [7] * passives + [6] * detractors, "nps")
    assert (block["promoters"], block["passives"], block["detractors"]) == (promoters, passives, detractors)
    assert block["nps"] == pytest.approx(nps)
    assert block["ci95"] == pytest.approx(ci95, abs=0.005)
    assert [row["value"] for row in block["distribution"]] == list(range(11))


def test_published_rating_of_944_people() -> None:
    counts = {1: 16, 2: 103, 3: 147, 4: 256, 5: 170, 6: 218, 7: 34}
    values = [value for value, count in counts.items() for _ in range(count)]
    block = only(values, "rating", min=1, max=7)
    assert block["mean"]["mean"] == pytest.approx(4.3252118644)
    assert block["mean"]["sd"] == pytest.approx(1.4384361566)
    assert block["mean"]["ci95"] == pytest.approx([4.2333340917, 4.4170896371])
    assert block["median"] == 4
    assert (block["top2"]["count"], block["bottom2"]["count"], block["top2"]["n"]) == (252, 119, 944)
    assert {row["value"]: row["count"] for row in block["distribution"]} == counts


def test_intervals_end_where_the_scale_ends() -> None:
    assert only([5, 5, 5, 4], "rating")["mean"]["ci95"][1] == 5
    assert only([[100] * 6, [90] * 6], "nasa_tlx")["score"]["ci95"][1] == 100
    assert only([7, 7, 7], "seq")["mean"] == {"n": 3, "mean": 7, "sd": 0, "ci95": [7, 7]}


@pytest.mark.parametrize(("pair", "score"), [([7, 7], 100), ([1, 1], 0), ([6, 5], 75)])
def test_published_umux_lite_scores(pair: list[int], score: float) -> None:
    assert only([pair], "umux_lite")["score"]["mean"] == score


def test_published_sus_estimate() -> None:
    assert only([[6, 5]], "umux_lite")["sus_estimate"] == 71.65


def test_spread_of_umux_lite_and_nasa_tlx() -> None:
    pairs = [[6, 5], [2, 7], [1, 1]]
    assert only(pairs, "umux_lite")["score"]["sd"] == pytest.approx(
        statistics.stdev((one + two - 2) * 100 / 12 for one, two in pairs)
    )
    loads = [[0, 10, 20, 30, 40, 50], [100] * 6, [5, 5, 5, 5, 5, 0]]
    block = only(loads, "nasa_tlx")["score"]
    assert block["mean"] == pytest.approx(statistics.mean(map(statistics.mean, loads)))
    assert block["sd"] == pytest.approx(statistics.stdev(sum(load) / 6 for load in loads))


def test_csat_is_the_share_of_fours_and_fives() -> None:
    block = only([5, 4, 3, 1], "csat")
    assert (block["csat"]["count"], block["csat"]["n"], block["mean"]["mean"]) == (2, 4, 3.25)


def test_shares_of_several_choices_are_of_people() -> None:
    block = only([["a", "b"], ["a"]], "multiple_choice", options=[*options("a", "b"), {"id": "apple", "label": "🍎"}])
    assert [(row["id"], row["label"], row["count"], row["n"]) for row in block["options"]] == [
        ("a", "A", 2, 2),
        ("b", "B", 1, 2),
        ("apple", "🍎", 0, 2),
    ]


def test_booleans_have_two_options() -> None:
    block = only([True, False, True], "boolean")
    assert [(row["id"], row["count"]) for row in block["options"]] == [("true", 2), ("false", 1)]


def test_ranks_may_be_partial() -> None:
    block = only([["a", "b", "c"], ["b"], ["b", "a"]], "ranking", options=options("a", "b", "c", "d"))
    found = {row["id"]: (row["mean_rank"], row["first_share"]["count"], row["borda"]) for row in block["options"]}
    assert found == {"a": (1.5, 1, 5), "b": (4 / 3, 2, 8), "c": (3, 0, 1), "d": (None, 0, 0)}
    assert {row["first_share"]["n"] for row in block["options"]} == {3}


def test_blank_texts_are_empty() -> None:
    block = only(["So so good", " \n", "good 👍", None], "text")
    assert (block["shown"], block["answered"], block["skipped"], block["empty"]) == (4, 2, 2, 2)
    assert block["words"] == [
        {"word": "good", "participants": 2, "occurrences": 2},
        {"word": "so", "participants": 1, "occurrences": 2},
    ]


def test_people_in_progress_stopped_after_their_last_answer() -> None:
    design = survey_of(question("seq"), question("text"), question("seq"))
    people = [
        answered([7, None, None], 0, completed=False),
        answered([7, "yes", None], 1, completed=False),
        answered([7, "yes", None], 2, completed=False, excluded=True),
        answered([7, " ", None], 3, completed=False),
        person_of(number=4, completed=False),
        answered([7, "yes", 7], 5),
    ]
    summary = summary_of(design, people)
    assert [row["count"] for row in summary["dropoff"]] == [2, 1, 0]
    assert [row["shown"] for row in summary["questions"]] == [1, 1, 1]


def test_finished_people_without_results_saw_the_questions() -> None:
    block = summary_of(SURVEY, [person_of()])["questions"][0]
    assert (block["shown"], block["answered"], block["skipped"]) == (1, 0, 1)


def test_nobody_gives_nulls() -> None:
    blocks = {block["kind"]: block for block in summarise(SURVEY, State())["questions"]}
    assert blocks["nps"]["nps"] is blocks["nps"]["ci95"] is None
    assert blocks["rating"]["median"] is blocks["rating"]["mean"]["mean"] is None
    assert {row["share"] for row in blocks["rating"]["distribution"]} == {None}
    assert blocks["sus"]["grade"] is blocks["sus"]["usability"] is blocks["sus"]["cronbach_alpha"] is None
    assert blocks["umux_lite"]["sus_estimate"] is None
    assert blocks["csat"]["csat"] == {"count": 0, "n": 0, "rate": None, "ci95": None}


def test_answers_to_questions_that_are_gone_do_not_count() -> None:
    person = answered([7, 6])
    assert len(summary_of(survey_of(question("seq")), [person])["questions"]) == 1
    assert summary_of(Design({}), [person, replace(person, completed=False)]) == {"questions": [], "dropoff": []}


@settings(max_examples=200, deadline=None)
@given(people_of("survey", SURVEY))
def test_counts_are_those_of_the_raw_answers(people: list[Person]) -> None:
    analysed = [person.results[0]["answers"] for person in people if person.analysed]
    for asked, block in zip(SURVEY.questions, summary_of(SURVEY, people)["questions"], strict=True):
        values = [each["value"] for answers in analysed for each in answers if each["question_id"] == asked.id]
        given = [value for value in values if not isinstance(value, str) or value.strip()]
        assert (block["shown"], block["answered"]) == (len(analysed), len(given))
        if "distribution" in block:
            assert {row["value"]: row["count"] for row in block["distribution"] if row["count"]} == Counter(given)
        if "options" in block and asked.kind != "ranking":
            chosen: Counter[Any] = Counter()
            for value in given:
                chosen.update(value if isinstance(value, list) else [str(value).lower()])
            assert {row["id"]: row["count"] for row in block["options"] if row["count"]} == chosen
