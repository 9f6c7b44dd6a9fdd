"""What a process remembers between requests."""

from collections import OrderedDict


class BatteryStudies:
    """Workspace and number of a battery -> its study, which never changes.

    Whether the battery is still there is a condition of each write that relies on it.
    """

    def __init__(self, most: int = 1000) -> None:
        self._most = most
        self._study_of: OrderedDict[tuple[str, int], int] = OrderedDict()

    def get(self, workspace_id: str, battery: int) -> int | None:
        return self._study_of.get((workspace_id, battery))

    def remember(self, workspace_id: str, battery: int, study_id: int) -> None:
        self._study_of[workspace_id, battery] = study_id
        if len(self._study_of) > self._most:
            self._study_of.popitem(last=False)

    def forget(self, workspace_id: str, battery: int) -> None:
        self._study_of.pop((workspace_id, battery), None)
