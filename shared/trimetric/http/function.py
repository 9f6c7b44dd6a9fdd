"""From routers to a Lambda handler: the composition that each function's `app.py` asks for."""

from collections.abc import Sequence

from aws_lambda_powertools import Logger
from fastapi import APIRouter
from mangum import Mangum

from trimetric import settings
from trimetric.auth.bearer import Authenticator
from trimetric.auth.metricis import MetricisAuthenticator
from trimetric.dynamo.buckets import TokenBuckets
from trimetric.dynamo.client import client
from trimetric.dynamo.metricis.accounts import Accounts
from trimetric.dynamo.table import DynamoTable, Meter
from trimetric.dynamo.workspaces import Workspaces
from trimetric.http.application import create_app
from trimetric.http.call import Runtime
from trimetric.observability import LambdaHandler, make_logger, traced

#: Bodies that go back as they are; Mangum sends all others through Base64.
TEXT = ["text/", "application/json", "application/xml", "image/svg+xml"]


def make_handler(*routers: APIRouter) -> LambdaHandler:
    return _handler_of(_runtime(), routers)


def make_metricis_handler(*routers: APIRouter) -> LambdaHandler:
    """For functions whose callers have Metricis credentials."""
    runtime = _runtime()
    runtime.metricis = MetricisAuthenticator(Accounts(runtime.table))
    return _handler_of(runtime, routers)


def _runtime() -> Runtime:
    configuration = settings.current()
    meter = Meter()
    table = DynamoTable(client("dynamodb"), configuration.table_name, meter=meter)
    return Runtime(
        settings=configuration,
        table=table,
        buckets=TokenBuckets(client("dynamodb", patient=False), configuration.buckets_table_name, meter=meter.count),
        authenticator=Authenticator(Workspaces(table)),
        meter=meter,
    )


def _handler_of(runtime: Runtime, routers: Sequence[APIRouter]) -> LambdaHandler:
    configuration = runtime.settings
    handler = handler_of(runtime, make_logger(configuration), routers)
    return traced(handler, configuration) if configuration.trace_subsegments else handler


def handler_of(runtime: Runtime, logger: Logger, routers: Sequence[APIRouter]) -> LambdaHandler:
    """The same on any store and clock."""
    handler: LambdaHandler = Mangum(create_app(runtime, logger, routers), lifespan="off", text_mime_types=TEXT)
    return handler
