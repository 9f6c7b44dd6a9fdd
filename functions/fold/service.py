"""What is done about a batch of changes: metrics are folded ahead of readers.

Nothing depends on it but speed. A read folds by itself what is missing, so a batch may come late, twice or never, and
whoever loses a race against a reader has nothing to mend.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from aws_lambda_powertools import Logger

from functions.fold.messages import Change, changes_of
from trimetric.domain import times
from trimetric.dynamo.metrics import CaughtUp, Metrics
from trimetric.dynamo.table import Meter, Table
from trimetric.observability import embedded_metrics
from trimetric.settings import Settings

#: No transaction is begun with less time left: one takes well below a second, unless the store is slow or somebody
#: else has to be made way for.
RESERVE_MILLIS: Final = 15_000

_UNITS: Final = {
    "duration_ms": "Milliseconds",
    "store_calls": "Count",
    "read_units": "Count",
    "write_units": "Count",
    "people_folded": "Count",
    "studies_unfinished": "Count",
    "studies_failed": "Count",
}

Answer = dict[str, Any]


class Context(Protocol):
    """What Lambda says of an invocation."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Worker:
    settings: Settings
    table: Table
    meter: Meter
    logger: Logger
    clock: Callable[[], datetime] = times.utc_now
    sleep: Callable[[float], None] = time.sleep

    def handle(self, event: dict[str, Any], context: Context) -> Answer:
        """Lambda's partial answer: of each study that is not finished the last record, to be sent again."""
        began = time.perf_counter()
        self.meter.reset()
        changes = changes_of(event)
        done = [self._caught_up(change, context) for change in changes]
        again = [change for change, each in zip(changes, done, strict=True) if each is None or not each.finished]
        self._log(event, context, changes, done, seconds=time.perf_counter() - began)
        return {"batchItemFailures": [{"itemIdentifier": change.last} for change in again]}

    def _caught_up(self, change: Change, context: Context) -> CaughtUp | None:
        """None where it failed."""
        metrics = Metrics(self.table, now_millis=times.to_millis(self.clock()), sleep=self.sleep)
        try:
            return metrics.catch_up(
                change.workspace_id,
                change.study_id,
                goes_on=lambda: context.get_remaining_time_in_millis() > RESERVE_MILLIS,
            )
        except Exception:
            # Whatever is wrong with one study, the others of the batch are not to wait for it; Lambda sends it again.
            self.logger.exception("fold failed", workspace_id=change.workspace_id, study_id=change.study_id)
            return None

    def _log(
        self,
        event: dict[str, Any],
        context: Context,
        changes: Sequence[Change],
        done: Sequence[CaughtUp | None],
        *,
        seconds: float,
    ) -> None:
        self.logger.info(
            "fold",
            lambda_request_id=context.aws_request_id,
            records=len(event["Records"]),
            studies=[change.study_id for change in changes[:10]],
            people_folded=sum(each.people for each in done if each is not None),
            studies_unfinished=sum(each is not None and not each.finished for each in done),
            studies_failed=done.count(None),
            duration_ms=round(seconds * 1000, 3),
            store_ms=round(self.meter.seconds * 1000, 3),
            store_calls=self.meter.calls,
            read_units=self.meter.read_units,
            write_units=self.meter.write_units,
            _aws=embedded_metrics(
                self.settings, millis=times.to_millis(self.clock()), units=_UNITS, dimensions=(("service",),)
            ),
        )
