"""Metrics of surveys, of the Micrometrics dialect, as a Lambda function."""

from trimetric.http.function import make_signed_handler
from functions.survey_metrics.routes import router

handler = make_signed_handler(router)
