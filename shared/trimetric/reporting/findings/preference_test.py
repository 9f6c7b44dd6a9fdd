"""Preference test: which option people chose, and whether that is more than chance."""

from collections.abc import Iterator, Mapping
from typing import Any

from trimetric.domain.study_types.design import Design
from trimetric.reporting import words
from trimetric.reporting.findings import Metrics, Sections
from trimetric.reporting.findings.blocks import durations_table, findings, proportions_table, shares
from trimetric.reporting.layout import Chart, Section, Table


def sections(design: Design, metrics: Metrics) -> Sections:
    options = [(option["label"], option) for option in metrics["options"]]
    chart = Chart(
        "preference",
        "Which option people chose",
        "Share of those who chose an option, with 95 % intervals.",
        lambda: shares(options),
    )
    first_shown = [(label, option["first_shown_share"]) for label, option in options]
    return [
        findings(list(_points(metrics))),
        Section(
            "Choices",
            charts=[chart],
            tables=[
                proportions_table("Option", options),
                durations_table("Time to choose", [(label, option["duration_ms"]) for label, option in options]),
            ],
        ),
        Section(
            "Order",
            texts=[
                "Of those who saw an option first, how many chose it: large differences hint at an effect of order."
            ],
            tables=[proportions_table("Seen first", first_shown)],
        ),
        _test(metrics),
    ]


def _points(metrics: Metrics) -> Iterator[str]:
    options = metrics["options"]
    if not options or not options[0]["n"]:
        return
    labels = {option["option_id"]: option["label"] for option in options}
    leader = max(options, key=lambda option: option["count"])
    winner = metrics["winner"]
    if winner is not None:
        label = labels.get(winner, str(winner))
        yield f"{words.quoted(label)} wins: chosen by {words.proportion(leader)}."
    elif tied := _tied(metrics, labels):
        yield f"Tied: {tied}, each chosen by {words.proportion(leader)}. There is no winner."
    else:
        yield f"{words.quoted(leader['label'])} leads, chosen by {words.proportion(leader)}, but not beyond chance."
    test = metrics["test"]
    if test is not None and test["p_value"] is not None:
        yield f"All options equally liked would give such figures with p = {_p(test['p_value'])}."
    if metrics["none"]:
        yield f"{words.count(metrics['none'], 'person', 'people')} chose none."


def _tied(metrics: Metrics, labels: Mapping[str, str]) -> str:
    tied = metrics["tied"]
    return ", ".join(words.quoted(labels.get(each, each)) for each in tied) if isinstance(tied, list) else ""


def _p(value: float | None) -> str:
    return words.NOTHING if value is None else "under 0.0001" if value < 0.0001 else f"{value:.4f}"


def _test(metrics: Metrics) -> Section:
    test: Mapping[str, Any] = metrics["test"] or {}
    rows = [
        ("Test", words.name(test.get("kind") or words.NOTHING)),
        ("Statistic", words.decimal(test.get("statistic"), 3)),
        ("Degrees of freedom", words.number(test.get("df"))),
        ("p", _p(test.get("p_value"))),
        ("p of the first against the second", _p(metrics["runner_up_p_value"])),
        ("Chose none", str(metrics["none"])),
    ]
    few = "Too few people for the number of options: take the test with care."
    return Section(
        "Test",
        texts=[] if test.get("valid", True) else [few],
        tables=[Table(("Figure", "Value"), rows)],
    )
