"""Card sorts: against definitions spelled out person by person, known figures, and histories that must not matter."""

import json
import random
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats import inter_rater

from tests.samples.study_types import sample_results, sample_study
from trimetric.domain.study_types.card_sort import normalise_label
from trimetric.domain.study_types.design import Card, Design, Group
from trimetric.metrics import consensus, packing
from trimetric.metrics.card_sort import contribution, summarise
from trimetric.metrics.state import Contribution, Person, State

#: Card -> group id of the researcher's (with a leading #) or free label.
Sort = Mapping[str, str]

KATOSS_CARDS = ("Apple", "Banana", "Cat", "Croissant", "Dog", "Hot Dog", "Moon", "Mooncake", "Sandwich", "Tiger")
KATOSS = (
    {
        "pets": ["Dog", "Tiger", "Cat"],
        "lunch": ["Apple", "Sandwich"],
        "long food": ["Banana", "Hot Dog"],
        "Moon-shaped": ["Croissant", "Mooncake", "Moon"],
    },
    {
        "Celestial bodies": ["Moon"],
        "Junk food": ["Mooncake", "Croissant", "Sandwich", "Hot Dog"],
        "Healthy snacks": ["Banana", "Apple"],
        "animals": ["Cat", "Tiger", "Dog"],
    },
    {
        "Satellites": ["Moon"],
        "Snacks": ["Sandwich", "Croissant", "Banana", "Mooncake", "Apple"],
        "Dogs": ["Dog", "Hot Dog"],
        "Felines": ["Tiger", "Cat"],
    },
    {
        "Snacks": ["Mooncake", "Sandwich", "Hot Dog", "Croissant"],
        "Fruits": ["Apple", "Banana"],
        "Nature": ["Moon", "Tiger"],
        "Pets": ["Dog", "Cat"],
    },
    {
        "Astronomical Body": ["Moon"],
        "Food": ["Banana", "Croissant", "Apple", "Sandwich", "Hot Dog", "Mooncake"],
        "Animals": ["Dog", "Tiger", "Cat"],
    },
)


def numbers(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - the same cases every time


def design(
    cards: Sequence[str],
    *,
    sort_type: str = "open",
    groups: Sequence[str] = (),
    merged: Mapping[str, str] | None = None,
) -> Design:
    return Design(
        {"sort_type": sort_type, "allow_unsorted": True, "category_map": dict(merged or {})},
        tuple(Card(card, card) for card in cards),
        tuple(Group(group, group.title()) for group in groups),
    )


def piled(piles: Mapping[str, Sequence[str]]) -> Sort:
    return {card: label for label, cards in piles.items() for card in cards}


def person(sort: Sort, *, completed: bool = True, excluded: bool = False) -> Person:
    placements = [
        {"card_id": card, **({"group_id": place[1:]} if place.startswith("#") else {"group": place})}
        for card, place in sort.items()
    ]
    results = ({"placements": placements, "duration_ms": 1},)
    return Person("prt_1", completed, excluded, "2026-01-01T00:00:00.000Z", None, results)


def state_of(study: Design, sorts: Sequence[Sort]) -> State:
    return State.of(contribution(study, person(sort)) for sort in sorts)


def figures(study: Design, sorts: Sequence[Sort]) -> dict[str, Any]:
    return summarise(study, state_of(study, sorts))


def document(state: State) -> str:
    return json.dumps(state.to_document())


@pytest.fixture(scope="module")
def katoss() -> dict[str, Any]:
    return figures(design(KATOSS_CARDS), [piled(piles) for piles in KATOSS])


# Known figures


def test_similarities_of_a_real_sort(katoss: dict[str, Any]) -> None:
    at = {card: place for place, card in enumerate(KATOSS_CARDS)}
    percent = katoss["similarity"]["percent"]
    for one, other, expected in [
        ("Croissant", "Mooncake", 100),
        ("Apple", "Banana", 80),
        ("Cat", "Tiger", 80),
        ("Dog", "Tiger", 60),
        ("Moon", "Tiger", 20),
        ("Cat", "Apple", 0),
        ("Cat", "Cat", 100),
    ]:
        assert percent[at[one]][at[other]] == percent[at[other]][at[one]] == expected
    assert {count for row in katoss["similarity"]["both_sorted"] for count in row} == {5}


def test_tree_of_a_real_sort(katoss: dict[str, Any]) -> None:
    """The last height is 0.975: with ties broken by the lowest pair, the moon joins the animals first."""
    tree = katoss["dendrogram"]
    heights = [merge[2] for merge in tree["merges"]]
    assert heights == pytest.approx([0, 0.2, 0.2, 0.2, 0.3, 0.4, 0.6, 14 / 15, 0.975], abs=1e-12)
    assert tree["merges"][0] == [3, 7, 0.0, 2]
    assert tree["merges"][7][:2] == [6, 14]
    assert tree["ties"] is True
    assert tree["cophenetic_correlation"] == pytest.approx(0.97, abs=0.005)


def test_consensus_of_a_real_sort(katoss: dict[str, Any]) -> None:
    block = katoss["consensus"]
    assert block["mean_rand"] == pytest.approx(0.7644444444, abs=1e-9)
    assert block["mean_adjusted_rand"] == pytest.approx(0.3691365545, abs=1e-9)
    assert block["fleiss_kappa"] is None
    assert block["categories_per_participant"] == {
        "n": 5,
        "mean": 3.8,
        "sd": pytest.approx(0.4472135955),
        "ci95": pytest.approx([3.244710979, 4.355289021]),
    }


def test_agreement_of_a_merged_category() -> None:
    """The published example: {A, B}, {A, B, S}, {A, B, C} agree to 8 / (4 · 3)."""
    study = design("ABSC", merged={"one": "Fruit", "two": "Fruit", "three": "Fruit"})
    sorts = [dict.fromkeys("AB", "one"), dict.fromkeys("ABS", "two"), dict.fromkeys("ABC", "three")]
    (group,) = figures(study, sorts)["standardised"]["groups"]
    assert group["agreement"] == pytest.approx(2 / 3)
    assert (group["label"], group["participants"], group["placements"]) == ("Fruit", 3, 8)


# Groups and placements


def test_two_piles_of_a_person_in_one_category_are_one() -> None:
    study = design("ABC", merged={"apples": "Fruit", "pears": "Fruit"})
    found = figures(study, [{"A": "Apples", "B": "pears", "C": "other"}, {"A": "PEARS "}])
    fruit, other = found["standardised"]["groups"]
    assert (fruit["participants"], fruit["placements"], fruit["agreement"]) == (2, 3, 0.75)
    assert (other["label"], other["participants"]) == ("other", 1)
    assert found["standardised"]["cards"][0]["group_count"] == 1
    assert found["standardised"]["placements"][0] == {
        "card_id": "A",
        "group_id": None,
        "label": "Fruit",
        "count": 2,
        "share": 1.0,
    }
    assert [group["label"] for group in found["groups"]] == ["pears", "apples", "other"]


def test_editing_the_merges_needs_no_new_state() -> None:
    sorts = [{"A": "one", "B": "two"}, {"A": "two", "B": "three"}]
    plain, merged = design("AB"), design("AB", merged={"one": "X", "two": "X", "three": "X"})
    assert document(state_of(plain, sorts)) == document(state_of(merged, sorts))
    (group,) = summarise(merged, state_of(plain, sorts))["standardised"]["groups"]
    assert (group["participants"], group["agreement"]) == (2, 1.0)


def test_piles_of_one_normalised_label_are_one_group() -> None:
    found = figures(design("AB"), [{"A": "Fresh  FOOD", "B": "fresh food"}])
    assert [group["label"] for group in found["groups"]] == ["fresh food"]
    assert found["similarity"]["together"][0][1] == 1
    assert found["consensus"]["categories_per_participant"]["mean"] == 1


def test_hybrid_tables() -> None:
    study = design("ABC", sort_type="hybrid", groups=["fruit", "empty"])
    found = figures(study, [{"A": "#fruit", "B": "#fruit"}, {"A": "fruit", "B": "#fruit"}])
    fruit, empty, own = found["groups"]
    assert fruit == {
        "group_id": "fruit",
        "label": "Fruit",
        "participants": 2,
        "placements": 3,
        "cards": [{"card_id": "A", "count": 1}, {"card_id": "B", "count": 2}],
        "agreement": 0.75,
    }
    assert (empty["participants"], empty["cards"], empty["agreement"]) == (0, [], None)
    assert (own["group_id"], own["label"]) == (None, "fruit")
    assert found["placements"] == [
        {"card_id": "A", "group_id": "fruit", "count": 1, "share": 0.5},
        {"card_id": "B", "group_id": "fruit", "count": 2, "share": 1.0},
    ]
    tied, agreed, unsorted = found["cards"]
    assert (tied["top_group"], tied["top_groups"], tied["group_count"]) == (None, ["fruit", "fruit"], 2)
    assert (agreed["top_group"], agreed["agreement"]["rate"]) == ("fruit", 1.0)
    assert (unsorted["sorted"], unsorted["unsorted"], unsorted["top_groups"]) == (0, 2, [])
    assert unsorted["agreement"] == {"count": 0, "n": 0, "rate": None, "ci95": None}


def test_cards_that_nobody_sorted_have_no_similarity() -> None:
    found = figures(design("ABC"), [{"A": "x", "B": "x"}])
    assert found["similarity"]["percent"] == [[100, 100, None], [100, 100, None], [None, None, None]]
    assert found["similarity"]["both_sorted"] == [[1, 1, 0], [1, 1, 0], [0, 0, 0]]
    assert found["dendrogram"]["merges"] == [[0, 1, 0.0, 2], [2, 3, 1.0, 3]]
    assert found["consensus"]["mean_rand"] is None


@pytest.mark.parametrize(
    ("sort_type", "members"),
    [("open", {"standardised"}), ("closed", {"placements"}), ("hybrid", {"placements", "standardised"})],
)
def test_members_of_each_kind(sort_type: str, members: set[str]) -> None:
    study = design("AB", sort_type=sort_type, groups=[] if sort_type == "open" else ["g"])
    expected = {"cards", "similarity", "dendrogram", "groups", "consensus"} | members
    assert figures(study, []).keys() == expected


def test_fleiss_kappa_of_a_closed_sort() -> None:
    rng = numbers(8)
    cards, groups = [f"c{place}" for place in range(12)], ["a", "b", "c"]
    study = design(cards, sort_type="closed", groups=groups)
    sorts = [
        {
            card: f"#{groups[place % 3] if rng.random() < 0.6 else rng.choice(groups)}"
            for place, card in enumerate(cards)
        }
        for _ in range(7)
    ]
    table = [[sum(sort[card] == f"#{group}" for sort in sorts) for group in groups] for card in cards]
    expected = inter_rater.fleiss_kappa(table)
    assert figures(study, sorts)["consensus"]["fleiss_kappa"] == pytest.approx(expected, abs=1e-12)
    del sorts[0]["c0"]
    assert figures(study, sorts)["consensus"]["fleiss_kappa"] is None


# Who counts


def test_nobody() -> None:
    study = design("ABC")
    found = figures(study, [])
    assert found["consensus"] == {
        "mean_rand": None,
        "mean_adjusted_rand": None,
        "fleiss_kappa": None,
        "categories_per_participant": {"n": 0, "mean": None, "sd": None, "ci95": None},
    }
    assert found["groups"] == []
    assert found["similarity"]["percent"] == [[None] * 3] * 3
    assert found["dendrogram"]["cophenetic_correlation"] is None


def test_only_analysed_people_with_a_sort_count() -> None:
    study = design("AB")
    sort = {"A": "x", "B": "x"}
    nothing = Person("prt_1", True, False, "2026", None, ())
    for one in (person(sort, completed=False), person(sort, excluded=True), nothing):
        assert contribution(study, one) == Contribution()


def test_one_person_has_nobody_to_agree_with() -> None:
    block = figures(design("AB"), [{"A": "x", "B": "x"}])["consensus"]
    assert (block["mean_rand"], block["mean_adjusted_rand"]) == (None, None)


def test_what_is_not_in_the_design_is_passed_over() -> None:
    study = design("AB", sort_type="closed", groups=["g"])
    found = figures(study, [{"A": "#g", "B": "#gone", "deleted": "#g"}])
    assert [(card["sorted"], card["unsorted"]) for card in found["cards"]] == [(1, 0), (0, 1)]


# Agreement over pairs of people


def adjusted_rand(one: Sort, other: Sort, cards: Sequence[str]) -> float:
    pairs = list(combinations(cards, 2))
    left = [one[a] == one[b] for a, b in pairs]
    right = [other[a] == other[b] for a, b in pairs]
    if sum(left) == sum(right) and sum(left) in (0, len(pairs)):
        return 1.0
    both = sum(a and b for a, b in zip(left, right, strict=True))
    chance = sum(left) * sum(right) / len(pairs)
    return (both - chance) / ((sum(left) + sum(right)) / 2 - chance)


def rand(one: Sort, other: Sort, cards: Sequence[str]) -> float:
    pairs = list(combinations(cards, 2))
    return sum((one[a] == one[b]) == (other[a] == other[b]) for a, b in pairs) / len(pairs)


def mean_over_people(index: Any, sorts: Sequence[Sort], cards: Sequence[str]) -> float:
    found = [index(one, other, cards) for one, other in combinations(sorts, 2)]
    return float(sum(found) / len(found))


def varied_sorts(cards: Sequence[str], rng: random.Random) -> list[Sort]:
    """From one pile to one pile a card, with all that is hardest: everything apart, all but one together."""
    last = cards[-1]
    return [
        *({card: str(rng.randrange(most)) for card in cards} for most in (2, 3, 5, 5, 8, 13, len(cards))),
        *[dict.fromkeys(cards, "all")] * 2,
        *[{card: card for card in cards}] * 2,
        {**dict.fromkeys(cards, "all"), last: "alone"},
        {**{card: card for card in cards}, last: cards[0]},
    ]


@pytest.mark.parametrize("count", [2, 3, 10, consensus.EXACT_CARDS, consensus.EXACT_CARDS + 1, 40, consensus.MAX_CARDS])
def test_consensus_is_the_mean_over_pairs_of_people(count: int) -> None:
    cards = [f"c{place}" for place in range(count)]
    sorts = varied_sorts(cards, numbers(count))
    block = figures(design(cards), [*sorts, {cards[0]: "incomplete sorts do not count"}])["consensus"]
    assert block["mean_rand"] == pytest.approx(mean_over_people(rand, sorts, cards), abs=1e-12)
    assert block["mean_adjusted_rand"] == pytest.approx(mean_over_people(adjusted_rand, sorts, cards), abs=1e-9)


def test_too_many_cards_have_no_adjusted_index() -> None:
    cards = [f"c{place}" for place in range(consensus.MAX_CARDS + 1)]
    sorts = varied_sorts(cards, numbers(1))
    block = figures(design(cards), sorts)["consensus"]
    assert block["mean_adjusted_rand"] is None
    assert block["mean_rand"] == pytest.approx(mean_over_people(rand, sorts[:3], cards), abs=1)


def test_adjusted_index_of_like_sorts_is_one() -> None:
    cards = [f"c{place}" for place in range(30)]
    sort = {card: str(place % 4) for place, card in enumerate(cards)}
    assert figures(design(cards), [sort] * 9)["consensus"]["mean_adjusted_rand"] == pytest.approx(1, abs=1e-9)


# Histories


LABELS = ("Fresh food", "fresh  FOOD", "🍎🍐", 'Quote" and \\', "ß", "SS", "[1]", "0")
CARDS = [f"c{place}" for place in range(5)]


@st.composite
def people(draw: st.DrawFn) -> list[Person]:
    places = st.sampled_from((*LABELS, "#g", "#h"))
    return [
        person(sort, completed=completed, excluded=excluded)
        for sort, completed, excluded in draw(
            st.lists(
                st.tuples(st.dictionaries(st.sampled_from(CARDS), places), st.booleans(), st.booleans()), max_size=8
            )
        )
    ]


MAPS = st.dictionaries(
    st.sampled_from([normalise_label(label) for label in LABELS]), st.sampled_from(("One", "Two", "0", "ss"))
)


@settings(max_examples=1000, deadline=None)
@given(people(), MAPS, st.randoms(use_true_random=False), st.data())
def test_history_leaves_no_trace(crowd: list[Person], merged: dict[str, str], rng: random.Random, data: Any) -> None:
    study = design(CARDS, sort_type="hybrid", groups=["g", "h"], merged=merged)
    added = [contribution(study, one) for one in crowd]
    rebuilt = State.of(added)
    gone = [contribution(study, one) for one in data.draw(people())]

    shuffled = [*added, *gone]
    rng.shuffle(shuffled)
    cut = data.draw(st.integers(0, len(shuffled)))
    folded = State.of(shuffled[:cut])
    folded = State.from_document(json.loads(document(folded)))
    folded.merge(State.of(shuffled[cut:]))
    for one in gone:
        folded.subtract(one)

    assert document(folded) == document(rebuilt)
    assert summarise(study, folded) == summarise(study, rebuilt)


@settings(max_examples=200, deadline=None)
@given(people(), MAPS)
def test_tables_are_what_counting_by_hand_gives(crowd: list[Person], merged: dict[str, str]) -> None:
    study = design(CARDS, sort_type="hybrid", groups=["g", "h"], merged=merged)
    found = summarise(study, State.of(contribution(study, one) for one in crowd))
    sorts = [{each["card_id"]: _key(each) for each in one.results[0]["placements"]} for one in crowd if one.analysed]
    _check_similarity(found["similarity"], sorts)
    _check_groups(found, sorts)
    renamed = [{card: (kind, merged.get(key, key) if kind else key) for card, (kind, key) in s.items()} for s in sorts]
    _check_groups(found["standardised"], renamed)


def _key(placement: Mapping[str, Any]) -> tuple[bool, str]:
    """Whether it is a free label, and which."""
    free = "group" in placement
    return (free, normalise_label(placement["group"])) if free else (free, placement["group_id"])


def _check_similarity(block: Mapping[str, Any], sorts: Sequence[Mapping[str, tuple[bool, str]]]) -> None:
    for i, one in enumerate(CARDS):
        for j, other in enumerate(CARDS):
            both = [sort for sort in sorts if one in sort and other in sort]
            together = sum(sort[one] == sort[other] for sort in both)
            assert block["both_sorted"][i][j] == len(both)
            assert block["together"][i][j] == together
            assert block["percent"][i][j] == (100 * together / len(both) if both else None)


def _check_groups(tables: Mapping[str, Any], sorts: Sequence[Mapping[str, tuple[bool, str]]]) -> None:
    used = {key for sort in sorts for key in sort.values()} | {(False, "g"), (False, "h")}
    shown = {(group["group_id"] is None, group["group_id"] or group["label"]): group for group in tables["groups"]}
    assert shown.keys() == used
    for key, group in shown.items():
        assert group["participants"] == sum(key in sort.values() for sort in sorts)
        counts = {card: sum(sort.get(card) == key for sort in sorts) for card in CARDS}
        assert group["cards"] == [{"card_id": card, "count": count} for card, count in counts.items() if count]
    for card in tables["cards"]:
        places = [sort[card["card_id"]] for sort in sorts if card["card_id"] in sort]
        counted = {place: places.count(place) for place in places}
        most = max(counted.values(), default=0)
        assert (card["sorted"], card["unsorted"]) == (len(places), len(sorts) - len(places))
        assert sorted(card["top_groups"]) == sorted(key for (_, key), count in counted.items() if count == most)
        assert card["agreement"]["count"] == most


@pytest.mark.parametrize("sort_type", ["open", "closed", "hybrid"])
def test_sample_studies(sort_type: str) -> None:
    body = sample_study("card_sort")
    cards = [{"id": f"crd_{place}", "label": label} for place, label in enumerate(body["cards"])]
    groups = (
        [] if sort_type == "open" else [{"id": f"grp_{place}", "label": g} for place, g in enumerate(body["groups"])]
    )
    configured = {**body["settings"], "sort_type": sort_type, "category_map": {}}
    detail = {"settings": configured, "cards": cards, "groups": groups}
    study, rng = Design.from_document(detail), numbers(4)
    crowd = [
        Person(str(place), True, False, "2026", None, tuple(sample_results("card_sort", detail, rng)))
        for place in range(40)
    ]
    found = summarise(study, State.of(contribution(study, one) for one in crowd))
    assert json.loads(json.dumps(found)) == found
    assert all(card["sorted"] + card["unsorted"] == 40 for card in found["cards"])
    assert sum(group["placements"] for group in found["groups"]) == sum(card["sorted"] for card in found["cards"])


# Size


def test_states_of_the_largest_studies_stay_within_what_json_numbers_may_be() -> None:
    cards = [f"c{place}" for place in range(500)]
    study, rng = design(cards), numbers(6)
    sorts = [{card: str(rng.randrange(20)) for card in cards if rng.random() < keep} for keep in (1, 1, 0.9)]
    state = state_of(study, sorts)
    assert State.from_document(json.loads(document(state))) == state
    assert len(summarise(study, state)["dendrogram"]["merges"]) == 499


@settings(max_examples=200)
@given(st.lists(st.integers(-(10**7 // 2) + 1, 10**7 // 2 - 1), max_size=40))
def test_fields_come_out_as_they_were_put_in(fields: list[int]) -> None:
    units = packing.units(len(fields))
    number = sum(unit * field for unit, field in zip(units, fields, strict=True))
    assert list(packing.unpacked(number, len(fields))) == fields
    positive = {place: abs(field) for place, field in enumerate(fields) if field}
    assert dict(packing.occupied(sum(units[place] * field for place, field in positive.items()))) == positive
