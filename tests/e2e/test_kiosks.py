"""Fifty kiosks with bad networks and bad clocks: nothing they send is lost or counted twice.

A kiosk gives up early and sends again, sends the same twice at once, was offline for hours, repeats itself later, and
starts with a clock that may be wrong. `TRIMETRIC_KIOSKS_SECONDS` says how long they go on (30 by default).
"""

import os
import random
import statistics
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Final

import httpx
import pytest

from tests.e2e.conftest import Stack
from tests.e2e.signer import Signer
from tests.e2e.test_responses import DEVICES, QUESTIONS, SURVEYS, body_of

KIOSKS: Final = 50
SECONDS: Final = float(os.environ.get("TRIMETRIC_KIOSKS_SECONDS", "30"))
#: Clocks at the start, in seconds; most are right or nearly so.
SKEWS: Final = (0, 0, 1, -1, -90, 200, -800, 600, 1_200, -2_000)
#: Ahead by less than that is accepted.
AHEAD: Final = 300
#: Signatures whose dates differ by less are accepted.
STALE: Final = 900


@dataclass
class Kiosk:
    """What one sent, and what it knows to be accepted: the id of each response with its content."""

    device_id: str
    path: str
    rng: random.Random
    skew: float
    client: httpx.Client
    accepted: dict[str, dict[str, Any]] = field(default_factory=dict)
    told: Counter[str] = field(default_factory=Counter)
    number: int = 0

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.skew)

    def http_date(self) -> str:
        return format_datetime(self.now(), usegmt=True)

    def work(self, until: float) -> None:
        offline = [self.compose(hours=self.rng.uniform(1, 30)) for _ in range(self.rng.randint(0, 3))]
        for body, headers in offline:
            self.deliver(body, headers)
        while time.monotonic() < until:
            time.sleep(self.rng.uniform(0.2, 2.0))
            body, headers = self.compose()
            headers = self.deliver(body, headers)
            if self.rng.random() < 0.15:
                self.repeat(body, headers)

    def compose(self, hours: float = 0) -> tuple[dict[str, Any], dict[str, str]]:
        """A response that can be told from all others by an external id, by an Idempotency-Key, or by both."""
        self.number += 1
        name = f"{self.device_id} {self.number}"
        body: dict[str, Any] = {"answers": self.answers(), "device_id": self.device_id, "language": "en"}
        kind = self.rng.choice(("external", "key", "both"))
        if kind != "key":
            body["external_id"] = name
        if kind == "key" or self.rng.random() < 0.8 or hours:
            body["submitted_at"] = (self.now() - timedelta(hours=hours)).isoformat(timespec="milliseconds")
        return body, {} if kind == "external" else {"Idempotency-Key": name}

    def answers(self) -> list[dict[str, Any]]:
        values = {
            "nps": self.rng.randint(0, 10),
            "stars": self.rng.randint(1, 5),
            "colour": self.rng.choice(["red", "blue"]),
            "colours": self.rng.sample(["r", "blue"], self.rng.randint(1, 2)),
            "why": self.rng.choice(["fine", "too slow", "the queue was long"]),
            "again": self.rng.random() < 0.5,
        }
        kept = [name for name in values if name == "nps" or self.rng.random() < 0.6]
        return [{"question_id": name, "value": values[name]} for name in kept]

    def deliver(self, body: dict[str, Any], headers: dict[str, str]) -> dict[str, str]:
        """Until it is known to be accepted; gives the headers that it was accepted with."""
        while True:
            wrong_clock = self.skew
            answers = self.send_twice(body, headers) if self.rng.random() < 0.1 else [self.send(body, headers)]
            for answer in answers:
                if answer is None:
                    self.told["gave up"] += 1
                elif answer.status_code in (200, 201):
                    self.accept(answer.json(), body)
                elif answer.status_code in (401, 422) and wrong_clock:
                    self.refused_for_the_clock(answer, body, wrong_clock)
                else:
                    assert answer.status_code in (409, 429, 503), answer.text
                    assert answer.headers.get("retry-after"), answer.text
                    self.told[str(answer.status_code)] += 1
            if any(answer is not None and answer.status_code in (200, 201) for answer in answers):
                return headers
            if self.skew != wrong_clock:
                headers = {name: f"{value} again" for name, value in headers.items()}
            time.sleep(self.rng.uniform(0.05, 0.3))

    def send(self, body: dict[str, Any], headers: dict[str, str]) -> httpx.Response | None:
        """None: it did not wait for the answer."""
        patience = self.rng.choice((0.02, 0.1, 30, 30, 30, 30, 30, 30))
        self.told["sent"] += 1
        try:
            return self.client.post(f"{self.path}/responses", json=body, headers=headers, timeout=patience)
        except httpx.TransportError:
            return None

    def send_twice(self, body: dict[str, Any], headers: dict[str, str]) -> list[httpx.Response | None]:
        with ThreadPoolExecutor(2) as threads:
            return list(threads.map(lambda _: self.send(body, headers), range(2)))

    def accept(self, response: dict[str, Any], body: dict[str, Any]) -> None:
        """Whoever asks again for the same gets the same."""
        sent = {name: value for name, value in body.items() if name != "submitted_at"}
        assert {name: response[name] for name in sent} == sent
        assert self.accepted.setdefault(response["id"], response) == response

    def refused_for_the_clock(self, answer: httpx.Response, body: dict[str, Any], skew: float) -> None:
        """Only a clock that is wrong enough is refused; the kiosk sets it."""
        if answer.status_code == 401:
            assert abs(skew) > STALE - 60, answer.text
        else:
            assert skew > AHEAD - 60, answer.text
            assert [detail["field"] for detail in answer.json()["error"]["details"]] == ["submitted_at"]
        self.told[f"clock refused with {answer.status_code}"] += 1
        if "submitted_at" in body:
            right = datetime.fromisoformat(body["submitted_at"]) - timedelta(seconds=self.skew)
            body["submitted_at"] = right.isoformat(timespec="milliseconds")
        self.skew = 0

    def repeat(self, body: dict[str, Any], headers: dict[str, str]) -> None:
        """Later, the same again, or something else under the same name."""
        if "external_id" in body and self.rng.random() < 0.3:
            other = {**body, "language": "de"}
            answer = self.client.post(f"{self.path}/responses", json=other, timeout=60)
            assert body_of(answer, 409)["error"]["code"] == "duplicate_response"
            self.told["duplicate refused"] += 1
            return
        self.deliver(body, headers)
        self.told["repeated"] += 1


@pytest.fixture
def kiosks(stack: Stack, signed_load: httpx.Client) -> list[Kiosk]:
    survey = {"name": "Airport", "status": "active", "questions": QUESTIONS}
    path = f"{SURVEYS}/{body_of(signed_load.post(SURVEYS, json=survey), 201)['id']}"
    made = []
    for number in range(KIOSKS):
        device_id = body_of(signed_load.post(DEVICES, json={"name": f"Gate {number}"}), 201)["id"]
        rng = random.Random(number)  # noqa: S311 - the same kiosks every time
        client = httpx.Client(base_url=stack.base_url, timeout=60)
        kiosk = Kiosk(device_id, path, rng, SKEWS[number % len(SKEWS)], client)
        client.auth = Signer(stack.workspaces["load"]["apiauth"], date=kiosk.http_date)
        made.append(kiosk)
    return made


def walked(client: httpx.Client, path: str, **query: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    while True:
        answer = client.get(f"{path}/responses", params=query)
        rows += body_of(answer)
        if "next-cursor" not in answer.headers:
            return rows
        query = {"limit": "100", "cursor": answer.headers["next-cursor"]}


def recounted(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """What the metrics have to be, in the test's own words."""
    values: dict[str, list[Any]] = {question["id"]: [] for question in QUESTIONS}
    for row in rows:
        for answer in row["answers"]:
            values[answer["question_id"]].append(answer["value"])
    nps = values["nps"]
    return {
        "responses": len(rows),
        "nps": (sum(value >= 9 for value in nps), sum(value <= 6 for value in nps), len(nps)),
        "stars": round(statistics.fmean(values["stars"]), 9),
        "colour": Counter(values["colour"]),
        "colours": Counter(option for value in values["colours"] for option in value),
        "again": Counter(str(value).lower() for value in values["again"]),
        "why": len(values["why"]),
        "days": Counter(row["submitted_at"][:10] for row in rows),
        "devices": Counter(row["device_id"] for row in rows),
    }


def shown(metrics: dict[str, Any]) -> dict[str, Any]:
    by_id = {question["question_id"]: question for question in metrics["questions"]}

    def options(question_id: str) -> Counter[str]:
        return Counter({each["id"]: each["count"] for each in by_id[question_id]["options"]})

    return {
        "responses": metrics["totals"]["responses"],
        "nps": (by_id["nps"]["promoters"], by_id["nps"]["detractors"], by_id["nps"]["answered"]),
        "stars": round(by_id["stars"]["mean"]["mean"], 9),
        "colour": options("colour"),
        "colours": options("colours"),
        "again": options("again"),
        "why": by_id["why"]["answered"],
        "days": Counter({row["date"]: row["responses"] for row in metrics["days"]}),
        "devices": Counter({row["device_id"]: row["responses"] for row in metrics["devices"]}),
    }


def test_nothing_that_kiosks_send_is_lost_or_doubled(kiosks: list[Kiosk], signed_load: httpx.Client) -> None:
    path, done = kiosks[0].path, threading.Event()
    now = datetime.now(UTC)
    window = {name: (now + timedelta(days=days)).isoformat() for name, days in (("start_at", -3), ("end_at", 1))}
    reads: list[int] = []

    def watch() -> None:
        """Figures hold all that was accepted before they were asked for."""
        while not done.is_set():
            before = sum(len(kiosk.accepted) for kiosk in kiosks)
            reads.append(body_of(signed_load.get(f"{path}/metrics", params=window))["totals"]["responses"])
            assert reads[-1] >= before
            assert reads == sorted(reads)
            time.sleep(0.5)

    began = time.monotonic()
    with ThreadPoolExecutor(KIOSKS + 1) as threads:
        watching = threads.submit(watch)
        working = [threads.submit(kiosk.work, began + SECONDS) for kiosk in kiosks]
        try:
            for work in working:
                work.result()
        finally:
            done.set()
        watching.result()

    rows = walked(signed_load, path, limit="100", **window)
    accepted = {identifier: response for kiosk in kiosks for identifier, response in kiosk.accepted.items()}
    assert len(rows) == len({row["id"] for row in rows})
    assert {row["id"]: row for row in rows} == accepted
    assert len(rows) == sum(kiosk.number for kiosk in kiosks)
    assert shown(body_of(signed_load.get(f"{path}/metrics", params=window))) == recounted(rows)
    for kiosk in kiosks:
        kiosk.client.close()
        latest = max((response["submitted_at"] for response in kiosk.accepted.values()), default=None)
        assert body_of(signed_load.get(f"{DEVICES}/{kiosk.device_id}"))["last_seen_at"] == latest
    told = sum((kiosk.told for kiosk in kiosks), Counter[str]())
    print({"responses": len(rows), "reads": len(reads), **told})  # noqa: T201 - shown by pytest -s
    assert told["gave up"]
    assert told["repeated"]
    assert told["clock refused with 401"]
    assert told["clock refused with 422"]
