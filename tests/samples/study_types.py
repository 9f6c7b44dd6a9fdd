"""Studies and results of each type, as the API takes them: for tests, benchmarks and demonstration data.

`sample_study` gives bodies, `sample_results` one participant's valid results for a study as the API shows it, and
`wrong_results` results that it must refuse, with the end of the path it must name.
"""

import copy
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

Detail = Mapping[str, Any]
Results = list[dict[str, Any]]
#: What is wrong, the results, and how the path of one problem ends.
Wrong = tuple[str, list[Any], str]

_NOT_DURATIONS: Final[Mapping[str, Any]] = {
    "negative": -1,
    "a fraction": 1.5,
    "a boolean": True,
    "a string": "1000",
    "null": None,
    "of thirty digits": 10**30,
}
_NOT_TEXT: Final[Mapping[str, Any]] = {
    "with U+0000": "a\x00b",
    "a number": 7,
    "a list": ["text"],
    "of 5,001 characters": "x" * 5001,
}
_COMMENTS: Final = (
    "Clear and simple",
    "The prices are easy to find",
    'Not sure | "prices" are hidden, maybe?',
    "Too many words.\nI gave up reading.",
    "Über-klar, danke 👍",
    "",
)


def sample_study(type_name: str) -> dict[str, Any]:
    """`settings`, and `cards`, `groups`, `questions` where the type has them: complete, ready to be published."""
    return copy.deepcopy(_STUDIES[type_name])


def sample_results(type_name: str, detail: Detail, rng: random.Random) -> Results:
    """Valid payloads of one participant who finished; the same for the same state of `rng`."""
    return _RESULTS[type_name](detail, rng)


def wrong_results(type_name: str, detail: Detail) -> list[Wrong]:
    """Results that the study in `detail` (which may be of any design) must refuse."""
    rng = random.Random(20)  # noqa: S311 - the same cases every time
    good = _full(type_name, detail, rng)
    everywhere: list[Wrong] = [
        ("a result that is null", [None], "[0]"),
        ("a result that is a list", [[]], "[0]"),
        ("an unknown member", _changed(good, 0, "verdict", value="success"), "[0].verdict"),
    ]
    if type_name != "interview":
        everywhere += [
            (f"a duration that is {name}", _changed(good, 0, "duration_ms", value=value), "[0].duration_ms")
            for name, value in _NOT_DURATIONS.items()
        ]
    if "task_id" in good[0]:
        everywhere += [
            ("an unknown task", _changed(good, 0, "task_id", value="no-such-task"), "[0].task_id"),
            ("a task id that is a number", _changed(good, 0, "task_id", value=1), "[0].task_id"),
            ("a task id that is too long", _changed(good, 0, "task_id", value="t" * 65), "[0].task_id"),
            ("no task id", _without(good, 0, "task_id"), "[0].task_id"),
            ("a task twice", [good[0], good[0]], "[1].task_id"),
        ]
    else:
        everywhere.append(("two results where one is due", [good[0], good[0]], "[1]"))
    return [*everywhere, *_WRONG[type_name](detail, good)]


def _full(type_name: str, detail: Detail, rng: random.Random) -> Results:
    """Results in which nothing is left out, so that there is something to break."""
    while True:
        results = sample_results(type_name, detail, rng)
        if results and _IS_FULL[type_name](detail, results[0]):
            return results


def _changed(results: Sequence[Any], *path: int | str, value: Any) -> list[Any]:
    changed: list[Any] = copy.deepcopy(list(results))
    inner: Any = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return changed


def _without(results: Sequence[Any], *path: int | str) -> list[Any]:
    changed: list[Any] = copy.deepcopy(list(results))
    inner: Any = changed
    for step in path[:-1]:
        inner = inner[step]
    del inner[path[-1]]
    return changed


def _millis(rng: random.Random, typical: int) -> int:
    """Durations are skewed to the right."""
    return int(typical * rng.lognormvariate(0, 0.6))


def _ids(items: Sequence[Mapping[str, Any]]) -> list[str]:
    return [str(item["id"]) for item in items]


# -- card sort -----------------------------------------------------------------


def _card_sort(detail: Detail, rng: random.Random) -> Results:
    settings, cards = detail["settings"], detail["cards"]
    groups = [{"group_id": group_id} for group_id in _ids(detail["groups"])]
    own = [{"group": label} for label in rng.sample(["Fresh food", "fresh  FOOD", "Sweets", "Drinks", "Other"], 3)]
    piles = {"open": own, "closed": groups, "hybrid": [*groups, *own[:1]]}[settings["sort_type"]]
    placements = []
    for place, card in enumerate(cards):
        if settings["allow_unsorted"] and rng.random() < 0.05:
            continue
        usual = piles[place * len(piles) // len(cards)]
        placements.append({"card_id": card["id"], **(usual if rng.random() < 0.7 else rng.choice(piles))})
    rng.shuffle(placements)
    return [{"placements": placements, "duration_ms": _millis(rng, 180_000)}]


def _wrong_card_sort(detail: Detail, good: Results) -> list[Wrong]:
    first = good[0]["placements"][0]
    sort_type = detail["settings"]["sort_type"]
    at = (0, "placements", 0)
    wrong: list[Wrong] = [
        ("an unknown card", _changed(good, *at, "card_id", value="crd_none"), ".placements[0].card_id"),
        ("a card that is a number", _changed(good, *at, "card_id", value=3), ".placements[0].card_id"),
        (
            "a card twice",
            _changed(good, 0, "placements", value=[*good[0]["placements"], first]),
            f".placements[{len(good[0]['placements'])}].card_id",
        ),
        ("no group at all", _changed(good, *at, value={"card_id": first["card_id"]}), ".placements[0]"),
        (
            "a group's id and a label of one's own",
            _changed(good, *at, value={"card_id": first["card_id"], "group_id": "g", "group": "g"}),
            ".placements[0]",
        ),
        ("placements that are an object", _changed(good, 0, "placements", value={}), ".placements"),
        ("no placements", _without(good, 0, "placements"), ".placements"),
        ("an unknown member of a placement", _changed(good, *at, "rank", value=1), ".placements[0].rank"),
    ]
    by_id = _changed(good, *at, value={"card_id": first["card_id"], "group_id": "grp_none"})
    free = _changed(good, *at, value={"card_id": first["card_id"], "group": "My own"})
    blank = _changed(good, *at, value={"card_id": first["card_id"], "group": "  "})
    if sort_type == "open":
        wrong.append(("a group's id in an open sort", by_id, ".placements[0].group_id"))
    else:
        wrong.append(("an unknown group", by_id, ".placements[0].group_id"))
    if sort_type == "closed":
        wrong.append(("a label of one's own in a closed sort", free, ".placements[0].group"))
    else:
        wrong.append(("a blank label", blank, ".placements[0].group"))
    if not detail["settings"]["allow_unsorted"]:
        wrong.append(("a card left out", _without(good, *at), ".placements"))
    return wrong


# -- tree test -----------------------------------------------------------------


def _lines(nodes: Sequence[Mapping[str, Any]], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The way from the top to each node, itself included."""
    for node in nodes:
        line = (*above, str(node["id"]))
        yield line
        yield from _lines(node.get("children", ()), line)


def _tree_test(detail: Detail, rng: random.Random) -> Results:
    lines = {line[-1]: line for line in _lines(detail["settings"]["tree"])}
    results = []
    for task in detail["settings"]["tasks"]:
        answer = rng.choice(task["correct_node_ids"] if rng.random() < 0.7 else list(lines))
        detour = list(lines[rng.choice(list(lines))]) if rng.random() < 0.3 else []
        skipped = rng.random() < 0.06
        path = detour if skipped else [*detour, *lines[answer]]
        results.append(
            {
                "task_id": task["id"],
                "path": path,
                "answer_node_id": None if skipped else answer,
                "skipped": skipped,
                "duration_ms": _millis(rng, 15_000),
                "confidence": rng.choice([None, 3, 4, 5, 6, 7]),
            }
        )
    return results


def _wrong_tree_test(detail: Detail, good: Results) -> list[Wrong]:
    length = len(good[0]["path"])
    other = next(line[-1] for line in _lines(detail["settings"]["tree"]) if line[-1] != good[0]["answer_node_id"])
    unanswered = {**good[0], "answer_node_id": None}
    return [
        ("an unknown node in the path", _changed(good, 0, "path", 0, value="no-such-node"), "[0].path[0]"),
        ("a node that is a number", _changed(good, 0, "path", length - 1, value=1), f"[0].path[{length - 1}]"),
        ("a path that is a string", _changed(good, 0, "path", value="n1"), "[0].path"),
        ("a path of 1,001 steps", _changed(good, 0, "path", value=[other] * 1001), "[0].path"),
        ("no path", _without(good, 0, "path"), "[0].path"),
        ("an unknown answer", _changed(good, 0, "answer_node_id", value="no-such-node"), "[0].answer_node_id"),
        ("an answer that was not visited last", _changed(good, 0, "answer_node_id", value=other), ".answer_node_id"),
        ("an answer without a path", [{**good[0], "path": []}], "[0].answer_node_id"),
        ("neither answered nor skipped", [unanswered], "[0].answer_node_id"),
        ("skipped with an answer", _changed(good, 0, "skipped", value=True), "[0].answer_node_id"),
        ("skipped that is a number", _changed(good, 0, "skipped", value=1), "[0].skipped"),
        ("a confidence of 0", _changed(good, 0, "confidence", value=0), "[0].confidence"),
        ("a confidence of 8", _changed(good, 0, "confidence", value=8), "[0].confidence"),
        ("a confidence that is a fraction", _changed(good, 0, "confidence", value=3.5), "[0].confidence"),
        ("a confidence that is a boolean", _changed(good, 0, "confidence", value=True), "[0].confidence"),
    ]


# -- survey --------------------------------------------------------------------

_SCALES: Final = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7), "seq": (1, 7)}
_BATTERIES: Final = {"sus": (10, 1, 5), "umux_lite": (2, 1, 7), "nasa_tlx": (6, 0, 100)}


def _scale(question: Mapping[str, Any]) -> tuple[int, int] | None:
    return (question["min"], question["max"]) if question["kind"] == "rating" else _SCALES.get(question["kind"])


def _value(question: Mapping[str, Any], rng: random.Random) -> Any:
    kind = question["kind"]
    scale = _scale(question)
    if scale:
        return max(rng.randint(*scale), rng.randint(*scale))
    if kind in _BATTERIES:
        items, low, high = _BATTERIES[kind]
        return [rng.randint(low, high) for _ in range(items)]
    if kind == "boolean":
        return rng.random() < 0.6
    if kind == "text":
        return rng.choice(_COMMENTS[:-1] if question["required"] else _COMMENTS)
    options = _ids(question["options"])
    if kind == "single_choice":
        return options[min(rng.randrange(len(options)), rng.randrange(len(options)))]
    return rng.sample(options, rng.randint(1, len(options)))


def _survey(detail: Detail, rng: random.Random) -> Results:
    answers = [
        {"question_id": question["id"], "value": _value(question, rng)}
        for question in detail["questions"]
        if question["required"] or rng.random() < 0.9
    ]
    return [{"answers": answers, "duration_ms": _millis(rng, 120_000)}]


def _wrong_values(question: Mapping[str, Any]) -> dict[str, tuple[Any, str]]:
    """Values that do not answer `question`, with the end of the path below `value`."""
    kind, scale = question["kind"], _scale(question)
    wrong: dict[str, tuple[Any, str]] = {"null": (None, ""), "an object": ({}, "")}
    if scale:
        low, high = scale
        return wrong | {
            "below the scale": (low - 1, ""),
            "above the scale": (high + 1, ""),
            "a fraction": (low + 0.5, ""),
            "an integer as a float": (float(low), ""),
            "a boolean": (True, ""),
            "a string": (str(low), ""),
            "of thirty digits": (10**30, ""),
        }
    if kind in _BATTERIES:
        items, low, high = _BATTERIES[kind]
        return wrong | {
            "an item too few": ([low] * (items - 1), ""),
            "an item too many": ([low] * (items + 1), ""),
            "an item below": ([low - 1] + [low] * (items - 1), "[0]"),
            "an item above": ([low] * (items - 1) + [high + 1], f"[{items - 1}]"),
            "an item that is a boolean": ([True] + [low] * (items - 1), "[0]"),
            "an item that is a fraction": ([low + 0.5] + [low] * (items - 1), "[0]"),
        }
    if kind == "boolean":
        return wrong | {"a number": (1, ""), "a string": ("true", "")}
    if kind == "text":
        return wrong | {name: (value, "") for name, value in _NOT_TEXT.items()}
    option = question["options"][0]["id"]
    if kind == "single_choice":
        return wrong | {"an unknown option": ("no-such-option", ""), "a list": ([option], "")}
    return wrong | {
        "an unknown option": (["no-such-option"], "[0]"),
        "an option twice": ([option, option], "[1]"),
        "a single option": (option, ""),
        "more options than there are": ([option, *_ids(question["options"])], ""),
        "no options": ([], ""),
        "a number among options": ([1], "[0]"),
    }


def _wrong_survey(detail: Detail, good: Results) -> list[Wrong]:
    answers = good[0]["answers"]
    questions = {question["id"]: question for question in detail["questions"]}
    twice = [*answers, answers[0]]
    wrong: list[Wrong] = [
        (
            f"a {questions[answer['question_id']]['kind']} answer that is {name}",
            _changed(good, 0, "answers", place, "value", value=value),
            f".answers[{place}].value{end}",
        )
        for place, answer in enumerate(answers)
        for name, (value, end) in _wrong_values(questions[answer["question_id"]]).items()
    ]
    wrong += [
        ("an unknown question", _changed(good, 0, "answers", 0, "question_id", value="qst_none"), "[0].question_id"),
        (
            "a question twice",
            _changed(good, 0, "answers", value=twice),
            f"[{len(answers)}].question_id",
        ),
        ("an answer without a value", _without(good, 0, "answers", 0, "value"), ".answers[0].value"),
        ("an unknown member of an answer", _changed(good, 0, "answers", 0, "text", value="x"), ".answers[0].text"),
        ("answers that are an object", _changed(good, 0, "answers", value={}), "[0].answers"),
        ("no answers", _without(good, 0, "answers"), "[0].answers"),
    ]
    for place, answer in enumerate(answers):
        question = questions[answer["question_id"]]
        if question["required"]:
            name = f"a required {question['kind']} question"
            wrong.append((f"{name} unanswered", _without(good, 0, "answers", place), "[0].answers"))
            if question["kind"] == "text":
                blank = _changed(good, 0, "answers", place, "value", value=" \n")
                wrong.append((f"{name} left blank", blank, "[0].answers"))
    return wrong


# -- first click ---------------------------------------------------------------


def _middle(area: Mapping[str, Any]) -> tuple[float, float]:
    if "rect" in area:
        rect = area["rect"]
        return rect["x"] + rect["width"] / 2, rect["y"] + rect["height"] / 2
    xs, ys = zip(*area["polygon"], strict=True)
    return sum(xs) / len(xs), sum(ys) / len(ys)


def _near(middle: float, rng: random.Random) -> float:
    return round(min(1.0, max(0.0, rng.gauss(middle, 0.03))), 4)


def _first_click(detail: Detail, rng: random.Random) -> Results:
    results: Results = []
    for task in detail["settings"]["tasks"]:
        if rng.random() < 0.05:
            results.append({"task_id": task["id"], "skipped": True})
            continue
        x, y = _middle(rng.choice(task["areas"])) if rng.random() < 0.85 else (rng.random(), rng.random())
        click = {"x": _near(x, rng), "y": _near(y, rng), "duration_ms": _millis(rng, 4_000)}
        results.append({"task_id": task["id"], **click})
    return results


def _wrong_first_click(detail: Detail, good: Results) -> list[Wrong]:
    wrong: list[Wrong] = [
        (f"{name} that is {prose}", _changed(good, 0, name, value=value), f"[0].{name}")
        for name in ("x", "y")
        for prose, value in {
            "left of or above the image": -0.0001,
            "right of or below the image": 1.0001,
            "a boolean": True,
            "a string": "0.5",
            "null": None,
            "of 400 digits": 10**400,
        }.items()
    ]
    skipped = {"task_id": good[0]["task_id"], "skipped": True}
    return [
        *wrong,
        ("a click without x", _without(good, 0, "x"), "[0].x"),
        ("a click without y", _without(good, 0, "y"), "[0].y"),
        ("a click without duration", _without(good, 0, "duration_ms"), "[0].duration_ms"),
        ("skipped with a click", _changed(good, 0, "skipped", value=True), "[0].x"),
        ("skipped that is a string", [{**skipped, "skipped": "yes"}], "[0].skipped"),
        ("neither click nor skip", [{"task_id": good[0]["task_id"]}], "[0].x"),
    ]


# -- five seconds --------------------------------------------------------------

_MEMORIES: Final = (
    "A blue logo",
    "Cheap flights to Rome",
    "prices, prices, prices!",
    "A plane and the sea",
    "",
    "Cheap",
)


def _five_second(detail: Detail, rng: random.Random) -> Results:
    answers = []
    for question in detail["settings"]["questions"]:
        if rng.random() < 0.05:
            continue
        text = question["kind"] == "text"
        value = rng.choice(_MEMORIES) if text else rng.choice(_ids(question["options"]))
        answers.append({"question_id": question["id"], "value": value})
    exposure = detail["settings"]["exposure_ms"] + rng.choice([3, 12, 20, 40, 700])
    return [{"exposure_ms": exposure, "answers": answers, "duration_ms": _millis(rng, 40_000)}]


def _wrong_five_second(detail: Detail, good: Results) -> list[Wrong]:
    answers = good[0]["answers"]
    kinds = {question["id"]: question["kind"] for question in detail["settings"]["questions"]}
    twice = [*answers, answers[0]]
    wrong: list[Wrong] = [
        (f"an exposure that is {name}", _changed(good, 0, "exposure_ms", value=value), "[0].exposure_ms")
        for name, value in _NOT_DURATIONS.items()
    ]
    for place, answer in enumerate(answers):
        text = kinds[answer["question_id"]] == "text"
        values = _NOT_TEXT if text else {"an unknown option": "no-such-option", "a number": 1}
        wrong += [
            (
                f"a {kinds[answer['question_id']]} answer that is {name}",
                _changed(good, 0, "answers", place, "value", value=value),
                f".answers[{place}].value",
            )
            for name, value in values.items()
        ]
    return [
        *wrong,
        ("an unknown question", _changed(good, 0, "answers", 0, "question_id", value="q-none"), "[0].question_id"),
        (
            "a question twice",
            _changed(good, 0, "answers", value=twice),
            f"[{len(answers)}].question_id",
        ),
        ("no answers", _without(good, 0, "answers"), "[0].answers"),
    ]


# -- preference ----------------------------------------------------------------


def _preference(detail: Detail, rng: random.Random) -> Results:
    options = _ids(detail["settings"]["options"])
    order = rng.sample(options, len(options))
    chosen = options[0] if rng.random() < 0.4 else rng.choice(order)
    none = detail["settings"]["allow_none"] and rng.random() < 0.08
    return [
        {
            "option_id": None if none else chosen,
            "order": order,
            "reason": rng.choice([None, *_COMMENTS]),
            "duration_ms": _millis(rng, 20_000),
        }
    ]


def _wrong_preference(detail: Detail, good: Results) -> list[Wrong]:
    order = good[0]["order"]
    wrong: list[Wrong] = [
        ("an unknown option", _changed(good, 0, "option_id", value="no-such-option"), "[0].option_id"),
        ("an option that is a number", _changed(good, 0, "option_id", value=1), "[0].option_id"),
        ("no option", _without(good, 0, "option_id"), "[0].option_id"),
        ("an unknown option in the order", _changed(good, 0, "order", 0, value="no-such-option"), "[0].order[0]"),
        ("an option twice in the order", _changed(good, 0, "order", 1, value=order[0]), "[0].order[1]"),
        ("an order without one of the options", _without(good, 0, "order", 0), "[0].order"),
        ("an order that is a string", _changed(good, 0, "order", value="ab"), "[0].order"),
    ]
    wrong += [
        (f"a reason that is {name}", _changed(good, 0, "reason", value=value), "[0].reason")
        for name, value in _NOT_TEXT.items()
    ]
    if not detail["settings"]["allow_none"]:
        wrong.append(("none of the options", _changed(good, 0, "option_id", value=None), "[0].option_id"))
    return wrong


# -- prototype and live website ------------------------------------------------


def _prototype(detail: Detail, rng: random.Random) -> Results:
    screens = _ids(detail["settings"]["screens"])
    results: Results = []
    for task in detail["settings"]["tasks"]:
        path = _walk(task["expected_paths"], screens, rng)
        visits = [_visit(screen_id, rng) for screen_id in path]
        results.append(
            {
                "task_id": task["id"],
                "path": path,
                "clicks": sum(visit["clicks"] for visit in visits),
                "misclicks": sum(visit["misclicks"] for visit in visits),
                "gave_up": path[-1] not in task["goal_screen_ids"] and rng.random() < 0.5,
                "duration_ms": sum(visit["duration_ms"] for visit in visits),
                "ease": rng.choice([None, 4, 5, 6, 6, 7, 7]),
                "screens": visits,
            }
        )
    return results


def _walk(expected: Sequence[Sequence[str]], places: Sequence[str], rng: random.Random) -> list[str]:
    """The expected way, a way with a detour, or one that ends too early."""
    best = list(rng.choice(expected)) if expected else list(places)
    chance = rng.random()
    if chance < 0.55:
        return best
    if chance < 0.8:
        return [best[0], rng.choice(places), *best]
    return [*best[:-1], rng.choice(places)]


def _visit(screen_id: str, rng: random.Random) -> dict[str, Any]:
    misclicks = rng.choice([0, 0, 0, 1, 2])
    clicks = misclicks + rng.choice([1, 1, 2])
    return {"screen_id": screen_id, "duration_ms": _millis(rng, 5_000), "clicks": clicks, "misclicks": misclicks}


def _wrong_prototype(detail: Detail, good: Results) -> list[Wrong]:
    first = good[0]
    return [
        ("an unknown screen in the path", _changed(good, 0, "path", 0, value="no-such-screen"), "[0].path[0]"),
        ("a path that is null", _changed(good, 0, "path", value=None), "[0].path"),
        ("negative clicks", _changed(good, 0, "clicks", value=-1), "[0].clicks"),
        ("clicks that are a boolean", _changed(good, 0, "clicks", value=True), "[0].clicks"),
        ("no clicks", _without(good, 0, "clicks"), "[0].clicks"),
        ("misclicks that are a fraction", _changed(good, 0, "misclicks", value=0.5), "[0].misclicks"),
        ("more misclicks than clicks", _changed(good, 0, "misclicks", value=first["clicks"] + 1), "[0].misclicks"),
        ("gave_up that is a number", _changed(good, 0, "gave_up", value=0), "[0].gave_up"),
        ("an ease of 0", _changed(good, 0, "ease", value=0), "[0].ease"),
        ("an ease of 8", _changed(good, 0, "ease", value=8), "[0].ease"),
        (
            "a visit to an unknown screen",
            _changed(good, 0, "screens", 0, "screen_id", value="no-such-screen"),
            ".screens[0].screen_id",
        ),
        ("a visit too few", _without(good, 0, "screens", 0), "[0].screens"),
        ("visits in another order", [{**first, "path": [*first["path"][1:], first["path"][0]]}], "[0].screens"),
        ("a visit with a negative time", _changed(good, 0, "screens", 0, "duration_ms", value=-1), "[0].duration_ms"),
        (
            "a visit with more misclicks than clicks",
            _changed(good, 0, "screens", 0, "misclicks", value=first["screens"][0]["clicks"] + 1),
            ".screens[0].misclicks",
        ),
    ]


def _live_website(detail: Detail, rng: random.Random) -> Results:
    results: Results = []
    for task in detail["settings"]["tasks"]:
        site = "/".join(task["start_url"].split("/")[:3])
        path = _walk(task["expected_paths"], ["/", "/help", "/about"], rng)
        visits = [
            {"url": f"{site}{page}{rng.choice(['', '?utm=mail', '#top'])}", "duration_ms": _millis(rng, 8_000)}
            for page in path
        ]
        results.append(
            {
                "task_id": task["id"],
                "visits": visits,
                "self_reported": rng.choice(["completed", "completed", "failed", None]),
                "gave_up": rng.random() < 0.1,
                "duration_ms": sum(visit["duration_ms"] for visit in visits),
                "ease": rng.choice([None, 3, 5, 6, 7]),
            }
        )
    return results


def _wrong_live_website(detail: Detail, good: Results) -> list[Wrong]:
    wrong: list[Wrong] = [
        (f"an address {prose}", _changed(good, 0, "visits", 0, "url", value=value), ".visits[0].url")
        for prose, value in {
            "without a scheme": "shop.example/",
            "of a script": "javascript:alert(1)",
            "of a file": "file:///etc/passwd",
            "without a host": "https:///path",
            "with a broken port": "https://shop.example:port/",
            "with a broken IPv6 host": "https://[::1/",
            "with a space": "https://shop.example/a b",
            "that is a number": 1,
            "of 2,049 characters": "https://shop.example/".ljust(2049, "x"),
        }.items()
    ]
    return [
        *wrong,
        ("a visit without address", _without(good, 0, "visits", 0, "url"), ".visits[0].url"),
        ("a visit with a negative time", _changed(good, 0, "visits", 0, "duration_ms", value=-1), "[0].duration_ms"),
        ("no visits", _without(good, 0, "visits"), "[0].visits"),
        ("another word of one's own", _changed(good, 0, "self_reported", value="maybe"), "[0].self_reported"),
        ("gave_up that is a string", _changed(good, 0, "gave_up", value="no"), "[0].gave_up"),
        ("an ease of 8", _changed(good, 0, "ease", value=8), "[0].ease"),
    ]


# -- interview -----------------------------------------------------------------

_TAGS: Final = ("price", "trust", "speed", "delivery", "search", "returns")


def _interview(detail: Detail, rng: random.Random) -> Results:
    status = rng.choice(["completed"] * 7 + ["scheduled", "no_show", "cancelled"])
    scheduled = datetime(2026, 1, 5, 9, tzinfo=UTC) + timedelta(minutes=30 * rng.randrange(200))
    result: dict[str, Any] = {"status": status, "scheduled_at": _instant(scheduled)}
    if status != "completed":
        return [result]
    started = scheduled + timedelta(seconds=rng.randrange(300))
    ended = started + timedelta(milliseconds=_millis(rng, 1_800_000))
    notes = [
        {
            "text": rng.choice(_COMMENTS),
            "tags": rng.sample(_TAGS, rng.randint(0, 3)),
            "sentiment": rng.choice([-1, 0, 1, None]),
        }
        for _ in range(rng.randint(1, 6))
    ]
    answers = [
        {"question_id": question["id"], "text": rng.choice(_COMMENTS)}
        for question in detail["settings"]["guide"]
        if rng.random() < 0.8
    ]
    times = {"started_at": _instant(started), "ended_at": _instant(ended)}
    return [{**result, **times, "answers": answers, "notes": notes}]


def _instant(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _wrong_interview(detail: Detail, good: Results) -> list[Wrong]:
    wrong: list[Wrong] = [
        (f"an instant {prose}", _changed(good, 0, "started_at", value=value), "[0].started_at")
        for prose, value in {
            "without an offset": "2026-01-05T09:00:00",
            "on no day of the calendar": "2026-02-30T09:00:00Z",
            "that is a number": 1767603600,
            "that is a date": "2026-01-05",
        }.items()
    ]
    note, answers = (0, "notes", 0), good[0]["answers"]
    wrong += [
        ("an unknown status", _changed(good, 0, "status", value="done"), "[0].status"),
        ("no status", _without(good, 0, "status"), "[0].status"),
        ("an end before the start", _changed(good, 0, "ended_at", value="2025-01-01T00:00:00Z"), "[0].ended_at"),
        ("a tag twice", _changed(good, *note, "tags", value=["price", " price"]), ".notes[0].tags[1]"),
        ("a blank tag", _changed(good, *note, "tags", value=[" "]), ".notes[0].tags[0]"),
        ("a sentiment of 2", _changed(good, *note, "sentiment", value=2), ".notes[0].sentiment"),
        ("a sentiment that is a boolean", _changed(good, *note, "sentiment", value=True), ".notes[0].sentiment"),
        ("a note without text", _without(good, *note, "text"), ".notes[0].text"),
        ("notes that are an object", _changed(good, 0, "notes", value={}), "[0].notes"),
        (
            "an answer to an unknown question",
            _changed(good, 0, "answers", value=[{"question_id": "g-none", "text": "x"}]),
            ".answers[0].question_id",
        ),
    ]
    wrong += [
        (f"a note that is {name}", _changed(good, *note, "text", value=value), ".notes[0].text")
        for name, value in _NOT_TEXT.items()
    ]
    if answers:
        twice = _changed(good, 0, "answers", value=[*answers, answers[0]])
        wrong.append(("a question twice", twice, f".answers[{len(answers)}].question_id"))
    return wrong


# -- tables of all types -------------------------------------------------------

_RESULTS: Final[Mapping[str, Callable[[Detail, random.Random], Results]]] = {
    "card_sort": _card_sort,
    "tree_test": _tree_test,
    "survey": _survey,
    "first_click_test": _first_click,
    "five_second_test": _five_second,
    "preference_test": _preference,
    "prototype_test": _prototype,
    "live_website_test": _live_website,
    "interview": _interview,
}

_WRONG: Final[Mapping[str, Callable[[Detail, Results], list[Wrong]]]] = {
    "card_sort": _wrong_card_sort,
    "tree_test": _wrong_tree_test,
    "survey": _wrong_survey,
    "first_click_test": _wrong_first_click,
    "five_second_test": _wrong_five_second,
    "preference_test": _wrong_preference,
    "prototype_test": _wrong_prototype,
    "live_website_test": _wrong_live_website,
    "interview": _wrong_interview,
}

_IS_FULL: Final[Mapping[str, Callable[[Detail, Mapping[str, Any]], bool]]] = {
    "card_sort": lambda detail, result: len(result["placements"]) == len(detail["cards"]),
    "tree_test": lambda detail, result: not result["skipped"],
    "survey": lambda detail, result: len(result["answers"]) == len(detail["questions"]),
    "first_click_test": lambda detail, result: "x" in result,
    "five_second_test": lambda detail, result: len(result["answers"]) == len(detail["settings"]["questions"]),
    "preference_test": lambda detail, result: result["option_id"] is not None,
    "prototype_test": lambda detail, result: len(set(result["path"])) > 1 and len(result["path"]) > 1,
    "live_website_test": lambda detail, result: True,
    "interview": lambda detail, result: (
        "notes" in result and (len(result["answers"]) == len(detail["settings"]["guide"]))
    ),
}


def _node(node_id: str, label: str, *children: dict[str, Any]) -> dict[str, Any]:
    return {"id": node_id, "label": label, "children": list(children)}


def _options(*labels: str) -> list[dict[str, str]]:
    return [{"id": label.lower().replace(" ", "-"), "label": label} for label in labels]


_IMAGE: Final = {"url": "https://images.example/home.png", "width": 1440, "height": 900}

_STUDIES: Final[Mapping[str, dict[str, Any]]] = {
    "card_sort": {
        "settings": {"sort_type": "hybrid", "allow_unsorted": True},
        "cards": [
            "Apple",
            "Banana",
            "Bread",
            "Croissant",
            "Milk",
            "Yoghurt",
            "Cheese",
            "Chocolate",
            "Ice cream",
            "Lemonade",
            "Coffee",
            "Tea",
        ],
        "groups": ["Fruit", "Bakery", "Dairy"],
    },
    "tree_test": {
        "settings": {
            "tree": [
                _node(
                    "products",
                    "Products",
                    _node("phones", "Phones", _node("used", "Used phones"), _node("new", "New phones")),
                    _node("laptops", "Laptops"),
                ),
                _node(
                    "support",
                    "Support",
                    _node("returns", "Returns"),
                    _node("repair", "Repair", _node("prices", "Repair prices"), _node("status", "Repair status")),
                ),
                _node("about", "About us", _node("jobs", "Jobs"), _node("shops", "Our shops")),
            ],
            "tasks": [
                {"id": "find-used", "prompt": "You want a used phone. Where is it?", "correct_node_ids": ["used"]},
                {
                    "id": "find-repair",
                    "prompt": "How far is the repair of your laptop?",
                    "correct_node_ids": ["status", "repair"],
                },
                {"id": "find-shop", "prompt": "Where is the shop next to you?", "correct_node_ids": ["shops"]},
            ],
            "shuffle_tasks": True,
        },
    },
    "survey": {
        "settings": {},
        "questions": [
            {
                "kind": "single_choice",
                "prompt": "How did you hear of us?",
                "required": True,
                "options": _options("Friend", "Search", "Advert", "Other"),
            },
            {
                "kind": "multiple_choice",
                "prompt": "What do you use?",
                "options": _options("Phone", "Tablet", "Laptop", "Television"),
            },
            {"kind": "boolean", "prompt": "Would you come back?", "required": True},
            {"kind": "rating", "prompt": "How do you like it?", "min": 1, "max": 5},
            {"kind": "nps", "prompt": "Would you recommend us?", "required": True},
            {"kind": "csat", "prompt": "How satisfied are you?"},
            {"kind": "ces", "prompt": "It was easy to get help."},
            {"kind": "seq", "prompt": "How easy was the task?"},
            {"kind": "sus", "prompt": "System usability scale"},
            {"kind": "umux_lite", "prompt": "Two statements on usability"},
            {"kind": "nasa_tlx", "prompt": "How demanding was it?"},
            {"kind": "ranking", "prompt": "What matters most?", "options": _options("Price", "Speed", "Looks")},
            {"kind": "text", "prompt": "Why?", "required": True},
            {"kind": "text", "prompt": "Anything else?"},
        ],
    },
    "first_click_test": {
        "settings": {
            "tasks": [
                {
                    "id": "open-cart",
                    "prompt": "Open your shopping cart.",
                    "image": _IMAGE,
                    "areas": [
                        {
                            "id": "cart",
                            "label": "Cart",
                            "correct": True,
                            "rect": {"x": 0.85, "y": 0.02, "width": 0.1, "height": 0.08},
                        },
                        {
                            "id": "header",
                            "label": "Header",
                            "correct": False,
                            "rect": {"x": 0, "y": 0, "width": 1, "height": 0.15},
                        },
                        {
                            "id": "banner",
                            "label": "Banner",
                            "correct": False,
                            "polygon": [[0.1, 0.3], [0.9, 0.3], [0.7, 0.6], [0.3, 0.6]],
                        },
                    ],
                },
                {
                    "id": "find-help",
                    "prompt": "You need help. Where do you click?",
                    "image": _IMAGE,
                    "areas": [
                        {
                            "id": "footer-help",
                            "label": "Help in the footer",
                            "correct": True,
                            "polygon": [[0.1, 0.9], [0.3, 0.9], [0.3, 1], [0.1, 1]],
                        },
                        {
                            "id": "chat",
                            "label": "Chat",
                            "correct": True,
                            "rect": {"x": 0.9, "y": 0.85, "width": 0.1, "height": 0.15},
                        },
                    ],
                },
            ]
        },
    },
    "five_second_test": {
        "settings": {
            "image": _IMAGE,
            "exposure_ms": 5000,
            "questions": [
                {
                    "id": "offer",
                    "prompt": "What does the company offer?",
                    "kind": "text",
                    "keywords": ["flights", "planes", "rome"],
                },
                {
                    "id": "colour",
                    "prompt": "Which colour did the logo have?",
                    "kind": "single_choice",
                    "options": _options("Blue", "Red", "Do not know"),
                },
            ],
        },
    },
    "preference_test": {
        "settings": {
            "prompt": "Which home page do you like best?",
            "options": [
                {"id": "calm", "label": "Calm", "image_url": "https://images.example/calm.png"},
                {"id": "bold", "label": "Bold", "image_url": "https://images.example/bold.png"},
                {"id": "dense", "label": "Dense", "image_url": "https://images.example/dense.png"},
            ],
            "allow_none": True,
        },
    },
    "prototype_test": {
        "settings": {
            "screens": [
                {"id": "home", "label": "Home"},
                {"id": "list", "label": "List of products"},
                {"id": "product", "label": "Product"},
                {"id": "cart-screen", "label": "Cart"},
                {"id": "thanks", "label": "Thank you"},
            ],
            "tasks": [
                {
                    "id": "buy",
                    "prompt": "Buy the blue lamp.",
                    "start_screen_id": "home",
                    "goal_screen_ids": ["thanks"],
                    "expected_paths": [
                        ["home", "list", "product", "cart-screen", "thanks"],
                        ["home", "product", "cart-screen", "thanks"],
                    ],
                },
                {
                    "id": "compare",
                    "prompt": "Find out what the green lamp costs.",
                    "start_screen_id": "home",
                    "goal_screen_ids": ["product", "list"],
                    "expected_paths": [["home", "list"]],
                },
            ],
        },
    },
    "live_website_test": {
        "settings": {
            "tasks": [
                {
                    "id": "find-price",
                    "prompt": "What does the small plan cost?",
                    "start_url": "https://shop.example/",
                    "goal": {"url_pattern": "shop.example/pricing"},
                    "expected_paths": [["/", "/pricing"]],
                },
                {
                    "id": "read-news",
                    "prompt": "Find news about deliveries.",
                    "start_url": "https://www.shop.example/",
                    "goal": {"url_pattern": "*.shop.example/news/**"},
                    "expected_paths": [["/", "/news", "/news/2026/deliveries"]],
                },
            ]
        },
    },
    "interview": {
        "settings": {
            "mode": "guided",
            "guide": [
                {"id": "last-time", "question": "When did you last buy something from us?"},
                {"id": "went-well", "question": "What went well?"},
                {"id": "went-wrong", "question": "What went wrong?"},
            ],
        },
    },
}
