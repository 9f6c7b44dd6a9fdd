"""The function on the table's stream: what it folds, what it gives back, what it leaves alone."""

import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aws_lambda_powertools import Logger

from functions.fold import messages
from functions.fold.service import RESERVE_MILLIS, Worker
from tests.fakes.table import FakeTable
from tests.handlers.conftest import Client, Moments, WatchedTable
from tests.handlers.interruptions import in_another_function
from tests.handlers.studies import people, published
from trimetric.dynamo import blobs, keys, metrics
from trimetric.dynamo.table import ConditionFailed, Delete, Item, Meter, Put, Update, to_wire
from trimetric.metrics.state import State
from trimetric.settings import Settings

RAW = json.loads((Path(__file__).parents[2] / "events" / "streams" / "people.json").read_text())


@dataclass
class Context:
    """An invocation with as many looks at the clock left as `looks` says."""

    looks: int = 1_000_000
    aws_request_id: str = "11111111-2222-3333-4444-555555555555"

    def get_remaining_time_in_millis(self) -> int:
        self.looks -= 1
        return RESERVE_MILLIS + 1 if self.looks >= 0 else RESERVE_MILLIS


@dataclass
class Stream:
    """The table's stream in front of the function."""

    table: FakeTable
    sleeps: list[float] = field(default_factory=list)
    log: io.StringIO = field(default_factory=io.StringIO)
    meter: Meter = field(default_factory=Meter)

    def __post_init__(self) -> None:
        logger = Logger(service=f"tests-{uuid4().hex}", level="INFO", stream=self.log, utc=True)
        watched = WatchedTable(self.table, self.meter, Moments())
        self.worker = Worker(Settings("table", "buckets"), watched, self.meter, logger, sleep=self.sleeps.append)

    def send(self, *items: Item, looks: int = 1_000_000) -> list[str]:
        """The sequence numbers that are given back."""
        return self.hand_over({"Records": [record(item, place) for place, item in enumerate(items)]}, looks=looks)

    def hand_over(self, event: dict[str, Any], *, looks: int = 1_000_000) -> list[str]:
        answer = self.worker.handle(event, Context(looks))
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.getvalue().splitlines()]


def record(item: Item, place: int) -> dict[str, Any]:
    image = {name: to_wire(value) for name, value in item.items()}
    own = {name: image[name] for name in (keys.PARTITION, keys.SORT)}
    return {
        "eventName": "INSERT",
        "eventSource": "aws:dynamodb",
        "dynamodb": {"Keys": own, "NewImage": image, "SequenceNumber": str(100 + place)},
    }


@pytest.fixture
def stream(api: Client) -> Stream:
    return Stream(api.platform.table)


def bring(api: Client, type_: str, count: int) -> tuple[dict[str, Any], list[Item]]:
    """A study, and its people as the stream shows them."""
    study = published(api, type_)
    path = f"/api/v1/studies/{study['id']}/participants"
    for begin in range(0, count, 100):
        body = {"participants": people(study, min(100, count - begin), seed=begin)}
        assert api.post(path, body).status == 201
    return study, people_items(api, study)


def people_items(api: Client, study: dict[str, Any]) -> list[Item]:
    assert api.workspace is not None
    partition = keys.people(api.workspace.id, study["id"])
    return [item for item in api.platform.table.items() if item["pk"] == partition and item["sk"].startswith("prt_")]


def stale(api: Client, study: dict[str, Any]) -> int:
    return sum("l4" in item for item in people_items(api, study))


def shown(api: Client, study: dict[str, Any]) -> Any:
    reply = api.get(f"/api/v1/studies/{study['id']}/metrics")
    assert reply.status == 200, reply.text
    return {**reply.data, "as_of": ""}


@pytest.mark.parametrize("type_", ["card_sort", "survey", "interview"])
def test_whoever_reads_next_finds_nothing_to_fold_and_the_same_figures(api: Client, stream: Stream, type_: str) -> None:
    shown(api, published(api, type_))  # the process that reads knows the key by now
    study, items = bring(api, type_, 120)
    assert stream.send(*items) == []
    assert stale(api, study) == 0
    assert api.platform.round_trips(metrics=lambda: shown(api, study)) == {"metrics": 3}
    folded = shown(api, study)
    assert api.workspace is not None
    rebuilt = metrics.Metrics(api.platform.table, now_millis=0).rebuild(api.workspace.id, study["id"])
    assert rebuilt is not None
    assert rebuilt.differences == []
    assert folded == shown(api, study)


def test_a_batch_that_comes_twice_changes_nothing(api: Client, stream: Stream) -> None:
    study, items = bring(api, "tree_test", 20)
    stream.send(*items)
    before = shown(api, study)
    stream.meter.reset()
    assert stream.send(*items) == []
    assert shown(api, study) == before
    assert stream.lines()[-1]["store_calls"] == 1, "one look into the index of stale people"


def test_a_fold_does_not_call_itself(api: Client, stream: Stream) -> None:
    study, items = bring(api, "tree_test", 20)
    stream.send(*items)
    assert stream.send(*people_items(api, study)) == []
    assert stream.lines()[-1]["store_calls"] == 0


def test_people_of_an_import_under_way_are_left_alone(api: Client, stream: Stream) -> None:
    _, [item] = bring(api, "tree_test", 1)
    assert stream.send({**item, "row": {**item["row"], "pending": "0f1e2d"}}) == []
    assert stream.lines()[-1]["store_calls"] == 0


def test_what_is_left_when_time_is_up_comes_again_until_all_is_done(
    api: Client, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "CHUNK", 10)
    study, items = bring(api, "tree_test", 45)
    left = []
    while stream.send(*items, looks=2) == ["144"]:
        left.append(stale(api, study))
    assert left == [25, 5, 0]
    assert [line["studies_unfinished"] for line in stream.lines()] == [1, 1, 1, 0]
    assert sum(line["people_folded"] for line in stream.lines()) == 45


def test_small_studies_do_not_wait_behind_a_large_import(
    api: Client, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "CHUNK", 10)
    large, many = bring(api, "tree_test", 40)
    small, few = bring(api, "survey", 3)
    assert stream.send(*many, *few, looks=5) == ["139"]
    assert (stale(api, large), stale(api, small)) == (20, 0)


def test_one_study_that_fails_does_not_stop_the_others(
    api: Client, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, first = bring(api, "tree_test", 3)
    sound, second = bring(api, "survey", 4)
    for item in first:
        api.platform.table.write(Put({**item, "results": b"no longer readable"}))
    assert stream.send(*first, *second) == ["102"]
    assert (stale(api, broken), stale(api, sound)) == (3, 0)
    failure, line = stream.lines()
    assert (failure["level"], failure["study_id"]) == ("ERROR", broken["id"])
    assert (line["studies_failed"], line["people_folded"]) == (1, 4)


def test_a_study_that_is_gone_is_nobodys_business(api: Client, stream: Stream) -> None:
    study, items = bring(api, "tree_test", 3)
    assert api.workspace is not None
    api.platform.table.write(Delete(keys.study(api.workspace.id, study["id"])))
    assert stream.send(*items) == []
    assert stream.hand_over(RAW) == [], "studies that never were"


def test_whoever_else_folds_goes_first(api: Client, stream: Stream) -> None:
    study, items = bring(api, "tree_test", 5)
    reads = iter([lambda: shown(api, study)])

    def fold_first(operation: str) -> None:
        if operation == "write" and (read := next(reads, None)) is not None:
            in_another_function(read)

    api.platform.table.before = fold_first
    assert stream.send(*items) == []
    assert stale(api, study) == 0
    [pause] = stream.sleeps
    assert 0.25 <= pause <= 0.75
    assert stream.lines()[-1]["people_folded"] == 0


def test_a_reader_who_asks_goes_first(api: Client, stream: Stream) -> None:
    study, items = bring(api, "tree_test", 5)
    assert api.workspace is not None
    mark = keys.metrics_waited_for(api.workspace.id, study["id"])
    api.platform.table.write(Put({"pk": mark.pk, "sk": mark.sk, "expires_at": 1}))
    assert stream.send(*items) == []
    assert stale(api, study) == 0
    assert api.platform.table.get(mark) is None, "who asked once is not waited for twice"
    [pause] = stream.sleeps
    assert 3 <= pause <= 4.5


def test_a_reader_who_loses_asks_and_gets_through(api: Client, stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each time the reader has looked, the stream writes one more transaction, until it is asked to make way."""
    monkeypatch.setattr(metrics, "CHUNK", 3)
    study, items = bring(api, "tree_test", 60)
    monkeypatch.setattr(api.platform, "sleep", lambda seconds: None)

    def another_transaction(operation: str) -> None:
        if operation == "get_many" and not stream.sleeps:
            api.platform.table.before = lambda _: None
            in_another_function(lambda: stream.send(*items, looks=2))
            api.platform.table.before = another_transaction

    api.platform.table.before = another_transaction
    assert shown(api, study)["duration_ms"]["n"] == 60
    assert len(stream.sleeps) == 1


def test_a_race_that_is_always_lost_ends_with_the_time_and_pauses_grow(
    api: Client, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, items = bring(api, "tree_test", 5)

    def lose(*actions: Any) -> None:
        raise ConditionFailed({0: None})

    monkeypatch.setattr(api.platform.table, "write", lose)
    assert stream.send(*items, looks=6) == ["104"]
    assert stale(api, study) == 5
    bounds = [0.5, 1.0, 2.0, 4.0, 4.0, 4.0]
    assert all(bound / 2 <= pause <= 1.5 * bound for pause, bound in zip(stream.sleeps, bounds, strict=True))


def test_a_state_that_is_wrong_is_made_anew(api: Client, stream: Stream) -> None:
    study, items = bring(api, "tree_test", 5)
    stream.send(*items)
    assert api.workspace is not None
    head = keys.metrics(api.workspace.id, study["id"])
    api.platform.table.write(Update(head, set={"release": "another"}))
    path = f"/api/v1/studies/{study['id']}/participants/{items[0]['sk']}"
    assert api.post(f"{path}/exclude").status == 200
    assert stream.send(*people_items(api, study)) == []
    assert stale(api, study) == 0
    assert shown(api, study)["participants"]["analysed"] == 4
    stored = api.platform.table.get(head)
    assert stored is not None
    assert stored["release"] == metrics.VERSION


def test_a_state_that_lost_people_is_made_anew(api: Client, stream: Stream) -> None:
    study, items = bring(api, "tree_test", 5)
    stream.send(*items)
    assert api.workspace is not None
    head = keys.metrics(api.workspace.id, study["id"])
    empty = blobs.pack(State().to_document())
    api.platform.table.write(Update(head, set={"blob": empty}))
    assert api.post(f"/api/v1/studies/{study['id']}/participants/{items[0]['sk']}/exclude").status == 200
    assert stream.send(*people_items(api, study)) == []
    assert stale(api, study) == 0
    assert shown(api, study)["duration_ms"]["n"] == 4


def test_a_state_that_no_transaction_takes_is_left_to_readers(
    api: Client, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, items = bring(api, "tree_test", 5)
    monkeypatch.setattr(metrics, "_MOST_BYTES", 100)
    assert stream.send(*items) == []
    assert stale(api, study) == 5
    assert shown(api, study)["duration_ms"]["n"] == 5


def test_an_import_larger_than_a_page_of_the_index(
    api: Client, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "_PAGE", 7)
    study, items = bring(api, "survey", 30)
    assert stream.send(*items) == []
    assert stale(api, study) == 0
    assert shown(api, study)["duration_ms"]["n"] == 30


def test_a_batch_as_aws_sends_it_is_one_change_a_study_small_ones_first() -> None:
    changes = messages.changes_of(RAW)
    workspace = "ws_01k9rg5m8z0000000000000000"
    assert list(changes) == [
        messages.Change(
            workspace, "std_01k9rg5m8z0000000000000002", 1, RAW["Records"][2]["dynamodb"]["SequenceNumber"]
        ),
        messages.Change(
            workspace, "std_01k9rg5m8z0000000000000001", 3, RAW["Records"][3]["dynamodb"]["SequenceNumber"]
        ),
    ]


def test_the_line_of_a_batch_carries_its_metrics(api: Client, stream: Stream) -> None:
    study, items = bring(api, "survey", 3)
    stream.send(*items)
    [line] = stream.lines()
    assert (line["message"], line["records"], line["people_folded"]) == ("fold", 3, 3)
    assert line["studies"] == [study["id"]]
    [directive] = line["_aws"]["CloudWatchMetrics"]
    assert directive["Dimensions"] == [["service"]]
    assert {metric["Name"] for metric in directive["Metrics"]} <= line.keys()
    assert "person-" not in stream.log.getvalue(), "nothing of participants is logged"


def test_a_partition_of_something_else_is_refused() -> None:
    with pytest.raises(ValueError, match="#answers"):
        keys.study_of_people("ws_0#std_0#answers")
