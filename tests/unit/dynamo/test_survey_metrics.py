"""Metrics of surveys in the table: exact whatever happens in between, and the same as counting every response."""

import itertools
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.table import FakeTable
from tests.unit.experience import CREATED, DEVICES, QUESTIONS, WORKSPACE, response_of, survey_of
from trimetric.domain.experience.devices import Device, Status
from trimetric.domain.experience.responses import Response, day_of, month_of
from trimetric.domain.experience.surveys import Question
from trimetric.dynamo import blobs, keys
from trimetric.dynamo.experience import devices, metrics, responses, surveys
from trimetric.dynamo.experience.metrics import DAY_MILLIS, Snapshot, SurveyMetrics
from trimetric.dynamo.experience.responses import Responses
from trimetric.dynamo.keys import Key
from trimetric.dynamo.table import ConditionFailed, Delete, Put, Update
from trimetric.errors import Unavailable
from trimetric.metrics.experience import Counting
from trimetric.metrics.state import State

#: 30 January 2026: the days behind it are of two months.
FIRST_DAY = 20_483
SURVEY = 1
ALL = (FIRST_DAY * DAY_MILLIS, (FIRST_DAY + 4) * DAY_MILLIS - 1)


class Killed(BaseException):
    pass


@dataclass
class World:
    """A survey in the table, and every response that it took."""

    table: FakeTable = field(default_factory=FakeTable)
    questions: tuple[Question, ...] = QUESTIONS
    sent: list[Response] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.table.write(*surveys.creation(WORKSPACE, survey_of(1)))
        for device_id in filter(None, DEVICES):
            device = Device(device_id, "Kiosk", None, Status.ACTIVE, None, "{}", CREATED, CREATED)
            self.table.write(devices.creation(WORKSPACE, device))

    def ask(self, questions: tuple[Question, ...]) -> None:
        """Other questions, as a survey that is closed may get them."""
        self.questions = questions
        packed = blobs.pack([question.public() for question in questions])
        self.table.write(Update(keys.survey(WORKSPACE, SURVEY), set={"row.questions": packed}))

    def send(self, millis: int, seed: int) -> None:
        response = response_of(SURVEY, millis, random.Random(seed))  # noqa: S311 - samples
        survey = survey_of(SURVEY)
        while True:
            around = Responses(self.table).surroundings(WORKSPACE, response)
            with suppress(ConditionFailed):
                self.table.write(*responses.creation(WORKSPACE, response, around, survey=survey, fingerprint=""))
                break
        self.sent.append(response)

    def meet(self, millis: int, seed: int) -> None:
        """Somebody else sends and reads."""
        self.send(millis, seed)
        self.read()

    def read(self, first: int = ALL[0], last: int = ALL[1]) -> dict[str, Any]:
        return self.snapshot(first, last).figures()

    def snapshot(self, first: int = ALL[0], last: int = ALL[1]) -> Snapshot:
        snapshot = SurveyMetrics(self.table, sleep=lambda seconds: None).read(WORKSPACE, SURVEY, first=first, last=last)
        assert snapshot is not None
        return snapshot

    def counted(self, first: int = ALL[0], last: int = ALL[1]) -> dict[str, Any]:
        """What the figures have to be: every response counted anew."""
        return Counting(self.questions).summary(self.days(first, last))

    def days(self, first: int = ALL[0], last: int = ALL[1]) -> dict[str, State]:
        counting, days = Counting(self.questions), dict[str, State]()
        for response in self.sent:
            if first <= response.submitted_millis <= last:
                day = days.setdefault(day_of(response.submitted_millis), State())
                day.add(counting.contribution(response))
        return dict(sorted(days.items()))

    def marks(self) -> int:
        return sum(item["pk"] == keys.unfolded_responses(WORKSPACE, SURVEY) for item in self.table.items())

    @contextmanager
    def interrupted(self, call: int, *, action: Callable[[], object], behind: bool = False) -> Iterator[None]:
        """`action` happens once, at this call to the table."""
        calls = 0
        lock = threading.Lock()

        def count(operation: str) -> None:
            nonlocal calls
            with lock:
                calls, here = calls + 1, calls == call
            if here:
                self.table.before = self.table.after = _nothing
                action()

        self.table.before, self.table.after = (_nothing, count) if behind else (count, _nothing)
        try:
            yield
        finally:
            self.table.before = self.table.after = _nothing


def _nothing(operation: str) -> None:
    pass


def die() -> None:
    raise Killed


@pytest.fixture
def world() -> World:
    return World()


moments = st.integers(ALL[0], ALL[1])
steps = st.one_of(
    st.tuples(st.just("send"), moments, st.integers(0, 10_000)),
    st.tuples(st.just("read"), moments, moments),
    st.tuples(st.just("read all"), st.just(0), st.just(0)),
    st.tuples(st.just("die"), st.integers(0, 8), st.booleans()),
    st.tuples(st.just("meet"), st.integers(0, 8), moments),
    st.tuples(st.just("slip in"), st.integers(0, 8), moments),
    st.tuples(st.just("ask"), st.integers(1, len(QUESTIONS)), st.just(0)),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(steps, max_size=30), st.integers(3, 30))
def test_figures_are_those_of_a_recount_whatever_happens(history: Sequence[tuple[Any, ...]], actions: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(metrics, "MAX_ACTIONS", actions)
        world = World()
        for what, one, other in history:
            take(world, what, one, other)
        assert world.read() == world.counted()
        if actions > 3:
            assert world.marks() == 0
        states = {day: state for day, state in world.snapshot().days.items() if state.counters}
        assert states == world.days()


def take(world: World, what: str, one: int, other: int) -> None:
    match what:
        case "send":
            world.send(one, other)
        case "read":
            first, last = sorted((one, other))
            assert world.read(first, last) == world.counted(first, last)
        case "read all":
            assert world.read() == world.counted()
        case "die":
            with world.interrupted(one, action=die, behind=bool(other)), suppress(Killed):
                world.read()
        case "meet":
            with world.interrupted(one, action=lambda: world.meet(other, one)):
                before = world.counted()
                assert world.read() in (before, world.counted())
        case "slip in":
            with world.interrupted(one, action=lambda: world.send(other, one)):
                before = world.counted()
                assert world.read() in (before, world.counted())
        case "ask":
            world.ask(QUESTIONS[:one])


def test_nothing_is_there_at_first(world: World) -> None:
    figures = world.read()
    assert figures["totals"] == {"responses": 0, "devices": 0, "without_device": 0}
    assert figures["days"] == figures["devices"] == []
    assert [question["answered"] for question in figures["questions"]] == [0] * len(QUESTIONS)


def test_a_survey_that_is_not_there_has_no_metrics(world: World) -> None:
    read = SurveyMetrics(world.table).read
    assert read(WORKSPACE, SURVEY + 1, first=0, last=ALL[1]) is None
    assert read("ws_fedcba9876543210", SURVEY, first=0, last=ALL[1]) is None


def test_a_read_folds_what_came_and_later_ones_find_it_folded(world: World) -> None:
    for number in range(250):
        world.send(ALL[0] + number * 1_000_000, number)
    assert world.marks() == 250
    assert world.read() == world.counted()
    assert world.marks() == 0
    before = world.table.items()
    assert world.read() == world.counted()
    assert world.table.items() == before


def test_a_read_costs_the_same_whatever_the_survey_holds(world: World) -> None:
    def calls(*, first: int = ALL[0], last: int = ALL[1]) -> list[str]:
        seen: list[str] = []
        world.table.before = seen.append
        world.read(first, last)
        world.table.before = _nothing
        return seen

    assert calls() == ["query", "get_many"]
    for number in range(300):
        world.send(ALL[0] + number * 1_000_000, number)
    world.read()
    assert calls() == ["query", "get_many"]
    assert calls(last=ALL[1] + 26 * DAY_MILLIS) == ["query", "get_many"]
    world.send(ALL[0], 1)
    assert calls() == ["query", "get_many", "get_many", "write"]


def test_a_window_of_years_asks_for_months_that_hold_something(world: World) -> None:
    for day in (0, 2, 800):
        world.send(ALL[0] + day * DAY_MILLIS, day)
    last = ALL[0] + 1_000 * DAY_MILLIS - 1
    first = ALL[0] - 3_000 * DAY_MILLIS
    assert world.read(first, last) == world.counted(first, last)
    assert world.marks() == 0
    assert [row["date"] for row in world.read(first, last)["days"]] == ["2026-01-30", "2026-02-01", "2028-04-09"]


@pytest.mark.parametrize("length", [0, 1, DAY_MILLIS - 1, DAY_MILLIS, DAY_MILLIS + 1, 2 * DAY_MILLIS])
@pytest.mark.parametrize("start", [-1, 0, 1, DAY_MILLIS // 2])
def test_both_ends_of_a_window_are_exact(world: World, start: int, length: int) -> None:
    begin = ALL[0] + DAY_MILLIS
    for around in (begin, begin + DAY_MILLIS // 2, begin + DAY_MILLIS, begin + 2 * DAY_MILLIS):
        for off in (-2, -1, 0, 1, 2):
            world.send(around + off, off)
    first, last = begin + start, begin + start + length
    assert world.read(first, last) == world.counted(first, last)


def test_times_before_1970_and_windows_that_hold_nothing_are_empty(world: World) -> None:
    world.send(0, 1)
    assert world.read(-10, -1)["totals"]["responses"] == 0
    assert world.read(5, 4)["totals"]["responses"] == 0
    assert world.read(-DAY_MILLIS, 10)["totals"]["responses"] == 1


@pytest.mark.parametrize("call", range(6))
@pytest.mark.parametrize("behind", [False, True], ids=["before", "behind"])
def test_readers_that_die_at_any_call_leave_exact_figures(world: World, call: int, *, behind: bool) -> None:
    for number in range(20):
        world.send(ALL[0] + number * 10_000_000, number)
    with world.interrupted(call, action=die, behind=behind), suppress(Killed):
        world.read()
    assert world.read() == world.counted()
    assert world.marks() == 0


@pytest.mark.parametrize("call", range(6))
def test_a_reader_that_meets_another_one_looks_again(world: World, call: int) -> None:
    for number in range(20):
        world.send(ALL[0] + number * 10_000_000, number)

    def meet() -> None:
        world.send(ALL[0], 99)
        assert world.read() == world.counted()

    with world.interrupted(call, action=meet):
        figures = world.read()
    assert figures["totals"]["responses"] in (20, 21)
    assert world.read() == world.counted()


def test_a_reader_that_loses_each_time_counts_the_days_itself(world: World) -> None:
    world.send(ALL[0], 1)
    losing = world.table.write

    def lose(*actions: Any) -> None:
        raise ConditionFailed({0: None})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.table, "write", lose)
        assert world.read() == world.counted()
    assert world.table.write == losing
    assert world.marks() == 1


def test_states_that_no_transaction_takes_are_counted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_MOST_BYTES", 10)
    for number in range(30):
        world.send(ALL[0] + number * 5_000_000, number)
    assert world.read() == world.counted()
    assert world.marks() == 30


@pytest.mark.parametrize("refused", [1, 2, 100])
def test_transactions_that_the_store_finds_too_large_are_not_needed(
    world: World, monkeypatch: pytest.MonkeyPatch, refused: int
) -> None:
    """Stores count keys and expressions, too, and some of them the bytes as they travel."""
    for number in range(30):
        world.send(ALL[0] + number * 5_000_000, number)
    write, calls = world.table.write, 0

    def refuse(*actions: Any) -> None:
        nonlocal calls
        calls += 1
        if calls <= refused:
            raise ClientError({"Error": {"Code": "ValidationException"}}, "TransactWriteItems")
        write(*actions)

    monkeypatch.setattr(world.table, "write", refuse)
    assert world.read() == world.counted()
    assert (world.marks() == 0) == (refused == 1)


def test_states_without_room_are_left_as_they_are(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(10):
        world.send(ALL[0] + number, number)
    world.read()
    size = next(len(item["blob"]) for item in world.table.items() if "blob" in item)
    world.send(ALL[0], 99)
    monkeypatch.setattr(metrics, "_MOST_BYTES", size + 1)
    before = world.table.items()
    assert world.read() == world.counted()
    assert world.table.items() == before
    monkeypatch.setattr(metrics, "_MOST_BYTES", 2 * size)
    assert world.read() == world.counted()
    assert world.marks() == 0


def test_other_errors_of_the_store_are_not_hidden(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*actions: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "TransactWriteItems")

    world.send(ALL[0], 1)
    monkeypatch.setattr(world.table, "write", refuse)
    with pytest.raises(ClientError):
        world.read()


def test_states_stay_below_4_mb_where_bytes_are_counted_in_base64() -> None:
    assert metrics._MOST_BYTES * 4 / 3 + 100 * 1_000 < 4_000_000


def test_responses_that_add_much_are_folded_in_several_transactions(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "MOST_ADDED", 1_500)
    for number in range(30):
        world.send(ALL[0] + number * 5_000_000, number)
    writes: list[int] = []
    write = world.table.write

    def noted(*actions: Any) -> None:
        writes.append(len(actions))
        write(*actions)

    with monkeypatch.context() as patch:
        patch.setattr(world.table, "write", noted)
        assert world.read() == world.counted()
    assert 5 < len(writes) <= 15
    assert world.marks() == 0
    assert world.read() == world.counted()


def impatient(world: World, first: int = ALL[0], last: int = ALL[1]) -> Snapshot | None:
    """A read for which a second passes each time it looks at the clock."""
    seconds = itertools.count()
    reader = SurveyMetrics(world.table, sleep=lambda pause: None, seconds=lambda: next(seconds))
    return reader.read(WORKSPACE, SURVEY, first=first, last=last)


def test_a_read_that_runs_out_of_time_keeps_what_it_has_folded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "MOST_ADDED", 750)
    for number in range(60):
        world.send(ALL[0] + number * 5_000_000, number)
    left = [world.marks()]
    snapshot = None
    while snapshot is None:
        with suppress(Unavailable):
            snapshot = impatient(world)
        left.append(world.marks())
    assert len(left) > 4
    assert left[-1] == 0
    assert all(after < before for before, after in itertools.pairwise(left))
    assert snapshot.figures() == world.counted()


def test_a_cut_day_with_too_many_responses_ends_in_time(world: World) -> None:
    for number in range(40):
        world.send(ALL[0] + 1 + number, number)
    with pytest.raises(Unavailable):
        impatient(world, first=ALL[0] + 1)
    assert world.read(first=ALL[0] + 1) == world.counted(first=ALL[0] + 1)


def test_days_are_made_anew_for_as_long_as_there_is_time(world: World) -> None:
    for number in range(16):
        world.send(ALL[0] + number % 4 * DAY_MILLIS, number)
    world.read()
    world.ask(QUESTIONS[:3])
    with pytest.raises(Unavailable):
        impatient(world)
    snapshot = impatient(world)
    assert snapshot is not None
    assert snapshot.figures() == world.counted()


def test_texts_beyond_what_is_looked_into_are_answers_without_words(world: World) -> None:
    questions = tuple(Question(id=f"q{number}", type="text", text="Why?") for number in range(5))
    world.ask(questions)
    texts = ["a " * 2_500, " ", "b " * 2_500, "c", "d"]
    response = replace(
        response_of(SURVEY, ALL[0], random.Random(1)),  # noqa: S311 - samples
        answers=tuple({"question_id": each.id, "value": text} for each, text in zip(questions, texts, strict=True)),
    )
    figures = Counting(questions).summary({"2026-01-30": State.of([Counting(questions).contribution(response)])})
    assert [(each["answered"], len(each["words"])) for each in figures["questions"]] == [
        (1, 1),
        (0, 0),
        (1, 1),
        (1, 0),
        (1, 0),
    ]


def test_a_state_that_stays_torn_is_a_service_that_is_busy(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trimetric.dynamo.metrics.MAX_PART_BYTES", 200)
    for number in range(20):
        world.send(ALL[0] + number, number)
    world.read()
    torn = next(item for item in world.table.items() if item["sk"] == "2026-01-30#01")
    world.table.write(Delete(Key(torn["pk"], torn["sk"])))
    with pytest.raises(Unavailable) as refused:
        world.read()
    assert refused.value.headers == {"Retry-After": "1"}


def test_large_states_stand_in_parts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trimetric.dynamo.metrics.MAX_PART_BYTES", 200)
    for number in range(120):
        world.send(ALL[0] + number % 3 * DAY_MILLIS + number, number)
    assert world.read() == world.counted()
    assert world.marks() == 0
    parts = [item for item in world.table.items() if item["pk"].endswith("#metrics") and item["sk"].count("#") == 1]
    assert len(parts) > 3
    assert world.read() == world.counted()
    with world.interrupted(2, action=lambda: world.meet(ALL[0], 7)):
        world.read()
    assert world.read() == world.counted()


def test_other_questions_make_the_states_anew(world: World) -> None:
    for number in range(40):
        world.send(ALL[0] + number * 5_000_000, number)
    world.read()
    for number in range(5):
        world.send(ALL[0] + number * 5_000_000, number)
    world.ask(QUESTIONS[:2])
    assert world.read() == world.counted()
    assert world.marks() == 0
    world.ask(QUESTIONS)
    assert world.read() == world.counted()


def test_other_questions_are_counted_where_no_state_can_be_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(10):
        world.send(ALL[0] + number, number)
    world.read()
    world.ask(QUESTIONS[:2])
    monkeypatch.setattr(metrics, "_MOST_BYTES", 10)
    assert world.read() == world.counted()


def test_answers_to_questions_that_changed_are_not_counted(world: World) -> None:
    for number in range(10):
        world.send(ALL[0] + number, number)
    first, *others = QUESTIONS
    world.ask((Question(id=first.id, type="text", text="Why?", required=False), *others))
    figures = world.read()
    assert figures["questions"][0]["answered"] == 0
    assert figures["questions"][0]["skipped"] == 10


def test_a_backlog_that_is_too_long_is_worked_off_by_several_reads(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "MAX_CHUNKS", 1)
    monkeypatch.setattr(metrics, "MAX_COUNTED", 10)
    for number in range(250):
        world.send(ALL[0] + number, number)
    with pytest.raises(Unavailable):
        world.read()
    with pytest.raises(Unavailable):
        world.read()
    assert world.marks() < 250 - 150
    assert world.read() == world.counted()


def test_states_that_are_made_anew_are_by_several_reads(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(40):
        world.send(ALL[0] + number % 4 * DAY_MILLIS, number)
    world.read()
    world.ask(QUESTIONS[:3])
    monkeypatch.setattr(metrics, "MAX_COUNTED", 15)
    with pytest.raises(Unavailable):
        world.read()
    assert world.read() == world.counted()


@pytest.mark.parametrize("call", range(6))
def test_a_response_that_slips_in_while_states_are_made_anew_counts_once(world: World, call: int) -> None:
    for number in range(5):
        world.send(ALL[0] + number, number)
    world.read()
    world.ask(QUESTIONS[:2])
    with world.interrupted(call, action=lambda: world.send(ALL[0] + 9, 9)):
        world.read()
    assert world.read() == world.counted()


def test_states_are_made_anew_behind_a_long_backlog(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits beyond the marks that one read can work on is not in the state, and must not be put there twice."""
    for number in range(40):
        world.send(ALL[0] + number * 7, number)
    world.read()
    for number in range(300):
        world.send(ALL[0] + number * 5, number)
    world.ask(QUESTIONS[:3])
    monkeypatch.setattr(metrics, "MAX_CHUNKS", 1)
    monkeypatch.setattr(metrics, "MAX_COUNTED", 5)
    for _ in range(10):
        with suppress(Unavailable):
            world.read()
    assert world.read() == world.counted()
    assert world.marks() == 0


def test_a_store_that_is_too_busy_to_write_still_shows_figures(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.send(ALL[0], 1)

    def refuse(*actions: Any) -> None:
        raise Unavailable

    with monkeypatch.context() as patch:
        patch.setattr(world.table, "write", refuse)
        assert world.read() == world.counted()
    assert world.marks() == 1


def test_many_pages_of_a_day_are_counted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_PAGE", 7)
    for number in range(30):
        world.send(ALL[0] + number, number)
    first, last = ALL[0] + 1, ALL[0] + 27
    assert world.read(first, last) == world.counted(first, last)


def test_a_mark_without_its_response_is_looked_at_again(world: World) -> None:
    """A store may show the mark of a transaction before it shows the response."""
    world.send(ALL[0], 1)
    world.send(ALL[0], 2)
    hidden = next(item for item in world.table.items() if item["sk"] == world.sent[0].id and "row" in item)

    def appear() -> None:
        world.table.write(Put(hidden))

    world.table._partitions[hidden["pk"]].pop(hidden["sk"])
    with world.interrupted(3, action=appear):
        assert world.read() == world.counted()


def test_eight_writers_and_readers_at_once(world: World) -> None:
    problems: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(12):
                world.send(ALL[0] + (turn * 8 + number) * 3_000_000, turn * 8 + number)
                before = len(world.sent)
                assert world.read()["totals"]["responses"] >= before - 8
        except BaseException as problem:  # handed over to the test, whatever it is
            problems.append(problem)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert world.read() == world.counted()
    assert world.read()["totals"]["responses"] == 96


def test_months_of_a_window_need_no_look_where_there_are_two(world: World) -> None:
    store = responses.Responses(world.table)
    assert store.months(WORKSPACE, SURVEY, first=ALL[0], last=ALL[1]) == ["2026-01", "2026-02"]
    assert store.months(WORKSPACE, SURVEY, first=ALL[0], last=ALL[0]) == ["2026-01"]
    december = ALL[0] - 31 * DAY_MILLIS
    assert month_of(december) == "2025-12"
    assert store.months(WORKSPACE, SURVEY, first=december, last=ALL[0]) == ["2025-12", "2026-01"]
    assert store.months(WORKSPACE, SURVEY, first=december, last=ALL[1]) == []
    assert store.months(WORKSPACE, SURVEY, first=ALL[1], last=ALL[0]) == []
