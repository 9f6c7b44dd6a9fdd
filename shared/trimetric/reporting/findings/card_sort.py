"""Card sort: agreement on cards, similarity, clusters, groups and placements."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from trimetric.domain.study_types.design import Design
from trimetric.reporting import words
from trimetric.reporting.dendrogram import draw, order
from trimetric.reporting.figures import ranges
from trimetric.reporting.findings import Metrics, Sections
from trimetric.reporting.findings.blocks import (
    PROPORTION,
    findings,
    limited,
    proportion_cells,
    share_range,
)
from trimetric.reporting.heat import grid, triangle
from trimetric.reporting.layout import Chart, Section, Table
from trimetric.reporting.svg import Drawing

Cards = Sequence[Mapping[str, Any]]
#: By place of the card and of the group.
Cells = Mapping[tuple[int, int], Mapping[str, Any]]

_TICKS: Final = tuple((step / 4, f"{25 * step} %") for step in range(5))
_NAMED: Final = 3
_PAIRS: Final = 20
#: Columns that a table of placements may have.
_WIDE: Final = 12


def sections(design: Design, metrics: Metrics) -> Sections:
    labels = {group.id: group.label for group in design.groups}
    found = [
        findings(list(_points(metrics))),
        _cards(metrics["cards"], labels),
        _similarity(metrics),
        _clusters(metrics),
        _groups("Groups", metrics["groups"]),
    ]
    if design.groups:
        found.append(_placements(design, metrics))
    found.append(_consensus(metrics["consensus"]))
    if design.settings.get("category_map") and metrics.get("standardised"):
        found.append(_groups("Standardised categories", metrics["standardised"]["groups"]))
    return found


def _points(metrics: Metrics) -> Iterator[str]:
    judged = [card for card in metrics["cards"] if card["agreement"]["n"]]
    if not judged:
        return
    ranked = sorted(judged, key=lambda card: card["agreement"]["rate"])
    yield f"Cards people agreed on least: {_named(ranked[:_NAMED])}."
    yield f"Cards people agreed on most: {_named(ranked[::-1][:_NAMED])}."
    pairs = _pairs(metrics)
    if pairs:
        first, second, percent, _, both = pairs[0]
        yield (
            f"Most often together: {words.quoted(first)} and {words.quoted(second)}, "
            f"{percent:.0f} % of the {both} who sorted both."
        )
    adjusted = metrics["consensus"]["mean_adjusted_rand"]
    if adjusted is not None:
        yield f"Adjusted Rand index between two people, on average: {adjusted:.2f} (0 is chance, 1 the same sort)."
    never = sum(card["unsorted"] for card in metrics["cards"])
    if never:
        yield f"Cards were left unsorted {words.count(never, 'time', 'times')}."


def _named(cards: Cards) -> str:
    return "; ".join(
        f"{words.quoted(words.shortened(card['label']))} ({words.share(card['agreement']['rate'])}, "
        f"n = {card['agreement']['n']}, 95 % interval {words.interval(card['agreement'], rate=True)})"
        for card in cards
    )


def _cards(cards: Cards, labels: Mapping[str, str]) -> Section:
    rows = [
        (
            card["label"],
            card["sorted"],
            card["unsorted"],
            card["group_count"],
            ", ".join(labels.get(group, group) for group in card["top_groups"]),
            *proportion_cells(card["agreement"]),
        )
        for card in cards
    ]
    columns = ("Card", "Sorted", "Unsorted", "Groups", "Most frequent group", *PROPORTION)
    shown = sorted(cards, key=lambda card: -(card["agreement"]["rate"] or 0))
    chart = Chart(
        "agreement",
        "Agreement on each card",
        "Share of people who put the card into its most frequent group, with 95 % intervals, highest first.",
        lambda: ranges([share_range(card["label"], card["agreement"]) for card in shown], low=0, high=1, ticks=_TICKS),
    )
    return Section("Agreement on cards", tables=[Table(columns, rows)] if rows else [], charts=[chart])


def _pairs(metrics: Metrics) -> list[tuple[str, str, float, int, int]]:
    """Labels, percent, together and both sorted; the most similar first."""
    labels = [card["label"] for card in metrics["cards"]]
    similarity = metrics["similarity"]
    pairs = [
        (
            labels[row],
            labels[column],
            percent,
            similarity["together"][row][column],
            similarity["both_sorted"][row][column],
        )
        for row, percents in enumerate(similarity["percent"])
        for column, percent in enumerate(percents[:row])
        if percent
    ]
    return sorted(pairs, key=lambda pair: -pair[2])


def _similarity(metrics: Metrics) -> Section:
    pairs = _pairs(metrics)
    rows = [(first, second, f"{percent:.1f} %", together, both) for first, second, percent, together, both in pairs]
    texts = []
    if len(rows) > _PAIRS:
        texts.append(f"The {_PAIRS} most similar of {len(rows)} pairs that anybody put together; the metrics have all.")
    chart = Chart(
        "similarity",
        "How often two cards were put together",
        "Share of those who sorted both cards; cards stand in the order of the dendrogram, so that clusters "
        "show as strongly coloured triangles along the edge.",
        lambda: _draw_similarity(metrics),
    )
    columns = ("Card", "Other card", "Together", "People together", "People who sorted both")
    return Section("Similarity", texts=texts, charts=[chart], tables=[Table(columns, rows[:_PAIRS])] if rows else [])


def _draw_similarity(metrics: Metrics) -> Drawing:
    labels = [card["label"] for card in metrics["cards"]]
    places = order(len(labels), metrics["dendrogram"]["merges"])
    percents = metrics["similarity"]["percent"]
    return triangle(
        [labels[place] for place in places], [[percents[row][column] for column in places] for row in places]
    )


def _clusters(metrics: Metrics) -> Section:
    labels = [card["label"] for card in metrics["cards"]]
    tree = metrics["dendrogram"]
    sorted_any = any(card["sorted"] for card in metrics["cards"])
    merges = tree["merges"] if sorted_any else []
    texts = []
    if tree["cophenetic_correlation"] is not None:
        texts.append(
            f"Cophenetic correlation {tree['cophenetic_correlation']:.3f}: how well the tree keeps similarities."
        )
    if tree["ties"] and merges:
        texts.append("Some merges were tied; the first cards in the study's order were joined first.")
    chart = Chart(
        "dendrogram",
        "Which cards belong together",
        "Average linkage: branches join where their cards were put together by that share of people on average.",
        lambda: draw(labels, merges),
    )
    members: list[list[str]] = [[label] for label in labels]
    rows = []
    for a, b, height, size in merges:
        members.append([*members[a], *members[b]])
        rows.append((f"{100 * (1 - height):.1f} %", size, words.shortened(", ".join(members[-1]), 300)))
    shown, note = limited(rows, "merges")
    tables = [Table(("Agreement", "Cards", "Joined"), shown)] if rows else []
    return Section("Clusters", texts=[*texts, *note], charts=[chart], tables=tables)


def _groups(title: str, groups: Cards) -> Section:
    ranked = sorted(groups, key=lambda group: -group["placements"])
    shown, note = limited(ranked, "groups")
    rows = [
        (
            group["label"],
            group["participants"],
            group["placements"],
            len(group["cards"]),
            words.share(group["agreement"]),
        )
        for group in shown
    ]
    columns = ("Group", "People", "Placements", "Different cards", "Agreement")
    return Section(title, texts=note, tables=[Table(columns, rows)] if rows else [])


def _placements(design: Design, metrics: Metrics) -> Section:
    cards = {card.id: place for place, card in enumerate(design.cards)}
    groups = {group.id: place for place, group in enumerate(design.groups)}
    cells = {
        (cards[cell["card_id"]], groups[cell["group_id"]]): cell
        for cell in metrics["placements"]
        if cell["card_id"] in cards and cell["group_id"] in groups and cell["share"] is not None
    }
    chart = Chart(
        "placements",
        "Where each card was put",
        "Per cent of people who put the card (row) into the group (column).",
        lambda: grid(
            [card.label for card in design.cards],
            [group.label for group in design.groups],
            {place: cell["share"] for place, cell in cells.items() if cell["count"]},
        ),
    )
    table = _placements_table(design, cells) if len(design.groups) <= _WIDE else _frequent_table(design, cells)
    return Section("Placements", charts=[chart], tables=[table] if cells else [])


def _placements_table(design: Design, cells: Cells) -> Table:
    labels = [group.label for group in design.groups]
    rows = [
        (card.label, *(_placed(cells.get((row, column))) for column in range(len(labels))))
        for row, card in enumerate(design.cards)
    ]
    return Table(_distinct(["Card", *labels]), rows)


def _frequent_table(design: Design, cells: Cells) -> Table:
    """The groups that each card was put into most often, where a column a group would be too many."""
    by_card: dict[int, list[tuple[int, Mapping[str, Any]]]] = {}
    for (row, column), cell in cells.items():
        if cell["count"]:
            by_card.setdefault(row, []).append((column, cell))
    rows = []
    for row, card in enumerate(design.cards):
        ranked = sorted(by_card.get(row, ()), key=lambda each: (-each[1]["count"], each[0]))[:_NAMED]
        named = [f"{design.groups[column].label}: {_placed(cell)}" for column, cell in ranked]
        rows.append((card.label, "; ".join(named)))
    return Table(("Card", "Most frequent groups"), rows)


def _placed(cell: Mapping[str, Any] | None) -> str:
    return f"{cell['count']} ({words.percent(cell['share'])})" if cell else ""


def _distinct(columns: Sequence[str]) -> list[str]:
    """Groups may share a label; columns of a table may not."""
    return [name if columns.index(name) == place else f"{name} ({place})" for place, name in enumerate(columns)]


def _consensus(consensus: Mapping[str, Any]) -> Section:
    categories = consensus["categories_per_participant"]
    rows = [
        ("Mean Rand index", words.decimal(consensus["mean_rand"], 3)),
        ("Mean adjusted Rand index", words.decimal(consensus["mean_adjusted_rand"], 3)),
        ("Groups per person", words.mean(categories)),
    ]
    if "fleiss_kappa" in consensus:
        rows.insert(2, ("Fleiss' kappa", words.decimal(consensus["fleiss_kappa"], 3)))
    return Section("Consensus", tables=[Table(("Figure", "Value"), rows)])
