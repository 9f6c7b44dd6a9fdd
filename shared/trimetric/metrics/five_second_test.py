"""Five-second test: how long the picture was seen, and what people remember of it."""

from collections.abc import Mapping
from typing import Any, Final

from trimetric.domain.study_types.design import Design
from trimetric.domain.study_types.five_second_test import questions_of
from trimetric.domain.study_types.members import is_blank
from trimetric.metrics.state import Contribution, Person, State, Tally
from trimetric.metrics.statistics import mean_block, proportion
from trimetric.metrics.survey import option_proportions
from trimetric.metrics.words import bigrams_of, contains_any, tally_words, word_table, words_of

#: A measured exposure further from the one asked for is off.
TOLERANCE_MS: Final = 500


def contribution(design: Design, person: Person) -> Contribution:
    tally = Tally()
    if not person.analysed:
        return tally.contribution()
    tally.count("shown")
    for result in person.results[:1]:
        _tally_exposure(tally, design, result["exposure_ms"])
        for answer in result["answers"]:
            question = questions_of(design).get(answer["question_id"])
            if question is not None and not is_blank(answer["value"]):
                _tally_answer(tally, question, answer["value"])
    return tally.contribution()


def _tally_exposure(tally: Tally, design: Design, exposure_ms: int) -> None:
    tally.measure("exposure", value=exposure_ms)
    if abs(exposure_ms - design.settings["exposure_ms"]) > TOLERANCE_MS:
        tally.count("exposure_off")


def _tally_answer(tally: Tally, question: Mapping[str, Any], value: str) -> None:
    tally.count("answered", question["id"])
    if question["kind"] == "single_choice":
        tally.count("value", question["id"], value)
        return
    words = words_of(value)
    tally_words(tally, "words", question["id"], words=words)
    tally_words(tally, "bigrams", question["id"], words=bigrams_of(words))
    if contains_any(value, question["keywords"]):
        tally.count("recalled", question["id"])


def summarise(design: Design, state: State) -> dict[str, Any]:
    return {
        "exposure_ms": mean_block(*state.moments("exposure"), low=0),
        "exposure_off": state.get("exposure_off"),
        "questions": [_question(question, state) for question in design.settings["questions"]],
    }


def _question(question: Mapping[str, Any], state: State) -> dict[str, Any]:
    shown, answered = state.get("shown"), state.get("answered", question["id"])
    block = {
        "question_id": question["id"],
        "kind": question["kind"],
        "shown": shown,
        "answered": answered,
        "skipped": shown - answered,
    }
    if question["kind"] == "single_choice":
        counts = {rest[0]: count for rest, count in state.under("value", question["id"]).items()}
        options = ((option["id"], option["label"]) for option in question["options"])
        return {**block, "options": option_proportions(options, counts, answered)}
    return {
        **block,
        "empty": shown - answered,
        "words": word_table(state, "words", question["id"]),
        "bigrams": word_table(state, "bigrams", question["id"], called="bigram"),
        # Without keywords nobody can be said to have recalled anything, or nothing.
        "recall": proportion(state.get("recalled", question["id"]), shown if question["keywords"] else 0),
    }
