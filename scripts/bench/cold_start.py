"""CPU seconds of a fresh process until its first answer, out of the built artefact; the peer is run in between."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final

from scripts.bench import metricis
from scripts.bench.artefact import Artefact, functions, is_built, peers
from scripts.bench.events import Event, event
from scripts.bench.kms import kms
from scripts.bench.product import Product
from scripts.bench.rows import Row
from scripts.bench.samples import EXPERIENCE, PEER_KEY, Sample
from scripts.bench.store import ACCESS_KEY, BUCKETS, PEER_TABLE, REGION, SECRET_KEY, TABLE

SECTION: Final = "Cold start"
#: Share of the peer's CPU seconds that a function may take: as `sam build` makes the peer, and with bytecode.
MOST_OF_PLAIN: Final = 0.3
MOST_OF_COMPILED: Final = 0.6

FRESH: Final = Path(__file__).with_name("fresh.py")


class NoAnswer(Exception):
    pass


def environment(endpoint: str, kms_endpoint: str = "") -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ENDPOINT_URL_KMS": kms_endpoint or endpoint,
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
        "TABLE_NAME": TABLE,
        "BUCKETS_TABLE_NAME": BUCKETS,
        "PEER_TABLE_NAME": PEER_TABLE,
        # As the template sets it.
        "PYDANTIC_DISABLE_PLUGINS": "__all__",
    }


def run(
    artefact: Artefact,
    request: Event,
    *,
    endpoint: str,
    kms_endpoint: str = "",
    requests: int = 1,
    under: Sequence[str] = (),
) -> Any:
    """What `fresh.py` says of one process; NoAnswer if it failed or answered with an error."""
    task = {
        "paths": [str(path) for path in artefact.paths],
        "handler": artefact.handler,
        "event": request,
        "requests": requests,
    }
    command = [*under, sys.executable, "-S", "-E", "-B", str(FRESH), json.dumps(task)]
    done = subprocess.run(command, env=environment(endpoint, kms_endpoint), capture_output=True, text=True, check=False)
    figures = json.loads(done.stdout) if done.returncode == 0 else {"status": 0}
    if not 200 <= figures["status"] < 400:
        raise NoAnswer(f"{artefact.name} answered {figures['status']} to its first request {done.stderr[-300:]}")
    return figures


def first_requests(product: Product, sample: Sample) -> Mapping[str, Event]:
    study = f"/studies/{sample.study_id}"
    paths = {
        "workspace": ("GET", "/workspace"),
        "folders": ("GET", "/folders"),
        "studies": ("GET", "/studies"),
        "content": ("PATCH", f"/studies/{sample.draft_id}/cards/{sample.card_id}"),
        "participants": ("GET", f"{study}/participants"),
        "results": ("GET", f"{study}/results"),
        "reports": ("GET", f"{study}/metrics"),
        "collect": ("GET", f"/collect/{sample.collect_token}"),
        "docs": ("GET", "/docs.md"),
    }
    survey = f"{EXPERIENCE}/surveys/{sample.survey_id}"
    others = {
        "openapi": "/openapi.json",
        "devices": f"{EXPERIENCE}/devices",
        "surveys": f"{EXPERIENCE}/surveys",
        "responses": f"{survey}/responses",
        "survey_metrics": f"{survey}/metrics",
    }
    bodies = {"content": {"card": {"label": "Whisk"}}}
    found = {
        name: product.event(method, f"/api/v1{path}", body=bodies.get(name)) for name, (method, path) in paths.items()
    }
    return found | {name: product.event("GET", path) for name, path in others.items()}


def measure(product: Product, sample: Sample, *, repeats: int, advance: Callable[[], None]) -> list[Row]:
    if not is_built():
        return [Row(SECTION, "every function", "not built: run make build first")]
    plain, compiled = peers()
    peer_request = event("GET", "/api/v1/folders", headers={"authorization": f"Bearer {PEER_KEY}"})
    subjects = [plain, compiled, *functions()]
    totals: dict[str, list[float]] = {subject.name: [] for subject in subjects}
    with kms() as kms_endpoint:
        for _ in range(repeats):
            # Signatures grow old.
            requests: dict[str, Event] = {plain.name: peer_request, compiled.name: peer_request}
            requests |= first_requests(product, sample)
            requests |= metricis.first_requests(product.store)
            for subject in subjects:
                figures = run(subject, requests[subject.name], endpoint=product.endpoint, kms_endpoint=kms_endpoint)
                totals[subject.name].append(figures["total"])
            advance()
    medians = {name: median(values) for name, values in totals.items()}
    return [_row(name, medians[name], medians[plain.name], medians[compiled.name]) for name in list(medians)[2:]]


def _row(name: str, own: float, plain: float, compiled: float) -> Row:
    return Row(
        SECTION,
        f"{name}: import and first request, CPU",
        measured=f"{own * 1000:.0f} ms: {own / plain:.2f} and {own / compiled:.2f} of the peer",
        target=f"≤ {MOST_OF_PLAIN} of the peer as sam build makes it, ≤ {MOST_OF_COMPILED} of it with bytecode",
        peer=f"{plain * 1000:.0f} ms, with bytecode {compiled * 1000:.0f} ms",
        met=own <= MOST_OF_PLAIN * plain and own <= MOST_OF_COMPILED * compiled,
    )
