"""People of clinical studies, and their import, as a Lambda function."""

from trimetric.http.function import make_metricis_handler
from functions.metricis_participants.routes import router

handler = make_metricis_handler(router)
