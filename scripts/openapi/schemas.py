"""Schemas: what callers send, from the models that judge it; what they get, written down here."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Final

from pydantic import BaseModel, TypeAdapter

from functions.collect.schemas import Newcomer
from functions.devices.schemas import NewDevice
from functions.folders.schemas import FolderPatch, NewFolder
from functions.participants.schemas import Exclusion, NewParticipant
from functions.responses.schemas import NewResponse
from functions.studies.schemas import NewStudy, StudyPatch
from functions.surveys.schemas import NEW_SURVEY
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
from trimetric.domain.study_types import STUDY_TYPES, new_content

#: Of the Micrometrics dialect.
DEVICE_ID: Final[Schema] = {"type": "string", "pattern": "^[A-Za-z0-9_-]{22}$"}
SURVEY_ID: Final[Schema] = {"type": "integer", "minimum": 1}

#: What the metrics of each study type hold; the document in words says more about each.
FIGURES: Final[Mapping[str, Sequence[str]]] = {
    "card_sort": ("cards", "similarity", "dendrogram", "groups", "consensus"),
    "tree_test": ("tasks", "overall"),
    "survey": ("questions", "dropoff"),
    "first_click_test": ("tasks",),
    "five_second_test": ("exposure_ms", "exposure_off", "questions"),
    "preference_test": ("options", "none", "test", "runner_up_p_value", "winner", "tied"),
    "prototype_test": ("tasks",),
    "live_website_test": ("tasks",),
    "interview": (
        "scheduled",
        "completed",
        "no_show",
        "cancelled",
        "duration_ms",
        "tags",
        "tag_pairs",
        "guide_coverage",
        "new_tags_per_interview",
        "saturated",
    ),
}


def _figures(*names: str) -> Schema:
    return {"type": "object", "required": list(names), "properties": dict.fromkeys(names, ANYTHING)}


def page_of(schema: Schema) -> Schema:
    return members({"data": array(schema), "pagination": ref("Pagination")})


def models() -> dict[str, Schema]:
    """Schemas of inputs, by component name."""
    found: dict[str, Schema] = {}
    shapes: dict[str, type[BaseModel]] = {
        "NewFolder": NewFolder,
        "FolderPatch": FolderPatch,
        "NewStudy": NewStudy,
        "StudyPatch": StudyPatch,
        "NewParticipant": NewParticipant,
        "Exclusion": Exclusion,
        "Newcomer": Newcomer,
        "NewDevice": NewDevice,
        "NewResponse": NewResponse,
    }
    for name, model in shapes.items():
        add_model(found, name, TypeAdapter(model))
    for name, attribute in (
        ("NewLabel", "_LABEL_BODY"),
        ("LabelPatch", "_LABEL_PATCH"),
        ("NewQuestion", "_QUESTION"),
        ("QuestionPatch", "_QUESTION_PATCH"),
    ):
        add_model(found, name, getattr(new_content, attribute))
    for study_type in STUDY_TYPES:
        module = import_module(f"trimetric.domain.study_types.{study_type}")
        name = _camel(study_type)
        add_model(found, f"{name}Settings", module._SETTINGS)
        add_model(found, f"{name}Payload", TypeAdapter(module._Result))
    for name in ("NewStudy", "StudyPatch"):
        found[name]["properties"]["settings"] = ref("Settings")
    found["NewParticipant"]["properties"]["results"] = array(ref("Payload"))
    add_model(found, "NewSurvey", NEW_SURVEY)
    options = found["NewSurvey_NewQuestion"]["properties"]["options"]["anyOf"][0]
    options["items"] = {"anyOf": [TEXT, options["items"]], "description": "A bare text is the label."}
    found["Settings"] = _any_of_types("Settings", "settings, as the study's type has them")
    found["Payload"] = _any_of_types("Payload", "one result, as the study's type has it")
    return found


def _any_of_types(suffix: str, description: str) -> Schema:
    return {
        "description": f"The {description}.",
        "anyOf": [ref(f"{_camel(study_type)}{suffix}") for study_type in STUDY_TYPES],
    }


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


_STUDY: Final[Mapping[str, Schema]] = {
    "id": identifier("std"),
    "type": one_of_words(*STUDY_TYPES),
    "status": one_of_words("draft", "published", "ended"),
    "name": TEXT,
    "description": nullable(TEXT),
    "folder_id": nullable(identifier("fld")),
    "participant_count": COUNT,
    "completed_count": COUNT,
    "excluded_count": COUNT,
    "created_at": INSTANT,
    "updated_at": INSTANT,
    "published_at": nullable(INSTANT),
    "ended_at": nullable(INSTANT),
}

_OPTION: Final = members({"id": TEXT, "label": TEXT})
_BRIEF: Final[Schema] = {
    "type": ["array", "null"],
    "items": members({"question_id": TEXT, "answered": COUNT}, closed=False),
    "description": "Figures of each question; null where the answer would be too large.",
}

ANSWERS: Final[Mapping[str, Schema]] = {
    "Pagination": members({"has_more": FLAG, "next_cursor": nullable(TEXT)}),
    "Error": wrapped(
        "error",
        members(
            {
                "code": TEXT,
                "message": TEXT,
                "status": {"type": "integer"},
                "details": array(members({"field": TEXT, "message": TEXT})),
            },
            optional=["details"],
        ),
    ),
    "SignedError": wrapped(
        "error",
        members(
            {"code": TEXT, "message": TEXT, "details": array(members({"field": TEXT, "message": TEXT}))},
            optional=["details"],
        ),
    ),
    "Device": members(
        {
            "id": DEVICE_ID,
            "name": TEXT,
            "location": nullable(TEXT),
            "status": one_of_words("active", "inactive"),
            "survey_id": nullable(SURVEY_ID),
            "metadata": {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean", "null"]}},
            "last_seen_at": nullable(INSTANT),
            "created_at": INSTANT,
            "updated_at": INSTANT,
        }
    ),
    "Survey": members(
        {
            "id": SURVEY_ID,
            "name": TEXT,
            "status": one_of_words("draft", "active", "closed"),
            "questions": array(ref("SurveyQuestion")),
            "created_at": INSTANT,
            "updated_at": INSTANT,
        }
    ),
    "SurveyQuestion": members(
        {
            "id": TEXT,
            "type": one_of_words("nps", "rating", "choice", "multi_choice", "text", "boolean"),
            "text": TEXT,
            "required": FLAG,
            "options": array(_OPTION),
            "min": {"type": "integer"},
            "max": {"type": "integer"},
        },
        optional=["options", "min", "max"],
    ),
    "SurveyResponse": members(
        {
            "id": identifier("rsp"),
            "survey_id": SURVEY_ID,
            "device_id": nullable(DEVICE_ID),
            "answers": array(members({"question_id": TEXT, "value": ANYTHING})),
            "language": nullable(TEXT),
            "external_id": nullable(TEXT),
            "submitted_at": INSTANT,
            "created_at": INSTANT,
        }
    ),
    "SurveyMetrics": members(
        {
            "survey_id": SURVEY_ID,
            "start_at": INSTANT,
            "end_at": INSTANT,
            "totals": members({"responses": COUNT, "devices": COUNT, "without_device": COUNT}),
            "questions": array(members({"question_id": TEXT, "type": TEXT}, closed=False)),
            "days": array(members({"date": DAY, "responses": COUNT, "questions": _BRIEF})),
            "devices": array(members({"device_id": nullable(DEVICE_ID), "responses": COUNT, "questions": _BRIEF})),
        },
        closed=False,
    ),
    "Workspace": members(
        {
            "id": {"type": "string", "pattern": "^ws_[0-9a-f]{16}$"},
            "name": TEXT,
            "plan": one_of_words("free", "subscribed"),
            "api_enabled": FLAG,
            "rate_limit": {"type": "integer", "description": "Requests per minute."},
            "folder_count": COUNT,
            "study_count": COUNT,
            "created_at": INSTANT,
        }
    ),
    "Folder": members(
        {
            "id": identifier("fld"),
            "name": TEXT,
            "color": {"type": "string", "pattern": "^#[0-9A-Fa-f]{6}$"},
            "icon": TEXT,
            "archived": FLAG,
            "study_count": COUNT,
            "created_at": INSTANT,
            "updated_at": INSTANT,
        }
    ),
    "Study": members(_STUDY),
    "StudyDetail": members(
        {
            **_STUDY,
            "settings": {"type": "object"},
            "cards": array(ref("Card")),
            "groups": array(ref("Group")),
            "questions": array(ref("Question")),
            "collect_token": TEXT,
        },
        optional=["cards", "groups", "questions", "collect_token"],
    ),
    "Card": members({"id": identifier("crd"), "label": TEXT, "position": COUNT}),
    "Group": members({"id": identifier("grp"), "label": TEXT, "position": COUNT}),
    "Question": members(
        {
            "id": identifier("qst"),
            "kind": TEXT,
            "prompt": TEXT,
            "required": FLAG,
            "options": array(_OPTION),
            "min": {"type": "integer"},
            "max": {"type": "integer"},
            "position": COUNT,
        },
        optional=["options", "min", "max"],
    ),
    "Participant": members(
        {
            "id": identifier("prt"),
            "external_id": nullable(TEXT),
            "status": one_of_words("in_progress", "completed", "abandoned"),
            "excluded": FLAG,
            "exclusion_reason": nullable(TEXT),
            "flags": array(TEXT),
            "started_at": INSTANT,
            "completed_at": nullable(INSTANT),
            "duration_ms": nullable(COUNT),
            "device": nullable(TEXT),
            "locale": nullable(TEXT),
        }
    ),
    "Result": members(
        {
            "id": identifier("res"),
            "participant_id": identifier("prt"),
            "study_id": identifier("std"),
            "type": one_of_words(*STUDY_TYPES),
            "created_at": INSTANT,
        },
        closed=False,
    )
    | {"description": "The members of the payload stand beside these."},
    "ExportedResult": members(
        {
            "result_id": identifier("res"),
            "participant_id": identifier("prt"),
            "external_id": nullable(TEXT),
            "excluded": FLAG,
            "task_id": nullable(TEXT),
            "created_at": INSTANT,
        },
        closed=False,
    )
    | {"description": "One line of the export; the members of the payload stand beside these."},
    "Participants": members(
        {
            "started": COUNT,
            "completed": COUNT,
            "abandoned": COUNT,
            "excluded": COUNT,
            "analysed": COUNT,
            "completion_rate": nullable(NUMBER),
        }
    ),
    "Durations": members(
        {
            "n": COUNT,
            **{name: nullable(NUMBER) for name in ("mean", "median", "geometric_mean", "min", "q1", "q3", "max")},
        }
    ),
    "Metrics": members(
        {
            "study_id": identifier("std"),
            "type": one_of_words(*STUDY_TYPES),
            "as_of": INSTANT,
            "participants": ref("Participants"),
            "duration_ms": ref("Durations"),
            **{name: _figures(*figures) for name, figures in FIGURES.items()},
        },
        optional=STUDY_TYPES,
    )
    | {"description": "Of the members named like study types it has that of the study's own type."},
    "Chart": members({"name": TEXT, "title": TEXT}),
    "RunnerView": members(
        {
            "study_id": identifier("std"),
            "type": one_of_words(*STUDY_TYPES),
            "name": TEXT,
            "description": nullable(TEXT),
        },
        closed=False,
    )
    | {"description": "What the study's type shows stands beside these."},
    "Admission": members({"participant_id": identifier("prt"), "participant_token": TEXT}),
    "Completion": members(
        {
            "participant_id": identifier("prt"),
            "status": one_of_words("completed"),
            "completed_at": INSTANT,
            "duration_ms": COUNT,
        }
    ),
}
