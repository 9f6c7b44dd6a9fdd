"""Folding of changed people into their studies' metrics, as a Lambda function on the table's stream."""

from functions.fold.service import Worker
from trimetric import settings
from trimetric.dynamo.client import client
from trimetric.dynamo.table import DynamoTable, Meter
from trimetric.observability import make_logger, traced

configuration = settings.current()
meter = Meter()
worker = Worker(
    configuration,
    DynamoTable(client("dynamodb"), configuration.table_name, meter=meter),
    meter,
    make_logger(configuration),
)
handler = traced(worker.handle, configuration) if configuration.trace_subsegments else worker.handle
