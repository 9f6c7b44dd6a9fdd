"""What a request is asked for, without a store behind it."""

from datetime import UTC, datetime
from typing import Any, cast

import pytest
from fastapi import Request, Response
from hypothesis import given
from hypothesis import strategies as st

from trimetric.domain.workspaces import Plan, Workspace
from trimetric.errors import InvalidRequest, NotFound, UnsupportedMediaType, ValidationFailed
from trimetric.http.answers import MARKDOWN, Answer, commit, respond, tagged
from trimetric.http.call import Call, Runtime, printable, refuse_unknown, request_id_of
from trimetric.http.parameters import flag

WORKSPACE = Workspace("ws_0123456789abcdef", "Acme", Plan.FREE, True, "2026-01-01T00:00:00.000Z", b"k" * 32)
NO_RUNTIME = cast("Runtime", None)


def request(query: str = "", *, method: str = "GET", headers: dict[str, str] | None = None, **path: str) -> Request:
    scope: dict[str, Any] = {
        "type": "http",
        "method": method,
        "path": "/api/v1/folders",
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in (headers or {}).items()],
        "path_params": path,
    }
    return Request(scope)


def call(query: str = "", *, content: bytes = b"", **arguments: Any) -> Call:
    made = Call(request(query, **arguments), NO_RUNTIME, "req_1", datetime(2026, 1, 1, tzinfo=UTC), content)
    made.workspace = WORKSPACE
    return made


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {}),
        ("a=1&b=2", {"a": "1", "b": "2"}),
        ("a=", {"a": ""}),
        ("a=x+y%20z%2B", {"a": "x y z+"}),
        ("a=%C3%A9", {"a": "é"}),
        ("%61=1", {"a": "1"}),
        ("a=b=c", {"a": "b=c"}),
    ],
)
def test_parameters_are_decoded_once(query: str, found: dict[str, str]) -> None:
    assert call(query).parameters("a", "b") == found


@pytest.mark.parametrize("query", ["c=1", "a=1&a=1", "a", "a=%FF", "a=1&", "A=1", "a[]=1"])
def test_parameters_that_are_unknown_repeated_or_unreadable_are_refused(query: str) -> None:
    with pytest.raises(InvalidRequest):
        call(query).parameters("a", "b")


@given(st.text(max_size=30))
def test_any_query_is_parameters_or_a_refusal(query: str) -> None:
    try:
        call(query).parameters("a")
    except InvalidRequest as refusal:
        refusal.message.encode("ascii")


@pytest.mark.parametrize(("text", "size"), [("1", 1), ("025", 25), ("100", 100), ("101", 100), ("9" * 5_000, 100)])
def test_page_sizes_are_cut_at_the_most(text: str, size: int) -> None:
    assert call().page_size({"limit": text}) == size


@pytest.mark.parametrize("text", ["0", "000", "-1", "", "1.0", "1e1", "0x10", " 1", "1 ", "\u096f"])
def test_other_page_sizes_are_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        call().page_size({"limit": text})


def test_the_page_size_has_a_default() -> None:
    assert call().page_size({}) == 25
    assert call().page_size({}, default=1000, most=1000) == 1000


def test_a_cursor_leads_back_to_its_position_and_only_with_its_filters() -> None:
    cursor = call().cursor("fld_1", {"archived": "true", "limit": "5"})
    assert call().position({"archived": "true", "after": cursor}) == "fld_1"
    assert call().position({"archived": "true"}) is None
    for parameters in ({"after": cursor}, {"archived": "false", "after": cursor}, {"after": f"{cursor}A"}):
        with pytest.raises(InvalidRequest):
            call().position(parameters)


@pytest.mark.parametrize(("text", "value"), [("true", True), ("false", False), (None, None)])
def test_flags(text: str | None, value: bool | None) -> None:
    assert flag({} if text is None else {"archived": text}, "archived") is value


@pytest.mark.parametrize("text", ["", "1", "True", "yes", "false "])
def test_other_flags_are_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        flag({"archived": text}, "archived")


def test_ids_of_another_form_belong_to_nothing() -> None:
    good = f"fld_{'0' * 26}"
    assert call(folder_id=good).path_id("folder_id", "fld") == good
    for bad in ("", "fld_", good.upper(), f"std_{'0' * 26}", f"{good}\n", f"{good}0"):
        with pytest.raises(NotFound):
            call(folder_id=bad).path_id("folder_id", "fld")


JSON_TYPE = {"content-type": "application/json"}


def test_a_wrapped_body() -> None:
    made = call(content=b'{"folder": [1]}', method="POST", headers=JSON_TYPE)
    assert made.wrapped_body("folder") == [1]
    with pytest.raises(InvalidRequest):
        call(content=b'{"other": 1}', headers=JSON_TYPE).wrapped_body("folder")
    with pytest.raises(ValidationFailed):
        call(content=b'{"folder": 1, "other": 1}', headers=JSON_TYPE).wrapped_body("folder")


@pytest.mark.parametrize("content", [b"", b"  \n", b"{}", b" {} "])
def test_no_body_is_nothing_or_an_empty_object(content: bytes) -> None:
    call(content=content, headers=JSON_TYPE).no_body()


def test_no_body_is_nothing_else() -> None:
    for content, refusal in ((b"[]", InvalidRequest), (b"null", InvalidRequest), (b'{"a": 1}', ValidationFailed)):
        with pytest.raises(refusal):
            call(content=content, headers=JSON_TYPE).no_body()
    with pytest.raises(UnsupportedMediaType):
        call(content=b"x", headers={"content-type": "text/plain"}).no_body()


def test_an_endpoint_that_ignores_its_input_does_not_answer() -> None:
    for answer in (respond, commit):
        with pytest.raises(RuntimeError):
            answer(call(), Answer({}))
    with pytest.raises(RuntimeError):
        tagged(call(), b"# x", etag='"1"', media_type=MARKDOWN)
    written = call(method="DELETE")
    written.parameters()
    with pytest.raises(RuntimeError):
        commit(written, Answer(status=204))
    with pytest.raises(RuntimeError):
        _ = Call(request(), NO_RUNTIME, "req_1", datetime(2026, 1, 1, tzinfo=UTC)).tenant


def test_what_the_caller_has_is_not_sent_again_and_keeps_its_type() -> None:
    def read(**headers: str) -> Response:
        made = call(headers={name.replace("_", "-"): value for name, value in headers.items()})
        made.parameters()
        return tagged(made, "# é".encode(), etag='"1"', media_type=MARKDOWN)

    first = read(accept="application/json")
    assert (first.status_code, first.body) == (200, "# é".encode())
    assert first.headers["content-type"] == "text/markdown; charset=utf-8"
    again = read(if_none_match=first.headers["etag"])
    assert (again.status_code, again.body, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert again.headers["content-type"] == "text/markdown; charset=utf-8"


@pytest.mark.parametrize("given_id", ["a", "~", "a b", "!" * 128])
def test_a_request_id_that_is_well_formed_is_kept(given_id: str) -> None:
    assert request_id_of(request(headers={"x-request-id": given_id})) == given_id


@pytest.mark.parametrize("given_id", ["", "!" * 129, "é", "a\nb", "\x7f"])
def test_another_request_id_is_replaced(given_id: str) -> None:
    assert request_id_of(request(headers={"x-request-id": given_id})).startswith("req_")


@given(st.text())
def test_names_in_messages_are_short_and_printable(text: str) -> None:
    shown = printable(text)
    assert shown.isascii()
    assert len(shown) <= 100


def test_unknown_members_are_named_with_their_path() -> None:
    with pytest.raises(ValidationFailed) as refusal:
        refuse_unknown({"a": 1, "b": 1, "c": 1}, {"a"}, field="study")
    assert [detail.field for detail in refusal.value.details] == ["study.b", "study.c"]
