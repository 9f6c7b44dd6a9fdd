"""The whole stack as one context manager: cloud, deployment, door, seeds.

`running()` is what `make run` shows; `running(folder, ephemeral=True)` is a throw-away beside it for tests and
benchmarks: free ports, no state kept, and the functions' roles enforced.
"""

import asyncio
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts import build
from scripts.environments import MINISTACK, ROOT, SAM, ensure
from scripts.local_stack import deployment
from scripts.local_stack.deployment import DeployFailed, Deployment
from scripts.local_stack.ministack import MiniStack
from scripts.local_stack.ports import API_PORT, AWS_PORT, LOOPBACK, free_ports, require_free
from scripts.local_stack.proxy import Proxy, Upstream
from scripts.local_stack.seed import seed

FOLDER = ROOT / ".local"

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Stack:
    base_url: str
    aws_url: str
    table_name: str
    buckets_table_name: str
    stack_file: Path
    functions_log: Path
    cloud: MiniStack

    def is_running(self) -> bool:
        return self.cloud.is_running()


@contextmanager
def running(
    folder: Path = FOLDER,
    *,
    ephemeral: bool = False,
    ports: tuple[int, int] | None = None,
    progress: Progress = lambda step: None,
) -> Iterator[Stack]:
    """The stack, seeded; it is stopped on leaving, whatever happened. `ports` are those of the API and the cloud."""
    ensure([SAM, MINISTACK])
    api_port, aws_port = ports or (free_ports(2) if ephemeral else (API_PORT, AWS_PORT))
    require_free({"the API": api_port, "the local cloud": aws_port})
    folder.mkdir(parents=True, exist_ok=True)
    base_url = f"http://{LOOPBACK}:{api_port}"

    progress("Building the functions")
    target = build.local_target()
    digest = build.build(target)
    cloud = MiniStack(folder, port=aws_port, persist=not ephemeral, enforce_iam=ephemeral)
    try:
        progress("Starting the local cloud")
        cloud.start()
        found = deployment.deployed(cloud.url)
        if found is None or found.digest != digest:
            progress("Deploying the stack")
            found = deployment.deploy(cloud.url, target=target, digest=digest, log=folder / "logs" / "deploy.log")
            cloud.save()
        stack = Stack(
            base_url=base_url,
            aws_url=cloud.url,
            table_name=found.table_name,
            buckets_table_name=found.buckets_table_name,
            stack_file=folder / "stack.json",
            functions_log=cloud.functions_log,
            cloud=cloud,
        )
        with _listening(found, api_port=api_port, aws_port=aws_port):
            progress("Waking the functions")
            _require_answer(base_url)
            progress("Seeding workspaces and a demo study")
            _seed(stack)
            cloud.save()
            yield stack
    finally:
        cloud.stop()


@contextmanager
def _listening(found: Deployment, *, api_port: int, aws_port: int) -> Iterator[None]:
    """The proxy in a thread with an event loop of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="proxy", daemon=True)
    thread.start()
    proxy: Proxy | None = None

    async def start() -> Proxy:
        made = Proxy(Upstream(aws_port, found.api_id), port=api_port)
        await made.start()
        return made

    try:
        proxy = asyncio.run_coroutine_threadsafe(start(), loop).result(30)
        yield
    finally:
        if proxy is not None:
            asyncio.run_coroutine_threadsafe(proxy.stop(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def _require_answer(base_url: str) -> None:
    """The deployed functions run; what they say to a caller without a key does not matter."""
    try:
        with urllib.request.urlopen(f"{base_url}/api/v1/docs.md", timeout=30):  # noqa: S310  # loopback
            return
    except urllib.error.HTTPError as error:
        if error.code < 500:
            return
        raise DeployFailed(
            f"The functions were deployed but fail ({error.code}); .local/logs/functions.log says why."
        ) from error


def _seed(stack: Stack) -> None:
    seed(
        base_url=stack.base_url,
        aws_endpoint_url=stack.aws_url,
        region=deployment.REGION,
        stack_name=deployment.STACK_NAME,
        table_name=stack.table_name,
        stack_file=stack.stack_file,
    )
