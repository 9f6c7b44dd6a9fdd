"""Users of the Metricis dialect and their logins, as a Lambda function."""

from trimetric.http.function import make_metricis_handler
from functions.accounts.routes import router

handler = make_metricis_handler(router)
