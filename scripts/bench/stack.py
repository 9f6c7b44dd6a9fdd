"""People imported per second through the API of a throw-away local stack, and how long that stack took to start.

Run inside such a stack, this module imports and writes what it saw to the file that it is given:

    python -m scripts.local_stack with -- python -m scripts.bench.stack FIGURES
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from scripts.api_client import ApiClient
from scripts.bench.growth import IMPORT_SECTION, PEOPLE_PER_SECOND
from scripts.bench.rows import Row
from scripts.bench.samples import TYPE, batches
from scripts.environments import MINISTACK, SAM
from tests.samples.study_types import sample_study

PEOPLE: Final = 2_000
START_SECTION: Final = "Start"
STARTS_WITHIN_SECONDS: Final = 20
GIVES_UP_AFTER_SECONDS: Final = 240


def is_possible() -> bool:
    return MINISTACK.python.exists() and SAM.python.exists()


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        figures = Path(folder) / "figures.json"
        inner = [sys.executable, "-m", "scripts.bench.stack", str(figures)]
        began = time.time()
        done = subprocess.run(
            [sys.executable, "-m", "scripts.local_stack", "with", "--", *inner],
            capture_output=True,
            text=True,
            timeout=GIVES_UP_AFTER_SECONDS,
            check=False,
        )
        if done.returncode:
            return [Row(IMPORT_SECTION, "through the API of a local stack", f"failed: {done.stderr.strip()[-200:]}")]
        seen = json.loads(figures.read_text())
    rate, start = seen["people"] / seen["seconds"], seen["began"] - began
    return [
        Row(
            IMPORT_SECTION,
            f"{seen['people']:,} people with results, through the API of a throw-away local stack",
            measured=f"{rate:.0f} people/s",
            target=f"≥ {PEOPLE_PER_SECOND}/s",
            met=rate >= PEOPLE_PER_SECOND,
        ),
        Row(
            START_SECTION,
            "a local stack, built before: cloud, deployment, seeds, first answers",
            measured=f"{start:.1f} s",
            target=f"≤ {STARTS_WITHIN_SECONDS} s",
            met=start <= STARTS_WITHIN_SECONDS,
        ),
    ]


def inside(figures: Path) -> None:
    began = time.time()
    stack = json.loads(Path(os.environ["TRIMETRIC_STACK_FILE"]).read_text())
    with ApiClient(stack["base_url"], stack["workspaces"]["load"]["ux_metrics_key"]) as api:
        study = _published(api)
        bodies = list(batches(study, PEOPLE))
        importing = time.perf_counter()
        for body in bodies:
            api.call("POST", f"/studies/{study['id']}/participants", body=body, status=201)
        seconds = time.perf_counter() - importing
    figures.write_text(json.dumps({"began": began, "people": PEOPLE, "seconds": seconds}))


def _published(api: ApiClient) -> dict[str, Any]:
    body = {"study": {"name": "Where is it?", "settings": sample_study(TYPE)["settings"]}}
    study = api.data("POST", "/studies", params={"type": TYPE}, body=body, status=201)
    api.call("POST", f"/studies/{study['id']}/publish")
    shown: dict[str, Any] = api.data("GET", f"/studies/{study['id']}")
    return shown


if __name__ == "__main__":
    inside(Path(sys.argv[1]))
