"""What it costs to verify a signature in a warm process: CPU, without the store."""

import time
from collections.abc import Callable
from dataclasses import replace
from statistics import median
from typing import Any, Final

from scripts.bench.kms import OpenVault
from scripts.bench.product import PER_MINUTE
from scripts.bench.rows import Row
from tests.fakes.table import FakeTable
from trimetric.auth.apiauth import SignatureAuthenticator, SignatureRefused, new_signature_key
from trimetric.domain import apiauth, ids, times
from trimetric.domain.apiauth import SignedRequest
from trimetric.domain.workspaces import Plan
from trimetric.dynamo.workspaces import Workspaces

SECTION: Final = "Signatures, CPU"
MOST_MILLISECONDS: Final = 0.2
BODY: Final = b'{"answers":[' + b" " * 2030 + b"]}"
PATH: Final = "/api/experience/surveys/237/responses"
QUERY: Final = "start_at=2020-09-05T23:59:59.999-04:00&end_at=2020-10-05T23:59:59.999-04:00"
#: Verifications that are timed together.
BATCH: Final = 200
STEPS: Final = 4


def measure(*, repeats: int, advance: Callable[[], None]) -> list[Row]:
    workspaces = Workspaces(FakeTable())
    now = times.utc_now()
    workspace = workspaces.create(
        workspace_id=ids.new_workspace(),
        name="Bench",
        plan=Plan.FREE,
        api_enabled=True,
        created_at=times.to_text(now),
        limits={"apiauth": PER_MINUTE},
    )
    made = new_signature_key(OpenVault(), workspace.id, "bench", now=now)
    workspaces.add_credential(made.credential)
    authenticator = SignatureAuthenticator(workspaces, OpenVault(), clock=lambda: now)

    def signed(method: str, body: bytes = b"", **arguments: Any) -> SignedRequest:
        target = f"{PATH}?{QUERY}" if method == "GET" else PATH
        headers = apiauth.sign(method, target, body, key=made.key, secret=made.secret, date=now, **arguments).headers
        query = QUERY if method == "GET" else ""
        return SignedRequest(method, PATH, query, {name.lower(): text for name, text in headers.items()}, body)

    post = signed("POST", BODY)
    most = signed("GET", content_type="application/json; charset=utf-8")
    subjects = {
        f"a POST of {len(BODY):,} octets": post,
        "the same, HMAC-SHA256": signed("POST", BODY, algorithm="sha256"),
        f"a GET with as many accepted spellings as there can be ({len(apiauth.canonicals(most))})": most,
        f"a POST of {len(BODY):,} octets that is refused": replace(post, body=BODY + b" "),
    }
    rows = []
    for name, request in subjects.items():
        rows.append(_row(name, _milliseconds(authenticator, request, repeats=repeats)))
        advance()
    return rows


def _milliseconds(authenticator: SignatureAuthenticator, request: SignedRequest, *, repeats: int) -> float:
    spent: list[float] = []
    for _ in range(repeats):
        began = time.process_time()
        for _ in range(BATCH):
            try:
                authenticator.authenticate(request)
            except SignatureRefused:
                continue
        spent.append((time.process_time() - began) / BATCH * 1000)
    return median(spent)


def _row(name: str, milliseconds: float) -> Row:
    return Row(
        SECTION,
        f"verifying {name}",
        measured=f"{milliseconds:.3f} ms",
        target=f"≤ {MOST_MILLISECONDS} ms",
        met=milliseconds <= MOST_MILLISECONDS,
    )
