"""Runs MiniStack with the interpreter of its own environment, and evens out where it differs from AWS for us.

* A preflight goes to the route's function, as an HTTP API without CORS configuration does it; MiniStack answers 403.
* A body that calls itself text but is not UTF-8 reaches the function as bytes; MiniStack puts U+FFFD in it.
* A function is told the address that the door saw; MiniStack calls every caller 127.0.0.1.
* Policies see the encryption context of a KMS request; MiniStack leaves those condition keys empty.
* Policies see the attributes that an UpdateItem names; MiniStack shows them those of projections only.
* What functions log goes to one file instead of a new log stream for each request, which would fill the memory.
* Records of a stream that a function gives back come again; MiniStack goes on behind them.
* Code is unpacked once, not for each process of each function; on Lambda it is read-only, too.
* SIGUSR1 saves the state; MiniStack itself saves on a clean stop only.
* When the process that started it is gone, it stops (and saves), rather than keeping the port.

MiniStack's version is locked, so its internals named here are the ones that were read.
"""

import hashlib
import json
import os
import signal
import threading
import time
import zipfile
from contextvars import ContextVar
from pathlib import Path
from types import SimpleNamespace
from typing import Any

PARENT_CHECK_SECONDS = 1.0


def main() -> None:
    parent = os.getppid()
    from ministack import app  # type: ignore[import-not-found]  # only its own environment has it
    from ministack.core import iam_actions, lambda_runtime  # type: ignore[import-not-found]
    from ministack.services import apigateway, lambda_svc  # type: ignore[import-not-found]

    _pass_requests_on(apigateway)
    _tell_address(lambda_svc)
    _show_encryption_context(iam_actions)
    _show_attributes(iam_actions)
    _log_to_file(lambda_svc, Path(os.environ["FUNCTIONS_LOG"]))
    _send_again(lambda_svc)
    _unpack_once(lambda_runtime, Path(os.environ["TMPDIR"]) / "unpacked")
    _save_on_signal(app)
    threading.Thread(target=_stop_with_parent, args=(parent,), daemon=True).start()
    app.main()


def _pass_requests_on(apigateway: Any) -> None:
    original = apigateway._handle_execute_in_scope
    is_text_type = apigateway._v2_request_body_is_text
    body_is_utf8 = ContextVar("body_is_utf8", default=True)

    def is_text(content_type: str | None) -> bool:
        return bool(is_text_type(content_type)) and body_is_utf8.get()

    async def handle(
        api_id: str,
        stage: str,
        path: str,
        method: str,
        headers: dict[str, str],
        body: bytes,
        query_params: dict[str, Any],
        account: str,
        region: str,
        raw_query_string: str | None = None,
    ) -> Any:
        body_is_utf8.set(_is_utf8(body))
        api = apigateway._apis.get(api_id) or {}
        route = apigateway._match_route(api_id, method, "/" + path.lstrip("/")) if method == "OPTIONS" else None
        if route is None or api.get("corsConfiguration"):
            return await original(
                api_id, stage, path, method, headers, body, query_params, account, region, raw_query_string
            )
        integration = apigateway._integrations[api_id][route["target"].rsplit("/", 1)[-1]]
        return await apigateway._invoke_lambda_proxy(
            integration,
            api_id,
            stage,
            path,
            method,
            {name.lower(): value for name, value in headers.items()},
            body,
            query_params,
            route["routeKey"],
            owner_account_id=account,
            owner_region=region,
            raw_query_string=raw_query_string,
        )

    apigateway._handle_execute_in_scope = handle
    apigateway._v2_request_body_is_text = is_text


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _tell_address(lambda_svc: Any) -> None:
    original = lambda_svc._execute_function_with_config_scope

    def execute(function: dict[str, Any], event: dict[str, Any]) -> Any:
        forwarded = event.get("headers", {}).get("x-forwarded-for")
        if forwarded and "http" in event.get("requestContext", {}):
            event["requestContext"]["http"]["sourceIp"] = forwarded.rsplit(",", 1)[-1].strip()
        return original(function, event)

    lambda_svc._execute_function_with_config_scope = execute


def _show_encryption_context(iam_actions: Any) -> None:
    original = iam_actions.request_tag_context

    def context(service: str, action: str, body: bytes, routing: Any) -> dict[str, Any]:
        found = dict(original(service, action, body, routing))
        if service == "kms":
            given: dict[str, str] = json.loads(body or b"{}").get("EncryptionContext") or {}
            found |= {f"kms:EncryptionContext:{name}": value for name, value in given.items()}
            found["kms:EncryptionContextKeys"] = list(given)
        return found

    iam_actions.request_tag_context = context


def _show_attributes(iam_actions: Any) -> None:
    original = iam_actions.dynamodb_service_context

    def context(body: bytes) -> dict[str, Any]:
        found = dict(original(body))
        request = json.loads(body or b"{}")
        if "UpdateExpression" in request:
            found["dynamodb:Attributes"] = [*request["Key"], *request.get("ExpressionAttributeNames", {}).values()]
        return found

    iam_actions.dynamodb_service_context = context


def _log_to_file(lambda_svc: Any, path: Path) -> None:
    lock = threading.Lock()
    output = path.open("a", buffering=1)

    def emit(function: dict[str, Any], request_id: str, log: str, error: bool, duration_ms: int, **_: Any) -> None:
        name = (function.get("config") or function).get("FunctionName", "unknown")
        with lock:
            if error:
                output.write(f"{name} FAILED RequestId: {request_id} Duration: {duration_ms} ms\n")
            output.writelines(f"{name} {line}\n" for line in log.splitlines())

    lambda_svc._emit_lambda_logs = emit


def _send_again(lambda_svc: Any) -> None:
    """A batch of which something is given back counts as failed: all of it comes again, a little later."""
    execute = lambda_svc._execute_function

    def run(function: Any, event: Any, *rest: Any, **more: Any) -> Any:
        result = execute(function, event, *rest, **more)
        return {**result, "error": True} if _is_of_stream(event) and _gives_back(result.get("body")) else result

    lambda_svc._execute_function = run


def _is_of_stream(event: Any) -> bool:
    records = event.get("Records") if isinstance(event, dict) else None
    return isinstance(records, list) and bool(records) and records[0].get("eventSource") == "aws:dynamodb"


def _gives_back(body: Any) -> bool:
    answer = json.loads(body) if isinstance(body, str | bytes) and body else body
    return isinstance(answer, dict) and bool(answer.get("batchItemFailures"))


def _unpack_once(lambda_runtime: Any, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    lock = threading.Lock()

    class UnpackedOnce(zipfile.ZipFile):
        def extractall(self, path: Any = None, members: Any = None, pwd: Any = None) -> None:
            digest = hashlib.sha256(Path(str(self.filename)).read_bytes()).hexdigest()
            unpacked = folder / digest
            with lock:
                if not unpacked.exists():
                    part = folder / f"{digest}.part"
                    super().extractall(part, members, pwd)
                    part.rename(unpacked)
            Path(path).rmdir()
            Path(path).symlink_to(unpacked)

    lambda_runtime.zipfile = SimpleNamespace(
        ZipFile=UnpackedOnce, BadZipFile=zipfile.BadZipFile, LargeFileError=zipfile.LargeZipFile
    )


def _save_on_signal(app: Any) -> None:
    """In the server's own loop, between two requests."""

    def save(*_: Any) -> None:
        app._MAIN_LOOP.call_soon_threadsafe(app.save_all, app._build_persistence_save_dict())

    signal.signal(signal.SIGUSR1, save)


def _stop_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(PARENT_CHECK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
