"""A runner learns what to show, and nothing that would give the right answer away."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.domain.study_types.designs import design_of, open_sort
from trimetric.domain.study_types import STUDY_TYPES, study_type
from trimetric.domain.study_types.design import Design

SECRET = "SECRET"
#: Members of settings that a participant must not learn.
SECRET_MEMBERS = {
    "category_map",
    "correct_node_ids",
    "areas",
    "keywords",
    "goal_screen_ids",
    "expected_paths",
    "goal",
}


def planted(value: Any, *, secret: bool = False) -> Any:
    """`value` with every text below a secret member marked."""
    if isinstance(value, dict):
        marked = {name: planted(each, secret=secret or name in SECRET_MEMBERS) for name, each in value.items()}
        return {f"{SECRET}{name}": each for name, each in marked.items()} if secret else marked
    if isinstance(value, list):
        return [planted(each, secret=secret) for each in value]
    return f"{SECRET}{value}" if secret else value


@pytest.mark.parametrize("type_name", STUDY_TYPES)
def test_nothing_secret_is_shown(type_name: str) -> None:
    settings = planted({**design_of(type_name).settings, **_more_secrets(type_name)})
    design = design_of(type_name)
    view = study_type(type_name).runner_view(Design(settings, design.cards, design.groups, design.questions))
    assert SECRET not in json.dumps(view)
    if SECRET_MEMBERS & set(json.dumps(design.settings).split('"')):
        assert SECRET in json.dumps(settings)


def _more_secrets(type_name: str) -> dict[str, Any]:
    return {"category_map": {"label": "category"}} if type_name == "card_sort" else {}


@settings(deadline=None)
@given(secret=st.text(alphabet="abcdef0123456789", min_size=12, max_size=20))
def test_secrets_of_any_text_are_not_shown(secret: str) -> None:
    designs = {
        "card_sort": {"category_map": {secret: secret}},
        "tree_test": {"tasks": [{"id": "t", "correct_node_ids": [secret]}]},
        "first_click_test": {
            "tasks": [
                {
                    "id": "t",
                    "areas": [
                        {"id": secret, "label": secret, "rect": {"x": 0, "y": 0, "width": 1, "height": 1}},
                    ],
                }
            ]
        },
        "five_second_test": {"questions": [{"id": "q", "kind": "text", "keywords": [secret]}]},
        "prototype_test": {"tasks": [{"id": "t", "goal_screen_ids": [secret], "expected_paths": [[secret]]}]},
        "live_website_test": {
            "tasks": [{"id": "t", "goal": {"url_pattern": f"{secret}/x"}, "expected_paths": [[f"/{secret}"]]}]
        },
    }
    for type_name, raw in designs.items():
        kind = study_type(type_name)
        settings = kind.merge_settings(kind.default_settings(), raw)
        assert secret in json.dumps(settings)
        assert secret not in json.dumps(kind.runner_view(Design(settings)))


@pytest.mark.parametrize(
    ("type_name", "members"),
    [
        ("card_sort", {"sort_type", "allow_unsorted", "cards", "groups"}),
        ("tree_test", {"tree", "tasks", "shuffle_tasks"}),
        ("survey", {"questions"}),
        ("first_click_test", {"tasks"}),
        ("five_second_test", {"image", "exposure_ms", "questions"}),
        ("preference_test", {"prompt", "options", "allow_none"}),
        ("prototype_test", {"screens", "tasks"}),
        ("live_website_test", {"tasks"}),
        ("interview", {"mode", "guide"}),
    ],
)
def test_what_is_shown(type_name: str, members: set[str]) -> None:
    view = study_type(type_name).runner_view(design_of(type_name))
    assert view.keys() == members
    assert all(view[name] not in ([], None, "") for name in members)


def test_what_a_task_shows() -> None:
    shown = {
        name: set(study_type(name).runner_view(design_of(name))["tasks"][0])
        for name in ("tree_test", "first_click_test", "prototype_test", "live_website_test")
    }
    assert shown == {
        "tree_test": {"id", "prompt"},
        "first_click_test": {"id", "prompt", "image"},
        "prototype_test": {"id", "prompt", "start_screen_id"},
        "live_website_test": {"id", "prompt", "start_url"},
    }


def test_an_open_sort_shows_no_groups() -> None:
    assert study_type("card_sort").runner_view(open_sort())["groups"] == []
