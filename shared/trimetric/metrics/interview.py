"""Metrics of interviews: how many took place, which tags their notes have, and whether new ones still turn up."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any, Final

from trimetric.domain import times
from trimetric.domain.study_types.design import Design
from trimetric.domain.study_types.interview import questions_of
from trimetric.domain.study_types.members import is_blank
from trimetric.metrics.state import Contribution, Person, State, Tally

STATUSES: Final = ("scheduled", "completed", "no_show", "cancelled")
SENTIMENTS: Final[Mapping[int, str]] = {-1: "negative", 0: "neutral", 1: "positive"}

#: Saturation compares the new tags of the last interviews with those of the first.
EARLY: Final = 4
LATE: Final = 2


def contribution(design: Design, person: Person) -> Contribution:
    """The status counts for everybody who is not excluded; the rest for interviews that took place."""
    tally = Tally()
    if not person.excluded:
        for payload in person.results:
            tally.count("status", payload["status"])
            if person.completed and payload["status"] == "completed":
                _count(tally, person, payload)
    return tally.contribution()


def _count(tally: Tally, person: Person, payload: Mapping[str, Any]) -> None:
    started, ended = payload["started_at"], payload["ended_at"]
    if started is not None and ended is not None:
        length = times.to_millis(times.parse(ended)) - times.to_millis(times.parse(started))
        tally.time("length", milliseconds=length)
    for answer in payload["answers"]:
        if not is_blank(answer["text"]):
            tally.count("answered", answer["question_id"])
    for note in payload["notes"]:
        tally.count("note", note["sentiment"], *sorted(note["tags"]))
    tags = {tag for note in payload["notes"] for tag in note["tags"]}
    completed_at = person.completed_at or ""
    tally.count("interview", ended or completed_at, completed_at, person.id, *sorted(tags))


def summarise(design: Design, state: State) -> dict[str, Any]:
    # Names of interviews begin with the instant of their end: they come in the order of completion.
    interviews = [rest[3:] for rest in sorted(state.under("interview"))]
    notes = [(rest[0], rest[1:], count) for rest, count in state.under("note").items()]
    new_tags = _new_tags(interviews)
    return {
        **{status: state.get("status", status) for status in STATUSES},
        "duration_ms": state.time("length").summary(),
        "tags": _tags(interviews, notes),
        "tag_pairs": _tag_pairs(notes),
        "guide_coverage": [
            {"question_id": question_id, "answered": state.get("answered", question_id)}
            for question_id in questions_of(design)
        ],
        "new_tags_per_interview": new_tags,
        "saturated": saturated(new_tags),
    }


Notes = Iterable[tuple[int | None, Sequence[str], int]]


def _tags(interviews: Iterable[Sequence[str]], notes: Notes) -> list[dict[str, Any]]:
    """In most interviews first, then by mentions, then by name."""
    participants = Counter(tag for tags in interviews for tag in tags)
    mentions: Counter[str] = Counter()
    sentiments: Counter[tuple[str, str | None]] = Counter()
    for sentiment, tags, count in notes:
        for tag in tags:
            mentions[tag] += count
            sentiments[tag, None if sentiment is None else SENTIMENTS[sentiment]] += count
    return [
        {
            "tag": tag,
            "participants": participants[tag],
            "mentions": mentions[tag],
            "sentiment": {sentiment: sentiments[tag, sentiment] for sentiment in SENTIMENTS.values()},
        }
        for tag in sorted(mentions, key=lambda tag: (-participants[tag], -mentions[tag], tag))
    ]


def _tag_pairs(notes: Notes) -> list[dict[str, Any]]:
    pairs: Counter[tuple[str, str]] = Counter()
    for _, tags, count in notes:
        for pair in combinations(tags, 2):
            pairs[pair] += count
    ordered = sorted(pairs.items(), key=lambda item: (-item[1], item[0]))
    return [{"tags": list(pair), "count": count} for pair, count in ordered]


def _new_tags(interviews: Iterable[Sequence[str]]) -> list[int]:
    seen: set[str] = set()
    new = []
    for tags in interviews:
        new.append(len(set(tags) - seen))
        seen.update(tags)
    return new


def saturated(new_tags: Sequence[int]) -> bool | None:
    """Whether the last interviews brought at most 5 % as many tags as the first; None of too few interviews or tags."""
    early, late = sum(new_tags[:EARLY]), sum(new_tags[-LATE:])
    if len(new_tags) < EARLY + LATE or not early:
        return None
    return 20 * late <= early
