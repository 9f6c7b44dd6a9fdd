"""The command line on a table inside the process, as an operator types it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.fakes.vault import FakeVault
from trimetric.auth.passwords import Passwords
from trimetric.dynamo.table import DynamoTable
from trimetric.dynamo.workspaces import Workspaces
from trimetric_cli.app import app
from trimetric_cli.console import Operator
from trimetric_cli.stack import Place, SigningSecret


@dataclass
class Desk:
    """One operator's terminal."""

    table: DynamoTable
    terminal: bool = False
    now: datetime = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
    places: list[Place] = field(default_factory=list)
    vault: FakeVault = field(default_factory=FakeVault)
    passwords: Passwords = field(default_factory=lambda: Passwords(time_cost=1, memory_kib=8))
    signing_secret: SigningSecret | None = None

    @property
    def workspaces(self) -> Workspaces:
        return Workspaces(self.table)

    def type(self, *arguments: str, answer: str = "") -> Result:
        """Run one line against the stack `test`."""
        return self.type_exactly("--stack", "test", *arguments, answer=answer)

    def type_exactly(self, *arguments: str, answer: str = "", environment: dict[str, str] | None = None) -> Result:
        operator = Operator(
            connect=self._connect,
            open_vault=lambda place: self.vault,
            open_signing_secret=lambda place: self._signing_secret(),
            passwords=self.passwords,
            interactive=lambda: self.terminal,
            clock=lambda: self.now,
            stack_file=Path("no-such-folder/stack.json"),
        )
        return CliRunner().invoke(app, list(arguments), obj=operator, input=answer, env=environment or {})

    def ask(self, *arguments: str) -> Any:
        """What a line that succeeds answers in JSON."""
        result = self.type("--json", *arguments)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def wait(self, **time: float) -> None:
        self.now += timedelta(**time)

    def _signing_secret(self) -> SigningSecret:
        assert self.signing_secret is not None
        return self.signing_secret

    def _connect(self, place: Place) -> DynamoTable:
        self.places.append(place)
        return self.table


@pytest.fixture
def desk(moto_table: DynamoTable) -> Desk:
    return Desk(moto_table)


@pytest.fixture
def workspace(desk: Desk) -> Any:
    """A subscribed workspace, as `workspaces create` answers it."""
    return desk.ask("workspaces", "create", "Acme research")


@pytest.fixture
def issue(desk: Desk, workspace: Any) -> Callable[..., Any]:
    """Issue a key of that workspace."""

    def _issue(name: str = "laptop", *options: str) -> Any:
        desk.wait(seconds=1)
        return desk.ask("keys", "issue", workspace["id"], "--name", name, *options)

    return _issue
