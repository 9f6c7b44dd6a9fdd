"""Settings of the nine types: defaults, PATCH, what is refused, what publishing needs, what stays editable."""

import copy
from typing import Any

import pytest

from tests.samples.study_types import sample_study
from tests.unit.domain.study_types.designs import closed_sort, design_of, draft_of, open_sort, survey_of
from trimetric.domain.study_types import STUDY_TYPES, study_type
from trimetric.domain.study_types.design import Card, Design, Group
from trimetric.errors import ValidationFailed

DEFAULTS: dict[str, dict[str, Any]] = {
    "card_sort": {"sort_type": "open", "allow_unsorted": True, "category_map": {}},
    "tree_test": {"tree": [], "tasks": [], "shuffle_tasks": False},
    "survey": {},
    "first_click_test": {"tasks": []},
    "five_second_test": {"image": None, "exposure_ms": 5000, "questions": []},
    "preference_test": {"prompt": "", "options": [], "allow_none": False},
    "prototype_test": {"screens": [], "tasks": []},
    "live_website_test": {"tasks": []},
    "interview": {"mode": "guided", "guide": []},
}
IMAGE = {"url": "https://images.example/a.png", "width": 800, "height": 600}
RECT = {"x": 0.1, "y": 0.1, "width": 0.5, "height": 0.5}
AREA = {"id": "a", "label": "A", "rect": RECT}


def merged(type_name: str, raw: object) -> dict[str, Any]:
    kind = study_type(type_name)
    return kind.merge_settings(kind.default_settings(), raw)


def refused(type_name: str, raw: object, current: dict[str, Any] | None = None) -> list[str]:
    """The paths that are named, without `study.settings.` before them."""
    kind = study_type(type_name)
    with pytest.raises(ValidationFailed) as refusal:
        kind.merge_settings(current or kind.default_settings(), raw)
    return [detail.field.removeprefix("study.settings").removeprefix(".") for detail in refusal.value.details]


def deep(levels: int) -> dict[str, Any]:
    node: dict[str, Any] = {"id": f"n{levels}", "label": "Node"}
    return node if levels == 1 else {"id": f"m{levels}", "label": "Node", "children": [deep(levels - 1)]}


def wide(count: int) -> list[dict[str, Any]]:
    return [{"id": f"n{number}", "label": "Node"} for number in range(count)]


def screens(*ids: str) -> list[dict[str, str]]:
    return [{"id": screen_id, "label": screen_id} for screen_id in ids]


@pytest.mark.parametrize("type_name", STUDY_TYPES)
def test_defaults(type_name: str) -> None:
    assert study_type(type_name).default_settings() == DEFAULTS[type_name]
    assert study_type(type_name).default_settings() is not study_type(type_name).default_settings()


@pytest.mark.parametrize("type_name", STUDY_TYPES)
def test_settings_as_they_are_shown_can_be_sent_again(type_name: str) -> None:
    shown = merged(type_name, sample_study(type_name)["settings"])
    assert merged(type_name, copy.deepcopy(shown)) == shown
    assert merged(type_name, DEFAULTS[type_name]) == DEFAULTS[type_name]


@pytest.mark.parametrize("type_name", STUDY_TYPES)
def test_members_that_are_not_given_stay_and_the_old_settings_are_not_touched(type_name: str) -> None:
    current = merged(type_name, sample_study(type_name)["settings"])
    before = copy.deepcopy(current)
    for name in sample_study(type_name)["settings"]:
        changed = study_type(type_name).merge_settings(current, {name: DEFAULTS[type_name][name]})
        assert changed == {**current, name: DEFAULTS[type_name][name]}
    assert study_type(type_name).merge_settings(current, {}) == current == before


@pytest.mark.parametrize("type_name", STUDY_TYPES)
@pytest.mark.parametrize("raw", [None, [], "settings", 7, True])
def test_settings_that_are_no_object(type_name: str, raw: object) -> None:
    assert refused(type_name, raw) == [""]


@pytest.mark.parametrize("type_name", STUDY_TYPES)
def test_unknown_members(type_name: str) -> None:
    assert refused(type_name, {"colour": "red"}) == ["colour"]


@pytest.mark.parametrize(
    ("type_name", "raw", "path"),
    [
        pytest.param("card_sort", {"sort_type": "half-open"}, "sort_type", id="an unknown sort"),
        pytest.param("card_sort", {"allow_unsorted": 1}, "allow_unsorted", id="a number for a boolean"),
        pytest.param("card_sort", {"category_map": []}, "category_map", id="a category map that is a list"),
        pytest.param(
            "card_sort", {"category_map": {"fruit": 1}}, "category_map.fruit", id="a category that is a number"
        ),
        pytest.param("card_sort", {"category_map": {"fruit": " "}}, "category_map.fruit", id="a blank category"),
        pytest.param(
            "card_sort", {"category_map": {"Fruit": "A", "fruit ": "B"}}, "category_map", id="a label in two categories"
        ),
        pytest.param(
            "card_sort", {"category_map": {str(n): "A" for n in range(5001)}}, "category_map", id="5,001 labels"
        ),
        pytest.param("tree_test", {"tree": {}}, "tree", id="a tree that is an object"),
        pytest.param("tree_test", {"tree": [{"label": "A"}]}, "tree[0].id", id="a node without id"),
        pytest.param("tree_test", {"tree": [{"id": "a"}]}, "tree[0].label", id="a node without label"),
        pytest.param("tree_test", {"tree": [{"id": "a/b", "label": "A"}]}, "tree[0].id", id="an id with a slash"),
        pytest.param("tree_test", {"tree": [{"id": "a\n", "label": "A"}]}, "tree[0].id", id="an id with a new line"),
        pytest.param("tree_test", {"tree": [{"id": "", "label": "A"}]}, "tree[0].id", id="an empty id"),
        pytest.param("tree_test", {"tree": [{"id": "a", "label": " "}]}, "tree[0].label", id="a blank label"),
        pytest.param(
            "tree_test",
            {"tree": [{"id": "a", "label": "A", "children": [{"id": "b", "label": "B", "url": "/"}]}]},
            "tree[0].children[0].url",
            id="an unknown member of a node",
        ),
        pytest.param(
            "tree_test",
            {"tree": [{"id": "a", "label": "A", "children": [{"id": "a", "label": "B"}]}]},
            "tree[0].children[0].id",
            id="a node's id twice",
        ),
        pytest.param(
            "tree_test",
            {"tree": [{"id": "a", "label": "A"}], "tasks": [{"id": "a"}]},
            "tasks[0].id",
            id="an id of both a node and a task",
        ),
        pytest.param("tree_test", {"tree": [deep(11)]}, "tree[0]" + ".children[0]" * 10, id="a tree of 11 levels"),
        pytest.param("tree_test", {"tree": wide(5001)}, "tree", id="5,001 nodes side by side"),
        pytest.param(
            "tree_test",
            {"tree": [{"id": "r", "label": "R", "children": wide(5000)}]},
            "tree",
            id="5,001 nodes on two levels",
        ),
        pytest.param("tree_test", {"tasks": [{"prompt": "Find"}]}, "tasks[0].id", id="a task without id"),
        pytest.param("tree_test", {"tasks": [{"id": "t"}, {"id": "t"}]}, "tasks[1].id", id="a task's id twice"),
        pytest.param("tree_test", {"tasks": [{"id": f"t{n}"} for n in range(101)]}, "tasks", id="101 tasks"),
        pytest.param(
            "tree_test", {"tasks": [{"id": "t", "prompt": 7}]}, "tasks[0].prompt", id="a prompt that is a number"
        ),
        pytest.param(
            "tree_test", {"tasks": [{"id": "t", "prompt": "x" * 2001}]}, "tasks[0].prompt", id="a prompt of 2,001"
        ),
        pytest.param(
            "tree_test", {"tasks": [{"id": "t", "prompt": "\x00"}]}, "tasks[0].prompt", id="U+0000 in a prompt"
        ),
        pytest.param(
            "tree_test",
            {"tasks": [{"id": "t", "correct_node_ids": ["a", "b c"]}]},
            "tasks[0].correct_node_ids[1]",
            id="a malformed correct node",
        ),
        pytest.param(
            "tree_test",
            {"tasks": [{"id": "t", "correct_node_ids": ["a", "a"]}]},
            "tasks[0].correct_node_ids[1]",
            id="a correct node twice",
        ),
        pytest.param("tree_test", {"shuffle_tasks": "yes"}, "shuffle_tasks", id="a string for a boolean"),
        pytest.param(
            "first_click_test",
            {"tasks": [{"id": "t", "image": {"width": 1, "height": 1}}]},
            "tasks[0].image.url",
            id="an image without address",
        ),
        pytest.param(
            "first_click_test",
            {"tasks": [{"id": "t", "image": {**IMAGE, "url": "javascript:alert(1)"}}]},
            "tasks[0].image.url",
            id="a script as image",
        ),
        pytest.param(
            "first_click_test",
            {"tasks": [{"id": "t", "image": {**IMAGE, "width": 0}}]},
            "tasks[0].image.width",
            id="an image without width",
        ),
        pytest.param(
            "first_click_test",
            {"tasks": [{"id": "t", "image": {**IMAGE, "height": 600.5}}]},
            "tasks[0].image.height",
            id="half a pixel",
        ),
        pytest.param(
            "first_click_test",
            {"tasks": [{"id": "t", "areas": [{"id": "a", "label": "A"}]}]},
            "tasks[0].areas[0]",
            id="an area without place",
        ),
        pytest.param(
            "first_click_test",
            {"tasks": [{"id": "t", "areas": [{**AREA, "polygon": [[0, 0], [1, 0], [1, 1]]}]}]},
            "tasks[0].areas[0]",
            id="an area with both rectangle and polygon",
        ),
        pytest.param(
            "first_click_test",
            {"tasks": [{"id": "t", "areas": [{**AREA, "rect": {**RECT, "x": 0.6}}]}]},
            "tasks[0].areas[0].rect.width",
            id="a rectangle beyond the image",
        ),
        pytest.param(
            "first_click_test",
            {"tasks": [{"id": "t", "areas": [{**AREA, "rect": {**RECT, "height": 0}}]}]},
            "tasks[0].areas[0].rect.height",
            id="a rectangle without height",
        ),
        pytest.param(
            "first_click_test",
            {"tasks": [{"id": "t", "areas": [{**AREA, "rect": {**RECT, "y": -0.1}}]}]},
            "tasks[0].areas[0].rect.y",
            id="a rectangle above the image",
        ),
        pytest.param(
            "first_click_test",
            {"tasks": [{"id": "t", "areas": [{"id": "a", "label": "A", "polygon": [[0, 0], [1, 1]]}]}]},
            "tasks[0].areas[0].polygon",
            id="a polygon of two corners",
        ),
        pytest.param(
            "first_click_test",
            {"tasks": [{"id": "t", "areas": [{"id": "a", "label": "A", "polygon": [[0, 0], [0.5, 0.5], [1, 1]]}]}]},
            "tasks[0].areas[0].polygon",
            id="a polygon that encloses nothing",
        ),
        pytest.param(
            "first_click_test",
            {"tasks": [{"id": "t", "areas": [{"id": "a", "label": "A", "polygon": [[0, 0], [1, 0], [1, 1, 1]]}]}]},
            "tasks[0].areas[0].polygon[2]",
            id="a corner in space",
        ),
        pytest.param(
            "first_click_test",
            {"tasks": [{"id": "t", "areas": [{"id": "a", "label": "A", "polygon": [[0, 0], [1, 0], [1, 1.1]]}]}]},
            "tasks[0].areas[0].polygon[2][1]",
            id="a corner outside the image",
        ),
        pytest.param(
            "first_click_test",
            {"tasks": [{"id": "t", "areas": [AREA]}, {"id": "u", "areas": [AREA]}]},
            "tasks[1].areas[0].id",
            id="an area's id in two tasks",
        ),
        pytest.param("five_second_test", {"exposure_ms": 0}, "exposure_ms", id="no exposure"),
        pytest.param("five_second_test", {"exposure_ms": 5.5}, "exposure_ms", id="a fraction of a millisecond"),
        pytest.param("five_second_test", {"image": "a.png"}, "image", id="an image that is a string"),
        pytest.param(
            "five_second_test", {"questions": [{"id": "q", "kind": "nps"}]}, "questions[0].kind", id="another kind"
        ),
        pytest.param(
            "five_second_test",
            {"questions": [{"id": "q", "kind": "text", "options": [{"id": "o", "label": "O"}]}]},
            "questions[0].options",
            id="options of a text",
        ),
        pytest.param(
            "five_second_test",
            {"questions": [{"id": "q", "kind": "single_choice", "keywords": ["blue"]}]},
            "questions[0].keywords",
            id="keywords of a choice",
        ),
        pytest.param(
            "five_second_test",
            {"questions": [{"id": "q", "kind": "text", "keywords": ["blue", " "]}]},
            "questions[0].keywords[1]",
            id="a blank keyword",
        ),
        pytest.param(
            "five_second_test",
            {"questions": [{"id": "q", "kind": "single_choice", "options": [{"id": "q", "label": "O"}]}]},
            "questions[0].options[0].id",
            id="an id of both a question and an option",
        ),
        pytest.param(
            "preference_test", {"options": [{"id": "a", "label": "A"}] * 2}, "options[1].id", id="an option's id twice"
        ),
        pytest.param(
            "preference_test",
            {"options": [{"id": "a", "label": "A", "image_url": "a.png"}]},
            "options[0].image_url",
            id="an address without host",
        ),
        pytest.param("preference_test", {"allow_none": None}, "allow_none", id="null for a boolean"),
        pytest.param("preference_test", {"prompt": ["?"]}, "prompt", id="a prompt that is a list"),
        pytest.param("prototype_test", {"screens": screens("a", "a")}, "screens[1].id", id="a screen's id twice"),
        pytest.param(
            "prototype_test",
            {"tasks": [{"id": "t", "goal_screen_ids": ["a", "a"]}]},
            "tasks[0].goal_screen_ids[1]",
            id="a goal twice",
        ),
        pytest.param(
            "prototype_test",
            {"tasks": [{"id": "t", "expected_paths": [[]]}]},
            "tasks[0].expected_paths[0]",
            id="no steps",
        ),
        pytest.param(
            "prototype_test",
            {"tasks": [{"id": "t", "expected_paths": ["ab"]}]},
            "tasks[0].expected_paths[0]",
            id="a path that is a string",
        ),
        pytest.param(
            "live_website_test", {"tasks": [{"id": "t", "goal": {}}]}, "tasks[0].goal.url_pattern", id="an empty goal"
        ),
        pytest.param(
            "live_website_test",
            {"tasks": [{"id": "t", "goal": {"url_pattern": "ftp://shop.example/"}}]},
            "tasks[0].goal.url_pattern",
            id="a pattern with another scheme",
        ),
        pytest.param(
            "live_website_test",
            {"tasks": [{"id": "t", "goal": {"url_pattern": "/done"}}]},
            "tasks[0].goal.url_pattern",
            id="a pattern without a host",
        ),
        pytest.param(
            "live_website_test",
            {"tasks": [{"id": "t", "start_url": "shop"}]},
            "tasks[0].start_url",
            id="a start nowhere",
        ),
        pytest.param(
            "live_website_test",
            {"tasks": [{"id": "t", "start_url": "http://[::1/"}]},
            "tasks[0].start_url",
            id="a start with half a bracket",
        ),
        pytest.param(
            "live_website_test",
            {"tasks": [{"id": "t", "expected_paths": [["/", "pricing"]]}]},
            "tasks[0].expected_paths[0][1]",
            id="a path without a slash",
        ),
        pytest.param("live_website_test", {"tasks": [{"id": "t"}] * 2}, "tasks[1].id", id="a website task twice"),
        pytest.param("interview", {"mode": "wild"}, "mode", id="an unknown mode"),
        pytest.param("interview", {"guide": [{"id": "g"}, {"id": "g"}]}, "guide[1].id", id="a guide question twice"),
        pytest.param("interview", {"guide": [{"question": "?"}]}, "guide[0].id", id="a guide question without id"),
    ],
)
def test_malformed_settings(type_name: str, raw: dict[str, Any], path: str) -> None:
    assert refused(type_name, raw) == [path]


def test_ids_are_unique_across_requests() -> None:
    current = merged("tree_test", {"tasks": [{"id": "a"}]})
    assert refused("tree_test", {"tree": [{"id": "a", "label": "A"}]}, current) == ["tasks[0].id"]
    current = merged("prototype_test", {"screens": screens("a")})
    assert refused("prototype_test", {"tasks": [{"id": "a"}]}, current) == ["tasks[0].id"]


def test_the_largest_tree() -> None:
    assert len(merged("tree_test", {"tree": wide(5000)})["tree"]) == 5000
    assert merged("tree_test", {"tree": [deep(10)]})["tree"][0]["id"] == "m10"


def test_what_a_draft_may_leave_open_is_filled() -> None:
    assert merged("tree_test", {"tasks": [{"id": "t"}]})["tasks"] == [{"id": "t", "prompt": "", "correct_node_ids": []}]
    assert merged("first_click_test", {"tasks": [{"id": "t", "areas": [AREA]}]})["tasks"] == [
        {"id": "t", "prompt": "", "image": None, "areas": [{**AREA, "correct": False}]}
    ]
    assert merged("prototype_test", {"tasks": [{"id": "t"}]})["tasks"] == [
        {"id": "t", "prompt": "", "start_screen_id": None, "goal_screen_ids": [], "expected_paths": []}
    ]
    assert merged("live_website_test", {"tasks": [{"id": "t"}]})["tasks"] == [
        {"id": "t", "prompt": "", "start_url": None, "goal": None, "expected_paths": []}
    ]


def test_a_rectangle_may_reach_the_edges_whatever_floats_add_up_to() -> None:
    rect = {"x": 0.1, "y": 0.7, "width": 0.9, "height": 0.3}
    area = merged("first_click_test", {"tasks": [{"id": "t", "areas": [{**AREA, "rect": rect}]}]})
    assert area["tasks"][0]["areas"][0]["rect"] == rect


def test_labels_of_the_category_map_are_normalised() -> None:
    given = {"  FRESH   food": "Food", "fresh food": "Food", "\uff26ruit": "Fruit", "Straße": "Way"}
    assert merged("card_sort", {"category_map": given})["category_map"] == {
        "fresh food": "Food",
        "fruit": "Fruit",
        "strasse": "Way",
    }


# -- publishing ------------------------------------------------------------------


@pytest.mark.parametrize("type_name", STUDY_TYPES)
def test_complete_studies_can_be_published(type_name: str) -> None:
    assert study_type(type_name).missing_for_publish(design_of(type_name)) == []


@pytest.mark.parametrize(
    "design", [pytest.param(open_sort(), id="an open sort"), pytest.param(closed_sort(), id="a closed sort")]
)
def test_complete_card_sorts(design: Design) -> None:
    assert study_type("card_sort").missing_for_publish(design) == []


CARDS = (Card("c1", "A"), Card("c2", "B"))
GROUPS = (Group("g1", "G"),)
TASKS = "study.settings.tasks"


@pytest.mark.parametrize(
    ("type_name", "design", "paths"),
    [
        pytest.param("card_sort", draft_of("card_sort", {}), ["study.cards"], id="a sort without cards"),
        pytest.param(
            "card_sort", Design({"sort_type": "open"}, cards=CARDS[:1]), ["study.cards"], id="a sort of one card"
        ),
        pytest.param(
            "card_sort",
            Design({"sort_type": "closed"}, cards=CARDS),
            ["study.groups"],
            id="a closed sort without groups",
        ),
        pytest.param(
            "card_sort", Design({"sort_type": "hybrid"}, cards=CARDS), ["study.groups"], id="a hybrid without groups"
        ),
        pytest.param(
            "card_sort",
            Design({"sort_type": "open"}, cards=CARDS, groups=GROUPS),
            ["study.groups"],
            id="an open sort with groups that were there before it was open",
        ),
        pytest.param("tree_test", draft_of("tree_test", {}), [TASKS], id="a tree test without tasks"),
        pytest.param(
            "tree_test",
            draft_of("tree_test", {"tree": wide(1), "tasks": [{"id": "t", "prompt": " "}]}),
            [f"{TASKS}[0].prompt", f"{TASKS}[0].correct_node_ids"],
            id="a blank task without correct nodes",
        ),
        pytest.param(
            "tree_test",
            draft_of(
                "tree_test",
                {
                    "tree": wide(1),
                    "tasks": [
                        {"id": "t", "prompt": "?", "correct_node_ids": ["n0"]},
                        {"id": "u", "prompt": "?", "correct_node_ids": ["n0", "n1"]},
                    ],
                },
            ),
            [f"{TASKS}[1].correct_node_ids[1]"],
            id="a correct node that the tree lacks",
        ),
        pytest.param("survey", Design({}), ["study.questions"], id="a survey without questions"),
        pytest.param("first_click_test", draft_of("first_click_test", {}), [TASKS], id="a click test without tasks"),
        pytest.param(
            "first_click_test",
            draft_of("first_click_test", {"tasks": [{"id": "t", "prompt": "?", "areas": [AREA]}]}),
            [f"{TASKS}[0].image", f"{TASKS}[0].areas"],
            id="a click task without image and correct area",
        ),
        pytest.param(
            "first_click_test",
            draft_of(
                "first_click_test", {"tasks": [{"id": "t", "image": IMAGE, "areas": [{**AREA, "correct": True}]}]}
            ),
            [f"{TASKS}[0].prompt"],
            id="a click task without prompt",
        ),
        pytest.param(
            "five_second_test",
            draft_of("five_second_test", {}),
            ["study.settings.image", "study.settings.questions"],
            id="an empty five-second test",
        ),
        pytest.param(
            "five_second_test",
            draft_of("five_second_test", {"image": IMAGE, "questions": [{"id": "q", "kind": "single_choice"}]}),
            ["study.settings.questions[0].prompt", "study.settings.questions[0].options"],
            id="a choice without prompt and options",
        ),
        pytest.param(
            "preference_test",
            draft_of("preference_test", {"options": [{"id": "a", "label": "A"}]}),
            ["study.settings.options"],
            id="a choice of one",
        ),
        pytest.param("prototype_test", draft_of("prototype_test", {}), [TASKS], id="a prototype without tasks"),
        pytest.param(
            "prototype_test",
            draft_of("prototype_test", {"screens": screens("a"), "tasks": [{"id": "t"}]}),
            [f"{TASKS}[0].prompt", f"{TASKS}[0].goal_screen_ids"],
            id="a blank task without goal",
        ),
        pytest.param(
            "prototype_test",
            draft_of(
                "prototype_test",
                {
                    "screens": screens("a"),
                    "tasks": [
                        {
                            "id": "t",
                            "prompt": "?",
                            "start_screen_id": "x",
                            "goal_screen_ids": ["a", "y"],
                            "expected_paths": [["a"], ["a", "z"]],
                        }
                    ],
                },
            ),
            [f"{TASKS}[0].goal_screen_ids[1]", f"{TASKS}[0].start_screen_id", f"{TASKS}[0].expected_paths[1][1]"],
            id="a task that names screens which are not there",
        ),
        pytest.param(
            "live_website_test", draft_of("live_website_test", {}), [TASKS], id="a website test without tasks"
        ),
        pytest.param(
            "live_website_test",
            draft_of("live_website_test", {"tasks": [{"id": "t"}]}),
            [f"{TASKS}[0].prompt", f"{TASKS}[0].start_url", f"{TASKS}[0].goal"],
            id="a website task with nothing in it",
        ),
        pytest.param("interview", draft_of("interview", {}), ["study.settings.guide"], id="a guide without questions"),
        pytest.param(
            "interview",
            draft_of("interview", {"guide": [{"id": "g"}]}),
            ["study.settings.guide[0].question"],
            id="a blank guide question",
        ),
    ],
)
def test_publishing_names_what_is_missing(type_name: str, design: Design, paths: list[str]) -> None:
    missing = study_type(type_name).missing_for_publish(design)
    assert [problem.field for problem in missing] == paths
    assert all(problem.message for problem in missing)


def test_a_live_interview_needs_no_guide() -> None:
    assert study_type("interview").missing_for_publish(draft_of("interview", {"mode": "live"})) == []


def test_a_survey_of_one_question_is_complete() -> None:
    assert study_type("survey").missing_for_publish(survey_of({"kind": "nps", "prompt": "?"})) == []


# -- after publishing --------------------------------------------------------------


@pytest.mark.parametrize("type_name", STUDY_TYPES)
def test_what_a_published_study_takes(type_name: str) -> None:
    kind, settings = study_type(type_name), design_of(type_name).settings
    editable = {name for name in settings if kind.editable_after_publish(settings, {name: settings[name]})}
    assert editable == {"card_sort": {"category_map"}, "first_click_test": {"tasks"}}.get(type_name, set())
    assert kind.editable_after_publish(settings, {})


def test_categories_of_a_published_sort_can_change_but_not_beside_other_members() -> None:
    kind, settings = study_type("card_sort"), design_of("card_sort").settings
    assert kind.editable_after_publish(settings, {"category_map": {"a": "B"}})
    assert not kind.editable_after_publish(settings, {"category_map": {"a": "B"}, "allow_unsorted": True})


def _with_changed_task(settings: dict[str, Any], **members: Any) -> dict[str, Any]:
    tasks = copy.deepcopy(settings["tasks"])
    return {"tasks": [{**tasks[0], **members}, *tasks[1:]]}


@pytest.mark.parametrize(
    ("members", "editable"),
    [
        pytest.param({"areas": [AREA]}, True, id="other areas"),
        pytest.param({"areas": []}, True, id="no areas"),
        pytest.param({"areas": [AREA], "prompt": "Another task"}, False, id="another prompt"),
        pytest.param({"image": IMAGE}, False, id="another image"),
        pytest.param({"id": "other"}, False, id="another id"),
    ],
)
def test_areas_of_a_published_click_test_can_change_but_not_its_tasks(members: dict[str, Any], editable: bool) -> None:
    kind, settings = study_type("first_click_test"), design_of("first_click_test").settings
    assert kind.editable_after_publish(settings, _with_changed_task(settings, **members)) is editable


def test_tasks_of_a_published_click_test_keep_their_order_and_number() -> None:
    kind, settings = study_type("first_click_test"), design_of("first_click_test").settings
    assert not kind.editable_after_publish(settings, {"tasks": settings["tasks"][::-1]})
    assert not kind.editable_after_publish(settings, {"tasks": settings["tasks"][:1]})
    assert not kind.editable_after_publish(settings, {"tasks": settings["tasks"], "other": 1})
