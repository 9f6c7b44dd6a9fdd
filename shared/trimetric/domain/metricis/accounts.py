"""Who may do what in the Metricis dialect."""

from enum import StrEnum


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
