"""Public ids: a prefix and 26 lower-case characters.

Ids that are made here sort by creation (ULID: 48 bits of milliseconds, 80 random bits). Ids of participants that come
with an `external_id` are derived from it instead, so the same person is the same item however often it is sent.
"""

import base64
import hashlib
import re
import secrets
from typing import Final

WORKSPACE: Final = "ws"
FOLDER: Final = "fld"
STUDY: Final = "std"
CARD: Final = "crd"
GROUP: Final = "grp"
QUESTION: Final = "qst"
PARTICIPANT: Final = "prt"
RESULT: Final = "res"
KEY: Final = "key"
RESPONSE: Final = "rsp"
USER: Final = "usr"
LOGIN_SESSION: Final = "lgn"
CLINICAL_PARTICIPANT: Final = "par"

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
#: Characters of a body that hold the milliseconds; the other 16 are 80 bits.
_TIME: Final = 10
_BODY = re.compile(r"[0-9a-hjkmnp-tv-z]{26}")


def _encode(number: int) -> str:
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))


def new(prefix: str, *, millis: int) -> str:
    """A fresh id; ids of later milliseconds sort after it."""
    return f"{prefix}_{_encode((millis << 80) | secrets.randbits(80))}"


def millis(text: str) -> int:
    """The milliseconds that `new` made this id with."""
    number = 0
    for letter in text.partition("_")[2][:_TIME]:
        number = number << 5 | _ALPHABET.index(letter)
    return number


def before(prefix: str, *, millis: int) -> str:
    """Sorts after the ids of earlier milliseconds and before those of `millis` and later ones."""
    return f"{prefix}_{_encode(millis << 80)[:_TIME]}"


def derived(prefix: str, *parts: str) -> str:
    """The id that these parts always give (128 bits of SHA-256 over length-prefixed parts)."""
    digest = hashlib.sha256(b"".join(f"{len(raw := part.encode())}:".encode() + raw for part in parts)).digest()
    return f"{prefix}_{_encode(int.from_bytes(digest[:16], 'big'))}"


def result(participant_id: str, index: int) -> str:
    """The id of a participant's result number `index`; it names the participant, so no lookup is needed."""
    return derived(RESULT, participant_id, str(index))


def is_id(prefix: str, text: str) -> bool:
    head, _, body = text.partition("_")
    return head == prefix and _BODY.fullmatch(body) is not None


def new_workspace() -> str:
    """`ws_` and 16 hex digits; bearer keys begin with the same digits, so key and workspace are read together."""
    return f"{WORKSPACE}_{secrets.token_hex(8)}"


def token(octets: int) -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(octets)).rstrip(b"=").decode()
