"""Tests against a deployed stack, over HTTP.

`TRIMETRIC_STACK_FILE` names the hand-over file (`.local/stack.json` by default), which `scripts/local_stack/seed.py`
writes. Each test that counts requests makes a workspace of its own, so that windows are fresh and tests may run twice.
"""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

from trimetric.auth.bearer import new_key
from trimetric.domain import ids
from trimetric.domain.times import to_text
from trimetric.domain.workspaces import Plan
from trimetric.dynamo.table import DynamoTable
from trimetric.dynamo.workspaces import Workspaces


@dataclass(frozen=True)
class Stack:
    base_url: str
    aws_endpoint_url: str
    region: str
    stack_name: str
    workspaces: dict[str, Any]

    def client(self, service: Any) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.aws_endpoint_url,
            region_name=self.region,
            aws_access_key_id="000000000000",
            aws_secret_access_key="test",
        )

    def key(self, workspace: str) -> str:
        return str(self.workspaces[workspace]["ux_metrics_key"])


@pytest.fixture(scope="session")
def stack() -> Stack:
    path = Path(os.environ.get("TRIMETRIC_STACK_FILE", ".local/stack.json"))
    document = json.loads(path.read_text())
    names = ("base_url", "aws_endpoint_url", "region", "stack_name", "workspaces")
    return Stack(**{name: document[name] for name in names})


class Api(httpx.Client):
    """A caller with a key; `data` unwraps the envelope and fails with the whole answer where the status is another."""

    def data(self, method: str, path: str, *, status: int = 200, **arguments: Any) -> Any:
        answer = self.request(method, path, **arguments)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text[:2000]}"
        return answer.json()["data"] if answer.content else None

    def walk(self, path: str, **parameters: str) -> Iterator[dict[str, Any]]:
        after: str | None = None
        while True:
            query = {**parameters, **({"after": after} if after else {})}
            answer = self.get(path, params=query)
            assert answer.status_code == 200, answer.text[:2000]
            document = answer.json()
            yield from document["data"]
            after = document["pagination"]["next_cursor"]
            assert document["pagination"]["has_more"] is (after is not None)
            if after is None:
                return


def caller(stack: Stack, key: str | None) -> Api:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return Api(base_url=stack.base_url, headers=headers, timeout=60)


@pytest.fixture(scope="session")
def load(stack: Stack) -> Iterator[Api]:
    """Every limit raised: for tests that are not about the throttle."""
    with caller(stack, stack.key("load")) as api:
        yield api


@pytest.fixture(scope="session")
def neighbour(make_api: Callable[..., Api]) -> Api:
    return make_api()


@pytest.fixture(scope="session")
def anonymous(stack: Stack) -> Iterator[Api]:
    with caller(stack, None) as api:
        yield api


@pytest.fixture(scope="session")
def make_key(stack: Stack) -> Callable[..., str]:
    """Make a workspace, give a key of it."""
    outputs = stack.client("cloudformation").describe_stacks(StackName=stack.stack_name)["Stacks"][0]["Outputs"]
    table_name = next(output["OutputValue"] for output in outputs if output["OutputKey"] == "TableName")
    workspaces = Workspaces(DynamoTable(stack.client("dynamodb"), table_name))

    def make(*, plan: Plan = Plan.SUBSCRIBED, api_enabled: bool = True, limit: int | None = None) -> str:
        now = datetime.now(UTC)
        workspace = workspaces.create(
            workspace_id=ids.new_workspace(),
            name="A test of its own",
            plan=plan,
            api_enabled=api_enabled,
            created_at=to_text(now),
        )
        if limit is not None:
            workspaces.change(workspace.id, limits={"ux_metrics": limit})
        made = new_key(workspace.id, "test", now=now)
        workspaces.add_credential(made.credential)
        return made.secret

    return make


@pytest.fixture(scope="session")
def make_api(stack: Stack, make_key: Callable[..., str]) -> Iterator[Callable[..., Api]]:
    opened: list[Api] = []

    def make(**arguments: Any) -> Api:
        opened.append(caller(stack, make_key(**arguments)))
        return opened[-1]

    yield make
    for api in opened:
        api.close()
