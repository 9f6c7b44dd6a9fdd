"""Instructions of a warm request by callgrind: repeatable within a ten-thousandth, so fit for comparing two commits."""

import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from scripts.bench.artefact import functions, is_built, peers
from scripts.bench.cold_start import first_requests, run
from scripts.bench.events import event
from scripts.bench.product import Product
from scripts.bench.rows import Row
from scripts.bench.samples import PEER_KEY, Sample

SECTION: Final = "Instructions, by callgrind"
#: Two runs that differ in nothing but this many warm requests.
FEW: Final = 5
MANY: Final = 25
STEPS: Final = 4


def is_possible() -> bool:
    return shutil.which("valgrind") is not None and is_built()


def measure(product: Product, sample: Sample, *, advance: Callable[[], None]) -> list[Row]:
    ours = next(function for function in functions() if function.name == "folders")
    _, peer = peers()
    requests = {
        ours: first_requests(product, sample)["folders"],
        peer: event("GET", "/api/v1/folders", headers={"authorization": f"Bearer {PEER_KEY}"}),
    }
    counts: dict[str, tuple[int, int]] = {}
    for artefact, request in requests.items():
        few, many = 0, 0
        for number in (FEW, MANY):
            with tempfile.TemporaryDirectory() as folder:
                report = Path(folder) / "callgrind"
                under = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={report}", "-q"]
                run(artefact, request, endpoint=product.endpoint, requests=number, under=under)
                few, many = (total(report), many) if number == FEW else (few, total(report))
            advance()
        each = (many - few) // (MANY - FEW)
        counts[artefact.name] = few - FEW * each, each
    own, theirs = counts[ours.name], counts[peer.name]
    return [
        Row(SECTION, "folders: import", f"{own[0] / 1e6:.0f} million", peer=f"{theirs[0] / 1e6:.0f} million"),
        Row(
            SECTION,
            "25 folders, warm, calls to the store included",
            measured=f"{own[1] / 1e6:.2f} million",
            peer=f"{theirs[1] / 1e6:.2f} million",
        ),
    ]


def total(report: Path) -> int:
    """The sum that callgrind wrote at the end of its file."""
    found = re.search(r"^(?:summary|totals): (\d+)", report.read_text(), re.MULTILINE)
    if found is None:
        raise ValueError(f"{report} has no sum")
    return int(found.group(1))
