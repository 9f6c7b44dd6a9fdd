"""`python -m scripts.local_stack up` and `… with -- COMMAND` (a throw-away stack around one command)."""

import argparse
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import FrameType

from rich.console import Console

from scripts.api_client import UnexpectedAnswer
from scripts.build import BuildFailed
from scripts.environments import ROOT, SetupFailed
from scripts.local_stack.deployment import DeployFailed, aws_environment
from scripts.local_stack.greeting import greet
from scripts.local_stack.ministack import MiniStackFailed
from scripts.local_stack.ports import PortTaken
from scripts.local_stack.stack import FOLDER, Stack, running

FAILURES = (BuildFailed, DeployFailed, MiniStackFailed, PortTaken, SetupFailed, UnexpectedAnswer)
CLOUD_CHECK_SECONDS = 1.0

console = Console(stderr=True, highlight=False)


class Steps:
    """One line a step, with the seconds that the one before took."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._current: tuple[str, float] | None = None

    def __call__(self, step: str) -> None:
        self.end()
        self._current = (step, time.monotonic())
        console.print(f"[bold]…[/bold] {step}")

    def end(self) -> None:
        if self._current is not None:
            step, began = self._current
            console.print(f"[green]✓[/green] {step} ({time.monotonic() - began:.1f} s)")
            self._current = None

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.local_stack")
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="run the stack until Ctrl-C")
    up.add_argument("--ephemeral", action="store_true", help="free ports, keep nothing, enforce the functions' roles")
    up.add_argument("--folder", type=Path, help="where state, logs and stack.json go")
    around = commands.add_parser("with", help="run a command while a throw-away stack runs")
    around.add_argument("arguments", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    options = parser.parse_args()
    # SIGTERM unwinds like Ctrl-C: each context manager stops what it started.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        if options.command == "up":
            return _up(options.folder, ephemeral=options.ephemeral)
        return _with([part for part in options.arguments if part != "--"])
    except FAILURES as failure:
        console.print(f"[red]{failure}[/red]", soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("Stopped.")
        return 130


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _up(folder: Path | None, *, ephemeral: bool) -> int:
    if ephemeral and folder is None:
        with tempfile.TemporaryDirectory(prefix="trimetric-") as made:
            return _up(Path(made), ephemeral=True)
    steps = Steps()
    with running(folder or FOLDER, ephemeral=ephemeral, progress=steps) as stack:
        steps.end()
        console.print(f"Ready in {steps.seconds:.1f} s. Ctrl-C stops it and keeps the data.")
        greet(stack, console)
        _wait(stack)
    return 0


def _wait(stack: Stack) -> None:
    try:
        while stack.is_running():
            threading.Event().wait(CLOUD_CHECK_SECONDS)
    except KeyboardInterrupt:
        console.print("Stopping and saving …")
        return
    raise MiniStackFailed(f"MiniStack stopped by itself; {stack.cloud.log} says why.")


def _with(command: list[str]) -> int:
    """The command's exit code. It finds the stack through TRIMETRIC_STACK_FILE and the AWS variables."""
    steps = Steps()
    with tempfile.TemporaryDirectory(prefix="trimetric-") as folder:
        with running(Path(folder), ephemeral=True, progress=steps) as stack:
            steps.end()
            environment = {
                **aws_environment(stack.aws_url),
                "TRIMETRIC_STACK_FILE": str(stack.stack_file),
                "TRIMETRIC_FUNCTIONS_LOG": str(stack.functions_log),
                "TABLE_NAME": stack.table_name,
                "BUCKETS_TABLE_NAME": stack.buckets_table_name,
            }
            done = subprocess.run(command, env=environment, check=False)
            if done.returncode:
                _keep_log(stack)
        return done.returncode


def _keep_log(stack: Stack) -> None:
    kept = FOLDER / "logs" / "throw-away-functions.log"
    kept.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(stack.functions_log, kept)
    console.print(f"What the functions logged is in {kept.relative_to(ROOT)}.", soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
