"""A study and its design are read as of one moment, although a batch read is not atomic."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from tests.fakes.table import FakeTable
from trimetric.domain.studies import Status, Study
from trimetric.domain.study_types.design import Card, Design
from trimetric.dynamo import keys, studies
from trimetric.dynamo.keys import Key
from trimetric.dynamo.studies import Studies
from trimetric.dynamo.table import ConditionFailed, Item
from trimetric.errors import Unavailable

WORKSPACE = "ws_0123456789abcdef"
STUDY = Study(
    id=f"std_{'0' * 26}",
    type="card_sort",
    status=Status.DRAFT,
    name="Shop",
    description=None,
    folder_id=None,
    created_at="2026-01-01T00:00:00.000Z",
    updated_at="2026-01-01T00:00:00.000Z",
)
EMPTY = Design({"sort_type": "open"})
FILLED = replace(EMPTY, cards=(Card("crd_1", "Apples"),))
CHANGED = replace(STUDY, version=2)
DESIGN_KEY = keys.design(WORKSPACE, STUDY.id)


class TornTable(FakeTable):
    """Gives the design as it was at first, so many times."""

    def __init__(self, *, times: int) -> None:
        super().__init__()
        self.times = times
        self.old: Item | None = None

    def get_many(self, keys: Iterable[Key]) -> dict[Key, Item]:
        found = super().get_many(keys)
        if self.old is not None and self.times:
            self.times -= 1
            found[DESIGN_KEY] = self.old
        return found


def torn(times: int) -> TornTable:
    """A table in which somebody has just filled the design."""
    table = TornTable(times=times)
    table.write(*studies.creation(WORKSPACE, STUDY, EMPTY))
    table.old = table.get(DESIGN_KEY)
    table.write(*studies.change(WORKSPACE, CHANGED, seen=STUDY, design=FILLED))
    return table


@pytest.mark.parametrize("times", [0, 1, 3])
def test_a_torn_read_is_done_again(times: int) -> None:
    assert Studies(torn(times)).with_design(WORKSPACE, STUDY.id) == (CHANGED, FILLED)


def test_a_read_that_stays_torn_is_refused() -> None:
    with pytest.raises(Unavailable):
        Studies(torn(1000)).with_design(WORKSPACE, STUDY.id)


def test_a_change_of_the_study_alone_leaves_the_design_readable() -> None:
    table = torn(0)
    renamed = replace(CHANGED, version=3, name="Store")
    table.write(*studies.change(WORKSPACE, renamed, seen=CHANGED))
    assert Studies(table).with_design(WORKSPACE, STUDY.id) == (renamed, FILLED)


def test_a_change_of_what_is_not_there_any_more_is_refused() -> None:
    table = torn(0)
    with pytest.raises(ConditionFailed):
        table.write(*studies.change(WORKSPACE, replace(STUDY, version=2), seen=STUDY, design=EMPTY))
    with pytest.raises(ConditionFailed):
        table.write(*studies.deletion(WORKSPACE, STUDY))
    table.write(*studies.deletion(WORKSPACE, CHANGED))
    assert Studies(table).with_design(WORKSPACE, STUDY.id) is None
    assert Studies(table).get(WORKSPACE, STUDY.id) is None
