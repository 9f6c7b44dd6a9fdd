"""Survey: shares of options, means of scales, scores of questionnaires, words, and where people stopped."""

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any, Final

from trimetric.domain.study_types.design import Design, Question
from trimetric.domain.study_types.members import is_blank
from trimetric.domain.study_types.survey import BATTERIES, questions_of, scale_of
from trimetric.metrics.state import Contribution, Person, State, Tally
from trimetric.metrics.statistics import (
    cronbach_alpha,
    distribution,
    mean_block,
    mean_of_counts,
    median,
    net_promoter_interval,
    proportion,
)
from trimetric.metrics.words import tally_words, word_table, words_of

#: Lowest mean score of each grade (Sauro and Lewis); below the last it is F.
GRADES: Final = (
    ("A+", "84.1"),
    ("A", "80.8"),
    ("A-", "78.9"),
    ("B+", "77.2"),
    ("B", "74.1"),
    ("B-", "72.6"),
    ("C+", "71.1"),
    ("C", "65.0"),
    ("C-", "62.7"),
    ("D", "51.7"),
)
#: Items of the System Usability Scale that measure how easily it is learned, counted from 0.
LEARNABILITY_ITEMS: Final = (3, 9)

_BOOLEANS: Final = (("true", "yes"), ("false", "no"))
_Block = dict[str, Any]


# What a person adds


def contribution(design: Design, person: Person) -> Contribution:
    """People in progress count where they stopped; the rest is of analysed people."""
    tally = Tally()
    values = _answered(design, person)
    if person.excluded:
        return tally.contribution()
    if not person.completed:
        stopped = [question.id for question in design.questions if question.id in values]
        if stopped:
            tally.count("stopped", stopped[-1])
        return tally.contribution()
    tally.count("shown")
    questions = questions_of(design)
    for question_id, value in values.items():
        tally.count("answered", question_id)
        _TALLIES[questions[question_id].kind](tally, question_id, value)
    return tally.contribution()


def _answered(design: Design, person: Person) -> dict[str, Any]:
    """Values by question; blank texts are no answers."""
    known = questions_of(design)
    return {
        answer["question_id"]: answer["value"]
        for result in person.results[:1]
        for answer in result["answers"]
        if answer["question_id"] in known and not _is_empty(answer["value"])
    }


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, str) and is_blank(value))


def _tally_value(tally: Tally, question_id: str, value: Any) -> None:
    tally.count("value", question_id, value)


def _tally_boolean(tally: Tally, question_id: str, value: Any) -> None:
    tally.count("value", question_id, "true" if value else "false")


def _tally_choices(tally: Tally, question_id: str, value: Any) -> None:
    for option_id in value:
        tally.count("value", question_id, option_id)


def _tally_ranking(tally: Tally, question_id: str, value: Any) -> None:
    for rank, option_id in enumerate(value, start=1):
        tally.count("ranked", question_id, option_id)
        tally.count("ranks", question_id, option_id, by=rank)
    tally.count("first", question_id, value[0])


def _tally_sus(tally: Tally, question_id: str, value: Any) -> None:
    """Odd items are praise, even ones are not: each adds 0 to 4 points, 2.5 of a score of 100."""
    points = [answer - 1 if place % 2 == 0 else 5 - answer for place, answer in enumerate(value)]
    for place, point in enumerate(points):
        tally.measure("item", question_id, place, value=point)
    tally.count("value", question_id, sum(points))


def _tally_sum(tally: Tally, question_id: str, value: Any) -> None:
    tally.measure("score", question_id, value=sum(value))


def _tally_text(tally: Tally, question_id: str, value: Any) -> None:
    tally_words(tally, "words", question_id, words=words_of(value))


_TALLIES: Final[Mapping[str, Callable[[Tally, str, Any], None]]] = {
    "single_choice": _tally_value,
    "multiple_choice": _tally_choices,
    "boolean": _tally_boolean,
    "rating": _tally_value,
    "nps": _tally_value,
    "csat": _tally_value,
    "ces": _tally_value,
    "seq": _tally_value,
    "sus": _tally_sus,
    "umux_lite": _tally_sum,
    "nasa_tlx": _tally_sum,
    "ranking": _tally_ranking,
    "text": _tally_text,
}


# What all of them give


def summarise(design: Design, state: State) -> _Block:
    shown = state.get("shown")
    return {
        "questions": [_question(question, state, shown) for question in design.questions],
        "dropoff": [
            {"question_id": question.id, "count": state.get("stopped", question.id)} for question in design.questions
        ],
    }


def _question(question: Question, state: State, shown: int) -> _Block:
    answered = state.get("answered", question.id)
    return {
        "question_id": question.id,
        "kind": question.kind,
        "shown": shown,
        "answered": answered,
        "skipped": shown - answered,
        **_SUMMARIES[question.kind](question, state, answered),
    }


def _values(question: Question, state: State) -> dict[Any, int]:
    return {rest[0]: count for rest, count in state.under("value", question.id).items()}


def option_proportions(options: Iterable[tuple[str, str]], counts: Mapping[str, int], n: int) -> list[_Block]:
    """For each (id, label); `n` are the people who answered, who may have chosen several."""
    return [{"id": key, "label": label, **proportion(counts.get(key, 0), n)} for key, label in options]


def _choice(question: Question, state: State, answered: int) -> _Block:
    options = ((option.id, option.label) for option in question.options)
    return {"options": option_proportions(options, _values(question, state), answered)}


def _boolean(question: Question, state: State, answered: int) -> _Block:
    return {"options": option_proportions(_BOOLEANS, _values(question, state), answered)}


def _distribution(question: Question, counts: Mapping[int, int], answered: int) -> list[_Block]:
    low, high = scale_of(question)
    return distribution(((value, str(value)) for value in range(low, high + 1)), counts, answered)


def _mean(question: Question, counts: Mapping[int, int]) -> _Block:
    low, high = scale_of(question)
    return mean_of_counts(counts, low=low, high=high)


def _between(counts: Mapping[int, int], low: int, high: int) -> int:
    return sum(count for value, count in counts.items() if low <= value <= high)


def _rating(question: Question, state: State, answered: int) -> _Block:
    counts = _values(question, state)
    low, high = scale_of(question)
    return {
        "distribution": _distribution(question, counts, answered),
        "mean": _mean(question, counts),
        "median": median(counts),
        "top2": proportion(_between(counts, high - 1, high), answered),
        "bottom2": proportion(_between(counts, low, low + 1), answered),
    }


def _nps(question: Question, state: State, answered: int) -> _Block:
    counts = _values(question, state)
    promoters, detractors = _between(counts, 9, 10), _between(counts, 0, 6)
    return {
        "promoters": promoters,
        "passives": answered - promoters - detractors,
        "detractors": detractors,
        "nps": 100 * (promoters - detractors) / answered if answered else None,
        "ci95": net_promoter_interval(promoters, detractors, answered) if answered else None,
        "distribution": _distribution(question, counts, answered),
    }


def _csat(question: Question, state: State, answered: int) -> _Block:
    counts = _values(question, state)
    return {"csat": proportion(_between(counts, 4, 5), answered), "mean": _mean(question, counts)}


def _seven_points(question: Question, state: State, answered: int) -> _Block:
    counts = _values(question, state)
    return {"mean": _mean(question, counts), "distribution": _distribution(question, counts, answered)}


def _sus(question: Question, state: State, answered: int) -> _Block:
    scores = {points * 5: count for points, count in _values(question, state).items()}
    total = sum(value * count for value, count in scores.items())
    squares = sum(value * value * count for value, count in scores.items())
    items = [state.moments("item", question.id, place)[1:] for place in range(BATTERIES["sus"][0])]
    easy = [items[place][0] for place in LEARNABILITY_ITEMS]
    rest = sum(points for points, _ in items) - sum(easy)
    return {
        "score": mean_block(answered, total, squares, scale=2, low=0, high=100),
        "median": median(scores, scale=2),
        "grade": _grade(Fraction(total, 2 * answered)) if answered else None,
        "usability": rest * 3.125 / answered if answered else None,
        "learnability": sum(easy) * 12.5 / answered if answered else None,
        # In half points, as the scores; alpha wants items and their sum in the same unit.
        "cronbach_alpha": cronbach_alpha([(5 * one, 25 * two) for one, two in items], (total, squares), answered),
    }


def _grade(score: Fraction) -> str:
    return next((grade for grade, least in GRADES if score >= Fraction(least)), "F")


def _umux_lite(question: Question, state: State, answered: int) -> _Block:
    """Two items of 1 to 7 make 0 to 12 points, that is 0 to 100."""
    n, total, squares = state.moments("score", question.id)
    points, point_squares = total - 2 * n, squares - 4 * total + 4 * n
    score = mean_block(n, 25 * points, 625 * point_squares, scale=3, low=0, high=100)
    # As a fraction, so that the estimate of a round score is round.
    estimate = Fraction(65, 100) * Fraction(25 * points, 3 * n) + Fraction(229, 10) if n else None
    return {"score": score, "sus_estimate": None if estimate is None else float(estimate)}


def _nasa_tlx(question: Question, state: State, answered: int) -> _Block:
    items, low, high = BATTERIES[question.kind]
    return {"score": mean_block(*state.moments("score", question.id), scale=items, low=low, high=high)}


def _ranking(question: Question, state: State, answered: int) -> _Block:
    return {"options": [_ranked(question, option.id, state, answered) for option in question.options]}


def _ranked(question: Question, option_id: str, state: State, answered: int) -> _Block:
    ranked, ranks = state.get("ranked", question.id, option_id), state.get("ranks", question.id, option_id)
    return {
        "id": option_id,
        "mean_rank": ranks / ranked if ranked else None,
        "first_share": proportion(state.get("first", question.id, option_id), answered),
        "borda": ranked * len(question.options) - ranks,
    }


def _text(question: Question, state: State, answered: int) -> _Block:
    return {"empty": state.get("shown") - answered, "words": word_table(state, "words", question.id)}


_SUMMARIES: Final[Mapping[str, Callable[[Question, State, int], _Block]]] = {
    "single_choice": _choice,
    "multiple_choice": _choice,
    "boolean": _boolean,
    "rating": _rating,
    "nps": _nps,
    "csat": _csat,
    "ces": _seven_points,
    "seq": _seven_points,
    "sus": _sus,
    "umux_lite": _umux_lite,
    "nasa_tlx": _nasa_tlx,
    "ranking": _ranking,
    "text": _text,
}
