"""Documentation, and each path that no other function has, as a Lambda function."""

from trimetric.http.function import make_handler
from functions.docs.routes import router

handler = make_handler(router)
