"""One translation from pydantic's errors: paths, plain messages, nothing of the input."""

from typing import Annotated, Any, NotRequired

import pytest
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, field_validator, with_config
from typing_extensions import TypedDict

from trimetric.domain.validation import ID_PATTERN, MAX_DETAILS, Problems, parse
from trimetric.errors import FieldError, ValidationFailed

STRICT = ConfigDict(strict=True, extra="forbid")


@with_config(STRICT)
class Node(TypedDict):
    id: Annotated[str, StringConstraints(pattern=ID_PATTERN)]
    children: NotRequired[list["Node"]]
    size: NotRequired[Annotated[int, Field(ge=0, le=9)]]
    names: NotRequired[dict[Annotated[str, StringConstraints(min_length=1)], str]]
    odd: NotRequired[Annotated[str, StringConstraints(pattern="^odd$")]]


class Model(BaseModel):
    model_config = STRICT
    name: str

    @field_validator("name")
    @classmethod
    def _known(cls, name: str) -> str:
        if name != "known":
            raise ValueError("must be known")
        return name


NODE = TypeAdapter(Node)


def problems(shape: Any, raw: object) -> list[FieldError]:
    with pytest.raises(ValidationFailed) as refusal:
        parse(shape, raw, field="study.tree")
    return list(refusal.value.details)


@pytest.mark.parametrize(
    ("raw", "field", "message"),
    [
        pytest.param([], "study.tree", "must be an object", id="the whole is of another kind"),
        pytest.param({}, "study.tree.id", "is required", id="a member is missing"),
        pytest.param({"id": "a", "x": 1}, "study.tree.x", "is not a known member", id="an unknown member"),
        pytest.param({"id": "a", 5: 1}, "study.tree[5]", "must be a string", id="a name that is no string"),
        pytest.param(
            {"id": "a", "children": [{"id": "b"}, {"id": "c", "size": 10}]},
            "study.tree.children[1].size",
            "must be at most 9",
            id="deep inside",
        ),
        pytest.param({"id": "a", "size": True}, "study.tree.size", "must be an integer", id="a boolean as a number"),
        pytest.param(
            {"id": "ä"},
            "study.tree.id",
            "must be 1 to 64 characters A-Z, a-z, 0-9, _ or -",
            id="a pattern has words of its own",
        ),
        pytest.param({"id": "a", "odd": "x"}, "study.tree.odd", "has the wrong form", id="a pattern without words"),
        pytest.param({"id": "a", "names": {"": "x"}}, "study.tree.names.", "must not be empty", id="a key of a map"),
        pytest.param(
            {"id": "a", "\x1b[31m" + "x" * 100: 1},
            "study.tree.�[31m" + "x" * 59 + "…",
            "is not a known member",
            id="a long name with controls",
        ),
    ],
)
def test_path_and_message(raw: object, field: str, message: str) -> None:
    assert problems(NODE, raw) == [FieldError(field, message)]


def test_a_name_that_is_half_a_surrogate_pair_is_refused_in_valid_utf_8() -> None:
    for problem in problems(NODE, {"id": "a", "\ud800": 1}):
        problem.field.encode()


def test_nesting_without_end_is_refused_with_a_short_path() -> None:
    raw: dict[str, Any] = {"id": "a"}
    for _ in range(500):
        raw = {"id": "a", "children": [raw]}
    (problem,) = problems(NODE, raw)
    assert problem.message == "nests too deep"
    assert len(problem.field) <= 300


def test_models_are_shapes_too_and_validators_speak_for_themselves() -> None:
    assert parse(Model, {"name": "known"}, field="body").name == "known"
    assert problems(Model, {"name": "other"}) == [FieldError("study.tree.name", "must be known")]


def test_an_empty_field_gives_paths_without_a_dot_in_front() -> None:
    with pytest.raises(ValidationFailed) as refusal:
        parse(NODE, {}, field="")
    assert refusal.value.details[0].field == "id"


def test_a_list_of_thousands_is_reported_by_its_first_members() -> None:
    assert len(problems(TypeAdapter(list[int]), ["x"] * 5000)) == MAX_DETAILS


def test_problems_are_refused_together_or_not_at_all() -> None:
    found = Problems()
    found.refuse()
    for number in range(MAX_DETAILS + 1):
        found.add(f"a[{number}]", "is wrong")
    with pytest.raises(ValidationFailed) as refusal:
        found.refuse()
    assert refusal.value.details[0] == FieldError("a[0]", "is wrong")
    assert len(refusal.value.details) == MAX_DETAILS
