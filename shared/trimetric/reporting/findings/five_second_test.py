"""Five-second test: what people remember."""

from collections.abc import Iterator, Mapping
from typing import Any

from trimetric.domain.study_types.design import Design
from trimetric.reporting import words
from trimetric.reporting.findings import Metrics, Sections
from trimetric.reporting.findings.blocks import findings, means_table, proportions_table, shares
from trimetric.reporting.findings.word_counts import word_chart, words_table
from trimetric.reporting.layout import Chart, Section, Table

Figures = Mapping[str, Any]


def sections(design: Design, metrics: Metrics) -> Sections:
    asked = {question["id"]: question for question in design.settings["questions"]}
    questions = [(asked[each["question_id"]], each) for each in metrics["questions"] if each["question_id"] in asked]
    return [
        findings([point for question, figures in questions for point in _point(question, figures)]),
        _exposure(metrics),
        *(_question(place, question, figures) for place, (question, figures) in enumerate(questions, 1)),
    ]


def _point(question: Figures, figures: Figures) -> Iterator[str]:
    prompt = words.quoted(words.shortened(question["prompt"]))
    if question["kind"] == "single_choice":
        first = max(figures["options"], key=lambda option: option["count"], default=None)
        if first is not None and first["n"]:
            yield f"{prompt}: most chosen {words.quoted(first['label'])}, {words.proportion(first)}."
        return
    recall = figures.get("recall")
    if recall is not None and recall["n"] and question.get("keywords"):
        yield f"{prompt}: a keyword was remembered by {words.proportion(recall)}."
    if figures["words"]:
        said = ", ".join(f"{words.quoted(each['word'])} ({each['participants']})" for each in figures["words"][:3])
        yield f"{prompt}: words most people used: {said}."


def _exposure(metrics: Metrics) -> Section:
    off = metrics["exposure_off"]
    said = f"{words.count(off, 'person', 'people')} saw the image for a time that differs by more than half a second."
    return Section(
        "Exposure", texts=[said], tables=[means_table("Milliseconds", [("Measured", metrics["exposure_ms"])], 0)]
    )


def _question(place: int, question: Figures, figures: Figures) -> Section:
    title = words.numbered(place, question["prompt"])
    name = f"question-{place}"
    if question["kind"] == "single_choice":
        rows = [(option["label"], option) for option in figures["options"]]
        said = "Share of those who answered, with 95 % intervals."
        chart = Chart(name, f"Question {place}: who chose what", said, lambda: shares(rows))
        return Section(title, charts=[chart], tables=[proportions_table("Option", rows)], level=3)
    tables: list[Table] = []
    recall = figures.get("recall")
    if recall is not None:
        tables.append(proportions_table("Remembered", [("Any keyword", recall)]))
    tables += words_table("Word", "word", figures["words"])
    tables += words_table("Two words", "bigram", figures["bigrams"])
    charts = [
        word_chart(name, f"Question {place}: words", figures["words"]),
        word_chart(f"{name}-pairs", f"Question {place}: pairs of words", figures["bigrams"], key="bigram"),
    ]
    empty = words.count(figures["empty"], "answer was", "answers were")
    return Section(title, texts=[f"{empty} empty."], charts=charts, tables=tables, level=3)
