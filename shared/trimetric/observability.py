"""What is seen of a running function.

One structured line a request: a log record and, in the same JSON, metrics in CloudWatch's embedded format. On request
of the deployment, X-Ray subsegments besides.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from aws_lambda_powertools import Logger, Tracer

from trimetric.settings import Settings

LambdaHandler = Callable[[dict[str, Any], Any], dict[str, Any]]

#: Metric of the request line → unit.
_METRICS: Final = {
    "duration_ms": "Milliseconds",
    "store_ms": "Milliseconds",
    "store_calls": "Count",
    "read_units": "Count",
    "write_units": "Count",
    "server_errors": "Count",
    "throttled": "Count",
    "cold_starts": "Count",
}


def make_logger(settings: Settings) -> Logger:
    return Logger(service=settings.service, level=settings.log_level, stream=sys.stderr, utc=True)


def traced(handler: LambdaHandler, settings: Settings) -> LambdaHandler:
    """The handler in an X-Ray subsegment, with one below it for each call to AWS; no answer is part of them."""
    tracer = Tracer(service=settings.service, patch_modules=("botocore",))

    @tracer.capture_lambda_handler(capture_response=False)
    def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
        return handler(event, context)

    traced_handler: LambdaHandler = handle
    return traced_handler


def embedded_metrics(
    settings: Settings,
    *,
    millis: int,
    units: Mapping[str, str] = _METRICS,
    dimensions: Sequence[Sequence[str]] = (("service",), ("service", "route")),
) -> dict[str, Any]:
    """The `_aws` member that makes CloudWatch read the metrics out of a log record; by default those of a request."""
    directive = {
        "Namespace": settings.metrics_namespace,
        "Dimensions": [list(names) for names in dimensions],
        "Metrics": [{"Name": name, "Unit": unit} for name, unit in units.items()],
    }
    return {"Timestamp": millis, "CloudWatchMetrics": [directive]}
