"""Survey: each question by its kind."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from trimetric.domain.study_types import survey
from trimetric.domain.study_types.design import Design, Question
from trimetric.reporting import words
from trimetric.reporting.figures import Part, Range, ranges, stacks
from trimetric.reporting.findings import Metrics, Sections
from trimetric.reporting.findings.blocks import (
    counts,
    distribution,
    distribution_table,
    findings,
    mean_range,
    means_table,
    proportion_cells,
    proportions_table,
    shares,
)
from trimetric.reporting.findings.word_counts import word_chart, words_table
from trimetric.reporting.layout import Chart, Section, Table
from trimetric.reporting.svg import Drawing

Figures = Mapping[str, Any]

NPS: Final = (
    Part("detractors (0-6)", "var(--c2)", "#000"),
    Part("passives (7-8)", "var(--c5)", "var(--ink)"),
    Part("promoters (9-10)", "var(--c0)", "var(--on0)"),
)
#: Lowest and highest score, and where the scale is labelled.
_HUNDRED: Final = tuple((float(step), str(step)) for step in range(0, 101, 25))
_NPS_TICKS: Final = tuple((float(step), str(step)) for step in range(-100, 101, 50))


def sections(design: Design, metrics: Metrics) -> Sections:
    questions = survey.questions_of(design)
    asked = [
        (questions[each["question_id"]], each) for each in metrics["questions"] if each["question_id"] in questions
    ]
    points = [point for question, figures in asked for point in _point(question, figures)]
    return [
        findings(points),
        _dropoff(questions, metrics),
        *(_question(place, question, figures) for place, (question, figures) in enumerate(asked, 1)),
    ]


def _point(question: Question, figures: Figures) -> Iterator[str]:
    asked = words.quoted(words.shortened(question.prompt))
    if not figures["answered"]:
        return
    match question.kind:
        case "nps":
            interval = words.interval(figures, places=0)
            yield f"{asked}: NPS {figures['nps']:.0f} (n = {figures['answered']}, 95 % interval {interval})."
        case "csat":
            yield f"{asked}: {words.proportion(figures['csat'])} are satisfied (4 or 5)."
        case "sus" | "umux_lite" | "nasa_tlx":
            grade = f", grade {figures['grade']}" if figures.get("grade") else ""
            yield f"{asked}: {_KINDS[question.kind]} score {words.mean(figures['score'], 1)}{grade}."
        case "rating" | "ces" | "seq":
            yield f"{asked}: mean {words.mean(figures['mean'])}."
        case "single_choice" | "multiple_choice" | "boolean":
            first = max(figures["options"], key=lambda option: option["count"])
            yield f"{asked}: most chosen {words.quoted(first['label'])}, {words.proportion(first)}."
        case "ranking":
            ranked = [option for option in figures["options"] if option["mean_rank"] is not None]
            if ranked:
                best = max(ranked, key=lambda option: option["borda"])
                label = _labels(question).get(best["id"], best["id"])
                yield f"{asked}: ranked best {words.quoted(label)}, mean rank {best['mean_rank']:.2f}."
        case "text":
            yield f"{asked}: answered by {words.count(figures['answered'], 'person', 'people')}."


_KINDS: Final = {"sus": "SUS", "umux_lite": "UMUX-Lite", "nasa_tlx": "NASA-TLX"}


def _labels(question: Question) -> dict[str, str]:
    return {option.id: option.label for option in question.options}


def _dropoff(questions: Mapping[str, Question], metrics: Metrics) -> Section:
    rows = [
        (
            questions[each["question_id"]].prompt if each["question_id"] in questions else "Before the first answer",
            each["count"],
        )
        for each in metrics["dropoff"]
    ]
    chart = Chart(
        "dropoff",
        "Where people stopped",
        "People who have not finished, by the last question they answered.",
        lambda: counts([(label, count) for label, count in rows]),
    )
    return Section("Drop-off", charts=[chart], tables=[Table(("Last question answered", "People"), rows)])


def _question(place: int, question: Question, figures: Figures) -> Section:
    answered = (
        f"{_capitalised(words.name(question.kind))}: shown to {figures['shown']}, answered by {figures['answered']}."
    )
    name = f"question-{place}"
    drawn, tables = _SHOWN[question.kind](name, question, figures)
    charts = [replace(chart, title=f"Question {place}: {chart.title}") for chart in drawn]
    return Section(words.numbered(place, question.prompt), texts=[answered], charts=charts, tables=tables, level=3)


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


_Shown = tuple[list[Chart], list[Table]]


def _choice(name: str, question: Question, figures: Figures) -> _Shown:
    rows = [(option["label"], option) for option in figures["options"]]
    title = "who chose what" if question.kind != "boolean" else "yes or no"
    said = "Share of those who answered, with 95 % intervals."
    return [Chart(name, title, said, lambda: shares(rows))], [proportions_table("Option", rows)]


def _scale(name: str, question: Question, figures: Figures) -> _Shown:
    low, high = survey.scale_of(question)
    mean = figures["mean"]
    measures = [(label, figures[key]) for key, label in _BOXES.items() if key in figures]
    charts = [
        Chart(name, "answers", f"How many gave each answer from {low} to {high}.", _drawn(figures)),
        _score_chart(name, "mean", mean, (low, high), tuple((float(tick), str(tick)) for tick in _ticks(low, high))),
    ]
    tables = [means_table("Answers", [("Mean", mean)])]
    if "median" in figures:
        tables.append(Table(("Figure", "Value"), [("Median", words.decimal(figures["median"], 1))]))
    if measures:
        tables.append(proportions_table("Share of", measures))
    if "distribution" in figures:
        tables.append(distribution_table("Answer", figures["distribution"]))
    return charts if "distribution" in figures else charts[1:], tables


_BOXES: Final = {"csat": "Satisfied (4-5)", "top2": "Two highest answers", "bottom2": "Two lowest answers"}


def _ticks(low: int, high: int) -> range:
    return range(low, high + 1, max((high - low) // 10, 1))


def _drawn(figures: Figures) -> Callable[[], Drawing]:
    return lambda: distribution(figures["distribution"])


def _score_chart(
    name: str, title: str, block: Figures, scale: tuple[float, float], ticks: Sequence[tuple[float, str]]
) -> Chart:
    low, high = scale
    said = f"{_capitalised(title)} on the scale from {low:g} to {high:g}, with its 95 % interval."
    return Chart(
        f"{name}-mean",
        title,
        said,
        lambda: ranges([mean_range(_capitalised(title), block)], low=low, high=high, ticks=ticks),
    )


def _nps(name: str, question: Question, figures: Figures) -> _Shown:
    groups = [figures["detractors"], figures["passives"], figures["promoters"]]
    interval = figures["ci95"]
    bar = Range(
        "NPS",
        figures["nps"],
        f"{words.decimal(figures['nps'], 0)} (n = {figures['answered']})" if figures["answered"] else "no data",
        (interval[0], interval[1]) if interval else None,
    )
    charts = [
        Chart(
            f"{name}-groups",
            "promoters and detractors",
            "Parts of those who answered.",
            lambda: stacks([("Answers", groups)], NPS),
        ),
        Chart(
            f"{name}-score",
            "Net Promoter Score",
            "From -100 to 100, with its 95 % interval.",
            lambda: ranges([bar], low=-100, high=100, base=0, ticks=_NPS_TICKS),
        ),
        Chart(name, "answers", "How many gave each answer from 0 to 10.", _drawn(figures)),
    ]
    rows = [
        ("NPS", words.decimal(figures["nps"], 1)),
        ("95 % interval", words.interval(figures, places=1)),
        ("Promoters", str(figures["promoters"])),
        ("Passives", str(figures["passives"])),
        ("Detractors", str(figures["detractors"])),
    ]
    return charts, [Table(("Figure", "Value"), rows), distribution_table("Answer", figures["distribution"])]


def _battery(name: str, question: Question, figures: Figures) -> _Shown:
    title = f"{_KINDS[question.kind]} score"
    chart = _score_chart(name, title, figures["score"], (0, 100), _HUNDRED)
    rows = [(label, _value(figures[key])) for key, label in _PARTS.items() if key in figures]
    tables = [means_table("Figure", [(title, figures["score"])], 1)]
    return [chart], [*tables, Table(("Figure", "Value"), rows)] if rows else tables


_PARTS: Final = {
    "median": "Median",
    "grade": "Grade",
    "usability": "Usability",
    "learnability": "Learnability",
    "cronbach_alpha": "Cronbach's alpha",
    "sus_estimate": "Estimated SUS",
}


def _value(value: object) -> str:
    return (
        value if isinstance(value, str) else words.decimal(value) if isinstance(value, int | float) else words.NOTHING
    )


def _ranking(name: str, question: Question, figures: Figures) -> _Shown:
    labels = _labels(question)
    options = [(labels.get(option["id"], option["id"]), option) for option in figures["options"]]
    bars = [Range(label, option["mean_rank"], words.decimal(option["mean_rank"])) for label, option in options]
    most = max(len(options), 2)
    ticks = [(float(rank), str(rank)) for rank in _ticks(1, most)]
    rows = [
        (label, words.decimal(option["mean_rank"]), option["borda"], *proportion_cells(option["first_share"]))
        for label, option in options
    ]
    chart = Chart(
        name,
        "mean rank",
        "Shorter bars are better: 1 is the first place.",
        lambda: ranges(bars, low=0, high=most, ticks=ticks),
    )
    columns = ("Option", "Mean rank", "Borda", "Put first", "n", "Share first", "95 % interval")
    return [chart], [Table(columns, rows)]


def _text(name: str, question: Question, figures: Figures) -> _Shown:
    return [word_chart(name, "words", figures["words"])], words_table("Word", "word", figures["words"])


_SHOWN: Final[Mapping[str, Callable[[str, Question, Figures], _Shown]]] = {
    "single_choice": _choice,
    "multiple_choice": _choice,
    "boolean": _choice,
    "rating": _scale,
    "csat": _scale,
    "ces": _scale,
    "seq": _scale,
    "nps": _nps,
    "sus": _battery,
    "umux_lite": _battery,
    "nasa_tlx": _battery,
    "ranking": _ranking,
    "text": _text,
}
