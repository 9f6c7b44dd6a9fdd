"""Export of results, as a Lambda function."""

from functions.results.routes import router
from trimetric.http.function import make_handler

handler = make_handler(router)
