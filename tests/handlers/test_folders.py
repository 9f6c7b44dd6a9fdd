"""/api/v1/folders"""

from typing import Any

import pytest

from tests.handlers.conftest import Client, Clock

FOLDERS = "/api/v1/folders"
UNKNOWN = f"fld_{'0' * 26}"
FIELDS = ["id", "name", "color", "icon", "archived", "study_count", "created_at", "updated_at"]


def test_a_folder_is_created_with_what_was_sent(api: Client) -> None:
    body = {"folder": {"name": "  Research ", "color": "#A0b1C2", "icon": "user-test_2", "archived": True}}
    reply = api.post(FOLDERS, body)
    assert reply.status == 201
    assert reply.headers["location"] == f"{FOLDERS}/{reply.data['id']}"
    assert list(reply.data) == FIELDS
    shown = {name: reply.data[name] for name in ("name", "color", "icon", "archived", "study_count")}
    assert shown == {
        "name": "Research",
        "color": "#A0b1C2",
        "icon": "user-test_2",
        "archived": True,
        "study_count": 0,
    }
    assert reply.data["created_at"] == reply.data["updated_at"]
    assert api.get(reply.headers["location"]).data == reply.data


def test_color_and_icon_have_the_documents_defaults(api: Client) -> None:
    folder = api.folder("Plain")
    assert (folder["color"], folder["icon"], folder["archived"]) == ("#3B82F6", "folder", False)


@pytest.mark.parametrize("name", ["x", "x" * 255, "📁" * 255, "=cmd|' /C calc'!A0", "<script>", "a\\nb", "\u202e"])
def test_names_are_kept_as_sent(api: Client, name: str) -> None:
    assert api.get(f"{FOLDERS}/{api.folder(name)['id']}").data["name"] == name


BAD_MEMBERS: list[tuple[dict[str, Any], str]] = [
    ({}, "name"),
    ({"name": ""}, "name"),
    ({"name": " \t\n "}, "name"),
    ({"name": "x" * 256}, "name"),
    ({"name": None}, "name"),
    ({"name": 1}, "name"),
    ({"name": ["x"]}, "name"),
    ({"name": "x", "color": "blue"}, "color"),
    ({"name": "x", "color": "#12345"}, "color"),
    ({"name": "x", "color": "#1234567"}, "color"),
    ({"name": "x", "color": "#12345G"}, "color"),
    ({"name": "x", "color": "#123456\n"}, "color"),
    ({"name": "x", "color": 123456}, "color"),
    ({"name": "x", "icon": ""}, "icon"),
    ({"name": "x", "icon": "x" * 51}, "icon"),
    ({"name": "x", "icon": "Not a slug"}, "icon"),
    ({"name": "x", "icon": "ordner\n"}, "icon"),
    ({"name": "x", "archived": "true"}, "archived"),
    ({"name": "x", "archived": 1}, "archived"),
    ({"name": "x", "archived": None}, "archived"),
    ({"name": "x", "id": UNKNOWN}, "id"),
    ({"name": "x", "study_count": 4}, "study_count"),
]


@pytest.mark.parametrize(("members", "field"), BAD_MEMBERS)
def test_a_member_that_does_not_fit_is_422_naming_it(api: Client, members: dict[str, Any], field: str) -> None:
    reply = api.post(FOLDERS, {"folder": members})
    assert reply.refusal == (422, "validation_failed")
    assert reply.fields == [f"folder.{field}"]
    assert api.get(FOLDERS).data == []


@pytest.mark.parametrize(("members", "field"), [bad for bad in BAD_MEMBERS if bad[0]])
def test_a_patch_is_held_to_the_same(api: Client, members: dict[str, Any], field: str) -> None:
    path = f"{FOLDERS}/{api.folder()['id']}"
    before = api.get(path).text
    assert api.patch(path, {"folder": members}).fields == [f"folder.{field}"]
    assert api.get(path).text == before


@pytest.mark.parametrize("folder", [None, "x", ["x"], 1, True])
def test_a_wrapper_that_is_no_object_is_422(api: Client, folder: Any) -> None:
    reply = api.post(FOLDERS, {"folder": folder})
    assert (reply.refusal, reply.fields) == ((422, "validation_failed"), ["folder"])


def test_every_problem_is_named_at_once(api: Client) -> None:
    reply = api.post(FOLDERS, {"folder": {"color": "x", "icon": "!", "extra": 1}})
    assert sorted(reply.fields) == ["folder.color", "folder.extra", "folder.icon", "folder.name"]


def test_a_patch_changes_what_it_names(api: Client) -> None:
    folder = api.folder("Old", color="#000000", icon="star")
    path = f"{FOLDERS}/{folder['id']}"
    patched = api.patch(path, {"folder": {"name": "New", "archived": True}})
    assert patched.status == 200
    assert patched.data == {**folder, "name": "New", "archived": True, "updated_at": patched.data["updated_at"]}
    assert patched.data["updated_at"] > folder["updated_at"]
    assert api.get(path).data == patched.data
    assert api.patch(path, {"folder": {"archived": False}}).data["archived"] is False


def test_lists_are_in_order_of_creation_and_filtered_by_archived(api: Client) -> None:
    folders = [api.folder(str(number), archived=number % 2 == 0) for number in range(5)]
    names = [folder["name"] for folder in folders]
    listed = api.get(FOLDERS)
    assert listed.data == folders
    assert listed.json["pagination"] == {"has_more": False, "next_cursor": None}
    assert [each["name"] for each in api.get(FOLDERS, "archived=true").data] == names[::2]
    assert [each["name"] for each in api.get(FOLDERS, "archived=false").data] == names[1::2]


def test_archiving_moves_a_folder_between_the_filtered_lists(api: Client) -> None:
    path = f"{FOLDERS}/{api.folder()['id']}"
    api.patch(path, {"folder": {"archived": True}})
    assert len(api.get(FOLDERS, "archived=true").data) == 1
    assert api.get(FOLDERS, "archived=false").data == []


def test_a_page_that_ends_with_the_list_is_the_last(api: Client) -> None:
    for _ in range(2):
        api.folder()
    assert api.get(FOLDERS, "limit=2").json["pagination"]["has_more"] is False
    assert api.get(FOLDERS, "limit=1").json["pagination"]["has_more"] is True


@pytest.mark.parametrize(("limit", "shown"), [("9" * 30, 2), ("101", 2), ("0001", 1), ("1" + "0" * 5000, 2)])
def test_a_limit_however_large_is_served(api: Client, limit: str, shown: int) -> None:
    for _ in range(2):
        api.folder()
    assert len(api.get(FOLDERS, f"limit={limit}").data) == shown


@pytest.mark.parametrize("limit", ["0", "000", "", "-1", "1.5", "1e1", "+5", "%D9%A3", "x"])
def test_a_limit_below_one_or_not_a_number_is_refused(api: Client, limit: str) -> None:
    assert api.get(FOLDERS, f"limit={limit}").refusal == (400, "invalid_request")


def test_an_empty_folder_is_deleted(api: Client) -> None:
    path = f"{FOLDERS}/{api.folder()['id']}"
    reply = api.delete(path)
    assert (reply.status, reply.text) == (204, "")
    for refused in (api.get(path), api.delete(path), api.patch(path, {"folder": {}})):
        assert refused.refusal == (404, "not_found")
    assert api.get(FOLDERS).data == []


@pytest.mark.parametrize("state", ["study", "published", "ended"])
def test_a_folder_with_a_study_of_any_status_is_not_deleted(api: Client, state: str) -> None:
    folder = api.folder()
    path = f"{FOLDERS}/{folder['id']}"
    getattr(api, state)("survey", folder_id=folder["id"])
    api.patch(path, {"folder": {"archived": True}})
    assert api.delete(path).refusal == (422, "has_studies")
    assert api.get(path).data["study_count"] == 1


def test_a_folder_can_go_once_its_studies_have(api: Client) -> None:
    folder, other = api.folder(), api.folder()
    studies = [api.study(folder_id=folder["id"])["id"] for _ in range(3)]
    assert api.get(f"{FOLDERS}/{folder['id']}").data["study_count"] == 3
    api.delete(f"/api/v1/studies/{studies[0]}")
    api.patch(f"/api/v1/studies/{studies[1]}", {"study": {"folder_id": other["id"]}})
    assert api.delete(f"{FOLDERS}/{folder['id']}").refusal == (422, "has_studies")
    api.patch(f"/api/v1/studies/{studies[2]}", {"study": {"folder_id": None}})
    assert api.delete(f"{FOLDERS}/{folder['id']}").status == 204
    assert api.get(f"{FOLDERS}/{other['id']}").data["study_count"] == 1


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("PATCH", {"folder": {"name": "x"}}), ("DELETE", None)])
def test_a_neighbours_folder_is_a_folder_that_never_existed(
    api: Client, neighbour: Client, method: str, body: Any
) -> None:
    theirs = neighbour.folder()
    seen = api.request(method, f"{FOLDERS}/{theirs['id']}", json_body=body)
    never = api.request(method, f"{FOLDERS}/{UNKNOWN}", json_body=body)
    varying = {"x-request-id", "x-ratelimit-remaining"}
    assert (seen.status, seen.text) == (never.status, never.text)
    assert {name: value for name, value in seen.headers.items() if name not in varying} == {
        name: value for name, value in never.headers.items() if name not in varying
    }
    assert neighbour.get(f"{FOLDERS}/{theirs['id']}").data == theirs
    assert api.get(FOLDERS).data == []


def test_existence_comes_before_input_and_input_before_state(api: Client) -> None:
    missing = f"{FOLDERS}/{UNKNOWN}"
    assert api.request("PATCH", missing, content=b"{", query="x=1").status == 404
    assert api.request("DELETE", missing, query="x=1").status == 404
    folder = api.folder()
    path = f"{FOLDERS}/{folder['id']}"
    api.study(folder_id=folder["id"])
    assert api.request("DELETE", path, query="x=1").status == 400
    assert api.request("PATCH", path, content=b"{", headers={"if-match": '"0"'}).status == 400
    assert api.request("PATCH", path, json_body={"folder": {"name": ""}}, headers={"if-match": '"0"'}).status == 422
    assert api.delete(path, if_match='"0"').status == 412


def test_round_trips_of_a_warm_process(api: Client) -> None:
    path = f"{FOLDERS}/{api.folder()['id']}"
    calls = api.platform.round_trips(
        read=lambda: api.get(path),
        list=lambda: api.get(FOLDERS),
        create=lambda: api.folder(),
        update=lambda: api.patch(path, {"folder": {"name": "x"}}),
        delete=lambda: api.delete(path),
    )
    assert calls == {"read": 2, "list": 2, "create": 2, "update": 3, "delete": 3}


def test_a_change_in_between_is_seen_and_nothing_is_lost(api: Client, clock: Clock) -> None:
    path = f"{FOLDERS}/{api.folder('Old', icon='star')['id']}"
    with api.platform.between_read_and_write(lambda: api.patch(path, {"folder": {"icon": "moon"}})):
        assert api.patch(path, {"folder": {"name": "New"}}).status == 200
    shown = api.get(path).data
    assert (shown["name"], shown["icon"]) == ("New", "moon")


def test_if_match_is_judged_by_what_is_written_over(api: Client) -> None:
    path = f"{FOLDERS}/{api.folder('Old')['id']}"
    etag = api.get(path).headers["etag"]
    with api.platform.between_read_and_write(lambda: api.patch(path, {"folder": {"name": "Theirs"}})):
        assert api.patch(path, {"folder": {"name": "Mine"}}, if_match=etag).status == 412
    assert api.get(path).data["name"] == "Theirs"


def test_a_study_that_arrives_while_its_folder_is_deleted_keeps_the_folder(api: Client) -> None:
    folder = api.folder()
    study = api.study()
    move = {"study": {"folder_id": folder["id"]}}
    with api.platform.between_read_and_write(lambda: api.patch(f"/api/v1/studies/{study['id']}", move)):
        assert api.delete(f"{FOLDERS}/{folder['id']}").refusal == (422, "has_studies")
    assert api.get(f"/api/v1/studies/{study['id']}").data["folder_id"] == folder["id"]


@pytest.mark.parametrize("door", ["move", "create", "duplicate"])
def test_a_folder_that_is_deleted_while_a_study_arrives_takes_none(api: Client, door: str) -> None:
    folder = api.folder()
    study = api.study(folder_id=folder["id"] if door == "duplicate" else None)
    path = f"/api/v1/studies/{study['id']}"

    def delete() -> None:
        if door == "duplicate":
            assert api.patch(path, {"study": {"folder_id": None}}).status == 200
        assert api.delete(f"{FOLDERS}/{folder['id']}").status == 204

    with api.platform.between_read_and_write(delete):
        if door == "move":
            reply = api.patch(path, {"study": {"folder_id": folder["id"]}})
        elif door == "create":
            reply = api.post("/api/v1/studies", {"study": {"name": "x", "folder_id": folder["id"]}}, "type=survey")
        else:
            reply = api.post(f"{path}/duplicate")
    if door == "duplicate":
        assert (reply.status, reply.data["folder_id"]) == (201, None)
    else:
        assert (reply.refusal, reply.fields) == ((422, "validation_failed"), ["study.folder_id"])
    assert all(each["folder_id"] is None for each in api.get("/api/v1/studies").data)
