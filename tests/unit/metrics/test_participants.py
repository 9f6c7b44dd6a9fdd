"""The participants block: who counts follows the contract's fine print."""

from trimetric.domain.studies import Counts
from trimetric.metrics.participants import participants_block


def test_nobody_has_no_rate() -> None:
    block = participants_block(Counts())
    assert block["completion_rate"] is None
    assert block["started"] == 0


def test_exclusion_moves_excluded_and_analysed_only() -> None:
    counted = participants_block(Counts(participants=10, completed=8))
    excluded = participants_block(Counts(participants=10, completed=8, excluded=3, excluded_completed=2))
    assert counted == {
        "started": 10,
        "completed": 8,
        "abandoned": 2,
        "excluded": 0,
        "analysed": 8,
        "completion_rate": 0.8,
    }
    assert excluded == {**counted, "excluded": 3, "analysed": 6}
