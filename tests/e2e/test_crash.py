"""Functions killed in the middle of writes: nothing half done, and the same request completes it once."""

import random
import secrets
import threading
import time
from typing import Any

import httpx
import psutil
import pytest

from tests.e2e.conftest import Api, Stack
from tests.e2e.studies import people, published

ROUNDS = 12
TRIES = 60


def function_processes(gateway_port: int, function: str) -> list[psutil.Process]:
    """The local cloud's processes that run this function of this stack."""
    found = []
    for process in psutil.process_iter():
        try:
            environment = process.environ()
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
        if function in environment.get("AWS_LAMBDA_FUNCTION_NAME", "") and str(gateway_port) in environment.get(
            "AWS_ENDPOINT_URL", ""
        ):
            found.append(process)
    return found


class Killer:
    """Kills the function at random moments until it is stopped.

    A moment is an amount of work, not of time: a process that has just started on a busy machine gets to its work, too.
    """

    def __init__(self, port: int, function: str, seed: int) -> None:
        self._port, self._function = port, function
        self._random = random.Random(seed)  # noqa: S311 - reproducible
        self._stop = threading.Event()
        self.kills = 0
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Killer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        cpu_seconds = self._moment()
        while not self._stop.wait(0.1):
            for process in function_processes(self._port, self._function):
                try:
                    if process.cpu_times().user < cpu_seconds:
                        continue
                    process.kill()
                except psutil.NoSuchProcess:
                    continue
                self.kills += 1
                cpu_seconds = self._moment()

    def _moment(self) -> float:
        """CPU seconds; a start takes some 0.4 of them."""
        return self._random.uniform(0.4, 0.9)


def test_import_is_all_or_nothing_and_once(load: Api, stack: Stack) -> None:
    port = httpx.URL(stack.aws_endpoint_url).port
    assert port is not None
    study = published(load, "card_sort")
    path = f"/api/v1/studies/{study['id']}"
    with Killer(port, "articipants", seed=7) as killer:
        for number in range(ROUNDS):
            body = {"participants": people(study, 100, seed=number)}
            _import_until_done(load, path, body, before=100 * number)
    assert killer.kills > 0, "no function process was found to kill"
    listed = [row["external_id"] for row in load.walk(f"{path}/participants", limit="100")]
    sent = [person["external_id"] for number in range(ROUNDS) for person in people(study, 100, seed=number)]
    assert sorted(listed) == sorted(sent)
    assert load.data("GET", f"{path}/metrics")["participants"]["analysed"] == len(sent)


def _import_until_done(api: Api, path: str, body: dict[str, Any], *, before: int) -> None:
    """Send the same request with the same key until it is answered; count the people after each try."""
    headers = {"Idempotency-Key": secrets.token_hex(8)}
    for _ in range(TRIES):
        try:
            status = api.post(f"{path}/participants", json=body, headers=headers).status_code
        except httpx.TransportError:
            status = 0
        count = api.data("GET", path)["participant_count"]
        assert count in (before, before + 100), "some of the people are in"
        if status == 201:
            assert count == before + 100
            return
        assert status in (0, 409, 500, 502, 503, 504), status
        time.sleep(0.2)
    pytest.fail("the import never went through")
