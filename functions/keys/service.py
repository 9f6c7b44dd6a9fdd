"""What the key endpoints do."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from fastapi import Response

from functions.keys.schemas import NewKey, Rotation
from trimetric.auth.bearer import NewKey as NewBearerKey
from trimetric.auth.bearer import new_key
from trimetric.auth.metricis import new_token
from trimetric.auth.renewal import renewed
from trimetric.domain import ids, times
from trimetric.domain.workspaces import CredentialKind, Permission
from trimetric.dynamo import workspaces
from trimetric.dynamo.table import Action
from trimetric.dynamo.workspaces import IssuedKey, Workspaces
from trimetric.errors import Conflict, NotFound, ValidationFailed
from trimetric.http.answers import Answer, commit, etag_of_data, retried, vault_of
from trimetric.http.call import Call
from trimetric.http.metricis import body_of, page_of, respond_page

if TYPE_CHECKING:
    from trimetric.auth.apiauth import NewSignatureKey


def public(key: IssuedKey) -> dict[str, Any]:
    current, used = key.current, key.last_used_on
    return {
        "id": current.id,
        "kind": current.kind.value,
        "name": current.name,
        **({"key": current.key, "permissions": list(current.permissions)} if current.key is not None else {}),
        **({"role": current.role.value} if current.role is not None else {}),
        "expires_at": current.expires_at,
        "last_used_at": f"{used}T00:00:00.000Z" if used else None,
        "last_four": current.last_four,
        "created_at": current.created_at,
    }


def list_keys(call: Call) -> Response:
    page = page_of(call)
    found = Workspaces(call.table).keys(call.tenant.id)
    return respond_page(call, [public(key) for key in found[page.start : page.end]], page, len(found))


def issue_key(call: Call) -> Response:
    call.parameters()
    new = body_of(call, NewKey)
    if new.expires_at is not None and times.parse(new.expires_at) <= call.now:
        raise ValidationFailed.of("expires_at", "must lie in the future")
    made = _made(call, new)
    return _answer(call, made, workspaces.issuing(made.credential), status=201)


@retried
def rotate_key(call: Call) -> Response:
    key = _key(call)
    call.parameters()
    rotation = _rotation(call)
    old = key.current
    if old.expires_at is not None and times.parse(old.expires_at) <= call.now:
        raise Conflict("This key has ended; issue a new one")
    last = call.now + timedelta(days=rotation.overlap_days)
    ends_at = min(filter(None, (old.expires_at, times.to_text(last))))
    if old.kind is CredentialKind.APIAUTH:
        from trimetric.auth.apiauth import rotated

        signing = rotated(vault_of(call), old, now=call.now, ends_at=ends_at)
        return _answer(call, signing, workspaces.replacement(old, signing.credential))
    made = renewed(old, now=call.now)
    return _answer(call, made, *workspaces.rotation(key, made.credential, ends_at=ends_at))


def _rotation(call: Call) -> Rotation:
    """The body may be left out."""
    if call.content.strip():
        return body_of(call, Rotation)
    call.no_body()
    return Rotation()


@retried
def revoke_key(call: Call) -> Response:
    key = _key(call)
    call.parameters()
    call.no_body()
    call.require_match(etag_of_data(public(key)))
    return commit(call, Answer(status=204), *workspaces.revocation(key))


def _answer(call: Call, made: "NewBearerKey | NewSignatureKey", *actions: Action, status: int = 200) -> Response:
    """The only time that the secret is shown."""
    call.secret_answer = True
    shown = public(IssuedKey(made.credential)) | {"secret": made.secret}
    return commit(call, Answer(shown, status=status), *actions)


def _made(call: Call, new: NewKey) -> "NewBearerKey | NewSignatureKey":
    _fits(new)
    workspace_id, name, now, ends_at = call.tenant.id, new.name, call.now, new.expires_at
    if new.role is not None:
        return new_token(workspace_id, name, role=new.role, now=now, expires_at=ends_at)
    if new.kind is CredentialKind.UX_METRICS:
        return new_key(workspace_id, name, now=now, expires_at=ends_at)
    # Few keys sign, so others need not wait for this to be loaded.
    from trimetric.auth.apiauth import new_signature_key

    permissions = tuple(each for each in Permission if each in (new.permissions or Permission))
    return new_signature_key(vault_of(call), workspace_id, name, now=now, permissions=permissions, expires_at=ends_at)


def _fits(new: NewKey) -> None:
    if new.role is None and new.kind is CredentialKind.METRICIS:
        raise ValidationFailed.of("role", "is required")
    if new.role is not None and new.kind is not CredentialKind.METRICIS:
        raise ValidationFailed.of("role", "only metricis keys have a role")
    if new.permissions is not None and new.kind is not CredentialKind.APIAUTH:
        raise ValidationFailed.of("permissions", "only apiauth keys have permissions")


def _key(call: Call) -> IssuedKey:
    key_id = call.path_id("key_id", ids.KEY)
    for key in Workspaces(call.table).keys(call.tenant.id):
        if key.id == key_id:
            return key
    raise NotFound
