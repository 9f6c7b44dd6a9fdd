"""/api/experience/devices"""

import re
from typing import Any

import pytest

from tests.handlers.conftest import Clock, Platform, Reply
from tests.handlers.interruptions import Interruptions
from tests.handlers.signing import READ_ONLY, SignedClient, signed_client_of
from trimetric.domain.workspaces import Permission
from trimetric.dynamo.experience import devices

DEVICES = "/api/experience/devices"
SURVEYS = "/api/experience/surveys"
UNKNOWN = "0" * 22
FIELDS = [
    *("id", "name", "location", "status", "survey_id", "metadata", "last_seen_at", "created_at", "updated_at"),
]


@pytest.fixture
def api(platform: Platform) -> SignedClient:
    return signed_client_of(platform)


@pytest.fixture
def neighbour(platform: Platform) -> SignedClient:
    return signed_client_of(platform, name="Neighbour")


@pytest.fixture
def store(platform: Platform) -> Interruptions:
    return Interruptions(platform.table)


def made(client: SignedClient, name: str = "Lobby", **members: Any) -> dict[str, Any]:
    reply = client.post(DEVICES, {"name": name, **members})
    assert reply.status == 201, reply.text
    device: dict[str, Any] = reply.json
    return device


def path_of(device: dict[str, Any]) -> str:
    return f"{DEVICES}/{device['id']}"


def listed(client: SignedClient, **query: str) -> list[dict[str, Any]]:
    reply = client.get(DEVICES, query)
    assert reply.status == 200, reply.text
    rows: list[dict[str, Any]] = reply.json
    return rows


def visit(client: SignedClient, device: dict[str, Any], at: str) -> None:
    """A response of this device was submitted at this moment."""
    found = devices.Devices(client.platform.table).get(client.workspace.id, device["id"])
    assert found is not None
    client.platform.table.write(devices.seen(client.workspace.id, found, at=at))


# -- who may ask -------------------------------------------------------------------------------------------------------

REQUESTS: list[tuple[str, str, Any]] = [
    ("GET", DEVICES, None),
    ("POST", DEVICES, {"name": "x"}),
    ("GET", f"{DEVICES}/{UNKNOWN}", None),
    ("PUT", f"{DEVICES}/{UNKNOWN}", {"name": "x"}),
    ("DELETE", f"{DEVICES}/{UNKNOWN}", None),
]


@pytest.mark.parametrize(("method", "path", "body"), REQUESTS)
def test_who_is_not_known_is_refused_first(platform: Platform, method: str, path: str, body: Any) -> None:
    stranger = signed_client_of(platform)
    forged = SignedClient(platform, stranger.key, "wrong", stranger.workspace, stranger.credential_id)
    assert forged.request(method, path, json_body=body, query="x=1").refusal == (401, "unauthorized")


@pytest.mark.parametrize(("method", "path", "body"), REQUESTS)
def test_a_key_that_only_reads_does_not_write(platform: Platform, method: str, path: str, body: Any) -> None:
    reader = signed_client_of(platform, permissions=READ_ONLY)
    reply = reader.request(method, path, json_body=body)
    assert (reply.status == 403) == (method != "GET")
    assert listed(reader) == []


@pytest.mark.parametrize(("method", "path", "body"), REQUESTS)
def test_a_key_for_other_things_is_refused(platform: Platform, method: str, path: str, body: Any) -> None:
    others = tuple(permission for permission in Permission if not permission.startswith("devices:"))
    client = signed_client_of(platform, permissions=others)
    assert client.request(method, path, json_body=body).refusal == (403, "permission_denied")


@pytest.mark.parametrize(("method", "path", "body"), REQUESTS)
def test_a_workspace_that_is_switched_off_is_refused(platform: Platform, method: str, path: str, body: Any) -> None:
    client = signed_client_of(platform, api_enabled=False)
    assert client.request(method, path, json_body=body).refusal == (403, "forbidden")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_neighbours_device_is_a_device_that_never_existed(
    api: SignedClient, neighbour: SignedClient, method: str
) -> None:
    theirs = made(neighbour)
    body = {"name": "Mine"} if method == "PUT" else None
    seen = api.request(method, path_of(theirs), json_body=body)
    never = api.request(method, f"{DEVICES}/{UNKNOWN}", json_body=body)
    varying = {"x-request-id", "ratelimit-burst-remaining"}
    assert (seen.status, seen.text) == (never.status, never.text)
    assert _without(seen, varying) == _without(never, varying)
    assert neighbour.get(path_of(theirs)).json == theirs
    assert listed(api) == []


def _without(reply: Reply, names: set[str]) -> dict[str, str]:
    return {name: value for name, value in reply.headers.items() if name not in names}


# -- one device --------------------------------------------------------------------------------------------------------


def test_a_device_is_created_with_what_was_sent(api: SignedClient) -> None:
    survey = api.post(SURVEYS, {"name": "Stay"}).json["id"]
    metadata = {"floor": 2, "height": 1.25, "model": "K-9", "touch": True, "serial": None}
    body = {"name": "  Lobby ", "location": "Hall 3", "status": "inactive", "survey_id": survey, "metadata": metadata}
    reply = api.post(DEVICES, body)
    assert reply.status == 201
    device = reply.json
    assert list(device) == FIELDS
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", device["id"])
    assert reply.headers["location"] == path_of(device)
    assert {name: device[name] for name in body} == {**body, "name": "Lobby"}
    assert device["last_seen_at"] is None
    assert device["created_at"] == device["updated_at"]
    shown = api.get(reply.headers["location"])
    assert shown.json == device
    assert shown.headers["etag"] == reply.headers["etag"]


def test_a_name_is_enough(api: SignedClient) -> None:
    device = made(api, "Lobby")
    shown = [device[name] for name in ("location", "status", "survey_id", "metadata")]
    assert shown == [None, "active", None, {}]


def test_ids_are_not_given_twice(api: SignedClient) -> None:
    assert len({made(api)["id"] for _ in range(20)}) == 20


BAD_MEMBERS: list[tuple[dict[str, Any], str]] = [
    ({}, "name"),
    ({"name": ""}, "name"),
    ({"name": " \t\n"}, "name"),
    ({"name": "x" * 256}, "name"),
    ({"name": None}, "name"),
    ({"name": 1}, "name"),
    ({"name": "x", "location": 1}, "location"),
    ({"name": "x", "location": "x" * 256}, "location"),
    ({"name": "x", "status": "broken"}, "status"),
    ({"name": "x", "status": None}, "status"),
    ({"name": "x", "survey_id": "1"}, "survey_id"),
    ({"name": "x", "survey_id": True}, "survey_id"),
    ({"name": "x", "survey_id": 0}, "survey_id"),
    ({"name": "x", "survey_id": 1}, "survey_id"),
    ({"name": "x", "survey_id": 10**40}, "survey_id"),
    ({"name": "x", "metadata": None}, "metadata"),
    ({"name": "x", "metadata": []}, "metadata"),
    ({"name": "x", "metadata": {"a": {}}}, "metadata.a"),
    ({"name": "x", "metadata": {"a": []}}, "metadata.a"),
    ({"name": "x", "metadata": {"a": "x" * 4096}}, "metadata"),
    ({"name": "x", "metadata": {"a": "\u20ac" * 1364}}, "metadata"),
    ({"name": "x", "id": UNKNOWN}, "id"),
    ({"name": "x", "last_seen_at": None}, "last_seen_at"),
    ({"name": "x", "colour": "red"}, "colour"),
]


@pytest.mark.parametrize(("members", "field"), BAD_MEMBERS)
def test_a_member_that_does_not_fit_is_422_naming_it(api: SignedClient, members: dict[str, Any], field: str) -> None:
    reply = api.post(DEVICES, members)
    assert (reply.refusal, reply.fields) == ((422, "validation_failed"), [field])
    assert listed(api) == []


@pytest.mark.parametrize(("members", "field"), BAD_MEMBERS)
def test_a_replacement_is_held_to_the_same(api: SignedClient, members: dict[str, Any], field: str) -> None:
    device = made(api)
    reply = api.put(path_of(device), members)
    assert (reply.refusal, reply.fields) == ((422, "validation_failed"), [field])
    assert api.get(path_of(device)).json == device


@pytest.mark.parametrize("content", [b"[]", b'"x"', b"1", b"null", b"{", b"", b'{"name":"a","name":"b"}', b"\xff"])
def test_a_body_that_is_no_object_is_400(api: SignedClient, content: bytes) -> None:
    assert api.request("POST", DEVICES, content=content).refusal == (400, "invalid_request")


def test_metadata_of_exactly_4_kb_is_kept(api: SignedClient) -> None:
    metadata = {"a": "x" * (4096 - len('{"a":""}'))}
    assert made(api, metadata=metadata)["metadata"] == metadata


def test_numbers_in_metadata_stay_what_they_were(api: SignedClient) -> None:
    content = b'{"name":"x","metadata":{"large":123456789012345678901234567890,"half":0.5,"z":1,"a":-0.0}}'
    device = api.request("POST", DEVICES, content=content).json
    assert api.get(path_of(device)).text.count('{"large":123456789012345678901234567890,"half":0.5,"z":1,"a":-0.0}')


def test_a_replacement_leaves_nothing_of_what_was(api: SignedClient, clock: Clock) -> None:
    device = made(api, location="Hall", status="inactive", metadata={"a": 1})
    clock.advance(60)
    reply = api.put(path_of(device), {"name": "Bar"})
    assert reply.status == 200
    expected = {**device, "name": "Bar", "location": None, "status": "active", "metadata": {}}
    assert reply.json == {**expected, "updated_at": reply.json["updated_at"]}
    assert reply.json["updated_at"] > device["updated_at"]
    shown = api.get(path_of(device))
    assert (shown.json, shown.headers["etag"]) == (reply.json, reply.headers["etag"])


def test_a_survey_that_stays_is_not_looked_for_again(api: SignedClient) -> None:
    survey = api.post(SURVEYS, {"name": "Stay"}).json["id"]
    device = made(api, survey_id=survey)
    assert api.put(path_of(device), {"name": "Bar", "survey_id": survey}).json["survey_id"] == survey
    assert api.put(path_of(device), {"name": "Bar"}).json["survey_id"] is None
    assert api.put(path_of(device), {"name": "Bar", "survey_id": survey}).json["survey_id"] == survey


def test_a_neighbours_survey_is_no_survey(api: SignedClient, neighbour: SignedClient) -> None:
    theirs = neighbour.post(SURVEYS, {"name": "Stay"}).json["id"]
    assert api.post(DEVICES, {"name": "x", "survey_id": theirs}).fields == ["survey_id"]


def test_a_device_is_deleted(api: SignedClient) -> None:
    device = made(api)
    reply = api.delete(path_of(device))
    assert (reply.status, reply.text) == (204, "")
    for refused in (api.get(path_of(device)), api.delete(path_of(device)), api.put(path_of(device), {"name": "x"})):
        assert refused.refusal == (404, "not_found")
    assert listed(api) == []


@pytest.mark.parametrize("device_id", ["x", "0" * 21, "0" * 23, "0" * 21 + "!", "0" * 21 + "%C3%A9", "%20" * 22])
def test_an_id_of_another_form_belongs_to_nothing(api: SignedClient, device_id: str) -> None:
    assert api.get(f"{DEVICES}/{device_id}").refusal == (404, "not_found")


def test_existence_comes_before_input_and_input_before_state(api: SignedClient) -> None:
    missing = f"{DEVICES}/{UNKNOWN}"
    assert api.request("PUT", missing, content=b"{", query="x=1").status == 404
    assert api.request("DELETE", missing, query="x=1").status == 404
    path = path_of(made(api))
    assert api.request("GET", path, query="x=1").status == 400
    assert api.request("DELETE", path, query="x=1").status == 400
    assert api.request("PUT", path, content=b"{", headers={"if-match": '"0"'}).status == 400
    assert api.request("PUT", path, json_body={"name": ""}, headers={"if-match": '"0"'}).status == 422
    assert api.put(path, {"name": "x"}, if_match='"0"').refusal == (412, "precondition_failed")
    assert api.delete(path, if_match='"0"').refusal == (412, "precondition_failed")


def test_a_read_carries_a_tag_that_saves_reading_again(api: SignedClient) -> None:
    path = path_of(made(api))
    etag = api.get(path).headers["etag"]
    unchanged = api.get(path, if_none_match=etag)
    assert (unchanged.status, unchanged.text, unchanged.headers["etag"]) == (304, "", etag)
    changed = api.put(path, {"name": "x"}, if_match=etag)
    assert changed.status == 200
    assert api.put(path, {"name": "y"}, if_match=etag).status == 412
    assert api.get(path, if_none_match=etag).json["name"] == "x"
    assert api.delete(path, if_match=changed.headers["etag"]).status == 204


@pytest.mark.parametrize("query", ["start_at=never", "end_at=", "start_at=2026-01-01T00:00:00Z&end_at=x"])
def test_a_window_means_nothing_where_one_device_is_meant(api: SignedClient, query: str) -> None:
    created = api.post(DEVICES, {"name": "x"}, query)
    assert created.status == 201
    path = path_of(created.json)
    assert api.get(path, query).status == 200
    assert api.request("PUT", path, json_body={"name": "y"}, query=query).status == 200
    assert api.request("DELETE", path, query=query).status == 204


def test_what_a_device_page_does_not_take_is_refused_by_method(api: SignedClient) -> None:
    reply = api.request("PATCH", path_of(made(api)), json_body={"name": "x"})
    assert reply.refusal == (405, "method_not_allowed")
    assert reply.headers["allow"] == "DELETE, GET, OPTIONS, PUT"


# -- responses come from it --------------------------------------------------------------------------------------------


def test_a_response_moves_the_moment_it_was_seen_and_the_tag(api: SignedClient) -> None:
    device = made(api)
    path = path_of(device)
    etag = api.get(path).headers["etag"]
    visit(api, device, "2026-01-31T10:00:00.000Z")
    shown = api.get(path)
    assert shown.json == {**device, "last_seen_at": "2026-01-31T10:00:00.000Z"}
    assert shown.headers["etag"] != etag
    assert listed(api) == [shown.json]
    assert api.put(path, {"name": "x"}, if_match=etag).status == 412
    assert api.put(path, {"name": "x"}, if_match=shown.headers["etag"]).json["last_seen_at"] is not None


def test_a_response_that_was_late_does_not_move_it_back(api: SignedClient) -> None:
    device = made(api)
    for at in ("2026-01-31T10:00:00.000Z", "2026-01-31T09:00:00.000Z", "2026-01-31T10:00:00.000Z"):
        visit(api, device, at)
        assert api.get(path_of(device)).json["last_seen_at"] == "2026-01-31T10:00:00.000Z"
    visit(api, device, "2026-01-31T11:00:00.000Z")
    assert api.get(path_of(device)).json["last_seen_at"] == "2026-01-31T11:00:00.000Z"


@pytest.mark.parametrize("seen_before", [False, True])
def test_a_response_that_comes_while_a_device_is_replaced_is_not_forgotten(
    api: SignedClient, *, seen_before: bool
) -> None:
    device = made(api)
    if seen_before:
        visit(api, device, "2026-01-31T10:00:00.000Z")
    with api.platform.between_read_and_write(lambda: visit(api, device, "2026-01-31T11:00:00.000Z")):
        assert api.put(path_of(device), {"name": "x"}).status == 200
    shown = api.get(path_of(device)).json
    assert (shown["name"], shown["last_seen_at"]) == ("x", "2026-01-31T11:00:00.000Z")


def test_a_survey_is_looked_for_again_where_the_device_moved_on(api: SignedClient) -> None:
    survey = api.post(SURVEYS, {"name": "Stay"}).json["id"]
    path = path_of(made(api))
    with api.platform.between_read_and_write(lambda: api.put(path, {"name": "Theirs"})):
        assert api.put(path, {"name": "Mine", "survey_id": survey}).status == 200
    assert api.get(path).json["survey_id"] == survey
    with api.platform.between_read_and_write(lambda: api.put(path, {"name": "Theirs"})):
        assert api.put(path, {"name": "Mine", "survey_id": survey + 1}).fields == ["survey_id"]
    assert api.get(path).json["name"] == "Theirs"


def test_if_match_is_judged_by_what_is_written_over(api: SignedClient) -> None:
    device = made(api)
    path = path_of(device)
    etag = api.get(path).headers["etag"]
    with api.platform.between_read_and_write(lambda: visit(api, device, "2026-01-31T11:00:00.000Z")):
        assert api.put(path, {"name": "Mine"}, if_match=etag).status == 412
    etag = api.get(path).headers["etag"]
    with api.platform.between_read_and_write(lambda: api.put(path, {"name": "Theirs"})):
        assert api.delete(path, if_match=etag).status == 412
    assert api.get(path).json["name"] == "Theirs"


def test_a_device_that_is_deleted_while_it_is_replaced_stays_deleted(api: SignedClient) -> None:
    path = path_of(made(api))
    with api.platform.between_read_and_write(lambda: api.delete(path)):
        assert api.put(path, {"name": "x"}).status == 404
    assert listed(api) == []


# -- many --------------------------------------------------------------------------------------------------------------


def test_a_list_is_an_array_in_order_of_creation(api: SignedClient) -> None:
    rows = [made(api, str(number)) for number in range(5)]
    reply = api.get(DEVICES)
    assert (reply.json, "next-cursor" in reply.headers) == (rows, False)
    api.put(path_of(rows[0]), {"name": "later"})
    assert [row["id"] for row in listed(api)] == [row["id"] for row in rows]


def test_devices_of_one_millisecond_are_in_the_order_of_their_ids(platform: Platform) -> None:
    api = signed_client_of(platform)
    stopped = platform.clock.now
    rows = []
    for _ in range(6):
        rows.append(made(api))
        platform.clock.now = stopped
    assert len({row["created_at"] for row in rows}) <= 2
    expected = [row["id"] for row in sorted(rows, key=lambda row: (row["created_at"], row["id"]))]
    assert [row["id"] for row in listed(api)] == expected
    assert [row["id"] for row in walked(api, limit="1")] == expected


def walked(client: SignedClient, **query: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    reply = client.get(DEVICES, query)
    while True:
        assert reply.status == 200, reply.text
        rows += reply.json
        if "next-cursor" not in reply.headers:
            return rows
        reply = client.get(DEVICES, {**query, "cursor": reply.headers["next-cursor"]})


def test_there_is_no_default_window(api: SignedClient, clock: Clock) -> None:
    old = made(api)
    clock.advance(400 * 86_400)
    assert listed(api) == [old]


def test_a_window_is_on_creation_and_exclusive(api: SignedClient, clock: Clock) -> None:
    rows = []
    for _ in range(4):
        rows.append(made(api))
        clock.advance(3600)
    start, end = rows[0]["created_at"], rows[3]["created_at"]
    assert listed(api, start_at=start, end_at=end) == rows[1:3]
    assert listed(api, start_at=start) == rows[1:]
    assert listed(api, end_at=end) == rows[:3]
    assert listed(api, end_at=start) == []
    assert walked(api, start_at=start, end_at=end, limit="1") == rows[1:3]
    in_new_york = f"{rows[1]['created_at'][:11]}{int(rows[1]['created_at'][11:13]) - 5:02}{start[13:23]}-05:00"
    assert listed(api, start_at=in_new_york)[-1] == rows[3]


BAD_WINDOWS = [
    ("start_at=2026-01-01T00:00:00", "offset"),
    ("end_at=2026-01-01", "offset"),
    ("start_at=2026-02-30T00:00:00Z", "real"),
    ("start_at=", "start_at"),
    ("start_at=2020-09-05T23:59:59.999+04:00", "%2B"),
    ("end_at=2020-09-05T23:59:59.999+04:00", "%2B"),
    ("start_at=2026-01-02T00:00:00Z&end_at=2026-01-01T00:00:00Z", "before"),
    ("start_at=2026-01-01T00:00:00Z&end_at=2026-01-01T00:00:00Z", "before"),
]


@pytest.mark.parametrize(("query", "word"), BAD_WINDOWS)
def test_a_window_that_is_none_is_refused_with_a_reason(api: SignedClient, query: str, word: str) -> None:
    reply = api.get(DEVICES, query)
    assert reply.refusal == (400, "invalid_window")
    assert word in reply.error["message"]


def test_a_plus_that_is_encoded_is_an_offset(api: SignedClient) -> None:
    assert api.get(DEVICES, "start_at=2020-09-05T23:59:59.999%2B04:00").status == 200


@pytest.mark.parametrize(("limit", "shown"), [("1", 1), ("001", 1), ("100", 30), ("101", 30), ("9" * 40, 30)])
def test_a_limit_however_large_is_served(api: SignedClient, limit: str, shown: int) -> None:
    for _ in range(30):
        made(api)
    assert len(listed(api, limit=limit)) == shown
    assert len(listed(api)) == 25


@pytest.mark.parametrize("limit", ["0", "000", "", "-1", "1.5", "+5", "x"])
def test_a_limit_below_one_or_not_a_number_is_refused(api: SignedClient, limit: str) -> None:
    assert api.get(DEVICES, {"limit": limit}).refusal == (400, "invalid_request")


@pytest.mark.parametrize("query", ["x=1", "page=2", "limit=1&limit=2", "status=active", "after=x"])
def test_an_unknown_or_repeated_parameter_is_refused(api: SignedClient, query: str) -> None:
    assert api.get(DEVICES, query).refusal == (400, "invalid_request")


def test_a_cursor_holds_its_window(api: SignedClient, clock: Clock) -> None:
    rows = []
    for _ in range(5):
        rows.append(made(api))
        clock.advance(3600)
    window = {"start_at": rows[0]["created_at"], "end_at": rows[4]["created_at"]}
    cursor = api.get(DEVICES, {**window, "limit": "1"}).headers["next-cursor"]
    assert listed(api, cursor=cursor) == rows[2:4]
    assert listed(api, cursor=cursor, **window) == rows[2:4]
    assert listed(api, cursor=cursor, start_at=window["start_at"], limit="1") == rows[2:3]
    in_words_of_another_zone = window["start_at"].replace("Z", "-00:00")
    assert listed(api, cursor=cursor, start_at=in_words_of_another_zone) == rows[2:4]
    for other in ({"start_at": rows[1]["created_at"]}, {**window, "end_at": rows[3]["created_at"]}):
        assert api.get(DEVICES, {"cursor": cursor, **other}).refusal == (400, "invalid_cursor")
    assert api.get(DEVICES, {"cursor": cursor, "start_at": "x"}).refusal == (400, "invalid_window")


def test_a_window_that_a_walk_began_without_cannot_be_added(api: SignedClient) -> None:
    rows = [made(api) for _ in range(3)]
    cursor = api.get(DEVICES, "limit=1").headers["next-cursor"]
    added = {"cursor": cursor, "start_at": rows[0]["created_at"]}
    assert api.get(DEVICES, added).refusal == (400, "invalid_cursor")


def test_cursors_of_others_and_broken_ones_are_refused(api: SignedClient, neighbour: SignedClient) -> None:
    for client in (api, neighbour):
        for number in range(3):
            made(client)
            client.post(SURVEYS, {"name": str(number)})
    cursor = api.get(DEVICES, "limit=1").headers["next-cursor"]
    foreign = [
        neighbour.get(DEVICES, "limit=1").headers["next-cursor"],
        api.get(SURVEYS, "limit=1").headers["next-cursor"],
    ]
    flipped = [cursor[:at] + ("A" if cursor[at] != "A" else "B") + cursor[at + 1 :] for at in range(len(cursor))]
    for bad in (*foreign, *flipped, cursor[:-1], cursor + "A", f"{cursor}=", "", "é", "x" * 5000):
        assert api.get(DEVICES, {"cursor": bad}).refusal == (400, "invalid_cursor"), bad
    assert api.get(DEVICES, {"cursor": cursor}).status == 200


def test_a_walk_shows_each_device_once_while_others_come_and_go(api: SignedClient) -> None:
    before = [made(api) for _ in range(12)]
    seen: list[str] = []
    reply = api.get(DEVICES, "limit=3")
    while True:
        seen += [row["id"] for row in reply.json]
        if "next-cursor" not in reply.headers:
            break
        made(api)
        if len(seen) == 6:
            # The one that the page ended with is no landmark that must stay.
            api.delete(f"{DEVICES}/{seen[-1]}")
        reply = api.get(DEVICES, {"limit": "3", "cursor": reply.headers["next-cursor"]})
        if len(seen) > 30:
            break
    assert len(seen) == len(set(seen))
    assert {row["id"] for row in before} <= set(seen)


# -- what may go wrong -------------------------------------------------------------------------------------------------


def test_round_trips_of_a_warm_process(api: SignedClient) -> None:
    survey = api.post(SURVEYS, {"name": "Stay"}).json["id"]
    path = path_of(made(api))
    calls = api.platform.round_trips(
        read=lambda: api.get(path),
        list=lambda: api.get(DEVICES),
        create=lambda: made(api),
        create_with_survey=lambda: made(api, survey_id=survey),
        replace=lambda: api.put(path, {"name": "x"}),
        replace_with_survey=lambda: api.put(path, {"name": "x", "survey_id": survey}),
        delete=lambda: api.delete(path),
    )
    assert calls == {
        "read": 2,
        "list": 2,
        "create": 2,
        "create_with_survey": 2,
        "replace": 3,
        "replace_with_survey": 3,
        "delete": 3,
    }


def test_a_repeated_request_makes_one_device(api: SignedClient) -> None:
    first = api.post(DEVICES, {"name": "x"}, idempotency_key="k")
    again = api.post(DEVICES, {"name": "x"}, idempotency_key="k")
    assert (again.status, again.text) == (first.status, first.text)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    assert api.post(DEVICES, {"name": "y"}, idempotency_key="k").refusal == (422, "idempotency_key_reused")
    assert len(listed(api)) == 1


def test_a_refusal_is_remembered_too(api: SignedClient) -> None:
    body = {"name": "x", "survey_id": 1}
    refused = api.post(DEVICES, body, idempotency_key="k")
    assert refused.fields == ["survey_id"]
    api.post(SURVEYS, {"name": "Stay"})
    again = api.post(DEVICES, body, idempotency_key="k")
    assert (again.status, again.text, again.headers["idempotent-replayed"]) == (422, refused.text, "true")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_function_that_dies_leaves_all_or_nothing(api: SignedClient, store: Interruptions, method: str) -> None:
    survey = api.post(SURVEYS, {"name": "Stay"}).json["id"]

    def request(path: str) -> Reply:
        body = {"name": "New", "survey_id": survey} if method != "DELETE" else None
        headers = {"idempotency-key": path[-22:]} if method == "POST" else {}
        return api.request(method, DEVICES if method == "POST" else path, json_body=body, headers=headers)

    store.watch()
    request(path_of(made(api)))
    store.watch()
    probe = path_of(made(api))
    store.watch()
    request(probe)
    calls = len(store.calls)
    assert calls
    for call in range(calls):
        for behind in (False, True):
            store.leave_alone()
            device = made(api)
            count = len(listed(api, limit="100"))
            store.kill(call, behind=behind)
            assert request(path_of(device)).text == "Internal Server Error"
            store.leave_alone()
            retry = request(path_of(device))
            assert retry.status in {"POST": {201}, "PUT": {200}, "DELETE": {204, 404}}[method]
            change = {"POST": 1, "PUT": 0, "DELETE": -1}[method]
            assert len(listed(api, limit="100")) == count + change
    api.platform.errors()
