"""Cards, groups and questions of the UX Metrics dialect, as a Lambda function."""

from functions.content.routes import router
from trimetric.http.function import make_handler

handler = make_handler(router)
