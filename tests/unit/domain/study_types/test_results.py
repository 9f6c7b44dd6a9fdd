"""Payloads of participants: what is taken, how it is kept, what is refused and where the refusal points."""

import random
from typing import Any

import pytest

from tests.samples.study_types import sample_results, wrong_results
from tests.unit.domain.study_types.designs import closed_sort, design_of, detail_of, open_sort, survey_of
from trimetric.domain.study_types import STUDY_TYPES, study_type
from trimetric.domain.study_types.design import Design
from trimetric.errors import ValidationFailed

PER_TASK = ("tree_test", "first_click_test", "prototype_test", "live_website_test")
PER_PERSON = tuple(name for name in STUDY_TYPES if name not in PER_TASK)
DESIGNS = [
    *(pytest.param(name, design_of(name), id=name) for name in STUDY_TYPES),
    pytest.param("card_sort", open_sort(), id="open card_sort"),
    pytest.param("card_sort", closed_sort(), id="closed card_sort"),
    pytest.param("preference_test", design_of("preference_test", allow_none=False), id="preference_test without none"),
    pytest.param("interview", design_of("interview", mode="live", guide=[]), id="interview without guide"),
]


def refused(type_name: str, design: Design, raw: object, **more: Any) -> list[str]:
    with pytest.raises(ValidationFailed) as refusal:
        study_type(type_name).parse_results(design, raw, **more)
    return [detail.field for detail in refusal.value.details]


def people(type_name: str, design: Design, count: int) -> list[list[dict[str, Any]]]:
    rng = random.Random(5)  # noqa: S311 - the same people every time
    return [sample_results(type_name, detail_of(design), rng) for _ in range(count)]


@pytest.mark.parametrize(("type_name", "design"), DESIGNS)
def test_results_of_real_people_are_taken_and_stay_as_they_are(type_name: str, design: Design) -> None:
    kind = study_type(type_name)
    for results in people(type_name, design, 100):
        payloads = kind.parse_results(design, results)
        assert kind.parse_results(design, payloads) == payloads
        for payload, result in zip(payloads, results, strict=True):
            kept = {name: value for name, value in result.items() if name not in ("visits", "skipped")}
            assert kept.items() <= payload.items()


@pytest.mark.parametrize(("type_name", "design"), DESIGNS)
def test_no_results_at_all(type_name: str, design: Design) -> None:
    assert study_type(type_name).parse_results(design, []) == []


@pytest.mark.parametrize("type_name", STUDY_TYPES)
@pytest.mark.parametrize("raw", [None, {}, "results", 0])
def test_results_that_are_no_list(type_name: str, raw: object) -> None:
    assert refused(type_name, design_of(type_name), raw, field="participants[3].results") == ["participants[3].results"]


def _cases() -> list[Any]:
    return [
        pytest.param(case.values[0], case.values[1], results, suffix, id=f"{case.id}: {prose}")
        for case in DESIGNS
        if case.id != "interview without guide"
        for prose, results, suffix in wrong_results(str(case.values[0]), detail_of(_design(case.values[1])))
    ]


def _design(value: object) -> Design:
    assert isinstance(value, Design)
    return value


@pytest.mark.parametrize(("type_name", "design", "results", "suffix"), _cases())
def test_wrong_results(type_name: str, design: Design, results: list[Any], suffix: str) -> None:
    paths = refused(type_name, design, results, field="participants[3].results")
    assert all(path.startswith("participants[3].results[") for path in paths)
    assert any(path.endswith(suffix) for path in paths), paths


@pytest.mark.parametrize("type_name", PER_TASK)
def test_a_task_that_has_its_result_already(type_name: str) -> None:
    design = design_of(type_name)
    kind = study_type(type_name)
    stored = kind.parse_results(design, people(type_name, design, 1)[0])
    again = people(type_name, design, 2)[1]
    assert refused(type_name, design, again[:1], existing=stored) == ["results[0].task_id"]
    assert kind.parse_results(design, again[1:], existing=stored[:1])
    assert [kind.task_of(payload) for payload in stored] == [task["id"] for task in design.settings["tasks"]]


@pytest.mark.parametrize("type_name", PER_PERSON)
def test_a_person_who_has_given_the_result_already(type_name: str) -> None:
    design = design_of(type_name)
    stored = study_type(type_name).parse_results(design, people(type_name, design, 1)[0])
    assert refused(type_name, design, people(type_name, design, 2)[1], existing=stored) == ["results[0]"]
    assert study_type(type_name).task_of(stored[0]) is None


def test_more_results_than_any_study_takes() -> None:
    assert refused("tree_test", design_of("tree_test"), [{}] * 101) == ["results"]


def test_all_that_is_wrong_is_named_at_once() -> None:
    click = {"task_id": "nowhere", "x": 0.5, "y": 0.5}
    assert refused("first_click_test", design_of("first_click_test"), [click, {"task_id": "open-cart"}]) == [
        "results[0].task_id",
        "results[0].duration_ms",
        "results[1].x",
        "results[1].y",
        "results[1].duration_ms",
    ]


# -- what is filled and cleaned ----------------------------------------------------


def test_defaults_of_a_tree_test() -> None:
    answer = {"task_id": "find-shop", "path": ["about", "shops"], "answer_node_id": "shops", "duration_ms": 0}
    skip = {"task_id": "find-used", "path": [], "skipped": True, "duration_ms": 5}
    assert study_type("tree_test").parse_results(design_of("tree_test"), [answer, skip]) == [
        {**answer, "skipped": False, "confidence": None},
        {**skip, "answer_node_id": None, "confidence": None},
    ]


def test_defaults_of_a_first_click() -> None:
    click = {"task_id": "open-cart", "x": 1, "y": 0, "duration_ms": 900}
    skip = {"task_id": "find-help", "skipped": True}
    first, second = study_type("first_click_test").parse_results(design_of("first_click_test"), [click, skip])
    assert first == {**click, "skipped": False}
    assert isinstance(first["x"], float)
    assert second == {**skip, "x": None, "y": None, "duration_ms": None}


def test_a_skip_may_say_how_long_it_took() -> None:
    skip = {"task_id": "find-help", "skipped": True, "duration_ms": 700}
    (payload,) = study_type("first_click_test").parse_results(design_of("first_click_test"), [skip])
    assert payload["duration_ms"] == 700


def test_defaults_of_a_preference() -> None:
    given = {"option_id": None, "duration_ms": 1}
    assert study_type("preference_test").parse_results(design_of("preference_test"), [given]) == [
        {**given, "order": [], "reason": None}
    ]


def test_defaults_of_a_prototype_walk() -> None:
    given = {"task_id": "buy", "path": [], "clicks": 0, "misclicks": 0, "duration_ms": 1}
    assert study_type("prototype_test").parse_results(design_of("prototype_test"), [given]) == [
        {**given, "gave_up": False, "ease": None, "screens": []}
    ]


def test_addresses_of_a_website_lose_what_may_name_a_person() -> None:
    visits = [
        {"url": "HTTPS://ann:secret@Shop.Example:443?session=1", "duration_ms": 1},
        {"url": "http://shop.example:8080/a%20b/;x=1?q#top", "duration_ms": 2},
        {"url": "https://[2001:DB8::1]/", "duration_ms": 3},
    ]
    given = {"task_id": "find-price", "visits": visits, "duration_ms": 6}
    (payload,) = study_type("live_website_test").parse_results(design_of("live_website_test"), [given])
    assert [visit["url"] for visit in payload["visits"]] == [
        "https://shop.example/",
        "http://shop.example:8080/a%20b/;x=1",
        "https://[2001:db8::1]/",
    ]
    assert (payload["self_reported"], payload["gave_up"], payload["ease"]) == (None, False, None)


def test_defaults_and_instants_of_an_interview() -> None:
    given = {
        "status": "completed",
        "started_at": "2026-01-05T10:00:00+01:00",
        "ended_at": "2026-01-05T09:00:00Z",
        "notes": [{"text": "hm", "tags": [" price "]}],
    }
    assert study_type("interview").parse_results(design_of("interview"), [given]) == [
        {
            "status": "completed",
            "scheduled_at": None,
            "started_at": "2026-01-05T09:00:00.000Z",
            "ended_at": "2026-01-05T09:00:00.000Z",
            "answers": [],
            "notes": [{"text": "hm", "tags": ["price"], "sentiment": None}],
        }
    ]


def test_a_free_label_is_trimmed() -> None:
    given = {"placements": [{"card_id": "crd_0", "group": " Fruit "}], "duration_ms": 1}
    (payload,) = study_type("card_sort").parse_results(open_sort(), [given])
    assert payload["placements"] == [{"card_id": "crd_0", "group": "Fruit"}]


def test_a_closed_sort_of_all_cards() -> None:
    placements = [{"card_id": card.id, "group_id": "grp_0"} for card in closed_sort().cards]
    given = {"placements": placements, "duration_ms": 1}
    assert study_type("card_sort").parse_results(closed_sort(), [given]) == [given]


# -- required questions --------------------------------------------------------------

REQUIRED = survey_of(
    {"kind": "text", "prompt": "Why?", "required": True},
    {"kind": "nps", "prompt": "Recommend?", "required": True},
    {"kind": "text", "prompt": "More?"},
)


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param([], id="nothing answered"),
        pytest.param([{"question_id": "qst_0", "value": "because"}], id="one of two answered"),
        pytest.param([{"question_id": "qst_0", "value": " "}, {"question_id": "qst_1", "value": 0}], id="a blank text"),
    ],
)
def test_required_questions_bind_those_who_finish(answers: list[dict[str, Any]]) -> None:
    raw = [{"answers": answers, "duration_ms": 1}]
    assert set(refused("survey", REQUIRED, raw)) == {"results[0].answers"}
    assert study_type("survey").parse_results(REQUIRED, raw, in_progress=True) == raw


def test_an_answer_of_zero_or_false_is_an_answer() -> None:
    design = survey_of(
        {"kind": "nps", "prompt": "?", "required": True}, {"kind": "boolean", "prompt": "?", "required": True}
    )
    answers = [{"question_id": "qst_0", "value": 0}, {"question_id": "qst_1", "value": False}]
    raw = [{"answers": answers, "duration_ms": 1}]
    assert study_type("survey").parse_results(design, raw) == raw


def test_half_of_a_surrogate_pair_is_no_text() -> None:
    raw = [{"answers": [{"question_id": "qst_0", "value": "\ud800"}], "duration_ms": 1}]
    assert refused("survey", REQUIRED, raw, in_progress=True) == ["results[0].answers[0].value"]
