"""Imports any CSV file as a survey study, through the API.

    python -m scripts.import_csv --base-url http://127.0.0.1:8080 --key uxm_v1_… --name "My survey" answers.csv

The first line names the questions, each other line is one participant, an empty cell is an unanswered question. The
same command again within a day goes on where it was cut off: every request carries an Idempotency-Key made from the
file, and people that are there already are not imported twice. Later, `--study` names the study to go on with.
`--verify` reads the export back and compares every cell.
"""

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from scripts.api_client import ApiClient, UnexpectedAnswer
from scripts.csv_survey import (
    KINDS,
    RATING_SCALE,
    BadTable,
    Column,
    Table,
    answers_of,
    cell_of,
    people_of,
    plan,
    read_table,
)

#: People in one request; the API takes no more.
BATCH: Final = 100


class Different(Exception):
    """The export does not give back what the file holds."""


class Survey:
    """One file on its way into one study."""

    def __init__(self, api: ApiClient, table: Table, columns: Sequence[Column], people: Sequence[str]) -> None:
        self._api = api
        self._table = table
        self._columns = columns
        self._people = people

    def create(self, name: str) -> dict[str, Any]:
        """The study, published; the same one if it was made before by this file, plan and name within a day."""
        questions = [column.question() for column in self._columns]
        run = hashlib.sha256(json.dumps([self._table.digest, name, questions]).encode()).hexdigest()[:32]
        study = self._api.data(
            "POST",
            "/studies",
            params={"type": "survey"},
            body={"study": {"name": name}},
            status=201,
            idempotency_key=f"csv-{run}-study",
        )
        path = f"/studies/{study['id']}"
        self._api.call(
            "POST",
            f"{path}/questions",
            body={"questions": questions},
            status=201,
            idempotency_key=f"csv-{run}-questions",
        )
        self._api.call("POST", f"{path}/publish", idempotency_key=f"csv-{run}-publish")
        return self.existing(str(study["id"]))

    def existing(self, study_id: str) -> dict[str, Any]:
        """The published study with the questions of this file; BadTable if it is another one."""
        study: dict[str, Any] = self._api.data("GET", f"/studies/{study_id}")
        asked = [_essence(question) for question in study.get("questions", [])]
        if study["status"] != "published" or asked != [_essence(column.question()) for column in self._columns]:
            raise BadTable(f"{study_id} is not a published survey with the questions of this file.")
        return study

    def send(self, study: Mapping[str, Any]) -> Iterator[int]:
        """Import everybody, batch by batch; gives how many each request brought."""
        question_ids = [question["id"] for question in study["questions"]]
        for begin in range(0, len(self._people), BATCH):
            batch = [
                self._person(row, person, study, question_ids)
                for row, person in zip(
                    self._table.rows[begin : begin + BATCH], self._people[begin : begin + BATCH], strict=True
                )
            ]
            body = {"participants": batch}
            digest = hashlib.sha256(json.dumps(body).encode()).hexdigest()[:32]
            path = f"/studies/{study['id']}/participants"
            self._api.call("POST", path, body=body, status=201, idempotency_key=f"csv-{digest}")
            yield len(batch)

    def _person(
        self, row: Sequence[str], person: str, study: Mapping[str, Any], question_ids: Sequence[str]
    ) -> dict[str, Any]:
        # A file tells no times. The study's own instant is the same however often the file is sent.
        return {
            "external_id": person,
            "started_at": study["created_at"],
            "completed_at": study["created_at"],
            "results": [{"answers": answers_of(row, self._columns, question_ids), "duration_ms": 0}],
        }

    def verify(self, study: Mapping[str, Any]) -> Iterator[int]:
        """Compare the export with the file; gives how many people each page brought, Different at the first misfit."""
        questions = {question["id"]: question for question in study["questions"]}
        places = {question["id"]: column for question, column in zip(study["questions"], self._columns, strict=True)}
        expected = dict(zip(self._people, self._table.rows, strict=True))
        missing = set(expected)
        for page in self._pages(str(study["id"])):
            for record in page:
                person = record["external_id"]
                if person not in missing:
                    raise Different(f"{person} is exported twice, or was never in the file.")
                missing.remove(person)
                found = {answer["question_id"]: answer["value"] for answer in record["answers"]}
                for question_id, column in places.items():
                    value = found.get(question_id)
                    cell = "" if value is None else cell_of(questions[question_id], value)
                    if cell != expected[person][column.place]:
                        wanted = expected[person][column.place]
                        raise Different(f"{person}, {column.name}: {wanted!r} came out as {cell!r}.")
            yield len(page)
        if missing:
            raise Different(f"{len(missing)} people are missing from the export, {min(missing)} among them.")

    def _pages(self, study_id: str) -> Iterator[list[dict[str, Any]]]:
        cursor: str | None = None
        while True:
            answer = self._api.call(
                "GET",
                f"/studies/{study_id}/results",
                params={"cursor": cursor} if cursor else None,
                accept="application/x-ndjson",
            )
            # Not splitlines: answers may hold separators that only Unicode takes for line ends.
            yield [json.loads(line) for line in answer.text.split("\n") if line]
            cursor = answer.headers.get("Next-Cursor")
            if cursor is None:
                return


def _essence(question: Mapping[str, Any]) -> dict[str, Any]:
    return {name: question.get(name) for name in ("kind", "prompt", "options", "min", "max")}


def parse_kinds(pairs: Sequence[str]) -> dict[str, str]:
    """`column=kind` each, with `rating:1:5` for a scale that is wider than its answers; BadParameter otherwise."""
    kinds: dict[str, str] = {}
    for pair in pairs:
        name, _, kind = pair.rpartition("=")
        if not name or (kind not in KINDS and not RATING_SCALE.fullmatch(kind)):
            raise typer.BadParameter(f"{pair}: write column=kind with a kind out of {', '.join(KINDS)}, rating:1:5")
        kinds[name] = kind
    return kinds


def run(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The CSV file.")],
    key: Annotated[str, typer.Option(envvar="TRIMETRIC_KEY", help="A key of a subscribed workspace.")],
    name: Annotated[str | None, typer.Option(help="Name of the study (default: the file's).")] = None,
    base_url: Annotated[str, typer.Option(help="Where the API is.")] = "http://127.0.0.1:8080",
    id_column: Annotated[
        str | None, typer.Option(help="The column that names the people (default: row-1, row-2, …).")
    ] = None,
    kinds: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN=KIND", help=f"Kind of a column: {', '.join(KINDS)}, rating:1:5.")
    ] = None,
    study: Annotated[str | None, typer.Option(help="Go on with this study instead of making one.")] = None,
    delimiter: Annotated[str, typer.Option(help="Between cells.")] = ",",
    encoding: Annotated[str, typer.Option(help="Of the file.")] = "utf-8-sig",
    verify: Annotated[bool, typer.Option("--verify", help="Compare the export with the file.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show how each column would be asked.")] = False,
) -> None:
    """Import a CSV file as a survey study."""
    stdout = Console(soft_wrap=True, highlight=False)
    overrides = parse_kinds(kinds or [])
    try:
        table = read_table(file, delimiter=delimiter, encoding=encoding)
        columns = plan(table, id_column=id_column, kinds=overrides)
        people = people_of(table, id_column=id_column)
        for column in columns:
            stdout.print(f"{column.name}: {_described(column)}", markup=False)
        if dry_run:
            return
        with ApiClient(base_url, key) as api:
            survey = Survey(api, table, columns, people)
            began = time.monotonic()
            made = survey.existing(study) if study else survey.create(name or file.stem)
            _follow(survey.send(made), total=len(people), doing="Importing")
            speed = len(people) / (time.monotonic() - began)
            stdout.print(f"{len(people)} people imported into {made['id']} ({speed:.0f} a second).")
            if verify:
                _follow(survey.verify(made), total=len(people), doing="Verifying")
                cells = len(people) * len(columns)
                stdout.print(f"{len(people)} people verified: all {cells} cells came out unchanged.")
    except (BadTable, Different, UnexpectedAnswer) as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(1) from error
    except (httpx.TransportError, httpx.InvalidURL) as error:
        typer.echo(f"Error: The API at {base_url} does not answer ({error}).", err=True)
        raise typer.Exit(1) from error


def _described(column: Column) -> str:
    if column.codes:
        return f"{column.kind}, {len(column.codes)} options"
    if column.bounds:
        return f"{column.kind} from {column.bounds[0]} to {column.bounds[1]}"
    return column.kind


def _follow(steps: Iterator[int], *, total: int, doing: str) -> None:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(doing, total=total)
        for step in steps:
            progress.advance(task, step)


if __name__ == "__main__":
    typer.run(run)
