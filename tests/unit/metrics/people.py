"""Participants of the sample studies, and what must hold of every study type's metrics whoever takes part."""

import json
import random
from dataclasses import replace

from hypothesis import strategies as st

from tests.samples.study_types import sample_results
from tests.unit.domain.study_types.designs import detail_of
from trimetric.domain.study_types import study_type
from trimetric.domain.study_types.design import Design
from trimetric.metrics.registry import metrics_of
from trimetric.metrics.state import Person, State

STARTED, COMPLETED = "2026-03-01T10:00:00.000Z", "2026-03-01T10:05:00.000Z"


def person_of(*results: dict[str, object], number: int = 0, completed: bool = True, excluded: bool = False) -> Person:
    return Person(f"ptc_{number}", completed, excluded, STARTED, COMPLETED if completed else None, results)


def people_of(type_name: str, design: Design, *, most: int = 12) -> st.SearchStrategy[list[Person]]:
    """Up to `most` people with valid results, some of them in progress or excluded."""
    seeds = st.tuples(st.integers(0, 2**32), st.sampled_from([True, True, True, False]), st.integers(0, 4))
    return st.lists(seeds, max_size=most).map(
        lambda drawn: [
            _person(type_name, design, seed, number, completed=completed, excluded=chance == 0)
            for number, (seed, completed, chance) in enumerate(drawn)
        ]
    )


def _person(type_name: str, design: Design, seed: int, number: int, *, completed: bool, excluded: bool) -> Person:
    rng = random.Random(seed)  # noqa: S311 - the same person for the same seed
    raw = sample_results(type_name, detail_of(design), rng)
    results = study_type(type_name).parse_results(design, raw)
    return person_of(*results, number=number, completed=completed, excluded=excluded)


def bytes_of(state: State) -> bytes:
    return json.dumps(state.to_document()).encode()


def state_of(type_name: str, design: Design, people: list[Person]) -> State:
    contribution = metrics_of(type_name).contribution
    return State.of(contribution(design, person) for person in people)


def assert_folding_leaves_no_trace(type_name: str, design: Design, people: list[Person], rng: random.Random) -> None:
    """Any order, any batches, through the store or not, with people taken away and put back: one state, one summary."""
    metrics = metrics_of(type_name)
    rebuilt = state_of(type_name, design, people)
    summary = json.dumps(metrics.summarise(design, rebuilt), allow_nan=False)

    batches = [State(), State()]
    for person in rng.sample(people, len(people)):
        rng.choice(batches).add(metrics.contribution(design, person))
    folded = State.from_document(json.loads(bytes_of(batches[0])))
    folded.merge(batches[1])
    for person in people:
        toggled = replace(person, excluded=not person.excluded)
        for one, other in ((person, toggled), (toggled, person)):
            folded.subtract(metrics.contribution(design, one))
            folded.add(metrics.contribution(design, other))

    assert bytes_of(folded) == bytes_of(rebuilt)
    assert json.dumps(metrics.summarise(design, folded), allow_nan=False) == summary
    for person in people:
        folded.subtract(metrics.contribution(design, person))
    assert bytes_of(folded) == bytes_of(State())
