"""What the key endpoints do.

A key keeps its id while its secret is rotated: until the overlap ends two items of the table have that id, of which one
is superseded.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from fastapi import Response

from functions.keys.schemas import NewKey, Rotation
from trimetric.auth.bearer import NewKey as Made
from trimetric.auth.bearer import new_key
from trimetric.auth.metricis import new_token
from trimetric.domain import ids, times
from trimetric.domain.metricis.accounts import Role
from trimetric.domain.workspaces import Credential, CredentialKind
from trimetric.dynamo import workspaces
from trimetric.dynamo.table import Action
from trimetric.dynamo.workspaces import Workspaces
from trimetric.errors import Conflict, NotFound, ValidationFailed
from trimetric.http.answers import Answer, commit, etag_of_data, retried
from trimetric.http.call import Call
from trimetric.http.metricis import body_of, respond_page

#: Pages of this list, which is short.
DEFAULT_PAGE: Final = 20
MOST_A_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class _Page:
    page: int
    per_page: int


@dataclass(frozen=True, slots=True)
class _Key:
    """One key: its current secret, and those that it had before and that have not been forgotten."""

    current: Credential
    former: Sequence[Credential]

    @property
    def id(self) -> str:
        return self.current.id

    def public(self) -> dict[str, Any]:
        used = max((one.last_used_on for one in (self.current, *self.former) if one.last_used_on), default=None)
        shown: dict[str, Any] = {"id": self.id, "kind": self.current.kind.value, "name": self.current.name}
        if self.current.role is not None:
            shown["role"] = self.current.role.value
        return shown | {
            "expires_at": self.current.expires_at,
            "last_used_at": f"{used}T00:00:00.000Z" if used else None,
            "last_four": self.current.last_four,
            "created_at": self.current.created_at,
        }


def list_keys(call: Call) -> Response:
    page = _page(call)
    found = sorted(_keys(call), key=lambda key: (key.current.created_at, key.id))
    begin = (page.page - 1) * page.per_page
    return respond_page(call, [key.public() for key in found[begin : begin + page.per_page]], page, len(found))


def issue_key(call: Call) -> Response:
    call.parameters()
    new = body_of(call, NewKey)
    if new.expires_at is not None and times.parse(new.expires_at) <= call.now:
        raise ValidationFailed.of("expires_at", "must lie in the future")
    made = _made(call, new)
    return _answer(call, made, workspaces.creation_of_key(made.credential), status=201)


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
    made = _with_new_secret(call, old)
    actions = workspaces.rotation_of_key(old, made.credential, ends_at=ends_at, former=key.former)
    return _answer(call, made, *actions)


def _rotation(call: Call) -> Rotation:
    """The body may be left out."""
    if call.content.strip():
        return body_of(call, Rotation)
    call.no_body()
    return Rotation()


def _page(call: Call) -> _Page:
    parameters = call.parameters("page", "per_page")
    return _Page(
        _whole(parameters, "page", default=1, most=10**9),
        _whole(parameters, "per_page", default=DEFAULT_PAGE, most=MOST_A_PAGE),
    )


def _whole(parameters: Mapping[str, str], name: str, *, default: int, most: int) -> int:
    text = parameters.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and 1 <= int(text) <= most):
        raise ValidationFailed.of(name, f"must be a whole number from 1 to {most}")
    return int(text)


@retried
def revoke_key(call: Call) -> Response:
    key = _key(call)
    call.parameters()
    call.no_body()
    call.require_match(etag_of_data(key.public()))
    return commit(call, Answer(status=204), *workspaces.revocation_of_key(key.current, key.former))


def _answer(call: Call, made: Made, *actions: Action, status: int = 200) -> Response:
    """The only time that the secret is shown."""
    call.secret_answer = True
    shown = _Key(made.credential, ()).public() | {"secret": made.secret}
    return commit(call, Answer(shown, status=status), *actions)


def _made(call: Call, new: NewKey) -> Made:
    match new.kind, new.role:
        case CredentialKind.UX_METRICS, None:
            return new_key(call.tenant.id, new.name, now=call.now, expires_at=new.expires_at)
        case CredentialKind.METRICIS, Role() as role:
            return new_token(call.tenant.id, new.name, role=role, now=call.now, expires_at=new.expires_at)
        case CredentialKind.METRICIS, None:
            raise ValidationFailed.of("role", "is required")
        case CredentialKind.UX_METRICS, _:
            raise ValidationFailed.of("role", "only metricis keys have a role")
        case _:
            raise ValidationFailed.of("kind", "must be 'ux_metrics' or 'metricis'")


def _with_new_secret(call: Call, old: Credential) -> Made:
    made = _made(call, NewKey(kind=old.kind, name=old.name, role=old.role, expires_at=old.expires_at))
    credential = replace(
        made.credential, id=old.id, created_at=old.created_at, limit=old.limit, last_used_on=old.last_used_on
    )
    return replace(made, credential=credential)


def _keys(call: Call) -> list[_Key]:
    by_id: dict[str, list[Credential]] = defaultdict(list)
    for credential in Workspaces(call.table).list_credentials(call.tenant.id):
        by_id[credential.id].append(credential)
    # A secret that was superseded and whose successor is gone cannot be: they are revoked together.
    return [_of_secrets(secrets) for secrets in by_id.values()]


def _of_secrets(secrets: Sequence[Credential]) -> _Key:
    current, *former = sorted(secrets, key=lambda secret: secret.superseded)
    return _Key(current, former)


def _key(call: Call) -> _Key:
    key_id = call.path_id("key_id", ids.KEY)
    for key in _keys(call):
        if key.id == key_id:
            return key
    raise NotFound
