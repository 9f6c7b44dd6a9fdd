"""How commands talk to the operator: tables or JSON on stdout; questions and progress on stderr."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import typer
from rich.console import Console
from rich.progress import Progress, track
from rich.table import Table as Grid
from rich.text import Text

from trimetric.auth.passwords import Passwords
from trimetric.auth.vault import Vault
from trimetric.domain import times
from trimetric.dynamo.table import Table
from trimetric.dynamo.workspaces import Workspaces
from trimetric_cli.stack import (
    STACK_FILE,
    Connect,
    OpenSigningSecret,
    OpenVault,
    Place,
    Refused,
    SigningSecret,
    connect,
    open_signing_secret,
    open_vault,
)

#: Columns of output that goes to a file or a pipe, where nothing should be folded.
PIPE_WIDTH = 240

Row = Mapping[str, Any]
Thing = TypeVar("Thing")


def _terminal() -> bool:
    return sys.stdin.isatty()


@dataclass(slots=True)
class Operator:
    """What each command gets: the chosen stack and how to answer. Tests pass their own doors."""

    connect: Connect = connect
    open_vault: OpenVault = open_vault
    open_signing_secret: OpenSigningSecret = open_signing_secret
    passwords: Passwords = field(default_factory=Passwords)
    interactive: Callable[[], bool] = _terminal
    clock: Callable[[], datetime] = times.utc_now
    stack_file: Path = STACK_FILE
    #: Chosen when a command first needs it, so that a wrong argument is named before a missing stack.
    place: Callable[[], Place] | None = None
    as_json: bool = False
    assume_yes: bool = False

    def table(self) -> Table:
        return self.connect(self._place())

    def vault(self) -> Vault:
        return self.open_vault(self._place())

    def signing_secret(self) -> SigningSecret:
        return self.open_signing_secret(self._place())

    def _place(self) -> Place:
        if self.place is None:
            raise RuntimeError("the global options were not read")
        return self.place()

    def workspaces(self) -> Workspaces:
        return Workspaces(self.table())

    def confirm(self, question: str) -> None:
        """Go on only if the operator agrees; without a terminal only --yes agrees."""
        if self.assume_yes:
            return
        if not self.interactive():
            raise Refused("This needs a confirmation and there is no terminal to ask on: add --yes.", exit_code=2)
        if not typer.confirm(question, err=True):
            raise Refused("Nothing was changed.")

    def ask_secretly(self, question: str) -> str:
        """What the operator types twice, unseen."""
        if not self.interactive():
            raise Refused("There is no terminal to ask on.", exit_code=2)
        return str(typer.prompt(question, hide_input=True, confirmation_prompt=True, err=True))

    def show(self, row: Row, *, note: str = "") -> None:
        """One object."""
        if self.as_json:
            self._json(row)
            return
        grid = Grid.grid(padding=(0, 2))
        for name, value in row.items():
            grid.add_row(Text(_heading(name), style="bold"), Text(_cell(value), overflow="fold"))
        _stdout().print(grid)
        self._note(note)

    def list(self, rows: Sequence[Row], *, columns: Sequence[str], empty: str) -> None:
        if self.as_json:
            self._json(rows)
            return
        if not rows:
            self._note(empty)
            return
        grid = Grid(box=None, pad_edge=False, header_style="bold")
        for column in columns:
            grid.add_column(_heading(column), no_wrap=True, overflow="fold")
        for row in rows:
            grid.add_row(*(Text(_cell(row.get(column))) for column in columns))
        _stdout().print(grid)

    def each(self, things: Sequence[Thing], *, doing: str) -> Iterable[Thing]:
        """`things`, with a progress bar where there is a terminal to show it."""
        console = Console(stderr=True)
        return track(things, doing, console=console, disable=not console.is_terminal, transient=True)

    @contextmanager
    def progress(self, doing: str) -> Iterator[Callable[[int, int], None]]:
        """To be told how much of how much is done; shown where there is a terminal."""
        console = Console(stderr=True)
        with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
            task = bar.add_task(doing, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)

    def _json(self, document: Any) -> None:
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))

    def _note(self, note: str) -> None:
        if note:
            typer.echo(note)


def _stdout() -> Console:
    return Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False)


def _heading(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _cell(value: Any) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case dict():
            return ", ".join(f"{name} {number:,}" for name, number in value.items()) or "-"
        case list():
            return ", ".join(map(str, value)) or "-"
        case int():
            return f"{value:,}"
    return str(value)
