"""Participants and staged imports in the table."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import cast

import pytest

from tests.conftest import LOOPBACK
from tests.fakes.table import FakeTable
from trimetric.domain.participants import Participant, Progress, StoredResult
from trimetric.domain.studies import Status, Study
from trimetric.domain.study_types.design import Design
from trimetric.dynamo import imports, keys, participants, studies
from trimetric.dynamo.imports import LEASE_MILLIS, MAX_TRANSACTION_BYTES, Imports
from trimetric.dynamo.participants import Participants
from trimetric.dynamo.table import Action, ConditionFailed, Item, Put, Table

WORKSPACE, STUDY = "ws_0000000000000001", "std_00000000000000000000000001"
NOW = 1_767_000_000_000
STARTED = "2026-01-05T09:00:00.000Z"


@pytest.fixture(params=["fake", pytest.param("DynamoDB Local", marks=LOOPBACK)])
def table(request: pytest.FixtureRequest) -> Table:
    if request.param == "fake":
        return FakeTable()
    found: Table = request.getfixturevalue("local_table")
    return found


def participant(number: int, *, completed: bool = True) -> Participant:
    identifier = f"prt_{number:026d}"
    return Participant(
        id=identifier,
        external_id=f"p-{number}",
        status=Progress.COMPLETED if completed else Progress.IN_PROGRESS,
        started_at=STARTED,
        completed_at=STARTED if completed else None,
        duration_ms=0 if completed else None,
        order=keys.participant_order(NOW, number, identifier),
        content_hash=f"hash-{number}",
    )


def creation(number: int, *results: StoredResult, completed: bool = True) -> Put:
    person = participant(number, completed=completed)
    return participants.creation(WORKSPACE, STUDY, person, results, now_millis=NOW + number)


def published_study(table: Table) -> None:
    study = Study(STUDY, "survey", Status.PUBLISHED, "S", None, None, STARTED, STARTED)
    table.write(*studies.creation(WORKSPACE, study, Design(settings={})))


def people(table: Table, *, now: int = NOW) -> Participants:
    return Participants(table, now_millis=now)


def listed(table: Table, *, excluded: bool | None = None, limit: int = 100, now: int = NOW) -> list[str]:
    found = people(table, now=now).list(WORKSPACE, STUDY, excluded=excluded, after=None, limit=limit)
    return [person.external_id or "" for person in found]


def test_a_person_comes_back_with_results(table: Table) -> None:
    result = StoredResult({"x": 0.1, "deep": [{"a": None}]}, STARTED)
    table.write(creation(1, result))
    person = people(table).person(WORKSPACE, STUDY, participant(1).id)
    assert person is not None
    assert (person.participant, person.results) == (participant(1), (result,))
    assert people(table).get(WORKSPACE, STUDY, participant(2).id) is None


def test_a_second_creation_meets_the_first(table: Table) -> None:
    table.write(creation(1))
    with pytest.raises(ConditionFailed) as refused:
        table.write(creation(1))
    item = refused.value.failures[0]
    assert item is not None
    assert participants.participant_of(item) == participant(1)


def test_lists_follow_creation_and_filters(table: Table) -> None:
    published_study(table)
    table.write(*(creation(number) for number in (3, 1, 2)))
    seen = participant(2)
    table.write(*participants.change(WORKSPACE, STUDY, seen.exclude(None), seen=seen, now_millis=NOW))
    assert listed(table) == ["p-1", "p-2", "p-3"]
    assert listed(table, excluded=False) == ["p-1", "p-3"]
    assert listed(table, excluded=True) == ["p-2"]
    first = people(table).list(WORKSPACE, STUDY, excluded=False, after=None, limit=1)
    rest = people(table).list(WORKSPACE, STUDY, excluded=False, after=first[0].order, limit=9)
    assert [person.external_id for person in rest] == ["p-3"]


def stale(table: Table) -> list[str]:
    """Marks of those whose part in the metrics may be out of date."""
    return [item["l4"] for item in table.query(keys.people(WORKSPACE, STUDY), index="lsi4", limit=9)]


def test_a_change_moves_counts_and_marks_the_metrics_stale(table: Table) -> None:
    published_study(table)
    table.write(creation(1, completed=False), studies.counted(WORKSPACE, STUDY, participants=1))
    key = keys.participant(WORKSPACE, STUDY, participant(1).id)
    assert stale(table) == []
    steps: list[tuple[Callable[[Participant], Participant], dict[str, int]]] = [
        (lambda seen: seen.exclude("why"), {"completed": 0, "excluded": 1, "excluded_completed": 0}),
        (lambda seen: seen.complete(STARTED), {"completed": 1, "excluded": 1, "excluded_completed": 1}),
        (lambda seen: seen.include(), {"completed": 1, "excluded": 0, "excluded_completed": 0}),
    ]
    for place, (step, counts) in enumerate(steps, start=1):
        seen = people(table).get(WORKSPACE, STUDY, participant(1).id)
        assert seen is not None
        table.write(*participants.change(WORKSPACE, STUDY, step(seen), seen=seen, now_millis=NOW + place))
        study = table.get(keys.study(WORKSPACE, STUDY))
        assert study is not None
        assert study["counts"] == {"participants": 1, **counts}
        assert stale(table) == [keys.participant_by_time(NOW + place, key.sk)]


def test_a_change_keeps_what_the_metrics_keep_and_asks_for_the_version(table: Table) -> None:
    published_study(table)
    put = creation(1)
    table.write(replace(put, item={**put.item, "counts": {"folded": 7}}))
    seen = participant(1)
    change = participants.change(WORKSPACE, STUDY, seen.exclude(None), seen=seen, now_millis=NOW)
    table.write(*change)
    item = table.get(put.key)
    assert item is not None
    assert item["counts"] == {"folded": 7}
    with pytest.raises(ConditionFailed):
        table.write(*change)


def test_results_can_be_added(table: Table) -> None:
    table.write(creation(1, completed=False))
    seen = participant(1, completed=False)
    added = [StoredResult({"task_id": "t"}, STARTED)]
    table.write(*participants.change(WORKSPACE, STUDY, seen, seen=seen, now_millis=NOW, results=added))
    person = people(table).person(WORKSPACE, STUDY, seen.id)
    assert person is not None
    assert list(person.results) == added


def test_changes_are_found_from_an_instant_on_inclusive(table: Table) -> None:
    table.write(*(creation(number) for number in range(4)))
    store = people(table)
    found = store.changed_since(WORKSPACE, STUDY, millis=NOW + 2, after=None, limit=9)
    assert [each.participant.external_id for each in found] == ["p-2", "p-3"]
    rest = store.changed_since(WORKSPACE, STUDY, millis=NOW + 2, after=found[0].position, limit=9)
    assert [each.participant.external_id for each in rest] == ["p-3"]


# -- imports in several transactions --------------------------------------------------------------------------------


def puts(count: int, *, first: int = 0) -> list[Put]:
    return [creation(number) for number in range(first, first + count)]


@pytest.mark.parametrize(
    ("count", "staged", "last"),
    [
        pytest.param(1, 0, 1, id="one person"),
        pytest.param(98, 0, 98, id="just one transaction"),
        pytest.param(99, 2, 97, id="one too many: its record needs a place, too"),
        pytest.param(100, 3, 97, id="the most that a request holds"),
    ],
)
def test_only_what_does_not_fit_is_staged(count: int, staged: int, last: int) -> None:
    parts = imports.split(puts(count), actions_beside=2)
    assert [len(chunk) for chunk in parts.staged] == ([staged] if staged else [])
    assert len(parts.last) == last
    assert [put for chunk in (*parts.staged, parts.last) for put in chunk] == puts(count)


def test_no_transaction_grows_too_large() -> None:
    large = [replace(put, item={**put.item, "results": bytes(300_000)}) for put in puts(30)]
    parts = imports.split(large, actions_beside=2)
    chunks = [*parts.staged, parts.last]
    assert sum(map(len, chunks)) == 30
    assert all(0 < sum(len(put.item["results"]) for put in chunk) <= MAX_TRANSACTION_BYTES for chunk in chunks)


def stage(table: Table, chunks: Sequence[Sequence[Put]], *, owner: str = "me") -> str:
    return Imports(table, NOW).stage(WORKSPACE, STUDY, chunks, owner=owner)


def test_staged_people_are_nowhere_until_the_commit(table: Table) -> None:
    table.write(creation(5))
    import_id = stage(table, [puts(2), puts(1, first=2)])
    store = people(table)
    assert listed(table) == ["p-5"]
    assert listed(table, limit=1) == ["p-5"]
    assert listed(table, excluded=False) == ["p-5"]
    shown = store.changed_since(WORKSPACE, STUDY, millis=0, after=None, limit=9)
    assert [each.participant.external_id for each in shown] == ["p-5"]
    assert store.get(WORKSPACE, STUDY, participant(0).id) is None
    assert store.people(WORKSPACE, STUDY, [participant(0).id]) == []
    table.write(imports.commitment(WORKSPACE, STUDY, import_id))
    assert listed(table) == ["p-0", "p-1", "p-2", "p-5"]
    assert table.get(keys.staged_import(WORKSPACE, STUDY, import_id)) is None
    item = table.get(keys.participant(WORKSPACE, STUDY, participant(1).id))
    assert item is not None
    assert imports.PENDING not in item["row"]


def test_a_detail_read_settles_a_committed_import(table: Table) -> None:
    import_id = stage(table, [puts(12)])
    table.write(imports.commitment(WORKSPACE, STUDY, import_id))
    assert people(table).get(WORKSPACE, STUDY, participant(3).id) == participant(3)
    assert len(listed(table)) == 12


def test_an_import_that_died_is_rolled_back_when_its_lease_is_over(table: Table) -> None:
    import_id = stage(table, [puts(12)])
    late = NOW + LEASE_MILLIS
    assert listed(table, now=late - 1) == []
    assert table.get(participants_key(3)) is not None
    assert listed(table, now=late) == []
    assert table.get(participants_key(3)) is None
    with pytest.raises(ConditionFailed):
        table.write(imports.commitment(WORKSPACE, STUDY, import_id))


def participants_key(number: int) -> keys.Key:
    return keys.participant(WORKSPACE, STUDY, participant(number).id)


def test_the_owner_takes_over_at_once(table: Table) -> None:
    import_id = stage(table, [puts(1)])
    store = Imports(table, NOW)
    assert not store.settle(WORKSPACE, STUDY, import_id)
    assert not store.settle(WORKSPACE, STUDY, import_id, owner="somebody else")
    assert store.settle(WORKSPACE, STUDY, import_id, owner="me")
    assert table.get(participants_key(0)) is None


def test_an_import_that_was_given_up_writes_nothing_more(table: Table) -> None:
    class GivenUp:
        """Somebody rolls the import back behind its first chunk."""

        chunks = 0

        def get(self, key: keys.Key) -> Item | None:
            return table.get(key)

        def write(self, *actions: Action) -> None:
            table.write(*actions)
            self.chunks += 1
            if self.chunks == 1:
                record = table.query(keys.people(WORKSPACE, STUDY), prefix="import#", limit=1)[0]
                Imports(table, NOW).close(WORKSPACE, STUDY, record["sk"].removeprefix("import#"))

    with pytest.raises(ConditionFailed) as refused:
        stage(cast("Table", GivenUp()), [puts(2), puts(2, first=2)])
    assert refused.value.failures == {-1: None}
    assert table.query(keys.people(WORKSPACE, STUDY), limit=9) == []


def test_people_in_the_way_are_named_and_nothing_stays_behind(table: Table) -> None:
    table.write(creation(3))
    with pytest.raises(ConditionFailed) as refused:
        stage(table, [puts(2), puts(2, first=2)])
    assert list(refused.value.failures) == [3]
    assert len(table.query(keys.people(WORKSPACE, STUDY), limit=9)) == 1


def test_two_who_tidy_do_not_disturb_each_other(table: Table) -> None:
    import_id = stage(table, [puts(3)])
    table.write(imports.commitment(WORKSPACE, STUDY, import_id))
    store = Imports(table, NOW)
    names = [participant(number).id for number in range(3)]
    store.tidy(WORKSPACE, STUDY, import_id, names[:1], committed=True)
    store.tidy(WORKSPACE, STUDY, import_id, names, committed=True)
    assert not store.close(WORKSPACE, STUDY, import_id)
    assert listed(table) == ["p-0", "p-1", "p-2"]


def test_an_excluded_person_of_an_untidied_import_stays_excluded(table: Table) -> None:
    published_study(table)
    import_id = stage(table, [puts(2)])
    table.write(imports.commitment(WORKSPACE, STUDY, import_id))
    seen = participant(0)
    table.write(*participants.change(WORKSPACE, STUDY, seen.exclude("x"), seen=seen, now_millis=NOW))
    assert listed(table, excluded=True) == ["p-0"]
    assert listed(table, excluded=False) == ["p-1"]
