"""DynamoDB Local with the product's tables, and a client that says what each request cost.

Capacity figures of DynamoDB Local are those of AWS for single reads and writes; a refused condition reports none, and
is counted as the one write unit that AWS bills. For a transaction it reports the same few units however many items are
written (20 for 1 as for 100 participants), so the actions of transactions are counted instead.
"""

import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import botocore.config
import botocore.session
from botocore.exceptions import ClientError

from scripts import dynamodb_local
from trimetric.dynamo import keys

REGION: Final = "us-east-1"
TABLE: Final = "bench"
BUCKETS: Final = "bench-buckets"
PEER_TABLE: Final = "bench-peer"
ACCESS_KEY: Final = "bench"
SECRET_KEY: Final = "bench"  # noqa: S105 - DynamoDB Local takes any
STARTS_WITHIN_SECONDS: Final = 60


@contextmanager
def dynamodb() -> Iterator[str]:
    """The endpoint of a DynamoDB Local that keeps everything in memory, with the tables made."""
    dynamodb_local.ensure()
    port = _free_port()
    command = ["java", "-Xmx512m", "-Djava.library.path=DynamoDBLocal_lib", "-jar", "DynamoDBLocal.jar"]
    options = ["-inMemory", "-sharedDb", "-disableTelemetry", "-port", str(port)]
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [*command, *options], cwd=dynamodb_local.JAR.parent, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            _wait_for(process, port)
            endpoint = f"http://127.0.0.1:{port}"
            _make_tables(client(endpoint))
            yield endpoint
        finally:
            process.terminate()
            process.wait()


def client(endpoint: str, *, connections: int = 10) -> Any:
    config = botocore.config.Config(
        max_pool_connections=connections,
        parameter_validation=False,
        retries={"mode": "standard", "total_max_attempts": 3},
    )
    return botocore.session.get_session().create_client(
        "dynamodb",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        config=config,
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"DynamoDB Local in {Path(dynamodb_local.JAR).parent} did not start")


def _make_tables(store: Any) -> None:
    indexes = [
        {
            "IndexName": name,
            "KeySchema": _key_schema(keys.PARTITION, attribute),
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(keys.PROJECTED)},
        }
        for name, attribute in keys.INDEXES.items()
    ]
    _make_table(
        store, TABLE, keys.PARTITION, keys.SORT, more=list(keys.INDEXES.values()), LocalSecondaryIndexes=indexes
    )
    _make_table(store, BUCKETS, keys.BUCKET_KEY)
    _make_table(store, PEER_TABLE, "pk", "sk")


def _make_table(store: Any, name: str, *key: str, more: list[str] | None = None, **rest: Any) -> None:
    attributes = [{"AttributeName": attribute, "AttributeType": "S"} for attribute in [*key, *(more or [])]]
    store.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=attributes,
        KeySchema=_key_schema(*key),
        **rest,
    )


def _key_schema(*key: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(key, ("HASH", "RANGE"), strict=False)]


@dataclass(slots=True)
class Cost:
    """`trips` counts calls that run side by side once, `actions` what transactions write and check.

    `cpu` is the seconds that this process spent in the client.
    """

    calls: int = 0
    trips: int = 0
    read_units: float = 0.0
    write_units: float = 0.0
    actions: int = 0
    cpu: float = 0.0

    @property
    def units(self) -> float:
        return self.read_units + self.write_units


class Gauge:
    """Counts what a client does from now on."""

    _WRITES: Final = frozenset({"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"})

    def __init__(self, store: Any) -> None:
        self._call = store._make_api_call
        self._lock = threading.Lock()
        self._running = 0
        self._began = 0.0
        self.cost = Cost()
        # botocore's own name for "do this operation"; every method of a client, also of boto3's resources, goes
        # through it. Events would not do: none of them is fired last.
        store._make_api_call = self._measured

    def reset(self) -> Cost:
        """What was counted so far; counting begins anew."""
        with self._lock:
            cost, self.cost = self.cost, Cost()
        return cost

    def _measured(self, operation: str, parameters: dict[str, Any]) -> Any:
        self._enter()
        units = 0.0
        try:
            answer = self._call(operation, {**parameters, "ReturnConsumedCapacity": "TOTAL"})
            transaction = operation == "TransactWriteItems"
            units = 0.0 if transaction else _units(answer)
            if transaction:
                self._count_actions(len(parameters["TransactItems"]))
            return answer
        except ClientError as error:
            units = float(error.response["Error"]["Code"] == "ConditionalCheckFailedException")
            raise
        finally:
            self._leave(units, writes=operation in self._WRITES)

    def _count_actions(self, actions: int) -> None:
        with self._lock:
            self.cost.actions += actions

    def _enter(self) -> None:
        with self._lock:
            if self._running == 0:
                self._began = time.process_time()
                self.cost.trips += 1
            self._running += 1

    def _leave(self, units: float, *, writes: bool) -> None:
        with self._lock:
            self._running -= 1
            if self._running == 0:
                self.cost.cpu += time.process_time() - self._began
            self.cost.calls += 1
            if writes:
                self.cost.write_units += units
            else:
                self.cost.read_units += units


def _units(answer: dict[str, Any]) -> float:
    capacity = answer.get("ConsumedCapacity") or []
    entries = capacity if isinstance(capacity, list) else [capacity]
    return float(sum(entry.get("CapacityUnits", 0.0) for entry in entries))
