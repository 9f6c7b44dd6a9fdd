"""What the routers cannot say about each endpoint of the Metricis API."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from scripts.openapi.metricis_schemas import BATTERY_ID, CODE, STUDY_ID, numbered
from scripts.openapi.operation import Body, Operation
from scripts.openapi.shapes import FLAG, TEXT, Schema, envelope, members, one_of_words, ref
from trimetric.domain.metricis.list_kinds import BATTERIES, CREATED, PARTICIPANTS, SESSIONS, STARTED, STUDIES, Kind
from trimetric.domain.metricis.listing import MAX_CANDIDATES
from trimetric.http.metricis import DEFAULT_PER_PAGE, MAX_PAGE, MAX_PER_PAGE

_FORM: Final = "application/x-www-form-urlencoded"
_NO_BODY: Final = members({})

_PAGE: Final[tuple[tuple[str, Schema], ...]] = (
    ("page", {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": 1}),
    ("per_page", {"type": "integer", "minimum": 1, "maximum": MAX_PER_PAGE, "default": DEFAULT_PER_PAGE}),
)
#: Filters that are not words of a list.
_FILTERS: Final[Mapping[str, Schema]] = {
    "study_id": STUDY_ID,
    "participant_id": {**CODE, "maxLength": 255},
    "battery_id": BATTERY_ID,
    "language": {"type": "string", "minLength": 1, "maxLength": 255, "examples": ["pt-BR"]},
}
_BOUND: Final[Schema] = {"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]}


def _query(name: str, schema: Schema, *, description: str = "", required: bool = False) -> Schema:
    said = {"description": description} if description else {}
    return {"name": name, "in": "query", "required": required, "schema": schema, **said}


def _page() -> tuple[Schema, ...]:
    return tuple(_query(name, schema) for name, schema in _PAGE)


def _fields(kind: Kind) -> Schema:
    schema = {"type": "array", "minItems": 1, "items": one_of_words(*kind.fields)}
    said = f"Members that are shown, separated by commas; `{kind.id}` always is."
    return {**_query("fields", schema, description=said), "style": "form", "explode": False}


def _list_parameters(kind: Kind) -> Iterator[Schema]:
    yield from _page()
    for name, words in kind.choices.items():
        yield _query(name, one_of_words(*words) if words else _FILTERS[name], description="Only those.")
    ranged = STARTED in kind.orders
    if ranged:
        said = "on `start_time`: a day in UTC, inclusive, or an instant with an offset."
        yield _query("start_date", _BOUND, description=f"From here {said}")
        yield _query("end_date", _BOUND, description=f"Until here {said}")
    usual = f"`{CREATED}`" + (f", with `start_date` or `end_date` `{STARTED}`" if ranged else "")
    yield _query("sort", one_of_words(*kind.sorts), description=f"Unless sent: {usual}. Ties go by id.")
    yield _query("order", {**one_of_words("asc", "desc"), "default": "asc"})
    yield _fields(kind)


def _list(kind: Kind, row: str) -> Operation:
    said = (
        f"`total` is exact. What is neither in the order of `{CREATED}`"
        f"{f' or `{STARTED}`' if STARTED in kind.orders else ''} nor filtered by `study_id`, `status` or dates alone "
        f"looks through a compact index; above {MAX_CANDIDATES:,} candidates it is refused with 422."
    )
    example = {"page": 1, "per_page": DEFAULT_PER_PAGE, "total": 1, "total_pages": 1}
    return _operation(
        numbered(ref(row)),
        parameters=tuple(_list_parameters(kind)),
        description=said,
        answer_example={
            "data": [_EXAMPLES[row]],
            "pagination": {**example, "has_next": False, "has_prev": False},
        },
        tagged=False,
    )


def _operation(answer: Schema | None = None, **facts: Any) -> Operation:
    """Nothing is answered in Markdown."""
    return Operation(answer, **{"markdown": False, **facts})


def _one(row: str, **facts: Any) -> Operation:
    return _operation(envelope(ref(row)), answer_example={"data": _EXAMPLES[row]}, **facts)


_AT: Final = "2026-01-31T09:30:00.123Z"
_SESSION_ID: Final = f"sess_{'0123456789abcdef' * 3}"
_PARTICIPANT_ID: Final = "par_01kg9p6je523cqxbr127fkmggp"
_NEW_STUDY: Final = {"code": "SLEEP-1", "name": "Sleep and attention", "pi_email": "ada@clinic.example"}
_NEW_PERSON: Final = {"study_id": 1, "participant_id": "P001", "email": "p001@mail.example", "language": "en"}
_NEW_BATTERY: Final = {"study_id": 1, "name": "Attention", "tasks": [{"name": "Stroop", "config": {"trials": 60}}]}
_START: Final = {"participant_id": "P001", "battery_id": "battery_1"}
_TRIALS: Final = [
    {
        "task": "Stroop",
        "rt": 512.4,
        "response": "f",
        "stimulus": "red",
        "correct": True,
        "congruency": "incongruent",
    }
]
_EXAMPLES: Final[Mapping[str, Any]] = {
    "ClinicalStudy": {
        "id": 1,
        **_NEW_STUDY,
        "description": None,
        "pi_name": None,
        "start_date": None,
        "end_date": None,
        "status": "active",
        "created_at": _AT,
        "updated_at": _AT,
    },
    "ClinicalParticipant": {
        "id": _PARTICIPANT_ID,
        **_NEW_PERSON,
        "phone": None,
        "enrollment_date": None,
        "status": "enrolled",
        "actor": "patient",
        "created_at": _AT,
        "updated_at": _AT,
    },
    "Battery": {
        "id": "battery_1",
        **_NEW_BATTERY,
        "description": None,
        "estimated_minutes": None,
        "created_at": _AT,
        "updated_at": _AT,
    },
    "Session": {
        "session_id": _SESSION_ID,
        "study_id": 1,
        **_START,
        "status": "created",
        "start_time": _AT,
        "end_time": None,
        "task_summaries": {},
        "metrics": None,
        "trial_count": 0,
        "created_at": _AT,
        "updated_at": _AT,
    },
    "User": {
        "id": "usr_01kg9p6je523cqxbr127fkmggp",
        "email": "ada@clinic.example",
        "name": "Ada",
        "role": "researcher",
        "status": "active",
    },
    "ImportReport": {
        "study_id": 1,
        "total": 2,
        "created": 1,
        "unchanged": 1,
        "failed": 0,
        "rows": [
            {"row": 1, "status": "created", "id": _PARTICIPANT_ID, "participant_id": "P001"},
            {"row": 2, "status": "unchanged", "id": _PARTICIPANT_ID[:-1] + "q", "participant_id": "P002"},
        ],
    },
    "Health": {"status": "ok"},
    "DetailedHealth": {
        "status": "ok",
        "time": _AT,
        "dependencies": {"table": {"status": "ok", "latency_ms": 3.1}},
    },
}
_LOGIN: Final = {"email": "ada@clinic.example", "password": "correct horse battery"}
_REFRESH: Final = {"refresh_token": "mtr_…"}
_TOKENS: Final = {
    "access_token": "eyJ…",
    "refresh_token": "mtr_…",
    "token_type": "bearer",
    "expires_in": 1800,
}
_TOKENS_ANSWER: Final = {**_TOKENS, "user": _EXAMPLES["User"], "tokens": _TOKENS}
_CONFLICT: Final = ("conflict",)

_ACCOUNTS: Final[Mapping[str, Operation]] = {
    "POST /api/auth/login": _operation(
        ref("Tokens"),
        body=ref("JsonLogin"),
        example=_LOGIN,
        forms={_FORM: Body(ref("FormLogin"), {"username": _LOGIN["email"], "password": _LOGIN["password"]})},
        answer_example=_TOKENS_ANSWER,
        errors=("unauthorized", "forbidden"),
        tagged=False,
    ),
    "POST /api/auth/refresh": _operation(
        ref("Tokens"),
        body=ref("JsonRefresh"),
        example=_REFRESH,
        body_required=False,
        forms={_FORM: Body(ref("FormRefresh"), _REFRESH)},
        answer_example=_TOKENS_ANSWER,
        errors=("unauthorized", "forbidden"),
        description="A refresh token works once; its second use ends the login. Send an Idempotency-Key.",
        tagged=False,
    ),
    "POST /api/auth/logout": _operation(body=_NO_BODY, body_required=False),
    "GET /api/auth/me": _one("User"),
    "POST /api/auth/register": _one(
        "User",
        body=ref("NewUser"),
        example={**_LOGIN, "name": "Ada", "role": "researcher"},
        errors=_CONFLICT,
        located=False,
    ),
}

_KEYS: Final[Mapping[str, Operation]] = {
    "GET /api/keys": _operation(numbered(ref("Key")), parameters=_page(), tagged=False),
    "POST /api/keys": _operation(
        envelope(ref("KeyWithSecret")),
        body=ref("NewKey"),
        example={"kind": "metricis", "name": "Tablet", "role": "coordinator"},
        tagged=False,
        located=False,
    ),
    "POST /api/keys/{key_id}/rotate": _operation(
        envelope(ref("KeyWithSecret")),
        body=ref("Rotation"),
        example={"overlap_days": 1},
        body_required=False,
        errors=_CONFLICT,
        tagged=False,
    ),
    "DELETE /api/keys/{key_id}": _operation(),
}

_PEOPLE: Final[Mapping[str, Operation]] = {
    "GET /api/participants": _list(PARTICIPANTS, "ClinicalParticipant"),
    "POST /api/participants": _one(
        "ClinicalParticipant",
        body=ref("NewClinicalParticipant"),
        example=_NEW_PERSON,
        errors=("not_found", *_CONFLICT),
    ),
    "POST /api/participants/import": _one(
        "ImportReport",
        parameters=(
            _query("study_id", STUDY_ID, required=True),
            _query("partial", {**FLAG, "default": False}, description="Import the rows that are right."),
        ),
        forms={
            "text/csv": Body(TEXT, "participant_id,email,language\nP001,p001@mail.example,en\nP002,,pt-BR\n"),
            "application/x-ndjson": Body(ref("ImportedClinicalParticipant"), {"participant_id": "P001"}),
        },
        errors=("not_found",),
        more_answers={207: "With `partial=true`: some rows were `failed`, the others are imported"},
        description="Up to 5,000 rows and 5 MiB: CSV with a header, or NDJSON, one participant a line. All rows or "
        "none, unless `partial` is true.",
    ),
    "GET /api/participants/{participant_id}": _one("ClinicalParticipant", parameters=(_fields(PARTICIPANTS),)),
    "PATCH /api/participants/{participant_id}": _one(
        "ClinicalParticipant", body=ref("ClinicalParticipantPatch"), example={"status": "withdrawn"}
    ),
    "DELETE /api/participants/{participant_id}": _operation(
        description="Removes the person with all contact data. Sessions stay and count; they name nobody any more."
    ),
}


def _resource(path: str, kind: Kind, row: str, *, example: Any, errors: tuple[str, ...]) -> dict[str, Operation]:
    """A resource of studies or batteries, which what uses it keeps from deletion."""
    one = f"{path}/{{{row.removeprefix('Clinical').lower()}_id}}"
    return {
        f"GET {path}": _list(kind, row),
        f"POST {path}": _one(row, body=ref(f"New{row}"), example=example, errors=errors),
        f"GET {one}": _one(row, parameters=(_fields(kind),)),
        f"PATCH {one}": _one(row, body=ref(f"{row}Patch"), example={"name": "Attention, second wave"}, errors=errors),
        f"DELETE {one}": _operation(errors=_CONFLICT),
    }


_SESSIONS: Final[Mapping[str, Operation]] = {
    "GET /api/sessions": _list(SESSIONS, "Session"),
    "POST /api/sessions": _one("Session", body=ref("NewSession"), example=_START, errors=("not_found",)),
    "POST /api/session/start": _operation(
        ref("SessionStart"),
        body=ref("StartedSession"),
        example=_START,
        answer_example={"session_id": _SESSION_ID},
        errors=("not_found",),
    ),
    "GET /api/sessions/{session_id}": _one("Session", parameters=(_fields(SESSIONS),)),
    "PATCH /api/sessions/{session_id}": _one(
        "Session", body=ref("SessionPatch"), example={"status": "abandoned"}, errors=_CONFLICT
    ),
    "DELETE /api/sessions/{session_id}": _operation(),
    "GET /api/sessions/{session_id}/trials": _operation(
        numbered(ref("Trial")), parameters=_page(), tagged=False, description="In the order in which they were sent."
    ),
    "GET /api/sessions/{session_id}/metrics": _operation(envelope(ref("SessionMetrics"))),
    "GET /api/studies/{study_id}/metrics": _operation(envelope(ref("ClinicalStudyMetrics"))),
    "POST /api/submit": _one(
        "Session",
        body=ref("Submission"),
        example={"session_id": _SESSION_ID, "task_summaries": {"Stroop": {"level": 2}}, "trials": _TRIALS},
        errors=("not_found", *_CONFLICT),
        description="Up to 5 MiB and 20,000 trials, stored whole or not at all. The same content again gets the same "
        "answer. `X-Session-ID` may stand for a credential; it must be the `session_id` of the body.",
    ),
}

METRICIS: Final[Mapping[str, Operation]] = {
    **_ACCOUNTS,
    **_KEYS,
    "GET /api/health": _one("Health", tagged=False),
    "GET /api/health/detailed": _one("DetailedHealth", tagged=False),
    **_resource("/api/studies", STUDIES, "ClinicalStudy", example=_NEW_STUDY, errors=_CONFLICT),
    **_PEOPLE,
    **_resource("/api/batteries", BATTERIES, "Battery", example=_NEW_BATTERY, errors=("not_found",)),
    **_SESSIONS,
}
