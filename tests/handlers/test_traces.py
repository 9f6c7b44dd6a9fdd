"""X-Ray subsegments, as the daemon beside a function gets them."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.handlers.events import event

pytestmark = [pytest.mark.loopback, pytest.mark.allow_hosts(["127.0.0.1"])]

ROOT = Path(__file__).parents[2]
SECRET = f"uxm_v1_{'5' * 64}"

#: One request as Lambda invokes it, in a process of its own: the SDK patches botocore for good.
INVOKE = """
import json, sys
from functions.workspace.app import handler

print(handler(json.loads(sys.argv[1]), None)["statusCode"])
"""


def invoke(daemon: str, **variables: str) -> int:
    """The status of a read whose store does not answer."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "shared")]),
        "TABLE_NAME": "table",
        "BUCKETS_TABLE_NAME": "buckets",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_LAMBDA_FUNCTION_NAME": "workspace",
        "AWS_XRAY_DAEMON_ADDRESS": daemon,
        "LAMBDA_TASK_ROOT": "/var/task",
        "_X_AMZN_TRACE_ID": "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
        **variables,
    }
    request = event("GET", "/api/v1/workspace", headers={"authorization": f"Bearer {SECRET}"})
    done = subprocess.run(
        [sys.executable, "-c", INVOKE, json.dumps(request)],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return int(done.stdout)


def received(daemon: socket.socket) -> list[str]:
    """The documents that were sent, each behind a line of its own."""
    daemon.setblocking(False)
    documents = []
    while True:
        try:
            documents.append(daemon.recv(65_536).decode().partition("\n")[2])
        except BlockingIOError:
            return documents


def names(segment: dict[str, Any]) -> list[str]:
    return [segment["name"], *(name for inner in segment.get("subsegments", ()) for name in names(inner))]


@pytest.mark.parametrize(("wanted", "expected"), [("true", {"## handle", "dynamodb"}), ("false", set())])
def test_subsegments_are_sent_where_the_deployment_asks_for_them(wanted: str, expected: set[str]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        host, port = daemon.getsockname()
        assert invoke(f"{host}:{port}", TRACE_SUBSEGMENTS=wanted) == 503
        documents = received(daemon)
    assert {name for document in documents for name in names(json.loads(document))} == expected
    assert SECRET not in "".join(documents)
