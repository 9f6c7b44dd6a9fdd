"""/api/v1/studies"""

import json
from typing import Any

import pytest

from tests.handlers.conftest import PUBLISHABLE, Client, incompressible
from trimetric.domain.study_types import STUDY_TYPES

STUDIES = "/api/v1/studies"
UNKNOWN = f"std_{'0' * 26}"
UNKNOWN_FOLDER = f"fld_{'0' * 26}"
LIST_FIELDS = [
    "id",
    "type",
    "status",
    "name",
    "description",
    "folder_id",
    "participant_count",
    "completed_count",
    "excluded_count",
    "created_at",
    "updated_at",
    "published_at",
    "ended_at",
]
CONTENT = {"card_sort": ["cards", "groups"], "survey": ["questions"]}


def path_of(study: dict[str, Any]) -> str:
    return f"{STUDIES}/{study['id']}"


# -- create and show ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("type_", STUDY_TYPES)
def test_a_study_of_each_type_is_created_as_a_draft(api: Client, type_: str) -> None:
    reply = api.post(STUDIES, {"study": {"name": " First "}}, {"type": type_})
    assert reply.status == 201
    study = reply.data
    assert reply.headers["location"] == path_of(study)
    assert list(study) == [*LIST_FIELDS, "settings", *CONTENT.get(type_, [])]
    assert (study["type"], study["status"], study["name"]) == (type_, "draft", "First")
    assert [study[name] for name in ("description", "folder_id", "published_at", "ended_at")] == [None] * 4
    assert [study[name] for name in LIST_FIELDS[6:9]] == [0, 0, 0]
    assert all(study[name] == [] for name in CONTENT.get(type_, []))
    shown = api.get(path_of(study))
    assert shown.data == study
    assert shown.headers["etag"] == reply.headers["etag"]


def test_what_was_sent_is_kept(api: Client) -> None:
    folder = api.folder()
    settings = {"sort_type": "hybrid", "allow_unsorted": False}
    study = api.study(name="é\u0301 😀", description="Line\nline", folder_id=folder["id"], settings=settings)
    shown = api.get(path_of(study)).data
    assert (shown["name"], shown["description"], shown["folder_id"]) == ("é\u0301 😀", "Line\nline", folder["id"])
    assert shown["settings"] == {"category_map": {}, **settings}


@pytest.mark.parametrize(
    ("query", "body", "refusal"),
    [
        ("", {"study": {"name": "x"}}, (400, "invalid_request")),
        ("type=", {"study": {"name": "x"}}, (400, "invalid_request")),
        ("type=survey&status=draft", {"study": {"name": "x"}}, (400, "invalid_request")),
        ("type=survey&type=survey", {"study": {"name": "x"}}, (400, "invalid_request")),
        ("type=poll", {"study": {"name": "x"}}, (422, "invalid_type")),
        ("type=SURVEY", {"study": {"name": "x"}}, (422, "invalid_type")),
        ("type=poll", {"study": {}}, (422, "invalid_type")),
        ("type=survey", {"name": "x"}, (400, "invalid_request")),
        ("type=survey", {}, (400, "invalid_request")),
        ("type=survey", None, (400, "invalid_request")),
    ],
)
def test_type_and_wrapper_are_checked_in_this_order(
    api: Client, query: str, body: Any, refusal: tuple[int, str]
) -> None:
    assert api.post(STUDIES, body, query).refusal == refusal
    assert api.get(STUDIES).data == []


BAD_MEMBERS: list[tuple[dict[str, Any], str]] = [
    ({"name": "  "}, "study.name"),
    ({"name": None}, "study.name"),
    ({"name": "x" * 256}, "study.name"),
    ({"name": 5}, "study.name"),
    ({"name": "x", "description": "x" * 2001}, "study.description"),
    ({"name": "x", "description": 1}, "study.description"),
    ({"name": "x", "folder_id": ""}, "study.folder_id"),
    ({"name": "x", "folder_id": "x"}, "study.folder_id"),
    ({"name": "x", "folder_id": UNKNOWN_FOLDER}, "study.folder_id"),
    ({"name": "x", "folder_id": UNKNOWN}, "study.folder_id"),
    ({"name": "x", "folder_id": 1}, "study.folder_id"),
    ({"name": "x", "settings": None}, "study.settings"),
    ({"name": "x", "settings": []}, "study.settings"),
    ({"name": "x", "settings": {"sort_type": "free"}}, "study.settings.sort_type"),
    ({"name": "x", "settings": {"colour": "red"}}, "study.settings.colour"),
    ({"name": "x", "status": "published"}, "study.status"),
    ({"name": "x", "type": "survey"}, "study.type"),
    ({"name": "x", "cards": []}, "study.cards"),
]


@pytest.mark.parametrize(("members", "field"), [({}, "study.name"), *BAD_MEMBERS])
def test_a_member_that_does_not_fit_is_422_naming_it(api: Client, members: dict[str, Any], field: str) -> None:
    reply = api.post(STUDIES, {"study": members}, "type=card_sort")
    assert (reply.refusal, reply.fields) == ((422, "validation_failed"), [field])
    assert api.get(STUDIES).data == []
    assert api.get("/api/v1/workspace").data["study_count"] == 0


@pytest.mark.parametrize(("members", "field"), BAD_MEMBERS)
def test_a_patch_is_held_to_the_same(api: Client, members: dict[str, Any], field: str) -> None:
    path = path_of(api.study())
    before = api.get(path).text
    reply = api.patch(path, {"study": members})
    assert (reply.refusal, reply.fields) == ((422, "validation_failed"), [field])
    assert api.get(path).text == before


def test_a_neighbours_folder_is_no_folder(api: Client, neighbour: Client) -> None:
    theirs = neighbour.folder()["id"]
    body = {"study": {"name": "x", "folder_id": theirs}}
    unknown = {"study": {"name": "x", "folder_id": UNKNOWN_FOLDER}}
    assert api.post(STUDIES, body, "type=survey").text == api.post(STUDIES, unknown, "type=survey").text
    path = path_of(api.study())
    assert api.patch(path, body).text == api.patch(path, unknown).text
    assert neighbour.get(f"/api/v1/folders/{theirs}").data["study_count"] == 0


def test_settings_that_cannot_be_kept_are_422(api: Client) -> None:
    tasks = [
        {"id": f"t{number}", "prompt": incompressible(number, length=2000), "correct_node_ids": []}
        for number in range(100)
    ]
    members = {"name": "x", "settings": {"tasks": tasks}}
    content = json.dumps({"study": members}, ensure_ascii=False).encode()
    reply = api.request("POST", STUDIES, content=content, query="type=tree_test")
    assert (reply.refusal, reply.fields) == ((422, "validation_failed"), ["study.settings"])
    path = path_of(api.study("tree_test"))
    assert api.request("PATCH", path, content=content).fields == ["study.settings"]


def test_a_folder_of_nobody_is_told_under_an_idempotency_key_too(api: Client) -> None:
    body = {"study": {"name": "x", "folder_id": UNKNOWN_FOLDER}}
    for replayed in (None, "true"):
        reply = api.post(STUDIES, body, "type=survey", idempotency_key="k")
        assert (reply.fields, reply.headers.get("idempotent-replayed")) == (["study.folder_id"], replayed)


# -- list -----------------------------------------------------------------------------------------------------------


def test_the_list_shows_list_fields_in_order_of_creation(api: Client) -> None:
    studies = [api.study(type_) for type_ in STUDY_TYPES]
    listed = api.get(STUDIES).data
    assert listed == [{name: study[name] for name in LIST_FIELDS} for study in studies]


def test_filters_combine(api: Client) -> None:
    folder = api.folder()["id"]
    inside = api.published("survey", folder_id=folder)["id"]
    draft = api.study("survey", folder_id=folder)["id"]
    other_type = api.published("interview", folder_id=folder)["id"]
    outside = api.published("survey")["id"]
    ended = api.ended("survey", folder_id=folder)["id"]

    def found(query: str) -> list[str]:
        return [study["id"] for study in api.get(STUDIES, query).data]

    assert found(f"folder_id={folder}") == [inside, draft, other_type, ended]
    assert found("type=survey") == [inside, draft, outside, ended]
    assert found("status=published") == [inside, other_type, outside]
    assert found("status=draft") == [draft]
    assert found("status=ended") == [ended]
    assert found("type=survey&status=published") == [inside, outside]
    assert found(f"folder_id={folder}&type=survey") == [inside, draft, ended]
    assert found(f"folder_id={folder}&status=published") == [inside, other_type]
    assert found(f"folder_id={folder}&type=survey&status=published") == [inside]
    assert found("type=card_sort") == []


@pytest.mark.parametrize(
    ("query", "refusal"),
    [
        ("type=poll", (422, "invalid_type")),
        ("type=", (422, "invalid_type")),
        ("type=Survey", (422, "invalid_type")),
        ("status=live", (400, "invalid_request")),
        ("status=", (400, "invalid_request")),
        ("folder_id=", (400, "invalid_request")),
        ("folder_id=x", (400, "invalid_request")),
        (f"folder_id={UNKNOWN}", (400, "invalid_request")),
        ("folder_id=null", (400, "invalid_request")),
        ("name=x", (400, "invalid_request")),
        ("archived=true", (400, "invalid_request")),
        ("limit=0", (400, "invalid_request")),
        ("after=x", (400, "invalid_request")),
    ],
)
def test_a_filter_that_the_list_does_not_take_is_refused(api: Client, query: str, refusal: tuple[int, str]) -> None:
    assert api.get(STUDIES, query).refusal == refusal


def test_a_folder_of_nobody_or_of_a_neighbour_holds_no_studies(api: Client, neighbour: Client) -> None:
    theirs = neighbour.folder()["id"]
    neighbour.study(folder_id=theirs)
    replies = [api.get(STUDIES, {"folder_id": folder}) for folder in (UNKNOWN_FOLDER, theirs)]
    assert [(reply.status, reply.text) for reply in replies] == [(200, replies[0].text)] * 2
    assert replies[0].json == {"data": [], "pagination": {"has_more": False, "next_cursor": None}}


@pytest.mark.parametrize("query", [{}, {"type": "survey"}, {"status": "draft"}, {"type": "survey", "status": "draft"}])
def test_filtered_pages_are_full_until_the_last(api: Client, query: dict[str, str]) -> None:
    ids = []
    for number in range(7):
        ids.append(api.study("survey")["id"])
        if number % 2 and query:
            api.published("interview")
    found: list[str] = []
    after: dict[str, str] = {}
    for size in (3, 3, 1):
        reply = api.get(STUDIES, {**query, "limit": "3", **after})
        assert len(reply.data) == size
        found += [study["id"] for study in reply.data]
        after = {"after": reply.json["pagination"]["next_cursor"] or ""}
    assert found == ids
    assert after == {"after": ""}


# -- update ---------------------------------------------------------------------------------------------------------


def test_a_patch_changes_what_it_names(api: Client) -> None:
    study = api.study(description="Old")
    patched = api.patch(path_of(study), {"study": {"name": "New", "settings": {"sort_type": "closed"}}})
    assert patched.status == 200
    assert patched.data == {
        **study,
        "name": "New",
        "settings": {**study["settings"], "sort_type": "closed"},
        "updated_at": patched.data["updated_at"],
    }
    assert patched.data["updated_at"] > study["updated_at"]
    shown = api.get(path_of(study))
    assert (shown.data, shown.headers["etag"]) == (patched.data, patched.headers["etag"])
    assert api.patch(path_of(study), {"study": {"description": None}}).data["description"] is None


def test_moving_in_and_out_of_folders_is_counted(api: Client) -> None:
    first, second = (api.folder()["id"] for _ in range(2))
    path = path_of(api.study(folder_id=first))
    for folder, counts in ((second, [0, 1]), (second, [0, 1]), (None, [0, 0]), (None, [0, 0]), (first, [1, 0])):
        assert api.patch(path, {"study": {"folder_id": folder}}).data["folder_id"] == folder
        assert [api.get(f"/api/v1/folders/{each}").data["study_count"] for each in (first, second)] == counts
        assert len(api.get(STUDIES, {"folder_id": first}).data) == counts[0]


def test_a_move_to_a_folder_of_nobody_leaves_the_study_where_it_was(api: Client) -> None:
    folder = api.folder()["id"]
    path = path_of(api.study(folder_id=folder))
    reply = api.patch(path, {"study": {"folder_id": UNKNOWN_FOLDER, "name": "x"}})
    assert reply.fields == ["study.folder_id"]
    assert (api.get(path).data["folder_id"], api.get(path).data["name"]) == (folder, "Study")
    assert api.get(f"/api/v1/folders/{folder}").data["study_count"] == 1


@pytest.mark.parametrize("state", ["published", "ended"])
def test_name_description_and_folder_change_at_any_status_and_settings_do_not(api: Client, state: str) -> None:
    study = getattr(api, state)("tree_test")
    members = {"name": "New", "description": "New", "folder_id": api.folder()["id"]}
    patched = api.patch(path_of(study), {"study": members})
    assert patched.status == 200
    assert {name: patched.data[name] for name in members} == members
    changes: list[dict[str, Any]] = [{"shuffle_tasks": True}, {"tasks": []}, {"tree": study["settings"]["tree"]}]
    for settings in changes:
        reply = api.patch(path_of(study), {"study": {"name": "No", "settings": settings}})
        assert reply.refusal == (422, "not_draft")
    assert api.get(path_of(study)).data == patched.data


@pytest.mark.parametrize("state", ["study", "published", "ended"])
def test_the_category_map_of_a_card_sort_changes_at_any_status(api: Client, state: str) -> None:
    study = getattr(api, state)()
    path = path_of(study)
    merged = api.patch(path, {"study": {"settings": {"category_map": {" Fruit  Bowl ": "Fruit"}}}})
    assert merged.status == 200
    assert merged.data["settings"]["category_map"] == {"fruit bowl": "Fruit"}
    assert api.get(path).data["settings"] == merged.data["settings"]
    if state != "study":
        both = {"category_map": {}, "allow_unsorted": False}
        assert api.patch(path, {"study": {"settings": both}}).refusal == (422, "not_draft")


@pytest.mark.parametrize("state", ["published", "ended"])
def test_the_areas_of_a_first_click_test_change_at_any_status_and_its_tasks_do_not(api: Client, state: str) -> None:
    study = getattr(api, state)("first_click_test")
    (task,) = study["settings"]["tasks"]
    area = {"id": "bigger", "label": "Bigger", "correct": True, "polygon": [[0, 0], [1, 0], [1, 1]]}
    patched = api.patch(path_of(study), {"study": {"settings": {"tasks": [{**task, "areas": [area]}]}}})
    assert patched.status == 200
    assert patched.data["settings"]["tasks"][0]["areas"][0]["id"] == "bigger"
    for tasks in ([{**task, "prompt": "Other"}], [], [task, {**task, "id": "second"}]):
        reply = api.patch(path_of(study), {"study": {"settings": {"tasks": tasks}}})
        assert reply.refusal[0] == 422
        assert api.get(path_of(study)).data == patched.data


def test_an_open_sort_with_groups_does_not_come_about(api: Client) -> None:
    study = api.study(settings={"sort_type": "closed"})
    api.post(f"{path_of(study)}/groups", {"groups": ["Fruit"]})
    reply = api.patch(path_of(study), {"study": {"settings": {"sort_type": "open"}}})
    assert reply.fields == ["study.settings.sort_type"]
    closed = api.published(settings={"sort_type": "closed"})
    reply = api.patch(path_of(closed), {"study": {"settings": {"sort_type": "open"}}})
    assert reply.refusal == (422, "not_draft")


def test_content_that_is_added_in_between_survives_a_change_of_settings(api: Client) -> None:
    study = api.study()
    path = path_of(study)
    with api.platform.between_read_and_write(lambda: api.post(f"{path}/cards", {"cards": ["Apples"]})):
        assert api.patch(path, {"study": {"settings": {"allow_unsorted": False}}}).status == 200
    shown = api.get(path).data
    assert [card["label"] for card in shown["cards"]] == ["Apples"]
    assert shown["settings"]["allow_unsorted"] is False


def test_a_study_that_changes_while_its_new_folder_goes_is_read_again(api: Client) -> None:
    folder = api.folder()["id"]
    path = path_of(api.study())

    def interfere() -> None:
        assert api.patch(path, {"study": {"name": "Theirs"}}).status == 200
        assert api.delete(f"/api/v1/folders/{folder}").status == 204

    with api.platform.between_read_and_write(interfere):
        assert api.patch(path, {"study": {"folder_id": folder}}).fields == ["study.folder_id"]
    assert (api.get(path).data["name"], api.get(path).data["folder_id"]) == ("Theirs", None)


# -- delete ---------------------------------------------------------------------------------------------------------


def test_a_draft_is_deleted_and_leaves_its_folder(api: Client) -> None:
    folder = api.folder()["id"]
    study = api.study(folder_id=folder)
    reply = api.delete(path_of(study))
    assert (reply.status, reply.text) == (204, "")
    assert api.get(path_of(study)).refusal == (404, "not_found")
    assert api.delete(path_of(study)).refusal == (404, "not_found")
    assert api.get(STUDIES).data == []
    assert api.get(f"/api/v1/folders/{folder}").data["study_count"] == 0


@pytest.mark.parametrize("state", ["published", "ended"])
def test_a_study_that_was_published_is_not_deleted(api: Client, state: str) -> None:
    study = getattr(api, state)("survey")
    assert api.delete(path_of(study)).refusal == (422, "not_draft")
    assert api.get(path_of(study)).data == study


def test_a_study_that_is_published_in_between_is_not_deleted(api: Client) -> None:
    study = api.study("survey")
    api.post(f"{path_of(study)}/questions", {"questions": [{"kind": "nps", "prompt": "?"}]})
    with api.platform.between_read_and_write(lambda: api.post(f"{path_of(study)}/publish")):
        assert api.delete(path_of(study)).refusal == (422, "not_draft")
    assert api.get(path_of(study)).data["status"] == "published"


# -- publish and end ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("type_", STUDY_TYPES)
def test_a_complete_study_of_each_type_is_published_and_ended(api: Client, type_: str) -> None:
    study = api.published(type_)
    assert (study["status"], study["ended_at"]) == ("published", None)
    assert study["published_at"] == study["updated_at"] > study["created_at"]
    assert study["collect_token"].startswith("col_")
    assert len(study["collect_token"]) == 4 + 16 + 26 + 32
    assert api.get(path_of(study)).data == study
    ended = api.post(f"{path_of(study)}/end", {})
    assert ended.status == 200
    assert "collect_token" not in ended.data
    assert (ended.data["status"], ended.data["published_at"]) == ("ended", study["published_at"])
    assert ended.data["ended_at"] == ended.data["updated_at"] > study["published_at"]
    assert api.get(path_of(study)).data == ended.data


def test_lists_never_show_the_collect_token(api: Client) -> None:
    token = api.published("survey")["collect_token"]
    assert token not in api.get(STUDIES).text
    assert token not in api.platform.log.getvalue()


@pytest.mark.parametrize("type_", STUDY_TYPES)
def test_an_empty_study_of_any_type_is_not_published(api: Client, type_: str) -> None:
    study = api.study(type_)
    reply = api.post(f"{path_of(study)}/publish")
    assert reply.refusal == (422, "validation_failed")
    assert all(field.startswith("study.") for field in reply.fields)
    assert api.get(path_of(study)).data == study


@pytest.mark.parametrize(
    ("state", "verb"), [("published", "publish"), ("ended", "publish"), ("study", "end"), ("ended", "end")]
)
def test_there_is_no_other_way_between_the_statuses(api: Client, state: str, verb: str) -> None:
    study = getattr(api, state)("survey")
    assert api.post(f"{path_of(study)}/{verb}").refusal == (422, "invalid_status_transition")
    assert api.get(path_of(study)).data == study


def test_of_two_that_publish_at_once_one_does(api: Client) -> None:
    study = api.study("survey")
    path = path_of(study)
    api.post(f"{path}/questions", {"questions": [{"kind": "nps", "prompt": "?"}]})
    tokens = []
    with api.platform.between_read_and_write(lambda: tokens.append(api.post(f"{path}/publish").data["collect_token"])):
        assert api.post(f"{path}/publish").refusal == (422, "invalid_status_transition")
    assert api.get(path).data["collect_token"] == tokens[0]


@pytest.mark.parametrize("verb", ["publish", "end", "duplicate"])
@pytest.mark.parametrize(
    ("content", "headers", "refusal"),
    [
        (b'{"study": {}}', {}, (422, "validation_failed")),
        (b"[]", {}, (400, "invalid_request")),
        (b"{", {}, (400, "invalid_request")),
        (b"x=1", {"content-type": "application/x-www-form-urlencoded"}, (415, "unsupported_media_type")),
    ],
)
def test_the_verbs_take_no_body(
    api: Client, verb: str, content: bytes, headers: dict[str, str], refusal: tuple[int, str]
) -> None:
    study = api.study("survey") if verb != "end" else api.published("survey")
    path = path_of(study)
    assert api.request("POST", f"{path}/{verb}", content=content, headers=headers).refusal == refusal
    assert api.get(path).data == study
    assert len(api.get(STUDIES).data) == 1


# -- duplicate ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["published", "ended"])
@pytest.mark.parametrize("type_", STUDY_TYPES)
def test_a_duplicate_is_a_draft_with_the_same_content_and_new_ids(api: Client, type_: str, state: str) -> None:
    folder = api.folder()["id"]
    source = getattr(api, state)(type_, description="Why", folder_id=folder)
    reply = api.post(f"{path_of(source)}/duplicate")
    assert reply.status == 201
    copy = reply.data
    assert reply.headers["location"] == path_of(copy)
    assert copy["id"] != source["id"]
    assert (copy["name"], copy["status"], copy["folder_id"]) == ("Study (copy)", "draft", folder)
    assert (copy["description"], copy["settings"]) == (source["description"], source["settings"])
    assert (copy["published_at"], copy["ended_at"]) == (None, None)
    assert "collect_token" not in copy
    for name in CONTENT.get(type_, []):
        assert [without_id(child) for child in copy[name]] == [without_id(child) for child in source[name]]
        assert not {child["id"] for child in copy[name]} & {child["id"] for child in source[name]}
    assert api.get(path_of(copy)).data == copy
    assert api.get(path_of(source)).data == source
    assert api.get(f"/api/v1/folders/{folder}").data["study_count"] == 2


def without_id(child: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in child.items() if name != "id"}


def test_the_category_map_is_copied(api: Client) -> None:
    source = api.study(settings={"category_map": {"fruit": "Food"}})
    copy = api.post(f"{path_of(source)}/duplicate").data
    assert copy["settings"]["category_map"] == {"fruit": "Food"}


@pytest.mark.parametrize("length", [247, 248, 249, 254, 255])
def test_an_over_long_name_is_cut_to_255_and_stays_trimmed(api: Client, length: int) -> None:
    name = "é" * length
    copied = api.post(f"{path_of(api.study(name=name))}/duplicate").data["name"]
    assert copied == f"{name} (copy)"[:255].strip()
    assert len(copied) <= 255


# -- every route ----------------------------------------------------------------------------------------------------

BY_ID = [
    ("GET", "", None),
    ("PATCH", "", {"study": {"name": "x"}}),
    ("DELETE", "", None),
    ("POST", "/publish", None),
    ("POST", "/end", None),
    ("POST", "/duplicate", None),
]


@pytest.mark.parametrize(("method", "verb", "body"), BY_ID)
def test_a_neighbours_study_is_a_study_that_never_existed(
    api: Client, neighbour: Client, method: str, verb: str, body: Any
) -> None:
    theirs = neighbour.published("survey")
    seen = api.request(method, f"{path_of(theirs)}{verb}", json_body=body)
    never = api.request(method, f"{STUDIES}/{UNKNOWN}{verb}", json_body=body)
    varying = {"x-request-id", "x-ratelimit-remaining"}
    assert seen.refusal == (404, "not_found")
    assert seen.text == never.text
    assert {name: value for name, value in seen.headers.items() if name not in varying} == {
        name: value for name, value in never.headers.items() if name not in varying
    }
    assert neighbour.get(path_of(theirs)).data == theirs


@pytest.mark.parametrize(("method", "verb"), [(method, verb) for method, verb, _ in BY_ID])
def test_existence_comes_before_input(api: Client, method: str, verb: str) -> None:
    reply = api.request(method, f"{STUDIES}/{UNKNOWN}{verb}", content=b"{", query="x=1")
    assert reply.refusal == (404, "not_found")


def test_input_comes_before_state(api: Client) -> None:
    path = path_of(api.published("survey"))
    for verb in ("publish", "end"):
        assert api.request("POST", f"{path}/{verb}", content=b"[]").status == 400
    assert api.request("DELETE", path, query="x=1").status == 400
    assert api.delete(path, if_match='"0"').refusal == (412, "precondition_failed")
    assert api.patch(path, {"study": {"settings": {"nonsense": 1}}}).refusal == (422, "validation_failed")
    assert api.patch(path, {"study": {"name": "x"}}, if_match='"0"').refusal == (412, "precondition_failed")


def test_round_trips_of_a_warm_process(api: Client) -> None:
    study = api.study("survey")
    api.post(f"{path_of(study)}/questions", {"questions": [{"kind": "nps", "prompt": "?"}]})
    calls = api.platform.round_trips(
        read=lambda: api.get(path_of(study)),
        list=lambda: api.get(STUDIES, "type=survey&status=draft"),
        create=lambda: api.study(),
        update=lambda: api.patch(path_of(study), {"study": {"name": "x", "settings": {}}}),
        publish=lambda: api.post(f"{path_of(study)}/publish"),
        duplicate=lambda: api.post(f"{path_of(study)}/duplicate"),
        end=lambda: api.post(f"{path_of(study)}/end"),
    )
    assert calls == {"read": 2, "list": 2, "create": 2, "update": 3, "publish": 3, "duplicate": 3, "end": 3}


def test_the_markdown_of_a_study_has_its_settings_and_content(api: Client) -> None:
    study = api.published(settings={"sort_type": "closed"})
    text = api.get(path_of(study), accept="text/markdown").text
    assert text.startswith("# Study: Study\n")
    for fact in ("closed", "Apples", "Pears", "Fruit", study["id"], study["cards"][0]["id"], study["collect_token"]):
        assert fact in text
    for heading in ("## Settings", "## Cards", "## Groups"):
        assert heading in text


def test_publishable_covers_every_type() -> None:
    assert set(PUBLISHABLE) == set(STUDY_TYPES)
