"""What page lists may be asked for, and how it is refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.http.test_call import call
from trimetric.domain.metricis.list_kinds import BATTERIES, PARTICIPANTS, SESSIONS, STUDIES, Kind
from trimetric.domain.metricis.listing import Query
from trimetric.errors import ValidationFailed
from trimetric.http.call import Call
from trimetric.http.paging import PageRequest, fields_of, page_request, select

DAY = 86_400_000
JANUARY = 1_767_225_600_000


def _call(query: str) -> Call:
    made = call(query)
    made.request.scope["path"] = "/api/sessions"
    return made


def _asked(query: str, kind: Kind = SESSIONS) -> PageRequest:
    return page_request(_call(query), kind)


def _refused(query: str, kind: Kind = SESSIONS) -> dict[str, str]:
    with pytest.raises(ValidationFailed) as refused:
        page_request(_call(query), kind)
    assert refused.value.details
    return {problem.field: problem.message for problem in refused.value.details}


@pytest.mark.parametrize("kind", [STUDIES, PARTICIPANTS, BATTERIES, SESSIONS], ids=lambda kind: kind.name)
def test_without_parameters_it_is_the_first_twenty_in_creation_order(kind: Kind) -> None:
    assert _asked("", kind) == PageRequest(1, 20, Query(sort="created_at"))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("page=3&per_page=100", Query(sort="created_at", offset=200, limit=100)),
        ("sort=start_time&order=desc", Query(sort="start_time", descending=True)),
        ("status=completed", Query(sort="created_at", status="completed")),
        ("participant_id=P001", Query(sort="created_at", filters={"participant_id": "P001"})),
        ("battery_id=battery_12", Query(sort="created_at", filters={"battery_id": "battery_12"})),
        (
            "start_date=2026-01-01&end_date=2026-01-31",
            Query(sort="start_time", since=JANUARY, until=JANUARY + 31 * DAY),
        ),
        (
            "start_date=2026-01-01T01:00:00%2B01:00&end_date=2026-01-01T00:00:00Z",
            Query(sort="start_time", since=JANUARY, until=JANUARY + 1),
        ),
        ("start_date=2026-01-01&sort=created_at", Query(sort="created_at", since=JANUARY)),
    ],
)
def test_what_is_asked_for(query: str, expected: Query) -> None:
    assert _asked(query).query == expected


def test_a_study_chooses_the_list() -> None:
    assert _asked("study_id=7").study_id == 7
    assert not _asked("study_id=7").query.filters


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page=0", "page"),
        ("page=-1", "page"),
        ("page=1.5", "page"),
        ("page=", "page"),
        ("page=%D9%A1", "page"),
        ("page=99999999999", "page"),
        ("per_page=0", "per_page"),
        ("per_page=101", "per_page"),
        ("per_page=ten", "per_page"),
        ("sort=name", "sort"),
        ("sort=email", "sort"),
        ("order=up", "order"),
        ("status=open", "status"),
        ("status=", "status"),
        ("study_id=0", "study_id"),
        ("study_id=x", "study_id"),
        ("battery_id=1", "battery_id"),
        ("participant_id=", "participant_id"),
        ("participant_id=a%00", "participant_id"),
        ("start_date=2026-02-30", "start_date"),
        ("start_date=2026-W01-1", "start_date"),
        ("end_date=yesterday", "end_date"),
        ("end_date=2026-01-01T00:00:00", "end_date"),
        ("start_date=2026-01-02&end_date=2026-01-01", "start_date"),
        ("start_date=2026-01-01T00:00:01Z&end_date=2026-01-01T00:00:00Z", "start_date"),
        ("fields=", "fields"),
        ("fields=status,,", "fields"),
        ("fields=email", "fields"),
        ("actor=patient", "actor"),
        ("pages=1", "pages"),
        ("page=1&page=2", "page"),
    ],
)
def test_what_cannot_be_is_refused_with_its_field(query: str, field: str) -> None:
    assert list(_refused(query)) == [field]


def test_all_problems_are_told_at_once() -> None:
    assert set(_refused("page=0&per_page=0&sort=x&status=y")) == {"page", "per_page", "sort", "status"}


def test_reasons_name_what_is_possible() -> None:
    assert _refused("status=x")["status"] == "must be one of created, in_progress, completed, abandoned"
    assert _refused("per_page=101")["per_page"] == "must be a whole number from 1 to 100"


@pytest.mark.parametrize(
    ("kind", "query"),
    [(STUDIES, "study_id=1"), (BATTERIES, "status=active"), (PARTICIPANTS, "start_date=2026-01-01")],
    ids=["a study of a study", "a battery's status", "a participant's range"],
)
def test_filters_that_a_resource_does_not_have_are_unknown(kind: Kind, query: str) -> None:
    assert list(_refused(query, kind)) == [query.partition("=")[0]]


def test_fields_always_hold_the_id() -> None:
    row = {"session_id": "sess_1", "status": "created", "metrics": None}
    assert _asked("fields=status").shown(row) == {"session_id": "sess_1", "status": "created"}
    assert _asked("").shown(row) == row


def test_fields_of_a_single_read() -> None:
    assert fields_of(_call(""), SESSIONS) is None
    assert fields_of(_call("fields=status,metrics"), SESSIONS) == ("session_id", "status", "metrics")
    with pytest.raises(ValidationFailed):
        fields_of(_call("fields=nothing"), SESSIONS)
    with pytest.raises(ValidationFailed):
        fields_of(_call("page=1"), SESSIONS)


def test_a_member_that_the_caller_may_not_see_is_left_out() -> None:
    assert select({"id": "par_1", "status": "enrolled"}, ("id", "email")) == {"id": "par_1"}


@given(st.text(max_size=40), st.sampled_from(("page", "per_page", "sort", "study_id", "start_date", "fields")))
def test_no_value_of_a_parameter_is_an_accident(value: str, name: str) -> None:
    made = _call("")
    made.request.scope["query_string"] = f"{name}={_quoted(value)}".encode()
    assert _problems(made) in ([], [name])


def _problems(made: Call) -> list[str]:
    try:
        page_request(made, SESSIONS)
    except ValidationFailed as refused:
        return [problem.field for problem in refused.details]
    return []


def _quoted(value: Any) -> str:
    return "".join(f"%{octet:02X}" for octet in value.encode(errors="replace"))
