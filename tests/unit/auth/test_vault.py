"""Secrets sealed with a KMS key, in moto's KMS and before one that fails."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError
from moto import mock_aws

from trimetric.auth.vault import KmsVault
from trimetric.dynamo.client import client
from trimetric.errors import Unavailable


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }.items():
        monkeypatch.setenv(name, value)
    client.cache_clear()


def test_what_is_sealed_opens_for_its_credential_alone() -> None:
    with mock_aws():
        key_id = client("kms").create_key()["KeyMetadata"]["KeyId"]
        vault = KmsVault(key_id)
        sealed = vault.seal(b"secret", workspace_id="ws_1", credential_id="key_1")
        assert b"secret" not in sealed
        assert KmsVault().open(sealed, workspace_id="ws_1", credential_id="key_1") == b"secret"
        for workspace_id, credential_id in (("ws_2", "key_1"), ("ws_1", "key_2")):
            with pytest.raises(ClientError):
                vault.open(sealed, workspace_id=workspace_id, credential_id=credential_id)
    client.cache_clear()


class FailingKms:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def decrypt(self, **_: Any) -> Any:
        raise self.error


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (ClientError({"Error": {"Code": "ThrottlingException"}}, "Decrypt"), Unavailable),
        (ClientError({"Error": {"Code": "KMSInternalException"}}, "Decrypt"), Unavailable),
        (ConnectTimeoutError(endpoint_url="https://kms.example"), Unavailable),
        (ClientError({"Error": {"Code": "AccessDeniedException"}}, "Decrypt"), ClientError),
    ],
    ids=["throttled", "internal", "out of reach", "not allowed"],
)
def test_only_what_passes_is_worth_another_try(error: Exception, raised: type[Exception]) -> None:
    with pytest.raises(raised):
        KmsVault(kms=FailingKms(error)).open(b"sealed", workspace_id="ws_1", credential_id="key_1")
