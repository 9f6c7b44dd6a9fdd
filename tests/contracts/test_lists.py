"""Lists on DynamoDB Local while eight writers and two readers work on them at once."""

import os
import random
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import botocore.config
import botocore.session
import pytest

from tests.samples.plain_lists import (
    STUDIES,
    WORKSPACE,
    PlainList,
    Session,
    assert_same,
    changed_members,
    new_row,
    repeatable,
)
from trimetric.domain.metricis.list_kinds import CREATED, SESSIONS
from trimetric.domain.metricis.listing import Query
from trimetric.dynamo import keys
from trimetric.dynamo.metricis.listing import Lists, recorded
from trimetric.dynamo.table import Action, ConditionFailed, Delete, DynamoTable, Put, absent, equals

WRITERS = 8
#: Ten times as many were run when this was made; the suite has no time for that.
WRITES = int(os.environ.get("LIST_WRITES", "800"))


@dataclass
class Tally:
    """Rows that came and went, as far as their writers know."""

    begun: int = 0
    done: int = 0


@dataclass
class World:
    """Rows with a version each, changed in one transaction with what the lists keep of them."""

    table: DynamoTable
    created: Tally = field(default_factory=Tally)
    deleted: Tally = field(default_factory=Tally)
    lock: threading.Lock = field(default_factory=threading.Lock)
    ids: list[str] = field(default_factory=list)
    lost: int = 0

    def create(self, rng: random.Random, created: int) -> None:
        row = new_row(rng, study=rng.choice(STUDIES), created=created)
        with self.counted(self.created):
            self.table.write(Put(_item(row, 1), [absent()]), *self._listed(None, row, 1))
        with self.lock:
            self.ids.append(row["session_id"])

    def change(self, rng: random.Random, identifier: str) -> None:
        item = self.table.get(keys.session(WORKSPACE, identifier))
        if item is None:
            return
        row, version = item["row"], item["version"] + 1
        after = row | changed_members(rng)
        seen = [equals("version", item["version"])]
        self._try(Put(_item(after, version), seen), *self._listed(row, after, version))

    def delete(self, identifier: str) -> None:
        item = self.table.get(keys.session(WORKSPACE, identifier))
        if item is None:
            return
        seen = [equals("version", item["version"])]
        with self.counted(self.deleted) as tally:
            key = keys.session(WORKSPACE, identifier)
            if not self._try(Delete(key, seen), *self._listed(item["row"], None, item["version"] + 1)):
                tally.done -= 1

    def _listed(self, before: Any, after: Any, version: int) -> Sequence[Action]:
        return recorded(self.table, WORKSPACE, SESSIONS, before=before, after=after, version=version)

    def _try(self, *actions: Action) -> bool:
        try:
            self.table.write(*actions)
        except ConditionFailed as failed:
            if 0 not in failed.failures:
                raise
            with self.lock:
                self.lost += 1
            return False
        return True

    @contextmanager
    def counted(self, tally: Tally) -> Iterator[Tally]:
        with self.lock:
            tally.begun += 1
        yield tally
        with self.lock:
            tally.done += 1

    def work(self, writer: int) -> None:
        rng = repeatable(writer)
        for number in range(WRITES // WRITERS):
            with self.lock:
                identifier = rng.choice(self.ids) if self.ids else ""
            match rng.choices(("create", "change", "delete"), (5, 4, 1))[0]:
                case "change" if identifier:
                    self.change(rng, identifier)
                case "delete" if identifier:
                    self.delete(identifier)
                case _:
                    self.create(rng, number)

    def watch(self, stop: threading.Event) -> int:
        """Totals are those of some moment of the read."""
        lists, reads = Lists(self.table, WORKSPACE, SESSIONS), 0
        while not stop.is_set():
            with self.lock:
                came, went = self.created.done, self.deleted.done
            total = lists.page(Query(sort=CREATED, limit=1)).total
            with self.lock:
                least, most = came - self.deleted.begun, self.created.begun - went
            assert least <= total <= most
            reads += 1
        return reads


def _item(row: dict[str, Any], version: int) -> dict[str, Any]:
    key = keys.session(WORKSPACE, row["session_id"])
    return {"pk": key.pk, "sk": key.sk, "row": row, "version": version}


@pytest.fixture
def world(local_table: DynamoTable, dynamodb_local: str) -> World:
    client = botocore.session.get_session().create_client(
        "dynamodb",
        endpoint_url=dynamodb_local,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=botocore.config.Config(max_pool_connections=WRITERS + 2, retries={"total_max_attempts": 3}),
    )
    return World(DynamoTable(client, local_table.name))


def test_totals_and_pages_are_exact_after_many_concurrent_writes(world: World) -> None:
    stop = threading.Event()
    with ThreadPoolExecutor(WRITERS + 1) as pool:
        watching = pool.submit(world.watch, stop)
        try:
            list(pool.map(world.work, range(WRITERS)))
        finally:
            stop.set()
        assert watching.result() > 0
    found = world.table.get_many(keys.session(WORKSPACE, identifier) for identifier in world.ids)
    rows = {item["row"]["session_id"]: Session(item["row"]) for item in found.values()}
    lists = Lists(world.table, WORKSPACE, SESSIONS)
    assert lists.page(Query(sort=CREATED)).total == world.created.done - world.deleted.done == len(rows)
    assert_same(PlainList(world.table, rows), lists, limit=max(100, len(rows) // 3))
