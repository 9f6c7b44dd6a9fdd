"""The figures of signatures, and the stand-in for KMS that cold starts ask."""

import json
import urllib.request

import pytest

from scripts.bench import signatures
from scripts.bench.kms import kms


def test_every_subject_is_measured() -> None:
    advanced: list[None] = []
    rows = signatures.measure(repeats=1, advance=lambda: advanced.append(None))
    assert len(rows) == len(advanced) == signatures.STEPS
    assert {row.target for row in rows} == {"≤ 0.2 ms"}
    assert any("(24)" in row.what for row in rows)


@pytest.mark.loopback
@pytest.mark.allow_hosts(["127.0.0.1"])
def test_the_stand_in_opens_what_it_is_given() -> None:
    with kms() as endpoint:
        body = json.dumps({"CiphertextBlob": "c2VjcmV0", "EncryptionContext": {}}).encode()
        with urllib.request.urlopen(urllib.request.Request(endpoint, body)) as answer:  # noqa: S310  # loopback
            assert json.load(answer) == {"KeyId": "bench", "Plaintext": "c2VjcmV0"}
