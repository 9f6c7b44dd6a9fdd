"""Shapes that people of clinical studies are held to."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from trimetric.domain.metricis.batteries import battery_id, battery_number_of
from trimetric.domain.metricis.participants import participant_id
from trimetric.domain.metricis.studies import study_id_of
from trimetric.domain.validation import CalendarDate, Code, Email, LanguageTag, Phone, parse
from trimetric.errors import ValidationFailed


def accepted(shape: Any, text: object) -> bool:
    try:
        parse(TypeAdapter(shape), text, field="x")
    except ValidationFailed:
        return False
    return True


@pytest.mark.parametrize(
    "address",
    ["a@b.example", "first.last+tag@sub.domain.example", "o'neil@example.org", f"{'x' * 64}@{'y' * 63}.example"],
)
def test_addresses_that_mail_servers_take(address: str) -> None:
    assert accepted(Email, address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "a@",
        "@b.example",
        "a@b",
        "a b@c.example",
        "a@b..example",
        "a@-b.example",
        "a@b.example\n",
        1,
        "ä@b.example",
    ],
)
def test_what_is_no_address(address: object) -> None:
    assert not accepted(Email, address)


def test_a_bad_address_has_the_documents_words() -> None:
    with pytest.raises(ValidationFailed) as caught:
        parse(TypeAdapter(Email), "nobody", field="email")
    assert [(each.field, each.message) for each in caught.value.details] == [("email", "Invalid email format")]


@pytest.mark.parametrize("number", ["+49 30 123456", "030/123456", "(555) 010-9999", "555.0109"])
def test_telephone_numbers_as_people_write_them(number: str) -> None:
    assert accepted(Phone, number)


@pytest.mark.parametrize("number", ["", "12", "+", "call me", "+49 30 12345x", "=1+1", "٠١٢٣٤٥"])
def test_what_is_no_telephone_number(number: str) -> None:
    assert not accepted(Phone, number)


@pytest.mark.parametrize(("text", "real"), [("2024-02-29", True), ("2026-02-29", False), ("2026-2-1", False)])
def test_dates_are_real(text: str, real: bool) -> None:
    assert accepted(CalendarDate, text) is real


@pytest.mark.parametrize(
    ("tag", "real"), [("en", True), ("pt-BR", True), ("zh-Hant-TW", True), ("e", False), ("en_US", False)]
)
def test_language_tags(tag: str, real: bool) -> None:
    assert accepted(LanguageTag, tag) is real


@pytest.mark.parametrize(
    ("code", "real"), [("P001", True), ("Ö 1", True), (" P1", False), ("P1 ", False), ("a\nb", False)]
)
def test_codes(code: str, real: bool) -> None:
    assert accepted(Code, code) is real


@pytest.mark.parametrize(
    ("text", "number"),
    [("1", 1), ("42", 42), ("0", None), ("01", None), ("-1", None), ("1" * 13, None), ("٣", None), ("", None)],
)
def test_numbers_of_studies(text: str, number: int | None) -> None:
    assert study_id_of(text) == number


@pytest.mark.parametrize(("text", "number"), [("battery_7", 7), ("battery_0", None), ("battery_07", None), ("7", None)])
def test_numbers_of_batteries(text: str, number: int | None) -> None:
    assert battery_number_of(text) == number
    assert number is None or battery_id(number) == text


def test_a_person_has_one_id_in_a_study_and_others_elsewhere() -> None:
    here = participant_id(workspace_id="ws_1", study_id=1, code="P001")
    assert here == participant_id(workspace_id="ws_1", study_id=1, code="P001")
    others = [("ws_2", 1, "P001"), ("ws_1", 2, "P001"), ("ws_1", 1, "P002"), ("ws_1", 11, "P001")]
    assert here not in {participant_id(workspace_id=a, study_id=b, code=c) for a, b, c in others}
