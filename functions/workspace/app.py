"""The workspace of the UX Metrics dialect, as a Lambda function."""

from functions.workspace.routes import router
from trimetric.http.function import make_handler

handler = make_handler(router)
