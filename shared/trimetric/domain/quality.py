"""What looks odd about one person's results. Flags say so and exclude nobody: that stays a researcher's decision.

Only what a person's own results show is flagged, so a flag never changes because of others:

| flag              | when                                                                                     |
| ----------------- | ---------------------------------------------------------------------------------------- |
| `all_skipped`     | every task was skipped or given up                                                       |
| `single_pile`     | at least three cards, all in one pile, or each in a pile of its own                      |
| `straight_line`   | five or more items of one questionnaire, or scale questions of one kind, all the same    |
| `empty_open_text` | there were open questions, and each was left blank                                       |
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from trimetric.domain.study_types.design import Design

Payload = Mapping[str, Any]

#: Fewer equal answers prove nothing.
STRAIGHT_ITEMS: Final = 5
MIN_CARDS: Final = 3

_SCALES: Final = frozenset({"rating", "nps", "csat", "ces", "seq"})
_BATTERIES: Final = frozenset({"sus", "umux_lite", "nasa_tlx"})


def flags_of(study_type: str, design: Design, payloads: Sequence[Payload]) -> tuple[str, ...]:
    """The flags of a person who has completed a study, in a fixed order; none without results."""
    if not payloads:
        return ()
    checks = _CHECKS.get(study_type, {})
    return tuple(flag for flag, holds in checks.items() if holds(design, payloads))


def _all_skipped(design: Design, payloads: Sequence[Payload]) -> bool:
    return all(payload.get("skipped") or payload.get("gave_up") for payload in payloads)


def _single_pile(design: Design, payloads: Sequence[Payload]) -> bool:
    placements = [placement for payload in payloads for placement in payload["placements"]]
    piles = Counter(placement.get("group_id") or placement.get("group") for placement in placements)
    return len(placements) >= MIN_CARDS and len(piles) in (1, len(placements))


def _straight_line(design: Design, payloads: Sequence[Payload]) -> bool:
    kinds = {question.id: question.kind for question in design.questions}
    items: defaultdict[str, list[Any]] = defaultdict(list)
    for answer in _answers(payloads):
        kind = kinds.get(answer["question_id"])
        if kind in _BATTERIES:
            items[answer["question_id"]] = answer["value"]
        elif kind in _SCALES:
            items[kind].append(answer["value"])
    return any(len(values) >= STRAIGHT_ITEMS and len(set(values)) == 1 for values in items.values())


def _blank_survey(design: Design, payloads: Sequence[Payload]) -> bool:
    return _all_blank((question.id for question in design.questions if question.kind == "text"), payloads)


def _blank_impressions(design: Design, payloads: Sequence[Payload]) -> bool:
    questions = design.settings["questions"]
    return _all_blank((question["id"] for question in questions if question["kind"] == "text"), payloads)


def _all_blank(question_ids: Iterable[str], payloads: Sequence[Payload]) -> bool:
    open_questions = set(question_ids)
    said = {answer["question_id"] for answer in _answers(payloads) if str(answer["value"]).strip()}
    return bool(open_questions) and not open_questions & said


def _answers(payloads: Sequence[Payload]) -> list[Mapping[str, Any]]:
    return [answer for payload in payloads for answer in payload["answers"]]


_CHECKS: Final[Mapping[str, Mapping[str, Callable[[Design, Sequence[Payload]], bool]]]] = {
    "card_sort": {"single_pile": _single_pile},
    "tree_test": {"all_skipped": _all_skipped},
    "first_click_test": {"all_skipped": _all_skipped},
    "prototype_test": {"all_skipped": _all_skipped},
    "live_website_test": {"all_skipped": _all_skipped},
    "survey": {"straight_line": _straight_line, "empty_open_text": _blank_survey},
    "five_second_test": {"empty_open_text": _blank_impressions},
}
