"""Documentation, the OpenAPI document, and paths that nobody has."""

import json
import re
from collections.abc import Mapping
from importlib import import_module
from typing import Any, get_args

import pytest

from scripts.environments import ROOT
from scripts.functions import ALL, FUNCTIONS
from scripts.openapi.access import role_of
from scripts.openapi.document import TARGET, document, routes, text
from scripts.openapi.operations import OPERATIONS
from tests.handlers.conftest import DEFAULT_GROUP, ROUTES, Client, Platform
from tests.handlers.events import event
from trimetric import errors
from trimetric.domain.metricis.accounts import Role
from trimetric.domain.metricis.list_kinds import BATTERIES, PARTICIPANTS, SESSIONS, STUDIES, Kind
from trimetric.http import signed
from trimetric.http.dialects import Dialect, code_of, of_path

DOCS = "/api/v1/docs.md"
SIGNED_DOCS = "/docs/micrometrics.md"
METRICIS_DOCS = "/docs/metricis.md"
PAGES = [DOCS, SIGNED_DOCS, METRICIS_DOCS]
DOCUMENTS = [*PAGES, "/openapi.json", "/docs"]

PERMISSIONS = {
    get_args(getattr(signed, name))[1].dependency: permission
    for name, permission in {
        "DevicesReader": "devices:read",
        "DevicesWriter": "devices:write",
        "SurveysReader": "surveys:read",
        "SurveysWriter": "surveys:write",
        "ResponsesReader": "responses:read",
        "ResponsesWriter": "responses:write",
    }.items()
}
#: As the documentation of the Metricis dialect writes them.
ROLES: dict[str, Role | None] = {"none": None, **{f"`{role.value}`": role for role in Role}}
#: Of the Micrometrics dialect alone.
SIGNED_ERRORS = {
    errors.InvalidWindow,
    errors.InvalidCursor,
    errors.PermissionDenied,
    errors.SurveyNotActive,
    errors.SurveyInUse,
    errors.DuplicateResponse,
}
#: Of the Metricis dialect alone.
METRICIS_ERRORS = {errors.Conflict}
#: Of the UX Metrics dialect alone.
STUDY_ERRORS = {
    errors.SubscriptionRequired,
    errors.InvalidType,
    errors.NotDraft,
    errors.InvalidStatusTransition,
    errors.HasStudies,
    errors.WrongStudyType,
}


def test_documentation_needs_no_key_and_counts_its_readers(anonymous: Client, platform: Platform) -> None:
    replies = [anonymous.get(DOCS) for _ in range(61)]
    assert [reply.status for reply in replies] == [200] * 60 + [429]
    first, last = replies[0], replies[-1]
    assert first.headers["content-type"] == "text/markdown; charset=utf-8"
    assert first.text.startswith("# UX Metrics API v1\n")
    assert (first.headers["x-ratelimit-limit"], first.headers["x-ratelimit-remaining"]) == ("60", "59")
    assert int(last.headers["retry-after"]) >= 1
    assert last.refusal == (429, "rate_limited")
    elsewhere = platform.send(event("GET", DOCS, address="198.51.100.9"))
    assert elsewhere.status == 200


def test_a_key_changes_nothing(api: Client, anonymous: Client) -> None:
    assert api.get(DOCS).text == anonymous.get(DOCS, accept="application/json").text


@pytest.mark.parametrize("path", DOCUMENTS)
def test_unchanged_documents_are_not_sent_again(anonymous: Client, path: str) -> None:
    first = anonymous.get(path)
    again = anonymous.get(path, if_none_match=first.headers["etag"])
    assert (again.status, again.text) == (304, "")
    assert again.headers["content-type"] == first.headers["content-type"]


@pytest.mark.parametrize("path", [*DOCUMENTS, "/"])
def test_unknown_parameters_and_other_methods_are_refused(anonymous: Client, path: str) -> None:
    assert anonymous.get(path, "x=1").status == (400 if path == DOCS else 422)
    refused = anonymous.post(path, {})
    assert refused.status == 405
    assert "GET" in refused.headers["allow"]


def test_every_endpoint_is_documented(anonymous: Client) -> None:
    shown = anonymous.get(DOCS).text
    listed = set(re.findall(r"^\| (GET|POST|PATCH|DELETE) \| `([^`?]+)", shown, re.MULTILINE))
    named = {
        (method, re.sub(r"\{(\w+)\}", _name_in_documentation, route.path.removeprefix("/api/v1")))
        for route, method in routes()
        if route.path.startswith("/api/v1/")
    }
    assert listed == named


def test_every_signed_endpoint_is_documented_with_its_permission(anonymous: Client) -> None:
    shown = anonymous.get(SIGNED_DOCS).text
    listed = set(re.findall(r"^\| (GET|POST|PUT|DELETE) \| `([^`]+)` \| (\w+:\w+) \|", shown, re.MULTILINE))
    named = {
        (
            method,
            re.sub(r"\{(\w+)\}", r":\1", route.path.removeprefix("/api/experience")),
            PERMISSIONS[route.dependant.dependencies[0].call],
        )
        for route, method in routes()
        if route.path.startswith("/api/experience/")
    }
    assert listed == named


def test_every_metricis_endpoint_is_documented_with_its_role(anonymous: Client) -> None:
    shown = anonymous.get(METRICIS_DOCS).text
    listed = re.findall(r"^\| `(\w+ /api/[^`?]+)[^`]*` \| (none|`\w+`)[^|]* \|", shown, re.MULTILINE)
    named = {
        (_without_names(f"{method} {route.path}"), role_of(route))
        for route, method in routes()
        if of_path(route.path) is Dialect.METRICIS and route.path.startswith("/api/")
    }
    assert {(_without_names(request), ROLES[role]) for request, role in listed} == named
    assert len(listed) == len(named)


def _without_names(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path)


def _name_in_documentation(match: re.Match[str]) -> str:
    name = match.group(1)
    return {"participant_id": ":pid", "folder_id": ":id", "study_id": ":id", "name": ":name.svg"}.get(name, f":{name}")


def test_every_error_is_documented(anonymous: Client) -> None:
    pages = {
        Dialect.UX_METRICS: (DOCS, SIGNED_ERRORS | METRICIS_ERRORS),
        Dialect.MICROMETRICS: (SIGNED_DOCS, STUDY_ERRORS | METRICIS_ERRORS),
        Dialect.METRICIS: (METRICIS_DOCS, STUDY_ERRORS | SIGNED_ERRORS),
    }
    for dialect, (path, foreign) in pages.items():
        shown = anonymous.get(path).text
        for error in set(errors.ApiError.__subclasses__()) - foreign:
            assert f"| {error.status} | `{code_of(error(), dialect)}` |" in shown


@pytest.mark.parametrize("path", PAGES)
def test_links_inside_the_documentation_lead_somewhere(anonymous: Client, path: str) -> None:
    shown = anonymous.get(path).text
    headings = re.findall(r"^#+ (.+)$", shown, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", shown)) <= anchors


def test_the_root_leads_to_the_documentation(anonymous: Client) -> None:
    reply = anonymous.get("/")
    assert (reply.status, reply.headers["location"]) == (302, "/docs")
    index = anonymous.get("/docs")
    assert index.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in index.headers["content-security-policy"]
    for target in re.findall(r'href="([^"]+)"', index.text):
        assert anonymous.get(target).status == 200


# -- the OpenAPI document ----------------------------------------------------------------------------------------------


def test_the_committed_document_is_what_the_code_says(anonymous: Client) -> None:
    assert TARGET.read_text(encoding="utf-8") == text(), "stale: run `make openapi`"
    assert anonymous.get("/openapi.json").json == document()


def test_each_endpoint_is_described_once() -> None:
    described = [f"{method} {route.path}" for route, method in routes()]
    assert sorted(described) == sorted(OPERATIONS)
    assert len(set(described)) == len(described)
    names = [operation["operationId"] for path in document()["paths"].values() for operation in path.values()]
    assert len(set(names)) == len(names)


def test_what_each_metricis_endpoint_asks_for_is_described() -> None:
    described = document()["paths"]
    for route, method in routes():
        operation, role = described[route.path][method.lower()], role_of(route)
        if route.path.startswith("/api/") and of_path(route.path) is Dialect.METRICIS:
            assert operation["tags"][0].startswith("Metricis: ")
            assert operation.get("description", "").startswith(f"Role: `{role.value}`." if role else "")
            assert ({"token": []} in operation["security"]) == (role is not None)
            refused = document_of(operation["responses"]["500"])
            assert refused["content"]["application/json"]["schema"]["$ref"].endswith("/MetricisError")


def test_lists_of_the_metricis_dialect_are_described_by_what_they_take() -> None:
    described = document()["paths"]
    for kind in (STUDIES, PARTICIPANTS, BATTERIES, SESSIONS):
        parameters = {
            each["name"]: each for each in described[f"/api/{kind.name}"]["get"]["parameters"] if "name" in each
        }
        ranged = {"start_date", "end_date"} if kind is SESSIONS else set()
        assert set(parameters) == {"page", "per_page", "sort", "order", "fields", *kind.choices, *ranged}
        assert parameters["sort"]["schema"]["enum"] == list(kind.sorts)
        assert parameters["fields"]["schema"]["items"]["enum"] == list(kind.fields)


@pytest.mark.parametrize("kind", [STUDIES, PARTICIPANTS, BATTERIES, SESSIONS], ids=lambda kind: str(kind.name))
def test_rows_are_described_with_all_their_members(kind: Kind) -> None:
    described = document()
    schema = described["paths"][f"/api/{kind.name}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    row = document_of(schema["properties"]["data"]["items"])
    assert list(row["properties"]) == list(kind.fields)
    assert row["required"] == [kind.id]


def document_of(reference: Mapping[str, str]) -> Any:
    found: Any = document()
    for part in reference["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return found


def test_the_gateway_has_each_path() -> None:
    routers = {
        group: import_module(f"functions.{group}.routes").router for group in FUNCTIONS if group != DEFAULT_GROUP
    }
    served = {route.path: group for group, router in routers.items() for route in router.routes}
    assert served == ROUTES


def test_references_lead_somewhere() -> None:
    whole = document()
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(whole)):
        found: Any = whole
        for part in reference.split("/"):
            found = found[part]


def test_the_picture_of_the_architecture_shows_each_function() -> None:
    picture = (ROOT / "docs" / "architecture.svg").read_text(encoding="utf-8")
    # A long name stands in two lines.
    shown = re.sub(r"_</text>\n<text[^>]*>", "_", picture)
    assert [name for name in ALL if f">{name}</text>" not in shown] == []


# -- paths that nobody has ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "PUT", "OPTIONS", "PROPFIND"])
@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/api/v1/nothing", "not_found"),
        ("/api/v1", "not_found"),
        ("/api/v1/folders/", "not_found"),
        ("/api/v1/studies/std_1/cards/crd_1/more", "not_found"),
        ("/api/experience/nothing", "not_found"),
        ("/api/nothing", "NOT_FOUND"),
        ("/nothing", "NOT_FOUND"),
        ("/favicon.ico", "NOT_FOUND"),
    ],
)
def test_unknown_paths_are_not_found_in_their_dialect(anonymous: Client, method: str, path: str, code: str) -> None:
    reply = anonymous.request(method, path)
    assert reply.status == 404
    assert reply.headers["content-type"] == "application/json"
    assert reply.json["error"]["code"] == code
    assert ("status" in reply.json["error"]) == path.startswith("/api/v1")
    assert reply.headers["x-request-id"]
