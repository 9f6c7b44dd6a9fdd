"""Sessions of a deployed stack: submissions that are killed, sent ten times at once, and what follows from them."""

import math
import random
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import Api, Stack
from tests.e2e.metricis import caller_of, token_caller
from tests.e2e.test_crash import function_processes

SESSIONS, SUBMIT = "/api/sessions", "/api/submit"
ROUNDS = 8
TRIES = 60


@dataclass(frozen=True)
class Clinic:
    api: Api
    study_id: int
    battery_id: str

    def session(self, participant: str = "P001") -> str:
        body = {"participant_id": participant, "battery_id": self.battery_id}
        return str(self.api.data("POST", SESSIONS, status=201, json=body)["session_id"])

    def trials_of(self, session: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        page = 1
        while True:
            answer = self.api.get(f"{SESSIONS}/{session}/trials", params={"page": page, "per_page": 100}).json()
            found += answer["data"]
            if not answer["pagination"]["has_next"]:
                assert answer["pagination"]["total"] == len(found)
                return found
            page += 1

    @property
    def metrics(self) -> dict[str, Any]:
        metrics: dict[str, Any] = self.api.data("GET", f"/api/studies/{self.study_id}/metrics")
        return metrics


@pytest.fixture
def clinic(stack: Stack) -> Iterator[Clinic]:
    with caller_of(stack, "load") as api:
        study = api.data("POST", "/api/studies", status=201, json={"code": secrets.token_hex(6), "name": "Attention"})
        for code in ("P001", "P002"):
            person = {"study_id": study["id"], "participant_id": code, "email": f"{code}@clinic.example"}
            api.data("POST", "/api/participants", status=201, json=person)
        tasks = [{"name": "Stroop"}, {"name": "CPT"}]
        battery = {"study_id": study["id"], "name": "Core", "tasks": tasks}
        made = api.data("POST", "/api/batteries", status=201, json=battery)
        yield Clinic(api, study["id"], made["id"])


def trials(n: int, *, seed: int = 1) -> list[dict[str, Any]]:
    chance = random.Random(seed)  # noqa: S311 - reproducible
    return [
        {
            "task": chance.choice(["Stroop", "CPT"]),
            "rt": round(math.exp(chance.gauss(6.2, 0.3)), 1),
            "response": chance.choice("fj"),
            "stimulus": {"word": "rouge", "ink": chance.choice(["bleu", "🔴"])},
            "correct": chance.random() < 0.9,
            "congruency": chance.choice(["congruent", "incongruent"]),
        }
        for _ in range(n)
    ]


def test_a_session_from_start_to_metrics(clinic: Clinic) -> None:
    started = clinic.api.post(
        "/api/session/start", json={"participant_id": "P002", "battery_id": clinic.battery_id}
    ).json()
    session = started["session_id"]
    assert clinic.api.data("GET", f"{SESSIONS}/{session}")["status"] == "in_progress"
    sent = trials(400)
    body = {"session_id": session, "task_summaries": {"Stroop": {"done": True}}, "trials": sent}
    completed = clinic.api.data("POST", SUBMIT, json=body)
    assert (completed["status"], completed["trial_count"]) == ("completed", 400)
    assert clinic.trials_of(session) == sent
    stroop = clinic.api.data("GET", f"{SESSIONS}/{session}/metrics")["tasks"]["Stroop"]
    assert stroop == completed["metrics"]["tasks"]["Stroop"]
    correct = [trial["correct"] for trial in sent if trial["task"] == "Stroop"]
    assert stroop["accuracy"] == pytest.approx(sum(correct) / len(correct))
    assert clinic.metrics["tasks"]["Stroop"]["n"] == len(correct)
    listed = clinic.api.get(SESSIONS, params={"study_id": clinic.study_id, "status": "completed"}).json()
    assert [row["session_id"] for row in listed["data"]] == [session]
    assert listed["pagination"]["total"] == 1


def test_an_offline_client_that_submits_ten_times_at_once_gets_ten_equal_answers(clinic: Clinic, stack: Stack) -> None:
    session = clinic.session()
    body = {"session_id": session, "trials": trials(2000)}

    def submit(_: int) -> httpx.Response:
        with token_caller(stack, None) as stranger:
            return stranger.post(SUBMIT, json=body, headers={"X-Session-ID": session})

    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(submit, range(10)))
    assert [answer.status_code for answer in answers] == [200] * 10
    assert len({answer.content for answer in answers}) == 1
    assert clinic.metrics["sessions"] == 1
    other = clinic.api.post(SUBMIT, json={**body, "trials": trials(5)})
    assert (other.status_code, other.json()["error"]["code"]) == (409, "CONFLICT")


def large_body(session: str, *, seed: int) -> bytes:
    """4.8 MB of text that stays large however it is packed: written in several steps."""
    chance = random.Random(seed)  # noqa: S311 - reproducible
    drawings = ("".join(chr(0x4E00 + chance.randrange(0x5000)) for _ in range(20_000)) for _ in range(80))
    members = ",".join(f'{{"task":"drawing","rt":900,"correct":true,"response":"{text}"}}' for text in drawings)
    return f'{{"session_id":"{session}","trials":[{members}]}}'.encode()


def test_a_submission_that_is_killed_is_all_or_nothing_and_the_retry_completes_it(clinic: Clinic, stack: Stack) -> None:
    port = httpx.URL(stack.aws_endpoint_url).port
    assert port is not None
    chance = random.Random(11)  # noqa: S311 - reproducible
    killed = 0
    for number in range(ROUNDS):
        session = clinic.session()
        content = large_body(session, seed=number)
        with ThreadPoolExecutor(1) as threads:
            first = threads.submit(_status, clinic, content)
            time.sleep(chance.uniform(0.1, 1.6))
            for process in function_processes(port, "ubmit"):
                process.kill()
                killed += 1
            _see_all_or_nothing(clinic, session)
            status = first.result()
        complete = _see_all_or_nothing(clinic, session)
        assert complete or status != 200
        _submit_until_done(clinic, session, content)
        assert clinic.metrics["sessions"] == number + 1
    assert killed > 0, "no function process was found to kill"
    assert clinic.metrics["trial_count"] == 80 * ROUNDS


def _status(clinic: Clinic, content: bytes) -> int:
    try:
        return clinic.api.post(SUBMIT, content=content, headers={"Content-Type": "application/json"}).status_code
    except httpx.TransportError:
        return 0


def _see_all_or_nothing(clinic: Clinic, session: str) -> bool:
    """Whether the submission is there. Trials are read first: they may come between the two reads, but never go."""
    listed = clinic.api.get(f"{SESSIONS}/{session}/trials", params={"per_page": "5"}).json()
    shown = clinic.api.data("GET", f"{SESSIONS}/{session}")
    complete = bool(shown["status"] == "completed")
    assert shown["trial_count"] == (80 if complete else 0)
    seen = (len(listed["data"]), listed["pagination"]["total"])
    assert seen == (5, 80) or (seen == (0, 0))
    assert complete or seen == (0, 0)
    return complete


def _submit_until_done(clinic: Clinic, session: str, content: bytes) -> None:
    for _ in range(TRIES):
        status = _status(clinic, content)
        complete = _see_all_or_nothing(clinic, session)
        if status == 200:
            assert complete
            return
        assert status in (0, 500, 502, 503, 504), status
        time.sleep(0.2)
    pytest.fail("the submission never went through")


def test_a_session_of_another_workspace_is_not_found(clinic: Clinic, stack: Stack) -> None:
    session = clinic.session()
    with caller_of(stack, "neighbour") as neighbour:
        for path in ("", "/trials", "/metrics"):
            answer = neighbour.get(f"{SESSIONS}/{session}{path}")
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")
        answer = neighbour.post(SUBMIT, json={"session_id": session, "trials": []})
        assert answer.status_code == 404
        answer = neighbour.post(SUBMIT, json={"session_id": session, "trials": []}, headers={"X-Session-ID": "sess_1"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "FORBIDDEN")


def test_what_is_in_use_is_not_deleted(clinic: Clinic) -> None:
    session = clinic.session()
    for path in (f"/api/batteries/{clinic.battery_id}", f"/api/studies/{clinic.study_id}"):
        answer = clinic.api.delete(path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "CONFLICT")
    assert clinic.api.delete(f"{SESSIONS}/{session}").status_code == 204
    assert clinic.api.delete(f"/api/batteries/{clinic.battery_id}").status_code == 204
