"""Studies of the Metricis dialect, as a Lambda function."""

from trimetric.http.function import make_metricis_handler
from functions.metricis_studies.routes import router

handler = make_metricis_handler(router)
