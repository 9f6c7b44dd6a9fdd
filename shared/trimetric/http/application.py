"""The FastAPI application of one function: checks in order, errors in the caller's dialect, one log line a request."""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, cast

from aws_lambda_powertools import Logger
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.routing import Match

from trimetric.domain.times import to_millis
from trimetric.errors import ApiError, InternalError, MethodNotAllowed, NotFound, PayloadTooLarge
from trimetric.http import dialects
from trimetric.http.answers import Replayed, replayed_response, settle, to_json
from trimetric.http.call import Call, Runtime, request_id_of
from trimetric.observability import embedded_metrics
from trimetric.settings import BODY_LIMIT, IMPORT_BODY_LIMIT

EXPOSED: Final = ", ".join(
    (
        "X-RateLimit-Limit",
        "X-RateLimit-Remaining",
        "X-RateLimit-Reset",
        "RateLimit-Rate",
        "RateLimit-Burst-Remaining",
        "RateLimit-Retry-After",
        "X-Request-ID",
        "Next-Cursor",
        "ETag",
        "Retry-After",
        "Location",
        "Idempotent-Replayed",
    )
)
_PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Accept, Idempotency-Key, If-Match, If-None-Match, "
    "X-Request-ID, X-API-Key, X-Session-ID, Content-MD5, X-Authorization-Content-SHA256",
    "Access-Control-Max-Age": "600",
}
_OPEN_PREFIX: Final = "/api/v1/collect/"


class CheckedRoute(APIRoute):
    """A route behind the platform's checks. Paths that take imports are made with `ImportRoute`.

    Its endpoint takes one `Call` and nothing else, so the permission in the signature is asked directly: solving
    dependencies in general, as FastAPI does, would take a tenth of a warm request.
    """

    body_limit = BODY_LIMIT

    def get_route_handler(self) -> Callable[[Request], Any]:
        [wanted] = self.dependant.dependencies
        permission = cast("Callable[[Request], Awaitable[Call]]", wanted.call)
        endpoint, body_limit = self.endpoint, self.body_limit

        async def handle(request: Request) -> Response:
            call = _take_up(request, await request.body())
            try:
                if len(call.content) > body_limit:
                    raise PayloadTooLarge(f"The body is larger than {body_limit} bytes")
                response: Response = await endpoint(await permission(request))
            except ApiError as error:
                response = error_response(call, error)
            except Replayed as replayed:
                response = replayed_response(replayed.answer)
            except Exception:
                logger_of(request).exception("request failed", request_id=call.request_id)
                response = error_response(call, InternalError())
            return finish(call, _settled(call, response), route=self.path)

        return handle


class ImportRoute(CheckedRoute):
    body_limit = IMPORT_BODY_LIMIT


def _settled(call: Call, response: Response) -> Response:
    try:
        return settle(call, response)
    except Replayed as replayed:
        return replayed_response(replayed.answer)
    except ApiError as error:
        return error_response(call, error)
    except Exception:
        logger_of(call.request).exception("answer could not be remembered", request_id=call.request_id)
        return error_response(call, InternalError())


def _take_up(request: Request, content: bytes) -> Call:
    runtime: Runtime = request.app.state.runtime
    runtime.meter.reset()
    call = Call(request, runtime, request_id_of(request), runtime.clock(), content)
    request.state.call = call
    request.state.began = time.perf_counter()
    return call


def logger_of(request: Request) -> Logger:
    logger: Logger = request.app.state.logger
    return logger


def error_response(call: Call, error: ApiError) -> Response:
    call.log_fields["error_code"] = error.code
    document = dialects.envelope(error, dialects.of_path(call.request.scope["path"]))
    return Response(to_json(document), error.status, dict(error.headers), media_type="application/json")


def finish(call: Call, response: Response, *, route: str) -> Response:
    """The headers that every answer carries, and the request's line in the log."""
    headers = response.headers
    headers["X-Request-ID"] = call.request_id
    headers["X-Content-Type-Options"] = "nosniff"
    headers.setdefault("Cache-Control", "no-cache" if "etag" in headers else "no-store")
    if call.throttle is not None and call.policy is not None:
        headers.update(
            dialects.throttle_headers(call.throttle, call.policy, dialects.of_path(call.request.scope["path"]))
        )
    allow_origin(call, response)
    _log(call, response, route=route)
    return response


def allow_origin(call: Call, response: Response) -> None:
    origin = call.request.headers.get("origin")
    allowed = call.runtime.settings.cors_origins
    if call.request.scope["path"].startswith(_OPEN_PREFIX) or "*" in allowed:
        admitted = None if origin is None else "*"
    else:
        admitted = origin if origin in allowed else None
        if allowed:
            response.headers.add_vary_header("Origin")
    if admitted is not None:
        response.headers["Access-Control-Allow-Origin"] = admitted
        response.headers["Access-Control-Expose-Headers"] = EXPOSED


def _log(call: Call, response: Response, *, route: str) -> None:
    request, runtime = call.request, call.runtime
    meter = runtime.meter
    context = request.scope.get("aws.context")
    logger_of(request).info(
        "request",
        request_id=call.request_id,
        lambda_request_id=getattr(context, "aws_request_id", None),
        method=request.method,
        route=route,
        status=response.status_code,
        duration_ms=round((time.perf_counter() - request.state.began) * 1000, 3),
        store_ms=round(meter.seconds * 1000, 3),
        store_calls=meter.calls,
        read_units=meter.read_units,
        write_units=meter.write_units,
        server_errors=int(response.status_code >= 500),
        throttled=int(response.status_code == 429),
        cold_starts=int(runtime.cold),
        _aws=embedded_metrics(runtime.settings, millis=to_millis(call.now)),
        **call.log_fields,
    )
    runtime.cold = False


def _is_preflight(request: Request) -> bool:
    return request.method == "OPTIONS" and "access-control-request-method" in request.headers


async def _unrouted(request: Request, raised: Exception) -> Response:
    """404, 405, OPTIONS and preflights: what no endpoint of this function answers. The body stays unread; behind a
    failure of the framework it cannot be."""
    call = _take_up(request, b"")
    if _is_preflight(request):
        response = Response(status_code=204, headers=_PREFLIGHT)
    elif isinstance(raised, HTTPException) and raised.status_code == 405:
        response = _methods_response(call)
    elif isinstance(raised, HTTPException) and raised.status_code == 404:
        response = error_response(call, NotFound())
    else:
        logger_of(request).error("framework error", exc_info=raised, request_id=call.request_id)
        response = error_response(call, InternalError())
    return finish(call, response, route="unrouted")


def _methods_response(call: Call) -> Response:
    headers = {"Allow": ", ".join(methods_of(call.request))}
    if call.request.method == "OPTIONS":
        return Response(status_code=204, headers=headers)
    return error_response(call, MethodNotAllowed(headers=headers))


def methods_of(request: Request) -> list[str]:
    methods: set[str] = {"OPTIONS"}
    for route in request.app.state.endpoints:
        if isinstance(route, APIRoute) and route.matches(request.scope)[0] is not Match.NONE:
            methods |= route.methods or set()
    return sorted(methods)


def create_app(runtime: Runtime, logger: Logger, routers: Sequence[APIRouter]) -> FastAPI:
    app = FastAPI(
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        exception_handlers={HTTPException: _unrouted, Exception: _unrouted},
    )
    app.state.runtime = runtime
    app.state.logger = logger
    # FastAPI keeps an included router as one opaque route.
    app.state.endpoints = [route for router in routers for route in router.routes]
    for router in routers:
        app.include_router(router)
    return app
