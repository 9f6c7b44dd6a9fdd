"""All nine types offer the same functions, and none is imported before it is needed."""

import subprocess
import sys

import pytest

from trimetric.domain.study_types import (
    STUDY_TYPES,
    StudyType,
    card_sort,
    first_click_test,
    five_second_test,
    interview,
    live_website_test,
    preference_test,
    prototype_test,
    study_type,
    survey,
    tree_test,
)

#: The type checker compares each module with the protocol.
MODULES: list[StudyType] = [
    card_sort,
    tree_test,
    survey,
    first_click_test,
    five_second_test,
    preference_test,
    prototype_test,
    live_website_test,
    interview,
]


def test_the_nine_types_in_the_order_of_the_documentation() -> None:
    assert [study_type(name) for name in STUDY_TYPES] == MODULES


@pytest.mark.parametrize("name", ["", "cardsort", "design", "..errors", "__init__"])
def test_no_other_name_is_a_type(name: str) -> None:
    with pytest.raises(KeyError):
        study_type(name)


def test_the_registry_alone_imports_no_type_and_no_pydantic() -> None:
    program = (
        "import sys, trimetric.domain.study_types as types\n"
        "assert 'pydantic' not in sys.modules\n"
        "types.study_type('survey')\n"
        "loaded = [name for name in types.STUDY_TYPES if f'{types.__name__}.{name}' in sys.modules]\n"
        "assert loaded == ['survey'], loaded\n"
    )
    environment = {"PYTHONPATH": ":".join(filter(None, sys.path))}
    finished = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=False)
    assert finished.returncode == 0, finished.stderr.decode()
