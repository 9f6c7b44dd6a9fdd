"""Stores for tests: moto inside the process, DynamoDB Local on a port of 127.0.0.1. Every test has tables of its own.

A test that asks for DynamoDB Local may open sockets to 127.0.0.1 and is marked `loopback`; no other test may.
"""

import asyncio
import os
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import botocore.config
import botocore.session
import pytest
from hypothesis import HealthCheck, settings
from moto import mock_aws

from trimetric.dynamo import keys
from trimetric.dynamo.table import DynamoTable

# How long an example takes says how busy the machine is.
settings.register_profile("trimetric", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("trimetric")

_ROOT = Path(__file__).parents[1]
_REGION = "us-east-1"
_PATIENCE_SECONDS = 60

#: For parameters of a test that take the store by name; elsewhere the fixture's name is enough.
LOOPBACK = (pytest.mark.loopback, pytest.mark.allow_hosts(["127.0.0.1"]))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "dynamodb_local" in getattr(item, "fixturenames", ()):
            for mark in LOOPBACK:
                item.add_marker(mark)


@pytest.fixture(scope="session")
def _event_loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture(autouse=True)
def _one_event_loop(_event_loop: asyncio.AbstractEventLoop) -> None:
    """Mangum makes a loop where the thread has none, as after an `asyncio.run`, and leaves it open."""
    asyncio.set_event_loop(_event_loop)


@pytest.fixture(scope="session")
def dynamodb_local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Endpoint of a DynamoDB Local that keeps everything in memory; `DYNAMODB_LOCAL_HOME` says where its jar is."""
    home = Path(os.environ.get("DYNAMODB_LOCAL_HOME", _ROOT / ".tools/dynamodb-local/package/emulator"))
    if not (home / "DynamoDBLocal.jar").is_file():
        pytest.fail(f"no DynamoDBLocal.jar in {home}: run `make setup`, or set DYNAMODB_LOCAL_HOME")
    port = _free_port()
    log = tmp_path_factory.mktemp("dynamodb-local") / "output.txt"
    command = ["java", "-Xmx384m", "-Djava.library.path=DynamoDBLocal_lib", "-jar", "DynamoDBLocal.jar"]
    options = ["-inMemory", "-sharedDb", "-disableTelemetry", "-port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen([*command, *options], cwd=home, stdout=output, stderr=subprocess.STDOUT)
    try:
        _wait_for(process, port, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=_PATIENCE_SECONDS)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail(f"DynamoDB Local did not start:\n{log.read_text(errors='replace')[-2000:]}")


@pytest.fixture(scope="session")
def local_client(dynamodb_local: str) -> Any:
    """A low-level client of DynamoDB Local that does not retry."""
    return _client(endpoint_url=dynamodb_local)


@pytest.fixture
def moto_client() -> Iterator[Any]:
    """A low-level client of an empty moto account."""
    with mock_aws():
        yield _client()


@pytest.fixture
def local_table(local_client: Any) -> Iterator[DynamoTable]:
    with single_table(local_client) as name:
        yield DynamoTable(local_client, name)


@pytest.fixture
def moto_table(moto_client: Any) -> Iterator[DynamoTable]:
    with single_table(moto_client) as name:
        yield DynamoTable(moto_client, name)


@pytest.fixture
def local_buckets_table(local_client: Any) -> Iterator[str]:
    with buckets_table(local_client) as name:
        yield name


@pytest.fixture
def moto_buckets_table(moto_client: Any) -> Iterator[str]:
    with buckets_table(moto_client) as name:
        yield name


@contextmanager
def single_table(client: Any) -> Iterator[str]:
    """The name of an empty table with the product's keys and indexes."""
    attributes = [keys.PARTITION, keys.SORT, *keys.INDEXES.values()]
    indexes = [
        {
            "IndexName": index,
            "KeySchema": _key_schema(keys.PARTITION, attribute),
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(keys.PROJECTED)},
        }
        for index, attribute in keys.INDEXES.items()
    ]
    key_schema = _key_schema(keys.PARTITION, keys.SORT)
    with _throw_away(client, attributes, KeySchema=key_schema, LocalSecondaryIndexes=indexes) as name:
        yield name


@contextmanager
def buckets_table(client: Any) -> Iterator[str]:
    """The name of an empty token-bucket table."""
    with _throw_away(client, [keys.BUCKET_KEY], KeySchema=_key_schema(keys.BUCKET_KEY)) as name:
        yield name


@contextmanager
def _throw_away(client: Any, attributes: list[str], **schema: Any) -> Iterator[str]:
    name = f"test-{uuid.uuid4().hex}"
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": attribute, "AttributeType": "S"} for attribute in attributes],
        **schema,
    )
    try:
        yield name
    finally:
        client.delete_table(TableName=name)


def _key_schema(*attributes: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": attribute, "KeyType": kind}
        for attribute, kind in zip(attributes, ("HASH", "RANGE"), strict=False)
    ]


def _client(**arguments: Any) -> Any:
    config = botocore.config.Config(
        connect_timeout=5,
        read_timeout=30,
        max_pool_connections=64,
        retries={"total_max_attempts": 1},
        parameter_validation=False,
    )
    return botocore.session.get_session().create_client(
        "dynamodb",
        region_name=_REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=config,
        **arguments,
    )
