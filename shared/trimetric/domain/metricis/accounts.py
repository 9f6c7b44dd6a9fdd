"""Users of the Metricis dialect, what their roles allow, and how often a password may be guessed."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final


class Role(StrEnum):
    """Each role may do what the ones before it may.

    read_only reads, without e-mail and phone of participants; coordinator writes participants and sessions; researcher
    writes studies and batteries; admin manages users, keys and webhooks.
    """

    READ_ONLY = "read_only"
    COORDINATOR = "coordinator"
    RESEARCHER = "researcher"
    ADMIN = "admin"

    def includes(self, other: "Role") -> bool:
        order = list(Role)
        return order.index(self) >= order.index(other)


class UserStatus(StrEnum):
    ACTIVE = "active"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class User:
    """`password_hash` is argon2's own text, with its parameters in it."""

    id: str
    workspace_id: str
    email: str
    name: str
    role: Role
    status: UserStatus
    created_at: str
    updated_at: str
    password_hash: str = field(repr=False)

    def public(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "email": self.email,
            "name": self.name,
            "role": self.role.value,
            "status": self.status.value,
        }


@dataclass(frozen=True, slots=True)
class LoginSession:
    """What one login began: the family of its refresh tokens, of which only the newest is valid.

    `refresh_hash` is the hex SHA-256 of that one; `ends_at` in epoch seconds.
    """

    id: str
    workspace_id: str
    user_id: str
    created_at: str
    ends_at: int
    refresh_hash: str = field(repr=False)


def folded_email(email: str) -> str:
    """Addresses that differ in case are one account's."""
    return email.lower()


#: Passwords that one account may be tried with before each further one has to wait.
FREE_ATTEMPTS: Final = 10
FIRST_WAIT_SECONDS: Final = 30
LONGEST_WAIT_SECONDS: Final = 900
#: After so long without a wrong password all is forgotten.
MEMORY_SECONDS: Final = 24 * 3600


@dataclass(frozen=True, slots=True)
class Attempts:
    """Passwords tried since the last right one; `next_at` and `forgotten_at` in epoch seconds."""

    count: int
    next_at: int
    forgotten_at: int


def attempted(seen: Attempts | None, now: int) -> Attempts:
    """One more; ask `wait` before."""
    count = seen.count if seen is not None and now < seen.forgotten_at else 0
    over = count + 1 - FREE_ATTEMPTS
    pause = min(FIRST_WAIT_SECONDS << min(over, 16), LONGEST_WAIT_SECONDS) if over >= 0 else 0
    return Attempts(count + 1, now + pause, now + MEMORY_SECONDS)


def wait(seen: Attempts | None, now: int) -> int:
    """Seconds until this account may be tried again; 0: now."""
    return 0 if seen is None else max(0, seen.next_at - now)
