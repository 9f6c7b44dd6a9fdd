"""Figures in the shapes of `GET /metrics`, of any size: what a report is made from."""

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, Final

from trimetric.domain.studies import Status, Study
from trimetric.domain.study_types.design import Card, Design, Group, Option, Question
from trimetric.reporting.facts import Facts

HOSTILE: Final = "<script>alert(1)</script> | # [x](javascript:1) \x01 & \"quoted\" 'it'"
LABELS: Final = (
    "Prices",
    "A label that is so long that no picture has the room to show all of it beside its bars",
    "عروض الأسعار والتخفيضات الموسمية لجميع المنتجات الجديدة",
    "👩‍👩‍👧‍👦 Families 🇩🇪🇫🇷 and very many friends of theirs 👍🏽👍🏽👍🏽",
    "価格と割引についてのよくある質問とその回答の一覧ページ",
    HOSTILE,
)


def label(place: int) -> str:
    return LABELS[place] if place < len(LABELS) else f"Item number {place}"


def proportion(count: int, n: int) -> dict[str, Any]:
    if not n:
        return {"count": 0, "n": 0, "rate": None, "ci95": None}
    rate = count / n
    return {"count": count, "n": n, "rate": rate, "ci95": [max(rate - 0.15, 0.0), min(rate + 0.15, 1.0)]}


def mean(value: float, n: int) -> dict[str, Any]:
    if not n:
        return {"n": 0, "mean": None, "sd": None, "ci95": None}
    spread = {"sd": None, "ci95": None} if n == 1 else {"sd": 1.0, "ci95": [value - 0.3, value + 0.3]}
    return {"n": n, "mean": value, **spread}


def duration(n: int) -> dict[str, Any]:
    names = ("mean", "median", "geometric_mean", "min", "q1", "q3", "max")
    values = (4200.5, 3900.0, 4000.1, 0, 2000.0, 6000.0, 90_000) if n else (None,) * 7
    return {"n": n, **dict(zip(names, values, strict=True))}


def distribution(labels: Sequence[tuple[Any, str | None]], rng: Random, n: int) -> list[dict[str, Any]]:
    counts = [rng.randint(0, n) for _ in labels]
    total = sum(counts)
    return [
        {"value": value, "label": label, "count": count, "share": count / total if total else None}
        for (value, label), count in zip(labels, counts, strict=True)
    ]


def words(size: int, rng: Random, n: int, key: str = "word") -> list[dict[str, Any]]:
    if not n:
        return []
    return [
        {key: label(place), "participants": max(n - place, 1), "occurrences": n + rng.randint(0, 3)}
        for place in range(size)
    ]


def _card_sort(size: int, n: int, rng: Random) -> tuple[Design, dict[str, Any]]:
    cards = [Card(f"c{place}", label(place)) for place in range(size)]
    groups = [Group(f"g{place}", label(place)) for place in range(max(size // 6, 2))]
    together = [[0] * size for _ in cards]
    for row in range(size):
        for column in range(row + 1):
            same = row * len(groups) // size == column * len(groups) // size
            together[row][column] = together[column][row] = (
                n if row == column else min(n, max(0, round(rng.gauss(0.7 if same else 0.15, 0.12) * n)))
            )
    percent = [[100 * count / n if n else None for count in row] for row in together]
    merges: list[list[float]] = []
    alive = list(range(size))
    while len(alive) > 1:
        merges.append([alive[0], alive[1], min(len(merges) / size, 1), len(merges) + 2])
        alive = [size + len(merges) - 1, *alive[2:]]
    counted = [rng.randint(1, n) if n else 0 for _ in cards]
    standing = [
        {
            "group_id": group.id,
            "label": group.label,
            "participants": n,
            "placements": n * 2,
            "cards": [{"card_id": card.id, "count": n} for card in cards[:2]] if n else [],
            "agreement": 0.5 if n else None,
        }
        for group in groups
    ]
    described = [
        {
            "card_id": card.id,
            "label": card.label,
            "sorted": n,
            "unsorted": 0,
            "group_count": 2 if n else 0,
            "top_group": None,
            "top_groups": [groups[0].id, "my own"] if n else [],
            "agreement": proportion(count, n),
        }
        for card, count in zip(cards, counted, strict=True)
    ]
    placements = [
        {"card_id": card.id, "group_id": group.id, "count": (c := rng.randint(0, n)), "share": c / n if n else None}
        for card in cards
        for group in groups
    ]
    design = Design(
        settings={"sort_type": "hybrid", "allow_unsorted": True, "category_map": {"a": HOSTILE}},
        cards=tuple(cards),
        groups=tuple(groups),
    )
    return design, {
        "cards": described,
        "similarity": {
            "card_ids": [card.id for card in cards],
            "percent": percent,
            "together": together,
            "both_sorted": [[n] * size for _ in cards],
        },
        "dendrogram": {
            "method": "average_linkage",
            "merges": merges,
            "cophenetic_correlation": 0.91 if n else None,
            "ties": True,
        },
        "groups": standing,
        "placements": placements,
        "consensus": {
            "mean_rand": 0.8 if n > 1 else None,
            "mean_adjusted_rand": 0.3 if n > 1 else None,
            "fleiss_kappa": None,
            "categories_per_participant": mean(3, n),
        },
        "standardised": {
            "cards": described,
            "groups": [{**each, "group_id": None} for each in standing],
            "placements": [],
        },
    }


def _tree_test(size: int, n: int, rng: Random) -> tuple[Design, dict[str, Any]]:
    nodes = [{"id": f"n{place}", "label": label(place), "children": []} for place in range(size)]
    tops = [node for place, node in enumerate(nodes) if place < max(size // 6, 1)]
    for place in range(len(tops), size):
        nodes[(place - len(tops)) // 3]["children"].append(nodes[place])  # type: ignore[attr-defined]
    tasks = [
        {"id": f"t{place}", "prompt": label(place), "correct_node_ids": [nodes[-1]["id"]]}
        for place in range(min(size, 4))
    ]
    kinds = ("direct_success", "indirect_success", "direct_failure", "indirect_failure", "direct_skip", "indirect_skip")
    measured = []
    for task in tasks:
        outcomes = {kind: rng.randint(0, n) for kind in kinds}
        total = sum(outcomes.values())
        everybody = [(node["id"], str(node["label"])) for node in nodes]
        measured.append(
            {
                "task_id": task["id"],
                "outcomes": outcomes,
                "success": proportion(outcomes["direct_success"] + outcomes["indirect_success"], total),
                "directness": proportion(outcomes["direct_success"] + outcomes["direct_failure"], total),
                "score": 7 if total else None,
                "duration_ms": duration(total),
                "success_duration_ms": duration(0),
                "first_click": distribution([(node["id"], str(node["label"])) for node in tops], rng, n),
                "first_click_correct": proportion(total // 2, total),
                "destinations": distribution([*everybody, (None, None)], rng, n // 4),
                "paths": [
                    {
                        "path": ["n0", nodes[-1]["id"]],
                        "answer_node_id": nodes[-1]["id"],
                        "count": n,
                        "outcome": kinds[1],
                    }
                ]
                if n
                else [],
                "paths_truncated": False,
                "nodes": [
                    {"node_id": node["id"], "visits": (v := rng.randint(0, 3 * n)), "backtracks": v // 3}
                    for node in nodes
                ],
                "lostness": mean(0.4, n),
                "confidence": mean(5.5, n),
            }
        )
    design = Design(settings={"tree": tops, "tasks": tasks, "shuffle_tasks": False})
    overall = {"success": proportion(3 * n, 4 * n), "directness": proportion(n, 4 * n), "score": 6 if n else None}
    return design, {"tasks": measured, "overall": overall}


_KINDS: Final = (
    "single_choice",
    "multiple_choice",
    "boolean",
    "rating",
    "nps",
    "csat",
    "ces",
    "seq",
    "sus",
    "umux_lite",
    "nasa_tlx",
    "ranking",
    "text",
)
_SCALES: Final = {"rating": (1, 5), "csat": (1, 5), "ces": (1, 7), "seq": (1, 7), "nps": (0, 10)}


def _survey(size: int, n: int, rng: Random) -> tuple[Design, dict[str, Any]]:
    options = tuple(Option(f"o{place}", label(place)) for place in range(size))
    questions = tuple(
        Question(
            id=f"q{place}",
            kind=kind,
            prompt=label(place),
            required=False,
            options=options if kind in ("single_choice", "multiple_choice", "ranking") else (),
            min=1 if kind == "rating" else None,
            max=5 if kind == "rating" else None,
        )
        for place, kind in enumerate(_KINDS)
    )
    figures = [
        {"question_id": question.id, "kind": question.kind, "shown": n, "answered": n, "skipped": 0}
        | _answers(question, size, n, rng)
        for question in questions
    ]
    dropoff = [{"question_id": question.id, "count": rng.randint(0, n)} for question in questions]
    return Design(settings={}, questions=questions), {"questions": figures, "dropoff": dropoff}


def _answers(question: Question, size: int, n: int, rng: Random) -> dict[str, Any]:
    scale = _SCALES.get(question.kind)
    scores = distribution([(value, None) for value in range(scale[0], scale[1] + 1)], rng, n) if scale else []
    score = {"score": mean(71.5, n), "median": 72.5 if n else None}
    match question.kind:
        case "single_choice" | "multiple_choice":
            return {
                "options": [
                    {"id": option.id, "label": option.label, **proportion(rng.randint(0, n), n)}
                    for option in question.options
                ]
            }
        case "boolean":
            return {
                "options": [
                    {"id": "true", "label": "Yes", **proportion(n, n)},
                    {"id": "false", "label": "No", **proportion(0, n)},
                ]
            }
        case "rating":
            boxes = {"top2": proportion(n // 2, n), "bottom2": proportion(0, n)}
            return {"distribution": scores, "mean": mean(3.4, n), "median": 3.5 if n else None, **boxes}
        case "nps":
            groups = {"promoters": n // 2, "passives": n - n // 2 - n // 4, "detractors": n // 4}
            return {**groups, "nps": 25.0 if n else None, "ci95": [-3.5, 48.2] if n else None, "distribution": scores}
        case "csat":
            return {"csat": proportion(n // 2, n), "mean": mean(3.9, n)}
        case "ces" | "seq":
            return {"mean": mean(5.9, n), "distribution": scores}
        case "sus":
            parts = {"usability": 70.1 if n else None, "learnability": 80.0 if n else None, "cronbach_alpha": None}
            return {**score, "grade": "C+" if n else None, **parts}
        case "umux_lite":
            return {"score": mean(71.5, n), "sus_estimate": 69.4 if n else None}
        case "nasa_tlx":
            return {"score": mean(14.2, n)}
        case "ranking":
            return {
                "options": [
                    {
                        "id": option.id,
                        "mean_rank": 1 + place / 2 if n else None,
                        "first_share": proportion(0, n),
                        "borda": n,
                    }
                    for place, option in enumerate(question.options)
                ]
            }
        case _:
            return {"empty": 0, "words": words(size, rng, n)}


def _first_click_test(size: int, n: int, rng: Random) -> tuple[Design, dict[str, Any]]:
    images: Sequence[dict[str, Any]] = (
        {"url": "https://outside.example/a.png", "width": 1280, "height": 800},
        {"width": 375, "height": 1600},
    )
    tasks: list[dict[str, Any]] = []
    for number, image in enumerate(images):
        areas: list[dict[str, Any]] = [
            {
                "id": f"a{number}-{place}",
                "label": label(place),
                "correct": place == 0,
                "rect": {"x": place % 8 / 8, "y": place // 8 / 10, "width": 0.11, "height": 0.08},
            }
            for place in range(size)
        ]
        areas.append(
            {
                "id": f"p{number}",
                "label": "Triangle",
                "correct": True,
                "polygon": [[0.5, 0.82], [0.9, 0.98], [0.3, 1.0]],
            }
        )
        image = {"url": "https://outside.example/b.png", **image}
        tasks.append({"id": f"t{number}", "prompt": label(number), "image": image, "areas": areas})
    measured = []
    for task in tasks:
        rows = max(1, int(100 * task["image"]["height"] / task["image"]["width"] + 0.5))
        spots = {
            (int(rng.gauss(0.08, 0.05) * rows) % rows, int(rng.gauss(6, 4)) % 100): rng.randint(1, 9) for _ in range(n)
        }
        clicks = sum(spots.values())
        measured.append(
            {
                "task_id": task["id"],
                "success": proportion(clicks // 2, clicks),
                "skips": 0,
                "areas": [
                    {
                        "area_id": area["id"],
                        "label": area["label"],
                        "correct": area["correct"],
                        "count": n,
                        "share": 0.1 if n else None,
                    }
                    for area in task["areas"]
                ],
                "outside": clicks // 5,
                "duration_ms": duration(clicks),
                "success_duration_ms": duration(clicks),
                "grid": {
                    "columns": 100,
                    "rows": rows,
                    "cells": [[*spot, count] for spot, count in sorted(spots.items())],
                },
                "median_point": [0.07, 0.09] if n else None,
            }
        )
    return Design(settings={"tasks": tasks}), {"tasks": measured}


def _five_second_test(size: int, n: int, rng: Random) -> tuple[Design, dict[str, Any]]:
    questions = [
        {"id": "q1", "prompt": HOSTILE, "kind": "text", "options": [], "keywords": ["price"]},
        {"id": "q2", "prompt": "What was it for?", "kind": "single_choice", "options": [], "keywords": []},
    ]
    options = [{"id": f"o{place}", "label": label(place), **proportion(rng.randint(0, n), n)} for place in range(size)]
    figures = [
        {
            "question_id": "q1",
            "kind": "text",
            "words": words(size, rng, n),
            "bigrams": words(size, rng, n, "bigram"),
            "empty": 1 if n else 0,
            "recall": proportion(n // 2, n),
        },
        {"question_id": "q2", "kind": "single_choice", "options": options},
    ]
    design = Design(settings={"image": None, "exposure_ms": 5000, "questions": questions})
    return design, {"exposure_ms": mean(5010, n), "exposure_off": 0, "questions": figures}


def _preference_test(size: int, n: int, rng: Random) -> tuple[Design, dict[str, Any]]:
    asked = [
        {"id": f"o{place}", "label": label(place), "image_url": "https://outside.example/x"} for place in range(size)
    ]
    options = [
        {
            "option_id": option["id"],
            "label": option["label"],
            **proportion(rng.randint(0, n), n),
            "duration_ms": duration(n),
            "first_shown_share": proportion(0, n),
        }
        for option in asked
    ]
    test = {"kind": "chi_square", "statistic": 13.12, "df": 3, "p_value": 0.0044, "valid": n > 20} if n else None
    design = Design(settings={"prompt": HOSTILE, "options": asked, "allow_none": True})
    tied = [option["id"] for option in asked[:2]] if n else []
    return design, {
        "options": options,
        "none": n,
        "test": test,
        "runner_up_p_value": 0.78 if n else None,
        "winner": None,
        "tied": tied,
    }


def _navigation(size: int, n: int, rng: Random, *, website: bool) -> tuple[Design, dict[str, Any]]:
    names = [f"/path/{place}" if website else f"s{place}" for place in range(size)]
    tasks = [
        {
            "id": f"t{place}",
            "prompt": label(place),
            "expected_paths": [names[:2]],
            **(
                {"start_url": "https://outside.example/", "goal": {"url_pattern": "outside.example/**"}}
                if website
                else {"start_screen_id": names[0], "goal_screen_ids": [names[-1]]}
            ),
        }
        for place in range(min(size, 4))
    ]
    measured = []
    for task in tasks:
        outcomes = {kind: rng.randint(0, n) for kind in ("direct_success", "indirect_success", "gave_up", "unfinished")}
        total = sum(outcomes.values())
        seen = {"visits": 2 * n, "exits": n // 3, "mean_duration_ms": 4100.5 if n else None}
        clicked = {"count": n, "n": 9 * n, "rate": 1 / 9 if n else None}
        common = {
            "task_id": task["id"],
            "outcomes": outcomes,
            "success": proportion(outcomes["direct_success"], total),
            "direct_success": proportion(outcomes["direct_success"], total),
            "duration_ms": duration(total),
            "success_duration_ms": duration(0),
            "ease": mean(5.2, n),
            "paths": [{"path": names[:3], "count": n, "outcome": "direct_success"}] if n else [],
            "paths_truncated": False,
            "lostness": mean(0.2, n),
            "sum": {"completion": 0.8, "time": None, "satisfaction": 0.49, "score": None} if n else None,
        }
        if website:
            reported = {"self_reported": proportion(n, n), "false_successes": n // 5}
            measured.append({**common, "pages": [{"page": name, **seen} for name in names], **reported})
        else:
            screens = [
                {"screen_id": name, **seen, "misclick_rate": clicked, "usability_score": 88.5 if n else None}
                for name in names
            ]
            measured.append({**common, "misclick_rate": clicked, "screens": screens})
    settings = {"tasks": tasks}
    if not website:
        settings["screens"] = [{"id": name, "label": label(place)} for place, name in enumerate(names)]
    return Design(settings=settings), {"tasks": measured}


def _interview(size: int, n: int, rng: Random) -> tuple[Design, dict[str, Any]]:
    guide = [{"id": f"q{place}", "question": label(place)} for place in range(size)]
    tags = [
        {
            "tag": label(place),
            "participants": max(n - place, 1),
            "mentions": n + 1,
            "sentiment": {"negative": 1, "neutral": 0, "positive": n},
        }
        for place in range(size if n else 0)
    ]
    return Design(settings={"mode": "guided", "guide": guide}), {
        "scheduled": 1 if n else 0,
        "completed": n,
        "no_show": 0,
        "cancelled": 0,
        "duration_ms": duration(n),
        "tags": tags,
        "tag_pairs": [{"tags": [label(0), label(1)], "count": 2}] if n else [],
        "guide_coverage": [{"question_id": each["id"], "answered": n} for each in guide],
        "new_tags_per_interview": [max(12 - 2 * place, 0) for place in range(n)],
        "saturated": None if n < 6 else True,
    }


_MADE: Final[Mapping[str, Callable[[int, int, Random], tuple[Design, dict[str, Any]]]]] = {
    "card_sort": _card_sort,
    "tree_test": _tree_test,
    "survey": _survey,
    "first_click_test": _first_click_test,
    "five_second_test": _five_second_test,
    "preference_test": _preference_test,
    "prototype_test": lambda size, n, rng: _navigation(size, n, rng, website=False),
    "live_website_test": lambda size, n, rng: _navigation(size, n, rng, website=True),
    "interview": _interview,
}


def facts(study_type: str, *, size: int, people: int) -> Facts:
    """A study of `size` cards, nodes, options, …, that `people` took part in."""
    rng = Random(7)  # noqa: S311 - the same figures every time
    design, metrics = _MADE[study_type](size, people, rng)
    counted = {"started": people + 3, "completed": people, "abandoned": 3, "excluded": 0, "analysed": people}
    classes = [(100.0 * place, 100.0 * place + 100, max(people - place, 1)) for place in range(min(people, 24))]
    return Facts(
        study_type=study_type,
        design=design,
        participants={**counted, "completion_rate": people / (people + 3)},
        duration_ms=duration(people),
        metrics=metrics,
        histogram=classes,
    )


def study(study_type: str) -> Study:
    return Study(
        id=f"std_{'0' * 26}",
        type=study_type,
        status=Status.PUBLISHED,
        name=HOSTILE,
        description=HOSTILE,
        folder_id=None,
        created_at="2026-01-05T09:00:00.000Z",
        updated_at="2026-01-05T09:00:00.000Z",
    )
