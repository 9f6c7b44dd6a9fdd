"""Submissions that die, meet each other or are watched, at every call to the store."""

import zlib
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.handlers.clinic import SESSIONS, Clinic, clinic_of, large_trials, some_trials
from tests.handlers.conftest import Client, Platform, Reply
from tests.handlers.interruptions import Interruptions
from tests.handlers.metricis_accounts import refusal
from tests.handlers.test_races import at_once
from trimetric.dynamo.metricis.listing import TENDING

SIZES = pytest.mark.parametrize("large", [False, True], ids=["in one transaction", "staged"])


@pytest.fixture
def clinic(platform: Platform) -> Clinic:
    clinic = clinic_of(platform)
    # A warm function: the caller's credential is in its cache.
    clinic.submit(clinic.session("P002"), [])
    return clinic


@pytest.fixture
def store(clinic: Clinic) -> Interruptions:
    return Interruptions(clinic.platform.table)


def trials_of(large: bool, *, seed: int = 0) -> list[dict[str, Any]]:
    return large_trials(seed) if large else some_trials(1200 + seed)


def plain_session(clinic: Clinic) -> dict[str, Any]:
    """A new session none of whose next changes looks whether its lists need folding: each makes the same calls."""
    while True:
        session = clinic.session()
        if all(zlib.crc32(f"{session['session_id']}#{version}".encode()) % TENDING for version in range(2, 10)):
            return session


def calls_of(store: Interruptions, clinic: Clinic, *, large: bool) -> list[str]:
    session, trials = plain_session(clinic), trials_of(large)
    store.watch()
    assert clinic.submit(session, trials).status == 200
    calls = store.calls
    store.leave_alone()
    return calls


def keep(results: list[Any], action: Callable[[], Any]) -> None:
    results.append(action())


def all_or_nothing(clinic: Clinic, session: dict[str, Any], trials: list[dict[str, Any]]) -> bool:
    """Whether the submission is there; fails if part of it is."""
    shown = clinic.shown(session)
    listed = clinic.staff.get(f"{SESSIONS}/{session['session_id']}/trials", {"per_page": "10"}).json
    metrics = clinic.staff.get(f"{SESSIONS}/{session['session_id']}/metrics").data
    there = shown["status"] == "completed"
    assert shown["trial_count"] == listed["pagination"]["total"] == (len(trials) if there else 0)
    assert listed["data"] == (trials[:10] if there else [])
    assert bool(metrics["tasks"]) is there
    # The other one is the fixture's.
    assert clinic.study_metrics()["sessions"] == 1 + there
    return there


def stored_trials(clinic: Clinic, session: dict[str, Any]) -> int:
    partition = f"{clinic.team.workspace.id}#{session['session_id']}"
    items = clinic.platform.table.items()
    return sum(item["pk"] == partition and item["sk"].startswith("trials#") for item in items)


@SIZES
@pytest.mark.parametrize("behind", [False, True], ids=["before the store", "its answer lost"])
def test_a_submission_that_dies_is_all_or_nothing_and_the_retry_completes_it(
    clinic: Clinic, store: Interruptions, large: bool, behind: bool
) -> None:
    calls = calls_of(store, clinic, large=large)
    assert (len(calls) > 2) is large, "a large one is written in several steps"
    before = clinic.study_metrics()["sessions"]
    outcomes = []
    for call in range(len(calls)):
        session, trials = plain_session(clinic), trials_of(large, seed=call + 1)
        store.kill(call, behind=behind)
        assert clinic.submit(session, trials).text == "Internal Server Error"
        store.leave_alone()
        shown = clinic.shown(session)
        outcomes.append(shown["status"] == "completed")
        assert shown["trial_count"] == (len(trials) if outcomes[-1] else 0)
        assert clinic.study_metrics()["sessions"] == before + call + outcomes[-1]
        again = clinic.submit(session, trials)
        assert (again.status, again.data["trial_count"]) == (200, len(trials))
        assert clinic.submit(session, trials).text == again.text
        assert clinic.study_metrics()["sessions"] == before + call + 1
    assert outcomes == [False] * (len(calls) - 1) + [behind]
    assert clinic.platform.errors() == []


@SIZES
def test_somebody_who_looks_in_between_sees_all_or_nothing(clinic: Clinic, store: Interruptions, large: bool) -> None:
    for call in range(len(calls_of(store, clinic, large=large))):
        other = clinic_of(clinic.platform)
        other.completed([], participant="P002")
        session, trials = plain_session(other), trials_of(large)
        seen: list[bool] = []
        store.step_in(call, partial(keep, seen, partial(all_or_nothing, other, session, trials)))
        assert other.submit(session, trials).status == 200
        assert seen == [False]
        assert all_or_nothing(other, session, trials)


@SIZES
@pytest.mark.parametrize("same", [True, False], ids=["the same", "another"])
def test_one_of_two_submissions_completes_the_session(
    clinic: Clinic, store: Interruptions, large: bool, same: bool
) -> None:
    for call in range(len(calls_of(store, clinic, large=large))):
        session, trials = plain_session(clinic), trials_of(large)
        others = trials if same else trials_of(large, seed=9)[:-1]
        replies: list[Reply] = []
        store.step_in(call, partial(keep, replies, partial(clinic.submit, session, others)))
        replies.append(clinic.submit(session, trials))
        if same:
            assert [reply.status for reply in replies] == [200, 200]
            assert replies[0].text == replies[1].text
        else:
            assert replies[0].status == 200
            assert refusal(replies[1]) == (409, "CONFLICT")
        assert clinic.shown(session) == replies[0].data


def test_a_dead_submission_makes_way_for_another(clinic: Clinic, store: Interruptions) -> None:
    session, dead, trials = plain_session(clinic), large_trials(1), large_trials(2, parts=46)
    store.kill(len(calls_of(store, clinic, large=True)) - 1, behind=False)
    clinic.submit(session, dead)
    store.leave_alone()
    assert stored_trials(clinic, session) > 0
    assert clinic.submit(session, trials).status == 200
    assert refusal(clinic.submit(session, dead)) == (409, "CONFLICT")
    listed = clinic.staff.get(f"{SESSIONS}/{session['session_id']}/trials", {"per_page": "5", "page": "9"})
    assert listed.data == trials[40:45]


@pytest.mark.parametrize("completed", [True, False])
def test_deletion_removes_also_what_a_dead_submission_left(
    clinic: Clinic, store: Interruptions, completed: bool
) -> None:
    session = plain_session(clinic)
    store.kill(len(calls_of(store, clinic, large=True)) - 1, behind=False)
    clinic.submit(session, large_trials(1))
    store.leave_alone()
    if completed:
        assert clinic.submit(session, some_trials()).status == 200
    assert stored_trials(clinic, session) > 1
    assert clinic.staff.delete(f"{SESSIONS}/{session['session_id']}").status == 204
    assert stored_trials(clinic, session) == 0


def test_a_deletion_stops_a_submission_that_is_on_its_way(clinic: Clinic, store: Interruptions) -> None:
    calls = calls_of(store, clinic, large=True)
    for call in range(1, len(calls)):
        session = plain_session(clinic)
        path = f"{SESSIONS}/{session['session_id']}"
        store.step_in(call, partial(_deleted, clinic, path))
        assert refusal(clinic.submit(session, large_trials(1))) == (404, "NOT_FOUND")
        assert stored_trials(clinic, session) == 0


def _deleted(clinic: Clinic, path: str) -> None:
    assert clinic.staff.delete(path).status == 204


def test_a_deletion_wins_over_a_submission_that_comes_between(clinic: Clinic, store: Interruptions) -> None:
    last = len(calls_of(store, clinic, large=True)) - 1

    def with_leftovers() -> str:
        session = plain_session(clinic)
        store.kill(last, behind=False)
        clinic.submit(session, large_trials(1))
        store.leave_alone()
        return str(session["session_id"])

    first = with_leftovers()
    store.watch()
    clinic.staff.delete(f"{SESSIONS}/{first}")
    for call in range(1, len(store.calls)):
        session_id = with_leftovers()
        replies: list[Reply] = []
        store.step_in(call, partial(keep, replies, partial(clinic.submit, session_id, large_trials(3))))
        assert clinic.staff.delete(f"{SESSIONS}/{session_id}").status == 204
        assert [reply.status for reply in replies] == [200]
        assert clinic.staff.get(f"{SESSIONS}/{session_id}").status == 404
        assert stored_trials(clinic, {"session_id": session_id}) == 0


@SIZES
def test_a_deletion_that_dies_leaves_all_or_nothing(clinic: Clinic, store: Interruptions, large: bool) -> None:
    for behind in (False, True):
        call = 0
        while True:
            session, trials = plain_session(clinic), trials_of(large)
            assert clinic.submit(session, trials).status == 200
            path = f"{SESSIONS}/{session['session_id']}"
            before = clinic.study_metrics()["sessions"]
            store.kill(call, behind=behind)
            died = clinic.staff.delete(path).text == "Internal Server Error"
            store.leave_alone()
            gone = clinic.staff.get(path).status == 404
            assert clinic.study_metrics()["sessions"] == before - gone
            assert clinic.staff.delete(path).status == (404 if gone else 204)
            assert stored_trials(clinic, session) == 0, "the same request again removes what is left"
            if not died:
                break
            call += 1
        assert call >= 2


# -- in a real store --------------------------------------------------------------------------------------------------


@pytest.fixture
def local_clinic(local_api: Client) -> Clinic:
    return clinic_of(local_api.platform)


@SIZES
def test_ten_equal_submissions_at_once_are_one(local_clinic: Clinic, large: bool) -> None:
    session, trials = local_clinic.session(), trials_of(large)
    replies = at_once(*[partial(local_clinic.submit, session, trials)] * 10)
    assert {reply.status for reply in replies} == {200}
    assert len({reply.text for reply in replies}) == 1
    assert local_clinic.study_metrics()["sessions"] == 1


@SIZES
def test_of_different_submissions_at_once_one_is_taken(local_clinic: Clinic, large: bool) -> None:
    session = local_clinic.session()
    sends = [partial(local_clinic.submit, session, trials_of(large, seed=number)[:-1]) for number in range(4)]
    replies = at_once(*sends)
    assert sorted(reply.status for reply in replies) == [200, 409, 409, 409]
    (taken,) = (reply.data for reply in replies if reply.status == 200)
    assert local_clinic.shown(session) == taken


def test_sessions_of_one_study_are_submitted_at_once(local_clinic: Clinic) -> None:
    sessions = [local_clinic.session() for _ in range(8)]
    replies = at_once(*[partial(local_clinic.submit, session, some_trials()) for session in sessions])
    assert [reply.status for reply in replies] == [200] * 8
    assert local_clinic.study_metrics()["sessions"] == 8


def test_sessions_are_created_at_once(local_clinic: Clinic) -> None:
    body = {"participant_id": "P001", "battery_id": local_clinic.battery_id}
    replies = at_once(*[partial(local_clinic.staff.post, SESSIONS, body)] * 8)
    assert [reply.status for reply in replies] == [201] * 8
    assert len({reply.data["session_id"] for reply in replies}) == 8
