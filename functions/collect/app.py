"""The door for runners in a browser, as a Lambda function."""

from trimetric.http.function import make_handler
from functions.collect.routes import router

handler = make_handler(router)
