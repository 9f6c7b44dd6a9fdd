"""Preference test: who chose which design, and whether that is more than chance."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

from trimetric.domain.study_types.design import Design
from trimetric.domain.study_types.preference_test import labels_of
from trimetric.metrics.state import Contribution, Person, State, Tally
from trimetric.metrics.statistics import binomial_two_sided, chi_square_tail, proportion

#: A winner is better than chance and than the second with p below this.
SIGNIFICANT: Final = 0.05
#: People an option needs on average for the chi-square test.
ENOUGH: Final = 5


def contribution(design: Design, person: Person) -> Contribution:
    tally = Tally()
    for result in person.results[:1] if person.analysed else ():
        chosen, order = result["option_id"], result["order"]
        if chosen is None:
            tally.count("none")
        else:
            tally.count("chosen", chosen)
            tally.time("chosen", chosen, milliseconds=result["duration_ms"])
        if order:
            tally.count("first", order[0])
            if order[0] == chosen:
                tally.count("first_chosen", chosen)
    return tally.contribution()


def summarise(design: Design, state: State) -> dict[str, Any]:
    """`n` everywhere counts people who chose an option; `test` has the leader's count as its statistic if exact."""
    labels = labels_of(design)
    counts = {option_id: state.get("chosen", option_id) for option_id in labels}
    n = sum(counts.values())
    test, runner_up_p_value = _test(counts, n), _runner_up_p_value(counts)
    leaders = _leaders(counts)
    certain = all(p is not None and p < SIGNIFICANT for p in (test["p_value"], runner_up_p_value))
    return {
        "options": [
            {
                "option_id": option_id,
                "label": label,
                **proportion(counts[option_id], n),
                "duration_ms": state.time("chosen", option_id).summary(),
                "first_shown_share": proportion(state.get("first_chosen", option_id), state.get("first", option_id)),
            }
            for option_id, label in labels.items()
        ],
        "none": state.get("none"),
        "test": test,
        "runner_up_p_value": runner_up_p_value,
        "winner": leaders[0] if certain and len(leaders) == 1 else None,
        "tied": leaders if len(leaders) > 1 else [],
    }


def _leaders(counts: Mapping[str, int]) -> list[str]:
    most = max(counts.values(), default=0)
    return [option_id for option_id, count in counts.items() if count == most > 0]


def _test(counts: Mapping[str, int], n: int) -> dict[str, Any]:
    """Chi-square against equal shares where people suffice, else the leader against its share by chance."""
    options = len(counts)
    enough = n >= ENOUGH * options
    if options > 2 and enough:
        squares = sum(count * count for count in counts.values())
        statistic = Fraction(options * squares, n) - n
        p_value = chi_square_tail(statistic, options - 1)
        return _outcome("chi_square", float(statistic), options - 1, p_value, valid=True)
    valid = enough or options == 2
    if not n or options < 2:
        return _outcome("exact_binomial", None, None, None, valid=valid)
    leader = max(counts.values())
    return _outcome("exact_binomial", leader, None, binomial_two_sided(leader, n, one_in=options), valid=valid)


def _outcome(
    kind: str, statistic: float | None, df: int | None, p_value: float | None, *, valid: bool
) -> dict[str, Any]:
    return {"kind": kind, "statistic": statistic, "df": df, "p_value": p_value, "valid": valid}


def _runner_up_p_value(counts: Mapping[str, int]) -> float | None:
    """The first against the second, among those who chose either; None where nobody chose."""
    first, second, *_ = (*sorted(counts.values(), reverse=True), 0, 0)
    return binomial_two_sided(first, first + second) if first else None
