"""Who may come in: the collect token names a study, the participant token a person in it."""

import hashlib
import re
from dataclasses import dataclass
from hmac import compare_digest
from typing import Final

from trimetric.domain import ids
from trimetric.domain.studies import Status, Study
from trimetric.domain.throttle import Policy
from trimetric.domain.times import to_millis
from trimetric.dynamo.parallel import both
from trimetric.dynamo.participants import Participants, Person
from trimetric.dynamo.studies import Studies
from trimetric.dynamo.workspaces import Workspaces
from trimetric.errors import Forbidden, InvalidStatusTransition, NotFound, Unauthorized
from trimetric.http.call import Call

_COLLECT_TOKEN: Final = re.compile(r"col_([0-9a-f]{16})([0-9a-hjkmnp-tv-z]{26})([0-9a-f]{32})")
_BEARER: Final = re.compile(r"Bearer +([A-Za-z0-9_-]{43})", re.IGNORECASE)

#: Requests per minute of all runners of one study together.
STUDY_LIMIT: Final = 6_000

TOKEN_OCTETS: Final = 32


@dataclass(frozen=True, slots=True)
class _Token:
    workspace_id: str
    study_id: str
    secret: str


def enter(call: Call) -> Study:
    """The study behind the token, which may be of any status.

    NotFound for a token that opens nothing, Forbidden for a workspace that is switched off, RateLimited.
    """
    call.take_by_address("collect")
    token = _token(call)
    workspace, study = both(
        lambda: Workspaces(call.table).get(token.workspace_id),
        lambda: Studies(call.table).get(token.workspace_id, token.study_id),
    )
    known = study is not None and study.collect_secret is not None
    secret = study.collect_secret if study is not None and study.collect_secret is not None else "0" * 32
    right = compare_digest(secret.encode(), token.secret.encode())
    if workspace is None or study is None or not known or not right:
        raise NotFound
    call.workspace = workspace
    call.log_fields["workspace_id"] = workspace.id
    if not workspace.api_enabled:
        raise Forbidden
    call.take(f"collect#{study.id}", Policy.per_minute(STUDY_LIMIT))
    return study


def _token(call: Call) -> _Token:
    match = _COLLECT_TOKEN.fullmatch(str(call.request.path_params["collect_token"]))
    if match is None:
        raise NotFound
    return _Token(f"{ids.WORKSPACE}_{match.group(1)}", f"{ids.STUDY}_{match.group(2)}", match.group(3))


def require_published(study: Study) -> None:
    if study.status is not Status.PUBLISHED:
        raise InvalidStatusTransition("This study does not take participants at present")


def recognise(call: Call, study: Study) -> Person:
    """The person whose token was sent; Unauthorized alike for no token, a wrong one and nobody of that id."""
    match = _BEARER.fullmatch(call.request.headers.get("authorization", ""))
    participant_id = str(call.request.path_params["participant_id"])
    person = None
    if match is not None and ids.is_id(ids.PARTICIPANT, participant_id):
        people = Participants(call.table, now_millis=to_millis(call.now))
        person = people.person(call.tenant.id, study.id, participant_id)
    expected = (person.participant.token_hash if person else None) or ""
    given = hash_of(match.group(1)) if match else ""
    if person is None or not given or not compare_digest(expected.encode(), given.encode()):
        raise Unauthorized("Missing or invalid participant token", headers={"WWW-Authenticate": "Bearer"})
    return person


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
