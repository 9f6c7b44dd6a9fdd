"""Card sort: which cards belong together, and under which names.

Counters, where "packed" is one number with a field for each card (see `packing`), a card is its place among the
study's cards and a group its place among the researcher's groups or a free label as it is compared:

    people                      who gave a sort
    categories n, sum, squares  how many groups each of them used
    unsorted                    packed: who left the card out
    neither <card>              packed over the cards before it: who left out both
    joined, partly <card>       packed over the cards before it: who put both together, having sorted all cards or not
    placed <group>              packed: who put the card there
    users <group>               who used that group
    labels <label> <label> …    who used just these free labels, sorted
    alike, node                 see `consensus`

`category_map` is applied when metrics are shown, so editing it makes nothing anew. A card is in one pile of a person's,
hence placements of merged labels are sums. People are not, for one person may have used several of the labels: they are
counted over the sets of labels.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final

from trimetric.domain.study_types.card_sort import has_groups, normalise_label, takes_free_labels
from trimetric.domain.study_types.design import Design
from trimetric.metrics import consensus, packing
from trimetric.metrics.agglomeration import average_linkage, cophenetic_correlation
from trimetric.metrics.state import Contribution, Person, State, Tally
from trimetric.metrics.statistics import fleiss_kappa, mean_block, proportion, rate

#: A group of the researcher's by its place, or a free label.
Key = int | str
Figures = dict[str, Any]

_NOBODY: Final = Contribution()


def contribution(design: Design, person: Person) -> Contribution:
    if not person.analysed or not person.results:
        return _NOBODY
    piles = _piles(design, person.results[0]["placements"])
    count = len(design.cards)
    units = packing.units(count)
    tally = Tally()
    tally.count("people")
    tally.measure("categories", value=len(piles))
    for key, pile in piles.items():
        tally.count("placed", key, by=sum(units[card] for card in pile))
        tally.count("users", key)
    labels = sorted(key for key in piles if isinstance(key, str))
    if labels:
        tally.count("labels", *labels)
    left_out = sorted(set(range(count)).difference(*piles.values()))
    tally.count("unsorted", by=sum(units[card] for card in left_out))
    counted = tally.contribution()
    pairs = _pairs(list(piles.values()), left_out, count)
    return Contribution({**counted.counters, **pairs}, counted.durations)


def _piles(design: Design, placements: Iterable[Mapping[str, Any]]) -> dict[Key, list[int]]:
    """Cards of each group that was used, ascending; piles of one normalised label are one."""
    cards: dict[str, int] = design.derived("card_places", lambda: _places(design.cards))
    groups: dict[str, int] = design.derived("group_places", lambda: _places(design.groups))
    piles: dict[Key, list[int]] = {}
    for placement in placements:
        card = cards.get(placement["card_id"])
        key = groups.get(placement["group_id"]) if "group_id" in placement else normalise_label(placement["group"])
        if card is not None and key is not None:
            piles.setdefault(key, []).append(card)
    return {key: sorted(pile) for key, pile in piles.items()}


def _places(items: Sequence[Any]) -> dict[str, int]:
    return {item.id: place for place, item in enumerate(items)}


def _pairs(piles: Sequence[Sequence[int]], left_out: Sequence[int], cards: int) -> dict[str, int]:
    names = consensus.row_names("partly" if left_out else "joined", cards=cards)
    joined = {names[card]: number for card, number in consensus.joined_pairs(piles, cards).items()}
    if not left_out:
        return joined | consensus.counters(piles, cards)
    names = consensus.row_names("neither", cards=cards)
    return joined | {names[card]: number for card, number in consensus.joined_pairs([left_out], cards).items()}


def summarise(design: Design, state: State) -> Figures:
    sorts = _Sorts.of(design, state)
    groups = _groups(design, state, {})
    joined = _triangle(state, "joined", len(design.cards))
    together = _summed(joined, _triangle(state, "partly", len(design.cards)))
    similarity = _similarity(sorts, together, _triangle(state, "neither", len(design.cards)))
    figures = {
        "cards": _cards(sorts, groups),
        "similarity": similarity,
        "dendrogram": _dendrogram(similarity),
        "groups": [_group(sorts, group) for group in groups],
        "consensus": _consensus(sorts, state, joined, groups),
    }
    if has_groups(design.settings):
        # The researcher's groups are known by their ids; categories of people's own have none but their label.
        own = _placements(sorts, groups[: len(design.groups)])
        figures["placements"] = [{key: value for key, value in each.items() if key != "label"} for each in own]
    if takes_free_labels(design.settings):
        category_map = design.settings["category_map"]
        figures["standardised"] = _standardised(sorts, _groups(design, state, category_map) if category_map else groups)
    return figures


@dataclass(frozen=True, slots=True)
class _Sorts:
    design: Design
    people: int
    #: How many people put each card into a group.
    sorted: Sequence[int]

    @classmethod
    def of(cls, design: Design, state: State) -> "_Sorts":
        people = state.get("people")
        unsorted = packing.unpacked(state.get("unsorted"), len(design.cards))
        return cls(design, people, [people - count for count in unsorted])


@dataclass(frozen=True, slots=True)
class _Group:
    """One of the researcher's groups (`id`), or what people called theirs (None)."""

    id: str | None
    label: str
    participants: int
    #: Card -> how many people put it here; cards that nobody put here are left out.
    counts: Mapping[int, int]

    @property
    def key(self) -> str:
        return self.label if self.id is None else self.id

    @property
    def placements(self) -> int:
        return sum(self.counts.values())


def _groups(design: Design, state: State, category_map: Mapping[str, str]) -> list[_Group]:
    """The researcher's in their order, then free labels, or the categories they were merged into, largest first."""
    own = [
        _Group(group.id, group.label, state.get("users", place), _counts(state.get("placed", place)))
        for place, group in enumerate(design.groups)
    ]
    placed: dict[str, int] = {}
    for (key,), number in state.under("placed").items():
        if isinstance(key, str):
            category = category_map.get(key, key)
            placed[category] = placed.get(category, 0) + number
    people = _users(state, placed, category_map)
    free = [_Group(None, label, people[label], _counts(number)) for label, number in placed.items()]
    return own + sorted(free, key=lambda group: (-group.placements, group.label))


def _users(state: State, categories: Iterable[str], category_map: Mapping[str, str]) -> Mapping[str, int]:
    """How many people used each category. Only where some are merged, the sets of labels that they used are needed."""
    if not category_map:
        return {category: state.get("users", category) for category in categories}
    people = dict.fromkeys(categories, 0)
    for labels, count in state.under("labels").items():
        for category in {category_map.get(label, label) for label in labels}:
            people[category] += count
    return people


def _counts(number: int) -> dict[int, int]:
    return dict(packing.occupied(number))


def _triangle(state: State, kind: str, cards: int) -> list[Sequence[int]]:
    return [packing.unpacked(state.get(kind, card), card) for card in range(cards)]


def _summed(one: Sequence[Sequence[int]], other: Sequence[Sequence[int]]) -> list[list[int]]:
    return [[left + right for left, right in zip(*rows, strict=True)] for rows in zip(one, other, strict=True)]


def _cards(sorts: _Sorts, groups: Sequence[_Group]) -> list[Figures]:
    """In card order; `top_groups` in the order of the groups."""
    used: list[list[tuple[str, int]]] = [[] for _ in sorts.design.cards]
    for group in groups:
        for place, count in group.counts.items():
            used[place].append((group.key, count))
    return [_card(sorts, place, counts) for place, counts in enumerate(used)]


def _card(sorts: _Sorts, place: int, counts: Sequence[tuple[str, int]]) -> Figures:
    card, n = sorts.design.cards[place], sorts.sorted[place]
    most = max((count for _, count in counts), default=0)
    top = [key for key, count in counts if count == most]
    return {
        "card_id": card.id,
        "label": card.label,
        "sorted": n,
        "unsorted": sorts.people - n,
        "group_count": len(counts),
        "top_group": top[0] if len(top) == 1 else None,
        "top_groups": top,
        "agreement": proportion(most, n),
    }


def _similarity(sorts: _Sorts, together: Sequence[Sequence[int]], neither: Sequence[Sequence[int]]) -> Figures:
    n = sorts.sorted
    both = [
        [n[i] + n[j] - sorts.people + count for j, count in enumerate(row)] for i, row in enumerate(neither)
    ]  # by inclusion and exclusion of those who left out one, the other, or both
    percent = [[_percent(*pair) for pair in zip(*rows, strict=True)] for rows in zip(together, both, strict=True)]
    return {
        "card_ids": [card.id for card in sorts.design.cards],
        "percent": _square(percent, [100.0 if count else None for count in n]),
        "together": _square(together, n),
        "both_sorted": _square(both, n),
    }


def _percent(together: int, both: int) -> float | None:
    return 100 * together / both if both else None


def _square(triangle: Sequence[Sequence[Any]], diagonal: Sequence[Any]) -> list[list[Any]]:
    size = len(diagonal)
    return [[*triangle[i], diagonal[i], *(triangle[j][i] for j in range(i + 1, size))] for i in range(size)]


def _dendrogram(similarity: Figures) -> Figures:
    together, both = similarity["together"], similarity["both_sorted"]
    distances = [[_distance(together[i][j], both[i][j]) for j in range(i)] for i in range(len(together))]
    tree = average_linkage(distances)
    return {
        "method": "average_linkage",
        "merges": [[merge.first, merge.second, float(merge.height), merge.size] for merge in tree.merges],
        "cophenetic_correlation": cophenetic_correlation(distances, tree.merges),
        "ties": tree.ties,
    }


@lru_cache(maxsize=1 << 16)
def _distance(together: int, both: int) -> Fraction:
    """Cards that nobody sorted both are as far apart as cards that nobody put together."""
    return Fraction(both - together, both) if both else Fraction(1)


def _group(sorts: _Sorts, group: _Group) -> Figures:
    cards = sorts.design.cards
    return {
        "group_id": group.id,
        "label": group.label,
        "participants": group.participants,
        "placements": group.placements,
        "cards": [{"card_id": cards[place].id, "count": count} for place, count in sorted(group.counts.items())],
        "agreement": rate(group.placements, len(group.counts) * group.participants),
    }


def _placements(sorts: _Sorts, groups: Sequence[_Group]) -> list[Figures]:
    """Which cards were put where, in the order of cards and groups; shares are of those who sorted the card."""
    return [
        {
            "card_id": card.id,
            "group_id": group.id,
            "label": group.label,
            "count": group.counts[place],
            "share": rate(group.counts[place], sorts.sorted[place]),
        }
        for place, card in enumerate(sorts.design.cards)
        for group in groups
        if place in group.counts
    ]


def _consensus(sorts: _Sorts, state: State, joined: Sequence[Sequence[int]], groups: Sequence[_Group]) -> Figures:
    cards = len(sorts.design.cards)
    return {
        "mean_rand": consensus.mean_rand(joined, consensus.complete_sorts(state)),
        "mean_adjusted_rand": consensus.mean_adjusted_rand(state, cards),
        "fleiss_kappa": None if takes_free_labels(sorts.design.settings) else _kappa(cards, groups),
        "categories_per_participant": mean_block(*state.moments("categories")),
    }


def _kappa(cards: int, groups: Sequence[_Group]) -> float | None:
    return fleiss_kappa([[group.counts.get(place, 0) for group in groups] for place in range(cards)])


def _standardised(sorts: _Sorts, groups: Sequence[_Group]) -> Figures:
    return {
        "cards": _cards(sorts, groups),
        "groups": [_group(sorts, group) for group in groups],
        "placements": _placements(sorts, groups),
    }
