"""/api/sessions, /api/session/start, /api/studies/{study_id}/metrics"""

from functools import partial
from typing import Any

import pytest

from functions.sessions.memory import BatteryStudies
from tests.handlers.clinic import SESSIONS, Clinic, add_participant, add_study, clinic_of, some_trials
from tests.handlers.conftest import Client, Platform, Reply
from tests.handlers.interruptions import Interruptions
from tests.handlers.metricis_accounts import fields, refusal, team_of
from trimetric.domain.metricis.accounts import Role
from trimetric.domain.metricis.batteries import Battery
from trimetric.domain.metricis.participants import participant_id
from trimetric.domain.metricis.sessions import new_session_id
from trimetric.dynamo import keys
from trimetric.dynamo.metricis import batteries
from trimetric.dynamo.table import Delete

START = "/api/session/start"
FIELDS = [
    *("session_id", "study_id", "participant_id", "battery_id", "status", "start_time", "end_time"),
    *("task_summaries", "metrics", "trial_count", "created_at", "updated_at"),
]


@pytest.fixture
def clinic(platform: Platform) -> Clinic:
    return clinic_of(platform)


def path_of(session: dict[str, Any], rest: str = "") -> str:
    return f"{SESSIONS}/{session['session_id']}{rest}"


def create(clinic: Clinic, path: str = SESSIONS, **members: Any) -> Reply:
    body = {"participant_id": "P001", "battery_id": "battery_1", **members}
    return clinic.staff.post(path, {name: value for name, value in body.items() if value is not ...})


# -- creation ---------------------------------------------------------------------------------------------------------


def test_a_session_is_created_in_the_batterys_study(clinic: Clinic) -> None:
    reply = create(clinic)
    assert reply.status == 201
    session = reply.data
    assert list(session) == FIELDS
    assert reply.headers["location"] == path_of(session)
    shown = {name: session[name] for name in FIELDS if not name.endswith(("_time", "_at")) and name != "session_id"}
    assert shown == {
        "study_id": 1,
        "participant_id": "P001",
        "battery_id": "battery_1",
        "status": "created",
        "task_summaries": {},
        "metrics": None,
        "trial_count": 0,
    }
    assert session["start_time"] == session["created_at"] == session["updated_at"]
    assert session["end_time"] is None
    read = clinic.staff.get(path_of(session))
    assert (read.data, read.headers["etag"]) == (session, reply.headers["etag"])
    assert clinic.staff.get(path_of(session), if_none_match=reply.headers["etag"]).status == 304


def test_a_session_that_has_begun_is_in_progress(clinic: Clinic) -> None:
    session = clinic.session(start_time="2026-01-30T23:30:00.5-02:00", study_id=1)
    assert (session["status"], session["start_time"]) == ("in_progress", "2026-01-31T01:30:00.500Z")


def test_starting_gives_the_id_alone(clinic: Clinic) -> None:
    reply = create(clinic, START)
    assert (reply.status, list(reply.json)) == (200, ["session_id"])
    session = clinic.shown(reply.json)
    assert (session["status"], session["start_time"]) == ("in_progress", session["created_at"])
    assert refusal(create(clinic, START, start_time="2026-01-30T00:00:00Z")) == (422, "VALIDATION_ERROR")


def test_ids_name_their_workspace_and_cannot_be_guessed(clinic: Clinic) -> None:
    identifiers = {clinic.session()["session_id"] for _ in range(5)}
    start = f"sess_{clinic.team.workspace.id.removeprefix('ws_')}"
    assert {identifier[: len(start)] for identifier in identifiers} == {start}
    assert {len(identifier) for identifier in identifiers} == {len(start) + 32}
    assert len({identifier[len(start) :][:4] for identifier in identifiers}) > 1


BAD: list[tuple[dict[str, Any], str]] = [
    ({"participant_id": ...}, "participant_id"),
    ({"participant_id": 1}, "participant_id"),
    ({"participant_id": ""}, "participant_id"),
    ({"battery_id": ...}, "battery_id"),
    ({"battery_id": 1}, "battery_id"),
    ({"battery_id": None}, "battery_id"),
    ({"study_id": "1"}, "study_id"),
    ({"study_id": 0}, "study_id"),
    ({"study_id": True}, "study_id"),
    ({"study_id": 2}, "study_id"),
    ({"status": "completed"}, "status"),
    ({"session_id": "sess_1"}, "session_id"),
]
BAD_TIMES: list[tuple[dict[str, Any], str]] = [
    ({"start_time": "2026-01-30"}, "start_time"),
    ({"start_time": "2026-01-30T10:00:00"}, "start_time"),
    ({"start_time": "2026-02-30T10:00:00Z"}, "start_time"),
    ({"start_time": 1769767200}, "start_time"),
]


@pytest.mark.parametrize(("members", "field"), [*BAD, *BAD_TIMES])
def test_what_does_not_fit_is_422_naming_it(clinic: Clinic, members: dict[str, Any], field: str) -> None:
    reply = create(clinic, **members)
    assert (refusal(reply), fields(reply)) == ((422, "VALIDATION_ERROR"), [field])
    assert clinic.count("study") == 0


@pytest.mark.parametrize(("members", "field"), BAD)
def test_starting_is_held_to_the_same(clinic: Clinic, members: dict[str, Any], field: str) -> None:
    reply = create(clinic, START, **members)
    assert (refusal(reply), fields(reply)) == ((422, "VALIDATION_ERROR"), [field])


@pytest.mark.parametrize(
    "members",
    [
        {"battery_id": "battery_2"},
        {"battery_id": "battery_02"},
        {"battery_id": "Battery 1"},
        {"participant_id": "P003"},
        {"participant_id": "p001"},
    ],
)
def test_what_is_unknown_is_404(clinic: Clinic, members: dict[str, Any]) -> None:
    assert refusal(create(clinic, **members)) == (404, "NOT_FOUND")


def test_the_participant_is_one_of_the_batterys_study(clinic: Clinic) -> None:
    tenant, now = clinic.team.workspace.id, "2026-01-31T00:00:00.000Z"
    add_study(clinic.platform, tenant, 2, now=now)
    add_participant(clinic.platform, tenant, 2, "P900", now=now)
    assert refusal(create(clinic, participant_id="P900")) == (404, "NOT_FOUND")
    clinic.platform.table.write(batteries.creation(tenant, Battery(2, 2, "Other", None, [], None, now, now)))
    session = create(clinic, participant_id="P900", battery_id="battery_2").data
    assert (session["study_id"], session["battery_id"]) == (2, "battery_2")


def test_a_battery_that_was_deleted_is_unknown_although_it_is_remembered(clinic: Clinic) -> None:
    session = clinic.session()
    assert clinic.staff.delete(path_of(session)).status == 204
    clinic.platform.table.write(Delete(keys.battery(clinic.team.workspace.id, 1)))
    assert refusal(create(clinic)) == (404, "NOT_FOUND")


def test_a_participant_who_goes_meanwhile_is_unknown(clinic: Clinic) -> None:
    tenant = clinic.team.workspace.id
    clinic.session("P002")
    person = participant_id(workspace_id=tenant, study_id=1, code="P001")
    gone = Delete(keys.clinical_participant(tenant, person))
    with clinic.platform.between_read_and_write(lambda: clinic.platform.table.write(gone)):
        assert refusal(create(clinic)) == (404, "NOT_FOUND")


def test_study_and_battery_count_their_sessions(clinic: Clinic) -> None:
    sessions = [clinic.session(), clinic.session("P002"), clinic.completed()]
    assert (clinic.count("study"), clinic.count("battery")) == (3, 3)
    for session in sessions:
        assert clinic.staff.delete(path_of(session)).status == 204
    assert (clinic.count("study"), clinic.count("battery")) == (0, 0)


def test_a_process_remembers_so_many_batteries() -> None:
    remembered = BatteryStudies(most=2)
    for number in (1, 2, 3):
        remembered.remember("ws_1", number, 10 * number)
    assert [remembered.get("ws_1", number) for number in (1, 2, 3)] == [None, 20, 30]
    assert remembered.get("ws_2", 2) is None
    remembered.forget("ws_1", 2)
    remembered.forget("ws_1", 2)
    assert remembered.get("ws_1", 2) is None


def test_an_idempotency_key_makes_one_session(clinic: Clinic) -> None:
    body = {"participant_id": "P001", "battery_id": "battery_1"}
    for path in (SESSIONS, START):
        first = clinic.staff.post(path, body, idempotency_key=path)
        again = clinic.staff.post(path, body, idempotency_key=path)
        assert (again.text, again.headers["idempotent-replayed"]) == (first.text, "true")
    assert clinic.count("study") == 2


def test_a_creation_that_dies_and_is_sent_again_makes_one_session(clinic: Clinic) -> None:
    body = {"participant_id": "P001", "battery_id": "battery_1"}
    store = Interruptions(clinic.platform.table)
    clinic.session()
    for behind in (False, True):
        for call in (0, 1):
            store.kill(call, behind=behind)
            before = clinic.count("study")
            key = f"{call}{behind}"
            assert clinic.staff.post(SESSIONS, body, idempotency_key=key).text == "Internal Server Error"
            store.leave_alone()
            assert clinic.staff.post(SESSIONS, body, idempotency_key=key).status == 201
            assert clinic.count("study") == before + 1


# -- changes ----------------------------------------------------------------------------------------------------------

OPEN, CLOSED = ("created", "in_progress"), ("completed", "abandoned")


def in_status(clinic: Clinic, status: str) -> dict[str, Any]:
    session = clinic.session()
    if status != "created":
        session = clinic.staff.patch(path_of(session), {"status": status}).data
    assert session["status"] == status
    return session


@pytest.mark.parametrize("before", [*OPEN, *CLOSED])
@pytest.mark.parametrize("after", [*OPEN, *CLOSED])
def test_the_states_of_a_session(clinic: Clinic, before: str, after: str) -> None:
    session = in_status(clinic, before)
    reply = clinic.staff.patch(path_of(session), {"status": after})
    if before == after:
        assert (reply.status, reply.data) == (200, session)
    elif before in OPEN and after != "created":
        assert (reply.status, reply.data["status"]) == (200, after)
        assert (reply.data["end_time"] is not None) is (after in CLOSED)
    else:
        assert refusal(reply) == (409, "CONFLICT")
    assert clinic.shown(session) == (reply.data if reply.status == 200 else session)


def test_beginning_sets_the_start(clinic: Clinic) -> None:
    session = clinic.session()
    clinic.platform.clock.advance(60)
    begun = clinic.staff.patch(path_of(session), {"status": "in_progress"}).data
    assert session["start_time"] < begun["start_time"] == begun["updated_at"]
    other = {"status": "in_progress", "start_time": "2026-01-30T12:00:00+02:00"}
    assert clinic.staff.patch(path_of(clinic.session()), other).data["start_time"] == "2026-01-30T10:00:00.000Z"


def test_times_and_summaries_may_be_sent(clinic: Clinic) -> None:
    session = clinic.session()
    patch = {
        "status": "abandoned",
        "start_time": "2026-01-30T10:00:00Z",
        "end_time": "2026-01-30T10:20:00Z",
        "task_summaries": {"Stroop": {"stopped": True}},
    }
    changed = clinic.staff.patch(path_of(session), patch)
    assert {name: changed.data[name] for name in patch} == {
        **patch,
        "start_time": "2026-01-30T10:00:00.000Z",
        "end_time": "2026-01-30T10:20:00.000Z",
    }


def test_a_session_completed_by_hand_has_metrics_of_nothing_and_counts(clinic: Clinic) -> None:
    session = in_status(clinic, "completed")
    assert session["metrics"]["tasks"] == {}
    assert clinic.study_metrics()["sessions"] == 1


@pytest.mark.parametrize(
    ("patch", "field"),
    [
        ({"status": "done"}, "status"),
        ({"status": None}, "status"),
        ({"start_time": None}, "start_time"),
        ({"start_time": "yesterday"}, "start_time"),
        ({"end_time": "2026-01-30T10:00:00"}, "end_time"),
        ({"end_time": "2020-01-01T00:00:00Z"}, "end_time"),
        ({"task_summaries": []}, "task_summaries"),
        ({"task_summaries": None}, "task_summaries"),
        ({"task_summaries": {"x": "y" * 100_000}}, "task_summaries"),
        ({"participant_id": "P002"}, "participant_id"),
        ({"metrics": {}}, "metrics"),
        ({"trial_count": 5}, "trial_count"),
    ],
)
def test_a_patch_that_does_not_fit_is_422_naming_it(clinic: Clinic, patch: dict[str, Any], field: str) -> None:
    session = clinic.session()
    reply = clinic.staff.patch(path_of(session), patch)
    assert (refusal(reply), fields(reply)) == ((422, "VALIDATION_ERROR"), [field])
    assert clinic.shown(session) == session


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_change_may_be_bound_to_what_was_read(clinic: Clinic, method: str) -> None:
    session = clinic.session()
    etag = clinic.staff.get(path_of(session)).headers["etag"]
    body = {"status": "in_progress"} if method == "PATCH" else None
    clinic.staff.patch(path_of(session), {"task_summaries": {"a": 1}})
    stale = clinic.staff.request(method, path_of(session), json_body=body, headers={"if-match": etag})
    assert refusal(stale) == (412, "PRECONDITION_FAILED")
    etag = clinic.staff.get(path_of(session)).headers["etag"]
    assert clinic.staff.request(method, path_of(session), json_body=body, headers={"if-match": etag}).status < 300


def test_a_patch_that_meets_another_is_made_on_top_of_it(clinic: Clinic) -> None:
    session = clinic.session()

    def other() -> None:
        assert clinic.staff.patch(path_of(session), {"task_summaries": {"a": 1}}).status == 200

    with clinic.platform.between_read_and_write(other):
        changed = clinic.staff.patch(path_of(session), {"status": "in_progress"}).data
    assert (changed["status"], changed["task_summaries"]) == ("in_progress", {"a": 1})


# -- deletion ---------------------------------------------------------------------------------------------------------


def test_deletion_removes_everything_of_a_session(clinic: Clinic) -> None:
    session = clinic.completed()
    reply = clinic.staff.delete(path_of(session))
    assert (reply.status, reply.text) == (204, "")
    for rest in ("", "/trials", "/metrics"):
        assert refusal(clinic.staff.get(path_of(session, rest))) == (404, "NOT_FOUND")
    assert refusal(clinic.staff.delete(path_of(session))) == (404, "NOT_FOUND")
    assert clinic.study_metrics()["sessions"] == 0
    left = [item["pk"] for item in clinic.platform.table.items() if session["session_id"] in item["pk"] + item["sk"]]
    assert not [partition for partition in left if "#list#" not in partition], "lists forget what they fold"


def test_a_body_or_parameters_of_a_deletion_are_refused(clinic: Clinic) -> None:
    session = clinic.session()
    assert refusal(clinic.staff.request("DELETE", path_of(session), json_body={"a": 1})) == (422, "VALIDATION_ERROR")
    assert refusal(clinic.staff.request("DELETE", path_of(session), query="a=1")) == (422, "VALIDATION_ERROR")
    assert clinic.shown(session) == session


def test_sessions_forget_a_participant_who_is_erased(clinic: Clinic) -> None:
    tenant = clinic.team.workspace.id
    sessions = [clinic.session(), clinic.completed(), clinic.session("P002")]
    person = participant_id(workspace_id=tenant, study_id=1, code="P001")
    assert clinic.staff.delete(f"/api/participants/{person}").status == 204
    shown = [clinic.shown(session) for session in sessions]
    assert [session["participant_id"] for session in shown] == [None, None, "P002"]
    assert shown[1] == {**sessions[1], "participant_id": None, "updated_at": shown[1]["updated_at"]}
    assert (clinic.count("study"), clinic.study_metrics()["sessions"]) == (3, 1)
    linked = [item for item in clinic.platform.table.items() if item["sk"].startswith("session#")]
    assert [item["sk"].removeprefix("session#") for item in linked] == [sessions[2]["session_id"]]
    for session in sessions[:2]:
        assert clinic.staff.delete(path_of(session)).status == 204
    assert clinic.count("study") == 1


# -- trials and metrics -----------------------------------------------------------------------------------------------


def test_trials_are_paged(clinic: Clinic) -> None:
    trials = some_trials(1234)
    session = clinic.completed(trials)
    first = clinic.staff.get(path_of(session, "/trials"))
    assert first.data == trials[:20]
    assert first.json["pagination"] == {
        "page": 1,
        "per_page": 20,
        "total": 1234,
        "total_pages": 62,
        "has_next": True,
        "has_prev": False,
    }
    across = clinic.staff.get(path_of(session, "/trials"), {"page": "14", "per_page": "37"})
    assert across.data == trials[13 * 37 :][:37]
    last = clinic.staff.get(path_of(session, "/trials"), {"page": "62"})
    assert last.data == trials[1220:]
    past = clinic.staff.get(path_of(session, "/trials"), {"page": "999999999", "per_page": "100"})
    assert (past.data, past.json["pagination"]["has_next"], past.json["pagination"]["has_prev"]) == ([], False, True)


def test_a_session_without_submission_has_no_trials(clinic: Clinic) -> None:
    reply = clinic.staff.get(path_of(clinic.session(), "/trials"), {"page": "2"})
    assert (reply.status, reply.data) == (200, [])
    assert {name: reply.json["pagination"][name] for name in ("total", "total_pages", "has_next", "has_prev")} == {
        "total": 0,
        "total_pages": 0,
        "has_next": False,
        "has_prev": False,
    }


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page=0", "page"),
        ("page=-1", "page"),
        ("page=1.5", "page"),
        ("page=", "page"),
        ("page=٣", "page"),
        ("page=1000000001", "page"),
        ("per_page=0", "per_page"),
        ("per_page=101", "per_page"),
        ("sort=rt", "sort"),
        ("page=1&page=2", "page"),
    ],
)
def test_bad_parameters_of_trials_are_422(clinic: Clinic, query: str, field: str) -> None:
    reply = clinic.staff.get(path_of(clinic.completed(), "/trials"), query)
    assert (refusal(reply), fields(reply)) == ((422, "VALIDATION_ERROR"), [field])


def test_a_session_that_is_not_there_comes_before_bad_parameters(clinic: Clinic) -> None:
    unknown = {"session_id": new_session_id(clinic.team.workspace.id)}
    for rest in ("", "/trials", "/metrics"):
        assert refusal(clinic.staff.get(path_of(unknown, rest), "page=0")) == (404, "NOT_FOUND")


def test_metrics_of_a_session(clinic: Clinic) -> None:
    session = clinic.completed(some_trials(40))
    metrics = clinic.staff.get(path_of(session, "/metrics"))
    assert metrics.data["session_id"] == session["session_id"]
    assert (metrics.data["status"], metrics.data["trial_count"]) == ("completed", 40)
    assert metrics.data["tasks"] == session["metrics"]["tasks"]
    assert metrics.data["tasks"]["Stroop"]["accuracy"] == 0.8
    before = clinic.staff.get(path_of(clinic.session(), "/metrics")).data
    assert (before["tasks"], before["trial_count"]) == ({}, 0)
    assert refusal(clinic.staff.get(path_of(session, "/metrics"), "x=1")) == (422, "VALIDATION_ERROR")


def test_metrics_of_a_study_are_those_of_its_completed_sessions(clinic: Clinic) -> None:
    clinic.session()
    in_status(clinic, "abandoned")
    assert clinic.study_metrics() == {"study_id": 1, **clinic.study_metrics()}
    assert (clinic.study_metrics()["sessions"], clinic.study_metrics()["tasks"]) == (0, {})
    clinic.completed(some_trials(10))
    clinic.completed(some_trials(30), participant="P002")
    stroop = clinic.study_metrics()["tasks"]["Stroop"]
    assert (stroop["sessions"], stroop["n"], stroop["accuracy"]) == (2, 40, 0.8)


@pytest.mark.parametrize("number", ["2", "01", "0", "-1", "x", "1" * 13, "1.0", "%D9%A1"])
def test_metrics_of_an_unknown_study(clinic: Clinic, number: str) -> None:
    assert refusal(clinic.staff.get(f"/api/studies/{number}/metrics")) == (404, "NOT_FOUND")


def test_round_trips(clinic: Clinic) -> None:
    """The least of several: one writer in 32 looks whether a list needs folding."""
    sessions = [clinic.completed(some_trials(2000)) for _ in range(5)]
    others = [clinic.session() for _ in range(10)]
    clinic.study_metrics()
    path = path_of(sessions[4])
    sends: dict[str, list[Any]] = {
        "create": [clinic.session] * 4,
        "start": [partial(create, clinic, START)] * 4,
        "show": [partial(clinic.staff.get, path)],
        "change": [partial(clinic.staff.patch, path_of(each), {"status": "in_progress"}) for each in others[:4]],
        "trials": [partial(clinic.staff.get, f"{path}/trials", {"page": "10", "per_page": "60"})],
        "metrics": [partial(clinic.staff.get, f"{path}/metrics")],
        "delete_open": [partial(clinic.staff.delete, path_of(each)) for each in others[:4]],
        "delete": [partial(clinic.staff.delete, path_of(each)) for each in sessions[:4]],
        "submit": [partial(clinic.submit, each, some_trials()) for each in others[4:8]],
        "submit_again": [partial(clinic.submit, others[4], some_trials())],
        "fold": [clinic.study_metrics],
        "study_metrics": [clinic.study_metrics],
    }
    costs = {name: min(clinic.platform.round_trips(it=send)["it"] for send in same) for name, same in sends.items()}
    writes = dict.fromkeys(("create", "start", "change", "delete_open", "delete", "submit"), 3)
    reads = dict.fromkeys(("show", "trials", "metrics", "submit_again"), 2)
    assert costs == {**writes, **reads, "fold": 4, "study_metrics": 3}


# -- lists ------------------------------------------------------------------------------------------------------------


def listed(clinic: Clinic, query: str = "") -> list[str]:
    reply = clinic.staff.get(SESSIONS, query)
    assert reply.status == 200, reply.text
    assert reply.json["pagination"]["total"] == len(reply.data)
    return [session["session_id"] for session in reply.data]


def test_sessions_are_listed_as_they_are_shown(clinic: Clinic) -> None:
    sessions = [clinic.session(), clinic.completed(), clinic.session("P002")]
    reply = clinic.staff.get(SESSIONS, "order=desc&per_page=2")
    assert reply.data == [clinic.shown(session) for session in sessions[:0:-1]]
    assert reply.json["pagination"] == {
        "page": 1,
        "per_page": 2,
        "total": 3,
        "total_pages": 2,
        "has_next": True,
        "has_prev": False,
    }


def test_lists_may_be_narrowed(clinic: Clinic) -> None:
    first, second, third = (
        clinic.session()["session_id"],
        clinic.session("P002")["session_id"],
        clinic.completed()["session_id"],
    )
    assert listed(clinic, "participant_id=P001") == [first, third]
    assert listed(clinic, "status=completed") == [third]
    assert listed(clinic, "study_id=1&status=created") == [first, second]
    assert listed(clinic, "battery_id=battery_1&participant_id=P002") == [second]
    assert listed(clinic, "battery_id=battery_2") == listed(clinic, "study_id=7") == []
    assert listed(clinic, "sort=participant_id&order=desc")[0] == second
    assert listed(clinic, "sort=status&order=asc")[0] == third


def test_a_range_of_days_is_of_the_start(clinic: Clinic) -> None:
    starts = ("2025-12-31T23:59:59.999Z", "2026-01-01T00:00:00Z", "2026-01-31T23:59:59.999Z", "2026-02-01T00:00:00Z")
    late, *others = (clinic.session(start_time=start)["session_id"] for start in reversed(starts))
    assert listed(clinic, "start_date=2026-01-01&end_date=2026-01-31") == others[1::-1]
    assert listed(clinic, "start_date=2026-02-01") == [late]
    assert listed(clinic, "end_date=2025-12-31") == [others[2]]
    assert listed(clinic, "end_date=2025-12-31T23:59:59Z") == []
    assert listed(clinic, "sort=start_time") == [*others[::-1], late]


def test_a_start_that_moves_moves_the_session(clinic: Clinic) -> None:
    early, late = clinic.session(start_time="2026-01-01T00:00:00Z"), clinic.session(start_time="2026-01-02T00:00:00Z")
    clinic.staff.patch(path_of(early), {"start_time": "2026-01-03T00:00:00Z"})
    assert listed(clinic, "sort=start_time") == [late["session_id"], early["session_id"]]
    assert listed(clinic, "end_date=2026-01-01") == []


def test_fields_of_lists_and_single_sessions(clinic: Clinic) -> None:
    session = clinic.completed()
    for reply in (
        clinic.staff.get(SESSIONS, "fields=status,trial_count"),
        clinic.staff.get(path_of(session), "fields=status,trial_count"),
    ):
        (shown,) = reply.data if isinstance(reply.data, list) else [reply.data]
        assert shown == {"session_id": session["session_id"], "status": "completed", "trial_count": 6}
    for path in (SESSIONS, path_of(session)):
        assert fields(clinic.staff.get(path, "fields=status,person")) == ["fields"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page=0", "page"),
        ("per_page=101", "per_page"),
        ("status=done", "status"),
        ("sort=task_summaries", "sort"),
        ("sort=person", "sort"),
        ("order=down", "order"),
        ("start_date=2026-02-30", "start_date"),
        ("start_date=2026-02-02&end_date=2026-02-01", "start_date"),
        ("end_date=2026-01-01T00:00:00", "end_date"),
        ("study_id=x", "study_id"),
        ("actor=patient", "actor"),
    ],
)
def test_bad_parameters_of_lists_are_422(clinic: Clinic, query: str, field: str) -> None:
    reply = clinic.staff.get(SESSIONS, query)
    assert (refusal(reply), fields(reply)) == ((422, "VALIDATION_ERROR"), [field])


def test_lists_forget_deleted_sessions_and_erased_participants(clinic: Clinic) -> None:
    gone, kept = clinic.session(), clinic.session()
    assert clinic.staff.delete(path_of(gone)).status == 204
    tenant = clinic.team.workspace.id
    person = participant_id(workspace_id=tenant, study_id=1, code="P001")
    assert clinic.staff.delete(f"/api/participants/{person}").status == 204
    assert listed(clinic) == [kept["session_id"]]
    assert listed(clinic, "participant_id=P001") == []


def test_a_page_that_is_too_large_for_an_answer_asks_for_fewer_rows(clinic: Clinic) -> None:
    for _ in range(12):
        reply = clinic.staff.patch(path_of(clinic.session()), {"task_summaries": {"x": "😀" * 45_000 + "\\" * 20_000}})
        assert reply.status == 200
    assert fields(clinic.staff.get(SESSIONS)) == ["per_page"]
    assert len(clinic.staff.get(SESSIONS, "fields=status").data) == 12


# -- who may ----------------------------------------------------------------------------------------------------------


def every_request(session: dict[str, Any]) -> list[tuple[str, str, Any, bool]]:
    """Method, path, body and whether it changes something."""
    body = {"participant_id": "P001", "battery_id": "battery_1"}
    return [
        ("GET", SESSIONS, None, False),
        ("POST", SESSIONS, body, True),
        ("POST", START, body, True),
        ("GET", path_of(session), None, False),
        ("PATCH", path_of(session), {"status": "in_progress"}, True),
        ("GET", path_of(session, "/trials"), None, False),
        ("GET", path_of(session, "/metrics"), None, False),
        ("GET", "/api/studies/1/metrics", None, False),
        ("DELETE", path_of(session), None, True),
    ]


def test_the_anonymous_are_refused(clinic: Clinic) -> None:
    session = clinic.session()
    for method, path, body, _ in every_request(session):
        for headers in ({}, {"x-session-id": session["session_id"]}):
            reply = Client(clinic.platform).request(method, path, json_body=body, headers=headers)
            assert refusal(reply) == (401, "UNAUTHORIZED"), (method, path)
    assert clinic.shown(session) == session


@pytest.mark.parametrize("role", list(Role))
def test_what_each_role_may(clinic: Clinic, role: Role) -> None:
    for method, path, body, writes in every_request(clinic.session()):
        reply = clinic.team.by_role[role].request(method, path, json_body=body)
        if writes and role is Role.READ_ONLY:
            assert refusal(reply) == (403, "FORBIDDEN"), (method, path)
        else:
            assert reply.status < 300, (method, path, reply.text)


def test_another_workspaces_session_is_one_that_never_existed(clinic: Clinic, platform: Platform) -> None:
    neighbour = team_of(platform, name="Neighbour").admin
    session = clinic.completed()
    unknown = {"session_id": new_session_id(clinic.team.workspace.id)}
    pairs = zip(every_request(session), every_request(unknown), strict=True)
    for (method, path, body, _), (_, other, _, _) in pairs:
        if "sess_" not in path:
            continue
        theirs = neighbour.request(method, path, json_body=body)
        nobodys = neighbour.request(method, other, json_body=body)
        assert refusal(theirs) == refusal(nobodys) == (404, "NOT_FOUND")
        assert theirs.text == nobodys.text
        assert {*theirs.headers} == {*nobodys.headers}
    assert refusal(neighbour.get("/api/studies/1/metrics")) == (404, "NOT_FOUND")
    assert refusal(neighbour.post(SESSIONS, {"participant_id": "P001", "battery_id": "battery_1"})) == (
        404,
        "NOT_FOUND",
    )
    assert clinic.shown(session) == session


@pytest.mark.parametrize("identifier", ["sess_1", "x", "sess_" + "g" * 48, "SESS_" + "0" * 48, "sess_" + "0" * 47])
def test_ids_of_another_form_belong_to_nothing(clinic: Clinic, identifier: str) -> None:
    for method, path, body, _ in every_request({"session_id": identifier}):
        if identifier in path:
            assert refusal(clinic.staff.request(method, path, json_body=body)) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", SESSIONS), ("GET", START), ("POST", f"{SESSIONS}/sess_1"), ("DELETE", "/api/submit")]
)
def test_other_methods_are_405(clinic: Clinic, method: str, path: str) -> None:
    assert refusal(clinic.staff.request(method, path)) == (405, "METHOD_NOT_ALLOWED")
