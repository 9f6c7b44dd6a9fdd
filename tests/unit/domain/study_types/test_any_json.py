"""Whatever JSON arrives: it is taken whole, or refused as ValidationFailed with paths that can be sent."""

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.samples.study_types import sample_results, sample_study
from tests.unit.domain.study_types.designs import design_of, detail_of
from trimetric.domain.study_types import STUDY_TYPES, study_type
from trimetric.domain.study_types.design import Design
from trimetric.domain.study_types.new_content import parse_labels, parse_questions, patch_label, patch_question
from trimetric.errors import ValidationFailed

#: Time is measured elsewhere; here a busy machine must not fail a test.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

DESIGNS = {name: design_of(name) for name in STUDY_TYPES}


def places_of(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        yield from places_of(inner, (*path, name))


def names_of(document: Any) -> set[str]:
    return {step for path in places_of(document) for step in path if isinstance(step, str)}


NAMES = sorted({*names_of([sample_study(name) for name in STUDY_TYPES]), "path", "visits", "placements", "task_id"})

scalars = (
    st.none()
    | st.booleans()
    | st.integers(min_value=-(10**40), max_value=10**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.text(alphabet=st.characters(min_codepoint=0xD7F0, max_codepoint=0xE010, categories=("Cs", "Co")), max_size=3)
    | st.sampled_from(["a", "\x00", "https://h/", "crd_0", "find-used", "2026-01-01T00:00:00Z"])
)
json_values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=20,
)


def refusal_is_sendable(refusal: ValidationFailed) -> None:
    assert refusal.details
    for detail in refusal.details:
        json.dumps([detail.field, detail.message], ensure_ascii=False).encode()
        assert len(detail.field) <= 400
        assert len(detail.message) <= 400


def replaced(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    changed = copy.deepcopy(document)
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return changed


@pytest.mark.parametrize("type_name", STUDY_TYPES)
@unhurried
@given(raw=json_values)
def test_any_settings(type_name: str, raw: Any) -> None:
    kind = study_type(type_name)
    try:
        merged = kind.merge_settings(kind.default_settings(), raw)
    except ValidationFailed as refusal:
        refusal_is_sendable(refusal)
    else:
        kind.missing_for_publish(Design(merged))
        kind.runner_view(Design(merged))


@pytest.mark.parametrize("type_name", STUDY_TYPES)
@unhurried
@given(data=st.data(), value=json_values)
def test_real_settings_with_one_member_of_any_value(type_name: str, data: st.DataObject, value: Any) -> None:
    kind, sample = study_type(type_name), sample_study(type_name)["settings"]
    raw = replaced(sample, data.draw(st.sampled_from(list(places_of(sample)))), value)
    try:
        merged = kind.merge_settings(kind.default_settings(), raw)
    except ValidationFailed as refusal:
        refusal_is_sendable(refusal)
    else:
        assert kind.merge_settings(kind.default_settings(), merged) == merged
        kind.missing_for_publish(Design(merged))
        kind.editable_after_publish(merged, raw)


@pytest.mark.parametrize("type_name", STUDY_TYPES)
@unhurried
@given(raw=json_values)
def test_any_results(type_name: str, raw: Any) -> None:
    try:
        study_type(type_name).parse_results(DESIGNS[type_name], raw)
    except ValidationFailed as refusal:
        refusal_is_sendable(refusal)


@pytest.mark.parametrize("type_name", STUDY_TYPES)
@unhurried
@given(data=st.data(), seed=st.integers(min_value=0, max_value=20), value=json_values)
def test_real_results_with_one_member_of_any_value(type_name: str, data: st.DataObject, seed: int, value: Any) -> None:
    kind, design = study_type(type_name), DESIGNS[type_name]
    results = sample_results(type_name, detail_of(design), random.Random(seed))  # noqa: S311 - reproducible
    raw = replaced(results, data.draw(st.sampled_from(list(places_of(results)))), value)
    try:
        payloads = kind.parse_results(design, raw)
    except ValidationFailed as refusal:
        refusal_is_sendable(refusal)
    else:
        for payload in payloads:
            json.dumps(payload, ensure_ascii=False, allow_nan=False).encode()
            kind.outcome(design, payload)
            kind.csv_row(design, payload)


@unhurried
@given(raw=json_values)
def test_any_content(raw: Any) -> None:
    question = DESIGNS["survey"].questions[0]
    for attempt in (
        lambda: parse_labels(raw, field="cards"),
        lambda: parse_questions(raw),
        lambda: patch_label(raw, field="card"),
        lambda: patch_question(question, raw, field="question"),
    ):
        try:
            attempt()
        except ValidationFailed as refusal:
            refusal_is_sendable(refusal)
