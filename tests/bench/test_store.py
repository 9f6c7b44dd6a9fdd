"""What the gauge counts, on a client that answers what it is told."""

import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.bench.store import Gauge


class Client:
    """Only what the gauge takes hold of."""

    def __init__(self, answer: dict[str, Any] | Exception) -> None:
        self.answer = answer
        self.parameters: list[dict[str, Any]] = []

    def _make_api_call(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        self.parameters.append(parameters)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def call(self, operation: str) -> Any:
        return self._make_api_call(operation, {"TableName": "t"})


def test_reads_and_writes_are_counted_apart() -> None:
    client = Client({"ConsumedCapacity": {"CapacityUnits": 2.5}})
    gauge = Gauge(client)
    client.call("Query")
    client.call("PutItem")
    cost = gauge.reset()
    assert (cost.calls, cost.trips, cost.read_units, cost.write_units) == (2, 2, 2.5, 2.5)
    assert client.parameters[0]["ReturnConsumedCapacity"] == "TOTAL"
    assert gauge.cost.calls == 0


def test_the_tables_of_a_batch_are_added_up() -> None:
    client = Client({"ConsumedCapacity": [{"CapacityUnits": 1.0}, {"CapacityUnits": 3.0}]})
    gauge = Gauge(client)
    client.call("BatchGetItem")
    assert gauge.cost.read_units == 4.0


def test_transactions_are_counted_by_their_actions() -> None:
    client = Client({"ConsumedCapacity": [{"CapacityUnits": 20.0}]})
    gauge = Gauge(client)
    client._make_api_call("TransactWriteItems", {"TransactItems": [{}, {}, {}]})
    assert (gauge.cost.actions, gauge.cost.units) == (3, 0.0)


@pytest.mark.parametrize(
    ("code", "units"),
    [
        pytest.param("ConditionalCheckFailedException", 1.0, id="a refused condition is billed"),
        pytest.param("ValidationException", 0.0, id="a refused request is not"),
    ],
)
def test_errors(code: str, units: float) -> None:
    client = Client(ClientError({"Error": {"Code": code, "Message": ""}}, "UpdateItem"))
    gauge = Gauge(client)
    with pytest.raises(ClientError):
        client.call("UpdateItem")
    assert (gauge.cost.calls, gauge.cost.write_units) == (1, units)


def test_calls_side_by_side_are_one_trip() -> None:
    both = threading.Barrier(2)

    class Slow(Client):
        def _make_api_call(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
            both.wait(timeout=10)
            return super()._make_api_call(operation, parameters)

    client = Slow({})
    gauge = Gauge(client)
    threads = [threading.Thread(target=client.call, args=("GetItem",)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (gauge.cost.calls, gauge.cost.trips) == (2, 1)
