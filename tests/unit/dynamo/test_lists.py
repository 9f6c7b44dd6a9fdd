"""Lists in the table: what they show is what a plain list would, whatever is written, folded and lost in between."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.fakes.table import FakeTable
from tests.samples.plain_lists import (
    QUERIES,
    WORKSPACE,
    PlainList,
    Session,
    assert_same,
    changed_members,
    millis,
    new_row,
    repeatable,
    text,
)
from trimetric.domain import times
from trimetric.domain.metricis import listing
from trimetric.domain.metricis.list_kinds import BATTERIES, CREATED, PARTICIPANTS, SESSIONS, STUDIES
from trimetric.domain.metricis.listing import MAX_CANDIDATES, Bucket, Directory, Query
from trimetric.dynamo import blobs, keys
from trimetric.dynamo.metricis.listing import FOLD_AT, TENDING, Lists, imported, recorded
from trimetric.dynamo.table import ConditionFailed, Put
from trimetric.errors import Unavailable, ValidationFailed

SCOPES = ("all", "1", "2")
ALL = keys.list_scope(WORKSPACE, "sessions", "all")


class Died(Exception):
    """The function ended here."""


def _lists(table: FakeTable, **options: Any) -> Lists:
    return Lists(table, WORKSPACE, SESSIONS, sleep=lambda seconds: None, **options)


def _small(table: FakeTable) -> Lists:
    """Buckets of a few entries, and nothing folded but on request."""
    return _lists(table, bucket=6, fold_at=10**6)


def _fold_all(lists: Lists) -> None:
    for scope in SCOPES:
        folds = 0
        while lists.fold(scope):
            folds += 1
            assert folds < 200, "folding does not get on"


@contextmanager
def _dying(table: FakeTable, call: int, *, answered: bool) -> Iterator[None]:
    """The function ends at the store call of this number, before or after that was carried out."""
    left = call

    def count(operation: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Died

    if answered:
        table.after = count
    else:
        table.before = count
    with suppress(Died):
        yield
    table.before = table.after = lambda operation: None


class Interleaved(RuleBasedStateMachine):
    """Rows come, change and go; folds run, die and meet; and after each step some page of some list is right."""

    seeds = st.integers(0, 2**32)

    def __init__(self) -> None:
        super().__init__()
        self.table = FakeTable()
        self.plain = PlainList(self.table)
        self.lists = _small(self.table)
        self.imports = 0
        self.used: set[str] = set()

    @rule(seed=seeds, study=st.sampled_from((1, 2)), created=st.integers(0, 50), many=st.integers(1, 9))
    def create(self, seed: int, study: int, created: int, many: int) -> None:
        rng = repeatable(seed)
        for _ in range(many):
            row = new_row(rng, study=study, created=created)
            if row["session_id"] not in self.used:
                self.plain.create(row)
                self.used.add(row["session_id"])

    @rule(seed=seeds, created=st.integers(0, 50), many=st.integers(1, 8))
    def import_many(self, seed: int, created: int, many: int) -> None:
        rng = repeatable(seed)
        rows = [new_row(rng, study=1, created=created) for _ in range(many)]
        fresh = {row["session_id"]: row for row in rows if row["session_id"] not in self.used}
        self.used |= set(fresh)
        if not fresh:
            return
        self.imports += 1
        name = f"import{self.imports}"
        self.table.write(*imported(WORKSPACE, SESSIONS, list(fresh.values()), import_id=name))
        self.plain.sessions |= {identifier: Session(row) for identifier, row in fresh.items()}

    @precondition(lambda self: self.plain.sessions)
    @rule(seed=seeds, many=st.integers(1, 5))
    def change(self, seed: int, many: int) -> None:
        rng = repeatable(seed)
        for _ in range(many):
            self.plain.change(rng.choice(sorted(self.plain.sessions)), changed_members(rng))

    @precondition(lambda self: self.plain.sessions)
    @rule(seed=seeds, many=st.integers(1, 12))
    def delete(self, seed: int, many: int) -> None:
        rng = repeatable(seed)
        for identifier in rng.sample(sorted(self.plain.sessions), min(many, len(self.plain.sessions))):
            self.plain.delete(identifier)

    @precondition(lambda self: self.plain.sessions)
    @rule(seed=seeds, later=st.integers(1, 90))
    def delete_and_create_anew(self, seed: int, later: int) -> None:
        """As an erased participant with the same code: the same id, from version 1 on."""
        rng = repeatable(seed)
        identifier = rng.choice(sorted(self.plain.sessions))
        before = times.to_millis(times.parse(self.plain.sessions[identifier].row["created_at"]))
        created = (before - millis(0)) // 60_000 + later
        self.plain.delete(identifier)
        self.plain.create(new_row(rng, study=1, created=created) | {"session_id": identifier})

    @rule(scope=st.sampled_from(SCOPES))
    def fold(self, scope: str) -> None:
        self.lists.fold(scope)

    @rule(scope=st.sampled_from(SCOPES), call=st.integers(1, 4), answered=st.booleans())
    def fold_and_die(self, scope: str, call: int, answered: bool) -> None:
        with _dying(self.table, call, answered=answered):
            self.lists.fold(scope)

    @rule(scope=st.sampled_from(SCOPES), moment=st.sampled_from(("get_many", "write")))
    def fold_against_another(self, scope: str, moment: str) -> None:
        """Somebody else folds between this one's reads, or between its reads and its write."""
        with _meanwhile(self.table, moment, lambda: self.lists.fold(scope)):
            self.lists.fold(scope)

    @rule(seed=seeds, number=st.integers(0, len(QUERIES) - 1), offset=st.integers(0, 60), descending=st.booleans())
    def read(self, seed: int, number: int, offset: int, descending: bool) -> None:
        query, study = QUERIES[number]
        asked = replace(query, offset=offset, limit=5, descending=descending)
        assert self.lists.page(asked, study_id=study) == self.plain.page(asked, study)

    @rule(number=st.integers(0, len(QUERIES) - 1), offset=st.integers(0, 60), scope=st.sampled_from(SCOPES))
    def read_while_others_fold(self, number: int, offset: int, scope: str) -> None:
        query, study = QUERIES[number]
        asked = replace(query, offset=offset, limit=5)
        with _meanwhile(self.table, "get_many", lambda: self.lists.fold(scope)):
            assert self.lists.page(asked, study_id=study) == self.plain.page(asked, study)

    @rule(number=st.integers(0, len(QUERIES) - 1))
    def read_and_fold(self, number: int) -> None:
        query, study = QUERIES[number]
        assert replace(self.lists, fold_at=0).page(query, study_id=study) == self.plain.page(query, study)

    @invariant()
    def totals_are_right(self) -> None:
        assert self.lists.page(Query(sort=CREATED)).total == len(self.plain.sessions)

    def teardown(self) -> None:
        for scope in SCOPES:
            _assert_sound(self.lists, scope)
        assert_same(self.plain, self.lists, limit=50)
        _fold_all(self.lists)
        assert_same(self.plain, self.lists, limit=50)
        for scope in SCOPES:
            _assert_sound(self.lists, scope)


@contextmanager
def _meanwhile(table: FakeTable, operation: str, act: Callable[[], Any]) -> Iterator[None]:
    """`act` happens before the first such call."""
    done = False

    def hook(name: str) -> None:
        nonlocal done
        if name == operation and not done:
            done = True
            act()

    table.before = hook
    try:
        yield
    finally:
        table.before = lambda operation: None


def _assert_sound(lists: Lists, scope: str) -> None:
    """The stored buckets are those of the directory, in order, of the size that it says, none empty."""
    partition = keys.list_scope(WORKSPACE, "sessions", scope)
    found = lists._look(scope)
    numbers = [bucket.number for chain in found.directory.chains.values() for bucket in chain]
    stored = lists.table.query(partition, prefix="b#", limit=10_000)
    assert sorted(keys.list_bucket(partition, number).sk for number in numbers) == [item["sk"] for item in stored]
    loaded = lists._buckets(found, numbers, check_head=True)
    for name, chain in found.directory.chains.items():
        assert chain
        order = name.partition(" ")[0]
        places = [[listing.place_of(SESSIONS, order, entry) for entry in loaded[bucket.number]] for bucket in chain]
        assert [len(each) for each in places] == [bucket.count for bucket in chain]
        assert all(bucket.count for bucket in chain)
        flat = [place for each in places for place in each]
        assert flat == sorted(set(flat))
        for bucket, before, here in zip(chain[1:], places, places[1:], strict=False):
            assert bucket.start is not None
            assert before[-1] < bucket.start <= here[0]


Interleaved.TestCase.settings = settings(
    max_examples=30, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
TestInterleaved = Interleaved.TestCase


def _filled(table: FakeTable, many: int, *, seed: int = 7) -> PlainList:
    plain, rng = PlainList(table), repeatable(seed)
    for number in range(many):
        plain.create(new_row(rng, study=1 + number % 2, created=number))
    return plain


@pytest.mark.parametrize("bucket", [1, 2, 5, 256])
def test_all_pages_of_all_lists_with_half_of_it_folded(bucket: int) -> None:
    table = FakeTable()
    plain, lists, rng = _filled(table, 60), _lists(table, bucket=bucket, fold_at=10**6), repeatable(3)
    _fold_all(lists)
    for _ in range(40):
        plain.change(rng.choice(sorted(plain.sessions)), changed_members(rng))
    for identifier in rng.sample(sorted(plain.sessions), 10):
        plain.delete(identifier)
    assert_same(plain, lists)
    _fold_all(lists)
    assert_same(plain, lists)


def test_a_list_without_rows() -> None:
    assert_same(PlainList(table := FakeTable()), _small(table))


def test_all_rows_that_went_leave_no_bucket() -> None:
    table = FakeTable()
    plain, lists = _filled(table, 30), _small(table)
    _fold_all(lists)
    for identifier in sorted(plain.sessions):
        plain.delete(identifier)
    _fold_all(lists)
    assert {item["sk"] for item in table.items()} == {keys.LIST_HEAD, keys.LIST_DIRECTORY}
    assert_same(plain, lists)


def test_any_page_takes_two_reads_beside_those_of_its_rows() -> None:
    table = FakeTable()
    plain, lists = _filled(table, 300), _lists(table, bucket=20)
    lists.page(Query(sort=CREATED))
    _fold_all(lists)
    operations: list[str] = []
    table.before = operations.append
    for query, study in QUERIES:
        for offset in range(0, 300, 50):
            for descending in (False, True):
                asked = replace(query, offset=offset, descending=descending)
                operations.clear()
                assert lists.page(asked, study_id=study) == plain.page(asked, study)
                assert operations == ["query", "get_many"]


def test_a_reader_folds_what_is_worth_it() -> None:
    table = FakeTable()
    plain, lists = _filled(table, 2 * FOLD_AT), _lists(table)
    assert lists.page(Query(sort=CREATED)).total == len(plain.sessions)
    assert len(table.query(ALL, prefix="a#2", limit=1000)) <= FOLD_AT // 2


def test_records_stay_few_although_nobody_reads() -> None:
    table = FakeTable()
    plain = _filled(table, 1000)
    assert len(table.query(ALL, prefix="a#2", limit=2000)) < 8 * TENDING
    assert_same(PlainList(table, plain.sessions), _lists(table), limit=500)


def test_more_records_than_one_query_takes() -> None:
    table, elsewhere = FakeTable(), FakeTable()
    rng = repeatable(8)
    rows = [new_row(rng, study=1, created=number) for number in range(1010)]
    for row in rows:
        table.write(*recorded(elsewhere, WORKSPACE, SESSIONS, before=None, after=row, version=1))
    plain = PlainList(table, {row["session_id"]: Session(row) for row in rows})
    assert_same(plain, _small(table), limit=500)
    _fold_all(_lists(table))
    assert_same(plain, _lists(table), limit=500)


@pytest.mark.parametrize("error", [ConditionFailed({0: None}), Unavailable()])
def test_who_cannot_fold_reads_and_writes_all_the_same(error: Exception) -> None:
    table = FakeTable()
    plain, lists = _filled(table, 20), _lists(table, fold_at=0)

    def refuse(operation: str) -> None:
        if operation == "write":
            raise error

    table.before = refuse
    lists.tend("all")
    assert_same(plain, lists, limit=20)
    assert table.get(keys.list_head(ALL)) is None


def test_a_writer_that_finds_the_store_slow_goes_on() -> None:
    table = FakeTable()
    _filled(table, 20)

    def refuse(operation: str) -> None:
        raise Unavailable

    table.before = refuse
    _lists(table).tend("all")


def test_what_stays_the_same_for_the_lists_leaves_no_record() -> None:
    row = new_row(repeatable(1), study=1, created=1)
    assert recorded(FakeTable(), WORKSPACE, SESSIONS, before=row, after={**row, "trial_count": 4}, version=2) == ()


def test_what_came_and_went_touches_no_bucket() -> None:
    table = FakeTable()
    plain, lists = _filled(table, 10), _small(table)
    _fold_all(lists)
    buckets = [item for item in table.items() if item["sk"].startswith("b#")]
    plain.create(row := new_row(repeatable(4), study=1, created=3))
    plain.change(row["session_id"], {"status": "completed", "updated_at": text(9)})
    plain.delete(row["session_id"])
    assert_same(plain, lists)
    _fold_all(lists)
    assert [item for item in table.items() if item["sk"].startswith("b#")] == buckets
    assert not table.query(ALL, prefix="a#2", limit=10)


def test_a_row_that_goes_to_another_study_is_in_that_one_only() -> None:
    table = FakeTable()
    plain = _filled(table, 4)
    _fold_all(_small(table))
    plain.change(next(iter(plain.sessions)), {"study_id": 2})
    assert_same(plain, _small(table))


def test_a_row_may_be_made_anew_within_a_millisecond() -> None:
    table = FakeTable()
    plain = _filled(table, 3)
    identifier, session = next(iter(plain.sessions.items()))
    for _ in range(3):
        plain.delete(identifier)
        plain.create(session.row)
    assert_same(plain, _small(table))


def test_an_import_of_five_thousand_is_there_at_once() -> None:
    table = FakeTable()
    rng = repeatable(5)
    rows = [new_row(rng, study=1, created=5) for _ in range(5000)]
    actions = imported(WORKSPACE, SESSIONS, rows, import_id="one")
    assert len(actions) == 10
    table.write(*actions)
    plain = PlainList(table, {row["session_id"]: Session(row) for row in rows})
    lists = _lists(table)
    assert lists.page(Query(sort=CREATED)).total == 5000
    changed = sorted(plain.sessions)[:50]
    for identifier in changed:
        plain.change(identifier, {"status": "completed"})
    _fold_all(lists)
    for query, study in QUERIES:
        whole = replace(query, limit=5000)
        assert lists.page(whole, study_id=study) == plain.page(whole, study)
    assert max(len(item["blob"]) for item in table.items() if item["sk"].startswith("b#")) < 16_000


def test_more_candidates_than_can_be_sorted_are_refused_with_advice() -> None:
    table = FakeTable()
    chains = {
        "created_at": [Bucket(1, None, MAX_CANDIDATES), Bucket(2, (0, ""), 1)],
        "created_at created": [Bucket(3, None, 1)],
    }
    blob = blobs.pack(Directory(chains, 3).to_document())
    head, directory, bucket = keys.list_head(ALL), keys.list_directory(ALL), keys.list_bucket(ALL, 3)
    entry = SESSIONS.entry(new_row(repeatable(1), study=1, created=1))
    table.write(
        Put({"pk": head.pk, "sk": head.sk, "version": 1}),
        Put({"pk": directory.pk, "sk": directory.sk, "blob": blob}),
        Put({"pk": ALL, "sk": bucket.sk, "version": 1, "blob": blobs.pack(listing.pack(SESSIONS, [entry]))}),
    )
    lists = _small(table)
    for query, field in (
        (Query(sort="participant_id"), "sort"),
        (Query(sort=CREATED, filters={"battery_id": "battery_1"}), "battery_id"),
    ):
        with pytest.raises(ValidationFailed) as refused:
            lists.page(query)
        assert refused.value.details[0].field == field
        assert "narrow" in refused.value.details[0].message
    assert lists.page(Query(sort="participant_id", status="created")).total == 1


def test_a_list_that_is_folded_without_end_asks_to_come_back() -> None:
    table = FakeTable()
    plain = _filled(table, 10)
    lists = _small(table)
    rng = repeatable(9)

    def fold(operation: str) -> None:
        if operation == "get_many" and not folding:
            folding.append(True)
            row = new_row(rng, study=1, created=900)
            plain.create(row)
            lists.fold("all")
            folding.clear()

    folding: list[bool] = []
    table.before = fold
    with pytest.raises(Unavailable):
        lists.page(Query(sort=CREATED))


def test_what_does_not_fit_together_is_not_folded() -> None:
    """A record that says of a row that it was there, which it was not."""
    table = FakeTable()
    _filled(table, 20)
    lists = _small(table)
    _fold_all(lists)
    row = new_row(repeatable(1), study=1, created=1)
    table.write(*recorded(table, WORKSPACE, SESSIONS, before=row, after={**row, "status": "completed"}, version=2))
    before = table.items()
    lists.fold("all")
    assert table.items() == before
    with pytest.raises(Unavailable):
        lists.page(Query(sort=CREATED))


def test_store_errors_are_not_hidden() -> None:
    table = FakeTable()
    lists = replace(_small(table), fold_at=0)
    _filled(table, 3)
    error = ClientError({"Error": {"Code": "ValidationException", "Message": "no"}}, "Write")

    def refuse(operation: str) -> None:
        if operation == "write":
            raise error

    table.before = refuse
    with pytest.raises(ClientError):
        lists.page(Query(sort=CREATED))


def test_lists_of_two_workspaces_are_apart() -> None:
    table = FakeTable()
    _filled(table, 20)
    other = Lists(table, "ws_fedcba9876543210", SESSIONS)
    assert other.page(Query(sort=CREATED)).total == 0


def test_long_names_make_smaller_buckets() -> None:
    table = FakeTable()
    rng = repeatable(2)
    lists = Lists(table, WORKSPACE, STUDIES)
    for number in range(1, 201):
        name = "".join(chr(rng.randrange(0x20000, 0x2A000)) for _ in range(255))
        row = {"id": number, "code": f"C{number}", "name": name, "status": "active"}
        row |= {"created_at": text(number % 3), "updated_at": text(number)}
        table.write(*recorded(table, WORKSPACE, STUDIES, before=None, after=row, version=1))
    while lists.fold("all"):
        pass
    assert lists.page(Query(sort=CREATED, limit=4)).ids == [3, 6, 9, 12]
    assert lists.page(Query(sort=CREATED, limit=3, descending=True)).ids == [200, 197, 194]
    assert lists.page(Query(sort="code", limit=3)).ids == [1, 10, 100]
    sizes = [len(item["blob"]) for item in table.items() if item["sk"].startswith("b#")]
    assert max(sizes) <= 64_000
    assert len(sizes) > 4


def test_kinds_without_status_or_study() -> None:
    table = FakeTable()
    for number in (10, 9):
        row = {"id": f"battery_{number}", "study_id": 1, "name": "B", "created_at": text(1), "updated_at": text(1)}
        table.write(*recorded(table, WORKSPACE, BATTERIES, before=None, after=row, version=1))
    lists = Lists(table, WORKSPACE, BATTERIES, fold_at=0)
    assert lists.page(Query(sort="name"), study_id=1).ids == ["battery_10", "battery_9"]
    assert lists.page(Query(sort=CREATED), study_id=2).total == 0


def test_contact_data_is_in_no_list() -> None:
    row = dict.fromkeys(PARTICIPANTS.fields) | {
        "id": "par_1",
        "study_id": 1,
        "participant_id": "P1",
        "email": "someone@example.org",
        "phone": "+1 555",
        "created_at": text(1),
        "updated_at": text(1),
    }
    entry = PARTICIPANTS.entry(row)
    assert "someone@example.org" not in entry
    assert "+1 555" not in entry


def test_imports_of_nothing_are_nothing() -> None:
    assert imported(WORKSPACE, SESSIONS, [], import_id="x") == []


def test_a_bucket_that_is_missing_is_not_overlooked() -> None:
    table = FakeTable()
    _filled(table, 20)
    lists = _small(table)
    _fold_all(lists)
    bucket = keys.list_bucket(ALL, 1)
    item = table.get(bucket)
    assert item is not None
    table.write(Put({**item, "version": item["version"] + 99}, []))
    with pytest.raises(Unavailable):
        lists.page(Query(sort=CREATED, limit=100))
