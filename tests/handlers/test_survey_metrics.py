"""/api/experience/surveys/{survey_id}/metrics"""

from functools import partial
from typing import Any

import pytest

from functions.survey_metrics import service
from tests.handlers.conftest import Client, Platform
from tests.handlers.experience import ANSWERS, QUESTIONS, answered, created, device, send, survey
from tests.handlers.interruptions import Interruptions
from tests.handlers.signing import READ_ONLY, SignedClient, signed_client_of
from trimetric.domain.workspaces import Permission
from trimetric.metrics import experience

DAY_ONE, DAY_TWO = "2026-01-30T12:00:00.000Z", "2026-01-31T09:00:00.000Z"


@pytest.fixture
def api(platform: Platform) -> SignedClient:
    return signed_client_of(platform)


@pytest.fixture
def neighbour(platform: Platform) -> SignedClient:
    return signed_client_of(platform, name="Neighbour")


@pytest.fixture
def path(api: SignedClient) -> str:
    return survey(api)


@pytest.fixture
def store(platform: Platform) -> Interruptions:
    return Interruptions(platform.table)


def metrics(client: SignedClient, path: str, **window: str) -> dict[str, Any]:
    reply = client.get(f"{path}/metrics", window)
    assert reply.status == 200, reply.text
    shown: dict[str, Any] = reply.json
    return shown


def responses(client: SignedClient, path: str) -> int:
    number: int = metrics(client, path)["totals"]["responses"]
    return number


def test_the_anonymous_caller_is_refused(anonymous: Client, path: str) -> None:
    reply = anonymous.get(f"{path}/metrics")
    assert (reply.status, reply.json["error"]["code"]) == (401, "unauthorized")


def test_whoever_may_read_responses_may_read_metrics(platform: Platform, api: SignedClient, path: str) -> None:
    for permissions, status in ((READ_ONLY, 200), ((Permission.RESPONSES_WRITE, Permission.SURVEYS_READ), 403)):
        client = signed_client_of(platform, permissions=permissions, workspace=api.workspace)
        assert client.get(f"{path}/metrics").status == status


def test_neighbours_see_what_was_never_there(api: SignedClient, neighbour: SignedClient, path: str) -> None:
    send(api, path)
    theirs, nobodys = (neighbour.get(f"{base}/metrics") for base in (path, "/api/experience/surveys/999"))
    assert theirs.status == 404
    assert theirs.text == nobodys.text


def test_a_survey_without_responses_has_empty_figures(api: SignedClient, path: str) -> None:
    shown = metrics(api, path)
    assert shown["survey_id"] == int(path.rpartition("/")[2])
    assert shown["start_at"] == "2025-12-31T23:59:59.999Z"
    assert shown["end_at"] == "2026-02-01T00:00:00.000Z"
    assert shown["totals"] == {"responses": 0, "devices": 0, "without_device": 0}
    assert shown["days"] == shown["devices"] == []
    by_id = {question["question_id"]: question for question in shown["questions"]}
    assert list(by_id) == [question["id"] for question in QUESTIONS]
    assert (by_id["nps"]["nps"], by_id["nps"]["ci95"]) == (None, None)
    assert by_id["stars"]["mean"] == {"n": 0, "mean": None, "sd": None, "ci95": None}


def test_figures_for_all_by_day_and_by_device(api: SignedClient, path: str) -> None:
    kiosk, other = device(api), device(api)
    everything = created(api.post(f"{path}/responses", {"answers": answered(**ANSWERS), "submitted_at": DAY_TWO}))
    assert everything["device_id"] is None
    send(api, path, 10, device_id=kiosk, submitted_at=DAY_ONE)
    send(api, path, 3, device_id=kiosk, submitted_at=DAY_TWO)
    send(api, path, 7, device_id=other, submitted_at=DAY_TWO)
    shown = metrics(api, path)
    assert shown["totals"] == {"responses": 4, "devices": 2, "without_device": 1}
    by_id = {question["question_id"]: question for question in shown["questions"]}
    assert {question["question_id"]: question["type"] for question in shown["questions"]} == {
        question["id"]: question["type"] for question in QUESTIONS
    }
    nps = by_id["nps"]
    assert (nps["shown"], nps["answered"], nps["skipped"]) == (4, 4, 0)
    assert (nps["promoters"], nps["passives"], nps["detractors"], nps["nps"]) == (2, 1, 1, 25.0)
    assert nps["ci95"][0] < 25 < nps["ci95"][1]
    assert by_id["stars"]["mean"]["mean"] == 4
    assert (by_id["stars"]["answered"], by_id["stars"]["skipped"]) == (1, 3)
    assert [(each["id"], each["count"]) for each in by_id["colour"]["options"]] == [("red", 1), ("blue", 0)]
    assert [each["count"] for each in by_id["colours"]["options"]] == [1, 0, 1]
    assert [(each["id"], each["count"]) for each in by_id["again"]["options"]] == [("true", 1), ("false", 0)]
    assert {row["word"] for row in by_id["why"]["words"]} >= {"queue", "short"}
    assert [(row["date"], row["responses"]) for row in shown["days"]] == [("2026-01-30", 1), ("2026-01-31", 3)]
    assert [(row["device_id"], row["responses"]) for row in shown["devices"]] == [
        (kiosk, 2),
        *sorted([(None, 1), (other, 1)], key=lambda row: row[0] or ""),
    ]
    of_kiosk = shown["devices"][0]["questions"]
    assert of_kiosk[0] == {
        "question_id": "nps",
        "answered": 2,
        "promoters": 1,
        "passives": 0,
        "detractors": 1,
        "nps": 0.0,
    }
    second_day = {question["question_id"]: question for question in shown["days"][1]["questions"]}
    assert second_day["stars"] == {"question_id": "stars", "answered": 1, "mean": 4.0}
    assert second_day["colours"]["options"] == [{"id": "red", "count": 1}, {"id": "green", "count": 1}]
    assert second_day["why"] == {"question_id": "why", "answered": 1}
    assert second_day["again"]["options"] == [{"id": "true", "count": 1}]


def test_a_window_cuts_days_where_it_is_told_to(api: SignedClient, path: str) -> None:
    for minute in range(5):
        send(api, path, submitted_at=f"2026-01-30T12:0{minute}:00Z")
    send(api, path, submitted_at=DAY_TWO)
    shown = metrics(api, path, start_at="2026-01-30T12:01:00Z", end_at="2026-01-30T12:04:00Z")
    assert (shown["start_at"], shown["end_at"]) == ("2026-01-30T12:01:00.000Z", "2026-01-30T12:04:00.000Z")
    assert [(row["date"], row["responses"]) for row in shown["days"]] == [("2026-01-30", 2)]
    assert metrics(api, path, start_at="2026-01-30T12:01:00Z")["totals"]["responses"] == 4
    assert metrics(api, path, start_at="1900-01-01T00:00:00Z", end_at="9999-12-31T23:59:59Z")["totals"] == {
        "responses": 6,
        "devices": 0,
        "without_device": 6,
    }


@pytest.mark.parametrize("query", ["start_at=x", "end_at=2026-01-31T00:00:00 01:00", "start_at=2099-01-01T00:00:00Z"])
def test_windows_that_cannot_be_read_are_400(api: SignedClient, path: str, query: str) -> None:
    reply = api.get(f"{path}/metrics", query.replace(" ", "%20"))
    assert (reply.status, reply.json["error"]["code"]) == (400, "invalid_window")
    assert api.get("/api/experience/surveys/999/metrics", "start_at=x").status == 404


def test_unknown_parameters_are_400(api: SignedClient, path: str) -> None:
    assert api.get(f"{path}/metrics", {"limit": "3"}).status == 400


def test_the_tag_changes_with_the_figures_only(api: SignedClient, path: str) -> None:
    send(api, path)
    tag = api.get(f"{path}/metrics").headers["etag"]
    assert api.get(f"{path}/metrics", if_none_match=tag).status == 304
    send(api, path)
    assert api.get(f"{path}/metrics", if_none_match=tag).status == 200


def test_each_read_sees_what_was_accepted_before_it(api: SignedClient, path: str) -> None:
    for number in range(1, 8):
        send(api, path, submitted_at=f"2026-01-{30 - number}T12:00:00Z")
        assert responses(api, path) == number


def test_a_repetition_counts_once(api: SignedClient, path: str) -> None:
    send(api, path, external_id="k-1")
    assert responses(api, path) == 1
    assert api.post(f"{path}/responses", {"answers": answered(nps=9), "external_id": "k-1"}).status == 200
    assert responses(api, path) == 1


def test_round_trips_do_not_grow_with_the_survey(api: SignedClient, path: str) -> None:
    show = partial(api.get, f"{path}/metrics")
    show()
    calls = []
    for number in range(3):
        for minute in range(number * 40):
            send(api, path, submitted_at=f"2026-01-{10 + number}T12:{minute % 60:02d}:00Z")
        show()
        calls.append(api.platform.round_trips(show=show)["show"])
    assert calls == [3, 3, 3]


@pytest.mark.parametrize("behind", [False, True], ids=["before", "behind"])
@pytest.mark.parametrize("call", range(4))
def test_a_reader_that_dies_anywhere_leaves_exact_figures(
    api: SignedClient, store: Interruptions, path: str, call: int, *, behind: bool
) -> None:
    for _ in range(3):
        send(api, path)
    api.get(f"{survey(api)}/metrics")
    store.kill(call, behind=behind)
    assert api.get(f"{path}/metrics").text == "Internal Server Error"
    store.leave_alone()
    assert responses(api, path) == 3


def test_questions_that_change_while_a_survey_is_closed_are_counted_anew(api: SignedClient, path: str) -> None:
    created(api.post(f"{path}/responses", {"answers": answered(**ANSWERS)}))
    assert metrics(api, path)["questions"][1]["answered"] == 1
    fewer = [{"id": "stars", "type": "text", "text": "Now a text"}, QUESTIONS[0]]
    for status, questions in (("closed", QUESTIONS), ("closed", fewer)):
        assert api.put(path, {"name": "Lobby", "status": status, "questions": questions}).status == 200
    shown = metrics(api, path)
    assert [(each["question_id"], each["answered"]) for each in shown["questions"]] == [("stars", 0), ("nps", 1)]


def test_rows_without_room_say_only_how_many(api: SignedClient, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kiosk = device(api)
    for number in range(3):
        send(api, path, device_id=kiosk, submitted_at=DAY_ONE)
        send(api, path, submitted_at=f"2026-01-0{number + 1}T00:00:00Z")
    monkeypatch.setattr(experience, "MOST_BRIEFS", 2 * len(QUESTIONS))
    shown = metrics(api, path)
    assert [row["questions"] is None for row in shown["days"]] == [False, False, True, True]
    assert [row["responses"] for row in shown["days"]] == [1, 1, 1, 3]
    monkeypatch.setattr(service, "MOST_BYTES", 3_500)
    shown = metrics(api, path)
    assert [row["questions"] for row in shown["devices"]] == [None, None]
    assert shown["days"][0]["questions"] is not None
    monkeypatch.setattr(service, "MOST_BYTES", 100)
    shown = metrics(api, path)
    assert [row["questions"] for row in shown["days"]] == [None] * 4
    assert shown["totals"]["responses"] == 6


def test_words_are_fewer_where_there_is_no_room_for_all(
    api: SignedClient, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [f"word{number:03d}" for number in range(100)]
    created(api.post(f"{path}/responses", {"answers": answered(nps=9, why=" ".join(words))}))
    row = len('{"word":"word000","participants":1,"occurrences":1},')
    monkeypatch.setattr(service, "MOST_BYTES", 0)
    shortest = len(api.get(f"{path}/metrics").text)
    for shown in (0, 5, 20, 50, 100):
        monkeypatch.setattr(service, "MOST_BYTES", shortest + shown * row)
        why = metrics(api, path)["questions"][4]
        assert (why["answered"], [row["word"] for row in why["words"]]) == (1, words[:shown])


def test_answers_without_spaces_are_no_words_and_leave_room(api: SignedClient) -> None:
    questions = [{"id": f"q{number}", "type": "text", "text": "Why?"} for number in range(20)]
    path = survey(api, questions=questions)
    for number in range(13):
        values = {each["id"]: f"{number} " + "ü" * 4_900 + "x<i>" for each in questions}
        created(api.post(f"{path}/responses", {"answers": answered(**values)}))
    reply = api.get(f"{path}/metrics")
    assert len(reply.text) < 100_000
    first = reply.json["questions"][0]
    assert first["answered"] == 13
    assert [row["word"] for row in first["words"]] == ["i", *sorted(map(str, range(13)))]
