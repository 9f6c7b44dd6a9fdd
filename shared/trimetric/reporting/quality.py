"""Data quality: how many people carry which flag, and what leaving them out would change."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from trimetric.reporting import words
from trimetric.reporting.facts import Facts
from trimetric.reporting.layout import Section, Table


@dataclass(frozen=True, slots=True)
class Quality:
    """`flags`: how many of the analysed people carry each. `left_out`: the report is about the others only."""

    flags: Mapping[str, int]
    everybody: Facts
    unflagged: Facts
    left_out: bool = False


def quality_section(quality: Quality) -> Section:
    texts = ["Flags point at results that look odd; they exclude nobody."]
    if quality.left_out:
        texts = ["The figures of this report leave out everybody with a flag, as was asked for."]
    if not quality.flags:
        return Section("Data quality", texts=[*texts, "Nobody analysed carries a flag."])
    flags = Table(("Flag", "People"), [(words.name(flag), count) for flag, count in quality.flags.items()])
    with_and_without = zip(_headlines(quality.everybody), _headlines(quality.unflagged), strict=True)
    compared = [(name, all_, without) for (name, all_), (_, without) in with_and_without]
    return Section(
        "Data quality", texts=texts, tables=[flags, Table(("Figure", "Everybody", "Without flagged people"), compared)]
    )


def _headlines(facts: Facts) -> Iterator[tuple[str, str | int]]:
    yield "Analysed people", facts.participants["analysed"]
    yield "Median duration", words.duration(facts.duration_ms["median"])
    yield "Geometric mean of durations", words.duration(facts.duration_ms["geometric_mean"])
    yield from _of_type(facts.study_type, facts.metrics or {})


def _of_type(study_type: str, metrics: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if study_type == "card_sort":
        yield "Mean Rand index", words.decimal(metrics["consensus"]["mean_rand"])
    elif study_type == "survey":
        for number, question in enumerate(metrics["questions"], start=1):
            for name, value in _scores(question):
                yield f"Question {number}: {name}", value
    elif study_type == "preference_test":
        for option in metrics["options"]:
            yield f"Preferred: {option['label']}", words.share(option["rate"])
    elif study_type == "five_second_test":
        yield "Mean exposure", words.duration(metrics["exposure_ms"]["mean"])
    elif "tasks" in metrics:
        for number, task in enumerate(metrics["tasks"], start=1):
            yield f"Task {number}: success", words.share(task["success"]["rate"])


def _scores(question: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    kind = question["kind"]
    if kind == "nps":
        yield "NPS", words.decimal(question["nps"], 1)
    elif kind in ("rating", "ces", "seq"):
        yield "mean", words.decimal(question["mean"]["mean"])
    elif kind in ("sus", "umux_lite", "nasa_tlx"):
        yield "score", words.decimal(question["score"]["mean"], 1)
