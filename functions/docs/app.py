"""Documentation, and each path that no other function has, as a Lambda function."""

from functions.docs.routes import router
from trimetric.http.function import make_handler

handler = make_handler(router)
