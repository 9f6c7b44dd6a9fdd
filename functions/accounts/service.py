"""What the account endpoints do."""

import hashlib
import hmac
import re
from typing import Final, TypeVar
from urllib.parse import parse_qsl

from fastapi import Response
from pydantic import BaseModel

from functions.accounts.schemas import FormLogin, FormRefresh, JsonLogin, JsonRefresh, NewUser
from trimetric.auth.bearer import hash_of
from trimetric.auth.login_tokens import AccessTokens, LoginId, login_of_refresh_token, new_refresh_token
from trimetric.auth.metricis import Caller, is_open, unauthorized
from trimetric.auth.passwords import Passwords
from trimetric.domain import ids
from trimetric.domain.metricis.accounts import LoginSession, User, UserStatus, attempted, wait
from trimetric.domain.times import to_millis
from trimetric.domain.validation import parse
from trimetric.domain.workspaces import Workspace
from trimetric.dynamo import keys
from trimetric.dynamo.metricis import accounts
from trimetric.dynamo.metricis.accounts import Accounts, Signed
from trimetric.dynamo.table import ConditionFailed
from trimetric.errors import Conflict, Forbidden, InvalidRequest, RateLimited, Unauthorized
from trimetric.http.answers import JSON, Answer, Replayed, commit, replay, respond, retried
from trimetric.http.call import Call
from trimetric.http.metricis import admit, authenticator, body_of

FORM: Final = "application/x-www-form-urlencoded"

#: A login ends so long after it began, however often it was refreshed.
LOGIN_SECONDS: Final = 30 * 24 * 3600

_BEARER: Final = re.compile(r"Bearer +(\S+)", re.IGNORECASE)

J = TypeVar("J", bound=BaseModel)
F = TypeVar("F", bound=BaseModel)


@retried
def login(call: Call) -> Response:
    call.parameters()
    given = _sent(call, JsonLogin, FormLogin)
    email = given.username if isinstance(given, FormLogin) else given.email
    workspace, user = _proven(call, email, given.password)
    if not workspace.api_enabled or user.status is not UserStatus.ACTIVE:
        Accounts(call.table).forget_attempts(email)
        raise Forbidden("This account is disabled") if workspace.api_enabled else Forbidden
    call.workspace = workspace
    call.log_fields |= {"workspace_id": workspace.id, "credential_id": user.id}
    _begin_idempotent(call, user.id)
    session, refresh_token = _new_session(call, user)
    actions = [accounts.forgetting(email), accounts.beginning(session)]
    if _passwords(call).is_outdated(user.password_hash):
        actions.append(accounts.rehashing(user, _passwords(call).hash(given.password)))
    call.secret_answer = True
    try:
        return commit(call, _tokens(call, user, session, refresh_token), *actions)
    except Replayed:
        Accounts(call.table).forget_attempts(email)
        raise


def _proven(call: Call, email: str, password: str) -> tuple[Workspace, User]:
    """Whose password it is. The attempt is counted before it is judged, so that attempts at once are counted too, and
    an address that names nobody costs the same store calls and the same hash."""
    store, now = Accounts(call.table), _now(call)
    claimant = store.claimant(email)
    if pause := wait(claimant.attempts, now):
        raise RateLimited("Too many wrong passwords for this account", headers={"Retry-After": str(pause)})
    named = store.named(claimant)
    store.count_attempt(email, attempted(claimant.attempts, now), seen=claimant.attempts)
    if not _passwords(call).is_right(password, named[1].password_hash if named else None) or named is None:
        raise Unauthorized("Wrong e-mail address or password", headers={"WWW-Authenticate": "Bearer"})
    return named


def _new_session(call: Call, user: User) -> tuple[LoginSession, str]:
    session_id = ids.new(ids.LOGIN_SESSION, millis=to_millis(call.now))
    token = new_refresh_token(LoginId(user.workspace_id, user.id, session_id))
    session = LoginSession(
        id=session_id,
        workspace_id=user.workspace_id,
        user_id=user.id,
        created_at=call.now_text,
        ends_at=_now(call) + LOGIN_SECONDS,
        refresh_hash=token.hash,
    )
    return session, token.text


@retried
def refresh(call: Call) -> Response:
    call.parameters()
    given = _refresh_token(call)
    login_id = login_of_refresh_token(given)
    found = Accounts(call.table).signed(*login_id) if login_id else None
    if login_id is None or found is None or not is_open(found, now=call.now):
        raise unauthorized()
    user = found.user
    admit(call, Caller(found.workspace, user.id, user.name, user.role, user=user, login=found.session))
    _begin_idempotent(call, found.session.id, also=given.encode())
    if not hmac.compare_digest(hash_of(given), found.session.refresh_hash):
        raise _used_before(call, found)
    token = new_refresh_token(login_id)
    call.secret_answer = True
    return commit(call, _tokens(call, user, found.session, token.text), accounts.renewal(found.session, token.hash))


def _used_before(call: Call, found: Signed) -> Exception:
    """The same request once more gets its answer once more. Anything else means that two parties have the token, of
    whom one stole it: the login ends for both."""
    if call.identity is not None:
        item = call.table.get(keys.remembered_answer(call.identity.workspace_id, call.identity.digest))
        if item is not None and item["fingerprint"] == call.identity.fingerprint:
            return replay(call, ConditionFailed({0: item}))
    Accounts(call.table).end_session(found.session)
    authenticator(call).forget(found.session)
    call.log_fields["refresh_reused"] = True
    return unauthorized()


def logout(call: Call) -> Response:
    caller = call.known_caller
    if caller.login is None:
        raise Forbidden("An API token has no login to end; revoke the key instead")
    call.begin_idempotent()
    call.parameters()
    call.no_body()
    answer = commit(call, Answer(status=204), accounts.ending(caller.login))
    authenticator(call).forget(caller.login)
    return answer


def show_me(call: Call) -> Response:
    call.parameters()
    caller = call.known_caller
    if caller.user is not None:
        return respond(call, Answer(caller.user.public()))
    return respond(
        call,
        Answer({"id": caller.id, "email": None, "name": caller.name, "role": caller.role.value, "status": "active"}),
    )


def register(call: Call) -> Response:
    _begin_idempotent(call, call.known_caller.id)
    call.parameters()
    new = body_of(call, NewUser)
    user = User(
        id=ids.new(ids.USER, millis=to_millis(call.now)),
        workspace_id=call.tenant.id,
        email=new.email,
        name=new.name,
        role=new.role,
        status=UserStatus.ACTIVE,
        created_at=call.now_text,
        updated_at=call.now_text,
        password_hash=_passwords(call).hash(new.password),
    )
    try:
        return commit(call, Answer(user.public(), status=201), *accounts.creation(user))
    except ConditionFailed as failed:
        raise Conflict("This e-mail address has an account already") from failed


def _tokens(call: Call, user: User, session: LoginSession, refresh_token: str) -> Answer:
    issuer = _access_tokens(call)
    tokens = {
        "access_token": issuer.issue(LoginId(user.workspace_id, user.id, session.id)),
        "refresh_token": refresh_token,
        "token_type": "bearer",
        "expires_in": issuer.seconds,
    }
    return Answer({**tokens, "user": user.public(), "tokens": tokens}, bare=True)


def _sent(call: Call, json_shape: type[J], form_shape: type[F]) -> J | F:
    """The body in either encoding."""
    if call.media_type(JSON, FORM) == JSON:
        return body_of(call, json_shape)
    try:
        pairs = parse_qsl(
            call.content.decode(), keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=20
        )
    except ValueError as error:
        raise InvalidRequest("The form could not be read") from error
    form = dict(pairs)
    if len(form) != len(pairs):
        raise InvalidRequest("The form names a field twice")
    return parse(form_shape, form, field="")


def _refresh_token(call: Call) -> str:
    """From the body; from the Authorization header where there is no body."""
    if call.content.strip():
        return _sent(call, JsonRefresh, FormRefresh).refresh_token
    call.no_body()
    bearer = _BEARER.fullmatch(call.request.headers.get("authorization", ""))
    if bearer is None:
        raise unauthorized()
    return bearer[1]


def _begin_idempotent(call: Call, credential_id: str, *, also: bytes = b"") -> None:
    """Bodies here hold passwords: what is remembered of them is of no use to who guesses, without the stack's key."""
    if "idempotency-key" not in call.request.headers:
        return
    if call.runtime.signing_keys is None:
        raise RuntimeError("this function was composed without signing keys")
    key = call.runtime.signing_keys.current().secret
    content = b"".join(len(part).to_bytes(4, "big") + part for part in (call.content, also))
    call.begin_idempotent(credential_id, content=hmac.new(key, content, hashlib.sha256).digest())


def _passwords(call: Call) -> Passwords:
    if call.runtime.passwords is None:
        call.runtime.passwords = Passwords()
    return call.runtime.passwords


def _access_tokens(call: Call) -> AccessTokens:
    if call.runtime.access_tokens is None:
        raise RuntimeError("this function was composed without access tokens")
    return call.runtime.access_tokens


def _now(call: Call) -> int:
    return to_millis(call.now) // 1000
