"""What the submit endpoint does.

The trials of a session and its completion are there together or not at all. Most submissions are one transaction. What
does not fit into one is written ahead, under a claim that names the content: others who send the same write the same
items, and the claim of another content takes over. Nobody sees trials of a session that is not completed.
"""

from dataclasses import dataclass, replace
from typing import Any

from fastapi import Response

from trimetric.auth.metricis import unauthorized
from trimetric.domain.metricis.sessions import Session, SessionStatus, workspace_of
from trimetric.domain.metricis.trials import Submission, parse_submission
from trimetric.dynamo import keys
from trimetric.dynamo.metricis import session_list, session_metrics, sessions, trials
from trimetric.dynamo.metricis.sessions import Sessions
from trimetric.dynamo.metricis.trials import PackedTrials
from trimetric.dynamo.table import Action, Check, equals
from trimetric.errors import ApiError, Conflict, Forbidden, NotFound, ValidationFailed
from trimetric.http.answers import Answer, commit, retried
from trimetric.http.call import Call, refuse_unknown
from trimetric.metrics.cognitive import session_figures
from trimetric.metrics.cognitive_studies import Tree, contribution

_MEMBERS = {"session_id", "task_summaries", "trials"}


@dataclass(slots=True)
class _Prepared:
    """A submission with all that follows from it."""

    session_id: str
    #: The session as the first attempt finds it; later ones read it anew.
    found: Session | None
    submission: Submission
    packed: PackedTrials
    metrics: dict[str, Any]
    addition: Tree


def submit(call: Call) -> Response:
    document = call.body()
    session_id = _named_session(call, document)
    found = _stored(call, session_id)
    call.parameters()
    refuse_unknown(document, _MEMBERS)
    submission = parse_submission(document)
    figures = session_figures(submission.trials)
    packed = trials.pack(call.tenant.id, session_id, submission)
    return _complete(call, _Prepared(session_id, found, submission, packed, figures.public(), contribution(figures)))


def _named_session(call: Call, document: Any) -> str:
    if not isinstance(document, dict):
        raise ValidationFailed.of("body", "must be an object")
    session_id = document.get("session_id")
    if call.session_id is not None and session_id != call.session_id:
        raise Forbidden("X-Session-ID is not the session of the body")
    if not isinstance(session_id, str):
        raise ValidationFailed.of("session_id", "must be a string" if "session_id" in document else "is required")
    if workspace_of(session_id) is None:
        raise _unknown(call)
    return session_id


def _unknown(call: Call) -> ApiError:
    """A session id in place of a credential has to be right to be one."""
    return NotFound() if call.caller is not None else unauthorized()


def _stored(call: Call, session_id: str) -> Session:
    session = Sessions(call.table).get(call.tenant.id, session_id)
    if session is None:
        raise _unknown(call)
    return session


@retried
def _complete(call: Call, prepared: _Prepared) -> Response:
    session, prepared.found = prepared.found or _stored(call, prepared.session_id), None
    if session.submission == prepared.submission.fingerprint:
        return commit(call, Answer(session.public()))
    if session.status.closed:
        raise Conflict(f"The session is {session.status.value} already")
    if not prepared.packed.in_one:
        session = _stage(call, session, prepared)
    completed = replace(
        session,
        status=SessionStatus.COMPLETED,
        # A session may have been begun by a clock that is ahead.
        end_time=max(call.now_text, session.start_time),
        updated_at=call.now_text,
        task_summaries=prepared.submission.task_summaries,
        metrics=prepared.metrics,
        trial_count=len(prepared.submission.trials),
        trial_bytes=prepared.packed.bytes,
        version=session.version + 1,
        submission=prepared.submission.fingerprint,
        staging=None,
        blocks=tuple(prepared.packed.blocks),
    )
    return commit(call, Answer(completed.public()), *_completion(call, session, completed, prepared))


def _completion(call: Call, session: Session, completed: Session, prepared: _Prepared) -> list[Action]:
    tenant = call.tenant.id
    return [
        sessions.change(tenant, completed, seen=session.version),
        *session_metrics.completed(tenant, completed, prepared.addition),
        *session_list.changed(call.table, tenant, session, completed),
        *(prepared.packed.puts if prepared.packed.in_one else ()),
    ]


def _stage(call: Call, session: Session, prepared: _Prepared) -> Session:
    """Write the trials ahead; ConditionFailed if the session changes meanwhile, for another claim or altogether."""
    tenant, fingerprint = call.tenant.id, prepared.submission.fingerprint
    if session.staging != fingerprint:
        claimed = replace(
            session,
            staging=fingerprint,
            staged_blocks=tuple(trials.at_most(session.staged_blocks, prepared.packed.blocks)),
            version=session.version + 1,
        )
        call.table.write(sessions.change(tenant, claimed, seen=session.version))
        session = claimed
    claim = Check(keys.session(tenant, session.id), [equals("staging", fingerprint)])
    for chunk in prepared.packed.chunks():
        call.table.write(claim, *chunk)
    return session
