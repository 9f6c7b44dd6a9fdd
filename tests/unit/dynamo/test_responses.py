"""Lists of responses: every window, in pages of any size, in order."""

import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.table import FakeTable
from tests.unit.experience import WORKSPACE, response_of, survey_of
from trimetric.dynamo.experience import responses, surveys
from trimetric.dynamo.experience.responses import Responses

SURVEY = 1
#: From the end of 2025 to the beginning of May 2026.
FIRST, LAST = 1_767_000_000_000, 1_777_680_000_000
#: Many of them are near the turns of months.
moments = st.integers(FIRST, LAST) | st.sampled_from([1_767_225_600_000, 1_769_904_000_000]).flatmap(
    lambda turn: st.integers(turn - 2, turn + 2)
)


@settings(max_examples=150, deadline=None)
@given(st.lists(moments, max_size=25), st.tuples(moments, moments), st.integers(1, 8), st.lists(moments, max_size=4))
def test_pages_hold_the_window_in_order(
    sent: list[int], window: tuple[int, int], size: int, meanwhile: list[int]
) -> None:
    table, rng = FakeTable(), random.Random(1)  # noqa: S311 - samples
    survey = survey_of(SURVEY)
    table.write(*surveys.creation(WORKSPACE, survey))
    store = Responses(table)

    def send(millis: int) -> str:
        response = replace(response_of(SURVEY, millis, rng), device_id=None)
        around = store.surroundings(WORKSPACE, response)
        table.write(*responses.creation(WORKSPACE, response, around, survey=survey, fingerprint=""))
        return response.id

    there = {send(millis): millis for millis in sent}
    first, last = sorted(window)
    met: list[str] = []
    after = None
    while True:
        page = store.list(WORKSPACE, SURVEY, first=first, last=last, after=after, limit=size)
        met += [response.id for response in page]
        if len(page) < size:
            break
        after = page[-1].id
        if meanwhile:
            send(meanwhile.pop())
    assert met == sorted(set(met))
    assert [identifier for identifier in met if identifier in there] == sorted(
        identifier for identifier, millis in there.items() if first <= millis <= last
    )
    assert all(first <= response.submitted_millis <= last for response in page)
