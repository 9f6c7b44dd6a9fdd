"""Signed requests over HTTP, each written out by hand: what is accepted, what is refused, and how refusals look.

Each test calls from a loopback address of its own, since failed signatures are counted by address.
"""

import base64
import hashlib
import http.client
import itertools
import json
import random
import secrets
import string
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from ipaddress import IPv4Address
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from tests.e2e.conftest import SigningKey, Stack
from tests.e2e.signer import md5, sign
from trimetric.auth.apiauth import rotated
from trimetric.auth.vault import KmsVault
from trimetric.domain.times import to_text
from trimetric.dynamo.workspaces import Workspaces

DEVICES: Final = "/api/experience/devices"
JSON: Final = "application/json"
SHA256: Final = "X-Authorization-Content-SHA256"
BODY: Final = json.dumps({"name": "Kiosk at the door"}).encode()

#: Of 127.0.0.0/8, other ones in each run: the last one's failures may still count.
_ADDRESSES = itertools.count(secrets.randbelow(2**23) + 2)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def refusal(self) -> tuple[int, str]:
        return self.status, self.json["error"]["code"]


class Sender:
    """Sends exactly the headers and the target that it is given, from an address of its own."""

    def __init__(self, stack: Stack, pair: Mapping[str, str], *, address: str | None = None) -> None:
        place = urlsplit(stack.base_url)
        self.address = address or str(IPv4Address("127.0.0.0") + next(_ADDRESSES))
        self.key, self.secret = pair["key"], pair["secret"]
        self._connection = http.client.HTTPConnection(
            place.hostname or "", place.port, timeout=60, source_address=(self.address, 0)
        )

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        self._connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in headers.items():
            self._connection.putheader(name, value.encode("latin-1"))
        if body:
            self._connection.putheader("Content-Length", str(len(body)))
        self._connection.endheaders(body or None)
        answer = self._connection.getresponse()
        return Answer(answer.status, {name.lower(): text for name, text in answer.getheaders()}, answer.read())

    def close(self) -> None:
        self._connection.close()

    def authorization(self, *parts: str, digest: str = "sha1") -> str:
        scheme = "APIAuth" if digest == "sha1" else "APIAuth-HMAC-SHA256"
        return f"{scheme} {self.key}:{sign(self.secret, *parts, digest=digest)}"

    def get(self, *parts: str, target: str = DEVICES, **headers: str) -> Answer:
        """A GET whose signature is over `parts`, the last of which is the date."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send("GET", target, {"Date": parts[-1], "Authorization": self.authorization(*parts), **given})

    def plain(self) -> Answer:
        """The request of the document."""
        date = now()
        return self.get("GET", JSON, "", DEVICES, date, Content_Type=JSON)

    def post(self, *parts: str, body: bytes = BODY, headers: Mapping[str, str] | None = None) -> Answer:
        signed = {"Content-Type": JSON, "Date": parts[-1], "Authorization": self.authorization(*parts)}
        return self.send("POST", DEVICES, signed | dict(headers or {}), body)


def now(seconds: float = 0) -> str:
    return formatdate(time.time() + seconds, usegmt=True)


def b64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def hex_md5(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


MakeSender = Callable[..., Sender]


@pytest.fixture
def make_sender(stack: Stack) -> Iterator[MakeSender]:
    opened: list[Sender] = []

    def make(pair: Mapping[str, str], *, address: str | None = None) -> Sender:
        opened.append(Sender(stack, pair, address=address))
        return opened[-1]

    yield make
    for sender in opened:
        sender.close()


@pytest.fixture
def sender(stack: Stack, make_sender: MakeSender) -> Sender:
    return make_sender(stack.workspaces["load"]["apiauth"])


# -- accepted -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content_type", [JSON, None, "application/json; charset=utf-8"])
@pytest.mark.parametrize("signed_type", [JSON, ""])
def test_a_get_with_and_without_content_type(sender: Sender, content_type: str | None, signed_type: str) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    assert sender.get("GET", signed_type, "", DEVICES, now(), **headers).status == 200


def test_a_charset_parameter_may_be_signed_or_not(sender: Sender) -> None:
    verbatim = "application/json; charset=utf-8"
    for signed in (verbatim, JSON):
        answer = sender.post("POST", signed, md5(BODY), DEVICES, now(), headers={"Content-Type": verbatim})
        assert answer.status == 201


@pytest.mark.parametrize(
    "content_hash",
    [md5(BODY), b64(hex_md5(BODY).upper().encode()), b64(hex_md5(BODY).encode())],
    ids=["raw MD5", "upper-case hex MD5", "lower-case hex MD5"],
)
@pytest.mark.parametrize("declared", [True, False], ids=["with Content-MD5", "without Content-MD5"])
def test_hashes_of_a_body(sender: Sender, content_hash: str, *, declared: bool) -> None:
    headers = {"Content-MD5": content_hash} if declared else {}
    answer = sender.post("POST", JSON, content_hash, DEVICES, now(), headers=headers)
    assert answer.status == 201
    assert answer.json["name"] == "Kiosk at the door"


def test_the_sha256_of_a_body(sender: Sender) -> None:
    content_hash = b64(hashlib.sha256(BODY).digest())
    assert sender.post("POST", JSON, content_hash, DEVICES, now(), headers={SHA256: content_hash}).status == 201


@pytest.mark.parametrize("content_hash", ["", md5(b""), b64(hex_md5(b"").encode())])
def test_hashes_of_no_body(sender: Sender, content_hash: str) -> None:
    assert sender.get("GET", JSON, content_hash, DEVICES, now(), Content_Type=JSON).status == 200


def test_hmac_sha256(sender: Sender) -> None:
    date = now()
    signed = sender.authorization("GET", "", "", DEVICES, date, digest="sha256")
    assert sender.send("GET", DEVICES, {"Date": date, "Authorization": signed}).status == 200
    assert sender.send("GET", DEVICES, {"Date": date, "Authorization": signed.replace("256", "1")}).status == 401


def test_both_header_names(sender: Sender) -> None:
    date = now()
    signed = sender.authorization("GET", "", "", DEVICES, date)
    assert sender.send("GET", DEVICES, {"Date": date, "Authentication": signed}).status == 200
    both = {"Date": date, "Authentication": signed, "Authorization": "Bearer x"}
    assert sender.send("GET", DEVICES, both).status == 401


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("limit=5", 200),
        ("start_at=2020-09-05T23:59:59.999-04:00&limit=3", 200),
        ("start_at=2020-09-05T23%3A59%3A59%2B02%3A00", 200),
        ("start_at=2020-09-05T23:59:59%2B02:00", 200),
        ("start_at=2020-09-05T23:59:59+02:00", 400),
        ("cursor=%20a%20b", 400),
        ("cursor=a+b", 400),
        ("cursor=caf%C3%A9", 400),
        ("cursor=caf%c3%a9&limit=1", 400),
    ],
)
@pytest.mark.parametrize("with_query", [True, False], ids=["path and query", "path alone"])
def test_queries_are_signed_as_sent_or_left_out(sender: Sender, query: str, status: int, *, with_query: bool) -> None:
    """400 comes behind the signature: the cursor or the window is none."""
    target = f"{DEVICES}?{query}"
    signed = target if with_query else DEVICES
    assert sender.get("GET", JSON, "", signed, now(), target=target, Content_Type=JSON).status == status


def test_a_path_with_escapes(sender: Sender) -> None:
    for path in (f"{DEVICES}/%C3%A9%20x", f"{DEVICES}/a:b", f"{DEVICES}/Tgc9VyKJ-8a9-89uV7wwVc"):
        assert sender.get("GET", "", "", path, now(), target=path).status == 404


@pytest.mark.parametrize("seconds", [899, -899])
def test_a_date_just_in_time(sender: Sender, seconds: int) -> None:
    # The header has whole seconds, so a request at the end of one would be late.
    time.sleep(1 - time.time() % 1)
    assert sender.get("GET", "", "", DEVICES, now(seconds)).status == 200


def test_the_other_two_forms_of_a_date(sender: Sender) -> None:
    moment = datetime.now(UTC)
    for date in (f"{moment:%A, %d-%b-%y %H:%M:%S GMT}", f"{moment:%a %b} {moment.day:2d} {moment:%H:%M:%S %Y}"):
        assert sender.get("GET", "", "", DEVICES, date).status == 200


# -- refused --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "parts",
    [
        ("POST", JSON, "", DEVICES),
        ("get", JSON, "", DEVICES),
        (JSON, "", DEVICES),
        ("GET", JSON, "", f"{DEVICES}/"),
        ("GET", JSON, "", "/api/experience/surveys"),
        ("GET", JSON, md5(BODY), DEVICES),
        ("GET", "text/plain", "", DEVICES),
    ],
    ids=["method swapped", "small letters", "no method", "slash", "another path", "hash of a body", "another type"],
)
def test_a_signature_of_another_request(sender: Sender, parts: tuple[str, ...]) -> None:
    assert sender.get(*parts, now(), Content_Type=JSON).refusal == (401, "unauthorized")


@pytest.mark.parametrize(
    ("body", "content_hash"),
    [(BODY.replace(b"door", b"Door"), md5(BODY)), (BODY, ""), (BODY, md5(b"")), (BODY + b" ", md5(BODY))],
    ids=["tampered", "blank hash", "hash of nothing", "white space"],
)
def test_a_body_that_was_not_signed(sender: Sender, body: bytes, content_hash: str) -> None:
    answer = sender.post("POST", JSON, content_hash, DEVICES, now(), body=body)
    assert answer.refusal == (401, "unauthorized")


def test_a_digest_in_a_header_that_is_not_the_bodys(sender: Sender) -> None:
    for header in ("Content-MD5", SHA256):
        answer = sender.post("POST", JSON, md5(BODY), DEVICES, now(), headers={header: md5(b"other")})
        assert answer.refusal == (401, "unauthorized")


@pytest.mark.parametrize("seconds", [901, -901])
def test_a_date_out_of_time(sender: Sender, seconds: int) -> None:
    time.sleep(1 - time.time() % 1)
    assert sender.get("GET", "", "", DEVICES, now(seconds)).refusal == (401, "unauthorized")


@pytest.mark.parametrize(
    "form", ["%a, %d %b %Y %H:%M:%S +0000", "%Y-%m-%dT%H:%M:%SZ", "%a, %d %b %Y %H:%M GMT", "today"]
)
def test_a_date_of_another_form(sender: Sender, form: str) -> None:
    date = datetime.now(UTC).strftime(form)
    assert sender.get("GET", "", "", DEVICES, date).refusal == (401, "unauthorized")


def test_no_date(sender: Sender) -> None:
    for parts in (("GET", "", "", DEVICES, ""), ("GET", "", "", DEVICES)):
        answer = sender.send("GET", DEVICES, {"Authorization": sender.authorization(*parts)})
        assert answer.refusal == (401, "unauthorized")


def test_refusals_cannot_be_told_apart(stack: Stack, sender: Sender, make_sender: MakeSender) -> None:
    pairs = stack.workspaces
    unknown = {**pairs["load"]["apiauth"], "key": f"{sender.key[:16]}{'0' * 16}"}
    mixed = {"key": sender.key, "secret": pairs["neighbour"]["apiauth"]["secret"]}
    answers = [
        *(make_sender(pair).plain() for pair in (unknown, mixed, {"key": "testkey", "secret": "testsecret"})),
        sender.get("GET", "", "", DEVICES, now(-2000)),
        sender.send("GET", DEVICES, {}),
        sender.send("GET", DEVICES, {"Authorization": f"Bearer {stack.key('load')}", "Date": now()}),
    ]
    assert {answer.refusal for answer in answers} == {(401, "unauthorized")}
    assert len({answer.content for answer in answers}) == 1
    assert len({tuple(sorted(answer.headers)) for answer in answers}) == 1
    assert "ratelimit-rate" not in answers[0].headers
    assert sender.plain().status == 200


def test_a_key_that_may_only_read(stack: Stack, make_sender: MakeSender) -> None:
    reader = make_sender(stack.workspaces["load"]["apiauth_read_only"])
    assert reader.plain().status == 200
    assert reader.post("POST", JSON, md5(BODY), DEVICES, now()).refusal == (403, "permission_denied")


def test_a_workspace_whose_api_is_switched_off(stack: Stack, make_sender: MakeSender) -> None:
    disabled = make_sender(stack.workspaces["disabled"]["apiauth"])
    answer = disabled.plain()
    assert answer.refusal == (403, "forbidden")
    assert answer.headers["ratelimit-burst-remaining"] == "10"


# -- rotated and revoked ----------------------------------------------------------------------------------------------


def test_rotated_and_revoked_secrets(
    make_sender: MakeSender, make_signing_key: Callable[..., SigningKey], workspaces: Workspaces, vault: KmsVault
) -> None:
    """A new secret counts at once; what is taken back, within the minute that is promised."""
    kept, ended, revoked = (make_signing_key(limit=1_000_000) for _ in range(3))
    old = {name: make_sender(key.pair) for name, key in (("kept", kept), ("ended", ended), ("revoked", revoked))}
    assert {name: sender.plain().status for name, sender in old.items()} == dict.fromkeys(old, 200)
    new = {}
    for name, key, overlap in (("kept", kept, timedelta(days=1)), ("ended", ended, timedelta())):
        moment = datetime.now(UTC)
        made = rotated(vault, key.credential, now=moment, ends_at=to_text(moment + overlap))
        workspaces.replace_secrets(key.credential, made.credential)
        new[name] = make_sender({"key": made.key, "secret": made.secret})
    workspaces.remove_credential(revoked.credential)
    assert {name: sender.plain().status for name, sender in new.items()} == dict.fromkeys(new, 200)
    taken_back = time.monotonic()
    while {old["ended"].plain().status, old["revoked"].plain().status} != {401}:
        assert time.monotonic() - taken_back < 60
        time.sleep(5)
    assert old["kept"].plain().status == 200
    assert {name: sender.plain().status for name, sender in new.items()} == dict.fromkeys(new, 200)


# -- the throttle ---------------------------------------------------------------------------------------------------


def test_a_bucket_of_ten_that_leaks_one_a_second(
    sender: Sender, make_sender: MakeSender, make_signing_key: Callable[..., SigningKey]
) -> None:
    sender.plain()
    for _ in range(10):
        fresh = make_sender(make_signing_key().pair)
        began = time.monotonic()
        answers = [fresh.plain() for _ in range(11)]
        if time.monotonic() - began < 1:
            break
    else:
        pytest.fail("eleven requests never fitted into a second")
    assert [answer.status for answer in answers] == [200] * 10 + [429]
    told = [answer.headers["ratelimit-burst-remaining"] for answer in answers]
    assert told == ["9", "8", "7", "6", "5", "4", "3", "2", "1", "0", "0"]
    refused = answers[-1]
    assert refused.refusal == (429, "rate_limited")
    assert refused.headers["ratelimit-rate"] == refused.headers["ratelimit-retry-after"] == "1"
    assert refused.headers["retry-after"] == "1"
    time.sleep(1)
    assert fresh.plain().status == 200


def test_never_one_too_many_at_once(make_sender: MakeSender, make_signing_key: Callable[..., SigningKey]) -> None:
    pair = make_signing_key().pair
    senders = [make_sender(pair) for _ in range(40)]
    began = time.monotonic()
    with ThreadPoolExecutor(40) as pool:
        statuses = Counter(answer.status for answer in pool.map(Sender.plain, senders))
    leaked = int(time.monotonic() - began) + 1
    assert set(statuses) == {200, 429}
    assert 10 <= statuses[200] <= 10 + leaked


def test_failures_of_an_address_are_limited_and_stop_nobody_else(sender: Sender, make_sender: MakeSender) -> None:
    wrong = make_sender({"key": sender.key, "secret": "a guess"}, address=sender.address)
    answers = [wrong.plain() for _ in range(61)]
    assert [answer.status for answer in answers] == [401] * 60 + [429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    assert answers[-1].refusal == (429, "rate_limited")
    assert sender.plain().status == 200
    assert make_sender({"key": sender.key, "secret": "a guess"}).plain().status == 401


def test_nobody_drains_the_bucket_of_another(
    make_sender: MakeSender, make_signing_key: Callable[..., SigningKey]
) -> None:
    pair = make_signing_key().pair
    thief = make_sender({**pair, "secret": "a guess"})
    assert {thief.plain().status for _ in range(30)} == {401}
    assert make_sender(pair).plain().headers["ratelimit-burst-remaining"] == "9"


# -- any header -----------------------------------------------------------------------------------------------------

CASES: Final = 2_400
PER_ADDRESS: Final = 50


def _mutated(rng: random.Random, text: str) -> str:
    """Another text that can be sent as a header."""
    letters = list(text)
    printable = string.digits + string.ascii_letters + string.punctuation + " é\xff"
    while True:
        for _ in range(rng.randrange(1, 4)):
            place = rng.randrange(len(letters) + 1)
            if rng.random() < 0.5 or not letters:
                letters.insert(place, rng.choice(printable))
            else:
                letters[place - 1 :] = [rng.choice(printable), *letters[place:]]
        if (other := "".join(letters).strip()) and other != text:
            return other


def test_no_other_header_gets_through(stack: Stack, make_sender: MakeSender) -> None:
    """Authorization and Date are changed in many ways; each address stays below its limit of failures."""
    pair = stack.workspaces["load"]["apiauth"]

    def run(number: int) -> list[Answer]:
        rng = random.Random(number)  # noqa: S311 - the same cases in every run
        sender = make_sender(pair)
        answers = []
        for case in range(PER_ADDRESS):
            date = now()
            headers = {"Date": date, "Authorization": sender.authorization("GET", "", "", DEVICES, date)}
            if case % 2:
                headers["Date"] = _mutated(rng, headers["Date"])
            else:
                scheme, _, rest = headers["Authorization"].partition(" ")
                key, _, signature = rest.partition(":")
                changed = rng.choice((f"{scheme} {_mutated(rng, key)}:{signature}", f"{scheme} {key}:{signature[1:]}"))
                headers["Authorization"] = rng.choice((changed, _mutated(rng, "APIAuth"), _mutated(rng, signature)))
            answers.append(sender.send("GET", DEVICES, headers))
        return answers

    with ThreadPoolExecutor(4) as pool:
        answers = [answer for some in pool.map(run, range(CASES // PER_ADDRESS)) for answer in some]
    assert len(answers) == CASES
    assert {answer.status for answer in answers} <= {400, 401}
    refused = [answer for answer in answers if answer.status == 401]
    assert len({answer.content for answer in refused}) == 1
    assert len(refused) > CASES * 0.9
