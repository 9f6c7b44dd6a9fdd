"""One request on its way through the checks: credential, switch, throttle, plan, then what the endpoint asks for."""

import hashlib
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.message import Message
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import parse_qsl

from fastapi import Depends, Request

from trimetric.auth.bearer import Authenticator, Principal
from trimetric.domain import cursors, ids, times
from trimetric.domain.throttle import Decision, Policy
from trimetric.domain.workspaces import Plan, Workspace
from trimetric.dynamo.buckets import TokenBuckets
from trimetric.dynamo.idempotency import RequestIdentity
from trimetric.dynamo.table import Meter, Table
from trimetric.errors import (
    ApiError,
    FieldError,
    Forbidden,
    InvalidRequest,
    NotFound,
    PreconditionFailed,
    RateLimited,
    SubscriptionRequired,
    UnsupportedMediaType,
    ValidationFailed,
)
from trimetric.http import dialects, strict_json
from trimetric.settings import Settings

if TYPE_CHECKING:
    from trimetric.auth.apiauth import SignatureAuthenticator
    from trimetric.auth.login_tokens import AccessTokens
    from trimetric.auth.metricis import Caller, MetricisAuthenticator
    from trimetric.auth.passwords import Passwords
    from trimetric.auth.signing_keys import SigningKeys
    from trimetric.auth.vault import Vault
    from trimetric.domain.metricis.accounts import Role

_REQUEST_ID: Final = re.compile(r"[\x21-\x7e]([\x20-\x7e]{0,126}[\x21-\x7e])?")
_IDEMPOTENCY_KEY: Final = re.compile(r"[\x20-\x7e]{1,255}")
_JSON: Final = re.compile(r"application/json\s*(;\s*charset\s*=\s*\"?utf-8\"?\s*)?", re.IGNORECASE)

#: The group holds what counts; it is empty for 0.
_WHOLE_NUMBER: Final = re.compile(r"0*(\d*)", re.ASCII)

DEFAULT_PAGE: Final = 25
MAX_PAGE: Final = 100


@dataclass(slots=True)
class Runtime:
    """What one function works with; made once in its composition root."""

    settings: Settings
    table: Table
    buckets: TokenBuckets
    authenticator: Authenticator
    meter: Meter
    clock: Callable[[], datetime] = times.utc_now
    sleep: Callable[[float], None] = time.sleep
    #: Functions of the Micrometrics dialect have it.
    signatures: "SignatureAuthenticator | None" = None
    #: True until the first request has been answered.
    cold: bool = True
    #: Of functions that speak the Metricis dialect.
    metricis: "MetricisAuthenticator | None" = None
    signing_keys: "SigningKeys | None" = None
    access_tokens: "AccessTokens | None" = None
    passwords: "Passwords | None" = None
    #: Seals what must be recovered, such as a remembered answer that holds a secret.
    vault: "Vault | None" = None


@dataclass(slots=True)
class Call:
    request: Request
    runtime: Runtime
    request_id: str
    now: datetime
    content: bytes = b""
    workspace: Workspace | None = None
    credential_id: str | None = None
    throttle: Decision | None = None
    #: Of the bucket that `throttle` tells of.
    policy: Policy | None = None
    identity: RequestIdentity | None = None
    settled: bool = False
    _read_parameters: bool = False
    _read_body: bool = False
    log_fields: dict[str, Any] = field(default_factory=dict)
    #: Who called, in the Metricis dialect; None where a session id is the credential.
    caller: "Caller | None" = None
    #: The answer holds a secret: it is remembered sealed, and no cache may keep it.
    secret_answer: bool = False
    #: X-Session-ID, where the endpoint takes it.
    session_id: str | None = None

    @property
    def table(self) -> Table:
        return self.runtime.table

    @property
    def tenant(self) -> Workspace:
        if self.workspace is None:
            raise RuntimeError("this endpoint asked for a workspace without asking for a credential")
        return self.workspace

    @property
    def known_caller(self) -> "Caller":
        if self.caller is None:
            raise RuntimeError("this endpoint asked for its caller without asking for a credential")
        return self.caller

    @property
    def role(self) -> "Role":
        """What the caller may do in the Metricis dialect."""
        return self.known_caller.role

    @property
    def now_text(self) -> str:
        return times.to_text(self.now)

    def path_id(self, name: str, prefix: str) -> str:
        """An id from the path; one of another form belongs to nothing, so it is not found."""
        value = str(self.request.path_params[name])
        if not ids.is_id(prefix, value):
            raise NotFound
        return value

    def parameters(self, *known: str) -> dict[str, str]:
        """The query parameters; InvalidRequest for unknown, repeated or undecodable ones."""
        self._read_parameters = True
        raw = self.request.scope["query_string"].decode("latin-1")
        try:
            pairs = parse_qsl(raw, keep_blank_values=True, strict_parsing=bool(raw), errors="strict")
        except ValueError as error:
            raise InvalidRequest("The query string could not be read") from error
        found = dict(pairs)
        for name in found:
            if name not in known:
                raise self._bad_parameter(name, f"Unknown parameter: {printable(name)}")
        if len(found) != len(pairs):
            names = [name for name, _ in pairs]
            raise self._bad_parameter(
                next(name for name in names if names.count(name) > 1), "A parameter is given twice"
            )
        return found

    def _bad_parameter(self, name: str, message: str) -> ApiError:
        if dialects.of_path(self.request.scope["path"]) is dialects.Dialect.METRICIS:
            return ValidationFailed.of(printable(name), message)
        return InvalidRequest(message)

    def body(self) -> Any:
        """The JSON document that was sent."""
        self._read_body = True
        if not self.content:
            raise InvalidRequest("The request needs a JSON body")
        if not _JSON.fullmatch(self.request.headers.get("content-type", "").strip()):
            raise UnsupportedMediaType
        return strict_json.parse(self.content)

    def media_type(self, *accepted: str) -> str:
        """The type of a body that is not JSON; UnsupportedMediaType if it is not one of those."""
        self._read_body = True
        if not self.content:
            raise InvalidRequest("The request needs a body")
        header = Message()
        header["content-type"] = self.request.headers.get("content-type", "")
        given, charset = header.get_content_type(), header.get_content_charset("utf-8")
        if given not in accepted or charset not in ("utf-8", "utf8", "us-ascii"):
            raise UnsupportedMediaType(f"Send the body as {' or '.join(accepted)}, in UTF-8")
        return given

    def wrapped_body(self, wrapper: str) -> Any:
        """The value of the one member that the body must have."""
        document = self.body()
        if not isinstance(document, dict) or wrapper not in document:
            raise InvalidRequest(f'The body must be {{"{wrapper}": …}}')
        refuse_unknown(document, {wrapper})
        return document[wrapper]

    def no_body(self) -> None:
        """Nothing may be sent here, apart from an empty object."""
        self._read_body = True
        if self.content.strip():
            document = self.body()
            if not isinstance(document, dict):
                raise InvalidRequest("The body must be an object")
            refuse_unknown(document, set())

    def inputs_were_read(self) -> bool:
        return self._read_parameters and (self._read_body or self.request.method == "GET")

    def page_size(self, parameters: Mapping[str, str], *, default: int = DEFAULT_PAGE, most: int = MAX_PAGE) -> int:
        text = parameters.get("limit", str(default))
        number = _WHOLE_NUMBER.fullmatch(text)
        if number is None or not number[1]:
            raise InvalidRequest("limit must be a whole number of 1 or more")
        return most if len(number[1]) > len(str(most)) else min(int(number[1]), most)

    def cursor_scope(self, parameters: Mapping[str, str], *, position: str = "after") -> str:
        filters = {name: value for name, value in parameters.items() if name not in ("limit", position)}
        return cursors.scope(self.request.scope["path"], filters)

    def position(self, parameters: Mapping[str, str], *, name: str = "after") -> str | None:
        """Where the previous page ended; InvalidRequest for a cursor that this list did not give."""
        if name not in parameters:
            return None
        try:
            return cursors.decode(
                parameters[name],
                key=self.tenant.cursor_key,
                scope_text=self.cursor_scope(parameters, position=name),
            )
        except cursors.BadCursor as error:
            raise InvalidRequest(f"{name} is not a cursor of this list") from error

    def cursor(self, position: str, parameters: Mapping[str, str], *, name: str = "after") -> str:
        return cursors.encode(
            position,
            key=self.tenant.cursor_key,
            scope_text=self.cursor_scope(parameters, position=name),
        )

    def require_match(self, *etags: str) -> None:
        """PreconditionFailed unless If-Match is absent, `*` or names one of the current representations."""
        header = self.request.headers.get("if-match")
        if header is not None and not any(etag_matches(header, etag) for etag in etags):
            raise PreconditionFailed

    # -- the checks, in the contract's order ------------------------------------------------------------------------

    def authenticate(self) -> None:
        principal: Principal = self.runtime.authenticator.authenticate(self.request.headers.get("authorization"))
        self.workspace = principal.workspace
        self.credential_id = principal.credential.id
        self.log_fields |= {"workspace_id": principal.workspace.id, "credential_id": principal.credential.id}
        if not principal.workspace.api_enabled:
            raise Forbidden
        own_limit = principal.credential.limit
        if own_limit is None:
            self.take(f"ux#{principal.workspace.id}", Policy.per_minute(principal.workspace.ux_metrics_limit()))
        else:
            self.take(f"ux#{principal.workspace.id}#{principal.credential.id}", Policy.per_minute(own_limit))

    def take(self, bucket: str, policy: Policy) -> None:
        decision = self.runtime.buckets.take(bucket, policy)
        if self.throttle is None or not decision.admitted or decision.remaining < self.throttle.remaining:
            self.throttle, self.policy = decision, policy
        if decision.degraded:
            self.log_fields["throttle_degraded"] = True
        if not decision.admitted:
            raise RateLimited(headers={"Retry-After": str(decision.retry_after)})

    def take_by_address(self, purpose: str, *, limit: int = 60) -> None:
        self.take(f"ip#{purpose}#{self.source_address()}", Policy.per_minute(limit))

    def source_address(self) -> str:
        event = self.request.scope.get("aws.event", {})
        address = event.get("requestContext", {}).get("http", {}).get("sourceIp")
        return str(address or "unknown")

    def require_subscription(self) -> None:
        if self.tenant.plan is not Plan.SUBSCRIBED:
            raise SubscriptionRequired

    def begin_idempotent(self, credential_id: str | None = None, *, content: bytes | None = None) -> None:
        """Take up the Idempotency-Key of a POST; the answer is remembered where the effect is written.

        `content` stands for the request where that is more or less than its query and body.
        """
        key = self.request.headers.get("idempotency-key")
        if key is None or self.request.method != "POST":
            return
        if not _IDEMPOTENCY_KEY.fullmatch(key):
            raise InvalidRequest("Idempotency-Key must be 1 to 255 printable ASCII characters")
        query = self.request.scope["query_string"]
        self.identity = RequestIdentity.of(
            workspace_id=self.tenant.id,
            credential_id=credential_id or self.credential_id or "",
            path=self.request.scope["path"],
            idempotency_key=key,
            content=len(query).to_bytes(4, "big") + query + (self.content if content is None else content),
        )


def printable(text: str) -> str:
    return text.encode("unicode_escape").decode("ascii")[:100]


def refuse_unknown(document: Mapping[str, Any], known: set[str], *, field: str = "") -> None:
    unknown = [name for name in document if name not in known]
    if unknown:
        prefix = f"{field}." if field else ""
        raise ValidationFailed(details=[FieldError(f"{prefix}{printable(name)}", "unknown field") for name in unknown])


def request_id_of(request: Request) -> str:
    """The caller's X-Request-ID if it is 1 to 128 printable ASCII characters, else a new one."""
    given = request.headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else f"req_{secrets.token_hex(12)}"


def etag_of(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def etag_of_variant(etag: str, name: str) -> str:
    """The tag of another form of the same thing: other bytes need another tag."""
    return f'{etag[:-1]}-{name}"'


def etag_of_markdown(etag: str) -> str:
    """The tag of the Markdown form, by that of the JSON form."""
    return etag_of_variant(etag, "md")


def etag_matches(header: str, etag: str) -> bool:
    """Strong comparison; each representation's tag (JSON, Markdown) names the same state."""
    named = {tag.strip() for tag in header.split(",")}
    return "*" in named or etag in named or etag_of_markdown(etag) in named


async def _read(request: Request) -> Call:
    call: Call = request.state.call
    call.authenticate()
    return call


async def _write(request: Request) -> Call:
    call: Call = request.state.call
    call.authenticate()
    call.require_subscription()
    call.begin_idempotent()
    return call


async def _public(request: Request) -> Call:
    call: Call = request.state.call
    return call


#: Permissions, as they stand in the signatures of endpoints.
Reader = Annotated[Call, Depends(_read)]
Writer = Annotated[Call, Depends(_write)]
Public = Annotated[Call, Depends(_public)]
