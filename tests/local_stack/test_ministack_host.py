"""What the host script evens out, on a stand-in for MiniStack's Lambda."""

from types import SimpleNamespace
from typing import Any

import pytest

from scripts.local_stack import ministack_host

STREAM = {"Records": [{"eventSource": "aws:dynamodb"}]}
QUEUE = {"Records": [{"eventSource": "aws:sqs"}]}
GIVEN_BACK = {"batchItemFailures": [{"itemIdentifier": "7"}]}


@pytest.mark.parametrize(
    ("event", "body", "again"),
    [
        pytest.param(STREAM, GIVEN_BACK, True, id="a record of a stream is given back"),
        pytest.param(STREAM, '{"batchItemFailures": [{"itemIdentifier": "7"}]}', True, id="the answer came as text"),
        pytest.param(STREAM, {"batchItemFailures": []}, False, id="nothing is given back"),
        pytest.param(STREAM, None, False, id="no answer"),
        pytest.param(STREAM, "", False, id="an empty answer"),
        pytest.param(QUEUE, GIVEN_BACK, False, id="MiniStack itself looks after queues"),
        pytest.param({"Records": []}, GIVEN_BACK, False, id="no records"),
        pytest.param({"version": "2.0"}, GIVEN_BACK, False, id="a request"),
        pytest.param([], GIVEN_BACK, False, id="some other payload"),
    ],
)
def test_what_a_function_gives_back_comes_again(event: Any, body: Any, again: bool) -> None:
    lambda_svc = SimpleNamespace(_execute_function=lambda function, event: {"body": body, "log": function})
    ministack_host._send_again(lambda_svc)
    result = lambda_svc._execute_function("fold", event)
    assert result.get("error", False) is again
    assert (result["body"], result["log"]) == (body, "fold")
