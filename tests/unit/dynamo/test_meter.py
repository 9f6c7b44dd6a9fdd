"""What the store did is counted whole also where two threads share one meter."""

import sys
import threading
from collections.abc import Iterator

import pytest

from trimetric.dynamo.table import Meter

THREADS, COUNTS = 4, 3_000


@pytest.fixture
def _switching_often() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("_switching_often")
def test_threads_that_count_at_once_lose_nothing() -> None:
    meter, together = Meter(), threading.Barrier(THREADS)

    def count() -> None:
        together.wait()
        for _ in range(COUNTS):
            meter.count(1, 0.5, 0.25)

    threads = [threading.Thread(target=count) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    total = THREADS * COUNTS
    assert (meter.calls, meter.read_units, meter.write_units) == (total, total / 2, total / 4)


def test_counting_begins_anew() -> None:
    meter = Meter()
    meter.count(2, 1.0, 1.0, 0.5)
    meter.reset()
    assert meter == Meter()
