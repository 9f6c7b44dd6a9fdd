"""Bodies of the content endpoints."""

from typing import Any

import pytest

from trimetric.domain.study_types.design import Option, Question
from trimetric.domain.study_types.new_content import (
    LabelPatch,
    parse_label,
    parse_labels,
    parse_question,
    parse_questions,
    patch_label,
    patch_question,
)
from trimetric.errors import ValidationFailed

OPTIONS = [{"id": "a", "label": "A"}, {"id": "b", "label": "B"}]
CHOICE = Question("qst_1", "single_choice", "Which?", required=True, options=(Option("a", "A"), Option("b", "B")))
RATING = Question("qst_2", "rating", "How?", required=False, min=1, max=7)


def fields(refusal: pytest.ExceptionInfo[ValidationFailed]) -> list[str]:
    return [detail.field for detail in refusal.value.details]


def test_labels_are_bare_or_wrapped_and_trimmed() -> None:
    assert parse_labels([" Apple ", {"label": "Bread\n"}, "x" * 255], field="cards") == ["Apple", "Bread", "x" * 255]


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        pytest.param("Apple", "cards", id="no list"),
        pytest.param(None, "cards", id="null"),
        pytest.param([], "cards", id="an empty list"),
        pytest.param(["Apple"] * 3, "cards", id="more than there is room for"),
        pytest.param(["Apple", ""], "cards[1]", id="an empty label"),
        pytest.param([" \t\n"], "cards[0]", id="a blank label"),
        pytest.param(["x" * 256], "cards[0]", id="256 characters"),
        pytest.param(["a\x00b"], "cards[0]", id="U+0000"),
        pytest.param(["\ud800"], "cards[0]", id="half of a surrogate pair"),
        pytest.param([7], "cards[0]", id="a number"),
        pytest.param([{"label": 7}], "cards[0].label", id="a number as label"),
        pytest.param([{}], "cards[0].label", id="no label"),
        pytest.param([{"label": "A", "id": "crd_1"}], "cards[0].id", id="an id of one's own"),
        pytest.param([["Apple"]], "cards[0]", id="a list"),
    ],
)
def test_wrong_labels(raw: object, path: str) -> None:
    with pytest.raises(ValidationFailed) as refusal:
        parse_labels(raw, field="cards", room=2)
    assert fields(refusal) == [path]


def test_all_wrong_labels_are_named() -> None:
    with pytest.raises(ValidationFailed) as refusal:
        parse_labels(["", "Apple", {"label": 1}], field="cards")
    assert fields(refusal) == ["cards[0]", "cards[2].label"]


def test_a_full_study_has_room_for_nothing() -> None:
    with pytest.raises(ValidationFailed):
        parse_labels(["Apple"], field="cards", room=0)


def test_one_label() -> None:
    assert parse_label({"label": " A "}, field="card") == "A"
    with pytest.raises(ValidationFailed) as refusal:
        parse_label({"label": ""}, field="card")
    assert fields(refusal) == ["card.label"]


@pytest.mark.parametrize("kind", ["boolean", "nps", "csat", "ces", "seq", "sus", "umux_lite", "nasa_tlx", "text"])
def test_kinds_without_members_of_their_own(kind: str) -> None:
    assert parse_question({"kind": kind, "prompt": " Why? "}, field="question") == {
        "kind": kind,
        "prompt": " Why? ",
        "required": False,
    }


@pytest.mark.parametrize("kind", ["single_choice", "multiple_choice", "ranking"])
def test_kinds_with_options(kind: str) -> None:
    question = Question(id="q", **parse_question({"kind": kind, "prompt": "?", "options": OPTIONS}, field="question"))
    assert question.options == (Option("a", "A"), Option("b", "B"))


def test_options_that_are_bare_labels_are_numbered() -> None:
    raw = {"kind": "ranking", "prompt": "?", "options": ["Fast", {"id": "x", "label": "Cheap"}, "Good"]}
    assert parse_question(raw, field="question")["options"] == (
        Option("1", "Fast"),
        Option("x", "Cheap"),
        Option("3", "Good"),
    )


@pytest.mark.parametrize(
    ("given", "scale"),
    [
        pytest.param({}, (1, 5), id="the usual scale"),
        pytest.param({"min": 0}, (0, 5), id="another lowest answer"),
        pytest.param({"max": 10}, (1, 10), id="another highest answer"),
        pytest.param({"min": -3, "max": 3}, (-3, 3), id="both"),
    ],
)
def test_ratings(given: dict[str, int], scale: tuple[int, int]) -> None:
    members = parse_question({"kind": "rating", "prompt": "?", "required": True, **given}, field="question")
    assert (members["min"], members["max"]) == scale
    assert members["required"] is True


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        pytest.param({"prompt": "?"}, "kind", id="no kind"),
        pytest.param({"kind": "text"}, "prompt", id="no prompt"),
        pytest.param({"kind": "essay", "prompt": "?"}, "kind", id="an unknown kind"),
        pytest.param({"kind": "text", "prompt": " "}, "prompt", id="a blank prompt"),
        pytest.param({"kind": "text", "prompt": "x" * 2001}, "prompt", id="a prompt of 2,001 characters"),
        pytest.param({"kind": "text", "prompt": "a\x00"}, "prompt", id="U+0000 in the prompt"),
        pytest.param({"kind": "text", "prompt": "?", "required": 1}, "required", id="required that is a number"),
        pytest.param({"kind": "text", "prompt": "?", "position": 0}, "position", id="a position of one's own"),
        pytest.param({"kind": "text", "prompt": "?", "options": ["A"]}, "options", id="options of a text"),
        pytest.param({"kind": "nps", "prompt": "?", "max": 5}, "max", id="another scale for nps"),
        pytest.param({"kind": "ranking", "prompt": "?"}, "options", id="no options"),
        pytest.param({"kind": "ranking", "prompt": "?", "options": []}, "options", id="an empty list of options"),
        pytest.param({"kind": "ranking", "prompt": "?", "options": {}}, "options", id="options that are an object"),
        pytest.param({"kind": "ranking", "prompt": "?", "options": ["A"] * 101}, "options", id="more than 100 options"),
        pytest.param({"kind": "ranking", "prompt": "?", "options": ["A", ""]}, "options[1].label", id="no label"),
        pytest.param(
            {"kind": "ranking", "prompt": "?", "options": [{"id": "a b", "label": "A"}]},
            "options[0].id",
            id="an id with a space",
        ),
        pytest.param(
            {"kind": "ranking", "prompt": "?", "options": [{"id": "a" * 65, "label": "A"}]},
            "options[0].id",
            id="an id of 65 characters",
        ),
        pytest.param(
            {"kind": "ranking", "prompt": "?", "options": [*OPTIONS, {"id": "a", "label": "Again"}]},
            "options[2].id",
            id="an id twice",
        ),
        pytest.param({"kind": "rating", "prompt": "?", "min": 5}, "max", id="a scale of one step"),
        pytest.param({"kind": "rating", "prompt": "?", "min": 1, "max": 102}, "max", id="a scale of 102 steps"),
        pytest.param({"kind": "rating", "prompt": "?", "max": 5.0}, "max", id="a float as the highest answer"),
        pytest.param({"kind": "rating", "prompt": "?", "min": True}, "min", id="a boolean as the lowest answer"),
        pytest.param({"kind": "rating", "prompt": "?", "max": 10**30}, "max", id="a huge highest answer"),
    ],
)
def test_wrong_questions(raw: dict[str, Any], path: str) -> None:
    with pytest.raises(ValidationFailed) as refusal:
        parse_questions([{"kind": "text", "prompt": "fine"}, raw])
    assert fields(refusal) == [f"questions[1].{path}"]


@pytest.mark.parametrize("raw", [{}, [], [{"kind": "text", "prompt": "?"}] * 2, "text"])
def test_wrong_lists_of_questions(raw: object) -> None:
    with pytest.raises(ValidationFailed) as refusal:
        parse_questions(raw, room=1)
    assert fields(refusal) == ["questions"]


@pytest.mark.parametrize(
    ("raw", "patch"),
    [
        pytest.param({}, LabelPatch(None, None), id="nothing"),
        pytest.param({"label": " New "}, LabelPatch("New", None), id="the label"),
        pytest.param({"position": 3}, LabelPatch(None, 3), id="the position"),
    ],
)
def test_patches_of_labels(raw: object, patch: LabelPatch) -> None:
    assert patch_label(raw, field="card") == patch


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        pytest.param([], "card", id="a list"),
        pytest.param({"label": None}, "card.label", id="null as label"),
        pytest.param({"position": -1}, "card.position", id="a negative position"),
        pytest.param({"position": 1.0}, "card.position", id="a float as position"),
        pytest.param({"id": "crd_2"}, "card.id", id="another id"),
    ],
)
def test_wrong_patches_of_labels(raw: object, path: str) -> None:
    with pytest.raises(ValidationFailed) as refusal:
        patch_label(raw, field="card")
    assert fields(refusal) == [path]


def test_a_patch_of_a_question_keeps_what_it_does_not_name() -> None:
    patch = patch_question(CHOICE, {"prompt": "New?", "position": 2}, field="question")
    assert patch.question == Question("qst_1", "single_choice", "New?", required=True, options=CHOICE.options)
    assert patch.position == 2
    assert patch_question(RATING, {}, field="question").question == RATING


def test_a_new_kind_keeps_options_where_it_has_them() -> None:
    assert patch_question(CHOICE, {"kind": "ranking"}, field="question").question.options == CHOICE.options
    assert patch_question(CHOICE, {"kind": "text"}, field="question").question.options == ()
    turned = patch_question(RATING, {"kind": "single_choice", "options": ["A"]}, field="question").question
    assert (turned.min, turned.max, turned.options) == (None, None, (Option("1", "A"),))


@pytest.mark.parametrize(
    ("current", "raw", "path"),
    [
        pytest.param(RATING, {"kind": "ranking"}, "question.options", id="options are missing after the change"),
        pytest.param(RATING, {"min": 7}, "question.max", id="the scale is empty after the change"),
        pytest.param(CHOICE, {"max": 3}, "question.max", id="a member that the kind lacks"),
        pytest.param(CHOICE, {"options": []}, "question.options", id="no options any more"),
        pytest.param(CHOICE, {"id": "qst_2"}, "question.id", id="another id"),
        pytest.param(CHOICE, None, "question", id="null"),
    ],
)
def test_wrong_patches_of_questions(current: Question, raw: object, path: str) -> None:
    with pytest.raises(ValidationFailed) as refusal:
        patch_question(current, raw, field="question")
    assert fields(refusal) == [path]
