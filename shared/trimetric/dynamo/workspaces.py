"""Workspaces and their credentials."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trimetric.domain.metricis.accounts import Role
from trimetric.domain.times import parse, to_millis
from trimetric.domain.workspaces import Credential, CredentialKind, Plan, Workspace
from trimetric.dynamo import keys
from trimetric.dynamo.keys import Key
from trimetric.dynamo.table import Action, Delete, Item, Put, Table, Update, Value, absent, equals, present


@dataclass(frozen=True, slots=True)
class WorkspaceCounts:
    folders: int
    studies: int


class Workspaces:
    def __init__(self, table: Table) -> None:
        self._table = table

    def with_credential(self, workspace_id: str, secret_hash: str) -> tuple[Workspace, Credential] | None:
        """Both in one round trip; None if either is missing."""
        workspace_key = keys.workspace(workspace_id)
        credential_key = keys.credential(workspace_id, secret_hash)
        found = self._table.get_many([workspace_key, credential_key])
        if workspace_key not in found or credential_key not in found:
            return None
        return workspace_of(found[workspace_key]), _credential(found[credential_key])

    def get(self, workspace_id: str) -> Workspace | None:
        item = self._table.get(keys.workspace(workspace_id))
        return workspace_of(item) if item else None

    def counts(self, workspace_id: str) -> WorkspaceCounts:
        item = self._table.get(keys.workspace_counts(workspace_id)) or {}
        return WorkspaceCounts(folders=item.get("folders", 0), studies=item.get("studies", 0))

    def create(
        self,
        *,
        workspace_id: str,
        name: str,
        plan: Plan,
        api_enabled: bool,
        created_at: str,
        limits: Mapping[str, int] | None = None,
    ) -> Workspace:
        """`limits`: overrides in requests per minute by dialect."""
        workspace = Workspace(
            workspace_id, name, plan, api_enabled, created_at, secrets.token_bytes(32), dict(limits or {})
        )
        key = keys.workspace(workspace_id)
        item: Item = {
            "pk": key.pk,
            "sk": key.sk,
            "name": name,
            "plan": plan.value,
            "api_enabled": api_enabled,
            "created_at": created_at,
            "cursor_key": workspace.cursor_key,
            "limits": workspace.limits,
        }
        registry = keys.workspace_registry(workspace_id)
        self._table.write(Put(item, [absent()]), Put({"pk": registry.pk, "sk": registry.sk}))
        return workspace

    def list_all(self) -> list[Workspace]:
        """Every workspace, oldest id order; for operators."""
        found: list[Workspace] = []
        after: str | None = None
        while page := self._table.query("workspaces", limit=100, after=after):
            items = self._table.get_many(keys.workspace(entry["sk"]) for entry in page)
            found += [workspace_of(items[key]) for entry in page if (key := keys.workspace(entry["sk"])) in items]
            after = page[-1]["sk"]
        return found

    def change(self, workspace_id: str, **attributes: Any) -> None:
        """Set `name`, `plan`, `api_enabled` or `limits`; ConditionFailed if there is no such workspace."""
        self._table.write(Update(keys.workspace(workspace_id), set=attributes, conditions=[present()]))

    def add_credential(self, credential: Credential) -> None:
        self._table.write(_creation(credential))

    def list_credentials(self, workspace_id: str) -> list[Credential]:
        found: list[Credential] = []
        after: str | None = None
        while page := self._table.query(workspace_id, prefix="key#", limit=100, after=after):
            found += map(_credential, page)
            after = page[-1]["sk"]
            if len(page) < 100:
                break
        return found

    def change_credential(self, credential: Credential, **attributes: Any) -> None:
        """Set `ends_at`, `limit` or `name`; ConditionFailed if it is gone."""
        key = _credential_key(credential)
        removed = [name for name, value in attributes.items() if value is None]
        kept = {name: value for name, value in attributes.items() if value is not None}
        self._table.write(Update(key, set=kept, remove=removed, conditions=[present()]))

    def replace_credential(self, old: Credential, new: Credential, *, ends_at: str) -> None:
        """Add `new` and end `old` at `ends_at`; ConditionFailed if `old` changed or went since it was read."""
        unchanged = absent("ends_at") if old.expires_at is None else equals("ends_at", old.expires_at)
        self._table.write(
            Update(_credential_key(old), set={"ends_at": ends_at}, conditions=[present(), unchanged]),
            _creation(new),
        )

    def note_use(self, credential: Credential, *, on: str) -> None:
        """ConditionFailed if it is gone."""
        self._table.write(Update(_credential_key(credential), set={"last_used_on": on}, conditions=[present()]))

    def remove_credential(self, credential: Credential) -> None:
        """Revoke at once: processes that have it cached refuse it within `trimetric.auth.bearer.CACHE_SECONDS`."""
        self._table.write(Delete(_credential_key(credential)))


def _credential_key(credential: Credential) -> Key:
    return keys.credential(credential.workspace_id, credential.secret_hash)


def creation_of_key(credential: Credential) -> Put:
    return _creation(credential)


def rotation_of_key(
    old: Credential, new: Credential, *, ends_at: str, former: Sequence[Credential]
) -> Sequence[Action]:
    """`new` is the secret of the key from now on, `old` until `ends_at`, those before it no longer.

    Refused if `old` was superseded or revoked since it was read.
    """
    forgotten = to_millis(parse(ends_at)) // 1000 + 1
    ending: dict[str, Value] = {"ends_at": ends_at, "superseded": True, keys.TTL: forgotten}
    supersede = Update(_credential_key(old), set=ending, conditions=[present(), absent("superseded")])
    return supersede, _creation(new), *(Delete(_credential_key(one)) for one in former)


def revocation_of_key(current: Credential, former: Sequence[Credential]) -> Sequence[Action]:
    """Refused if `current` was superseded or revoked since it was read."""
    newest = [present(), absent("superseded")]
    return Delete(_credential_key(current), newest), *(Delete(_credential_key(one)) for one in former)


def _creation(credential: Credential) -> Put:
    key = _credential_key(credential)
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "id": credential.id,
        "kind": credential.kind.value,
        "name": credential.name,
        "last_four": credential.last_four,
        "created_at": credential.created_at,
        "ends_at": credential.expires_at,
        "limit": credential.limit,
        "role": credential.role.value if credential.role else None,
        "last_used_on": credential.last_used_on,
    }
    return Put(item, [absent()])


def workspace_of(item: Item) -> Workspace:
    return Workspace(
        id=item["pk"],
        name=item["name"],
        plan=Plan(item["plan"]),
        api_enabled=item["api_enabled"],
        created_at=item["created_at"],
        cursor_key=item["cursor_key"],
        limits=item["limits"],
    )


def _credential(item: Item) -> Credential:
    return Credential(
        id=item["id"],
        workspace_id=item["pk"],
        kind=CredentialKind(item["kind"]),
        name=item["name"],
        last_four=item["last_four"],
        created_at=item["created_at"],
        secret_hash=item["sk"].removeprefix("key#"),
        expires_at=item.get("ends_at"),
        limit=item.get("limit"),
        role=Role(item["role"]) if "role" in item else None,
        last_used_on=item.get("last_used_on"),
        superseded=item.get("superseded", False),
    )
