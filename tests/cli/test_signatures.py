"""trimetric sign, trimetric explain-signature."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from tests.cli.conftest import Desk
from tests.handlers.signing import http_date, md5, sign

KEY: Final = "0123456789abcdef0123456789abcdef"
SECRET: Final = "testsecret"
DATE: Final = "Fri, 04 Sep 2020 13:43:56 GMT"
TIME: Final = "2020-09-04T13:43:56Z"
URL: Final = "https://api.example/api/experience/surveys/237/responses"
PATH: Final = "/api/experience/surveys/237/responses"
BODY: Final = b'{"a":1}'


@pytest.fixture
def body(tmp_path: Path) -> str:
    path = tmp_path / "body.json"
    path.write_bytes(BODY)
    return str(path)


def explained(desk: Desk, *arguments: str, authorization: str, date: str = DATE) -> Any:
    return desk.ask(
        "explain-signature",
        *arguments,
        *("--secret", SECRET, "--received-at", TIME),
        *("-H", f"Authorization: {authorization}", "-H", f"Date: {date}", "-H", "Content-Type: application/json"),
    )


def test_the_documents_post_is_signed_part_by_part(desk: Desk, body: str) -> None:
    made = desk.ask("sign", "post", URL, "--key", KEY, "--secret", SECRET, "--body", body, "--date", TIME)
    assert made["parts"] == {
        "method": "POST",
        "content_type": "application/json",
        "content_hash": "u2y1xo30ZSlByvZSo2by2A==",
        "uri": PATH,
        "date": DATE,
    }
    assert made["signed"] == f"POST,application/json,u2y1xo30ZSlByvZSo2by2A==,{PATH},{DATE}"
    assert made["headers"] == {
        "Authorization": f"APIAuth {KEY}:WZX8VceZTRxrKalxD1ExHQPJZ4k=",
        "Content-Type": "application/json",
        "Date": DATE,
        "Content-MD5": "u2y1xo30ZSlByvZSo2by2A==",
    }


def test_a_table_ends_with_a_line_to_paste(desk: Desk, body: str) -> None:
    shown = desk.type("sign", "POST", f"{URL}?a=b", "--key", KEY, "--secret", SECRET, "--body", body, "--date", TIME)
    assert shown.exit_code == 0
    last = shown.stdout.rstrip().splitlines()[-1]
    assert last.startswith("curl -X POST -H 'Authorization: APIAuth ")
    assert last.endswith(f"--data-binary @{body} '{URL}?a=b'")
    assert SECRET not in shown.output


def test_the_secret_may_be_typed_or_come_from_the_environment(desk: Desk) -> None:
    common = ("--json", "sign", "GET", PATH, "--key", KEY, "--date", TIME)
    typed = desk.type_exactly(*common, answer=f"{SECRET}\n")
    given = desk.type_exactly(*common, environment={"TRIMETRIC_SIGNING_SECRET": SECRET})
    assert typed.exit_code == given.exit_code == 0
    assert json.loads(given.stdout)["headers"] == json.loads(typed.stdout[typed.stdout.index("{") :])["headers"]


def test_what_is_signed_now_is_accepted(desk: Desk) -> None:
    made = desk.ask("sign", "GET", f"{PATH}?a=b", "--key", KEY, "--secret", SECRET, "--sha256")
    headers = [word for name, value in made["headers"].items() for word in ("-H", f"{name}: {value}")]
    assert made["headers"]["Date"] == http_date(desk.now)
    assert made["headers"]["Authorization"].startswith("APIAuth-HMAC-SHA256 ")
    found = desk.ask("explain-signature", "GET", f"{PATH}?a=b", "--secret", SECRET, *headers)
    assert found["accepted"]


def test_the_part_that_differs_is_named(desk: Desk, body: str) -> None:
    signature = sign(SECRET, "POST", "application/json", "", PATH, DATE)
    found = explained(desk, "POST", URL, "--body", body, authorization=f"APIAuth {KEY}:{signature}")
    assert not found["accepted"]
    assert found["expected"]["content_hash"] == md5(BODY)
    assert found["signed"]["content_hash"] == ""
    assert [(row["part"], row["signed"], row["expected"]) for row in found["differences"]] == [
        ("content_hash", "", md5(BODY))
    ]


@pytest.mark.parametrize(
    ("secret", "parts", "sentences"),
    [
        (SECRET, ("GET", "application/json", "", PATH, DATE), ["The signature is right."]),
        (
            SECRET,
            ("GET", "application/json", "", PATH, "2020-09-04T13:43:56Z"),
            ["Sign the date in the very form", "What was signed differs from what was sent: date."],
        ),
        (
            KEY,
            ("GET", "application/json", "", PATH, DATE),
            ["Sign with the secret, not with the key.", "sent: secret."],
        ),
        ("another", ("GET", "application/json", "", PATH, DATE), ["the secret may be another one"]),
    ],
    ids=["right", "date", "secret", "unknown"],
)
def test_a_table_says_what_to_do(desk: Desk, secret: str, parts: tuple[str, ...], sentences: list[str]) -> None:
    shown = desk.type(
        *("explain-signature", "GET", URL, "--secret", SECRET, "--received-at", TIME),
        *("-H", f"Authorization: APIAuth {KEY}:{sign(secret, *parts)}", "-H", f"Date: {DATE}"),
        *("-H", "Content-Type: application/json"),
    )
    assert shown.exit_code == 0, shown.output
    for sentence in sentences:
        assert sentence in shown.stdout
    assert SECRET not in shown.stdout


def test_a_stale_date_is_told(desk: Desk) -> None:
    signature = sign(SECRET, "GET", "", "", PATH, DATE)
    arguments = ("explain-signature", "GET", PATH, "--secret", SECRET, "--signature", signature, "-H", f"Date: {DATE}")
    assert "stale Date header" in desk.type(*arguments).stdout
    found = desk.ask(*arguments)
    assert found["differences"] == []
    assert found["problems"][0].startswith("stale Date header")


def test_a_strict_stack_wants_the_query(desk: Desk) -> None:
    signature = sign(SECRET, "GET", "", "", PATH, DATE)
    target = f"{URL}?limit=5"
    assert explained(desk, "GET", target, authorization=f"APIAuth {KEY}:{signature}")["accepted"]
    strict = explained(desk, "GET", target, "--strict-uri", authorization=f"APIAuth {KEY}:{signature}")
    assert [row["part"] for row in strict["differences"]] == ["uri"]


@pytest.mark.parametrize(
    ("arguments", "exit_code", "word"),
    [
        (("GET", PATH), 2, "--signature"),
        (("GET", PATH, "-H", "Authorization Bearer"), 2, "Name: value"),
        (("GET", "devices", "--signature", "x"), 2, "begins with /"),
        (("GET", PATH, "--signature", "x", "--received-at", "yesterday"), 2, "RFC 3339"),
        (("GET", PATH, "--signature", "x", "--body", "no/such/file"), 1, "could not be read"),
    ],
    ids=["no signature", "no header", "no path", "no time", "no file"],
)
def test_what_cannot_be_explained(desk: Desk, arguments: tuple[str, ...], exit_code: int, word: str) -> None:
    result = desk.type("explain-signature", *arguments, "--secret", SECRET)
    assert result.exit_code == exit_code
    assert word in result.output


def test_a_body_may_come_from_standard_input(desk: Desk) -> None:
    result = desk.type(
        "--json", "sign", "POST", PATH, "--key", KEY, "--secret", SECRET, "--body", "-", answer=BODY.decode()
    )
    assert json.loads(result.stdout)["parts"]["content_hash"] == md5(BODY)
