"""Seeds of the local stack: made once, kept over restarts, made again where they are missing."""

import json
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.local_stack import accounts
from scripts.local_stack.accounts import add_accounts
from scripts.local_stack.seed import (
    DEMO_PEOPLE,
    SEEDS,
    demo_people,
    read_stack_file,
    seed_demo_study,
    seed_workspaces,
    write_stack_file,
)
from tests.fakes.vault import FakeVault
from tests.handlers.signing import http_date, sign
from tests.scripts.fake_api import FakeApi
from trimetric.auth.apiauth import SignatureAuthenticator
from trimetric.auth.bearer import Authenticator, hash_of
from trimetric.auth.passwords import Passwords
from trimetric.domain.apiauth import SignedRequest
from trimetric.domain.metricis.accounts import Role, User
from trimetric.domain.study_types import study_type
from trimetric.domain.study_types.design import Card, Design
from trimetric.domain.workspaces import READ_PERMISSIONS, Credential, Permission, Plan, Workspace
from trimetric.dynamo.metricis.accounts import Accounts
from trimetric.dynamo.table import DynamoTable
from trimetric.dynamo.workspaces import Workspaces
from trimetric.errors import Unauthorized

CHEAP = Passwords(time_cost=1, memory_kib=8)


@pytest.fixture(autouse=True)
def _cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten real hashes a test would take a second."""
    monkeypatch.setattr(accounts, "PASSWORDS", CHEAP)


NAMES = ["subscribed", "free", "disabled", "neighbour", "load"]


def opened(table: DynamoTable, members: dict[str, Any]) -> Workspace:
    """The workspace that the key of `members` opens."""
    authenticator = Authenticator(Workspaces(table))
    return authenticator.authenticate(f"Bearer {members['ux_metrics_key']}").workspace


def signed(table: DynamoTable, pair: dict[str, str]) -> tuple[Workspace, Credential]:
    """Whose request it is that `pair` signs."""
    date = http_date(datetime.now(UTC))
    signature = sign(pair["secret"], "GET", "", "", "/", date)
    headers = {"date": date, "authorization": f"APIAuth {pair['key']}:{signature}"}
    principal = SignatureAuthenticator(Workspaces(table), FakeVault()).authenticate(
        SignedRequest("GET", "/", "", headers)
    )
    return principal.workspace, principal.credential


def test_the_five_workspaces_are_as_the_hand_over_file_promises(moto_table: DynamoTable) -> None:
    made = seed_workspaces(moto_table, FakeVault(), {})
    assert list(made) == NAMES
    found = {name: opened(moto_table, members) for name, members in made.items()}
    assert {name: workspace.id for name, workspace in found.items()} == {name: made[name]["id"] for name in NAMES}
    facts = {name: (each.plan, each.api_enabled, each.ux_metrics_limit()) for name, each in found.items()}
    assert facts == {
        "subscribed": (Plan.SUBSCRIBED, True, 300),
        "free": (Plan.FREE, True, 60),
        "disabled": (Plan.SUBSCRIBED, False, 300),
        "neighbour": (Plan.SUBSCRIBED, True, 300),
        "load": (Plan.SUBSCRIBED, True, 1_000_000),
    }


def test_members_are_those_that_work(moto_table: DynamoTable) -> None:
    made = seed_workspaces(moto_table, FakeVault(), {})
    assert {tuple(sorted(members)) for members in made.values()} == {
        ("admin", "api_token", "apiauth", "apiauth_read_only", "id", "read_only", "ux_metrics_key")
    }
    roles = {"api_token": Role.ADMIN, "admin": Role.ADMIN, "read_only": Role.READ_ONLY}
    for members in made.values():
        found = {member: holder(moto_table, members, member) for member in roles}
        assert {member: (each.workspace_id, each.role) for member, each in found.items()} == {
            member: (members["id"], role) for member, role in roles.items()
        }


def holder(table: DynamoTable, members: dict[str, Any], member: str) -> Credential | User:
    """Whom this member of the hand-over file lets in."""
    store = Accounts(table)
    if member == "api_token":
        found = store.token(members["id"], hash_of(members[member]))
        assert found is not None
        return found[1]
    user = store.by_email(members[member]["email"])
    assert user is not None
    assert CHEAP.is_right(members[member]["password"], user.password_hash)
    return user


@pytest.mark.parametrize("member", ["api_token", "admin", "read_only"])
def test_what_does_not_let_anybody_in_is_made_again(moto_table: DynamoTable, member: str) -> None:
    first = seed_workspaces(moto_table, FakeVault(), {})["free"]
    spoilt = {**first, member: {**first[member], "password": "forgotten"} if member != "api_token" else "mtk_x"}
    second = {**spoilt}
    add_accounts(moto_table, "free", second)
    assert holder(moto_table, second, member).workspace_id == first["id"]
    assert {name: second[name] for name in first if name != member} == {
        name: first[name] for name in first if name != member
    }
    third = dict(second)
    add_accounts(moto_table, "free", third)
    assert third == second


@pytest.mark.parametrize(
    ("member", "permissions"), [("apiauth", set(Permission)), ("apiauth_read_only", set(READ_PERMISSIONS))]
)
def test_pairs_sign(moto_table: DynamoTable, member: str, permissions: set[Permission]) -> None:
    for found in seed_workspaces(moto_table, FakeVault(), {}).values():
        workspace, credential = signed(moto_table, found[member])
        assert workspace.id == found["id"]
        assert set(credential.permissions) == permissions


def test_the_load_workspace_has_every_limit_raised_even_if_it_is_of_an_earlier_state(moto_table: DynamoTable) -> None:
    made = seed_workspaces(moto_table, FakeVault(), {})
    Workspaces(moto_table).change(made["load"]["id"], limits={"ux_metrics": 1_000_000})
    assert seed_workspaces(moto_table, FakeVault(), made) == made
    assert opened(moto_table, made["load"]).apiauth_limit() == 1_000_000
    assert opened(moto_table, made["free"]).apiauth_limit() == 60


@pytest.mark.parametrize(
    "spoiled",
    [None, {"key": "x", "secret": "y"}, {"key": "0" * 32}, "another secret"],
    ids=["gone", "no such key", "no secret", "another secret"],
)
def test_a_pair_that_does_not_sign_is_made_again(moto_table: DynamoTable, spoiled: Any) -> None:
    first = seed_workspaces(moto_table, FakeVault(), {})
    pair = {**first["free"]["apiauth"], "secret": spoiled} if spoiled == "another secret" else spoiled
    second = seed_workspaces(moto_table, FakeVault(), {**first, "free": {**first["free"], "apiauth": pair}})
    assert {**second["free"], "apiauth": None} == {**first["free"], "apiauth": None}
    assert signed(moto_table, second["free"]["apiauth"])[0].id == first["free"]["id"]
    assert len(Workspaces(moto_table).list_credentials(first["free"]["id"])) == 4


def test_pairs_sealed_by_an_earlier_local_cloud_are_made_again(moto_table: DynamoTable) -> None:
    class LostKey(FakeVault):
        def open(self, sealed: bytes, *, workspace_id: str, credential_id: str) -> bytes:
            raise ClientError({"Error": {"Code": "NotFoundException"}}, "Decrypt")

    first = seed_workspaces(moto_table, FakeVault(), {})
    second = seed_workspaces(moto_table, LostKey(), first)
    assert signed(moto_table, second["free"]["apiauth"])[0].id == first["free"]["id"]
    assert second["free"]["apiauth"] != first["free"]["apiauth"]


def test_a_restart_keeps_everything(moto_table: DynamoTable) -> None:
    first = seed_workspaces(moto_table, FakeVault(), {})
    assert seed_workspaces(moto_table, FakeVault(), first) == first
    assert len(Workspaces(moto_table).list_all()) == len(SEEDS)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("spoil", [{}, {"id": 1}, {"ux_metrics_key": "uxm_v1_x"}], ids=["gone", "no id", "no such key"])
def test_what_does_not_open_anything_is_made_again(moto_table: DynamoTable, name: str, spoil: dict[str, Any]) -> None:
    first = seed_workspaces(moto_table, FakeVault(), {})
    second = seed_workspaces(moto_table, FakeVault(), {**first, name: {**first[name], **spoil} if spoil else None})
    assert second[name]["id"] == first[name]["id"]
    assert opened(moto_table, second[name]).id == first[name]["id"]
    assert {other: second[other] for other in NAMES if other != name} == {
        other: first[other] for other in NAMES if other != name
    }


def test_a_lost_file_brings_new_keys_for_the_same_workspaces(moto_table: DynamoTable) -> None:
    first = seed_workspaces(moto_table, FakeVault(), {})
    second = seed_workspaces(moto_table, FakeVault(), {})
    assert {name: members["id"] for name, members in first.items()} == {
        name: members["id"] for name, members in second.items()
    }
    assert opened(moto_table, second["load"]).id == first["load"]["id"]
    with pytest.raises(Unauthorized):
        opened(moto_table, first["load"])


def test_an_empty_table_makes_everything_again(moto_table: DynamoTable, moto_client: Any) -> None:
    elsewhere = {name: {"id": "ws_0000000000000000", "ux_metrics_key": f"uxm_v1_{'0' * 64}"} for name in NAMES}
    made = seed_workspaces(moto_table, FakeVault(), elsewhere)
    assert not {members["id"] for members in made.values()} & {"ws_0000000000000000"}


def test_the_demo_study_is_made_once() -> None:
    fake = FakeApi()
    study_id = seed_demo_study(fake.client(), None)
    assert fake.studies[study_id]["status"] == "published"
    assert len(fake.studies[study_id]["cards"]) == 12
    assert len(fake.people[study_id]) == DEMO_PEOPLE
    requests = len(fake.requests)
    assert seed_demo_study(fake.client(), study_id) == study_id
    assert len(fake.requests) == requests + 1


def test_the_demo_study_is_completed_after_a_crash() -> None:
    fake = FakeApi()
    study_id = seed_demo_study(fake.client(), None)
    assert seed_demo_study(fake.client(), None) == study_id
    assert (len(fake.studies), len(fake.studies[study_id]["cards"])) == (1, 12)


def test_a_demo_study_of_an_earlier_state_is_made_again() -> None:
    fake = FakeApi()
    assert seed_demo_study(fake.client(), "std_gone") in fake.studies


def test_the_demo_people_sort_as_the_product_accepts() -> None:
    fake = FakeApi()
    cards = fake.studies[seed_demo_study(fake.client(), None)]["cards"]
    ids = {card["label"]: card["id"] for card in cards}
    kind = study_type("card_sort")
    design = Design(kind.default_settings(), cards=tuple(Card(card["id"], card["label"]) for card in cards))
    for person in demo_people(ids):
        (payload,) = kind.parse_results(design, person["results"])
        assert len(payload["placements"]) == 12
    assert demo_people(ids) == demo_people(ids)


def test_the_file_is_its_owners_alone_and_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "stack.json"
    write_stack_file(path, {"workspaces": {}})
    write_stack_file(path, {"workspaces": {"load": {"id": "ws_1"}}})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_stack_file(path) == {"workspaces": {"load": {"id": "ws_1"}}}
    assert [each.name for each in path.parent.iterdir()] == ["stack.json"]


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "stack.json"
    write_stack_file(path, {"workspaces": {}})
    with pytest.raises(TypeError):
        write_stack_file(path, {"workspaces": object()})
    assert json.loads(path.read_text()) == {"workspaces": {}}
    assert [each.name for each in tmp_path.iterdir()] == ["stack.json"]


@pytest.mark.parametrize("content", [None, "", "[]"], ids=["missing", "empty", "a list"])
def test_a_file_that_says_nothing_is_as_none(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "stack.json"
    if content is not None:
        path.write_text(content)
    assert read_stack_file(path) == {}
