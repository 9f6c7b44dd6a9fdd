"""Participants of a study in the UX Metrics dialect, as a Lambda function."""

from functions.participants.routes import router
from trimetric.http.function import make_handler

handler = make_handler(router)
