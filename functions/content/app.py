"""Cards, groups and questions of the UX Metrics dialect, as a Lambda function."""

from trimetric.http.function import make_handler
from functions.content.routes import router

handler = make_handler(router)
