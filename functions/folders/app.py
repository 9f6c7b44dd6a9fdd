"""Folders of the UX Metrics dialect, as a Lambda function."""

from functions.folders.routes import router
from trimetric.http.function import make_handler

handler = make_handler(router)
