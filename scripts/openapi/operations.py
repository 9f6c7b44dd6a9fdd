"""What the routers cannot say about each endpoint: parameters, bodies with examples, answers, errors of its own."""

from collections.abc import Mapping
from typing import Any, Final

from scripts.openapi.metricis import METRICIS
from scripts.openapi.operation import Operation
from scripts.openapi.schemas import page_of
from scripts.openapi.shapes import (
    FLAG,
    INSTANT,
    TEXT,
    Schema,
    array,
    envelope,
    identifier,
    members,
    one_of_words,
    ref,
    wrapped,
)
from trimetric.domain.study_types import STUDY_TYPES

PARAMETERS: Final[Mapping[str, Schema]] = {
    "limit": {"type": "integer", "minimum": 1, "default": 25, "description": "More than 100 is served as 100."},
    "after": {**TEXT, "description": "`pagination.next_cursor` of the page before."},
    "archived": {**FLAG, "description": "Only those, or only those not."},
    "excluded": {**FLAG, "description": "Only those, or only those not."},
    "flagged": {
        **one_of_words("include", "exclude"),
        "default": "include",
        "description": "`exclude`: of the analysed people without a data quality flag.",
    },
    "type": one_of_words(*STUDY_TYPES),
    "status": one_of_words("draft", "published", "ended"),
    "folder_id": identifier("fld"),
    "updated_since": {**INSTANT, "description": "Only people changed at or after this instant."},
    "rows": {"type": "integer", "minimum": 1, "default": 1000, "description": "More than 1,000 is served as 1,000."},
    "cursor": {**TEXT, "description": "`Next-Cursor` of the page before."},
    "start_at": {**INSTANT, "description": "Only what is later; has no meaning for single things."},
    "end_at": {**INSTANT, "description": "Only what is earlier; has no meaning for single things."},
}
#: Parameters whose name in the query is not their name here.
QUERY_NAMES: Final = {"rows": "limit", "new_type": "type"}

PAGE: Final = ("limit", "after")
WINDOW: Final = ("start_at", "end_at")
SIGNED_PAGE: Final = ("limit", "cursor", *WINDOW)
_STATUS: Final = "invalid_status_transition"
_VALIDATION: Final = "validation_failed"


def _label_bodies(one: str, many: str) -> Schema:
    label: Schema = {"anyOf": [{**TEXT, "minLength": 1, "maxLength": 255}, ref("NewLabel")]}
    return {"oneOf": [wrapped(many, array(label, minItems=1)), wrapped(one, label)]}


def _content(one: str, many: str, answer: str, *, bodies: Schema, patch: Schema, example: Any) -> dict[str, Operation]:
    path = f"/api/v1/studies/{{study_id}}/{many}"
    errors = ("wrong_study_type", "not_draft", _VALIDATION)
    return {
        f"POST {path}": Operation(
            envelope(array(ref(answer))), body=bodies, example={many: [example]}, errors=errors, tagged=False
        ),
        f"PATCH {path}/{{{one}_id}}": Operation(
            envelope(ref(answer)), body=wrapped(one, patch), example={one: {"position": 0}}, errors=errors
        ),
        f"DELETE {path}/{{{one}_id}}": Operation(errors=("wrong_study_type", "not_draft")),
    }


_STUDY: Final = envelope(ref("StudyDetail"))
_PERSON: Final = envelope(ref("Participant"))
_STUDIES: Final = "/api/v1/studies"
_ONE: Final = f"{_STUDIES}/{{study_id}}"
_PEOPLE: Final = f"{_ONE}/participants"
_COLLECT: Final = "/api/v1/collect/{collect_token}"
_TREE_RESULT: Final = {"task_id": "find", "path": ["root", "tea"], "answer_node_id": "tea", "duration_ms": 9200}
_IMPORTED: Final = {
    "external_id": "p-17",
    "started_at": "2026-01-31T09:00:00Z",
    "completed_at": "2026-01-31T09:04:10Z",
    "device": "desktop",
    "locale": "en-GB",
    "results": [_TREE_RESULT],
}
_NO_BODY: Final = members({})

_DEVICES: Final = "/api/experience/devices"
_SURVEYS: Final = "/api/experience/surveys"
_SURVEY: Final = f"{_SURVEYS}/{{survey_id}}"
_NEW_DEVICE: Final = {"name": "Kiosk at the door", "location": "Hall B", "metadata": {"floor": 2}}
_NEW_SURVEY: Final = {
    "name": "How was it?",
    "status": "active",
    "questions": [
        {"type": "nps", "text": "Would you recommend us?", "required": True},
        {"type": "choice", "text": "What brought you here?", "options": ["Chance", "A friend"]},
    ],
}
_NEW_RESPONSE: Final = {"answers": [{"question_id": "q1", "value": 9}], "external_id": "visit-17"}


def _signed(answer: Schema | None = None, **facts: Any) -> Operation:
    """Everything takes a window, and nothing is answered in Markdown."""
    return Operation(answer, **{"query": WINDOW, "markdown": False, **facts})


SIGNED: Final[Mapping[str, Operation]] = {
    f"GET {_DEVICES}": _signed(array(ref("Device")), query=SIGNED_PAGE, tagged=False),
    f"POST {_DEVICES}": _signed(ref("Device"), body=ref("NewDevice"), example=_NEW_DEVICE, errors=(_VALIDATION,)),
    f"GET {_DEVICES}/{{device_id}}": _signed(ref("Device")),
    f"PUT {_DEVICES}/{{device_id}}": _signed(
        ref("Device"), body=ref("NewDevice"), example=_NEW_DEVICE, errors=(_VALIDATION,)
    ),
    f"DELETE {_DEVICES}/{{device_id}}": _signed(),
    f"GET {_SURVEYS}": _signed(array(ref("Survey")), query=SIGNED_PAGE, tagged=False),
    f"POST {_SURVEYS}": _signed(ref("Survey"), body=ref("NewSurvey"), example=_NEW_SURVEY, errors=(_VALIDATION,)),
    f"GET {_SURVEY}": _signed(ref("Survey")),
    f"PUT {_SURVEY}": _signed(
        ref("Survey"), body=ref("NewSurvey"), example=_NEW_SURVEY, errors=(_VALIDATION, "survey_in_use")
    ),
    f"GET {_SURVEY}/responses": _signed(
        array(ref("SurveyResponse")), query=SIGNED_PAGE, errors=("invalid_window",), tagged=False
    ),
    f"POST {_SURVEY}/responses": _signed(
        ref("SurveyResponse"),
        body=ref("NewResponse"),
        example=_NEW_RESPONSE,
        errors=(_VALIDATION, "survey_not_active", "duplicate_response"),
        more_answers={200: "The same response was sent before"},
    ),
    f"GET {_SURVEY}/responses/{{response_id}}": _signed(ref("SurveyResponse")),
    f"GET {_SURVEY}/metrics": _signed(ref("SurveyMetrics"), errors=("invalid_window",)),
}

OPERATIONS: Final[Mapping[str, Operation]] = {
    "GET /api/v1/workspace": Operation(envelope(ref("Workspace"))),
    "GET /api/v1/folders": Operation(page_of(ref("Folder")), query=("archived", *PAGE), tagged=False),
    "POST /api/v1/folders": Operation(
        envelope(ref("Folder")),
        body=wrapped("folder", ref("NewFolder")),
        example={"folder": {"name": "Research", "color": "#3B82F6", "icon": "folder"}},
        errors=(_VALIDATION,),
    ),
    "GET /api/v1/folders/{folder_id}": Operation(envelope(ref("Folder"))),
    "PATCH /api/v1/folders/{folder_id}": Operation(
        envelope(ref("Folder")),
        body=wrapped("folder", ref("FolderPatch")),
        example={"folder": {"archived": True}},
        errors=(_VALIDATION,),
    ),
    "DELETE /api/v1/folders/{folder_id}": Operation(errors=("has_studies",)),
    f"GET {_STUDIES}": Operation(
        page_of(ref("Study")), query=("type", "status", "folder_id", *PAGE), errors=("invalid_type",), tagged=False
    ),
    f"POST {_STUDIES}": Operation(
        _STUDY,
        query=("new_type",),
        body=wrapped("study", ref("NewStudy")),
        example={"study": {"name": "Menu of the shop", "folder_id": None}},
        errors=("invalid_type", _VALIDATION),
    ),
    f"GET {_ONE}": Operation(_STUDY),
    f"PATCH {_ONE}": Operation(
        _STUDY,
        body=wrapped("study", ref("StudyPatch")),
        example={"study": {"name": "Menu of the shop, second try"}},
        errors=("not_draft", _VALIDATION),
    ),
    f"DELETE {_ONE}": Operation(errors=("not_draft",)),
    f"POST {_ONE}/publish": Operation(_STUDY, body=_NO_BODY, body_required=False, errors=(_STATUS, _VALIDATION)),
    f"POST {_ONE}/end": Operation(_STUDY, body=_NO_BODY, body_required=False, errors=(_STATUS, _VALIDATION)),
    f"POST {_ONE}/duplicate": Operation(_STUDY, body=_NO_BODY, body_required=False, errors=(_VALIDATION,)),
    **_content(
        "card",
        "cards",
        "Card",
        bodies=_label_bodies("card", "cards"),
        patch=ref("LabelPatch"),
        example={"label": "Apples"},
    ),
    **_content(
        "group",
        "groups",
        "Group",
        bodies=_label_bodies("group", "groups"),
        patch=ref("LabelPatch"),
        example={"label": "Fruit"},
    ),
    **_content(
        "question",
        "questions",
        "Question",
        bodies={
            "oneOf": [
                wrapped("questions", array(ref("NewQuestion"), minItems=1)),
                wrapped("question", ref("NewQuestion")),
            ]
        },
        patch=ref("QuestionPatch"),
        example={"kind": "nps", "prompt": "Would you recommend us?", "required": True},
    ),
    f"GET {_PEOPLE}": Operation(page_of(ref("Participant")), query=("excluded", *PAGE), tagged=False),
    f"POST {_PEOPLE}": Operation(
        envelope(array(ref("Participant"))),
        body=wrapped("participants", array(ref("NewParticipant"), minItems=1, maxItems=100)),
        example={"participants": [_IMPORTED]},
        errors=(_STATUS, _VALIDATION),
        tagged=False,
    ),
    f"GET {_PEOPLE}/{{participant_id}}": Operation(_PERSON),
    f"GET {_PEOPLE}/{{participant_id}}/results": Operation(page_of(ref("Result")), query=PAGE, tagged=False),
    f"POST {_PEOPLE}/{{participant_id}}/exclude": Operation(
        _PERSON,
        body=ref("Exclusion"),
        example={"reason": "hurried"},
        body_required=False,
        errors=(_VALIDATION,),
    ),
    f"POST {_PEOPLE}/{{participant_id}}/include": Operation(
        _PERSON, body=_NO_BODY, body_required=False, errors=(_VALIDATION,)
    ),
    f"GET {_ONE}/results": Operation(
        query=("updated_since", "rows", "cursor"),
        media={"application/x-ndjson": ref("ExportedResult"), "text/csv": TEXT, "text/markdown": TEXT},
        tagged=False,
    ),
    f"GET {_ONE}/metrics": Operation(envelope(ref("Metrics")), query=("flagged",)),
    f"GET {_ONE}/report.md": Operation(query=("flagged",), media={"text/markdown": TEXT}),
    f"GET {_ONE}/report.html": Operation(query=("flagged",), media={"text/html": TEXT}),
    f"GET {_ONE}/charts": Operation(envelope(array(ref("Chart"))), query=("flagged",)),
    f"GET {_ONE}/charts/{{name}}": Operation(query=("flagged",), media={"image/svg+xml": TEXT}),
    f"GET {_COLLECT}": Operation(envelope(ref("RunnerView")), errors=(_STATUS,)),
    f"POST {_COLLECT}/participants": Operation(
        envelope(ref("Admission")),
        body=ref("Newcomer"),
        example={"device": "phone", "locale": "de"},
        body_required=False,
        errors=(_STATUS, _VALIDATION),
    ),
    f"POST {_COLLECT}/participants/{{participant_id}}/results": Operation(
        envelope(ref("Result")),
        body=ref("Payload"),
        example=_TREE_RESULT,
        errors=(_STATUS, _VALIDATION),
        more_answers={200: "The same result was handed in before"},
    ),
    f"POST {_COLLECT}/participants/{{participant_id}}/complete": Operation(
        envelope(ref("Completion")), body=_NO_BODY, body_required=False, errors=(_STATUS, _VALIDATION)
    ),
    "GET /api/v1/docs.md": Operation(media={"text/markdown": TEXT}),
    "GET /docs/micrometrics.md": Operation(media={"text/markdown": TEXT}),
    "GET /docs/metricis.md": Operation(media={"text/markdown": TEXT}),
    "GET /openapi.json": Operation({"type": "object"}, markdown=False),
    "GET /docs": Operation(media={"text/html": TEXT}, markdown=False),
    "GET /": Operation(markdown=False, tagged=False),
    **SIGNED,
    **METRICIS,
}
