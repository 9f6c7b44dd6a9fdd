"""One structured line a request: a log record and, in the same JSON, metrics in CloudWatch's embedded format."""

import sys
from typing import Any, Final

from aws_lambda_powertools import Logger

from trimetric.settings import Settings

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


def embedded_metrics(settings: Settings, *, millis: int) -> dict[str, Any]:
    """The `_aws` member that makes CloudWatch read the metrics out of a log record."""
    directive = {
        "Namespace": settings.metrics_namespace,
        "Dimensions": [["service"], ["service", "route"]],
        "Metrics": [{"Name": name, "Unit": unit} for name, unit in _METRICS.items()],
    }
    return {"Timestamp": millis, "CloudWatchMetrics": [directive]}
