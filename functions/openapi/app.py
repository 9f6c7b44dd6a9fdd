"""The OpenAPI document, as a Lambda function of its own: together with the pages of `docs` it would be too large."""

from trimetric.http.function import make_handler
from functions.openapi.routes import router

handler = make_handler(router)
