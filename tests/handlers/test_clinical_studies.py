"""/api/studies and /api/batteries"""

import json
from functools import partial
from typing import Any

import pytest

from tests.handlers.conftest import Client, Platform, Reply, incompressible
from tests.handlers.interruptions import Interruptions
from tests.handlers.metricis_accounts import Team, fields, refusal, team_of
from trimetric.domain.metricis.accounts import Role

STUDIES, BATTERIES, PEOPLE = "/api/studies", "/api/batteries", "/api/participants"
STUDY = {"code": "SLEEP-1", "name": "Sleep and attention"}
STUDY_FIELDS = [
    *("id", "code", "name", "description", "pi_name", "pi_email", "start_date", "end_date", "status"),
    *("created_at", "updated_at"),
]


@pytest.fixture
def team(platform: Platform) -> Team:
    return team_of(platform)


def created(reply: Reply) -> Any:
    assert reply.status == 201, reply.text
    return reply.data


def a_study(team: Team, **members: Any) -> Any:
    return created(team.researcher.post(STUDIES, STUDY | members))


def a_battery(team: Team, **members: Any) -> Any:
    study_id = members.pop("study_id", None) or a_study(team)["id"]
    return created(team.researcher.post(BATTERIES, {"study_id": study_id, "name": "Morning", **members}))


def test_a_study_is_created_with_what_was_sent(team: Team) -> None:
    told = {
        **STUDY,
        "description": "Nights",
        "pi_name": "A. Investigator",
        "pi_email": "pi@clinic.example",
        "start_date": "2026-01-01",
        "end_date": "2026-12-31",
        "status": "draft",
    }
    reply = team.researcher.post(STUDIES, told)
    study = created(reply)
    assert list(study) == STUDY_FIELDS
    assert study["id"] == 1
    assert {name: study[name] for name in told} == told
    assert reply.headers["location"] == "/api/studies/1"
    assert team.read_only.get("/api/studies/1").data == study


def test_a_study_begins_active_and_numbers_go_on(team: Team) -> None:
    assert [a_study(team, code=code)["id"] for code in "abc"] == [1, 2, 3]
    assert team.admin.get(f"{STUDIES}/3").data["status"] == "active"


BAD_STUDIES: list[tuple[dict[str, Any], str]] = [
    ({"code": ""}, "code"),
    ({"code": None}, "code"),
    ({"name": " "}, "name"),
    ({"pi_email": "nobody"}, "pi_email"),
    ({"start_date": "2026-02-30"}, "start_date"),
    ({"start_date": "1 May"}, "start_date"),
    ({"start_date": "2026-05-02", "end_date": "2026-05-01"}, "end_date"),
    ({"status": "archived"}, "status"),
    ({"status": None}, "status"),
    ({"id": 4}, "id"),
]


@pytest.mark.parametrize(("members", "field"), BAD_STUDIES)
def test_a_member_that_does_not_fit_is_422_naming_it(team: Team, members: dict[str, Any], field: str) -> None:
    reply = team.researcher.post(STUDIES, STUDY | members)
    assert refusal(reply) == (422, "VALIDATION_ERROR")
    assert fields(reply) == [field]
    assert team.admin.get(STUDIES).data == []
    path = f"{STUDIES}/{a_study(team)['id']}"
    assert fields(team.researcher.patch(path, members)) == [field]


@pytest.mark.parametrize("body", [[], "x", 1, None])
def test_a_body_that_is_no_object_is_422(team: Team, body: Any) -> None:
    reply = team.researcher.request("POST", STUDIES, content=b"null" if body is None else None, json_body=body)
    assert refusal(reply) == (422, "VALIDATION_ERROR")


def test_a_code_is_taken_once(team: Team) -> None:
    first, second = a_study(team), a_study(team, code="OTHER")
    assert refusal(team.researcher.post(STUDIES, STUDY)) == (409, "CONFLICT")
    assert refusal(team.researcher.patch(f"{STUDIES}/{second['id']}", {"code": first["code"]})) == (409, "CONFLICT")
    assert team.researcher.patch(f"{STUDIES}/{first['id']}", {"code": "NEW"}).status == 200
    assert team.researcher.patch(f"{STUDIES}/{second['id']}", {"code": first["code"]}).status == 200
    assert team.researcher.delete(f"{STUDIES}/{second['id']}").status == 204
    assert created(team.researcher.post(STUDIES, STUDY))["id"] == 3


def test_a_patch_changes_what_it_names(team: Team) -> None:
    study = a_study(team, description="Old", pi_name="Somebody")
    path = f"{STUDIES}/{study['id']}"
    patched = team.researcher.patch(path, {"description": None, "status": "paused"})
    assert patched.data == {**study, "description": None, "status": "paused", "updated_at": patched.data["updated_at"]}
    assert patched.data["updated_at"] > study["updated_at"]
    assert team.read_only.get(path).data == patched.data


def test_a_change_behind_a_reader_is_412(team: Team) -> None:
    path = f"{STUDIES}/{a_study(team)['id']}"
    tag = team.researcher.get(path).headers["etag"]
    assert team.researcher.patch(path, {"name": "B"}, if_match=tag).status == 200
    assert refusal(team.researcher.patch(path, {"name": "C"}, if_match=tag)) == (412, "PRECONDITION_FAILED")
    assert refusal(team.researcher.delete(path, if_match=tag)) == (412, "PRECONDITION_FAILED")
    assert team.researcher.get(path).data["name"] == "B"


@pytest.mark.parametrize("held", ["participants", "batteries"])
def test_a_study_that_holds_something_stays(team: Team, held: str) -> None:
    study = a_study(team)
    body = {"participant_id": "P001"} if held == "participants" else {"name": "Morning"}
    path = created(team.admin.request("POST", f"/api/{held}", json_body={"study_id": study["id"], **body}))
    assert refusal(team.researcher.delete(f"{STUDIES}/{study['id']}")) == (409, "CONFLICT")
    assert team.admin.delete(f"/api/{held}/{path['id']}").status == 204
    assert team.researcher.delete(f"{STUDIES}/{study['id']}").status == 204
    assert refusal(team.admin.get(f"{STUDIES}/{study['id']}")) == (404, "NOT_FOUND")


def test_a_study_is_not_deleted_beside_something_that_comes(team: Team, platform: Platform) -> None:
    study = a_study(team)

    def somebody_comes() -> None:
        created(team.coordinator.post(PEOPLE, {"study_id": study["id"], "participant_id": "P001"}))

    with platform.between_read_and_write(somebody_comes):
        assert refusal(team.researcher.delete(f"{STUDIES}/{study['id']}")) == (409, "CONFLICT")


def test_two_at_once_get_two_numbers(team: Team, platform: Platform) -> None:
    with platform.between_read_and_write(lambda: a_study(team, code="other")):
        assert a_study(team)["id"] == 2
    assert sorted(each["id"] for each in team.admin.get(STUDIES).data) == [1, 2]


def test_a_repeated_creation_with_a_key_gives_the_first_answer(team: Team) -> None:
    first = team.researcher.post(STUDIES, STUDY, idempotency_key="once")
    again = team.researcher.post(STUDIES, STUDY, idempotency_key="once")
    assert (again.status, again.text) == (first.status, first.text)
    assert again.headers["idempotent-replayed"] == "true"
    assert team.admin.get(STUDIES).json["pagination"]["total"] == 1


def test_a_battery_keeps_its_tasks_as_they_were_sent(team: Team) -> None:
    tasks = [
        {"name": "n-back", "config": {"n": 2, "isi": 1.5, "letters": ["A", "Ω"]}},
        {"name": "flanker", "config": {}},
    ]
    battery = a_battery(team, tasks=tasks, estimated_minutes=20, description="Two tasks")
    assert battery["id"] == "battery_1"
    assert battery["tasks"] == tasks
    path = f"{BATTERIES}/battery_1"
    assert team.read_only.get(path).data == battery
    assert team.researcher.patch(path, {"tasks": [{"name": "CPT"}]}).data["tasks"] == [{"name": "CPT", "config": {}}]


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"study_id": "1"}, "study_id"),
        ({"study_id": 0}, "study_id"),
        ({"name": ""}, "name"),
        ({"tasks": {}}, "tasks"),
        ({"tasks": [{"config": {}}]}, "tasks[0].name"),
        ({"tasks": [{"name": "x", "config": {"a": "x" * 20_000}}]}, "tasks[0].config"),
        ({"tasks": [{"name": "x"}] * 51}, "tasks"),
        ({"estimated_minutes": 0}, "estimated_minutes"),
        ({"estimated_minutes": True}, "estimated_minutes"),
        ({"minutes": 3}, "minutes"),
    ],
)
def test_a_battery_that_does_not_fit_is_422(team: Team, members: dict[str, Any], field: str) -> None:
    body = {"study_id": a_study(team)["id"], "name": "Morning", **members}
    assert fields(team.researcher.post(BATTERIES, body)) == [field]


def sent(team: Team, method: str, path: str, body: Any) -> Reply:
    """Letters as they are: escaped, they would take twice the room that a body has."""
    return team.researcher.request(method, path, content=json.dumps(body, ensure_ascii=False).encode())


def test_tasks_that_no_item_holds_are_422(team: Team) -> None:
    study_id = a_study(team)["id"]
    tasks = [{"name": f"t{number}", "config": {"text": incompressible(number, length=5_000)}} for number in range(50)]
    body = {"study_id": study_id, "name": "Large"}
    assert fields(sent(team, "POST", BATTERIES, body | {"tasks": tasks})) == ["tasks"]
    battery = created(sent(team, "POST", BATTERIES, body | {"tasks": tasks[:15]}))
    assert fields(sent(team, "PATCH", f"{BATTERIES}/{battery['id']}", {"tasks": tasks})) == ["tasks"]
    assert team.admin.get(f"{BATTERIES}/{battery['id']}").data["tasks"] == tasks[:15]


def test_a_page_that_is_too_large_to_be_sent_asks_for_fewer_rows(team: Team) -> None:
    study_id = a_study(team)["id"]
    tasks = [{"name": f"t{number}", "config": {"text": "\u0416" * 8_000}} for number in range(40)]
    for number in range(12):
        created(sent(team, "POST", BATTERIES, {"study_id": study_id, "name": str(number), "tasks": tasks}))
    assert fields(team.admin.get(BATTERIES)) == ["per_page"]
    assert len(team.admin.get(BATTERIES, "per_page=2").data) == 2
    assert len(team.admin.get(BATTERIES, "fields=name").data) == 12


def test_a_page_shows_one_moment_also_while_its_rows_change(team: Team, platform: Platform) -> None:
    for code in "abc":
        a_study(team, code=code, status="draft")
    team.admin.get(STUDIES)
    watch = Interruptions(platform.table)
    for call in range(1, 4):
        watch.step_in(call, partial(team.admin.patch, f"{STUDIES}/{call}", {"status": "active"}))
        page = team.admin.get(STUDIES, "status=draft").json
        watch.leave_alone()
        assert {study["status"] for study in page["data"]} <= {"draft"}
        assert page["pagination"]["total"] == len(page["data"])


def test_a_battery_of_no_study_is_404(team: Team) -> None:
    assert refusal(team.researcher.post(BATTERIES, {"study_id": 7, "name": "x"})) == (404, "NOT_FOUND")


def test_lists_filter_sort_and_select(team: Team) -> None:
    codes = ["c", "a", "b"]
    for code, status in zip(codes, ["draft", "active", "draft"], strict=True):
        a_study(team, code=code, status=status)
    drafts = team.read_only.get(STUDIES, "status=draft&sort=code&order=desc&fields=code")
    assert drafts.data == [{"id": 1, "code": "c"}, {"id": 3, "code": "b"}]
    assert drafts.json["pagination"]["total"] == 2
    assert team.read_only.get(f"{STUDIES}/2", "fields=name,status").data == {
        "id": 2,
        "name": STUDY["name"],
        "status": "active",
    }
    for number in (1, 2, 2):
        a_battery(team, study_id=number, name=f"of {number}")
    assert [each["id"] for each in team.read_only.get(BATTERIES, "study_id=2&order=desc").data] == [
        "battery_3",
        "battery_2",
    ]
    assert team.read_only.get(BATTERIES, "study_id=9").json["pagination"]["total"] == 0


ROUTES = [
    ("GET", STUDIES, None, Role.READ_ONLY),
    ("POST", STUDIES, {"code": "x", "name": "x"}, Role.RESEARCHER),
    ("GET", f"{STUDIES}/1", None, Role.READ_ONLY),
    ("PATCH", f"{STUDIES}/1", {"name": "x"}, Role.RESEARCHER),
    ("DELETE", f"{STUDIES}/1", None, Role.RESEARCHER),
    ("GET", BATTERIES, None, Role.READ_ONLY),
    ("POST", BATTERIES, {"study_id": 1, "name": "x"}, Role.RESEARCHER),
    ("GET", f"{BATTERIES}/battery_1", None, Role.READ_ONLY),
    ("PATCH", f"{BATTERIES}/battery_1", {"name": "x"}, Role.RESEARCHER),
    ("DELETE", f"{BATTERIES}/battery_1", None, Role.RESEARCHER),
]


@pytest.mark.parametrize(("method", "path", "body", "needed"), ROUTES)
def test_who_may_do_what(team: Team, platform: Platform, method: str, path: str, body: Any, needed: Role) -> None:
    a_battery(team)
    nobody = Client(platform).request(method, path, json_body=body)
    assert refusal(nobody) == (401, "UNAUTHORIZED")
    for role, client in team.by_role.items():
        if not role.includes(needed):
            assert refusal(client.request(method, path, json_body=body)) == (403, "FORBIDDEN")
    assert team.by_role[needed].request(method, path, json_body=body).status in (200, 201, 204, 409)


@pytest.mark.parametrize(("method", "path", "body"), [route[:3] for route in ROUTES if route[1].count("/") == 3])
def test_a_neighbour_meets_what_never_existed(
    team: Team, platform: Platform, method: str, path: str, body: Any
) -> None:
    battery = a_battery(team)
    neighbour = team_of(platform, name="Next door").admin
    foreign = neighbour.request(method, path, json_body=body)
    unknown = neighbour.request(method, f"{path}9", json_body=body)
    assert refusal(foreign) == (404, "NOT_FOUND")
    assert (foreign.status, foreign.text) == (unknown.status, unknown.text)
    assert team.admin.get(f"{BATTERIES}/battery_1").data == battery


def test_round_trips(team: Team, platform: Platform) -> None:
    a_battery(team)
    for path in (f"{STUDIES}/1", f"{BATTERIES}/battery_1"):
        team.admin.get(path)
    calls = platform.round_trips(
        show=lambda: team.admin.get(f"{STUDIES}/1"),
        list=lambda: team.admin.get(STUDIES),
        create=lambda: a_study(team, code="second"),
        change=lambda: team.researcher.patch(f"{STUDIES}/1", {"name": "x"}),
        battery=lambda: team.admin.get(f"{BATTERIES}/battery_1"),
    )
    assert calls == {"show": 2, "list": 4, "create": 3, "change": 3, "battery": 2}
