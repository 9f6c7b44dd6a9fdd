"""Health, as a Lambda function."""

from trimetric.http.function import make_metricis_handler
from functions.health.routes import router

handler = make_metricis_handler(router)
