"""The smoke run: its samples are real studies, and its first surprise is its last step."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer
from typer.testing import CliRunner

from scripts.smoke import PEOPLE, SAMPLES, Smoke, Surprise, people, run
from tests.scripts.fake_api import FakeApi
from trimetric.domain import times
from trimetric.domain.study_types import study_type
from trimetric.domain.study_types.design import Card, Design, Question
from trimetric.domain.study_types.new_content import parse_labels, parse_questions


def design_of(type_name: str) -> Design:
    sample, kind = SAMPLES[type_name], study_type(type_name)
    labels = parse_labels(sample.content["cards"], field="cards") if "cards" in sample.content else []
    bodies = parse_questions(sample.content["questions"]) if "questions" in sample.content else []
    return Design(
        settings=kind.merge_settings(kind.default_settings(), sample.settings),
        cards=tuple(Card(f"crd_{place}", label) for place, label in enumerate(labels)),
        questions=tuple(Question(id=f"qst_{place}", **body) for place, body in enumerate(bodies)),
    )


@pytest.mark.parametrize("type_name", SAMPLES)
def test_each_sample_can_be_published_and_answered(type_name: str) -> None:
    kind, design = study_type(type_name), design_of(type_name)
    assert kind.missing_for_publish(design) == []
    shown = {"cards": design.public_cards(), "questions": design.public_questions()}
    everybody = people(shown, SAMPLES[type_name])
    assert len({person["external_id"] for person in everybody}) == PEOPLE
    for person in everybody:
        assert times.parse(person["started_at"]) < times.parse(person["completed_at"])
        assert len(kind.parse_results(design, person["results"])) == 1


def test_an_answer_that_says_something_else_is_a_surprise() -> None:
    fake = FakeApi()
    fake.before = lambda request: httpx.Response(201, json={"data": {"id": "x", "status": "published"}})
    said: list[str] = []
    smoke = Smoke(fake.client(), said.append)
    with pytest.raises(Surprise, match="The status of a new study should be 'draft' and is 'published'"):
        smoke.drive("card_sort")
    assert said == ["  1. created the folder x"]


@pytest.fixture
def smoke_line() -> Any:
    app = typer.Typer()
    app.command()(run)
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


@pytest.mark.parametrize("content", [None, "{", json.dumps({"base_url": "x"})], ids=["missing", "damaged", "half"])
def test_without_a_running_stack_it_says_how_to_start_one(smoke_line: Any, tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "stack.json"
    if content is not None:
        path.write_text(content)
    result = smoke_line("--stack-file", str(path))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"FAIL: {path} does not describe a running stack: start one with `make run`.\n"


def test_an_unknown_type_is_wrong_usage(smoke_line: Any) -> None:
    assert smoke_line("--type", "novel").exit_code == 2
