import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimetric.domain.metricis.sessions import SessionStatus, new_session_id, workspace_of
from trimetric.domain.metricis.trials import MAX_TRIAL_CHARACTERS, parse_submission
from trimetric.errors import ValidationFailed

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
trials = st.lists(
    st.builds(
        lambda others, known: {**others, **known},
        st.dictionaries(
            st.text(max_size=5).filter(lambda name: name not in ("rt", "correct")), json_values, max_size=3
        ),
        st.fixed_dictionaries(
            {"task": st.text("abc", min_size=1, max_size=3)},
            optional={"rt": st.none() | st.floats(0, 1e7), "correct": st.none() | st.booleans()},
        ),
    ),
    max_size=5,
)


def test_a_session_id_names_its_workspace() -> None:
    session_id = new_session_id("ws_0123456789abcdef")
    assert workspace_of(session_id) == "ws_0123456789abcdef"
    assert session_id != new_session_id("ws_0123456789abcdef")


@pytest.mark.parametrize("text", ["", "sess_", "sess_" + "a" * 47, "sess_" + "a" * 49, "sess_" + "A" * 48, "x" * 53])
def test_other_texts_are_no_session_ids(text: str) -> None:
    assert workspace_of(text) is None


def test_states() -> None:
    may = {
        (before.value, after.value) for before in SessionStatus for after in SessionStatus if before.may_become(after)
    }
    stays = {(status.value, status.value) for status in SessionStatus}
    assert may - stays == {
        ("created", "in_progress"),
        ("created", "completed"),
        ("created", "abandoned"),
        ("in_progress", "completed"),
        ("in_progress", "abandoned"),
    }
    assert stays <= may


@given(trials, st.dictionaries(st.text(max_size=5), json_values, max_size=3), st.randoms(use_true_random=False))
def test_a_fingerprint_is_of_the_content_not_of_its_writing(
    trials: list[dict[str, Any]], summaries: dict[str, Any], chance: random.Random
) -> None:
    def shuffled(value: Any) -> Any:
        if isinstance(value, dict):
            members = list(value.items())
            chance.shuffle(members)
            return {name: shuffled(member) for name, member in members}
        return [shuffled(member) for member in value] if isinstance(value, list) else value

    document = {"task_summaries": summaries, "trials": trials}
    found = parse_submission(document)
    assert parse_submission(shuffled(document)).fingerprint == found.fingerprint
    assert [json.loads(line) for line in found.lines] == trials
    assert parse_submission({**document, "trials": [*trials, {"task": "a"}]}).fingerprint != found.fingerprint
    assert parse_submission({**document, "task_summaries": {**summaries, "more": 1}}).fingerprint != found.fingerprint


def test_summaries_may_be_left_out() -> None:
    assert parse_submission({"trials": []}).task_summaries == {}


@given(st.dictionaries(st.sampled_from(["task_summaries", "trials"]), json_values))
def test_any_document_is_read_or_refused(document: dict[str, Any]) -> None:
    try:
        parse_submission(document)
    except ValidationFailed as refused:
        named = refused.details
    else:
        return
    assert named


def test_a_trial_may_be_as_large_as_the_limit() -> None:
    frame = len(json.dumps({"task": "x", "response": ""}, separators=(",", ":")))
    fits = {"task": "x", "response": "y" * (MAX_TRIAL_CHARACTERS - frame)}
    assert len(parse_submission({"trials": [fits]}).lines[0]) == MAX_TRIAL_CHARACTERS
    with pytest.raises(ValidationFailed):
        parse_submission({"trials": [{**fits, "more": 1}]})
