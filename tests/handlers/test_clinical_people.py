"""/api/participants"""

import json
from functools import partial
from typing import Any

import pytest

from tests.handlers.conftest import Client, Platform, Reply
from tests.handlers.interruptions import Interruptions
from tests.handlers.metricis_accounts import Team, fields, refusal, team_of
from trimetric.domain.metricis.accounts import Role

PEOPLE, IMPORT = "/api/participants", "/api/participants/import"
FIELDS = [
    *("id", "study_id", "participant_id", "email", "phone", "enrollment_date", "status", "actor", "language"),
    *("created_at", "updated_at"),
]


@pytest.fixture
def team(platform: Platform) -> Team:
    team = team_of(platform)
    created(team.admin.post("/api/studies", {"code": "SLEEP-1", "name": "Sleep"}))
    return team


def created(reply: Reply) -> Any:
    assert reply.status == 201, reply.text
    return reply.data


def a_person(team: Team, code: str = "P001", **members: Any) -> Any:
    return created(team.coordinator.post(PEOPLE, {"study_id": 1, "participant_id": code, **members}))


def imported(
    client: Client, content: str | bytes, *, query: str = "study_id=1", kind: str = "text/csv", **headers: str
) -> Reply:
    octets = content.encode() if isinstance(content, str) else content
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.request("POST", IMPORT, query=query, content=octets, headers={"content-type": kind, **named})


def total(team: Team, query: str = "") -> int:
    number: int = team.admin.get(PEOPLE, query).json["pagination"]["total"]
    return number


def rows(count: int, *, first: int = 1) -> str:
    return "participant_id,status\n" + "".join(f"P{number:05},enrolled\n" for number in range(first, first + count))


# -- one by one --------------------------------------------------------------------------------------------------------


def test_a_person_is_created_with_what_was_sent(team: Team) -> None:
    told = {
        "study_id": 1,
        "participant_id": "P001",
        "email": "p1@home.example",
        "phone": "+49 30 123456",
        "enrollment_date": "2026-01-31",
        "status": "screened",
        "actor": "caregiver",
        "language": "de-AT",
    }
    reply = team.coordinator.post(PEOPLE, told)
    person = created(reply)
    assert list(person) == FIELDS
    assert {name: person[name] for name in told} == told
    assert reply.headers["location"] == f"{PEOPLE}/{person['id']}"
    assert team.researcher.get(f"{PEOPLE}/{person['id']}").data == person


def test_a_bad_address_gets_the_documents_error(team: Team) -> None:
    reply = team.coordinator.post(PEOPLE, {"study_id": 1, "participant_id": "P001", "email": "nobody"})
    assert reply.status == 422
    assert reply.json["error"]["code"] == "VALIDATION_ERROR"
    assert reply.json["error"]["message"] == "Invalid input data"
    details = reply.json["error"]["details"]
    assert (details["field"], details["reason"]) == ("email", "Invalid email format")


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"participant_id": ""}, "participant_id"),
        ({"participant_id": 1}, "participant_id"),
        ({"study_id": "1"}, "study_id"),
        ({"study_id": True}, "study_id"),
        ({"phone": "none"}, "phone"),
        ({"enrollment_date": "2026-13-01"}, "enrollment_date"),
        ({"status": "active"}, "status"),
        ({"actor": "robot"}, "actor"),
        ({"language": "english language"}, "language"),
        ({"id": "par_1"}, "id"),
    ],
)
def test_a_member_that_does_not_fit_is_422_naming_it(team: Team, members: dict[str, Any], field: str) -> None:
    body = {"study_id": 1, "participant_id": "P001", **members}
    assert fields(team.coordinator.post(PEOPLE, body)) == [field]
    assert total(team) == 0


def test_a_code_is_taken_once_in_a_study(team: Team) -> None:
    person = a_person(team)
    assert refusal(team.coordinator.post(PEOPLE, {"study_id": 1, "participant_id": "P001"})) == (409, "CONFLICT")
    created(team.admin.post("/api/studies", {"code": "OTHER", "name": "Other"}))
    other = created(team.coordinator.post(PEOPLE, {"study_id": 2, "participant_id": "P001"}))
    assert other["id"] != person["id"]
    assert refusal(team.coordinator.post(PEOPLE, {"study_id": 9, "participant_id": "P001"})) == (404, "NOT_FOUND")


def test_who_a_person_is_stays_and_the_rest_changes(team: Team) -> None:
    person = a_person(team, email="a@b.example")
    path = f"{PEOPLE}/{person['id']}"
    assert fields(team.coordinator.patch(path, {"participant_id": "P002"})) == ["participant_id"]
    changed = team.coordinator.patch(path, {"email": None, "status": "withdrawn"})
    assert changed.data == {**person, "email": None, "status": "withdrawn", "updated_at": changed.data["updated_at"]}
    assert total(team, "status=withdrawn") == 1
    assert total(team, "status=enrolled") == 0


def test_who_only_reads_sees_no_contact_data(team: Team) -> None:
    path = f"{PEOPLE}/{a_person(team, email='p1@home.example', phone='030 123456')['id']}"
    for query in ("", "fields=email,phone,status"):
        seen = team.read_only.get(path, query).text + team.read_only.get(PEOPLE, query).text
        assert "email" not in seen
        assert "p1@home.example" not in seen
        assert "123456" not in seen
    assert fields(team.read_only.get(PEOPLE, "sort=email")) == ["sort"]
    assert team.coordinator.get(path, "fields=email").data["email"] == "p1@home.example"


def test_an_erased_person_leaves_nothing_and_the_code_is_free(team: Team, platform: Platform) -> None:
    person = a_person(team, email="p1@home.example")
    path = f"{PEOPLE}/{person['id']}"
    assert team.coordinator.delete(path).status == 204
    assert refusal(team.coordinator.get(path)) == (404, "NOT_FOUND")
    assert refusal(team.coordinator.delete(path)) == (404, "NOT_FOUND")
    assert total(team) == 0
    assert a_person(team)["email"] is None
    assert total(team) == 1


def test_sessions_of_an_erased_person_stay_and_name_nobody(team: Team) -> None:
    person = a_person(team)
    created(team.admin.post("/api/batteries", {"study_id": 1, "name": "Morning"}))
    body = {"participant_id": "P001", "battery_id": "battery_1"}
    sessions = [created(team.coordinator.post("/api/sessions", body))["session_id"] for _ in range(3)]
    assert team.coordinator.delete(f"{PEOPLE}/{person['id']}").status == 204
    for session in sessions:
        assert team.admin.get(f"/api/sessions/{session}").data["participant_id"] is None
    listed = team.admin.get("/api/sessions", "study_id=1").json
    assert listed["pagination"]["total"] == 3
    assert team.admin.get("/api/sessions", "participant_id=P001").json["pagination"]["total"] == 0


ROUTES = [
    ("GET", PEOPLE, None, Role.READ_ONLY),
    ("POST", PEOPLE, {"study_id": 1, "participant_id": "P9"}, Role.COORDINATOR),
    ("GET", f"{PEOPLE}/{{id}}", None, Role.READ_ONLY),
    ("PATCH", f"{PEOPLE}/{{id}}", {"language": "en"}, Role.COORDINATOR),
    ("DELETE", f"{PEOPLE}/{{id}}", None, Role.COORDINATOR),
]


@pytest.mark.parametrize(("method", "path", "body", "needed"), ROUTES)
def test_who_may_do_what(team: Team, platform: Platform, method: str, path: str, body: Any, needed: Role) -> None:
    path = path.format(id=a_person(team)["id"])
    assert refusal(Client(platform).request(method, path, json_body=body)) == (401, "UNAUTHORIZED")
    for role, client in team.by_role.items():
        if not role.includes(needed):
            assert refusal(client.request(method, path, json_body=body)) == (403, "FORBIDDEN")
    assert team.by_role[needed].request(method, path, json_body=body).status in (200, 201, 204)
    assert refusal(imported(Client(platform), rows(1))) == (401, "UNAUTHORIZED")
    assert refusal(imported(team.read_only, rows(1))) == (403, "FORBIDDEN")


@pytest.mark.parametrize(("method", "path", "body"), [route[:3] for route in ROUTES if "{id}" in route[1]])
def test_a_neighbour_meets_what_never_existed(
    team: Team, platform: Platform, method: str, path: str, body: Any
) -> None:
    person = a_person(team)
    neighbour = team_of(platform, name="Next door").admin
    foreign = neighbour.request(method, path.format(id=person["id"]), json_body=body)
    unknown = neighbour.request(method, path.format(id=f"par_{'0' * 26}"), json_body=body)
    assert refusal(foreign) == (404, "NOT_FOUND")
    assert foreign.text == unknown.text
    assert refusal(imported(neighbour, rows(1))) == (404, "NOT_FOUND")
    assert team.admin.get(f"{PEOPLE}/{person['id']}").data == person


# -- imports -----------------------------------------------------------------------------------------------------------


def test_an_import_of_csv_as_spreadsheets_write_it(team: Team) -> None:
    content = (
        "\ufeffparticipant_id,email,phone,language\r\n"
        '"P, 001",a@b.example,+49 30 123456,de\r\n'
        'P002,,"(555) 010-9999",\r\n'
    )
    reply = imported(team.coordinator, content)
    assert reply.status == 201
    assert [(row["row"], row["status"], row["participant_id"]) for row in reply.data["rows"]] == [
        (1, "created", "P, 001"),
        (2, "created", "P002"),
    ]
    people = team.admin.get(PEOPLE, "study_id=1&sort=participant_id").data
    assert [(each["participant_id"], each["phone"]) for each in people] == [
        ("P, 001", "+49 30 123456"),
        ("P002", "(555) 010-9999"),
    ]


def test_an_import_of_ndjson(team: Team) -> None:
    lines = "".join(json.dumps({"participant_id": f"P{number}", "actor": "caregiver"}) + "\n" for number in range(3))
    assert imported(team.coordinator, lines, kind="application/x-ndjson").data["created"] == 3
    assert total(team, "actor=caregiver") == 3


@pytest.mark.parametrize(("text", "field"), [("\\ud800", "row"), ("\\u0000", "participant_id")])
def test_text_that_cannot_be_kept_is_a_problem_of_its_row(team: Team, text: str, field: str) -> None:
    lines = f'{{"participant_id":"P1"}}\n{{bad\n{{"participant_id":"{text}"}}\n'
    reply = imported(team.coordinator, lines, query="study_id=1&partial=true", kind="application/x-ndjson")
    assert reply.status == 207
    assert [row["status"] for row in reply.data["rows"]] == ["created", "failed", "failed"]
    assert reply.data["rows"][2]["errors"][0]["field"] == field
    refused = imported(team.coordinator, lines, kind="application/x-ndjson")
    assert fields(refused) == ["rows[2].row", f"rows[3].{field}"]


def test_a_line_that_is_no_object_is_a_problem_of_its_row(team: Team) -> None:
    refused = imported(team.coordinator, '{"participant_id":"P1"}\n[1]\n', kind="application/x-ndjson")
    assert fields(refused) == ["rows[2].row"]


def test_what_does_not_exist_is_told_before_what_is_wrong_with_the_request(team: Team) -> None:
    paths = [f"{PEOPLE}/par_{'0' * 26}", "/api/studies/9", "/api/batteries/battery_9"]
    for path in paths:
        for query in ("bogus=1", "fields=zz"):
            assert refusal(team.admin.get(path, query)) == (404, "NOT_FOUND")
    assert refusal(imported(team.coordinator, "colour\nred\n", query="study_id=9")) == (404, "NOT_FOUND")
    assert refusal(imported(team.coordinator, "x", query="study_id=9", kind="text/plain")) == (404, "NOT_FOUND")


BAD_FILES: list[tuple[str | bytes, int, str]] = [
    ("", 400, ""),
    ("email\na@b.example\n", 422, "participant_id"),
    ("participant_id,colour\nP1,red\n", 422, "colour"),
    ("participant_id,participant_id\nP1,P1\n", 422, "header"),
    ("participant_id\n", 422, "rows"),
    ("participant_id,email\nP1\n", 422, "rows[1].row"),
    ("participant_id\n=cmd|' /C calc'!A0\n", 422, "rows[1].participant_id"),
    ("participant_id,language\nP1,@SUM(A1)\n", 422, "rows[1].language"),
    ("participant_id,phone\nP1,+1+cmd\n", 422, "rows[1].phone"),
    ("participant_id,email\nP1,nobody\n", 422, "rows[1].email"),
    ("participant_id\nP1\nP2\nP1\n", 422, "rows[3].participant_id"),
    ('participant_id\n"P1\n', 400, ""),
    (b"participant_id\n\xff\xfe\n", 400, ""),
    (rows(5_001), 422, "rows"),
]


@pytest.mark.parametrize(("content", "status", "field"), BAD_FILES, ids=lambda value: repr(value)[:30])
def test_a_file_that_does_not_fit_imports_nothing(team: Team, content: str | bytes, status: int, field: str) -> None:
    reply = imported(team.coordinator, content)
    assert reply.status == status
    if field:
        assert fields(reply) == [field]
    assert total(team) == 0


@pytest.mark.parametrize(
    ("query", "field"),
    [("", "study_id"), ("study_id=x", "study_id"), ("study_id=1&partial=yes", "partial"), ("study_id=1&x=1", "x")],
)
def test_parameters_of_an_import_are_checked(team: Team, query: str, field: str) -> None:
    assert fields(imported(team.coordinator, rows(1), query=query)) == [field]


def test_other_types_and_studies_are_refused(team: Team) -> None:
    assert refusal(imported(team.coordinator, rows(1), kind="application/json"))[0] == 415
    for parameters in ("charset=utf-16", "charset=latin1", "header=present; charset=iso-8859-1"):
        assert refusal(imported(team.coordinator, rows(1), kind=f"text/csv; {parameters}"))[0] == 415
    assert imported(team.coordinator, rows(1), kind='text/csv; header=present; charset="UTF-8"').status == 201
    assert refusal(imported(team.coordinator, rows(1), query="study_id=9")) == (404, "NOT_FOUND")


def test_partial_takes_what_is_right_and_says_what_is_not(team: Team) -> None:
    a_person(team, "P002")
    a_person(team, "P003", language="fr")
    content = "participant_id,language\nP001,\nP002,\nP003,de\nP004,not a language\n"
    reply = imported(team.coordinator, content, query="study_id=1&partial=true")
    assert reply.status == 207
    assert [row["status"] for row in reply.data["rows"]] == ["created", "unchanged", "failed", "failed"]
    assert [reply.data[name] for name in ("total", "created", "unchanged", "failed")] == [4, 1, 1, 2]
    assert total(team) == 3
    assert refusal(imported(team.coordinator, content)) == (422, "VALIDATION_ERROR")


@pytest.mark.parametrize("count", [1, 95, 96, 97, 98, 250, 5_000])
def test_an_import_of_any_size_is_there_at_once(team: Team, count: int) -> None:
    reply = imported(team.coordinator, rows(count), idempotency_key="once")
    assert (reply.status, reply.data["created"]) == (201, count)
    assert total(team) == total(team, "study_id=1&status=enrolled") == count
    last = team.admin.get(PEOPLE, f"study_id=1&per_page=100&page={-(-count // 100)}").data[-1]
    assert team.admin.get(f"{PEOPLE}/{last['id']}").data == last
    again = imported(team.coordinator, rows(count), idempotency_key="once")
    assert (again.text, again.headers["idempotent-replayed"]) == (reply.text, "true")
    assert imported(team.coordinator, rows(count)).data["unchanged"] == count
    assert total(team) == count


def test_two_imports_of_the_same_people_at_once_import_them_once(team: Team, platform: Platform) -> None:
    with platform.between_read_and_write(lambda: imported(team.coordinator, rows(150))):
        reply = imported(team.researcher, rows(150))
    assert reply.data["created"] + reply.data["unchanged"] == 150
    assert total(team) == 150


@pytest.mark.parametrize("behind", [False, True])
def test_an_import_that_dies_leaves_all_or_nothing_and_its_retry_completes_it(
    platform: Platform, team: Team, behind: bool
) -> None:
    watch = Interruptions(platform.table)
    imported(team.coordinator, rows(1, first=90_000))
    watch.watch()
    imported(team.coordinator, rows(150, first=50_000), idempotency_key="whole")
    calls = len(watch.calls)
    watch.leave_alone()
    before = total(team)
    for call in range(calls):
        first = 1_000 * call
        watch.kill(call, behind=behind)
        dead = imported(team.coordinator, rows(150, first=first), idempotency_key=f"k{call}")
        assert dead.text == "Internal Server Error"
        watch.leave_alone()
        assert total(team) - before in (0, 150)
        reply = imported(team.coordinator, rows(150, first=first), idempotency_key=f"k{call}")
        assert reply.status == 201, reply.text
        before += 150
        assert total(team) == before


def test_what_a_dead_import_left_is_in_nobodys_way(platform: Platform, team: Team) -> None:
    watch = Interruptions(platform.table)
    imported(team.coordinator, rows(1, first=90_000))
    watch.watch()
    imported(team.coordinator, rows(150, first=50_000))
    last = len(watch.calls) - 1
    watch.kill(last, behind=False)
    assert imported(team.coordinator, rows(150)).text == "Internal Server Error"
    watch.leave_alone()
    busy = team.coordinator.post(PEOPLE, {"study_id": 1, "participant_id": "P00001"})
    assert (busy.status, busy.headers["retry-after"]) == (503, "1")
    assert imported(team.coordinator, rows(1)).status == 503
    platform.clock.advance(31)
    assert imported(team.coordinator, rows(1)).data["created"] == 1
    assert a_person(team, "P00002")["participant_id"] == "P00002"
    assert total(team) == 153


def test_round_trips(team: Team, platform: Platform) -> None:
    path = f"{PEOPLE}/{a_person(team)['id']}"
    team.coordinator.get(path)
    calls = platform.round_trips(
        show=lambda: team.coordinator.get(path),
        list=lambda: team.coordinator.get(PEOPLE),
        small_import=lambda: imported(team.coordinator, rows(50)),
    )
    assert calls == {"show": 2, "list": 4, "small_import": 5}
    # One writer in 32 looks after the lists on its way; which one follows from ids that are new in each run.
    writes = [
        platform.round_trips(
            create=partial(a_person, team, f"W{number}"),
            change=partial(team.coordinator.patch, path, {"language": f"en-{number:02}"}),
        )
        for number in range(8)
    ]
    assert {name: min(each[name] for each in writes) for name in ("create", "change")} == {"create": 3, "change": 3}
