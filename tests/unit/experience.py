"""Samples of the Micrometrics dialect: a survey that asks everything, and responses to it."""

import random
from typing import Any, Final

from trimetric.domain import ids
from trimetric.domain.experience.responses import Response
from trimetric.domain.experience.surveys import Option, Question, Status, Survey

WORKSPACE: Final = "ws_0123456789abcdef"
CREATED: Final = "2026-01-30T00:00:00.000Z"

COLOURS: Final = (Option("red", "Red"), Option("blue", "Blue"), Option("green", "Green"))
QUESTIONS: Final = (
    Question(id="nps", type="nps", text="How likely?", required=True),
    Question(id="stars", type="rating", text="Stars?", min=1, max=5),
    Question(id="colour", type="choice", text="Which?", options=COLOURS),
    Question(id="colours", type="multi_choice", text="Which ones?", options=COLOURS),
    Question(id="why", type="text", text="Why?"),
    Question(id="again", type="boolean", text="Again?"),
)
DEVICES: Final = ("AAAAAAAAAAAAAAAAAAAAAA", "Tgc9VyKJ-8a9-89uV7wwVc", "BBBBBBBBBBBBBBBBBBBBBB", None)
TEXTS: Final = ("It was fine, really fine", "the queue was long", " ", "Très bien", "it wasn't")


def survey_of(survey_id: int, questions: tuple[Question, ...] = QUESTIONS) -> Survey:
    return Survey(survey_id, "Lobby", Status.ACTIVE, questions, CREATED, CREATED)


def answers(rng: random.Random) -> list[dict[str, Any]]:
    """What somebody might say; most leave something open."""
    colours = [option.id for option in COLOURS]
    values = {
        "nps": rng.randint(0, 10),
        "stars": rng.randint(1, 5),
        "colour": rng.choice(colours),
        "colours": rng.sample(colours, rng.randint(1, 3)),
        "why": rng.choice(TEXTS),
        "again": rng.random() < 0.5,
    }
    given = [name for name in values if name == "nps" or rng.random() < 0.7]
    return [{"question_id": name, "value": values[name]} for name in given]


def response_of(survey_id: int, millis: int, rng: random.Random) -> Response:
    return Response(
        id=ids.new(ids.RESPONSE, millis=millis),
        survey_id=survey_id,
        device_id=rng.choice(DEVICES),
        answers=tuple(answers(rng)),
        language=None,
        external_id=None,
        submitted_at=CREATED,
        created_at=CREATED,
    )
