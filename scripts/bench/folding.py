"""What it costs to fold people into the metrics, and to read them, for study types with much to count."""

from collections.abc import Callable, Mapping
from statistics import median
from typing import Any, Final

from scripts.bench.product import Product, Reply
from scripts.bench.rows import Row
from scripts.bench.samples import batches, published

SECTION: Final = "Metrics of each type"
SIZES: Final = (100, 1_000, 10_000, 50_000)
QUICK_SIZES: Final = (100, 1_000)
CARDS: Final = 60
MOST_TRIPS: Final = 3
REPEATS: Final = 7

#: What a study is called, its type, and content in place of the sample's.
STUDIES: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    f"card sort of {CARDS} cards": ("card_sort", {"cards": [f"Card {number}" for number in range(CARDS)]}),
    "tree test": ("tree_test", {}),
    "survey": ("survey", {}),
}


def steps(sizes: tuple[int, ...]) -> int:
    """How often `measure` calls `advance`, with how much in all."""
    return max(sizes) * len(STUDIES)


def measure(product: Product, sizes: tuple[int, ...], *, advance: Callable[[int], None]) -> list[Row]:
    """One study of each type grows from milestone to milestone; every import is folded by a read."""
    rows: list[Row] = []
    for name, (type_, content) in STUDIES.items():
        study = published(product, type_, **content)
        people = 0
        for size in sizes:
            folds: list[Reply] = []
            for body in batches(study, size - people, first=people):
                product.call("participants", "POST", f"/studies/{study['id']}/participants", body=body)
                folds.append(_read(product, study))
                advance(len(body["participants"]))
            people = size
            rows.append(_row(f"{name}, {size:,} participants", folds, [_read(product, study) for _ in range(REPEATS)]))
    return rows


def _read(product: Product, study: Mapping[str, Any]) -> Reply:
    return product.call("reports", "GET", f"/studies/{study['id']}/metrics")


def _row(what: str, folds: list[Reply], reads: list[Reply]) -> Row:
    trips = min(read.cost.trips for read in reads)
    folding = median(fold.cpu for fold in folds) * 1000
    units = median(fold.cost.units for fold in folds)
    return Row(
        SECTION,
        what,
        measured=(
            f"{trips} trips, {median(read.cost.units for read in reads):g} units, "
            f"{median(read.cpu for read in reads) * 1000:.1f} ms CPU; "
            f"a hundred more: {units:g} units, {folding:.0f} ms CPU"
        ),
        target=f"≤ {MOST_TRIPS} trips where one item holds the state",
        met=None if trips > MOST_TRIPS else True,
    )
