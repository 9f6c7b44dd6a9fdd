"""Secrets that must be recovered to verify a signature: sealed with the stack's KMS key, opened in memory only.

Each is bound to its workspace and credential by the encryption context, so that one item's secret opens nothing when it
is copied into another.
"""

from typing import Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from trimetric.dynamo.client import client
from trimetric.errors import Unavailable

#: KMS says these when it is overloaded or away, not because of what was asked.
_PASSING: Final = frozenset(
    {"ThrottlingException", "LimitExceededException", "KMSInternalException", "DependencyTimeoutException"}
)


class Vault(Protocol):
    def seal(self, secret: bytes, *, workspace_id: str, credential_id: str) -> bytes: ...

    def open(self, sealed: bytes, *, workspace_id: str, credential_id: str) -> bytes: ...


class KmsVault:
    """`key_id` (id, ARN or alias) is needed to seal; what is sealed names its key itself.

    The client is made when it is first needed. Unavailable when KMS is overloaded or out of reach.
    """

    def __init__(self, key_id: str | None = None, *, kms: Any = None) -> None:
        self._key_id = key_id
        self._kms = kms

    def seal(self, secret: bytes, *, workspace_id: str, credential_id: str) -> bytes:
        context = _context(workspace_id, credential_id)
        answer = self._call("encrypt", KeyId=self._key_id, Plaintext=secret, EncryptionContext=context)
        return bytes(answer["CiphertextBlob"])

    def open(self, sealed: bytes, *, workspace_id: str, credential_id: str) -> bytes:
        context = _context(workspace_id, credential_id)
        return bytes(self._call("decrypt", CiphertextBlob=sealed, EncryptionContext=context)["Plaintext"])

    def _call(self, operation: str, **arguments: Any) -> Any:
        if self._kms is None:
            self._kms = client("kms")
        try:
            return getattr(self._kms, operation)(**arguments)
        except ClientError as error:
            if error.response["Error"]["Code"] in _PASSING:
                raise Unavailable(headers={"Retry-After": "1"}) from error
            raise
        except BotoCoreError as error:
            raise Unavailable(headers={"Retry-After": "1"}) from error


def _context(workspace_id: str, credential_id: str) -> dict[str, str]:
    return {"workspace_id": workspace_id, "credential_id": credential_id}
