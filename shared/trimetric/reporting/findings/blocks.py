"""The building blocks of metrics (proportion, mean, duration) as rows of tables and pictures."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from trimetric.reporting import words
from trimetric.reporting.figures import Bar, Range, columns, ranges
from trimetric.reporting.layout import Section, Table
from trimetric.reporting.svg import Drawing
from trimetric.reporting.times_taken import NAMES

Block = Mapping[str, Any]

PROPORTION: Final = ("Count", "n", "Share", "95 % interval")
MEAN: Final = ("n", "Mean", "SD", "95 % interval")
PERCENTS: Final = tuple((step / 4, f"{25 * step} %") for step in range(5))
#: Rows of a table or bars of a picture; what is beyond is in the JSON.
MOST: Final = 50


def findings(points: Sequence[str]) -> Section:
    return Section("Findings", points=points or ["No results to speak of yet."])


def proportion_cells(block: Block) -> tuple[int, int, str, str]:
    return block["count"], block["n"], words.share(block["rate"]), words.interval(block, rate=True)


def mean_cells(block: Block, places: int = 2) -> tuple[int, str, str, str]:
    return (
        block["n"],
        words.decimal(block["mean"], places),
        words.decimal(block["sd"], places),
        words.interval(block, places=places),
    )


def means_table(first: str, blocks: Sequence[tuple[str, Block]], places: int = 2) -> Table:
    return Table((first, *MEAN), [(label, *mean_cells(block, places)) for label, block in blocks])


def proportions_table(first: str, blocks: Sequence[tuple[str, Block]]) -> Table:
    return Table((first, *PROPORTION), [(label, *proportion_cells(block)) for label, block in blocks])


def durations_table(first: str, blocks: Sequence[tuple[str, Block]]) -> Table:
    """Only blocks that hold a time."""
    rows = [
        (label, block["n"], *(words.duration(block[name]) for name in NAMES)) for label, block in blocks if block["n"]
    ]
    return Table((first, "n", *NAMES.values()), rows)


def said(block: Block) -> str:
    """`80 % (8 of 10)`, short enough for a picture."""
    return f"{words.percent(block['rate'])} ({block['count']} of {block['n']})" if block["n"] else "no data"


def share_range(label: str, block: Block, colour: str = "var(--bar)") -> Range:
    interval = block.get("ci95")
    return Range(label, block["rate"], said(block), (interval[0], interval[1]) if interval else None, colour)


def shares(rows: Sequence[tuple[str, Block]]) -> Drawing:
    return ranges([share_range(label, block) for label, block in rows], low=0, high=1, ticks=PERCENTS)


def mean_range(label: str, block: Block, places: int = 2) -> Range:
    interval = block.get("ci95")
    figures = f"{words.decimal(block['mean'], places)} (n = {block['n']})" if block["n"] else "no data"
    return Range(label, block["mean"], figures, (interval[0], interval[1]) if interval else None)


def counts(rows: Sequence[tuple[str, int]]) -> Drawing:
    """Lying bars of whole numbers, without intervals."""
    highest = max((count for _, count in rows), default=0)
    bars = [Range(label, count if highest else None, str(count)) for label, count in rows]
    return ranges(bars, low=0, high=highest)


def distribution(entries: Sequence[Block]) -> Drawing:
    """Upright bars of a `distribution` block."""
    every = -(-len(entries) // 24)
    return columns(
        [
            Bar(
                entry["count"],
                f"{_label(entry)}: {entry['count']} ({words.share(entry['share'])})",
                "" if place % every else _label(entry),
            )
            for place, entry in enumerate(entries)
        ]
    )


def frequent_table(first: str, entries: Sequence[Block]) -> Table:
    """Of a distribution over many things the most frequent ones."""
    return distribution_table(first, sorted(entries, key=lambda entry: -entry["count"])[:MOST])


def distribution_table(first: str, entries: Sequence[Block]) -> Table:
    rows = [(_label(entry), entry["count"], words.share(entry["share"])) for entry in entries]
    return Table((first, "Count", "Share"), rows)


def _label(entry: Block) -> str:
    if entry.get("label") is not None:
        return str(entry["label"])
    return "no answer" if entry["value"] is None else str(entry["value"])


def limited(rows: Sequence[Any], what: str) -> tuple[Sequence[Any], list[str]]:
    """At most `MOST`, and a sentence that says so."""
    if len(rows) <= MOST:
        return rows, []
    return rows[:MOST], [f"The first {MOST} of {len(rows)} {what}; the metrics have all."]
