"""The local cloud's process: start, wait until it answers, save, stop cleanly."""

import json
import os
import shutil
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

from scripts.environments import MINISTACK, ROOT
from scripts.local_stack.ports import LOOPBACK

START_SECONDS = 60.0
STOP_SECONDS = 30.0
#: What the template and `sam deploy` use. The others are switched off, and with them the ports that they would open.
SERVICES = (
    "apigateway,cloudformation,cloudwatch,dynamodb,dynamodbstreams,events,iam,kms,lambda,logs,monitoring,s3,"
    "secretsmanager,sqs,sts"
)


class MiniStackFailed(Exception):
    """One sentence for the developer."""


class MiniStack:
    """`folder` keeps its state, logs and temporary files; with `enforce_iam` the functions' roles are applied."""

    def __init__(self, folder: Path, *, port: int, persist: bool, enforce_iam: bool = False) -> None:
        self.port = port
        self.url = f"http://{LOOPBACK}:{port}"
        self.log = folder / "logs" / "ministack.log"
        self.functions_log = folder / "logs" / "functions.log"
        self._state = folder / "state"
        self._temporary = folder / "tmp"
        self._persist = persist
        self._enforce_iam = enforce_iam
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        # Code that functions of an earlier run were unpacked to; nobody else writes here.
        shutil.rmtree(self._temporary, ignore_errors=True)
        for folder in (self._state, self._temporary, self.log.parent):
            folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as output:
            self._process = subprocess.Popen(
                # -P: the script's folder holds modules named like packages that it imports.
                [str(MINISTACK.python), "-P", str(ROOT / "scripts" / "local_stack" / "ministack_host.py")],
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # A group of its own: Ctrl-C reaches us first, and we stop it cleanly.
                start_new_session=True,
            )
        self._wait_until_it_answers()

    def save(self) -> None:
        """Write the state down now; a crash then loses only what came after."""
        if self._process is not None and self._persist:
            self._process.send_signal(signal.SIGUSR1)

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """Cleanly, so that the state is saved; by force when that takes too long."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = None
        shutil.rmtree(self._temporary, ignore_errors=True)

    def _wait_until_it_answers(self) -> None:
        assert self._process is not None  # noqa: S101  # just started
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            if self._answers():
                return
            time.sleep(0.1)
        self.stop()
        raise MiniStackFailed(f"MiniStack did not start; {self.log} says why.")

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=2) as answer:  # noqa: S310  # loopback
                return isinstance(json.load(answer), dict)
        except (OSError, ValueError):
            return False

    def _environment(self) -> dict[str, str]:
        # Nothing of the developer's AWS settings reaches the local cloud or its functions.
        kept = {name: os.environ[name] for name in ("HOME", "LANG", "LC_ALL", "PATH") if name in os.environ}
        return kept | {
            "AUTH": str(self._enforce_iam).lower(),
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "BIND_HOST": LOOPBACK,
            # No Docker, even where there is some: functions are plain processes.
            "DOCKER_HOST": f"unix://{self._temporary}/no-docker.sock",
            "FUNCTIONS_LOG": str(self.functions_log),
            "GATEWAY_PORT": str(self.port),
            "IOT_MTLS_ENABLED": "0",
            "PERSIST_STATE": str(int(self._persist)),
            "PYTHONUNBUFFERED": "1",
            "S3_DATA_DIR": str(self._state / "s3"),
            "S3_PERSIST": str(int(self._persist)),
            "SERVICES": SERVICES,
            "SFTP_ENABLED": "0",
            "STATE_DIR": str(self._state),
            "TMPDIR": str(self._temporary),
        }
