"""What `make run` shows when the stack is ready: an address, a key, and commands to paste."""

import json
import urllib.error
import urllib.request
from typing import Any

from rich.console import Console

from scripts.local_stack.stack import Stack


def greet(stack: Stack, console: Console) -> None:
    console.print(f"\nAPI            {stack.base_url}\nlocal cloud    {stack.aws_url}")
    if not stack.stack_file.exists():
        return
    content = json.loads(stack.stack_file.read_text())
    key = content["workspaces"]["subscribed"]["ux_metrics_key"]
    console.print(f"hand-over file {stack.stack_file}\nkey            {key}\n", soft_wrap=True)
    for command in commands(stack.base_url, key):
        console.print(command, soft_wrap=True, markup=False)
    console.print()


def commands(base_url: str, key: str) -> list[str]:
    """Three requests that work as they stand."""
    targets = ["workspace", "studies"]
    study = _study_with_results(base_url, key)
    if study is not None:
        targets.append(f"studies/{study}/metrics")
    return [f'curl -s -H "Authorization: Bearer {key}" {base_url}/api/v1/{target}' for target in targets]


def _study_with_results(base_url: str, key: str) -> str | None:
    request = urllib.request.Request(  # noqa: S310  # loopback
        f"{base_url}/api/v1/studies?limit=100", headers={"Authorization": f"Bearer {key}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  # loopback
            studies: list[dict[str, Any]] = json.load(answer)["data"]
    except (urllib.error.URLError, ValueError, KeyError):
        return None
    ids = [str(study["id"]) for study in studies if study.get("completed_count")]
    return ids[0] if ids else None
