"""Schemas of the Metricis API: what callers send, from the models that judge it; what they get, written down here."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, TypeAdapter

from functions.accounts.schemas import FormLogin, FormRefresh, JsonLogin, JsonRefresh, NewUser
from functions.batteries.schemas import BatteryPatch, NewBattery
from functions.keys.schemas import NewKey, Rotation
from functions.metricis_participants.importer import MAX_PROBLEMS
from functions.metricis_participants.schemas import ImportedParticipant, NewParticipant, ParticipantPatch
from functions.metricis_studies.schemas import NewStudy, StudyPatch
from functions.sessions.schemas import NewSession, SessionPatch, StartedSession
from scripts.openapi.shapes import (
    ANYTHING,
    COUNT,
    DAY,
    FLAG,
    INSTANT,
    NUMBER,
    TEXT,
    Schema,
    add_model,
    array,
    identifier,
    members,
    nullable,
    one_of_words,
    ref,
    wrapped,
)
from trimetric.domain.metricis.accounts import Role, UserStatus
from trimetric.domain.metricis.participants import CONTACT, Actor, ParticipantStatus
from trimetric.domain.metricis.sessions import SessionStatus
from trimetric.domain.metricis.studies import StudyStatus
from trimetric.domain.metricis.trials import MAX_RT_MS, MAX_TASK_NAME, MAX_TRIALS
from trimetric.domain.workspaces import CredentialKind, Permission
from trimetric.metrics.cognitive import Flag, TaskKind

STUDY_ID: Final[Schema] = {"type": "integer", "minimum": 1, "examples": [1]}
BATTERY_ID: Final[Schema] = {"type": "string", "pattern": "^battery_[1-9][0-9]{0,11}$", "examples": ["battery_1"]}
SESSION_ID: Final[Schema] = {"type": "string", "pattern": "^sess_[0-9a-f]{48}$"}
CODE: Final[Schema] = {"type": "string", "minLength": 1, "maxLength": 64, "examples": ["P001"]}

#: By name in a path.
IDS: Final[Mapping[str, Schema]] = {
    "study_id": STUDY_ID,
    "participant_id": identifier("par"),
    "battery_id": BATTERY_ID,
    "session_id": SESSION_ID,
    "key_id": identifier("key"),
}

_SHAPES: Final[Mapping[str, type[BaseModel]]] = {
    "JsonLogin": JsonLogin,
    "FormLogin": FormLogin,
    "JsonRefresh": JsonRefresh,
    "FormRefresh": FormRefresh,
    "NewUser": NewUser,
    "NewKey": NewKey,
    "Rotation": Rotation,
    "NewClinicalStudy": NewStudy,
    "ClinicalStudyPatch": StudyPatch,
    "ImportedClinicalParticipant": ImportedParticipant,
    "NewClinicalParticipant": NewParticipant,
    "ClinicalParticipantPatch": ParticipantPatch,
    "NewBattery": NewBattery,
    "BatteryPatch": BatteryPatch,
    "StartedSession": StartedSession,
    "NewSession": NewSession,
    "SessionPatch": SessionPatch,
}
#: What stands where a member is left out, and what its model cannot say.
_MORE: Final[Mapping[str, Mapping[str, Schema]]] = {
    "NewUser": {"role": {"default": Role.READ_ONLY.value}},
    "NewKey": {
        "role": {"description": "Of a `metricis` key, which must have one."},
        "permissions": {"description": "Of an `apiauth` key; all of them if left out."},
        "expires_at": {"format": "date-time"},
    },
    "NewClinicalStudy": {"status": {"default": StudyStatus.ACTIVE.value}},
    "ImportedClinicalParticipant": {
        "status": {"default": ParticipantStatus.ENROLLED.value},
        "actor": {"default": Actor.PATIENT.value},
    },
    "NewClinicalParticipant": {
        "status": {"default": ParticipantStatus.ENROLLED.value},
        "actor": {"default": Actor.PATIENT.value},
    },
    "NewSession": {"start_time": {"format": "date-time", "description": "The session has begun: it is in progress."}},
    "SessionPatch": {"start_time": {"format": "date-time"}, "end_time": {"format": "date-time"}},
}


def components() -> dict[str, Schema]:
    """By component name."""
    found: dict[str, Schema] = {}
    for name, model in _SHAPES.items():
        add_model(found, name, TypeAdapter(model))
    for name, more in _MORE.items():
        for member, facts in more.items():
            found[name]["properties"][member] |= facts
    return {**ANSWERS, **found}


def _row(identity: str, properties: Mapping[str, Schema], description: str = "") -> Schema:
    """A row of a list: `fields` may leave out all but its id."""
    schema = members(properties)
    said = f"`fields` leaves out what it does not name, but never `{identity}`. {description}".strip()
    return schema | {"required": [identity], "description": said}


_INSTANTS: Final[Mapping[str, Schema]] = {"created_at": INSTANT, "updated_at": INSTANT}
_OBJECT: Final[Schema] = {"type": "object"}
_USER: Final[Mapping[str, Schema]] = {
    "id": {"type": "string", "pattern": "^(usr|key)_[0-9a-hjkmnp-tv-z]{26}$"},
    "email": nullable(TEXT),
    "name": TEXT,
    "role": one_of_words(*Role),
    "status": one_of_words(*UserStatus),
}
_TOKENS: Final[Mapping[str, Schema]] = {
    "access_token": TEXT,
    "refresh_token": TEXT,
    "token_type": one_of_words("bearer"),
    "expires_in": {"type": "integer", "description": "Seconds."},
}
_KEY: Final[Mapping[str, Schema]] = {
    "id": IDS["key_id"],
    "kind": one_of_words(*CredentialKind),
    "name": TEXT,
    "key": {**TEXT, "description": "Of an `apiauth` key: what requests name."},
    "permissions": array(one_of_words(*Permission)),
    "role": one_of_words(*Role),
    "expires_at": nullable(INSTANT),
    "last_used_at": {**nullable(INSTANT), "description": "Exact to the day."},
    "last_four": TEXT,
    "created_at": INSTANT,
}
#: Members that keys of one kind have.
_OF_ONE_KIND: Final = ("key", "permissions", "role")
_HEALTH: Final = members({"status": one_of_words("ok", "failing"), "latency_ms": NUMBER})
_PROBLEM: Final = members({"field": TEXT, "message": TEXT})

#: Figures of a task that a number or null stands for, in a session and in a study alike.
_FIGURES: Final[Mapping[str, Schema]] = {
    **dict.fromkeys(("n", "scored", "correct", "missing", "fast", "rt_n"), COUNT),
    "rt_excluded": members({"fast": COUNT, "outliers": COUNT}),
    **dict.fromkeys(("omission_errors", "commission_errors"), nullable(COUNT)),
    **dict.fromkeys(
        (
            "accuracy",
            "mean_rt",
            "median_rt",
            "d_prime",
            "span",
            "completion_time",
            "b_minus_a",
            "interference",
            "inverse_efficiency",
        ),
        nullable(NUMBER),
    ),
}
_TRAILS: Final = ("a", "b", "b_minus_a")


def _by_task(task: str) -> Schema:
    return {"type": "object", "additionalProperties": ref(task), "description": "By the task's name."}


_SESSION_FIGURES: Final[Mapping[str, Schema]] = {
    "tasks": _by_task("TaskFigures"),
    "trail_making": members(dict.fromkeys(_TRAILS, nullable(NUMBER))),
}

ANSWERS: Final[Mapping[str, Schema]] = {
    "MetricisError": wrapped(
        "error",
        members(
            {
                "code": TEXT,
                "message": TEXT,
                "details": members({"field": TEXT, "reason": TEXT, "errors": array(_PROBLEM, maxItems=MAX_PROBLEMS)})
                | {"description": "`field` and `reason` are those of the first of `errors`."},
            },
            optional=["details"],
        ),
    ),
    "PageNumbers": members(
        {"page": COUNT, "per_page": COUNT, "total": COUNT, "total_pages": COUNT, "has_next": FLAG, "has_prev": FLAG}
    ),
    "User": members(_USER) | {"description": "For an API token: its id, no e-mail address, its name and role."},
    "Tokens": members({**_TOKENS, "user": ref("User"), "tokens": members(_TOKENS)}),
    "Key": members(_KEY, optional=_OF_ONE_KIND),
    "KeyWithSecret": members({**_KEY, "secret": {**TEXT, "description": "Shown only here."}}, optional=_OF_ONE_KIND),
    "Health": members({"status": one_of_words("ok")}),
    "DetailedHealth": members(
        {
            "status": one_of_words("ok", "degraded"),
            "time": INSTANT,
            "dependencies": {"type": "object", "additionalProperties": _HEALTH},
        }
    ),
    "ClinicalStudy": _row(
        "id",
        {
            "id": STUDY_ID,
            "code": CODE,
            "name": TEXT,
            "description": nullable(TEXT),
            "pi_name": nullable(TEXT),
            "pi_email": nullable(TEXT),
            "start_date": nullable(DAY),
            "end_date": nullable(DAY),
            "status": one_of_words(*StudyStatus),
            **_INSTANTS,
        },
    ),
    "ClinicalParticipant": _row(
        "id",
        {
            "id": IDS["participant_id"],
            "study_id": STUDY_ID,
            "participant_id": CODE,
            **dict.fromkeys(CONTACT, nullable(TEXT)),
            "enrollment_date": nullable(DAY),
            "status": one_of_words(*ParticipantStatus),
            "actor": one_of_words(*Actor),
            "language": nullable(TEXT),
            **_INSTANTS,
        },
        f"The role `read_only` gets neither {' nor '.join(f'`{name}`' for name in CONTACT)}.",
    ),
    "ImportReport": members(
        {
            "study_id": STUDY_ID,
            **dict.fromkeys(("total", "created", "unchanged", "failed"), COUNT),
            "rows": array(
                members(
                    {
                        "row": {"type": "integer", "minimum": 1},
                        "status": one_of_words("created", "unchanged", "failed"),
                        "id": IDS["participant_id"],
                        "participant_id": CODE,
                        "errors": array(_PROBLEM),
                    },
                    optional=["id", "participant_id", "errors"],
                )
            ),
        }
    ),
    "Battery": _row(
        "id",
        {
            "id": BATTERY_ID,
            "study_id": STUDY_ID,
            "name": TEXT,
            "description": nullable(TEXT),
            "tasks": array(members({"name": TEXT, "config": _OBJECT})),
            "estimated_minutes": nullable(COUNT),
            **_INSTANTS,
        },
    ),
    "Session": _row(
        "session_id",
        {
            "session_id": SESSION_ID,
            "study_id": STUDY_ID,
            "participant_id": {**nullable(CODE), "description": "The outside code; null once the person is erased."},
            "battery_id": BATTERY_ID,
            "status": one_of_words(*SessionStatus),
            "start_time": INSTANT,
            "end_time": nullable(INSTANT),
            "task_summaries": _OBJECT,
            "metrics": {"oneOf": [members(_SESSION_FIGURES), {"type": "null"}]},
            "trial_count": COUNT,
            **_INSTANTS,
        },
    ),
    "Trial": members(
        {
            "task": {"type": "string", "minLength": 1, "maxLength": MAX_TASK_NAME},
            "rt": {**nullable(NUMBER), "minimum": 0, "maximum": MAX_RT_MS, "description": "Milliseconds."},
            "response": ANYTHING,
            "stimulus": ANYTHING,
            "correct": nullable(FLAG),
        },
        optional=["rt", "response", "stimulus", "correct"],
        closed=False,
    )
    | {"description": "Further members are kept; the document in words says which of them count."},
    "Submission": members(
        {
            "session_id": SESSION_ID,
            "task_summaries": _OBJECT,
            "trials": array(ref("Trial"), maxItems=MAX_TRIALS),
        },
        optional=["task_summaries"],
    ),
    "SessionStart": members({"session_id": SESSION_ID}),
    "TaskFigures": members(
        {
            "kind": one_of_words(*TaskKind),
            **_FIGURES,
            "flags": array(one_of_words(*Flag)),
            "levels": {
                "type": "object",
                "additionalProperties": members({"n": COUNT, "accuracy": NUMBER, "d_prime": nullable(NUMBER)}),
                "description": "Of an n-back.",
            },
        },
        optional=["levels"],
    ),
    "SessionMetrics": members(
        {
            "session_id": SESSION_ID,
            "study_id": STUDY_ID,
            "participant_id": nullable(CODE),
            "status": one_of_words(*SessionStatus),
            "trial_count": COUNT,
            **_SESSION_FIGURES,
        }
    ),
    "MeanOverSessions": members(
        {
            "n": COUNT,
            "mean": nullable(NUMBER),
            "sd": nullable(NUMBER),
            "ci95": nullable(array(NUMBER, minItems=2, maxItems=2)),
        }
    ),
    "StudyTaskFigures": members(
        {
            "kind": one_of_words(*TaskKind),
            "sessions": COUNT,
            **_FIGURES,
            "by_session": {"type": "object", "additionalProperties": ref("MeanOverSessions")},
            "flags": members(dict.fromkeys(Flag, COUNT)) | {"description": "Sessions with the flag."},
            "levels": {
                "type": "object",
                "additionalProperties": members(
                    {"n": COUNT, "accuracy": ref("MeanOverSessions"), "d_prime": ref("MeanOverSessions")}
                ),
                "description": "Of an n-back.",
            },
        },
        optional=["levels"],
    ),
    "ClinicalStudyMetrics": members(
        {
            "study_id": STUDY_ID,
            "sessions": COUNT,
            "trial_count": COUNT,
            "tasks": _by_task("StudyTaskFigures"),
            "tasks_not_shown": COUNT,
            "trail_making": members(dict.fromkeys(_TRAILS, ref("MeanOverSessions"))),
        }
    ),
}


def numbered(row: Schema) -> dict[str, Any]:
    """A page of rows."""
    return members({"data": array(row), "pagination": ref("PageNumbers")})
