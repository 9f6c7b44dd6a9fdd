"""Callers of the Metricis API."""

import itertools
from typing import Any

import httpx

from tests.e2e.conftest import Api, Stack

#: The API counts callers by address; every one of 127.0.0.0/8 is this machine.
_ADDRESSES = (f"127.{a}.{b}.{c}" for a, b, c in itertools.product(range(9, 250), range(1, 250), range(1, 250)))


def token_caller(stack: Stack, token: str | None) -> Api:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return Api(base_url=stack.base_url, headers=headers, timeout=60)


def caller_of(stack: Stack, workspace: str) -> Api:
    """With the seeded token, which has admin permissions."""
    return token_caller(stack, str(stack.workspaces[workspace]["api_token"]))


def newcomer(stack: Stack, token: str | None = None) -> Api:
    """From an address that has not been seen, so that its limit is fresh."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    transport = httpx.HTTPTransport(local_address=next(_ADDRESSES))
    return Api(base_url=stack.base_url, headers=headers, timeout=60, transport=transport)


def logged_in(stack: Stack, workspace: str, member: str) -> dict[str, Any]:
    """The tokens of a seeded user, `admin` or `read_only`."""
    with newcomer(stack) as door:
        answer = door.post("/api/auth/login", json=stack.workspaces[workspace][member])
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document
