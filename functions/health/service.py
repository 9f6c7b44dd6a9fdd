"""What the health endpoints do."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError
from fastapi import Response

from trimetric.domain.throttle import Policy
from trimetric.dynamo import keys
from trimetric.errors import Unavailable
from trimetric.http.answers import JSON, to_json
from trimetric.http.call import Call

#: Sealed and opened again, in a context that nothing real has.
_PROBE: Final = b"health"


def show_health(call: Call) -> Response:
    """Without a store call: whoever watches this costs nothing."""
    call.parameters()
    return _unkept({"status": "ok"})


def show_details(call: Call) -> Response:
    call.parameters()
    dependencies = {name: _probed(probe) for name, probe in _probes(call).items()}
    well = all(each["status"] == "ok" for each in dependencies.values())
    shown = {"status": "ok" if well else "degraded", "time": call.now_text, "dependencies": dependencies}
    return _unkept(shown)


def _probes(call: Call) -> Mapping[str, Callable[[], object]]:
    runtime, workspace_id = call.runtime, call.tenant.id
    if runtime.signing_keys is None or runtime.vault is None:
        raise RuntimeError("this function was composed without signing keys and a vault")
    vault, signing_keys = runtime.vault, runtime.signing_keys

    def buckets() -> None:
        if runtime.buckets.take(f"health#{workspace_id}", Policy.per_minute(1_000_000)).degraded:
            raise Unavailable

    def key() -> None:
        sealed = vault.seal(_PROBE, workspace_id=workspace_id, credential_id="answer_health")
        vault.open(sealed, workspace_id=workspace_id, credential_id="answer_health")

    return {
        "table": lambda: call.table.get(keys.workspace(workspace_id)),
        "buckets_table": buckets,
        "signing_secret": signing_keys.probe,
        "data_key": key,
    }


def _probed(probe: Callable[[], object]) -> dict[str, Any]:
    began = time.perf_counter()
    try:
        probe()
        status = "ok"
    except (Unavailable, ClientError, BotoCoreError):
        status = "failing"
    return {"status": status, "latency_ms": round((time.perf_counter() - began) * 1000, 1)}


def _unkept(data: Mapping[str, Any]) -> Response:
    """It is true now only, so it has no ETag."""
    return Response(to_json({"data": data}), 200, media_type=JSON)
