"""The secret behind access tokens, as Secrets Manager answers."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from tests.fakes.secrets import FakeSecret
from trimetric.auth.signing_keys import CURRENT, KEPT_SECONDS, PREVIOUS, SecretsManager, SigningKeys
from trimetric.errors import Unavailable


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Answering:
    """A client that answers with one thing."""

    def __init__(self, answer: dict[str, Any] | Exception) -> None:
        self.answer = answer
        self.asked: list[dict[str, Any]] = []

    def get_secret_value(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}}, "GetSecretValue")


def test_a_version_is_a_key() -> None:
    client = Answering({"VersionId": "v1", "SecretString": "s" * 64})
    key = SecretsManager("arn", secrets=client)(CURRENT)
    assert key is not None
    assert (key.id, key.secret) == ("v1", b"s" * 64)
    assert client.asked == [{"SecretId": "arn", "VersionStage": "AWSCURRENT"}]
    assert "sss" not in repr(key)


def test_there_may_be_no_previous_version_but_there_is_a_current_one() -> None:
    manager = SecretsManager("arn", secrets=Answering(refusal("ResourceNotFoundException")))
    assert manager(PREVIOUS) is None
    with pytest.raises(Unavailable):
        manager(CURRENT)


@pytest.mark.parametrize(
    "error",
    [
        refusal("ThrottlingException"),
        refusal("AccessDeniedException"),
        EndpointConnectionError(endpoint_url="http://x"),
    ],
)
@pytest.mark.parametrize("stage", [CURRENT, PREVIOUS])
def test_a_secret_that_cannot_be_read_is_unavailable(stage: str, error: Exception) -> None:
    with pytest.raises(Unavailable):
        SecretsManager("arn", secrets=Answering(error))(stage)


def test_a_key_is_read_once_in_five_minutes() -> None:
    secret, clock = FakeSecret(), Clock()
    keys = SigningKeys(secret, monotonic=clock)
    first = keys.current()
    for _ in range(10):
        assert keys.named(first.id) is first
    assert secret.reads == 1
    secret.rotate()
    clock.now += KEPT_SECONDS
    assert keys.current() == secret.versions[CURRENT] != first
    assert secret.reads == 2
    assert keys.named(first.id) == first


def test_a_known_key_goes_on_while_the_secret_cannot_be_read() -> None:
    secret, clock = FakeSecret(), Clock()
    keys = SigningKeys(secret, monotonic=clock)
    known = keys.current()
    secret.down = True
    clock.now += KEPT_SECONDS
    assert keys.current() is known
    reads = secret.reads
    assert keys.current() is known
    assert secret.reads == reads
    secret.down = False
    clock.now += KEPT_SECONDS
    assert keys.current() == known


def test_without_any_key_nothing_is_signed() -> None:
    with pytest.raises(Unavailable):
        SigningKeys(lambda stage: None).current()
