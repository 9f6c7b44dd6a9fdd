"""`python -m scripts.bench [--quick]`: measures everything, prints a table, writes `.local/bench.json` and the page.

The exit code is 0 also where a target is missed: figures are for people to judge, machines differ.
"""

import argparse
import os
import platform
import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from scripts.bench import (
    cold_start,
    endpoints,
    folding,
    growth,
    instructions,
    lists,
    samples,
    signatures,
    sizes,
    stack,
    throttle,
    warm,
)
from scripts.bench.product import Product
from scripts.bench.rows import Row, Run, table, write_json, write_page
from scripts.bench.store import dynamodb
from scripts.environments import ROOT

JSON: Final = ROOT / ".local" / "bench.json"
PAGE: Final = ROOT / "docs" / "performance.md"

ENDPOINTS: Final = 28
#: What comes behind the metrics of each type.
LOCAL_STACK_SECONDS: Final = 60
THROTTLES: Final = len(throttle.LIMITS) + 2


def main() -> int:
    parser = argparse.ArgumentParser(description="Figures against their targets.")
    parser.add_argument("--quick", action="store_true", help="fewer repeats, smaller studies, no local stack")
    parser.add_argument("--minutes", type=float, default=10, help="what would take longer is left out")
    parser.add_argument("--no-page", action="store_true", help="leave docs/performance.md alone")
    options = parser.parse_args()
    console = Console(stderr=True)
    began = time.monotonic()
    columns = (
        TextColumn("{task.description:28}"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f}%"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        rows = measure(progress, quick=options.quick, deadline=began + 60 * options.minutes)
    run = Run(
        date=datetime.now(UTC).date().isoformat(),
        machine=machine(),
        quick=options.quick,
        seconds=time.monotonic() - began,
        rows=rows,
    )
    # A pipe has no width.
    Console(width=None if sys.stdout.isatty() else 180).print(table(rows))
    write_json(JSON, run)
    if not options.no_page:
        write_page(PAGE, run)
    console.print(f"{len(run.missed)} of {len(rows)} figures missed their target; all are in {JSON.relative_to(ROOT)}.")
    return 0


def measure(progress: Progress, *, quick: bool, deadline: float) -> list[Row]:
    rows: list[Row] = []
    starts, repeats = (3, 20) if quick else (9, 60)
    studies = growth.QUICK_SIZES if quick else growth.SIZES
    with dynamodb() as endpoint:
        product = Product(endpoint)
        with Part(progress, "Samples", 1):
            sample = samples.make(product)
            samples.make_for_peer(endpoint)
        with Part(progress, "Cold start", starts) as part:
            rows += cold_start.measure(product, sample, repeats=starts, advance=part.advance)
        with Part(progress, "Warm requests", warm.WARM_UP + repeats) as part:
            rows += warm.measure(product, sample, repeats=repeats, advance=part.advance)
        with Part(progress, "Signatures", signatures.STEPS) as part:
            rows += signatures.measure(repeats=repeats, advance=part.advance)
        if instructions.is_possible() and not quick:
            with Part(progress, "Instructions", instructions.STEPS) as part:
                rows += instructions.measure(product, sample, advance=part.advance)
        with Part(progress, "Round trips and units", ENDPOINTS) as part:
            rows += endpoints.measure(product, sample, advance=part.advance)
        with Part(progress, "Throttle", THROTTLES) as part:
            rows += throttle.measure(endpoint, flood=100_000, advance=part.advance)
        with Part(progress, "Growing studies", growth.steps(studies)) as part:
            rows += growth.measure(product, studies, advance=part.advance)
        milestones = folding.QUICK_SIZES if quick else folding.SIZES
        with Part(progress, "Metrics of each type", folding.steps(milestones)) as part:
            seconds = deadline - LOCAL_STACK_SECONDS - time.monotonic()
            rows += folding.measure(product, milestones, seconds=seconds, advance=part.advance)
        lengths = lists.QUICK_SIZES if quick else lists.SIZES
        with Part(progress, "Page lists with totals", lists.steps(lengths)) as part:
            rows += lists.measure(endpoint, lengths, advance=part.advance)
    if stack.is_possible() and not quick:
        with Part(progress, "Local stack", 1):
            rows += stack.measure()
    return [*_in_order(rows), *sizes.measure()]


def _in_order(rows: Iterable[Row]) -> list[Row]:
    """Sections in the order of their first row, each in one piece."""
    sections: dict[str, list[Row]] = {}
    for row in rows:
        sections.setdefault(row.section, []).append(row)
    return [row for section in sections.values() for row in section]


class Part:
    """One line of the progress display."""

    def __init__(self, progress: Progress, name: str, steps: int) -> None:
        self._progress = progress
        self._name, self._began = name, time.monotonic()
        self._task: TaskID = progress.add_task(name, total=steps)
        self._steps = steps

    def __enter__(self) -> "Part":
        return self

    def __exit__(self, *raised: object) -> None:
        self._progress.update(self._task, completed=self._steps)
        if not self._progress.console.is_terminal:
            # A file or a pipe shows no bars before the end.
            self._progress.console.print(f"{self._name}: {time.monotonic() - self._began:.0f} s")

    def advance(self, steps: int = 1) -> None:
        self._progress.advance(self._task, steps)


def machine() -> str:
    """The model of the processor, its cores and the Python."""
    model = platform.processor() or platform.machine()
    facts = Path("/proc/cpuinfo")
    if facts.exists():
        named = [line for line in facts.read_text().splitlines() if line.startswith("model name")]
        model = named[0].partition(":")[2].strip() if named else model
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main())
