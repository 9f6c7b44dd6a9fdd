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

from tests.e2e.signer import Signer
from trimetric.auth.apiauth import new_signature_key
from trimetric.auth.bearer import new_key
from trimetric.auth.vault import KmsVault
from trimetric.domain import ids
from trimetric.domain.times import to_text
from trimetric.domain.workspaces import Credential, Permission, Plan
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
def outputs(stack: Stack) -> dict[str, str]:
    found = stack.client("cloudformation").describe_stacks(StackName=stack.stack_name)["Stacks"][0]["Outputs"]
    return {output["OutputKey"]: output["OutputValue"] for output in found}


@pytest.fixture(scope="session")
def workspaces(stack: Stack, outputs: dict[str, str]) -> Workspaces:
    return Workspaces(DynamoTable(stack.client("dynamodb"), outputs["TableName"]))


@pytest.fixture(scope="session")
def vault(stack: Stack, outputs: dict[str, str]) -> KmsVault:
    return KmsVault(outputs["KeyArn"], kms=stack.client("kms"))


@pytest.fixture(scope="session")
def make_key(workspaces: Workspaces) -> Callable[..., str]:
    """Make a workspace, give a key of it."""

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


@dataclass(frozen=True)
class SigningKey:
    """A key of the Micrometrics API, as operators made it."""

    pair: dict[str, str]
    credential: Credential


@pytest.fixture(scope="session")
def make_signing_key(workspaces: Workspaces, vault: KmsVault) -> Callable[..., SigningKey]:
    """Make a workspace, give a key of it that signs; its bucket is fresh. `limit` None is the default bucket of 10."""

    def make(
        *,
        permissions: tuple[Permission, ...] = tuple(Permission),
        api_enabled: bool = True,
        limit: int | None = None,
    ) -> SigningKey:
        now = datetime.now(UTC)
        workspace = workspaces.create(
            workspace_id=ids.new_workspace(),
            name="A test of its own",
            plan=Plan.FREE,
            api_enabled=api_enabled,
            created_at=to_text(now),
            limits={} if limit is None else {"apiauth": limit},
        )
        made = new_signature_key(vault, workspace.id, "test", now=now, permissions=permissions)
        workspaces.add_credential(made.credential)
        return SigningKey({"key": made.key, "secret": made.secret}, made.credential)

    return make


@pytest.fixture(scope="session")
def signed_load(stack: Stack) -> Iterator[httpx.Client]:
    """Signs each request with the pair of the workspace whose limits are raised."""
    with signing_caller(stack, stack.workspaces["load"]["apiauth"]) as api:
        yield api


def signing_caller(stack: Stack, pair: dict[str, str]) -> httpx.Client:
    return httpx.Client(base_url=stack.base_url, auth=Signer(pair), timeout=60)
