"""Studies of the UX Metrics dialect, as a Lambda function."""

from functions.studies.routes import router
from trimetric.http.function import make_handler

handler = make_handler(router)
