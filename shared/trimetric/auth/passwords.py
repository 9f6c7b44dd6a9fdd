"""Passwords, hashed with argon2id. Only functions that check passwords import this."""

import unicodedata
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

#: RFC 9106's second choice with one lane: a Lambda function of 1024 MB has less than one processor, so more lanes would
#: help only those who guess.
TIME_COST: Final = 3
MEMORY_KIB: Final = 64 * 1024


class Passwords:
    """Hashes and checks; a check against nobody's hash costs what a check against somebody's does."""

    def __init__(self, *, time_cost: int = TIME_COST, memory_kib: int = MEMORY_KIB) -> None:
        self._hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1)
        self._nobodys: str | None = None
        #: Hashes computed so far.
        self.computed = 0

    def hash(self, password: str) -> str:
        self.computed += 1
        return self._hasher.hash(_normalised(password))

    def is_right(self, password: str, password_hash: str | None) -> bool:
        """False for None, after the same work."""
        expected = self._nobody() if password_hash is None else password_hash
        self.computed += 1
        try:
            self._hasher.verify(expected, _normalised(password))
        except VerifyMismatchError:
            return False
        return password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Whether it was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(password_hash)

    def _nobody(self) -> str:
        # Written out, not computed: the time that takes would give the first unknown user away.
        if self._nobodys is None:
            self._nobodys = _foreign_hash(self._hasher)
        return self._nobodys


def _normalised(password: str) -> str:
    """What keyboards of different makers send for one password is one text (NIST SP 800-63B, 5.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


def _foreign_hash(hasher: PasswordHasher) -> str:
    """A hash with this one's parameters that nobody has computed: salt and digest are all zeros."""
    salt, digest = "A" * 22, "A" * 43
    return f"$argon2id$v=19$m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}${salt}${digest}"
