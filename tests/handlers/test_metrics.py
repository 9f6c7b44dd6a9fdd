"""What GET /metrics says of each study type, through the real handler."""

import base64
import gzip
import json
from typing import Any

import pytest

from functions.reports import service
from functions.reports.routes import router
from tests.handlers.conftest import Client
from tests.handlers.events import event
from tests.handlers.studies import people, published
from trimetric.domain.study_types import STUDY_TYPES
from trimetric.domain.study_types.design import Design
from trimetric.dynamo import metrics as dynamo_metrics
from trimetric.metrics.recent import Shown
from trimetric.metrics.state import State


def bring(api: Client, study: dict[str, Any], count: int, *, seed: int = 0) -> list[dict[str, Any]]:
    body = {"participants": people(study, count, seed=seed)}
    reply = api.post(f"/api/v1/studies/{study['id']}/participants", body)
    assert reply.status == 201, reply.text
    made: list[dict[str, Any]] = reply.data
    return made


def metrics(api: Client, study: dict[str, Any]) -> dict[str, Any]:
    reply = api.get(f"/api/v1/studies/{study['id']}/metrics")
    assert reply.status == 200, reply.text
    shown: dict[str, Any] = reply.data
    return {**shown, "as_of": ""}


def numbers(value: Any) -> list[float]:
    """Every number in it, however deep."""
    if isinstance(value, dict):
        return [number for member in value.values() for number in numbers(member)]
    if isinstance(value, list):
        return [number for member in value for number in numbers(member)]
    return [value] if isinstance(value, int | float) and not isinstance(value, bool) else []


@pytest.mark.parametrize("type_", STUDY_TYPES)
def test_each_type_has_a_member_of_its_name(api: Client, type_: str) -> None:
    study = published(api, type_)
    empty = metrics(api, study)
    assert list(empty) == ["study_id", "type", "as_of", "participants", "duration_ms", type_]
    bring(api, study, 12)
    shown = metrics(api, study)
    assert shown["participants"]["analysed"] == 12
    assert list(shown[type_]) == list(empty[type_])
    assert sum(numbers(shown[type_])) > sum(numbers(empty[type_]))


@pytest.mark.parametrize("type_", STUDY_TYPES)
def test_exclusion_shows_at_once_and_inclusion_restores_every_byte(api: Client, type_: str) -> None:
    study = published(api, type_)
    someone, *_ = bring(api, study, 1)
    alone = metrics(api, study)
    others = bring(api, study, 9, seed=1)
    before = metrics(api, study)
    path = f"/api/v1/studies/{study['id']}/participants"
    for other in others:
        api.post(f"{path}/{other['id']}/exclude")
    assert metrics(api, study)[type_] == alone[type_]
    for other in others:
        api.post(f"{path}/{other['id']}/include")
    assert json.dumps(metrics(api, study)) == json.dumps(before)
    api.post(f"{path}/{someone['id']}/exclude")
    assert metrics(api, study) != before


@pytest.mark.parametrize("type_", STUDY_TYPES)
def test_the_order_in_which_people_came_and_were_read_is_of_no_account(api: Client, type_: str) -> None:
    first, second = published(api, type_), published(api, type_)
    for seed in (0, 1, 2):
        bring(api, first, 3, seed=seed)
        metrics(api, first)
    for seed in (2, 0, 1):
        bring(api, second, 3, seed=seed)
    unlike = {"study_id": ""}
    assert stripped(metrics(api, first), first) == stripped(metrics(api, second) | unlike, second)


def stripped(shown: dict[str, Any], study: dict[str, Any]) -> str:
    """With the places of cards, groups and questions for their ids, which differ from study to study."""
    text = json.dumps({**shown, "study_id": ""})
    for kind in ("cards", "groups", "questions"):
        for place, each in enumerate(study.get(kind, [])):
            text = text.replace(each["id"], f"{kind} {place}")
    return text


@pytest.mark.parametrize("type_", STUDY_TYPES)
def test_a_warm_read_takes_three_round_trips(api: Client, type_: str) -> None:
    study = published(api, type_)
    bring(api, study, 5)
    metrics(api, study)
    assert api.platform.round_trips(metrics=lambda: metrics(api, study)) == {"metrics": 3}


@pytest.mark.parametrize("type_", STUDY_TYPES)
def test_metrics_of_each_type_as_markdown(api: Client, type_: str) -> None:
    study = published(api, type_)
    bring(api, study, 5)
    reply = api.get(f"/api/v1/studies/{study['id']}/metrics", accept="text/markdown")
    assert reply.status == 200
    assert reply.headers["content-type"] == "text/markdown; charset=utf-8"
    assert f"\n## {type_.replace('_', ' ').capitalize()}\n" in reply.text
    assert "{" not in reply.text.replace("\\{", "")


def test_areas_that_are_edited_later_are_followed(api: Client) -> None:
    study = published(api, "first_click_test")
    bring(api, study, 30)
    before = metrics(api, study)["first_click_test"]["tasks"]
    tasks = [
        {**task, "areas": [{**area, "correct": not area["correct"]} for area in task["areas"]]}
        for task in study["settings"]["tasks"]
    ]
    path = f"/api/v1/studies/{study['id']}"
    assert api.patch(path, {"study": {"settings": {"tasks": tasks}}}).status == 200
    after = metrics(api, study)["first_click_test"]["tasks"]
    for was, now in zip(before, after, strict=True):
        decided = was["success"]["n"] - was["skips"] - was["outside"]
        assert was["success"]["count"] + now["success"]["count"] == decided
    assert api.patch(path, {"study": {"settings": {"tasks": study["settings"]["tasks"]}}}).status == 200
    assert metrics(api, study)["first_click_test"]["tasks"] == before


def test_merged_categories_are_followed(api: Client) -> None:
    study = published(api, "card_sort")
    bring(api, study, 10)
    before = metrics(api, study)["card_sort"]
    free = [group for group in before["groups"] if group["group_id"] is None]
    assert free
    category_map = {group["label"]: "Everything of their own" for group in free}
    path = f"/api/v1/studies/{study['id']}"
    assert api.patch(path, {"study": {"settings": {"category_map": category_map}}}).status == 200
    after = metrics(api, study)["card_sort"]
    assert {**after, "standardised": None} == {**before, "standardised": None}
    assert after["standardised"] != before["standardised"]


def test_a_study_that_is_duplicated_starts_with_no_metrics(api: Client) -> None:
    study = published(api, "tree_test")
    bring(api, study, 3)
    metrics(api, study)
    copy = api.post(f"/api/v1/studies/{study['id']}/duplicate").data
    assert metrics(api, copy)["participants"]["started"] == 0
    assert metrics(api, copy)["tree_test"]["overall"]["success"]["n"] == 0


@pytest.mark.parametrize(
    ("offered", "compressed"),
    [("gzip, br", True), ("br;q=1, GZIP ; q=0.5", True), ("", False), ("br", False), ("gzip;q=0", False)],
)
@pytest.mark.parametrize("accept", ["application/json", "text/markdown"])
def test_more_figures_than_an_answer_may_carry(
    api: Client, monkeypatch: pytest.MonkeyPatch, offered: str, compressed: bool, accept: str
) -> None:
    study = published(api, "card_sort")
    bring(api, study, 5)
    whole = metrics(api, study)
    monkeypatch.setattr(service, "MOST_BYTES", 100)
    headers = {"authorization": f"Bearer {api.secret}", "accept": accept, "accept-encoding": offered}
    answer = api.platform.serve(router)(event("GET", f"/api/v1/studies/{study['id']}/metrics", headers=headers), None)
    assert answer["statusCode"] == 200
    assert "Accept-Encoding" in answer["headers"]["vary"]
    assert (answer["headers"].get("content-encoding") == "gzip") is compressed is answer["isBase64Encoded"]
    text = gzip.decompress(base64.b64decode(answer["body"])).decode() if compressed else answer["body"]
    if accept == "text/markdown":
        assert text.startswith("# Metrics")
        return
    shown = json.loads(text)["data"]
    if not compressed:
        assert shown["card_sort"]["similarity"]["percent"] is None
        shown["card_sort"]["similarity"]["percent"] = whole["card_sort"]["similarity"]["percent"]
    assert {**shown, "as_of": ""} == whole


@pytest.mark.parametrize("accept", ["application/json", "text/markdown"])
def test_each_form_of_more_figures_than_an_answer_may_carry_has_a_tag_of_its_own(
    api: Client, monkeypatch: pytest.MonkeyPatch, accept: str
) -> None:
    study = published(api, "card_sort")
    bring(api, study, 5)
    handler = api.platform.serve(router)

    def tag(encoding: str, given: str = "") -> tuple[int, str]:
        headers = {"authorization": f"Bearer {api.secret}", "accept": accept, "accept-encoding": encoding}
        if given:
            headers["if-none-match"] = given
        answer = handler(event("GET", f"/api/v1/studies/{study['id']}/metrics", headers=headers), None)
        if answer["statusCode"] == 304:
            assert "content-encoding" not in answer["headers"]
            assert not answer["body"]
        return answer["statusCode"], answer["headers"]["etag"]

    _, whole = tag("")
    monkeypatch.setattr(service, "MOST_BYTES", 100)
    (_, compressed), (_, short) = tag("gzip"), tag("")
    assert len({whole, compressed, short}) == 3
    assert tag("gzip", compressed) == (304, compressed)
    assert tag("gzip", f'W/{whole}, "other"') == (304, whole)
    assert tag("", compressed) == (304, compressed)
    assert tag("", short) == (304, short)
    assert tag("gzip", short) == (200, compressed), "whoever has less than all of it is given the rest"
    assert tag("gzip", '"other"') == (200, compressed)


def test_a_state_that_did_not_change_is_worked_out_once(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    study = published(api, "survey")
    made = bring(api, study, 5)
    metrics(api, study)
    before = metrics(api, study)
    worked_out: list[str] = []
    original = dynamo_metrics._worked_out

    def count(type_name: str, design: Design, state: State) -> Shown:
        worked_out.append(type_name)
        return original(type_name, design, state)

    monkeypatch.setattr(dynamo_metrics, "_worked_out", count)
    assert metrics(api, study) == before
    assert worked_out == []
    path = f"/api/v1/studies/{study['id']}/participants/{made[0]['id']}"
    assert api.post(f"{path}/exclude").status == 200
    assert metrics(api, study) != before
    assert metrics(api, study)["participants"]["analysed"] == 4
    assert api.post(f"{path}/include").status == 200
    metrics(api, study)
    assert metrics(api, study) == before
    assert worked_out == ["survey"], "with that person again, it is the state of before to the last byte"


def test_what_was_worked_out_of_one_study_is_not_shown_of_another(api: Client, neighbour: Client) -> None:
    """Both states are of the same version, of the same people."""
    ours, theirs = published(api, "card_sort"), published(neighbour, "card_sort")
    for client, study in ((api, ours), (neighbour, theirs)):
        bring(client, study, 4)
        metrics(client, study)
        metrics(client, study)
    cards = {card["id"] for card in theirs["cards"]}
    assert {card["card_id"] for card in metrics(neighbour, theirs)["card_sort"]["cards"]} == cards
    assert not {card["card_id"] for card in metrics(api, ours)["card_sort"]["cards"]} & cards


def test_other_figures_have_nothing_to_leave_out(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    study = published(api, "survey")
    whole = metrics(api, study)
    monkeypatch.setattr(service, "MOST_BYTES", 100)
    assert metrics(api, study) == whole


def crowd(study: dict[str, Any], *, seed: int = 0) -> list[dict[str, Any]]:
    """Ten people who took five minutes, one who rushed, and one who sent what the first one sent."""
    sent = people(study, 10, seed=seed)
    [rushed] = people(study, 1, seed=seed + 1)
    rushed["completed_at"] = "2026-01-05T09:00:20Z"
    return [*sent, rushed, {**sent[0], "external_id": f"twin-{seed}"}]


def flagged(api: Client, study: dict[str, Any], path: str = "metrics", how: str = "exclude") -> Any:
    reply = api.get(f"/api/v1/studies/{study['id']}/{path}", {"flagged": how})
    assert reply.status == 200, reply.text
    return reply


def who(api: Client, study: dict[str, Any]) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = api.get(f"/api/v1/studies/{study['id']}/participants").data
    return shown


@pytest.mark.parametrize("type_", [name for name in STUDY_TYPES if name != "interview"])
def test_figures_without_flagged_people_are_those_of_the_others(api: Client, type_: str) -> None:
    study = published(api, type_)
    body = {"participants": crowd(study)}
    assert api.post(f"/api/v1/studies/{study['id']}/participants", body).status == 201
    everybody = metrics(api, study)
    without = {**flagged(api, study).data, "as_of": ""}
    assert {**flagged(api, study, how="include").data, "as_of": ""} == everybody
    marked = [person for person in who(api, study) if person["flags"]]
    assert {"speeder", "duplicate"} <= {flag for person in marked for flag in person["flags"]}
    assert without["participants"] == {**everybody["participants"], "analysed": 12 - len(marked)}
    for person in marked:
        api.post(f"/api/v1/studies/{study['id']}/participants/{person['id']}/exclude")
    excluded = metrics(api, study)
    assert without["duration_ms"] == excluded["duration_ms"]
    assert without[type_] == excluded[type_]


def test_reads_without_flagged_people_cost_what_others_do(api: Client) -> None:
    study = published(api, "tree_test")
    api.post(f"/api/v1/studies/{study['id']}/participants", {"participants": crowd(study)})
    flagged(api, study)
    assert api.platform.round_trips(metrics=lambda: flagged(api, study)) == {"metrics": 3}
    assert api.platform.round_trips(report=lambda: flagged(api, study, "report.md")) == {"report": 3}
    bring(api, study, 1, seed=7)
    metrics(api, study)
    # Two looks, one at everybody, and the mark that all are judged.
    [trips] = api.platform.round_trips(metrics=lambda: flagged(api, study)).values()
    assert trips <= 7


@pytest.mark.parametrize("path", ["metrics", "report.md", "report.html", "charts", "charts/durations.svg"])
def test_flagged_is_include_or_exclude(api: Client, path: str) -> None:
    study = published(api, "survey")
    reply = api.get(f"/api/v1/studies/{study['id']}/{path}", {"flagged": "only"})
    assert (reply.status, reply.error["code"]) == (400, "invalid_request")
    nobodys = api.get(f"/api/v1/studies/std_{'0' * 26}/{path}", {"flagged": "only"})
    assert (nobodys.status, nobodys.error["code"]) == (404, "not_found")


@pytest.mark.parametrize("how", ["include", "exclude", "only"])
@pytest.mark.parametrize("path", ["metrics", "report.md", "report.html", "charts", "charts/durations.svg"])
def test_a_neighbours_study_has_no_figures_without_flagged_people(
    api: Client, neighbour: Client, path: str, how: str
) -> None:
    study = published(api, "tree_test")
    foreign = neighbour.get(f"/api/v1/studies/{study['id']}/{path}", {"flagged": how})
    nobodys = neighbour.get(f"/api/v1/studies/std_{'0' * 26}/{path}", {"flagged": how})
    assert (foreign.status, foreign.error["code"]) == (nobodys.status, nobodys.error["code"]) == (404, "not_found")


def test_the_tag_changes_with_the_flags(api: Client) -> None:
    study = published(api, "tree_test")
    api.post(f"/api/v1/studies/{study['id']}/participants", {"participants": crowd(study)})
    tag = flagged(api, study).headers["etag"]
    assert flagged(api, study).headers["etag"] == tag
    assert flagged(api, study, how="include").headers["etag"] != tag
    api.post(f"/api/v1/studies/{study['id']}/participants/{who(api, study)[0]['id']}/exclude")
    again = flagged(api, study)
    assert again.headers["etag"] != tag
    assert not any("duplicate" in person["flags"] for person in who(api, study)), "the first twin is out"


@pytest.mark.parametrize("form", ["report.md", "report.html"])
def test_reports_compare_figures_with_and_without_flagged_people(api: Client, form: str) -> None:
    study = published(api, "tree_test")
    bring(api, study, 3)
    path = f"/api/v1/studies/{study['id']}"
    assert "Without flagged people" not in api.get(f"{path}/{form}").text
    api.post(f"{path}/participants", {"participants": crowd(study, seed=3)})
    page = api.get(f"{path}/{form}").text
    assert "Without flagged people" in page
    assert "speeder" in page
    assert "leave out everybody with a flag" in flagged(api, study, form).text
