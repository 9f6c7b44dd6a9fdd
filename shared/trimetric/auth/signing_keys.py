"""The keys that sign access tokens: the current and the previous version of one secret of AWS Secrets Manager.

A rotation makes a new version; tokens name theirs, so those of the version before stay valid until they end. After two
rotations in a row nothing that was signed before is valid.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from trimetric.dynamo.client import client
from trimetric.errors import Unavailable

CURRENT: Final = "AWSCURRENT"
PREVIOUS: Final = "AWSPREVIOUS"

#: A version that was rotated out twice is refused by every process after so many seconds.
KEPT_SECONDS: Final = 300
#: An unknown version is looked up at most so often, so that made-up tokens cost nothing.
LOOKUP_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class SigningKey:
    """`id` is the version's."""

    id: str
    secret: bytes = field(repr=False)


#: From a version stage to its key; None where there is none.
Fetch = Callable[[str], SigningKey | None]


class SecretsManager:
    """A `Fetch` of one secret."""

    def __init__(self, secret_id: str, *, secrets: Any = None) -> None:
        self._secret_id = secret_id
        self._secrets = secrets

    def __call__(self, stage: str) -> SigningKey | None:
        if self._secrets is None:
            self._secrets = client("secretsmanager")
        try:
            answer = self._secrets.get_secret_value(SecretId=self._secret_id, VersionStage=stage)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException" and stage == PREVIOUS:
                return None
            raise Unavailable(headers={"Retry-After": "1"}) from error
        except BotoCoreError as error:
            raise Unavailable(headers={"Retry-After": "1"}) from error
        return SigningKey(answer["VersionId"], answer["SecretString"].encode())


class SigningKeys:
    def __init__(self, fetch: Fetch, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._monotonic = monotonic
        self._current: SigningKey | None = None
        self._previous: SigningKey | None = None
        self._until = 0.0
        self._no_lookup_before = 0.0

    def current(self) -> SigningKey:
        """The key to sign with; one that was known goes on where the secret cannot be read."""
        if self._current is None or self._monotonic() >= self._until:
            try:
                self._read(CURRENT)
            except Unavailable:
                if self._current is None:
                    raise
                self._until = self._monotonic() + LOOKUP_SECONDS
        if self._current is None:
            raise Unavailable(headers={"Retry-After": "1"})
        return self._current

    def named(self, key_id: str) -> SigningKey | None:
        """The live key of this id."""
        found = self._among_known(key_id)
        if found is None and self._monotonic() >= self._no_lookup_before:
            self._no_lookup_before = self._monotonic() + LOOKUP_SECONDS
            self._read(CURRENT)
            self._previous = self._fetch(PREVIOUS)
            found = self._among_known(key_id)
        return found

    def probe(self) -> None:
        """Unavailable if the secret cannot be read now."""
        self._fetch(CURRENT)

    def _among_known(self, key_id: str) -> SigningKey | None:
        return next((key for key in (self.current(), self._previous) if key is not None and key.id == key_id), None)

    def _read(self, stage: str) -> None:
        self._current = self._fetch(stage)
        self._previous = None
        self._until = self._monotonic() + KEPT_SECONDS
