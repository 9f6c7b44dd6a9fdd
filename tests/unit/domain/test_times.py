"""Instants on the wire."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimetric.domain import times

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: From the year 1 to 9999, a day away from either end.
INSTANTS = st.integers(-62_135_510_400_000_000, 253_402_214_400_000_000).map(
    lambda n: EPOCH + timedelta(microseconds=n)
)


@given(INSTANTS)
def test_what_is_written_is_read_back_to_the_millisecond(instant: datetime) -> None:
    text = times.to_text(instant)
    assert len(text) == 24
    assert times.parse(text) == instant.replace(microsecond=instant.microsecond // 1000 * 1000)


@given(INSTANTS, st.integers(-14 * 60, 14 * 60))
def test_any_offset_names_the_same_instant(instant: datetime, minutes: int) -> None:
    local = instant.replace(microsecond=0).astimezone(timezone(timedelta(minutes=minutes)))
    assert times.parse(local.isoformat()) == instant.replace(microsecond=0)


@given(INSTANTS, INSTANTS)
def test_texts_and_milliseconds_sort_as_instants_do(first: datetime, second: datetime) -> None:
    if first <= second:
        assert times.to_text(first) <= times.to_text(second)
        assert times.to_millis(first) <= times.to_millis(second)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2026-01-31T09:30:00Z", "2026-01-31T09:30:00.000Z"),
        ("2026-01-31t09:30:00z", "2026-01-31T09:30:00.000Z"),
        ("2026-01-31 09:30:00Z", "2026-01-31T09:30:00.000Z"),
        ("2026-01-31T09:30:00+02:00", "2026-01-31T07:30:00.000Z"),
        ("2026-01-31T23:30:00-05:30", "2026-02-01T05:00:00.000Z"),
        ("2026-01-31T09:30:00-00:00", "2026-01-31T09:30:00.000Z"),
        ("2026-01-31T09:30:00.1Z", "2026-01-31T09:30:00.100Z"),
        ("2026-01-31T09:30:00.1239Z", "2026-01-31T09:30:00.123Z"),
        ("2026-01-31T09:30:00.999999999Z", "2026-01-31T09:30:00.999Z"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"),
        ("0999-01-01T00:00:00Z", "0999-01-01T00:00:00.000Z"),
    ],
)
def test_inputs_of_rfc_3339(text: str, written: str) -> None:
    assert times.to_text(times.parse(text)) == written


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-01-31",
        "2026-01-31T09:30Z",
        "2026-01-31T09:30:00",
        "2026-01-31T09:30:00.Z",
        "2026-01-31T09:30:00+0200",
        "2026-01-31T09:30:00+2:00",
        "2026-01-31T09:30:00,5Z",
        "2026-02-30T00:00:00Z",
        "2025-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-01-31T25:00:00Z",
        "2026-01-31T09:60:00Z",
        "2026-01-31T09:30:00+24:00",
        "2026-01-31T09:30:00+99:99",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "\u0662026-01-31T09:30:00Z",
        "20260131T093000Z",
        "2026-W05-6T09:30:00Z",
        " 2026-01-31T09:30:00Z",
        "2026-01-31T09:30:00Z\n",
        "1769851800",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"must be an RFC 3339|is not a real"):
        times.parse(text)


def test_milliseconds_count_from_1970_and_are_cut() -> None:
    assert times.to_millis(datetime(1970, 1, 1, tzinfo=UTC)) == 0
    assert times.to_millis(datetime(1970, 1, 2, 0, 0, 1, 999_999, tzinfo=UTC)) == 86_401_999
    assert times.to_millis(datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)) == -1000


def test_now_has_an_offset() -> None:
    assert times.utc_now().utcoffset() == timedelta(0)
