"""Keys that sign: what is kept of them, who is let in, how long an answer is believed, and what a refusal costs."""

import hmac
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from tests.fakes.table import FakeTable
from tests.fakes.vault import FakeVault, WrongContext
from tests.handlers.signing import http_date, sign
from trimetric.auth.apiauth import (
    NewSignatureKey,
    SignatureAuthenticator,
    SignatureRefused,
    hash_of,
    new_signature_key,
    rotated,
)
from trimetric.auth.bearer import Principal, new_key
from trimetric.auth.kept import CACHE_ENTRIES, CACHE_SECONDS
from trimetric.domain import ids, times
from trimetric.domain.apiauth import SignedRequest
from trimetric.domain.workspaces import Credential, Permission, Plan, Workspace
from trimetric.dynamo.table import ConditionFailed
from trimetric.dynamo.workspaces import Workspaces

PATH: Final = "/api/experience/devices"


class World:
    def __init__(self) -> None:
        self.reads = 0
        self.seconds = 1000.0
        self.now = datetime(2026, 1, 31, tzinfo=UTC)
        self.table = FakeTable(before=self._count)
        self.vault = FakeVault()
        self.workspaces = Workspaces(self.table)
        self.authenticator = SignatureAuthenticator(
            self.workspaces, self.vault, clock=lambda: self.now, monotonic=lambda: self.seconds
        )
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

    def add_key(
        self, *, expires_at: datetime | None = None, permissions: tuple[Permission, ...] = tuple(Permission)
    ) -> NewSignatureKey:
        ends = times.to_text(expires_at) if expires_at else None
        made = new_signature_key(
            self.vault, self.workspace.id, "tests", now=self.now, permissions=permissions, expires_at=ends
        )
        self.workspaces.add_credential(made.credential)
        return made

    def request(self, key: str, secret: str, *, date: datetime | None = None) -> SignedRequest:
        text = http_date(date or self.now)
        signature = sign(secret, "GET", "", "", PATH, text)
        return SignedRequest("GET", PATH, "", {"date": text, "authorization": f"APIAuth {key}:{signature}"})

    def enter(self, key: str, secret: str, *, date: datetime | None = None) -> Principal:
        return self.authenticator.authenticate(self.request(key, secret, date=date))

    def refusal(self, key: str, secret: str, *, date: datetime | None = None) -> SignatureRefused:
        with pytest.raises(SignatureRefused) as refused:
            self.enter(key, secret, date=date)
        return refused.value

    def rotate(self, old: Credential, *, days: float) -> NewSignatureKey:
        ends_at = times.to_text(self.now + timedelta(days=days))
        made = rotated(self.vault, old, now=self.now, ends_at=ends_at)
        self.workspaces.replace_secrets(old, made.credential)
        return made


@pytest.fixture
def world() -> World:
    return World()


def test_a_key_begins_with_its_workspace_and_its_secret_is_sealed(world: World) -> None:
    made = world.add_key(permissions=(Permission.DEVICES_READ,))
    assert re.fullmatch(f"{world.workspace.id.removeprefix('ws_')}[0-9a-f]{{16}}", made.key)
    assert len(made.secret) == 64
    assert made.secret not in repr(world.table.items())
    assert made.secret[-4:] == made.credential.last_four == made.credential.secrets[0].last_four
    assert world.workspaces.list_credentials(world.workspace.id) == [made.credential]
    assert made.credential.permissions == (Permission.DEVICES_READ,)
    assert "sealed" not in repr(made.credential)


def test_a_signature_proves_who_calls_in_one_read_and_one_opening(world: World) -> None:
    made = world.add_key()
    for _ in range(3):
        principal = world.enter(made.key, made.secret)
        assert (principal.workspace, principal.credential) == (world.workspace, made.credential)
    assert (world.reads, world.vault.opened) == (1, 1)


def test_an_answer_is_believed_for_less_than_a_minute(world: World) -> None:
    made = world.add_key()
    world.enter(made.key, made.secret)
    world.workspaces.change(world.workspace.id, api_enabled=False)
    world.seconds += CACHE_SECONDS - 1
    assert world.enter(made.key, made.secret).workspace.api_enabled
    world.seconds += 1
    assert not world.enter(made.key, made.secret).workspace.api_enabled
    assert (world.reads, world.vault.opened) == (2, 1)


def test_a_revoked_key_is_refused_within_a_minute(world: World) -> None:
    made = world.add_key()
    world.enter(made.key, made.secret)
    world.workspaces.remove_credential(made.credential)
    world.seconds += CACHE_SECONDS
    assert world.refusal(made.key, made.secret).reason == "unknown key"


def test_rotation_counts_at_once_and_the_old_secret_until_its_end(world: World) -> None:
    old = world.add_key()
    world.enter(old.key, old.secret)
    new = world.rotate(old.credential, days=1)
    assert new.key == old.key
    assert new.secret != old.secret
    assert world.enter(new.key, new.secret).credential.last_four == new.secret[-4:]
    assert world.enter(old.key, old.secret).credential == new.credential
    world.now += timedelta(days=1)
    assert world.refusal(old.key, old.secret).credential_id == old.credential.id
    assert world.enter(new.key, new.secret).credential.id == old.credential.id
    assert world.vault.opened == 2


def test_rotation_without_overlap_ends_the_old_secret(world: World) -> None:
    old = world.add_key()
    new = world.rotate(old.credential, days=0)
    world.enter(new.key, new.secret)
    world.refusal(old.key, old.secret)


def test_a_third_secret_ends_the_first(world: World) -> None:
    first = world.add_key()
    second = world.rotate(first.credential, days=7)
    third = world.rotate(second.credential, days=7)
    world.refusal(first.key, first.secret)
    world.enter(second.key, second.secret)
    world.enter(third.key, third.secret)


def test_two_rotations_at_once_are_one(world: World) -> None:
    made = world.add_key()
    world.rotate(made.credential, days=1)
    with pytest.raises(ConditionFailed):
        world.rotate(made.credential, days=1)


def test_a_key_ends(world: World) -> None:
    made = world.add_key(expires_at=world.now + timedelta(seconds=5))
    world.enter(made.key, made.secret)
    world.now += timedelta(seconds=5)
    assert world.refusal(made.key, made.secret).reason == "the key has ended"


def test_a_stale_date_is_refused_although_the_signature_is_right(world: World) -> None:
    made = world.add_key()
    refusal = world.refusal(made.key, made.secret, date=world.now - timedelta(seconds=901))
    assert (refusal.reason, refusal.credential_id) == ("stale Date header", made.credential.id)


def test_a_signature_of_another_request_is_refused(world: World) -> None:
    made = world.add_key()
    request = world.request(made.key, made.secret)
    with pytest.raises(SignatureRefused) as refused:
        world.authenticator.authenticate(replace(request, path=f"{PATH}/1"))
    assert refused.value.reason == "the signature is not that of this request"


def test_a_strict_authenticator_wants_the_query_signed(world: World) -> None:
    made = world.add_key()
    request = replace(world.request(made.key, made.secret), query="a=b")
    assert world.authenticator.authenticate(request).credential == made.credential
    strict = SignatureAuthenticator(world.workspaces, world.vault, strict_uri=True, clock=lambda: world.now)
    with pytest.raises(SignatureRefused):
        strict.authenticate(request)


@pytest.mark.parametrize("header", [None, "", "Bearer uxm_v1_0", "APIAuth key", "APIAuth :sig"])
def test_a_header_of_another_form_costs_no_read(world: World, header: str | None) -> None:
    headers = {} if header is None else {"authorization": header}
    with pytest.raises(SignatureRefused) as refused:
        world.authenticator.authenticate(SignedRequest("GET", PATH, "", headers))
    assert refused.value.credential_id is None
    assert world.reads == 0


@pytest.mark.parametrize("key", ["testkey", "0" * 31, "g" * 32, "A" * 32])
def test_a_key_of_another_form_is_unknown(world: World, key: str) -> None:
    assert world.refusal(key, "secret").reason == "unknown key"
    assert world.reads == 0


def test_keys_of_other_kinds_and_of_workspaces_that_are_gone_are_unknown(world: World) -> None:
    bearer = new_key(world.workspace.id, "bearer", now=world.now)
    digits = f"{world.workspace.id.removeprefix('ws_')}{'0' * 16}"
    world.workspaces.add_credential(replace(bearer.credential, secret_hash=hash_of(digits)))
    orphan = new_signature_key(world.vault, ids.new_workspace(), "orphan", now=world.now)
    world.workspaces.add_credential(orphan.credential)
    assert world.refusal(digits, "secret").reason == "unknown key"
    assert world.refusal(orphan.key, orphan.secret).reason == "unknown key"


def test_a_new_key_works_although_it_was_unknown_a_moment_before(world: World) -> None:
    made = new_signature_key(world.vault, world.workspace.id, "late", now=world.now)
    world.refusal(made.key, made.secret)
    world.workspaces.add_credential(made.credential)
    world.enter(made.key, made.secret)


def test_a_secret_copied_into_another_key_does_not_open(world: World) -> None:
    made, other = world.add_key(), new_signature_key(world.vault, world.workspace.id, "thief", now=world.now)
    world.workspaces.add_credential(replace(other.credential, secrets=made.credential.secrets))
    with pytest.raises(WrongContext):
        world.enter(other.key, made.secret)


def test_refusals_cost_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrong signatures of known keys and any of unknown ones: one read, as many HMACs."""
    made = world.add_key()
    world.enter(made.key, made.secret)
    hmacs: list[bytes] = []

    def counted(key: bytes, message: bytes, digest: str) -> bytes:
        hmacs.append(message)
        return hmac.new(key, message, digest).digest()

    monkeypatch.setattr("hmac.digest", counted)
    unknown = f"{world.workspace.id.removeprefix('ws_')}{'0' * 16}"
    costs = []
    for key, date in (
        (made.key, world.now),
        (unknown, world.now),
        (made.key, world.now - timedelta(days=1)),
        (unknown, world.now - timedelta(days=1)),
    ):
        world.reads = 0
        hmacs.clear()
        world.refusal(key, "not its secret", date=date)
        costs.append((world.reads, len(hmacs)))
    assert len(set(costs)) == 1
    assert costs[0][0] == 1
    assert 0 < costs[0][1] <= 24


def test_the_process_remembers_so_many_keys_and_forgets_the_oldest(world: World) -> None:
    made = [world.add_key() for _ in range(CACHE_ENTRIES + 1)]
    for each in made:
        world.enter(each.key, each.secret)
    world.reads = 0
    for each in made[1:]:
        world.enter(each.key, each.secret)
    assert world.reads == 0
    world.enter(made[0].key, made[0].secret)
    assert world.reads == 1
