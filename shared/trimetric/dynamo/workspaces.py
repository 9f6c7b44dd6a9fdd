"""Workspaces and their credentials."""

import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trimetric.domain.metricis.accounts import Role
from trimetric.domain.times import parse, to_millis
from trimetric.domain.workspaces import Credential, CredentialKind, Permission, Plan, SealedSecret, Workspace
from trimetric.dynamo import keys
from trimetric.dynamo.keys import Key
from trimetric.dynamo.table import Action, Delete, Item, Put, Table, Update, Value, absent, equals, present


@dataclass(frozen=True, slots=True)
class WorkspaceCounts:
    folders: int
    studies: int


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key with its current secret and those that it had before, as far as they have not been forgotten.

    Keys of the kind `apiauth` hold all of their secrets in one credential.
    """

    current: Credential
    former: Sequence[Credential] = ()

    @classmethod
    def of(cls, credentials: Sequence[Credential]) -> "IssuedKey":
        current, *former = sorted(credentials, key=lambda credential: credential.superseded)
        return cls(current, former)

    @property
    def id(self) -> str:
        return self.current.id

    @property
    def all(self) -> Sequence[Credential]:
        return self.current, *self.former

    @property
    def last_used_on(self) -> str | None:
        return max((one.last_used_on for one in self.all if one.last_used_on), default=None)


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

    def set_limit(self, workspace_id: str, kind: CredentialKind, per_minute: int | None) -> None:
        """Override one dialect's limit, or with None take the override back; ConditionFailed as for `change`."""
        path = f"limits.{kind.value}"
        update = Update(
            keys.workspace(workspace_id),
            set={} if per_minute is None else {path: per_minute},
            remove=[path] if per_minute is None else [],
            conditions=[present()],
        )
        self._table.write(update)

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

    def keys(self, workspace_id: str) -> list[IssuedKey]:
        """All of a workspace, the oldest first."""
        by_id: dict[str, list[Credential]] = defaultdict(list)
        for credential in self.list_credentials(workspace_id):
            by_id[credential.id].append(credential)
        found = [IssuedKey.of(credentials) for credentials in by_id.values()]
        return sorted(found, key=lambda key: (key.current.created_at, key.id))

    def rotate(self, key: IssuedKey, new: Credential, *, ends_at: str) -> None:
        """ConditionFailed if the key was rotated or revoked since it was read."""
        self._table.write(*rotation(key, new, ends_at=ends_at))

    def revoke(self, key: IssuedKey) -> None:
        """At once: processes that have it cached refuse it within `trimetric.auth.kept.CACHE_SECONDS`.

        ConditionFailed if the key was rotated or revoked since it was read.
        """
        self._table.write(*revocation(key))

    def note_use(self, credential: Credential, *, on: str) -> None:
        """ConditionFailed if it is gone."""
        self._table.write(Update(_credential_key(credential), set={"last_used_on": on}, conditions=[present()]))

    def replace_secrets(self, old: Credential, new: Credential) -> None:
        """Give an `apiauth` key the secrets of `new`; ConditionFailed if others changed them since `old` was read."""
        self._table.write(replacement(old, new))

    def remove_credential(self, credential: Credential) -> None:
        """Revoke at once: processes that have it cached refuse it within `trimetric.auth.kept.CACHE_SECONDS`."""
        self._table.write(Delete(_credential_key(credential)))


def _credential_key(credential: Credential) -> Key:
    return keys.credential(credential.workspace_id, credential.secret_hash)


def issuing(credential: Credential) -> Action:
    return _creation(credential)


def rotation(key: IssuedKey, new: Credential, *, ends_at: str) -> Sequence[Action]:
    """`new` holds the key's secret from now on, the current one ends at `ends_at`, those before it end now.

    Refused if the key was rotated or revoked since it was read.
    """
    forgotten = to_millis(parse(ends_at)) // 1000 + 1
    ending: dict[str, Value] = {"ends_at": ends_at, "superseded": True, keys.TTL: forgotten}
    supersede = Update(_credential_key(key.current), set=ending, conditions=[present(), absent("superseded")])
    return supersede, _creation(new), *_removals(key.former)


def replacement(old: Credential, new: Credential) -> Action:
    """An `apiauth` key has the secrets of `new` from now on; refused if others changed them since `old` was read."""
    changed: dict[str, Value] = {"secrets": _secrets(new), "last_four": new.last_four}
    unchanged = equals("secrets", _secrets(old))
    return Update(_credential_key(old), set=changed, conditions=[present(), unchanged])


def revocation(key: IssuedKey) -> Sequence[Action]:
    """Refused if the key was rotated or revoked since it was read."""
    newest = [present(), absent("superseded")]
    return Delete(_credential_key(key.current), newest), *_removals(key.former)


def _removals(former: Sequence[Credential]) -> list[Delete]:
    return [Delete(_credential_key(credential)) for credential in former]


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
    if credential.kind is CredentialKind.APIAUTH:
        item |= {
            "key": credential.key,
            "permissions": [permission.value for permission in credential.permissions],
            "secrets": _secrets(credential),
        }
    return Put(item, [absent()])


def _secrets(credential: Credential) -> list[Value]:
    return [
        {"sealed": secret.sealed, "last_four": secret.last_four, "ends_at": secret.ends_at}
        for secret in credential.secrets
    ]


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
        key=item.get("key"),
        permissions=tuple(Permission(permission) for permission in item.get("permissions", ())),
        secrets=tuple(SealedSecret(**secret) for secret in item.get("secrets", ())),
        role=Role(item["role"]) if "role" in item else None,
        last_used_on=item.get("last_used_on"),
        superseded=item.get("superseded", False),
    )
