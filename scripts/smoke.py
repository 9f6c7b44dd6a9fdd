"""Drives one study from draft to report against a running stack: `make smoke`.

Prints each step, then a line that begins with PASS; at the first surprise the answer that caused it, and exit code 1.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import httpx
import typer
from rich.console import Console

from scripts.api_client import ApiClient, UnexpectedAnswer

PEOPLE: Final = 12

Study = Mapping[str, Any]


class Surprise(Exception):
    """An answer with the right status that does not say what it should."""


@dataclass(frozen=True)
class Sample:
    """A small study of one type; `result` gives the payload of person number n, seeing the published study."""

    result: Callable[[Study, int], dict[str, Any]]
    settings: dict[str, Any] = field(default_factory=dict)
    content: dict[str, list[Any]] = field(default_factory=dict)


def _piles(study: Study, number: int) -> dict[str, Any]:
    placements = [
        {"card_id": card["id"], "group": ("Sweet", "Savoury")[(place + (number % 5 == 0)) % 2]}
        for place, card in enumerate(study["cards"])
    ]
    return {"placements": placements, "duration_ms": 60_000 + number}


def _ratings(study: Study, number: int) -> dict[str, Any]:
    answers = [{"question_id": question["id"], "value": 1 + number % 5} for question in study["questions"]]
    return {"answers": answers, "duration_ms": 60_000 + number}


def _walk(study: Study, number: int) -> dict[str, Any]:
    answer = "bread" if number % 4 else "cheese"
    return {
        "task_id": "find",
        "path": ["food", answer],
        "answer_node_id": answer,
        "skipped": False,
        "duration_ms": 5_000 + number,
        "confidence": 5,
    }


SAMPLES: Final = {
    "card_sort": Sample(_piles, {"sort_type": "open"}, {"cards": ["Apple pie", "Olives", "Custard", "Crackers"]}),
    "survey": Sample(_ratings, content={"questions": [{"kind": "rating", "prompt": "How was it?"}]}),
    "tree_test": Sample(
        _walk,
        {
            "tree": [
                {
                    "id": "food",
                    "label": "Food",
                    "children": [{"id": "bread", "label": "Bread"}, {"id": "cheese", "label": "Cheese"}],
                },
                {"id": "drinks", "label": "Drinks"},
            ],
            "tasks": [{"id": "find", "prompt": "Find something to toast.", "correct_node_ids": ["bread"]}],
        },
    ),
}


def people(study: Study, sample: Sample) -> list[dict[str, Any]]:
    began = datetime(2026, 1, 5, 9, tzinfo=UTC)
    return [
        {
            "external_id": f"smoke-{number}",
            "started_at": (began + timedelta(minutes=number)).isoformat(),
            "completed_at": (began + timedelta(minutes=number, seconds=60 + number)).isoformat(),
            "device": "desktop",
            "locale": "en",
            "results": [sample.result(study, number)],
        }
        for number in range(PEOPLE)
    ]


class Smoke:
    """The steps, in order; each raises at the first surprise."""

    def __init__(self, api: ApiClient, say: Callable[[str], None]) -> None:
        self._api = api
        self._say = say
        self.steps = 0

    def drive(self, type_name: str) -> None:
        sample = SAMPLES[type_name]
        folder = self._api.data("POST", "/folders", body={"folder": {"name": "Smoke"}}, status=201)
        self._done(f"created the folder {folder['id']}")
        study = self._draft(type_name, sample, folder)
        path = f"/studies/{study['id']}"
        study = self._api.data("POST", f"{path}/publish")
        self._expect(study["status"], "published", "status after publishing")
        self._done("published it")
        self._import_people(path, people(study, sample))
        self._exclude_and_include(path)
        self._read_figures(path)
        self._duplicate(path)
        ended = self._api.data("POST", f"{path}/end")
        self._expect(ended["status"], "ended", "status after ending")
        self._done("ended it")
        self._clean_up(path, folder)

    def _draft(self, type_name: str, sample: Sample, folder: Study) -> Study:
        body = {"study": {"name": f"Smoke: {type_name}", "folder_id": folder["id"], "settings": sample.settings}}
        study: Study = self._api.data("POST", "/studies", params={"type": type_name}, body=body, status=201)
        self._expect(study["status"], "draft", "status of a new study")
        self._done(f"created the {type_name} {study['id']}")
        for kind, items in sample.content.items():
            added = self._api.data("POST", f"/studies/{study['id']}/{kind}", body={kind: items}, status=201)
            self._expect(len(added), len(items), f"number of {kind} added")
            self._done(f"added {len(items)} {kind}")
        return study

    def _import_people(self, path: str, everybody: list[dict[str, Any]]) -> None:
        made = self._api.data("POST", f"{path}/participants", body={"participants": everybody}, status=201)
        self._expect([one["external_id"] for one in made], [one["external_id"] for one in everybody], "people imported")
        self._done(f"imported {len(made)} people")
        listed = list(self._api.walk(f"{path}/participants", limit="5"))
        self._expect([one["id"] for one in listed], [one["id"] for one in made], "people listed")
        self._done(f"listed {len(listed)} people, 5 a page")

    def _exclude_and_include(self, path: str) -> None:
        person = next(self._api.walk(f"{path}/participants"))["id"]
        for verb, excluded in (("exclude", True), ("include", False)):
            changed = self._api.data("POST", f"{path}/participants/{person}/{verb}")
            self._expect(changed["excluded"], excluded, f"excluded after {verb}")
            counted = self._api.data("GET", f"{path}/metrics")["participants"]
            self._expect(counted["excluded"], int(excluded), f"people excluded from the metrics after {verb}")
            self._expect(counted["analysed"], PEOPLE - int(excluded), f"people analysed after {verb}")
            self._done(f"{verb}d one; the metrics count {counted['analysed']}")

    def _read_figures(self, path: str) -> None:
        metrics = self._api.data("GET", f"{path}/metrics")
        self._expect(sorted({"participants", "duration_ms"} - set(metrics)), [], "members missing in metrics")
        self._expect(metrics["participants"]["completed"], PEOPLE, "people completed")
        self._done(f"read the metrics of {metrics['participants']['analysed']} people")
        report = self._api.call("GET", f"{path}/report.md", accept="text/markdown")
        self._expect(report.headers["content-type"], "text/markdown; charset=utf-8", "content type of the report")
        self._expect(report.text.startswith("# "), True, "whether the report begins with a heading")
        self._done(f"read the report, {len(report.text.splitlines())} lines")
        export = self._api.call("GET", f"{path}/results", accept="application/x-ndjson")
        records = [json.loads(line) for line in export.text.split("\n") if line]
        self._expect(len(records), PEOPLE, "results exported")
        self._done(f"exported {len(records)} results")

    def _duplicate(self, path: str) -> None:
        copy = self._api.data("POST", f"{path}/duplicate", status=201)
        self._expect((copy["status"], copy["participant_count"]), ("draft", 0), "status and people of the duplicate")
        self._done(f"duplicated it as {copy['id']}")
        self._api.call("DELETE", f"/studies/{copy['id']}", status=204)
        self._api.call("GET", f"/studies/{copy['id']}", status=404)
        self._done("deleted the duplicate")

    def _clean_up(self, path: str, folder: Study) -> None:
        # An ended study stays for good; its folder need not.
        moved = self._api.data("PATCH", path, body={"study": {"folder_id": None}})
        self._expect(moved["folder_id"], None, "folder of the study after it was taken out")
        self._api.call("DELETE", f"/folders/{folder['id']}", status=204)
        self._api.call("GET", f"/folders/{folder['id']}", status=404)
        self._done("took the study out of its folder and deleted the folder")

    def _done(self, step: str) -> None:
        self.steps += 1
        self._say(f"{self.steps:3}. {step}")

    def _expect(self, found: object, wanted: object, what: str) -> None:
        if found != wanted:
            raise Surprise(f"The {what} should be {wanted!r} and is {found!r}.")


def run(
    stack_file: Annotated[
        Path, typer.Option(envvar="TRIMETRIC_STACK_FILE", help="The hand-over file of a running stack.")
    ] = Path(".local/stack.json"),
    type_name: Annotated[str, typer.Option("--type", help=f"Type of study: {', '.join(SAMPLES)}.")] = "card_sort",
) -> None:
    """Drive one study from draft to report."""
    console = Console(soft_wrap=True, highlight=False)
    if type_name not in SAMPLES:
        raise typer.BadParameter(f"--type: one of {', '.join(SAMPLES)}")
    try:
        stack = json.loads(stack_file.read_text(encoding="utf-8"))
        base_url, key = stack["base_url"], stack["workspaces"]["load"]["ux_metrics_key"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        typer.echo(f"FAIL: {stack_file} does not describe a running stack: start one with `make run`.", err=True)
        raise typer.Exit(1) from error
    began = time.monotonic()
    with ApiClient(base_url, key) as api:
        smoke = Smoke(api, lambda step: console.print(step, markup=False))
        try:
            smoke.drive(type_name)
        except (Surprise, UnexpectedAnswer, httpx.TransportError) as error:
            typer.echo(f"FAIL after {smoke.steps} steps: {error}", err=True)
            raise typer.Exit(1) from error
    console.print(f"PASS: {smoke.steps} steps, {PEOPLE} people, {time.monotonic() - began:.1f} s at {base_url}")


if __name__ == "__main__":
    typer.run(run)
