"""When a credential was last used, to the day: one write a day for each process and credential, which may fail."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from trimetric.domain.workspaces import Credential
from trimetric.dynamo.table import ConditionFailed
from trimetric.dynamo.workspaces import Workspaces
from trimetric.errors import Unavailable

_MOST: Final = 10_000


class Usage:
    """`workspaces` on a store that does not let callers wait."""

    def __init__(self, workspaces: Workspaces, *, clock: Callable[[], datetime]) -> None:
        self._workspaces = workspaces
        self._clock = clock
        self._noted: dict[str, str] = {}

    def note(self, credential: Credential) -> None:
        """Nobody's request fails over this."""
        today = self._clock().date().isoformat()
        if today in (credential.last_used_on, self._noted.get(credential.secret_hash)):
            return
        if len(self._noted) >= _MOST:
            self._noted.clear()
        self._noted[credential.secret_hash] = today
        try:
            self._workspaces.note_use(credential, on=today)
        except (ConditionFailed, Unavailable, ClientError, BotoCoreError):
            return
