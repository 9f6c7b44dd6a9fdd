"""`make run` a second time: the same keys and the same data, without another deployment."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from scripts.local_stack.ports import LOOPBACK, free_ports
from scripts.local_stack.stack import running
from tests.e2e.signer import Signer

pytestmark = [pytest.mark.loopback, pytest.mark.allow_hosts([LOOPBACK])]


def ask(stack_file: Path, path: str, body: dict[str, Any] | None = None) -> Any:
    stack = json.loads(stack_file.read_text())
    headers = {"Authorization": f"Bearer {stack['workspaces']['subscribed']['ux_metrics_key']}"}
    method = "GET" if body is None else "POST"
    answer = httpx.request(method, stack["base_url"] + path, json=body, headers=headers, timeout=60)
    return answer.raise_for_status().json()["data"]


def ask_signed(stack_file: Path, path: str) -> int:
    stack = json.loads(stack_file.read_text())
    signer = Signer(stack["workspaces"]["subscribed"]["apiauth"])
    return httpx.get(stack["base_url"] + path, auth=signer, timeout=60).status_code


def logged_in(stack_file: Path) -> str:
    """An access token of the seeded admin."""
    stack = json.loads(stack_file.read_text())
    login = stack["workspaces"]["subscribed"]["admin"]
    answer = httpx.post(f"{stack['base_url']}/api/auth/login", json=login, timeout=60)
    return str(answer.raise_for_status().json()["access_token"])


def whose(stack_file: Path, access_token: str) -> Any:
    """The e-mail address of the user whose token it is."""
    base_url = json.loads(stack_file.read_text())["base_url"]
    headers = {"Authorization": f"Bearer {access_token}"}
    return httpx.get(f"{base_url}/api/auth/me", headers=headers, timeout=60).raise_for_status().json()["data"]["email"]


def test_data_and_keys_outlive_a_restart(tmp_path: Path) -> None:
    first, second = free_ports(2)
    steps: list[str] = []
    with running(tmp_path, ports=(first, second)) as stack:
        made = ask(stack.stack_file, "/api/v1/folders", {"folder": {"name": "Kept"}})
        before = stack.stack_file.read_bytes()
        access_token = logged_in(stack.stack_file)
        assert stack.stack_file.stat().st_mode & 0o777 == 0o600
    with running(tmp_path, ports=(first, second), progress=steps.append) as stack:
        assert stack.stack_file.read_bytes() == before
        assert ask(stack.stack_file, f"/api/v1/folders/{made['id']}") == made
        assert ask_signed(stack.stack_file, "/api/experience/devices") == 200
        assert logged_in(stack.stack_file)
        assert whose(stack.stack_file, access_token) == json.loads(before)["workspaces"]["subscribed"]["admin"]["email"]
    assert "Deploying the stack" not in steps
