"""/api/submit"""

import json
from typing import Any

import pytest

from tests.handlers.clinic import SESSIONS, SUBMIT, Clinic, clinic_of, large_trials, some_trials, submission
from tests.handlers.conftest import Client, Platform
from tests.handlers.metricis_accounts import fields, refusal, team_of
from trimetric.domain.metricis.accounts import Role
from trimetric.domain.metricis.sessions import new_session_id
from trimetric.domain.metricis.trials import MAX_TRIALS
from trimetric.metrics.cognitive import session_figures


@pytest.fixture
def clinic(platform: Platform) -> Clinic:
    return clinic_of(platform)


def as_client(client: Client) -> Client:
    """Nobody in particular."""
    return Client(client.platform, None, None)


def all_trials(clinic: Clinic, session: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    page = 1
    while True:
        reply = clinic.staff.get(f"{SESSIONS}/{session['session_id']}/trials", {"page": str(page), "per_page": "100"})
        assert reply.status == 200, reply.text
        found += reply.data
        if not reply.json["pagination"]["has_next"]:
            assert reply.json["pagination"]["total"] == len(found)
            return found
        page += 1


@pytest.mark.parametrize("start", [{}, {"start_time": "2026-01-30T10:00:00+01:00"}], ids=["created", "in progress"])
def test_a_submission_completes_the_session(clinic: Clinic, start: dict[str, Any]) -> None:
    session, trials = clinic.session(**start), some_trials()
    reply = clinic.submit(session, trials, Stroop={"score": 0.5, "note": "ü"})
    assert reply.status == 200
    completed = reply.data
    assert completed["status"] == "completed"
    assert completed["task_summaries"] == {"Stroop": {"score": 0.5, "note": "ü"}}
    assert completed["trial_count"] == 6
    assert completed["start_time"] == session["start_time"] <= completed["end_time"] == completed["updated_at"]
    assert completed["metrics"] == json.loads(json.dumps(session_figures(trials).public()))
    assert clinic.shown(session) == completed
    assert all_trials(clinic, session) == trials


def test_the_same_submission_again_has_the_same_answer(clinic: Clinic) -> None:
    session, trials = clinic.session(), some_trials()
    first = clinic.submit(session, trials, Stroop={"a": 1.5, "b": [1, 2]})
    clinic.platform.clock.advance(600)
    rewritten = json.dumps(submission(session, trials, Stroop={"b": [1, 2], "a": 1.5}), indent=1, sort_keys=True)
    for again in (clinic.submit(session, trials, Stroop={"a": 1.5, "b": [1, 2]}), _sent(clinic.staff, rewritten)):
        assert (again.status, again.text, again.headers["etag"]) == (200, first.text, first.headers["etag"])
    assert clinic.study_metrics()["sessions"] == 1


def _sent(client: Client, content: str) -> Any:
    return client.request("POST", SUBMIT, content=content.encode(), headers={"content-type": "application/json"})


@pytest.mark.parametrize("other", ["trials", "summaries"])
def test_another_submission_is_a_conflict(clinic: Clinic, other: str) -> None:
    session = clinic.completed()
    trials = some_trials(5) if other == "trials" else some_trials()
    reply = clinic.submit(session, trials, **({"x": 1} if other == "summaries" else {}))
    assert refusal(reply) == (409, "CONFLICT")
    assert clinic.shown(session) == session


@pytest.mark.parametrize("status", ["completed", "abandoned"])
def test_a_session_that_was_closed_takes_no_submission(clinic: Clinic, status: str) -> None:
    session = clinic.session()
    assert clinic.staff.patch(f"{SESSIONS}/{session['session_id']}", {"status": status}).status == 200
    assert refusal(clinic.submit(session, some_trials())) == (409, "CONFLICT")
    assert clinic.shown(session)["trial_count"] == 0


def test_no_trials_are_a_submission_too(clinic: Clinic) -> None:
    session = clinic.completed([])
    assert (session["trial_count"], session["metrics"]["tasks"]) == (0, {})
    assert all_trials(clinic, session) == []


def test_twenty_thousand_trials_are_kept_in_order(clinic: Clinic) -> None:
    trials = some_trials(MAX_TRIALS)
    session = clinic.completed(trials)
    assert session["trial_count"] == MAX_TRIALS
    assert all_trials(clinic, session) == trials
    one_more = clinic.submit(clinic.session(), some_trials(MAX_TRIALS + 1))
    assert (refusal(one_more), fields(one_more)) == ((422, "VALIDATION_ERROR"), ["trials"])


def test_a_submission_that_no_transaction_takes_is_kept_whole(clinic: Clinic) -> None:
    session, trials = clinic.session(), large_trials()
    first = clinic.submit(session, trials)
    assert (first.status, first.data["status"]) == (200, "completed")
    pages = [
        clinic.staff.get(f"{SESSIONS}/{session['session_id']}/trials", {"page": str(page), "per_page": "10"}).data
        for page in range(1, 6)
    ]
    assert [trial for page in pages for trial in page] == trials
    assert clinic.submit(session, trials).text == first.text


def test_a_page_that_is_too_large_for_an_answer_asks_for_fewer_rows(clinic: Clinic) -> None:
    session = clinic.completed([{"task": "x", "response": "😀" * 90_000}] * 12)
    reply = clinic.staff.get(f"{SESSIONS}/{session['session_id']}/trials")
    assert (refusal(reply), fields(reply)) == ((422, "VALIDATION_ERROR"), ["per_page"])
    few = clinic.staff.get(f"{SESSIONS}/{session['session_id']}/trials", {"per_page": "2"})
    assert len(few.data) == 2


def test_larger_bodies_are_refused(clinic: Clinic) -> None:
    reply = clinic.submit(clinic.session(), [{"task": "x", "response": "y" * (5 * 1024 * 1024)}])
    assert refusal(reply) == (413, "PAYLOAD_TOO_LARGE")


TRIAL = {"task": "Stroop", "rt": 400, "correct": True}
BAD: list[tuple[str, Any, list[str]]] = [
    ("no trials", {"trials": ...}, ["trials"]),
    ("trials that are no list", {"trials": {}}, ["trials"]),
    ("trials that are null", {"trials": None}, ["trials"]),
    ("a trial that is no object", {"trials": [TRIAL, 7]}, ["trials[1]"]),
    ("no task", {"trials": [{"rt": 1}]}, ["trials[0].task"]),
    ("a task that is a number", {"trials": [{"task": 1}]}, ["trials[0].task"]),
    ("a blank task", {"trials": [{"task": " \t"}]}, ["trials[0].task"]),
    ("a task with too long a name", {"trials": [{"task": "x" * 101}]}, ["trials[0].task"]),
    ("a time in words", {"trials": [TRIAL | {"rt": "400"}]}, ["trials[0].rt"]),
    ("a time that is true", {"trials": [TRIAL | {"rt": True}]}, ["trials[0].rt"]),
    ("a negative time", {"trials": [TRIAL | {"rt": -1}]}, ["trials[0].rt"]),
    ("a time of more than a day", {"trials": [TRIAL | {"rt": 10**30}]}, ["trials[0].rt"]),
    ("correct in words", {"trials": [TRIAL | {"correct": "yes"}]}, ["trials[0].correct"]),
    ("correct as a number", {"trials": [TRIAL, TRIAL | {"correct": 1}]}, ["trials[1].correct"]),
    ("too large a trial", {"trials": [TRIAL | {"response": "x" * 400_000}]}, ["trials[0]"]),
    ("too many tasks", {"trials": [{"task": str(number)} for number in range(101)]}, ["trials"]),
    ("summaries that are a list", {"task_summaries": []}, ["task_summaries"]),
    ("summaries that are null", {"task_summaries": None}, ["task_summaries"]),
    ("too large summaries", {"task_summaries": {"x": "y" * 100_000}}, ["task_summaries"]),
    ("an unknown member", {"status": "completed"}, ["status"]),
    (
        "several things",
        {"task_summaries": 1, "trials": [{"rt": -1}]},
        ["task_summaries", "trials[0].task", "trials[0].rt"],
    ),
]


@pytest.mark.parametrize(("members", "named"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_what_does_not_fit_is_422_naming_it(clinic: Clinic, members: dict[str, Any], named: list[str]) -> None:
    session = clinic.session()
    body = {**submission(session, [TRIAL]), **members}
    reply = clinic.staff.post(SUBMIT, {name: value for name, value in body.items() if value is not ...})
    assert (refusal(reply), fields(reply)) == ((422, "VALIDATION_ERROR"), named)
    assert clinic.shown(session) == session


def test_many_broken_trials_are_named_by_the_first(clinic: Clinic) -> None:
    reply = clinic.submit(clinic.session(), [{}] * 20_000)
    assert fields(reply) == [f"trials[{number}].task" for number in range(50)]


@pytest.mark.parametrize(
    ("content", "refused"),
    [
        (b"", (400, "BAD_REQUEST")),
        (b"{", (400, "BAD_REQUEST")),
        (b'{"trials": [NaN]}', (400, "BAD_REQUEST")),
        (b'{"trials": [], "trials": []}', (400, "BAD_REQUEST")),
        (b"[" * 40 + b"]" * 40, (400, "BAD_REQUEST")),
        (b"[]", (422, "VALIDATION_ERROR")),
        (b"{}", (422, "VALIDATION_ERROR")),
        (b'{"session_id": 1}', (422, "VALIDATION_ERROR")),
        (b'{"session_id": "sess_1"}', (404, "NOT_FOUND")),
    ],
)
def test_bodies_that_name_no_session(clinic: Clinic, content: bytes, refused: tuple[int, str]) -> None:
    assert refusal(clinic.staff.request("POST", SUBMIT, content=content)) == refused


def test_other_media_types_are_refused(clinic: Clinic) -> None:
    reply = clinic.staff.request("POST", SUBMIT, content=b"{}", headers={"content-type": "text/plain"})
    assert refusal(reply) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_parameters_are_refused(clinic: Clinic) -> None:
    session = clinic.session()
    reply = clinic.staff.post(SUBMIT, submission(session, []), {"dry_run": "true"})
    assert (refusal(reply), fields(reply)) == ((422, "VALIDATION_ERROR"), ["dry_run"])
    assert clinic.shown(session) == session


# -- who may submit ---------------------------------------------------------------------------------------------------


def test_the_anonymous_are_refused(clinic: Clinic) -> None:
    reply = as_client(clinic.staff).post(SUBMIT, submission(clinic.session(), []))
    assert refusal(reply) == (401, "UNAUTHORIZED")


@pytest.mark.parametrize("role", list(Role))
def test_coordinators_and_higher_may_submit(clinic: Clinic, role: Role) -> None:
    reply = clinic.team.by_role[role].post(SUBMIT, submission(clinic.session(), some_trials()))
    assert reply.status == (403 if role is Role.READ_ONLY else 200)
    if role is Role.READ_ONLY:
        assert refusal(reply) == (403, "FORBIDDEN")


def test_a_session_of_another_workspace_is_one_that_never_existed(clinic: Clinic, platform: Platform) -> None:
    session = clinic.session()
    neighbour = team_of(platform, name="Neighbour").admin
    unknown = new_session_id(clinic.team.workspace.id)
    theirs = neighbour.post(SUBMIT, submission(session, some_trials()))
    nobodys = neighbour.post(SUBMIT, submission(unknown, some_trials()))
    assert refusal(theirs) == refusal(nobodys) == (404, "NOT_FOUND")
    assert theirs.text == nobodys.text
    assert clinic.shown(session) == session


def test_whoever_has_the_sessions_id_may_submit_it(clinic: Clinic) -> None:
    session, stranger = clinic.session(), as_client(clinic.staff)
    body = submission(session, some_trials())
    first = stranger.post(SUBMIT, body, x_session_id=session["session_id"])
    assert (first.status, first.data) == (200, clinic.shown(session))
    assert stranger.post(SUBMIT, body, x_session_id=session["session_id"]).text == first.text
    other = stranger.post(SUBMIT, submission(session, []), x_session_id=session["session_id"])
    assert refusal(other) == (409, "CONFLICT")


def test_the_id_is_good_for_that_session_alone(clinic: Clinic) -> None:
    session, other = clinic.session(), clinic.session("P002")
    body = submission(other, some_trials())
    for caller in (as_client(clinic.staff), clinic.staff):
        reply = caller.post(SUBMIT, body, x_session_id=session["session_id"])
        assert refusal(reply) == (403, "FORBIDDEN")
    assert refusal(
        as_client(clinic.staff).get(f"{SESSIONS}/{session['session_id']}", x_session_id=session["session_id"])
    ) == (
        401,
        "UNAUTHORIZED",
    )
    assert clinic.shown(other) == other


def test_an_id_of_no_session_is_no_credential(clinic: Clinic) -> None:
    stranger = as_client(clinic.staff)
    wrong = [
        new_session_id(clinic.team.workspace.id),
        new_session_id("ws_0123456789abcdef"),
        clinic.session()["session_id"].upper(),
        "sess_1",
        "",
    ]
    replies = [stranger.post(SUBMIT, submission(session, []), x_session_id=session) for session in wrong]
    assert {refusal(reply) for reply in replies} == {(401, "UNAUTHORIZED")}
    assert len({reply.text for reply in replies}) == 1


def test_a_workspace_that_is_switched_off_takes_no_submission(clinic: Clinic) -> None:
    session = clinic.session()
    clinic.platform.workspaces.change(clinic.team.workspace.id, api_enabled=False)
    clinic.platform.forget()
    body = submission(session, [])
    for caller, headers in ((clinic.staff, {}), (as_client(clinic.staff), {"x_session_id": session["session_id"]})):
        assert refusal(caller.post(SUBMIT, body, **headers)) == (403, "FORBIDDEN")


# -- idempotency keys -------------------------------------------------------------------------------------------------


def test_an_idempotency_key_gives_the_stored_answer(clinic: Clinic) -> None:
    session = clinic.session()
    body = submission(session, some_trials())
    first = clinic.staff.post(SUBMIT, body, idempotency_key="one")
    again = clinic.staff.post(SUBMIT, body, idempotency_key="one")
    assert (again.text, again.headers["idempotent-replayed"]) == (first.text, "true")
    reused = clinic.staff.post(SUBMIT, submission(session, []), idempotency_key="one")
    assert refusal(reused) == (422, "IDEMPOTENCY_KEY_REUSED")
