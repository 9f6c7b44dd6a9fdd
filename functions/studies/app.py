"""Studies of the UX Metrics dialect, as a Lambda function."""

from trimetric.http.function import make_handler
from functions.studies.routes import router

handler = make_handler(router)
