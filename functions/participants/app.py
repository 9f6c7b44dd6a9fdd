"""Participants of a study in the UX Metrics dialect, as a Lambda function."""

from trimetric.http.function import make_handler
from functions.participants.routes import router

handler = make_handler(router)
