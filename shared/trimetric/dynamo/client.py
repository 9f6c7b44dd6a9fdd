"""Cached botocore clients.

botocore, not boto3: the resource layer and s3transfer are never used here and cost import time at every cold start.
The endpoint, region and credentials come from the standard AWS variables.
"""

from functools import lru_cache
from typing import Any

import botocore.config
import botocore.session

#: Seconds. A store call answers in milliseconds; a request must not hang behind one that does not.
CONNECT_TIMEOUT = 1
READ_TIMEOUT = 3


@lru_cache(maxsize=1)
def _session() -> botocore.session.Session:
    return botocore.session.get_session()


#: Where there is something to fall back on (the throttle), waiting is worse than doing without.
IMPATIENT_TIMEOUT = 0.5


@lru_cache
def client(service: str, *, patient: bool = True) -> Any:
    """A low-level client; one that is not `patient` gives up after half a second and never asks twice."""
    config = botocore.config.Config(
        connect_timeout=CONNECT_TIMEOUT if patient else IMPATIENT_TIMEOUT,
        read_timeout=READ_TIMEOUT if patient else IMPATIENT_TIMEOUT,
        retries={"mode": "standard", "total_max_attempts": 3 if patient else 1},
        parameter_validation=False,
        tcp_keepalive=True,
    )
    return _session().create_client(service, config=config)
