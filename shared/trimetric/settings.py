"""The one place that reads the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

#: Bodies above these sizes are refused with 413 (bytes).
BODY_LIMIT = 1024 * 1024
IMPORT_BODY_LIMIT = 5 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Settings:
    #: The single table and the token-bucket table.
    table_name: str
    buckets_table_name: str
    #: Browser origins that may call the API; empty: none. The collect door is open to all.
    cors_origins: tuple[str, ...] = ()
    #: Prefix of CloudWatch metrics and name of this function in log lines.
    metrics_namespace: str = "Trimetric"
    service: str = "trimetric"
    log_level: str = "INFO"
    #: X-Ray subsegments for each request (the SDK costs import time at cold start).
    trace_subsegments: bool = False
    #: Whether an APIAuth signature of a GET must cover the query; the seed document never mentions it.
    api_auth_strict_uri: bool = False
    #: How long an access token of the Metricis dialect is valid, and the secret (ARN) whose versions sign them.
    access_token_seconds: int = 1800
    signing_secret_id: str = ""
    #: KMS key (ARN) that seals what must be recovered.
    data_key_id: str = ""


def read(environment: Mapping[str, str]) -> Settings:
    origins = tuple(part.strip() for part in environment.get("CORS_ORIGINS", "").split(",") if part.strip())
    return Settings(
        table_name=environment["TABLE_NAME"],
        buckets_table_name=environment["BUCKETS_TABLE_NAME"],
        cors_origins=origins,
        metrics_namespace=environment.get("POWERTOOLS_METRICS_NAMESPACE", "Trimetric"),
        service=environment.get("POWERTOOLS_SERVICE_NAME", "trimetric"),
        log_level=environment.get("LOG_LEVEL", "INFO"),
        trace_subsegments=environment.get("TRACE_SUBSEGMENTS", "false") == "true",
        api_auth_strict_uri=environment.get("API_AUTH_STRICT_URI", "false") == "true",
        access_token_seconds=int(environment.get("ACCESS_TOKEN_SECONDS", "1800")),
        signing_secret_id=environment.get("SIGNING_SECRET_ID", ""),
        data_key_id=environment.get("DATA_KEY_ID", ""),
    )


@lru_cache(maxsize=1)
def current() -> Settings:
    return read(os.environ)
