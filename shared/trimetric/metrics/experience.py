"""Metrics of a Micrometrics survey: responses in, figures out, for all, for each day and for each device.

Its questions are counted as those of a survey study are. What a response adds is counted twice: for everybody, and,
but for the words of texts, for the device that it came from. A day's state holds both.

A hundred texts of a response may hold a hundred thousand words, which no day's state has room for. So words of texts
beyond the first `MOST_TEXT` characters are not counted, in the order in which they were answered.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from trimetric.domain.experience.answers import is_blank, misfits
from trimetric.domain.experience.responses import Response
from trimetric.domain.experience.surveys import Question
from trimetric.domain.study_types import design
from trimetric.metrics import survey
from trimetric.metrics.state import Contribution, Person, State
from trimetric.metrics.statistics import rate

#: Of the way responses are counted. Another one makes all states anew.
VERSION: Final = 2

#: Characters of a response's texts whose words are counted; a text counts with all of them or with none. Two texts of
#: the largest size are always among them.
MOST_TEXT: Final = 10_000

#: What the study type calls each type of question.
KINDS: Final[Mapping[str, str]] = {
    "nps": "nps",
    "rating": "rating",
    "choice": "single_choice",
    "multi_choice": "multiple_choice",
    "text": "text",
    "boolean": "boolean",
}

#: Questions that the rows of days, and those of devices, tell of: more would not fit into an answer.
MOST_BRIEFS: Final = 20_000

_WORDS: Final = '["words",'
#: Before the device's id; ids have no sign that JSON escapes.
_DEVICE: Final = '["device","'

_Block = dict[str, Any]


@dataclass(frozen=True)
class Counting:
    """What responses add to one survey's metrics, and what the sum of that shows."""

    questions: tuple[Question, ...]

    @cached_property
    def design(self) -> design.Design:
        return design.Design(settings={}, questions=tuple(map(_study_question, self.questions)))

    @cached_property
    def _asked(self) -> Mapping[str, Question]:
        return {question.id: question for question in self.questions}

    @cached_property
    def fingerprint(self) -> str:
        """Of all that decides what a response adds; wordings do not."""
        counted = [
            [each.id, each.type, [option.id for option in each.options], each.min, each.max] for each in self.questions
        ]
        return f"{VERSION}.{hashlib.sha256(json.dumps(counted).encode()).hexdigest()}"

    def contribution(self, response: Response) -> Contribution:
        """Answers that do not fit the questions as they are by now are not counted."""
        fitting = [answer for answer in response.answers if self._fits(answer)]
        person = Person(
            id=response.id,
            completed=True,
            excluded=False,
            started_at=response.submitted_at,
            completed_at=response.submitted_at,
            results=({"answers": list(self._read(fitting))},),
        )
        own = survey.contribution(self.design, person).counters
        prefix = f'{_DEVICE}{response.device_id or ""}",'
        of_device = {prefix + key[1:]: number for key, number in own.items() if not key.startswith(_WORDS)}
        return Contribution({**own, **of_device})

    def _read(self, answers: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """Texts that are not looked into are dots, which are an answer without words."""
        room = MOST_TEXT
        for answer in answers:
            if self._asked[answer["question_id"]].type == "text" and not is_blank(answer["value"]):
                room -= len(answer["value"])
                yield answer if room >= 0 else {**answer, "value": "…"}
            else:
                yield answer

    def _fits(self, answer: Mapping[str, Any]) -> bool:
        question = self._asked.get(answer["question_id"])
        return question is not None and not misfits(question, answer["value"])

    def summary(self, days: Mapping[str, State]) -> _Block:
        """The answer's figures; `days` by date, in their order."""
        everybody, devices = _of_all(days.values())
        return {
            "totals": {
                "responses": everybody.get("shown"),
                "devices": len(devices.keys() - {""}),
                "without_device": devices[""].get("shown") if "" in devices else 0,
            },
            "questions": [self._question(block) for block in survey.summarise(self.design, everybody)["questions"]],
            "days": self._rows((("date", day), state) for day, state in days.items() if state.counters),
            "devices": self._rows(
                (("device_id", device_id or None), state)
                for device_id, state in sorted(devices.items(), key=lambda each: (-each[1].get("shown"), each[0]))
            ),
        }

    def _question(self, block: _Block) -> _Block:
        question = self._asked[block["question_id"]]
        return {"question_id": question.id, "type": question.type, **{k: v for k, v in block.items() if k != "kind"}}

    def _rows(self, states: Iterable[tuple[tuple[str, str | None], State]]) -> list[_Block]:
        """One for each (name, value) with its state; beyond MOST_BRIEFS figures, rows say only how many responses."""
        told = MOST_BRIEFS // max(1, len(self.questions))
        rows = []
        for place, ((key, value), state) in enumerate(states):
            briefs = self._briefs(state) if place < told else None
            rows.append({key: value, "responses": state.get("shown"), "questions": briefs})
        return rows

    def _briefs(self, state: State) -> list[_Block]:
        counts: dict[str, dict[Any, int]] = {}
        for (question_id, value), number in state.under("value").items():
            counts.setdefault(question_id, {})[value] = number
        return [self._brief(question, state, counts.get(question.id, {})) for question in self.questions]

    def _brief(self, question: Question, state: State, counts: Mapping[Any, int]) -> _Block:
        answered = state.get("answered", question.id)
        return {"question_id": question.id, "answered": answered, **_brief_figures(question, counts, answered)}


def _study_question(question: Question) -> design.Question:
    rated = question.type == "rating"
    return design.Question(
        id=question.id,
        kind=KINDS[question.type],
        prompt=question.text,
        required=question.required,
        options=tuple(design.Option(option.id, option.label) for option in question.options),
        min=question.scale[0] if rated else None,
        max=question.scale[1] if rated else None,
    )


def _brief_figures(question: Question, counts: Mapping[Any, int], answered: int) -> _Block:
    """Without intervals: what a chart over days or a table of devices shows."""
    match question.type:
        case "rating":
            return {"mean": rate(sum(value * count for value, count in counts.items()), answered)}
        case "nps":
            promoters = counts.get(9, 0) + counts.get(10, 0)
            detractors = sum(count for value, count in counts.items() if value <= 6)
            return {
                "promoters": promoters,
                "passives": answered - promoters - detractors,
                "detractors": detractors,
                "nps": 100 * (promoters - detractors) / answered if answered else None,
            }
        case "text":
            return {}
    option_ids = ("true", "false") if question.type == "boolean" else (option.id for option in question.options)
    return {"options": [{"id": each, "count": counts[each]} for each in option_ids if each in counts]}


def _of_all(states: Iterable[State]) -> tuple[State, dict[str, State]]:
    """The sum of days, everybody's apart from each device's; the device "" stands for responses without one."""
    together = State()
    for state in states:
        together.merge(state)
    everybody, devices = State(), dict[str, State]()
    for key, number in together.counters.items():
        if key.startswith(_DEVICE):
            device_id, _, rest = key[len(_DEVICE) :].partition('",')
            devices.setdefault(device_id, State()).counters["[" + rest] = number
        else:
            everybody.counters[key] = number
    return everybody, devices
