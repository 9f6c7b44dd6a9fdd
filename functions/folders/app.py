"""Folders of the UX Metrics dialect, as a Lambda function."""

from trimetric.http.function import make_handler
from functions.folders.routes import router

handler = make_handler(router)
