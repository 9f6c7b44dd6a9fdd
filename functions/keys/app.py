"""Keys of a workspace, for its admins, as a Lambda function."""

from trimetric.http.function import make_metricis_handler
from functions.keys.routes import router

handler = make_metricis_handler(router)
