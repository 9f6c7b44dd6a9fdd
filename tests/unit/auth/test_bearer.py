"""Bearer keys: what they look like, what is kept of them, how long an answer about them is believed."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.fakes.table import FakeTable
from trimetric.auth.bearer import Authenticator, NewKey, hash_of, new_key
from trimetric.auth.kept import CACHE_ENTRIES, CACHE_SECONDS
from trimetric.domain import ids, times
from trimetric.domain.workspaces import CredentialKind, Plan, Workspace
from trimetric.dynamo.table import Put
from trimetric.dynamo.workspaces import Workspaces
from trimetric.errors import Unauthorized


class World:
    def __init__(self) -> None:
        self.reads = 0
        self.seconds = 1000.0
        self.now = datetime(2026, 1, 31, tzinfo=UTC)
        self.table = FakeTable(before=self._count)
        self.workspaces = Workspaces(self.table)
        self.authenticator = Authenticator(self.workspaces, clock=lambda: self.now, monotonic=lambda: self.seconds)
        self.workspace = self.add_workspace()

    def _count(self, operation: str) -> None:
        self.reads += operation == "get_many"

    def add_workspace(self) -> Workspace:
        return self.workspaces.create(
            workspace_id=ids.new_workspace(),
            name="Acme",
            plan=Plan.FREE,
            api_enabled=True,
            created_at=times.to_text(self.now),
        )

    def add_key(self, *, expires_at: datetime | None = None) -> NewKey:
        ends = times.to_text(expires_at) if expires_at else None
        key = new_key(self.workspace.id, "tests", now=self.now, expires_at=ends)
        self.workspaces.add_credential(key.credential)
        return key


@pytest.fixture
def world() -> World:
    return World()


def test_a_key_is_the_documents_form_and_begins_with_its_workspace(world: World) -> None:
    key = world.add_key()
    assert re.fullmatch(r"uxm_v1_[0-9a-f]{64}", key.secret)
    assert key.secret.startswith(f"uxm_v1_{world.workspace.id.removeprefix('ws_')}")
    assert key.secret != world.add_key().secret


def test_only_a_hash_is_kept(world: World) -> None:
    key = world.add_key()
    assert key.secret[-48:] not in repr(world.table.items())
    assert key.credential.last_four == key.secret[-4:]
    assert key.credential.secret_hash == hash_of(key.secret)
    assert key.credential.secret_hash not in repr(key.credential)


def test_a_key_proves_who_calls_in_one_read(world: World) -> None:
    key = world.add_key()
    principal = world.authenticator.authenticate(f"Bearer {key.secret}")
    assert (principal.workspace, principal.credential) == (world.workspace, key.credential)
    assert world.reads == 1


def test_an_answer_is_believed_for_less_than_a_minute(world: World) -> None:
    assert CACHE_SECONDS < 60
    header = f"Bearer {world.add_key().secret}"
    world.authenticator.authenticate(header)
    world.workspaces.change(world.workspace.id, plan="subscribed")
    world.seconds += CACHE_SECONDS - 1
    assert world.authenticator.authenticate(header).workspace.plan is Plan.FREE
    world.seconds += 1
    assert world.authenticator.authenticate(header).workspace.plan is Plan.SUBSCRIBED
    assert world.reads == 2


def test_the_time_counts_from_before_the_read(world: World) -> None:
    """What changed while the read was under way is seen in time as well."""
    header = f"Bearer {world.add_key().secret}"
    world.table.before = lambda operation: setattr(world, "seconds", world.seconds + 30)
    world.authenticator.authenticate(header)
    world.seconds += CACHE_SECONDS - 30
    world.table.before = world._count
    world.authenticator.authenticate(header)
    assert world.reads == 1


def test_a_refusal_is_not_believed_longer_than_the_request(world: World) -> None:
    key = new_key(world.workspace.id, "late", now=world.now)
    with pytest.raises(Unauthorized):
        world.authenticator.authenticate(f"Bearer {key.secret}")
    world.workspaces.add_credential(key.credential)
    assert world.authenticator.authenticate(f"Bearer {key.secret}").credential == key.credential


def test_an_expired_key_is_refused_although_it_is_remembered(world: World) -> None:
    header = f"Bearer {world.add_key(expires_at=world.now + timedelta(seconds=5)).secret}"
    world.authenticator.authenticate(header)
    world.now += timedelta(seconds=5)
    with pytest.raises(Unauthorized):
        world.authenticator.authenticate(header)


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer x", "Token {}", "Bearer {} ", " Bearer {}", "Bearer {}, Bearer {}", "{}"]
)
def test_a_header_of_another_form_costs_no_read(world: World, header: str | None) -> None:
    secret = world.add_key().secret
    with pytest.raises(Unauthorized) as refusal:
        world.authenticator.authenticate(header and header.replace("{}", secret))
    assert refusal.value.headers == {"WWW-Authenticate": "Bearer"}
    assert world.reads == 0


def test_a_credential_of_another_kind_is_refused_here(world: World) -> None:
    key = new_key(world.workspace.id, "other", now=world.now)
    world.workspaces.add_credential(key.credential)
    stored = next(item for item in world.table.items() if item["sk"].startswith("key#"))
    world.table.write(Put({**stored, "kind": CredentialKind.METRICIS.value}))
    with pytest.raises(Unauthorized):
        world.authenticator.authenticate(f"Bearer {key.secret}")


def test_a_key_of_a_workspace_that_is_gone_is_refused(world: World) -> None:
    key = new_key(ids.new_workspace(), "orphan", now=world.now)
    world.workspaces.add_credential(key.credential)
    with pytest.raises(Unauthorized):
        world.authenticator.authenticate(f"Bearer {key.secret}")


def test_the_process_remembers_so_many_keys_and_forgets_the_oldest(world: World) -> None:
    headers = [f"Bearer {world.add_key().secret}" for _ in range(CACHE_ENTRIES + 1)]
    for header in headers:
        world.authenticator.authenticate(header)
    world.reads = 0
    for header in headers[1:]:
        world.authenticator.authenticate(header)
    assert world.reads == 0
    world.authenticator.authenticate(headers[0])
    assert world.reads == 1
