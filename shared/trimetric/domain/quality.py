"""What looks odd about people's results. Flags say so and exclude nobody: that stays a researcher's decision.

Some follow from a person's own results and stand as soon as the person completes (`flags_of`):

| flag               | when                                                                                    |
| ------------------ | --------------------------------------------------------------------------------------- |
| `all_skipped`      | every task was skipped or given up                                                      |
| `single_pile`      | at least three cards, all in one pile, or each in a pile of its own                     |
| `straight_line`    | five or more items of one questionnaire, or scale questions of one kind, all the same   |
| `empty_open_text`  | there were open questions, and each was left blank                                      |
| `few_interactions` | fewer than half of the tasks, questions or cards were dealt with, but not `all_skipped` |
| `idle`             | more than five minutes between start and completion were spent on no answer             |

Others compare the analysed people of a study with each other, so they change when somebody comes or goes (`among`):

| flag        | when                                                                                            |
| ----------- | ----------------------------------------------------------------------------------------------- |
| `speeder`   | took less than a third of the median; ten people or more                                        |
| `idle`      | a task took longer than exp(q3 + 3 IQR) of the logarithms of its times; ten people or more      |
| `duplicate` | device, locale and results are those of somebody before, to the millisecond of each answer time |
"""

import hashlib
import json
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Final

from trimetric.domain.study_types.design import Design

Payload = Mapping[str, Any]

#: Fewer equal answers prove nothing.
STRAIGHT_ITEMS: Final = 5
MIN_CARDS: Final = 3
#: Of fewer people nobody stands out.
MIN_PEOPLE: Final = 10
MAX_PAUSE_MS: Final = 5 * 60 * 1000

_UNTIMED: Final = frozenset({"interview"})

_SCALES: Final = frozenset({"rating", "nps", "csat", "ces", "seq"})
_BATTERIES: Final = frozenset({"sus", "umux_lite", "nasa_tlx"})


def flags_of(
    study_type: str, design: Design, payloads: Sequence[Payload], *, duration_ms: int | None = None
) -> tuple[str, ...]:
    """The flags that a person who has completed a study carries whatever others do, in a fixed order.

    None without results. `duration_ms` lies between start and completion.
    """
    if not payloads:
        return ()
    checks = _CHECKS.get(study_type, {})
    found = [flag for flag, holds in checks.items() if holds(design, payloads)]
    if "all_skipped" not in found and _few(study_type, design, payloads):
        found.append("few_interactions")
    if study_type not in _UNTIMED and duration_ms is not None and _paused(payloads, duration_ms):
        found.append("idle")
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Traits:
    """In what one person is compared with the others.

    `times` has milliseconds by task ("" in studies without). `fingerprint` is None where no answer was timed: then
    equal results prove nothing.
    """

    duration_ms: int
    fingerprint: str | None = None
    times: Mapping[str, int] = field(default_factory=dict)


def traits_of(
    study_type: str, payloads: Sequence[Payload], *, duration_ms: int, device: str | None, locale: str | None
) -> Traits | None:
    """None for a type whose people cannot be compared: how long interviews take is not up to who is interviewed."""
    if study_type in _UNTIMED:
        return None
    times = {payload.get("task_id") or "": payload["duration_ms"] for payload in payloads if payload.get("duration_ms")}
    text = json.dumps([device, locale, *payloads], sort_keys=True, separators=(",", ":"))
    return Traits(duration_ms, hashlib.blake2b(text.encode(), digest_size=12).hexdigest() if times else None, times)


def among(people: Mapping[str, Traits]) -> dict[str, tuple[str, ...]]:
    """Id -> flags of those who stand out among all who are analysed, given in the order in which they came."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    if len(people) >= MIN_PEOPLE:
        middle = median(each.duration_ms for each in people.values())
        for identifier, each in people.items():
            if 3 * each.duration_ms < middle:
                found[identifier].add("speeder")
    for times in _by_task(people).values():
        for identifier in _beyond_the_fence(times):
            found[identifier].add("idle")
    seen: set[str] = set()
    for identifier, each in people.items():
        if each.fingerprint in seen:
            found[identifier].add("duplicate")
        if each.fingerprint is not None:
            seen.add(each.fingerprint)
    return {identifier: tuple(sorted(flags)) for identifier, flags in found.items()}


def _by_task(people: Mapping[str, Traits]) -> Mapping[str, Mapping[str, float]]:
    """Task -> id -> logarithm of the time."""
    tasks: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for identifier, each in people.items():
        for task, milliseconds in each.times.items():
            tasks[task][identifier] = math.log(milliseconds)
    return tasks


def _beyond_the_fence(logarithms: Mapping[str, float]) -> Iterable[str]:
    if len(logarithms) < MIN_PEOPLE:
        return []
    inside = sorted(logarithms.values())
    first, third = _quantile(inside, 1), _quantile(inside, 3)
    fence = third + 3 * (third - first)
    return [identifier for identifier, each in logarithms.items() if each > fence]


def _quantile(values: Sequence[float], quarters: int) -> float:
    """Type 7, of sorted values. Between two equal ones lies that value, to the last bit."""
    rank, rest = divmod((len(values) - 1) * quarters, 4)
    return values[rank] + (values[rank + 1] - values[rank]) * rest / 4 if rest else values[rank]


def _few(study_type: str, design: Design, payloads: Sequence[Payload]) -> bool:
    if study_type == "card_sort":
        asked = len(design.cards)
        done = sum(len(payload["placements"]) for payload in payloads)
    elif study_type == "survey":
        asked = len(design.questions)
        done = len(_answers(payloads))
    elif "all_skipped" in _CHECKS.get(study_type, {}):
        asked = len(design.settings.get("tasks", ()))
        done = sum(1 for payload in payloads if not (payload.get("skipped") or payload.get("gave_up")))
    else:
        return False
    return asked > 1 and 2 * done < asked


def _paused(payloads: Sequence[Payload], duration_ms: int) -> bool:
    answering = [payload.get("duration_ms") for payload in payloads]
    timed = [each for each in answering if each is not None]
    return len(timed) == len(answering) and duration_ms - sum(timed) > MAX_PAUSE_MS


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
