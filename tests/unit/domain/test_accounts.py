"""Roles, and how often a password may be guessed."""

from hypothesis import given
from hypothesis import strategies as st

from trimetric.domain.metricis.accounts import (
    FIRST_WAIT_SECONDS,
    FREE_ATTEMPTS,
    LONGEST_WAIT_SECONDS,
    MEMORY_SECONDS,
    Attempts,
    Role,
    attempted,
    folded_email,
    wait,
)


def test_each_role_includes_itself_and_those_before_it() -> None:
    order = [Role.READ_ONLY, Role.COORDINATOR, Role.RESEARCHER, Role.ADMIN]
    for held, role in enumerate(order):
        assert [role.includes(other) for other in order] == [place <= held for place in range(4)]


def test_addresses_are_one_whatever_their_case() -> None:
    assert folded_email("Ada@Clinic.EXAMPLE") == "ada@clinic.example"


def test_the_waits_are_these() -> None:
    seen: Attempts | None = None
    waits = []
    for _ in range(FREE_ATTEMPTS + 8):
        seen = attempted(seen, 1000)
        waits.append(wait(seen, 1000))
    assert waits == [0] * (FREE_ATTEMPTS - 1) + [30, 60, 120, 240, 480, 900, 900, 900, 900]


@given(pauses=st.lists(st.integers(0, 3 * LONGEST_WAIT_SECONDS), max_size=100))
def test_a_guesser_who_waits_as_told_has_few_guesses(pauses: list[int]) -> None:
    now, seen, admitted = 0, None, 0
    for pause in pauses:
        now += pause
        if wait(seen, now) == 0:
            seen = attempted(seen, now)
            admitted += 1
        assert wait(seen, now) <= LONGEST_WAIT_SECONDS
    assert admitted <= FREE_ATTEMPTS + now // FIRST_WAIT_SECONDS + 1


@given(count=st.integers(0, 10**6), later=st.integers(0, 10**6))
def test_a_day_forgets_them(count: int, later: int) -> None:
    seen = Attempts(count, 0, MEMORY_SECONDS)
    again = attempted(seen, MEMORY_SECONDS + later)
    assert again.count == 1
    assert wait(again, MEMORY_SECONDS + later) == 0
