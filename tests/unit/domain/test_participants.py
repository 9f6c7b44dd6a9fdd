"""People and results as the API shows them."""

from dataclasses import replace

import pytest

from trimetric.domain import ids
from trimetric.domain.participants import (
    Participant,
    Progress,
    StoredResult,
    duration_ms,
    participant_id,
    public_results,
)

PERSON = Participant(
    id="prt_00000000000000000000000001",
    external_id="p-1",
    status=Progress.IN_PROGRESS,
    started_at="2026-01-05T09:00:00.000Z",
    completed_at=None,
    duration_ms=None,
)


def test_shows_the_fields_of_the_contract_in_order() -> None:
    assert PERSON.public(study_ended=False) == {
        "id": PERSON.id,
        "external_id": "p-1",
        "status": "in_progress",
        "excluded": False,
        "exclusion_reason": None,
        "flags": [],
        "started_at": "2026-01-05T09:00:00.000Z",
        "completed_at": None,
        "duration_ms": None,
        "device": None,
        "locale": None,
    }


def test_who_did_not_finish_before_the_end_has_abandoned() -> None:
    done = PERSON.complete("2026-01-05T09:00:01.500Z")
    assert PERSON.public(study_ended=True)["status"] == "abandoned"
    assert done.public(study_ended=True)["status"] == "completed"


def test_completion_measures_the_time_once() -> None:
    done = PERSON.complete("2026-01-05T09:00:01.500Z")
    assert (done.status, done.completed_at, done.duration_ms) == (Progress.COMPLETED, "2026-01-05T09:00:01.500Z", 1500)
    assert done.complete("2026-01-05T10:00:00.000Z") is done


def test_exclusion_keeps_its_first_reason_and_inclusion_drops_it() -> None:
    excluded = PERSON.exclude("speeder")
    assert (excluded.excluded, excluded.exclusion_reason) == (True, "speeder")
    assert excluded.exclude("another") is excluded
    assert excluded.include() == PERSON
    assert PERSON.include() is PERSON


def test_secrets_stay_out_of_sight() -> None:
    assert "abc" not in repr(replace(PERSON, token_hash="abc"))


def test_results_carry_their_ids_and_what_was_sent() -> None:
    results = [StoredResult({"task_id": "t1", "x": 0.5}, "2026-01-05T09:00:00.000Z")]
    shown = public_results(results, participant_id=PERSON.id, study_id="std_1", study_type="first_click_test")
    assert shown == [
        {
            "id": ids.result(PERSON.id, 0),
            "participant_id": PERSON.id,
            "study_id": "std_1",
            "type": "first_click_test",
            "task_id": "t1",
            "x": 0.5,
            "created_at": "2026-01-05T09:00:00.000Z",
        }
    ]


def test_a_result_survives_its_document() -> None:
    result = StoredResult({"task_id": "t1", "path": ["a"]}, "2026-01-05T09:00:00.000Z")
    assert StoredResult.from_document(result.to_document()) == result


@pytest.mark.parametrize(
    ("started", "completed", "expected"),
    [
        pytest.param("2026-01-05T09:00:00.000Z", "2026-01-05T09:00:00.001Z", 1, id="a millisecond"),
        pytest.param("2026-02-28T23:59:59.999Z", "2026-03-01T00:00:00.000Z", 1, id="over the end of a month"),
        pytest.param("2026-01-05T09:00:01.000Z", "2026-01-05T09:00:00.000Z", -1000, id="backwards"),
    ],
)
def test_duration_is_whole_milliseconds(started: str, completed: str, expected: int) -> None:
    assert duration_ms(started, completed) == expected


def test_an_external_id_always_gives_the_same_id_and_none_a_new_one() -> None:
    def identifier(external_id: str | None, study_id: str = "std_1") -> str:
        return participant_id(workspace_id="ws_1", study_id=study_id, external_id=external_id, millis=0)

    assert identifier("p") == identifier("p")
    assert len({identifier("p"), identifier("q"), identifier("p", "std_2"), identifier(None), identifier(None)}) == 5
    assert all(ids.is_id(ids.PARTICIPANT, made) for made in (identifier("p"), identifier(None)))
