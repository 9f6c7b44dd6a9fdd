"""Every route that bears an id, in every dialect: another workspace's object is one that never existed.

Routes are those of the functions, so a new one is held to this without being listed; an id of a new kind is asked for.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

import pytest

from scripts.functions import FUNCTIONS
from tests.handlers.clinic import clinic_of
from tests.handlers.conftest import Client, Platform, Reply, client_of
from tests.handlers.experience import DEVICES, send, survey
from tests.handlers.metricis_accounts import team_of
from tests.handlers.signing import SignedClient, signed_client_of
from tests.handlers.test_collect import Runner
from trimetric.domain.metricis.participants import participant_id
from trimetric.http.dialects import Dialect, of_path

_NAME: Final = re.compile(r"\{(\w+)\}")
#: Names in paths that are no ids.
_OTHER: Final = {"name": "durations.svg"}
#: How much is left of a bucket is the caller's own matter.
_VARYING: Final = {"x-ratelimit-remaining", "x-ratelimit-reset", "ratelimit-burst-remaining"}

#: Ids by their names in paths.
Ids = Mapping[str, str]


def _names(path: str) -> list[str]:
    return [name for name in _NAME.findall(path) if name not in _OTHER]


def _routes() -> list[tuple[str, str]]:
    """Method and path; the collect door is not opened by a workspace's credential."""
    found = {
        (str(method), str(route.path))
        for group in FUNCTIONS
        for route in import_module(f"functions.{group}.routes").router.routes
        for method in route.methods
        if _names(route.path) and "{collect_token}" not in route.path
    }
    return sorted(found, key=lambda route: route[::-1])


ROUTES: Final = _routes()
NESTED: Final = [route for route in ROUTES if len(_names(route[1])) > 1]


@dataclass(frozen=True, slots=True)
class Callers:
    """Of one workspace a dialect, each of which may do everything."""

    ux: Client
    signed: SignedClient
    admin: Client

    def send(self, method: str, path: str, ids: Ids) -> Reply:
        """With an empty object where a body may be."""
        content = b"{}" if method in ("POST", "PUT", "PATCH") else None
        by_dialect: dict[Dialect, Client | SignedClient] = {
            Dialect.UX_METRICS: self.ux,
            Dialect.MICROMETRICS: self.signed,
            Dialect.METRICIS: self.admin,
        }
        full = path.format(**ids, **_OTHER)
        return by_dialect[of_path(path)].request(method, full, content=content, headers={"x-request-id": "one"})


def _newcomers(platform: Platform) -> Callers:
    ux = client_of(platform, limits={"ux_metrics": 1_000_000})
    return Callers(ux, signed_client_of(platform), team_of(platform).admin)


@dataclass(frozen=True, slots=True)
class World:
    """Callers and one object of each kind that they have."""

    callers: Callers
    ids: Mapping[Dialect, Ids]
    #: In the survey study, where questions are; content of other studies is in the card sort.
    asking: Ids

    def ids_of(self, path: str) -> Ids:
        return self.asking if "{question_id}" in path else self.ids[of_path(path)]


def _world(platform: Platform) -> World:
    clinic = clinic_of(platform)
    ux, signed, admin = (
        client_of(platform, limits={"ux_metrics": 1_000_000}),
        signed_client_of(platform),
        clinic.team.admin,
    )
    path = survey(signed)
    experience = {
        "survey_id": path.rpartition("/")[2],
        "response_id": send(signed, path)["id"],
        "device_id": signed.post(DEVICES, {"name": "Kiosk"}).json["id"],
    }
    clinical = {
        "study_id": str(clinic.study_id),
        "battery_id": clinic.battery_id,
        "participant_id": participant_id(workspace_id=clinic.team.workspace.id, study_id=clinic.study_id, code="P001"),
        "session_id": clinic.session()["session_id"],
        "key_id": admin.get("/api/keys").data[0]["id"],
    }
    sorting, asking = (_research(platform, ux, type_) for type_ in ("card_sort", "survey"))
    ids = {Dialect.UX_METRICS: sorting, Dialect.MICROMETRICS: experience, Dialect.METRICIS: clinical}
    return World(Callers(ux, signed, admin), ids, asking)


def _research(platform: Platform, client: Client, type_: str) -> Ids:
    study = client.published(type_, **({"settings": {"sort_type": "closed"}} if type_ == "card_sort" else {}))
    content = {f"{each[:-1]}_id": study[each][0]["id"] for each in ("cards", "groups", "questions") if study.get(each)}
    person = Runner(platform, study).begin()["participant_id"]
    return {"folder_id": client.folder()["id"], "study_id": study["id"], "participant_id": person, **content}


def _nobodys(identifier: str) -> str:
    """Of the same form, and never given to anything."""
    number = re.fullmatch(r"(battery_)?\d+", identifier)
    return f"{number[1] or ''}999" if number else f"{identifier[:-8]}00000000"


def _shown(reply: Reply) -> dict[str, Any]:
    headers = {name: value for name, value in reply.headers.items() if name not in _VARYING}
    return {"status": reply.status, "text": reply.text, "headers": headers}


def test_routes_of_every_dialect_are_looked_at() -> None:
    dialects = [of_path(path) for _, path in ROUTES]
    assert {dialect: dialects.count(dialect) > 5 for dialect in Dialect} == dict.fromkeys(Dialect, True)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_neighbours_object_is_one_that_never_existed(platform: Platform, method: str, path: str) -> None:
    ids, callers = _world(platform).ids_of(path), _newcomers(platform)
    never = {name: _nobodys(identifier) for name, identifier in ids.items()}
    before = platform.table.items()
    seen = callers.send(method, path, ids)
    assert seen.status == 404
    assert _shown(seen) == _shown(callers.send(method, path, never))
    assert platform.table.items() == before


@pytest.mark.parametrize(("method", "path"), NESTED)
def test_what_belongs_to_a_neighbours_object_is_not_found_in_an_own_one(
    platform: Platform, method: str, path: str
) -> None:
    ours, theirs = _world(platform), _world(platform)
    inner = _names(path)[-1]
    foreign = theirs.ids_of(path)[inner]
    before = platform.table.items()
    seen = ours.callers.send(method, path, {**ours.ids_of(path), inner: foreign})
    assert seen.status == 404
    assert _shown(seen) == _shown(ours.callers.send(method, path, {**ours.ids_of(path), inner: _nobodys(foreign)}))
    assert platform.table.items() == before


@pytest.mark.parametrize(("method", "path"), [route for route in ROUTES if route[0] == "GET"])
def test_their_owner_sees_them(platform: Platform, method: str, path: str) -> None:
    """Otherwise the tests above would say nothing."""
    world = _world(platform)
    assert world.callers.send(method, path, world.ids_of(path)).status == 200
