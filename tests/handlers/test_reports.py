"""Metrics, reports and charts, through the real handler."""

import base64
import re
from typing import Any
from xml.etree import ElementTree

import pytest

from functions.reports.routes import router
from tests.handlers.conftest import PUBLISHABLE, Client, Reply
from tests.handlers.events import event

NOBODY = {
    "n": 0,
    "mean": None,
    "median": None,
    "geometric_mean": None,
    "min": None,
    "q1": None,
    "q3": None,
    "max": None,
}
PATHS = ["metrics", "report.md", "report.html", "charts", "charts/durations.svg"]
HOSTILE = '<script>alert(1)</script> | # [x](javascript:1) \x01 & "quoted"'


def person(seconds: int | None, external_id: str | None = None) -> dict[str, Any]:
    completed = None if seconds is None else f"2026-01-05T09:{seconds // 60:02d}:{seconds % 60:02d}Z"
    return {
        "external_id": external_id,
        "started_at": "2026-01-05T09:00:00Z",
        "completed_at": completed,
        "results": [],
    }


def bring(api: Client, study: dict[str, Any], *people: dict[str, Any]) -> list[dict[str, Any]]:
    reply = api.post(f"/api/v1/studies/{study['id']}/participants", {"participants": list(people)})
    assert reply.status == 201, reply.text
    made: list[dict[str, Any]] = reply.data
    return made


def metrics(api: Client, study: dict[str, Any]) -> dict[str, Any]:
    reply = api.get(f"/api/v1/studies/{study['id']}/metrics")
    assert reply.status == 200, reply.text
    shown: dict[str, Any] = reply.data
    return shown


def read(api: Client, path: str, **headers: str) -> Reply:
    """GET of something that may be a picture: those leave a function in Base64."""
    sent = {"authorization": f"Bearer {api.secret}", **{name.replace("_", "-"): text for name, text in headers.items()}}
    answer = api.platform.serve(router)(event("GET", path, headers=sent), None)
    body = base64.b64decode(answer["body"]).decode() if answer["isBase64Encoded"] else answer["body"]
    return Reply(answer["statusCode"], answer["headers"], body)


def test_metrics_of_nobody_are_nulls(api: Client) -> None:
    study = api.published("tree_test")
    shown = metrics(api, study)
    assert list(shown) == ["study_id", "type", "as_of", "participants", "duration_ms", "tree_test"]
    assert (shown["study_id"], shown["type"]) == (study["id"], "tree_test")
    assert re.fullmatch(r"2026-01-31T09:\d\d:\d\d\.\d{3}Z", shown["as_of"])
    assert shown["participants"] == {
        "started": 0,
        "completed": 0,
        "abandoned": 0,
        "excluded": 0,
        "analysed": 0,
        "completion_rate": None,
    }
    assert shown["duration_ms"] == NOBODY


def test_metrics_show_people_at_once(api: Client) -> None:
    study = api.published()
    bring(api, study, person(100), person(300), person(None))
    shown = metrics(api, study)
    assert shown["participants"] == {
        "started": 3,
        "completed": 2,
        "abandoned": 1,
        "excluded": 0,
        "analysed": 2,
        "completion_rate": 2 / 3,
    }
    assert shown["duration_ms"] == {
        "n": 2,
        "mean": 200_000,
        "median": 200_000,
        "geometric_mean": pytest.approx(173_205.08075),
        "min": 100_000,
        "q1": 150_000,
        "q3": 250_000,
        "max": 300_000,
    }
    bring(api, study, person(500))
    assert metrics(api, study)["duration_ms"]["max"] == 500_000


def test_exclusion_takes_effect_at_once_and_inclusion_restores_every_byte(api: Client) -> None:
    study = api.published()
    people = bring(api, study, *(person(60 + 7 * place) for place in range(40)))
    path = f"/api/v1/studies/{study['id']}"
    before = metrics(api, study)
    for someone in people[:3]:
        api.post(f"{path}/participants/{someone['id']}/exclude")
    without = metrics(api, study)
    assert without["participants"] == {**before["participants"], "excluded": 3, "analysed": 37}
    assert (without["duration_ms"]["n"], without["duration_ms"]["min"]) == (37, 81_000)
    for someone in people[:3]:
        api.post(f"{path}/participants/{someone['id']}/include")
    assert {**metrics(api, study), "as_of": ""} == {**before, "as_of": ""}


def test_a_person_who_was_never_folded_may_be_excluded(api: Client) -> None:
    study = api.published()
    someone = bring(api, study, person(100), person(200))[0]
    api.post(f"/api/v1/studies/{study['id']}/participants/{someone['id']}/exclude")
    assert metrics(api, study)["duration_ms"]["min"] == 200_000


def test_a_warm_read_takes_three_round_trips(api: Client) -> None:
    study = api.published()
    bring(api, study, person(100), person(200))
    metrics(api, study)
    assert api.platform.round_trips(metrics=lambda: metrics(api, study)) == {"metrics": 3}


def test_metrics_as_markdown(api: Client) -> None:
    study = api.published(name="Menu *one*")
    bring(api, study, person(100))
    reply = api.get(f"/api/v1/studies/{study['id']}/metrics", accept="text/markdown")
    assert reply.headers["content-type"] == "text/markdown; charset=utf-8"
    assert "accept" in reply.headers["vary"].lower()
    assert reply.text.startswith("# Metrics")
    assert "| started | 1 |" in reply.text
    assert "*one*" not in reply.text


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("accept", ["application/json", "text/markdown"])
def test_an_unchanged_study_is_not_sent_again(api: Client, path: str, accept: str) -> None:
    study = api.published()
    bring(api, study, person(100))
    url = f"/api/v1/studies/{study['id']}/{path}"
    first = read(api, url, accept=accept)
    again = read(api, url, accept=accept, if_none_match=first.headers["etag"])
    assert (again.status, again.text) == (304, "")
    assert again.headers["content-type"] == first.headers["content-type"]
    assert again.headers["etag"] == first.headers["etag"]
    if path != "charts":
        bring(api, study, person(500))
        changed = read(api, url, accept=accept, if_none_match=first.headers["etag"])
        assert changed.status == 200
        assert changed.headers["etag"] != first.headers["etag"]


@pytest.mark.parametrize("path", PATHS)
def test_a_neighbours_study_is_not_found(api: Client, neighbour: Client, path: str) -> None:
    study = neighbour.published()
    foreign = api.get(f"/api/v1/studies/{study['id']}/{path}")
    absent = api.get(f"/api/v1/studies/std_{'0' * 26}/{path}")
    malformed = api.get(f"/api/v1/studies/std_nobody/{path}")
    assert foreign.refusal == absent.refusal == malformed.refusal == (404, "not_found")
    assert foreign.json == absent.json


@pytest.mark.parametrize("path", PATHS)
def test_the_anonymous_caller_is_refused(anonymous: Client, path: str) -> None:
    assert anonymous.get(f"/api/v1/studies/std_{'0' * 26}/{path}").refusal == (401, "unauthorized")


@pytest.mark.parametrize("path", PATHS)
def test_unknown_parameters_are_refused_once_the_study_is_found(api: Client, path: str) -> None:
    study = api.study()
    assert api.get(f"/api/v1/studies/{study['id']}/{path}", {"limit": "1"}).refusal == (400, "invalid_request")
    assert api.get(f"/api/v1/studies/std_{'0' * 26}/{path}", {"limit": "1"}).status == 404


@pytest.mark.parametrize("path", PATHS)
def test_other_methods_are_not_allowed(api: Client, path: str) -> None:
    reply = api.post(f"/api/v1/studies/std_{'0' * 26}/{path}")
    assert reply.refusal == (405, "invalid_request")
    assert "GET" in reply.headers["allow"]


def test_a_free_workspace_may_read(free: Client) -> None:
    assert free.get(f"/api/v1/studies/std_{'0' * 26}/metrics").status == 404


@pytest.mark.parametrize("type_", sorted(PUBLISHABLE))
def test_reports_of_each_type_name_what_was_asked(api: Client, type_: str) -> None:
    study = api.published(type_, name="A *study*", description="Of <b>ours</b>")
    bring(api, study, person(90), person(210), person(None))
    path = f"/api/v1/studies/{study['id']}"
    text = api.get(f"{path}/report.md")
    assert text.headers["content-type"] == "text/markdown; charset=utf-8"
    assert text.text.startswith("# Report: A \\*study\\*\n")
    for heading in ("## Study", "## Participants", "## Time taken", "## Charts"):
        assert heading in text.text
    assert "3 people started, 2 of them completed" in text.text
    assert "| 2 min 30 s | 150000 |" in text.text
    page = api.get(f"{path}/report.html")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<h1>Report: A *study*</h1>" in page.text
    assert "Of &lt;b&gt;ours&lt;/b&gt;" in page.text
    assert '<td class="short">2 min 30 s</td><td class="short">150000</td>' in page.text


@pytest.mark.parametrize("type_", sorted(PUBLISHABLE))
def test_reports_of_empty_drafts(api: Client, type_: str) -> None:
    study = api.study(type_)
    path = f"/api/v1/studies/{study['id']}"
    assert "Nobody has taken part yet" in api.get(f"{path}/report.md").text
    assert "No times yet" in api.get(f"{path}/report.html").text
    assert "No data yet" in read(api, f"{path}/charts/durations.svg").text


def test_a_closed_sort_shows_its_groups(api: Client) -> None:
    study = api.published("card_sort", settings={"sort_type": "closed"})
    text = api.get(f"/api/v1/studies/{study['id']}/report.md").text
    assert "Closed card sort of 2 cards" in text
    assert "| Fruit |" in text


def test_a_task_with_many_answers_names_some(api: Client) -> None:
    tree = [{"id": f"n{number}", "label": f"Node {number}"} for number in range(30)]
    tasks = [{"id": "find", "prompt": "Find it", "correct_node_ids": [node["id"] for node in tree]}]
    study = api.study("tree_test", settings={"tree": tree, "tasks": tasks})
    text = api.get(f"/api/v1/studies/{study['id']}/report.md").text
    assert "Node 18, Node 19 and 10 more |" in text


def test_a_report_says_how_many_are_excluded(api: Client) -> None:
    study = api.published()
    someone = bring(api, study, person(90), person(210))[0]
    api.post(f"/api/v1/studies/{study['id']}/participants/{someone['id']}/exclude")
    assert (
        "1 excluded; the figures below are those of the 1 analysed"
        in api.get(f"/api/v1/studies/{study['id']}/report.html").text
    )


def test_hostile_text_stays_text(api: Client) -> None:
    study = api.study("survey", name=HOSTILE, description=HOSTILE)
    path = f"/api/v1/studies/{study['id']}"
    api.post(f"{path}/questions", {"questions": [{"kind": "nps", "prompt": HOSTILE}]})
    page = api.get(f"{path}/report.html")
    assert "<script" not in page.text
    assert "\x01" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    text = api.get(f"{path}/report.md").text
    assert "<script" not in text
    assert "\n# [" not in text
    assert "[x](" not in text
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        assert len({re.sub(r"\\\\|\\\|", "", row).count("|") for row in table.splitlines()}) == 1


def test_pages_load_nothing_from_elsewhere(api: Client) -> None:
    study = api.published()
    page = api.get(f"/api/v1/studies/{study['id']}/report.html").text
    assert not re.search(r"(src|href)=|url\(|@import", page)
    assert "prefers-color-scheme:dark" in page


def test_charts_are_listed_and_drawn(api: Client) -> None:
    study = api.published()
    bring(api, study, *(person(30 + 11 * place) for place in range(60)))
    path = f"/api/v1/studies/{study['id']}/charts"
    *own, chart = api.get(path).data
    assert own
    assert chart == {"name": "durations", "title": "How long people took"}
    reply = read(api, f"{path}/{chart['name']}.svg")
    assert reply.headers["content-type"] == "image/svg+xml"
    root = ElementTree.fromstring(reply.text)  # noqa: S314 - our own picture
    names = {"svg": "http://www.w3.org/2000/svg"}
    title, description = root.find("svg:title", names), root.find("svg:desc", names)
    assert title is not None
    assert description is not None
    assert title.text == chart["title"]
    assert description.text is not None
    assert "Times of 60 people" in description.text
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"


@pytest.mark.parametrize("name", ["durations", "durations.png", "nothing.svg", ".svg", "svg"])
def test_other_charts_are_not_found(api: Client, name: str) -> None:
    study = api.published()
    assert api.get(f"/api/v1/studies/{study['id']}/charts/{name}").refusal == (404, "not_found")


def test_charts_as_markdown(api: Client) -> None:
    study = api.published()
    reply = api.get(f"/api/v1/studies/{study['id']}/charts", accept="text/markdown")
    assert "| durations | How long people took |" in reply.text


def test_a_single_duration_and_zero_can_be_drawn(api: Client) -> None:
    study = api.published()
    bring(api, study, person(0), person(0), person(60))
    picture = read(api, f"/api/v1/studies/{study['id']}/charts/durations.svg").text
    assert "0 ms" in picture
    assert metrics(api, study)["duration_ms"]["geometric_mean"] == pytest.approx(60_000)


@pytest.mark.parametrize("type_", sorted(PUBLISHABLE))
def test_every_listed_chart_is_served(api: Client, type_: str) -> None:
    study = api.published(type_)
    path = f"/api/v1/studies/{study['id']}/charts"
    for chart in api.get(path).data:
        reply = read(api, f"{path}/{chart['name']}.svg")
        assert reply.status == 200
        root = ElementTree.fromstring(reply.text)  # noqa: S314 - our own picture
        assert root.findtext("{http://www.w3.org/2000/svg}title") == chart["title"]
