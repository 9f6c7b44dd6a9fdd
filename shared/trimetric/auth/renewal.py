"""New secrets for bearer keys and tokens that stay what they are."""

from dataclasses import replace
from datetime import datetime

from trimetric.auth.bearer import NewKey, new_key
from trimetric.auth.metricis import new_token
from trimetric.domain.workspaces import Credential


def renewed(old: Credential, *, now: datetime) -> NewKey:
    """The same key with another secret."""
    if old.role is None:
        made = new_key(old.workspace_id, old.name, now=now)
    else:
        made = new_token(old.workspace_id, old.name, role=old.role, now=now)
    secret = made.credential
    return replace(made, credential=replace(old, secret_hash=secret.secret_hash, last_four=secret.last_four))
