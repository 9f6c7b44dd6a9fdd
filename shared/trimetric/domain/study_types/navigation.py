"""Verdicts on a walk through screens or pages."""

from collections.abc import Sequence


def verdict(path: Sequence[str], *, expected: Sequence[Sequence[str]], on_goal: bool, gave_up: bool) -> str:
    """`direct_success`, `indirect_success`, `gave_up` or `unfinished`.

    An expected path is a direct success; ending on a goal any other way is an indirect one, whatever `gave_up` says.
    """
    if path and list(path) in [list(each) for each in expected]:
        return "direct_success"
    if on_goal:
        return "indirect_success"
    return "gave_up" if gave_up else "unfinished"
