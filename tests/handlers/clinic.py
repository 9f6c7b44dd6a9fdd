"""A clinical study with a battery and people, put into the table, and trials to submit."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.handlers.conftest import Client, Platform, Reply, incompressible
from tests.handlers.metricis_accounts import Team, team_of
from trimetric.domain import times
from trimetric.domain.metricis.batteries import Battery
from trimetric.domain.metricis.participants import Actor, ClinicalParticipant, ParticipantStatus, participant_id
from trimetric.domain.metricis.studies import ClinicalStudy, StudyStatus
from trimetric.dynamo.metricis import batteries, participants, studies

SESSIONS = "/api/sessions"
SUBMIT = "/api/submit"


@dataclass(frozen=True, slots=True)
class Clinic:
    """Study `study_id` has the battery `battery_id` and the participants P001 and P002."""

    team: Team
    study_id: int = 1
    battery_id: str = "battery_1"

    @property
    def platform(self) -> Platform:
        return self.team.platform

    @property
    def staff(self) -> Client:
        """May do everything that is done with sessions."""
        return self.team.coordinator

    def session(self, participant: str = "P001", **members: Any) -> dict[str, Any]:
        body = {"participant_id": participant, "battery_id": self.battery_id, **members}
        reply = self.staff.post(SESSIONS, body)
        assert reply.status == 201, reply.text
        created: dict[str, Any] = reply.data
        return created

    def submit(self, session: dict[str, Any] | str, trials: list[dict[str, Any]], **summaries: Any) -> Reply:
        content = json.dumps(submission(session, trials, **summaries), ensure_ascii=False).encode()
        return self.staff.request("POST", SUBMIT, content=content)

    def completed(self, trials: list[dict[str, Any]] | None = None, **members: Any) -> dict[str, Any]:
        reply = self.submit(self.session(**members), some_trials() if trials is None else trials)
        assert reply.status == 200, reply.text
        completed: dict[str, Any] = reply.data
        return completed

    def shown(self, session: dict[str, Any]) -> dict[str, Any]:
        shown: dict[str, Any] = self.staff.get(f"{SESSIONS}/{session['session_id']}").data
        return shown

    def study_metrics(self) -> dict[str, Any]:
        reply = self.staff.get(f"/api/studies/{self.study_id}/metrics")
        assert reply.status == 200, reply.text
        metrics: dict[str, Any] = reply.data
        return metrics

    def count(self, name: str) -> int:
        """Sessions that the study or the battery counts."""
        tenant = self.team.workspace.id
        key = f"{tenant}#mst#{self.study_id}" if name == "study" else f"{tenant}#{self.battery_id}"
        (item,) = [item for item in self.platform.table.items() if item["pk"] == key and item["sk"] == name]
        sessions: int = item["counts"]["sessions"]
        return sessions


def clinic_of(platform: Platform) -> Clinic:
    clinic = Clinic(team_of(platform))
    tenant, now = clinic.team.workspace.id, times.to_text(platform.clock())
    add_study(platform, tenant, clinic.study_id, now=now)
    for code in ("P001", "P002"):
        add_participant(platform, tenant, clinic.study_id, code, now=now)
    battery = Battery(1, clinic.study_id, "Battery", None, [{"name": "Stroop", "config": {}}], 20, now, now)
    platform.table.write(batteries.creation(tenant, battery), studies.counted(tenant, 1, batteries=1))
    return clinic


def add_study(platform: Platform, tenant: str, number: int, *, now: str) -> None:
    study = ClinicalStudy(
        id=number,
        code=f"S{number}",
        name="Study",
        description=None,
        pi_name=None,
        pi_email=None,
        start_date=None,
        end_date=None,
        status=StudyStatus.ACTIVE,
        created_at=now,
        updated_at=now,
    )
    platform.table.write(*studies.creation(tenant, study))


def add_participant(platform: Platform, tenant: str, number: int, code: str, *, now: str) -> None:
    participant = ClinicalParticipant(
        id=participant_id(workspace_id=tenant, study_id=number, code=code),
        study_id=number,
        code=code,
        email=f"{code}@clinic.example",
        phone="+49 30 123456",
        enrollment_date=None,
        status=ParticipantStatus.ENROLLED,
        actor=Actor.PATIENT,
        language="en",
        created_at=now,
        updated_at=now,
    )
    platform.table.write(participants.creation(tenant, participant), studies.counted(tenant, number, participants=1))


def submission(session: dict[str, Any] | str, trials: list[dict[str, Any]], **summaries: Any) -> dict[str, Any]:
    session_id = session if isinstance(session, str) else session["session_id"]
    return {"session_id": session_id, "task_summaries": summaries, "trials": trials}


def some_trials(n: int = 6, *, task: str = "Stroop") -> list[dict[str, Any]]:
    return [
        {
            "task": task,
            "rt": 400 + number % 50,
            "response": "r",
            "stimulus": {"word": "red", "ink": "red" if number % 2 else "blue"},
            "correct": number % 5 != 4,
            "congruency": "congruent" if number % 2 else "incongruent",
            "trial": number,
        }
        for number in range(n)
    ]


def large_trials(seed: int = 0, *, parts: int = 50) -> list[dict[str, Any]]:
    """About 4 MB that stay large however they are packed."""
    return [
        {
            "task": "drawing",
            "rt": 900 + number,
            "correct": True,
            "response": _drawing(seed * 1000 + number),
        }
        for number in range(parts)
    ]


@cache
def _drawing(seed: int) -> str:
    return incompressible(seed, length=27_000)
