"""From routers to a Lambda handler: the composition that each function's `app.py` asks for."""

from collections.abc import Sequence

from aws_lambda_powertools import Logger
from fastapi import APIRouter
from mangum import Mangum

from trimetric import settings
from trimetric.auth.bearer import Authenticator
from trimetric.auth.usage import Usage
from trimetric.domain import times
from trimetric.dynamo.buckets import TokenBuckets
from trimetric.dynamo.client import client
from trimetric.dynamo.table import DynamoTable, Meter
from trimetric.dynamo.workspaces import Workspaces
from trimetric.http.application import create_app
from trimetric.http.call import Runtime
from trimetric.observability import LambdaHandler, make_logger, traced
from trimetric.settings import Settings

#: Bodies that go back as they are; Mangum sends all others through Base64.
TEXT = ["text/", "application/json", "application/xml", "image/svg+xml"]


def make_handler(*routers: APIRouter) -> LambdaHandler:
    return _served(_runtime(settings.current()), routers)


def make_signed_handler(*routers: APIRouter) -> LambdaHandler:
    """For endpoints of the Micrometrics dialect."""
    # Functions of the other dialects start without these.
    from trimetric.auth.apiauth import SignatureAuthenticator
    from trimetric.auth.vault import KmsVault

    runtime = _runtime(settings.current())
    runtime.signatures = SignatureAuthenticator(
        Workspaces(runtime.table),
        KmsVault(),
        strict_uri=runtime.settings.api_auth_strict_uri,
        usage=runtime.authenticator.usage,
    )
    return _served(runtime, routers)


def make_metricis_handler(*routers: APIRouter) -> LambdaHandler:
    """For functions whose callers have Metricis credentials."""
    # Functions of the other dialects start without these.
    from trimetric.auth.login_tokens import AccessTokens
    from trimetric.auth.metricis import MetricisAuthenticator
    from trimetric.auth.signing_keys import SecretsManager, SigningKeys
    from trimetric.auth.vault import KmsVault
    from trimetric.dynamo.metricis.accounts import Accounts

    runtime = _runtime(settings.current())
    configuration = runtime.settings
    runtime.signing_keys = SigningKeys(SecretsManager(configuration.signing_secret_id))
    runtime.access_tokens = AccessTokens(runtime.signing_keys, seconds=configuration.access_token_seconds)
    runtime.metricis = MetricisAuthenticator(
        Accounts(runtime.table), runtime.access_tokens, usage=runtime.authenticator.usage
    )
    runtime.vault = KmsVault(configuration.data_key_id)
    return _served(runtime, routers)


def _runtime(configuration: Settings) -> Runtime:
    meter = Meter()
    table = DynamoTable(client("dynamodb"), configuration.table_name, meter=meter)
    # Nobody waits long for a day to be noted.
    hasty = DynamoTable(client("dynamodb", patient=False), configuration.table_name, meter=meter)
    return Runtime(
        settings=configuration,
        table=table,
        buckets=TokenBuckets(client("dynamodb", patient=False), configuration.buckets_table_name, meter=meter.count),
        authenticator=Authenticator(Workspaces(table), usage=Usage(Workspaces(hasty), clock=times.utc_now)),
        meter=meter,
    )


def _served(runtime: Runtime, routers: Sequence[APIRouter]) -> LambdaHandler:
    configuration = runtime.settings
    handler = handler_of(runtime, make_logger(configuration), routers)
    return traced(handler, configuration) if configuration.trace_subsegments else handler


def handler_of(runtime: Runtime, logger: Logger, routers: Sequence[APIRouter]) -> LambdaHandler:
    """The same on any store and clock."""
    handler: LambdaHandler = Mangum(create_app(runtime, logger, routers), lifespan="off", text_mime_types=TEXT)
    return handler
