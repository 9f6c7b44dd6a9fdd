"""One table, three stores: what repositories rely on holds on the fake, on moto and on DynamoDB Local.

`MOTO_FLAWS` lists where moto is known to be wrong, and how. Those cases say so in their ids and must fail, so that a
moto that was repaired is noticed.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conftest import LOOPBACK
from tests.fakes.table import FakeTable
from trimetric.dynamo.keys import INDEXES, Key
from trimetric.dynamo.table import (
    Action,
    Check,
    Condition,
    ConditionFailed,
    Delete,
    Item,
    Put,
    Table,
    Update,
    absent,
    equals,
    present,
)

KEY = Key("p", "s")
OTHER = Key("p", "other")


MOTO_FLAWS = {
    "yes = 1": "true equals 1",
    "n < '9'": "fails on operands of different types",
    "n >= '0'": "fails on operands of different types",
    "an order of truths": "does not look at the type of an operand",
    "overlapping paths": "applies both",
    "no action": "accepts an empty transaction",
    "a number of 39 digits": "accepts any number",
    "a number as index key": "indexes any type",
}
STORES = ("fake", "moto", "DynamoDB Local")


def _on_each_store(cases: Iterable[str]) -> list[Any]:
    """Parameters `store` and the name of a case, with what is known of the pair."""
    parameters = []
    for store in STORES:
        for case in cases:
            flaw = MOTO_FLAWS.get(case) if store == "moto" else None
            marks = [*(LOOPBACK if store == "DynamoDB Local" else ())]
            if flaw:
                marks.append(pytest.mark.xfail(reason=f"moto {flaw}", strict=True))
            name = f"{store} ({flaw}): {case}" if flaw else f"{store}: {case}"
            parameters.append(pytest.param(store, case, marks=marks, id=name))
    return parameters


@pytest.fixture(params=["fake", "moto", pytest.param("DynamoDB Local", marks=LOOPBACK)])
def store(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def table(store: str, request: pytest.FixtureRequest) -> Table:
    if store == "fake":
        return FakeTable()
    found: Table = request.getfixturevalue({"moto": "moto_table", "DynamoDB Local": "local_table"}[store])
    return found


def _item(key: Key = KEY, **attributes: Any) -> Item:
    return {"pk": key.pk, "sk": key.sk, **attributes}


def _put(table: Table, *sorts: str, pk: str = "p", **attributes: Any) -> None:
    for sort in sorts:
        table.write(Put(_item(Key(pk, sort), **attributes)))


def _sorts(items: list[Item], attribute: str = "sk") -> list[Any]:
    return [item[attribute] for item in items]


# -- values -----------------------------------------------------------------------------------------------------------


class Colour(StrEnum):
    RED = "red"


VALUES: dict[str, Any] = {
    "text": "héllo \U0001f600",
    "empty text": "",
    "number": -12,
    "38 digits": 10**38 - 1,
    "truth": True,
    "bytes": b"\x00\xff",
    "list": [1, "two", [True, None], {"three": 3}],
    "map": {"deep": {"deeper": [None, {"x": 0}]}, "dotted.name": 1},
    "empty list": [],
    "empty map": {},
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_value_comes_back_as_it_was_put(table: Table, value: Any) -> None:
    table.write(Put(_item(value=value)))
    assert table.get(KEY) == _item(value=value)


def test_truth_and_number_stay_apart(table: Table) -> None:
    table.write(Put(_item(truth=True, number=1)))
    item = table.get(KEY) or {}
    assert (type(item["truth"]), type(item["number"])) == (bool, int)


def test_enumeration_comes_back_as_its_text(table: Table) -> None:
    table.write(Put(_item(colour=Colour.RED, shades=[Colour.RED])))
    item = table.get(KEY) or {}
    assert (type(item["colour"]), type(item["shades"][0])) == (str, str)


def test_nothing_at_the_top_of_an_item_is_left_out(table: Table) -> None:
    table.write(Put(_item(gone=None, kept=[None])))
    assert table.get(KEY) == _item(kept=[None])


@pytest.mark.parametrize("value", [1.5, {1, 2}, ("a",), {"x": 1.5}], ids=["float", "set", "tuple", "float inside"])
def test_value_of_another_type_is_refused(table: Table, value: Any) -> None:
    with pytest.raises(TypeError):
        table.write(Put(_item(value=value)))


def test_what_a_caller_changes_afterwards_is_not_stored(table: Table) -> None:
    shades = ["red"]
    table.write(Put(_item(shades=shades)))
    shades.append("blue")
    found = table.get(KEY) or {}
    found["shades"].append("green")
    assert table.get(KEY) == _item(shades=["red"])


# -- reads ------------------------------------------------------------------------------------------------------------


def test_absent_item_is_none(table: Table) -> None:
    assert table.get(KEY) is None


def test_many_are_found_by_key_without_the_absent(table: Table) -> None:
    _put(table, *(f"{number:03d}" for number in range(120)))
    wanted = [Key("p", f"{number:03d}") for number in range(130)]
    found = table.get_many([*wanted, wanted[0]])
    assert sorted(found) == wanted[:120]
    assert found[wanted[7]] == _item(wanted[7])


def test_none_of_none_is_found(table: Table) -> None:
    assert table.get_many([]) == {}


def test_query_is_in_order_and_keeps_to_its_partition(table: Table) -> None:
    _put(table, "b", "a", "ä", "c", "B")
    _put(table, "aa", pk="q")
    assert _sorts(table.query("p", limit=10)) == ["B", "a", "b", "c", "ä"]
    assert _sorts(table.query("p", limit=10, forward=False)) == ["ä", "c", "b", "a", "B"]
    assert table.query("nobody", limit=10) == []


@pytest.mark.parametrize("forward", [True, False], ids=["forward", "backward"])
@pytest.mark.parametrize("prefix", ["", "fld_"], ids=["all", "prefix"])
def test_pages_join_without_gap_or_overlap(table: Table, forward: bool, prefix: str) -> None:
    _put(table, *(f"fld_{number:02d}" for number in range(7)), "fld", "fldz", "gld_00", "fkd_00")
    whole = _sorts(table.query("p", limit=100, prefix=prefix, forward=forward))
    assert len(whole) == (7 if prefix else 11)
    pages: list[str] = []
    after: str | None = None
    while page := _sorts(table.query("p", limit=3, prefix=prefix, after=after, forward=forward)):
        pages += page
        after = page[-1]
    assert pages == whole


def test_position_need_not_exist(table: Table) -> None:
    _put(table, "a", "c", "e")
    assert _sorts(table.query("p", limit=9, after="b")) == ["c", "e"]
    assert _sorts(table.query("p", limit=9, after="d", forward=False)) == ["c", "a"]
    assert table.query("p", limit=9, after="e") == []


@pytest.mark.parametrize("forward", [True, False], ids=["forward", "backward"])
def test_extensions_of_a_position_are_beyond_it_only_forward(table: Table, forward: bool) -> None:
    _put(table, "a", "ab", "abc", "ac")
    expected = ["abc", "ac"] if forward else ["a"]
    assert _sorts(table.query("p", limit=9, after="ab", forward=forward)) == expected


def test_page_of_large_items_is_full(table: Table) -> None:
    """A query reads a megabyte at a time; more than that is the table's business, not the caller's."""
    _put(table, *(f"{number:02d}" for number in range(8)), blob=b"x" * 300_000)
    assert len(table.query("p", limit=7)) == 7


@pytest.mark.parametrize("index", INDEXES)
def test_index_holds_the_items_that_have_its_attribute(table: Table, index: str) -> None:
    attribute = INDEXES[index]
    table.write(Put(_item(Key("p", "1"), **{attribute: "x#2"})))
    table.write(Put(_item(Key("p", "2"), **{attribute: "x#1"})))
    table.write(Put(_item(Key("p", "3"))))
    table.write(Put(_item(Key("p", "4"), **{attribute: "y#0"})))
    assert _sorts(table.query("p", index=index, limit=9)) == ["2", "1", "4"]
    assert _sorts(table.query("p", index=index, limit=9, prefix="x#")) == ["2", "1"]
    assert _sorts(table.query("p", index=index, limit=9, prefix="x#", after="x#1")) == ["1"]
    assert _sorts(table.query("p", index=index, limit=1, forward=False)) == ["4"]


def test_index_shows_row_and_counts_and_nothing_else(table: Table) -> None:
    table.write(Put(_item(l1="a", l2="b", row={"name": "N"}, counts={"n": 1}, secret="s")))
    assert table.query("p", index="lsi1", limit=1) == [_item(l1="a", row={"name": "N"}, counts={"n": 1})]


def test_index_follows_a_change_at_once(table: Table) -> None:
    table.write(Put(_item(l1="draft#1")))
    table.write(Update(KEY, set={"l1": "published#1"}))
    assert table.query("p", index="lsi1", prefix="draft#", limit=1) == []
    assert len(table.query("p", index="lsi1", prefix="published#", limit=1)) == 1
    table.write(Update(KEY, remove=["l1"]))
    assert table.query("p", index="lsi1", limit=1) == []


def test_filter_fills_the_page_with_what_matches(table: Table) -> None:
    for number in range(30):
        row = {"type": "survey" if number % 10 == 9 else "card_sort"}
        table.write(Put(_item(Key("p", f"{number:02d}"), l1=f"{number:02d}", row=row)))
    only = [equals("row.type", "survey")]
    assert _sorts(table.query("p", limit=2, where=only)) == ["09", "19"]
    assert _sorts(table.query("p", index="lsi1", limit=5, where=only, after="09")) == ["19", "29"]


# -- conditions -------------------------------------------------------------------------------------------------------

STORED = _item(n=5, t="m", b=b"\x05", yes=True, row={"status": "draft", "n": 1}, nothing=[None])
CONDITIONS: list[tuple[Condition, bool]] = [
    (absent(), False),
    (present(), True),
    (absent("missing"), True),
    (present("missing"), False),
    (present("row.status"), True),
    (absent("row.missing"), True),
    (absent("missing.deep"), True),
    (absent("t.deep"), True),
    (equals("n", 5), True),
    (equals("n", "5"), False),
    (equals("n", True), False),
    (equals("yes", True), True),
    (equals("yes", 1), False),
    (equals("row.status", "draft"), True),
    (equals("row", {"n": 1, "status": "draft"}), True),
    (equals("nothing", [None]), True),
    (equals("missing", 5), False),
    (Condition("missing", "=", 5, or_absent=True), True),
    (Condition("n", "=", 6, or_absent=True), False),
    (Condition("n", "<>", 6), True),
    (Condition("n", "<>", 5), False),
    (Condition("n", "<>", "5"), True),
    (Condition("missing", "<>", 5), True),
    (Condition("n", "<", 5), False),
    (Condition("n", "<", 10), True),
    (Condition("n", "<=", 5), True),
    (Condition("n", ">", 4), True),
    (Condition("n", ">", 5), False),
    (Condition("n", ">=", 5), True),
    (Condition("n", ">=", 6), False),
    (Condition("n", "<", "9"), False),
    (Condition("n", ">=", "0"), False),
    (Condition("t", "<", "ma"), True),
    (Condition("t", ">", "M"), True),
    (Condition("b", "<", b"\x06"), True),
    (Condition("missing", "<", 5), False),
    (Condition("missing", "<", 5, or_absent=True), True),
    (Condition("row.n", ">=", 1), True),
]


def _name(condition: Condition) -> str:
    operand = "" if condition.value is None else f" {condition.value!r}"
    return f"{condition.attribute} {condition.operator}{operand}{' or absent' * condition.or_absent}"


NAMED_CONDITIONS = {_name(condition): (condition, holds) for condition, holds in CONDITIONS}


@pytest.mark.parametrize(("store", "case"), _on_each_store(NAMED_CONDITIONS), indirect=["store"])
def test_condition(table: Table, case: str) -> None:
    condition, holds = NAMED_CONDITIONS[case]
    table.write(Put(STORED))
    guarded = Update(KEY, set={"done": True}, conditions=[condition])
    if holds:
        table.write(guarded)
    else:
        with pytest.raises(ConditionFailed) as refused:
            table.write(guarded)
        assert refused.value.failures == {0: STORED}
    assert ("done" in (table.get(KEY) or {})) is holds


def test_conditions_must_all_hold(table: Table) -> None:
    table.write(Put(_item(n=5)))
    with pytest.raises(ConditionFailed):
        table.write(Delete(KEY, [equals("n", 5), absent("pk")]))
    table.write(Delete(KEY, [equals("n", 5), present("pk")]))
    assert table.get(KEY) is None


# -- one write --------------------------------------------------------------------------------------------------------


def test_put_replaces_the_whole_item(table: Table) -> None:
    table.write(Put(_item(old=1, both=1)))
    table.write(Put(_item(both=2)))
    assert table.get(KEY) == _item(both=2)


def test_put_of_what_exists_can_be_refused(table: Table) -> None:
    table.write(Put(_item(n=1), [absent()]))
    with pytest.raises(ConditionFailed) as refused:
        table.write(Put(_item(n=2), [absent()]))
    assert refused.value.failures == {0: _item(n=1)}


def test_update_sets_adds_and_removes(table: Table) -> None:
    table.write(Put(_item(kept=1, gone=2, n=5, row={"name": "A", "gone": 1, "n": 1})))
    table.write(
        Update(
            KEY,
            set={"new": [1], "row.name": "B", "row.new": True},
            add={"n": -7, "fresh": 3, "row.n": 10, "row.fresh": 2},
            remove=["gone", "row.gone", "missing"],
        )
    )
    row = {"name": "B", "new": True, "n": 11, "fresh": 2}
    assert table.get(KEY) == _item(kept=1, new=[1], n=-2, fresh=3, row=row)


def test_update_makes_an_item_where_none_is(table: Table) -> None:
    table.write(Update(KEY, add={"n": 1}))
    assert table.get(KEY) == _item(n=1)


def test_update_can_set_nothing(table: Table) -> None:
    table.write(Update(KEY, set={"note": None}))
    assert table.get(KEY) == _item(note=None)


def test_update_of_an_absent_item_can_be_refused(table: Table) -> None:
    with pytest.raises(ConditionFailed) as refused:
        table.write(Update(KEY, set={"n": 1}, conditions=[present()]))
    assert refused.value.failures == {0: None}
    assert table.get(KEY) is None


def test_delete_is_idempotent(table: Table) -> None:
    table.write(Put(_item()))
    table.write(Delete(KEY))
    table.write(Delete(KEY))
    assert table.get(KEY) is None


def test_check_alone_changes_nothing(table: Table) -> None:
    table.write(Check(KEY, [absent()]))
    with pytest.raises(ConditionFailed):
        table.write(Check(KEY, [present()]))
    assert table.get(KEY) is None


# -- several writes ---------------------------------------------------------------------------------------------------


def test_transaction_writes_all(table: Table) -> None:
    _put(table, "updated", "deleted", "checked")
    table.write(
        Put(_item(Key("q", "put"))),
        Update(Key("p", "updated"), add={"n": 1}),
        Delete(Key("p", "deleted")),
        Check(Key("p", "checked"), [present()]),
    )
    assert _sorts(table.query("p", limit=9)) == ["checked", "updated"]
    assert table.get(Key("p", "updated")) == _item(Key("p", "updated"), n=1)
    assert table.get(Key("q", "put")) is not None


def test_refused_transaction_writes_nothing_and_tells_each_reason(table: Table) -> None:
    _put(table, "one", "two", n=1)
    with pytest.raises(ConditionFailed) as refused:
        table.write(
            Put(_item(Key("p", "new"))),
            Update(Key("p", "one"), add={"n": 1}, conditions=[equals("n", 2)]),
            Check(Key("p", "none"), [present()]),
            Delete(Key("p", "two"), [equals("n", 1)]),
        )
    assert refused.value.failures == {1: _item(Key("p", "one"), n=1), 2: None}
    assert table.query("p", limit=9) == [_item(Key("p", "one"), n=1), _item(Key("p", "two"), n=1)]


def test_hundred_actions_fit_into_a_transaction(table: Table) -> None:
    table.write(*(Put(_item(Key("p", f"{number:03d}")), [absent()]) for number in range(100)))
    assert len(table.query("p", limit=200)) == 100


# moto keeps its tables without a lock, so it has no moment to share between threads.
@pytest.mark.parametrize("store", ["fake", pytest.param("DynamoDB Local", marks=LOOPBACK)])
def test_transactions_at_the_same_moment_lose_nothing(table: Table) -> None:
    table.write(Put(_item(n=0)), Put(_item(OTHER, n=0)))

    def count(_: int) -> None:
        table.write(Update(KEY, add={"n": 1}), Update(OTHER, add={"n": 1}))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count, range(24)))
    assert table.get_many([KEY, OTHER]) == {KEY: _item(n=24), OTHER: _item(OTHER, n=24)}


# -- what the service refuses -----------------------------------------------------------------------------------------

REFUSED: dict[str, list[Action]] = {
    "an item above 400 KB": [Put(_item(blob=b"x" * 410_000))],
    "an update that makes an item too large": [Update(KEY, set={"blob": b"x" * 410_000})],
    "an item above 400 KB in a transaction": [Put(_item(blob=b"x" * 410_000)), Delete(OTHER)],
    "an empty key": [Put(_item(Key("p", "")))],
    "an empty index key": [Put(_item(l1=""))],
    "a number as index key": [Put(_item(l1=5))],
    "more than 100 actions": [Delete(Key("p", f"{number}")) for number in range(101)],
    "no action": [],
    "one item twice in a transaction": [Update(KEY, add={"n": 1}), Check(KEY, [present()])],
    "a path into what is no map": [Update(KEY, set={"row.name": "N"})],
    "a path into what is no map in a transaction": [Update(KEY, set={"row.name": "N"}), Delete(OTHER)],
    "removal inside of what is no map": [Update(KEY, remove=["row.name"])],
    "counting a text": [Update(KEY, add={"text": 1})],
    "an update without a change": [Update(KEY)],
    "a changed key": [Update(KEY, set={"sk": "t"})],
    "overlapping paths": [Update(KEY, set={"map": {}, "map.x": 1})],
    "a number of 39 digits": [Put(_item(n=10**39 - 1))],
    "an order of truths": [Delete(KEY, [Condition("n", "<", True)])],
}


@pytest.mark.parametrize(("store", "case"), _on_each_store(REFUSED), indirect=["store"])
def test_request_that_the_service_refuses(table: Table, case: str) -> None:
    table.write(Put(_item(text="t", map={})))
    with pytest.raises(ClientError):
        table.write(*REFUSED[case])
    assert table.get(KEY) == _item(text="t", map={})


# -- the fake's own ---------------------------------------------------------------------------------------------------


class Crash(Exception):
    pass


def _crash(operation: str) -> None:
    if operation == "write":
        raise Crash


@pytest.mark.parametrize("applied", [False, True], ids=["store not reached", "answer lost"])
def test_fake_can_crash_around_a_write(applied: bool) -> None:
    table = FakeTable(after=_crash) if applied else FakeTable(before=_crash)
    with pytest.raises(Crash):
        table.write(Put(_item()))
    assert table.items() == [_item()] * applied
    assert table.get(KEY) == (_item() if applied else None)
