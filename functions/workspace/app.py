"""The workspace of the UX Metrics dialect, as a Lambda function."""

from trimetric.http.function import make_handler
from functions.workspace.routes import router

handler = make_handler(router)
