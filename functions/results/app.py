"""Export of results, as a Lambda function."""

from trimetric.http.function import make_handler
from functions.results.routes import router

handler = make_handler(router)
