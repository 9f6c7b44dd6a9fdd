"""Metrics, reports and charts of the UX Metrics dialect, as a Lambda function."""

from functions.reports.routes import router
from trimetric.http.function import make_handler

handler = make_handler(router)
