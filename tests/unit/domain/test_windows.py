"""trimetric.domain.experience.windows"""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimetric.domain import times
from trimetric.domain.experience.windows import LATEST, BadWindow, Bounds, Window, month_before

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)


#: Strategies for time zones.
UTC_ONLY = st.just(UTC)


def instants(first: date, last: date, zones: st.SearchStrategy[timezone] = UTC_ONLY) -> st.SearchStrategy[datetime]:
    return st.builds(datetime.combine, st.dates(first, last), st.times(), zones)


def millis(text: str) -> int:
    return times.to_millis(times.parse(text))


def shown(window: Window) -> tuple[str, str]:
    """The first and the last moment inside."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    first, last = (times.to_text(epoch + timedelta(milliseconds=each)) for each in (window.first, window.last))
    return first, last


@pytest.mark.parametrize(
    ("today", "first"),
    [
        ("2026-03-31", "2026-03-01"),
        ("2026-03-30", "2026-03-01"),
        ("2026-03-29", "2026-03-01"),
        ("2026-03-28", "2026-03-01"),
        ("2026-03-27", "2026-02-28"),
        ("2024-03-31", "2024-03-01"),
        ("2024-03-29", "2024-03-01"),
        ("2024-03-28", "2024-02-29"),
        ("2024-02-29", "2024-01-30"),
        ("2000-03-29", "2000-03-01"),
        ("2100-03-29", "2100-03-01"),
        ("2100-03-28", "2100-03-01"),
        ("2026-05-31", "2026-05-01"),
        ("2026-07-31", "2026-07-01"),
        ("2026-08-31", "2026-08-01"),
        ("2026-12-31", "2026-12-01"),
        ("2026-01-31", "2026-01-01"),
        ("2026-01-15", "2025-12-16"),
        ("2026-10-05", "2026-09-06"),
    ],
)
@pytest.mark.parametrize("time", ["00:00:00Z", "12:30:00Z", "23:59:59.999Z"])
def test_the_default_window_is_the_month_to_the_end_of_today(today: str, first: str, time: str) -> None:
    window = Bounds().month(times.parse(f"{today}T{time}"))
    assert shown(window) == (f"{first}T00:00:00.000Z", f"{today}T23:59:59.999Z")


def test_today_is_counted_in_utc() -> None:
    evening = datetime(2026, 3, 31, 22, tzinfo=timezone(timedelta(hours=-5)))
    assert shown(Bounds().month(evening))[1] == "2026-04-01T23:59:59.999Z"


@given(instants(date(1971, 1, 1), date.max))
def test_the_default_window_holds_today_and_as_many_days_as_a_month_has(now: datetime) -> None:
    window = Bounds().month(now)
    assert window.first <= times.to_millis(now) <= window.last
    days, rest = divmod(window.last + 1 - window.first, 86_400_000)
    assert rest == 0
    # As many as the month before has, or this one so far where that is more: 30 March.
    assert days == max(monthrange(*_month_before(now))[1], now.day)


def _month_before(now: datetime) -> tuple[int, int]:
    return (now.year, now.month - 1) if now.month > 1 else (now.year - 1, 12)


@given(instants(date(1, 2, 1), date.max))
def test_a_month_before_is_in_the_month_before(instant: datetime) -> None:
    earlier = month_before(instant)
    assert (earlier.year, earlier.month) == _month_before(instant)
    assert earlier.timetz() == instant.timetz()
    last_day = monthrange(earlier.year, earlier.month)[1]
    assert earlier.day == min(instant.day, last_day)


@given(instants(date.min, date.max), instants(date.min, date.max))
def test_months_before_keep_the_order(one: datetime, other: datetime) -> None:
    first, second = sorted((one, other))
    assert month_before(first) <= month_before(second) or first.year == 1


def test_the_first_month_of_all_stays() -> None:
    assert month_before(datetime(1, 1, 15, tzinfo=UTC)) == datetime(1, 1, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("end_at", "first", "last"),
    [
        ("2026-03-31T10:00:00Z", "2026-02-28T10:00:00.001Z", "2026-03-31T09:59:59.999Z"),
        ("2024-03-31T10:00:00Z", "2024-02-29T10:00:00.001Z", "2024-03-31T09:59:59.999Z"),
        ("2020-10-05T23:59:59.999-04:00", "2020-09-06T04:00:00.000Z", "2020-10-06T03:59:59.998Z"),
    ],
)
def test_an_end_alone_begins_one_month_before_it(end_at: str, first: str, last: str) -> None:
    assert shown(Bounds.parse(None, end_at).month(NOON)) == (first, last)


def test_a_start_alone_ends_today() -> None:
    window = Bounds.parse("2025-01-01T00:00:00Z", None).month(NOON)
    assert shown(window) == ("2025-01-01T00:00:00.001Z", "2026-03-31T23:59:59.999Z")


@pytest.mark.parametrize("start_at", ["2026-04-01T00:00:00Z", "2026-03-31T23:59:59.999Z", "9999-12-31T23:59:59Z"])
def test_a_start_after_today_needs_an_end(start_at: str) -> None:
    with pytest.raises(BadWindow, match="start_at is after today"):
        Bounds.parse(start_at, None).month(NOON)


def test_both_bounds_are_what_they_say() -> None:
    bounds = Bounds.parse("2020-09-05T23:59:59.999-04:00", "2020-10-05T23:59:59.999-04:00")
    assert bounds.month(NOON) == bounds.always()
    assert shown(bounds.always()) == ("2020-09-06T04:00:00.000Z", "2020-10-06T03:59:59.998Z")


def test_no_bound_is_no_window_where_there_is_no_default() -> None:
    assert Bounds.parse(None, None).always() == Window() == Window(0, LATEST)
    assert Bounds.parse("2026-01-01T00:00:00Z", None).always() == Window(millis("2026-01-01T00:00:00.001Z"), LATEST)
    assert Bounds.parse(None, "2026-01-01T00:00:00Z").always() == Window(0, millis("2025-12-31T23:59:59.999Z"))


@pytest.mark.parametrize(
    ("start_at", "end_at", "inside"),
    [
        ("2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00.002Z", ["2026-01-01T00:00:00.001Z"]),
        ("2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00.001Z", []),
        ("2026-01-01T00:00:00.0004Z", "2026-01-01T00:00:00.0009Z", []),
        ("2026-01-01T00:00:00.0004Z", "2026-01-01T00:00:00.00101Z", ["2026-01-01T00:00:00.001Z"]),
        ("2026-01-01T00:00:00.0004Z", "2026-01-01T00:00:00.001000Z", []),
    ],
)
def test_bounds_are_exclusive_however_fine_they_are(start_at: str, end_at: str, inside: list[str]) -> None:
    window = Bounds.parse(start_at, end_at).always()
    assert [millis(each) for each in inside] == list(range(window.first, window.last + 1))


def test_an_end_at_the_last_microsecond_of_a_day_holds_the_whole_day() -> None:
    assert shown(Bounds.parse(None, "2026-01-31T23:59:59.999999Z").always())[1] == "2026-01-31T23:59:59.999Z"


@pytest.mark.parametrize(
    ("start_at", "end_at"),
    [
        ("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z"),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        ("2026-01-01T00:00:00.0005Z", "2026-01-01T00:00:00.000500Z"),
        ("2026-01-01T00:00:00.0005Z", "2026-01-01T00:00:00.0004Z"),
        ("2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00Z"),
    ],
)
def test_a_start_must_be_before_the_end(start_at: str, end_at: str) -> None:
    with pytest.raises(BadWindow, match="start_at must be before end_at"):
        Bounds.parse(start_at, end_at)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-01-01",
        "2026-01-01T00:00:00",
        "1767225600",
        "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
    ],
)
def test_what_is_no_time_with_an_offset_is_refused_by_name(text: str) -> None:
    with pytest.raises(BadWindow, match=r"^start_at "):
        Bounds.parse(text, None)
    with pytest.raises(BadWindow, match=r"^end_at "):
        Bounds.parse("2026-01-01T00:00:00Z", text)


@pytest.mark.parametrize(
    "text", ["2020-09-05T23:59:59.999 04:00", "2020-09-05T23:59:59 04:00", "2020-09-05 23:59:59 0400"]
)
def test_a_plus_that_arrived_as_a_space_gets_a_hint(text: str) -> None:
    with pytest.raises(BadWindow, match="%2B"):
        Bounds.parse(text, None)


def test_a_space_between_date_and_time_is_no_lost_plus() -> None:
    assert Bounds.parse("2020-09-05 23:59:59Z", None) == Bounds.parse("2020-09-05T23:59:59Z", None)
    with pytest.raises(BadWindow, match="offset, such as"):
        Bounds.parse("2020-09-05 23:59:59", None)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "0001-01-31T12:00:00Z", "1969-12-31T23:59:59.999Z"])
def test_times_before_all_records_bound_nothing_or_all(text: str) -> None:
    assert Bounds.parse(text, None).always() == Window()
    before = Bounds.parse(None, text)
    for window in (before.always(), before.month(NOON)):
        assert window.last < window.first == 0


def test_the_last_moment_there_is_can_be_a_bound() -> None:
    assert Bounds.parse(None, "9999-12-31T23:59:59.999999Z").always() == Window()
    empty = Bounds.parse("9999-12-31T23:59:59.999Z", None).always()
    assert empty.last < empty.first
    for end_at in ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.9991Z", "9999-12-31T23:59:59.999999999Z"):
        assert shown(Bounds.parse(None, end_at).month(NOON))[0] == "9999-12-01T00:00:00.000Z"


INSTANTS = instants(
    date(1000, 1, 2),
    date(9999, 12, 30),
    st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)


@given(INSTANTS, INSTANTS, INSTANTS)
def test_a_record_is_inside_exactly_if_it_lies_between_the_bounds(
    one: datetime, other: datetime, record: datetime
) -> None:
    start, end = sorted((one, other))
    if start == end:
        return
    window = Bounds.parse(start.isoformat(timespec="microseconds"), end.isoformat(timespec="microseconds")).always()
    for near in (record, start, end):
        kept = times.parse(near.isoformat(timespec="microseconds"))
        if kept.year >= 1970:
            assert (window.first <= times.to_millis(kept) <= window.last) == (start < kept < end)


@given(INSTANTS, INSTANTS)
def test_offsets_say_the_same_in_other_words(one: datetime, other: datetime) -> None:
    start, end = sorted((one, other))
    if start == end:
        return
    texts = [each.isoformat(timespec="milliseconds") for each in (start, end)]
    in_utc = [times.to_text(each) for each in (start, end)]
    if in_utc[0] < in_utc[1]:
        assert Bounds.parse(*texts) == Bounds.parse(*in_utc)


@given(st.integers(0, LATEST), st.integers(0, LATEST))
def test_a_window_survives_its_text(first: int, last: int) -> None:
    assert Window.from_text(Window(first, last).to_text()) == Window(first, last)


def test_a_windows_text_may_name_a_moment_before_all_records() -> None:
    window = Bounds.parse(None, "1969-01-01T00:00:00Z").always()
    assert Window.from_text(window.to_text()) == window


@given(INSTANTS, INSTANTS)
def test_a_page_admits_the_bounds_of_its_window_and_no_others(one: datetime, other: datetime) -> None:
    start, end = sorted((one, other))
    bounds = Bounds.parse(times.to_text(start), None), Bounds.parse(None, times.to_text(end))
    for each in bounds:
        window = each.always()
        assert each.admits(window)
        assert Bounds().admits(window)
    moved = Window(bounds[0].always().first + 1, LATEST)
    assert not bounds[0].admits(moved)


def test_either_bound_may_be_left_out_on_later_pages() -> None:
    both = Bounds.parse("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z")
    window = both.always()
    assert Bounds.parse("2026-01-01T01:00:00+01:00", None).admits(window)
    assert Bounds.parse(None, "2026-02-01T00:00:00Z").admits(window)
    assert not Bounds.parse("2026-01-01T00:00:00Z", "2026-02-01T00:00:01Z").admits(window)
    assert not Bounds.parse("2025-01-01T00:00:00Z", "2026-02-01T00:00:00Z").admits(window)


def test_the_default_window_is_not_asked_again_on_later_pages() -> None:
    window = Bounds.parse("2026-03-05T00:00:00Z", None).month(NOON)
    tomorrow = Bounds.parse("2026-03-05T00:00:00Z", None)
    assert tomorrow.month(NOON + timedelta(days=1)) != window
    assert tomorrow.admits(window)
