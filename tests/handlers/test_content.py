"""/api/v1/studies/{study_id}/cards, …/groups, …/questions"""

import json
from typing import Any

import pytest

from tests.handlers.conftest import Client, incompressible
from trimetric.domain.study_types import STUDY_TYPES

STUDIES = "/api/v1/studies"
NO_STUDY = f"{STUDIES}/std_{'0' * 26}"

NPS = {"kind": "nps", "prompt": "How likely?"}

#: plural → (singular, prefix, type and settings of a study that takes it, a body of one, what it shows)
KINDS: dict[str, tuple[str, str, tuple[str, dict[str, Any]], Any, dict[str, Any]]] = {
    "cards": ("card", "crd", ("card_sort", {}), {"label": "Apples"}, {"label": "Apples"}),
    "groups": ("group", "grp", ("card_sort", {"sort_type": "closed"}), {"label": "Fruit"}, {"label": "Fruit"}),
    "questions": ("question", "qst", ("survey", {}), NPS, {**NPS, "required": False}),
}
MOST = {"cards": 500, "groups": 100, "questions": 200}

kinds = pytest.mark.parametrize("kind", KINDS)


def studied(api: Client, kind: str) -> str:
    """The path of a fresh study that takes this kind."""
    type_, settings = KINDS[kind][2]
    return f"{STUDIES}/{api.study(type_, settings=settings)['id']}"


def bodies(kind: str, *names: str) -> dict[str, Any]:
    """The body that adds children with these labels or prompts."""
    if kind == "questions":
        return {kind: [{"kind": "nps", "prompt": name} for name in names]}
    return {kind: [{"label": name} for name in names]}


def names(children: list[dict[str, Any]]) -> list[str]:
    return [child.get("label") or child["prompt"] for child in children]


def added(api: Client, path: str, kind: str, *labels: str) -> list[dict[str, Any]]:
    reply = api.post(f"{path}/{kind}", bodies(kind, *labels))
    assert reply.status == 201, reply.text
    children: list[dict[str, Any]] = reply.data
    return children


# -- add ------------------------------------------------------------------------------------------------------------


@kinds
def test_one_is_added(api: Client, kind: str) -> None:
    one, prefix, _, body, shown = KINDS[kind]
    path = studied(api, kind)
    reply = api.post(f"{path}/{kind}", {one: body})
    assert (reply.status, reply.headers["location"]) == (201, path)
    (child,) = reply.data
    assert child["id"].startswith(f"{prefix}_")
    assert child == {"id": child["id"], **shown, "position": 0}
    assert api.get(path).data[kind] == [child]


@kinds
def test_several_are_added_in_order_behind_those_that_are_there(api: Client, kind: str) -> None:
    path = studied(api, kind)
    first = added(api, path, kind, "a", "b")
    second = added(api, path, kind, "c", "d", "c")
    assert [child["position"] for child in second] == [2, 3, 4]
    shown = api.get(path).data
    assert shown[kind] == first + second
    assert len({child["id"] for child in shown[kind]}) == 5
    assert shown["updated_at"] > shown["created_at"]


@pytest.mark.parametrize("kind", ["cards", "groups"])
def test_bare_strings_are_labels(api: Client, kind: str) -> None:
    path = studied(api, kind)
    reply = api.post(f"{path}/{kind}", {kind: [" a ", {"label": "b"}, "c"]})
    assert names(reply.data) == ["a", "b", "c"]
    assert names(api.post(f"{path}/{kind}", {KINDS[kind][0]: "d"}).data) == ["d"]


@kinds
@pytest.mark.parametrize("wrong", [None, "x", 5, {}, []])
def test_a_list_that_is_none_or_empty_is_422(api: Client, kind: str, wrong: Any) -> None:
    path = studied(api, kind)
    reply = api.post(f"{path}/{kind}", {kind: wrong})
    assert (reply.refusal, reply.fields) == ((422, "validation_failed"), [kind])


@kinds
def test_one_bad_member_refuses_all_and_is_named(api: Client, kind: str) -> None:
    path = studied(api, kind)
    body = bodies(kind, "a", "b", "c")
    name = "prompt" if kind == "questions" else "label"
    body[kind][1][name] = "  "
    body[kind][2]["colour"] = "red"
    reply = api.post(f"{path}/{kind}", body)
    assert reply.refusal == (422, "validation_failed")
    assert reply.fields == [f"{kind}[1].{name}", f"{kind}[2].colour"]
    assert api.get(path).data[kind] == []


@kinds
@pytest.mark.parametrize("length", [256, 2001])
def test_labels_and_prompts_have_a_limit(api: Client, kind: str, length: int) -> None:
    path = studied(api, kind)
    fits = kind == "questions" and length == 256
    reply = api.post(f"{path}/{kind}", bodies(kind, "x" * length))
    assert reply.status == (201 if fits else 422)


@kinds
def test_one_and_many_do_not_go_together(api: Client, kind: str) -> None:
    one, _, _, body, _ = KINDS[kind]
    path = studied(api, kind)
    reply = api.post(f"{path}/{kind}", {one: body, kind: [body]})
    assert (reply.refusal, reply.fields) == ((422, "validation_failed"), [one])
    assert api.get(path).data[kind] == []


@kinds
@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({}, (400, "invalid_request")),
        ([], (400, "invalid_request")),
        ({"label": "x"}, (400, "invalid_request")),
        ({"items": []}, (400, "invalid_request")),
        (None, (400, "invalid_request")),
    ],
)
def test_a_body_without_wrapper_is_400(api: Client, kind: str, body: Any, refusal: tuple[int, str]) -> None:
    assert api.post(f"{studied(api, kind)}/{kind}", body).refusal == refusal


@kinds
def test_an_unknown_member_beside_the_wrapper_is_422(api: Client, kind: str) -> None:
    reply = api.post(f"{studied(api, kind)}/{kind}", {**bodies(kind, "a"), "replace": True})
    assert (reply.refusal, reply.fields) == ((422, "validation_failed"), ["replace"])


@kinds
def test_a_study_holds_so_many_and_no_more(api: Client, kind: str) -> None:
    path = studied(api, kind)
    most = MOST[kind]
    assert api.post(f"{path}/{kind}", bodies(kind, *map(str, range(most + 1)))).fields == [kind]
    added(api, path, kind, *map(str, range(most - 1)))
    assert api.post(f"{path}/{kind}", bodies(kind, "a", "b")).fields == [kind]
    (last,) = added(api, path, kind, "last")
    assert last["position"] == most - 1
    assert api.post(f"{path}/{kind}", {KINDS[kind][0]: KINDS[kind][3]}).fields == [kind]
    assert len(api.get(path).data[kind]) == most
    assert api.delete(f"{path}/{kind}/{last['id']}").status == 204
    added(api, path, kind, "again")


def test_content_that_cannot_be_kept_is_422(api: Client) -> None:
    prompts = [incompressible(number, length=2000) for number in range(100)]
    path = studied(api, "questions")
    content = json.dumps(bodies("questions", *prompts), ensure_ascii=False).encode()
    reply = api.request("POST", f"{path}/questions", content=content)
    assert (reply.refusal, reply.fields) == ((422, "validation_failed"), ["questions"])
    assert api.get(path).data["questions"] == []


# -- change ---------------------------------------------------------------------------------------------------------


@kinds
@pytest.mark.parametrize(
    ("start", "position", "order"),
    [(0, 3, "bcda"), (3, 0, "dabc"), (1, 2, "acbd"), (2, 1, "acbd"), (1, 1, "abcd"), (0, 0, "abcd")],
)
def test_moving_one_shifts_the_others(api: Client, kind: str, start: int, position: int, order: str) -> None:
    path = studied(api, kind)
    children = added(api, path, kind, *"abcd")
    reply = api.patch(f"{path}/{kind}/{children[start]['id']}", {KINDS[kind][0]: {"position": position}})
    assert (reply.status, reply.data) == (200, {**children[start], "position": position})
    shown = api.get(path).data[kind]
    assert names(shown) == list(order)
    assert [child["position"] for child in shown] == [0, 1, 2, 3]
    assert {child["id"] for child in shown} == {child["id"] for child in children}


@kinds
@pytest.mark.parametrize("position", [-1, 2, 1000, 0.5, "0", None, True])
def test_a_position_outside_the_list_is_422(api: Client, kind: str, position: Any) -> None:
    path = studied(api, kind)
    children = added(api, path, kind, "a", "b")
    one = KINDS[kind][0]
    reply = api.patch(f"{path}/{kind}/{children[0]['id']}", {one: {"position": position}})
    assert (reply.refusal, reply.fields) == ((422, "validation_failed"), [f"{one}.position"])
    assert api.get(path).data[kind] == children


@pytest.mark.parametrize("kind", ["cards", "groups"])
def test_a_label_changes_and_the_rest_stays(api: Client, kind: str) -> None:
    path = studied(api, kind)
    first, second = added(api, path, kind, "a", "b")
    reply = api.patch(f"{path}/{kind}/{second['id']}", {KINDS[kind][0]: {"label": " B "}})
    assert reply.data == {**second, "label": "B"}
    assert api.get(path).data[kind] == [first, reply.data]
    both = api.patch(f"{path}/{kind}/{second['id']}", {KINDS[kind][0]: {"label": "C", "position": 0}})
    assert (both.data["label"], both.data["position"]) == ("C", 0)


def test_a_question_changes_by_its_members(api: Client) -> None:
    path = studied(api, "questions")
    (question,) = added(api, path, "questions", "a")
    child = f"{path}/questions/{question['id']}"
    assert api.patch(child, {"question": {"required": True}}).data == {**question, "required": True}
    options = [{"id": "y", "label": "Yes"}, {"id": "n", "label": "No"}]
    chosen = api.patch(child, {"question": {"kind": "single_choice", "options": options}}).data
    assert (chosen["kind"], chosen["options"], chosen["required"]) == ("single_choice", options, True)
    back = api.patch(child, {"question": {"kind": "rating", "max": 7}}).data
    assert (back["kind"], back["min"], back["max"], "options" in back) == ("rating", 1, 7, False)
    assert api.patch(child, {"question": {"options": options}}).fields == ["question.options"]


@kinds
@pytest.mark.parametrize(
    ("patch", "field"), [({"id": "x"}, ".id"), ({"label": ""}, ".label"), ({"prompt": ""}, ".prompt"), ("x", "")]
)
def test_a_patch_that_does_not_fit_is_422(api: Client, kind: str, patch: Any, field: str) -> None:
    path = studied(api, kind)
    (child,) = added(api, path, kind, "a")
    one = KINDS[kind][0]
    reply = api.patch(f"{path}/{kind}/{child['id']}", {one: patch})
    assert (reply.refusal, reply.fields) == ((422, "validation_failed"), [f"{one}{field}"])
    assert api.get(path).data[kind] == [child]


@kinds
def test_a_patch_needs_its_wrapper(api: Client, kind: str) -> None:
    path = studied(api, kind)
    (child,) = added(api, path, kind, "a")
    bodies_without: list[Any] = [{"label": "b"}, {kind: [{"label": "b"}]}, {}, []]
    for body in bodies_without:
        assert api.patch(f"{path}/{kind}/{child['id']}", body).refusal == (400, "invalid_request")


# -- remove ---------------------------------------------------------------------------------------------------------


@kinds
def test_one_is_removed_and_the_others_close_up(api: Client, kind: str) -> None:
    path = studied(api, kind)
    children = added(api, path, kind, *"abc")
    child = f"{path}/{kind}/{children[1]['id']}"
    reply = api.delete(child)
    assert (reply.status, reply.text) == (204, "")
    shown = api.get(path).data[kind]
    assert (names(shown), [each["position"] for each in shown]) == (["a", "c"], [0, 1])
    assert api.delete(child).refusal == (404, "not_found")
    assert api.patch(child, {KINDS[kind][0]: {"position": 0}}).refusal == (404, "not_found")


# -- If-Match -------------------------------------------------------------------------------------------------------


@kinds
def test_if_match_takes_the_etag_of_the_child_or_of_the_study(api: Client, kind: str) -> None:
    one, _, _, body, _ = KINDS[kind]
    path = studied(api, kind)
    reply = api.post(f"{path}/{kind}", {one: body})
    child = f"{path}/{kind}/{reply.data[0]['id']}"
    first = reply.headers["etag"]
    second = api.patch(child, {one: {"position": 0}}, if_match=first)
    assert (second.status, second.headers["etag"]) == (200, first)
    name = "prompt" if kind == "questions" else "label"
    third = api.patch(child, {one: {name: "Pears"}}, if_match=api.get(path).headers["etag"])
    assert third.status == 200
    for stale in (first, '"0"'):
        assert api.patch(child, {one: {name: "Lost"}}, if_match=stale).refusal == (412, "precondition_failed")
        assert api.delete(child, if_match=stale).refusal == (412, "precondition_failed")
    assert names(api.get(path).data[kind]) == ["Pears"]
    assert api.delete(child, if_match=third.headers["etag"]).status == 204


# -- what refuses before --------------------------------------------------------------------------------------------

ROUTES = [
    ("POST", "cards", ""),
    ("POST", "groups", ""),
    ("POST", "questions", ""),
    ("PATCH", "cards", f"/crd_{'0' * 26}"),
    ("PATCH", "groups", f"/grp_{'0' * 26}"),
    ("PATCH", "questions", f"/qst_{'0' * 26}"),
    ("DELETE", "cards", f"/crd_{'0' * 26}"),
    ("DELETE", "groups", f"/grp_{'0' * 26}"),
    ("DELETE", "questions", f"/qst_{'0' * 26}"),
]
routes = pytest.mark.parametrize(("method", "kind", "child"), ROUTES)


@routes
def test_the_wrong_type_is_told_before_child_and_input_are_looked_at(
    api: Client, method: str, kind: str, child: str
) -> None:
    for type_ in STUDY_TYPES:
        if type_ == KINDS[kind][2][0]:
            continue
        path = f"{STUDIES}/{api.study(type_)['id']}"
        reply = api.request(method, f"{path}/{kind}{child}", content=b"{", query="x=1")
        assert reply.refusal == (422, "wrong_study_type")
    for state in ("published", "ended"):
        study = getattr(api, state)("interview")
        reply = api.request(method, f"{STUDIES}/{study['id']}/{kind}{child}", content=b"{")
        assert reply.refusal == (422, "wrong_study_type")


@pytest.mark.parametrize(("method", "child"), [("POST", ""), ("PATCH", ROUTES[4][2]), ("DELETE", ROUTES[7][2])])
def test_an_open_sort_has_no_groups(api: Client, method: str, child: str) -> None:
    path = f"{STUDIES}/{api.study()['id']}"
    body = {"POST": bodies("groups", "a"), "PATCH": {"group": {"label": "a"}}}.get(method)
    reply = api.request(method, f"{path}/groups{child}", json_body=body)
    assert (reply.refusal, reply.fields) == ((422, "validation_failed"), ["groups"])
    assert api.get(path).data["groups"] == []


@pytest.mark.parametrize("sort_type", ["closed", "hybrid"])
def test_closed_and_hybrid_sorts_take_groups(api: Client, sort_type: str) -> None:
    path = f"{STUDIES}/{api.study(settings={'sort_type': sort_type})['id']}"
    assert names(added(api, path, "groups", "a")) == ["a"]


@routes
def test_a_study_of_nobody_or_of_a_neighbour_is_404(
    api: Client, neighbour: Client, method: str, kind: str, child: str
) -> None:
    theirs = studied(neighbour, kind)
    replies = [api.request(method, f"{path}/{kind}{child}", content=b"{", query="x=1") for path in (NO_STUDY, theirs)]
    assert [reply.refusal for reply in replies] == [(404, "not_found")] * 2
    assert replies[0].text == replies[1].text


@kinds
@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_child_of_nobody_of_another_study_or_of_another_kind_is_404(api: Client, kind: str, method: str) -> None:
    path, other = studied(api, kind), studied(api, kind)
    (child,) = added(api, other, kind, "a")
    unknown = f"{KINDS[kind][1]}_{'0' * 26}"
    for child_id in (unknown, child["id"], "x", f"std_{'0' * 26}"):
        reply = api.request(method, f"{path}/{kind}/{child_id}", content=b"{", query="x=1")
        assert reply.refusal == (404, "not_found")
    assert api.get(other).data[kind] == [child]


@pytest.mark.parametrize("state", ["published", "ended"])
@kinds
def test_content_of_a_study_that_was_published_is_frozen(api: Client, kind: str, state: str) -> None:
    type_, settings = KINDS[kind][2]
    study = getattr(api, state)(type_, settings=settings)
    path = f"{STUDIES}/{study['id']}"
    child = f"{path}/{kind}/{study[kind][0]['id']}"
    one = KINDS[kind][0]
    assert api.post(f"{path}/{kind}", bodies(kind, "new")).refusal == (422, "not_draft")
    assert api.patch(child, {one: {"position": 0}}).refusal == (422, "not_draft")
    assert api.delete(child).refusal == (422, "not_draft")
    assert api.get(path).data == study


def test_input_comes_before_state_and_if_match_between_them(api: Client) -> None:
    study = api.published()
    path = f"{STUDIES}/{study['id']}"
    child = f"{path}/cards/{study['cards'][0]['id']}"
    assert api.request("POST", f"{path}/cards", content=b"{").status == 400
    assert api.post(f"{path}/cards", {"cards": []}).refusal == (422, "validation_failed")
    assert api.patch(child, {"card": {"label": ""}}, if_match='"0"').refusal == (422, "validation_failed")
    assert api.request("DELETE", child, query="x=1").status == 400
    assert api.delete(child, if_match='"0"').status == 412
    assert api.patch(child, {"card": {"label": "x"}}, if_match='"0"').status == 412


# -- concurrency ----------------------------------------------------------------------------------------------------


@kinds
def test_what_is_added_in_between_is_not_lost(api: Client, kind: str) -> None:
    path = studied(api, kind)
    (child,) = added(api, path, kind, "a")
    with api.platform.between_read_and_write(lambda: added(api, path, kind, "b")):
        added(api, path, kind, "c")
    with api.platform.between_read_and_write(lambda: added(api, path, kind, "d")):
        assert api.delete(f"{path}/{kind}/{child['id']}").status == 204
    assert names(api.get(path).data[kind]) == ["b", "c", "d"]


def test_a_study_that_is_published_in_between_takes_no_card(api: Client) -> None:
    path = studied(api, "cards")
    added(api, path, "cards", "a", "b")
    with api.platform.between_read_and_write(lambda: api.post(f"{path}/publish")):
        assert api.post(f"{path}/cards", {"card": "c"}).refusal == (422, "not_draft")
    assert names(api.get(path).data["cards"]) == ["a", "b"]


def test_round_trips_of_a_warm_process(api: Client) -> None:
    path = studied(api, "cards")
    (child,) = added(api, path, "cards", "a")
    calls = api.platform.round_trips(
        add=lambda: api.post(f"{path}/cards", {"card": "b"}),
        change=lambda: api.patch(f"{path}/cards/{child['id']}", {"card": {"position": 1}}),
        remove=lambda: api.delete(f"{path}/cards/{child['id']}"),
    )
    assert calls == {"add": 3, "change": 3, "remove": 3}


def test_the_same_key_adds_once(api: Client) -> None:
    path = studied(api, "cards")
    first = api.post(f"{path}/cards", {"cards": ["a", "b"]}, idempotency_key="k")
    added(api, path, "cards", "c")
    again = api.post(f"{path}/cards", {"cards": ["a", "b"]}, idempotency_key="k")
    assert (again.status, again.text) == (first.status, first.text)
    assert names(api.get(path).data["cards"]) == ["a", "b", "c"]
