"""/api/experience/surveys/{survey_id}/responses"""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.table import FakeTable
from tests.handlers.conftest import Client, Clock, Platform, Reply, incompressible
from tests.handlers.experience import ANSWERS, QUESTIONS, answered, created, device, last_seen, send, survey, walked
from tests.handlers.interruptions import Interruptions
from tests.handlers.signing import READ_ONLY, SignedClient, signed_client_of
from trimetric.domain import times
from trimetric.domain.workspaces import Permission

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)


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


def at(**ahead: float) -> str:
    return times.to_text(NOW + timedelta(**ahead))


# -- who may -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rest", ["/responses", "/responses/rsp_1"])
def test_the_anonymous_caller_is_refused(anonymous: Client, path: str, rest: str) -> None:
    reply = anonymous.get(f"{path}{rest}")
    assert (reply.status, reply.json["error"]["code"]) == (401, "unauthorized")
    assert anonymous.post(f"{path}/responses", {"answers": []}).status == 401


def test_a_key_that_may_only_read_sends_nothing(platform: Platform, api: SignedClient, path: str) -> None:
    reader = signed_client_of(platform, permissions=READ_ONLY, workspace=api.workspace)
    reply = reader.post(f"{path}/responses", {"answers": answered(**ANSWERS)})
    assert (reply.status, reply.json["error"]["code"]) == (403, "permission_denied")
    assert reader.get(f"{path}/responses").json == []


def test_a_key_that_may_only_write_reads_nothing(platform: Platform, api: SignedClient, path: str) -> None:
    writer = signed_client_of(platform, permissions=(Permission.RESPONSES_WRITE,), workspace=api.workspace)
    sent = send(writer, path)
    assert writer.get(f"{path}/responses").status == 403
    assert writer.get(f"{path}/responses/{sent['id']}").status == 403


def test_neighbours_see_what_was_never_there(api: SignedClient, neighbour: SignedClient, path: str) -> None:
    sent = send(api, path)
    never = "/api/experience/surveys/999"
    for method, rest, body in (
        ("GET", "/responses", None),
        ("GET", f"/responses/{sent['id']}", None),
        ("POST", "/responses", {"answers": answered(nps=1)}),
    ):
        theirs, nobodys = (neighbour.request(method, f"{base}{rest}", json_body=body) for base in (path, never))
        assert theirs.status == 404
        assert (theirs.status, theirs.text) == (nobodys.status, nobodys.text)
    assert len(api.get(f"{path}/responses").json) == 1


def test_a_neighbours_device_is_none(api: SignedClient, neighbour: SignedClient, path: str) -> None:
    theirs = device(neighbour)
    reply = api.post(f"{path}/responses", {"answers": answered(nps=1), "device_id": theirs})
    never = api.post(f"{path}/responses", {"answers": answered(nps=1), "device_id": theirs[::-1]})
    assert (reply.status, reply.fields) == (422, ["device_id"])
    assert reply.text == never.text
    assert last_seen(neighbour, theirs) is None


def test_another_surveys_response_is_not_here(api: SignedClient, path: str) -> None:
    sent = send(api, path)
    assert api.get(f"{survey(api)}/responses/{sent['id']}").status == 404


@pytest.mark.parametrize("number", ["0", "-1", "01", "1.0", "x", "12345678901", "%20"])
def test_surveys_of_another_form_are_not_found(api: SignedClient, number: str) -> None:
    assert api.get(f"/api/experience/surveys/{number}/responses").status == 404


@pytest.mark.parametrize("identifier", ["rsp_1", "x", "rsp_" + "0" * 26, "rsp_" + "z" * 26, "prt_" + "0" * 26])
def test_responses_of_another_form_are_not_found(api: SignedClient, path: str, identifier: str) -> None:
    assert api.get(f"{path}/responses/{identifier}").status == 404


# -- sending -----------------------------------------------------------------------------------------------------------


def test_a_response_is_kept_as_it_was_sent(api: SignedClient, path: str) -> None:
    kiosk = device(api)
    body = {
        "answers": answered(**ANSWERS),
        "device_id": kiosk,
        "language": "fr-CA",
        "external_id": "kiosk 1 / 42 ü",
        "submitted_at": "2026-01-30T22:00:00.5-05:00",
    }
    reply = api.post(f"{path}/responses", body)
    sent = created(reply)
    assert sent == {
        **body,
        "id": sent["id"],
        "survey_id": int(path.rpartition("/")[2]),
        "submitted_at": "2026-01-31T03:00:00.500Z",
        "created_at": sent["created_at"],
    }
    assert reply.headers["location"] == f"{path}/responses/{sent['id']}"
    shown = api.get(reply.headers["location"])
    assert shown.json == sent
    assert shown.headers["etag"] == reply.headers["etag"]
    assert api.get(f"{path}/responses").json == [sent]
    assert api.get(reply.headers["location"], if_none_match=shown.headers["etag"]).status == 304
    assert api.get(reply.headers["location"], {"start_at": "2030-01-01T00:00:00Z"}).json == sent


def test_what_is_left_out_is_null_and_the_time_is_now(api: SignedClient, path: str) -> None:
    sent = send(api, path)
    assert [sent[name] for name in ("device_id", "language", "external_id")] == [None, None, None]
    assert sent["submitted_at"] == sent["created_at"]


def test_answers_are_json_of_every_type(api: SignedClient, path: str) -> None:
    sent = created(api.post(f"{path}/responses", {"answers": answered(**ANSWERS)}))
    assert {answer["question_id"]: answer["value"] for answer in sent["answers"]} == ANSWERS


MISFITS: list[Any] = [
    ("nps", 11, "must be an integer from 0 to 10"),
    ("nps", -1, "must be an integer from 0 to 10"),
    ("nps", 9.0, "must be an integer from 0 to 10"),
    ("nps", True, "must be an integer from 0 to 10"),
    ("nps", "9", "must be an integer from 0 to 10"),
    ("nps", None, "must be an integer from 0 to 10"),
    ("stars", 0, "must be an integer from 1 to 5"),
    ("stars", 6, "must be an integer from 1 to 5"),
    ("colour", "green", "is not an option of this question"),
    ("colour", 1, "must be the id of an option"),
    ("colour", ["red"], "must be the id of an option"),
    ("colours", "red", "must be a list of option ids with at least 1 member; leave an open question out"),
    ("colours", [], "must be a list of option ids with at least 1 member; leave an open question out"),
    ("colours", ["red", "black"], "must hold ids of this question's options only"),
    ("colours", ["red", {}], "must hold ids of this question's options only"),
    ("colours", ["red", "red"], "names an option twice"),
    ("why", 1, "must be a string"),
    ("why", "x" * 5_001, "must have at most 5000 characters"),
    ("again", "true", "must be true or false"),
    ("again", 1, "must be true or false"),
]


@pytest.mark.parametrize(("question", "value", "message"), MISFITS)
def test_answers_that_do_not_fit_are_422(api: SignedClient, path: str, question: str, value: Any, message: str) -> None:
    answers = answered(**{"nps": 9, question: value})
    reply = api.post(f"{path}/responses", {"answers": answers})
    assert (reply.status, reply.json["error"]["code"]) == (422, "validation_failed")
    field = f"answers[{len(answers) - 1}].value"
    assert reply.json["error"]["details"] == [{"field": field, "message": message}]
    assert api.get(f"{path}/responses").json == []


def test_every_problem_is_named_at_once(api: SignedClient, path: str) -> None:
    answers = [*answered(stars=9, shoes=1, why="a"), *answered(why="b")]
    body = {"answers": answers, "device_id": "A" * 22, "submitted_at": at(minutes=6)}
    reply = api.post(f"{path}/responses", body)
    assert reply.status == 422
    assert [(each["field"], each["message"]) for each in reply.json["error"]["details"]] == [
        ("answers[0].value", "must be an integer from 1 to 5"),
        ("answers[1].question_id", "is not a question of this survey"),
        ("answers[3].question_id", "is answered twice"),
        ("answers", "must answer the required question nps"),
        ("device_id", "is not a device of this workspace"),
        ("submitted_at", "is more than 5 minutes ahead of our clock"),
    ]


def test_a_blank_text_answers_no_required_question(api: SignedClient) -> None:
    path = survey(api, questions=[{"id": "why", "type": "text", "text": "Why?", "required": True}])
    reply = api.post(f"{path}/responses", {"answers": answered(why=" \n")})
    assert (reply.status, reply.fields) == (422, ["answers"])
    assert created(api.post(f"{path}/responses", {"answers": answered(why=" x ")}))["answers"][0]["value"] == " x "


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "answers"),
        ({"answers": {}}, "answers"),
        ({"answers": [{"question_id": "nps"}]}, "answers[0].value"),
        ({"answers": [{"question_id": "", "value": 1}]}, "answers[0].question_id"),
        ({"answers": [{"question_id": "nps", "value": 1, "other": 2}]}, "answers[0].other"),
        ({"answers": [], "other": 1}, "other"),
        ({"answers": [], "device_id": ""}, "device_id"),
        ({"answers": [], "device_id": "x" * 100}, "device_id"),
        ({"answers": [], "device_id": 5}, "device_id"),
        ({"answers": [], "language": "x" * 101}, "language"),
        ({"answers": [], "external_id": ""}, "external_id"),
        ({"answers": [], "external_id": "\x00"}, "external_id"),
        ({"answers": [], "external_id": "x" * 256}, "external_id"),
        ({"answers": [], "external_id": 7}, "external_id"),
        ({"answers": [], "submitted_at": "2026-01-31T09:30:00"}, "submitted_at"),
        ({"answers": [], "submitted_at": "yesterday"}, "submitted_at"),
        ({"answers": [], "submitted_at": 5}, "submitted_at"),
        ({"answers": [], "submitted_at": "1969-12-31T23:59:59.999Z"}, "submitted_at"),
        ({"answers": [{"question_id": "nps", "value": 1}] * 1_001}, "answers"),
    ],
)
def test_bodies_of_another_form_are_422(api: SignedClient, path: str, body: Any, field: str) -> None:
    reply = api.post(f"{path}/responses", body)
    assert (reply.status, reply.fields) == (422, [field])
    assert api.post("/api/experience/surveys/999/responses", body).status == 404


@pytest.mark.parametrize("content", [b"", b"[]", b'"x"', b"{", b'{"answers": [NaN]}', b'{"answers":[],"answers":[]}'])
def test_what_is_no_object_is_400(api: SignedClient, path: str, content: bytes) -> None:
    reply = api.request("POST", f"{path}/responses", content=content)
    assert (reply.status, reply.json["error"]["code"]) == (400, "invalid_request")
    assert api.request("POST", "/api/experience/surveys/999/responses", content=content).status == 404


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from(["answers", "device_id", "language", "external_id", "submitted_at", "nps", "why"])
wild_answers = st.lists(st.fixed_dictionaries({"question_id": names | json_values, "value": json_values}), max_size=3)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(names, json_values, max_size=4), wild_answers | json_values)
def test_whatever_is_sent_is_judged(members: dict[str, Any], answers: Any) -> None:
    client = wild_client()
    body = json.dumps({**members, "answers": answers}).encode()
    reply = client.request("POST", "/api/experience/surveys/1/responses", content=body)
    assert reply.status in (201, 200, 409, 422), reply.text


@cache
def wild_client() -> SignedClient:
    client = signed_client_of(Platform(FakeTable(), Clock()))
    survey(client)
    return client


def test_unknown_parameters_are_400(api: SignedClient, path: str) -> None:
    sent = send(api, path)
    assert api.get(f"{path}/responses", {"page": "2"}).status == 400
    assert api.get(f"{path}/responses/{sent['id']}", {"page": "2"}).status == 400
    assert api.post(f"{path}/responses", {"answers": answered(nps=1)}, {"dry": "1"}).status == 400


def test_the_largest_texts_are_kept_as_long_as_they_fit(api: SignedClient) -> None:
    questions = [{"id": f"q{number}", "type": "text", "text": "?"} for number in range(60)]
    path = survey(api, questions=questions)
    texts = {f"q{number}": incompressible(number, length=5_000) for number in range(60)}
    few = dict(list(texts.items())[:20])
    assert created(api.post(f"{path}/responses", {"answers": answered(**few)}))["answers"] == answered(**few)
    body = json.dumps({"answers": answered(**texts)}, ensure_ascii=False).encode()
    assert len(body) < 1_048_576
    reply = api.request("POST", f"{path}/responses", content=body)
    assert (reply.status, reply.fields) == (422, ["answers"])


@pytest.mark.parametrize("status", ["draft", "closed"])
def test_a_survey_that_is_not_active_takes_nothing(api: SignedClient, status: str) -> None:
    path = survey(api, status)
    reply = api.post(f"{path}/responses", {"answers": answered(nps=1)})
    assert (reply.status, reply.json["error"]["code"]) == (409, "survey_not_active")
    assert api.post(f"{path}/responses", {"answers": answered(nps=11)}).status == 422
    assert api.get(f"{path}/responses").json == []


def test_clocks_may_be_five_minutes_ahead_and_long_behind(api: SignedClient, path: str) -> None:
    assert send(api, path, submitted_at=at(minutes=5))["submitted_at"] == at(minutes=5)
    assert send(api, path, submitted_at="1970-01-01T00:00:00Z")["submitted_at"] == "1970-01-01T00:00:00.000Z"
    reply = api.post(f"{path}/responses", {"answers": answered(nps=1), "submitted_at": at(minutes=5, seconds=2)})
    assert (reply.status, reply.fields) == (422, ["submitted_at"])


# -- once --------------------------------------------------------------------------------------------------------------


def test_an_external_id_that_comes_again_is_the_same_response(api: SignedClient, path: str) -> None:
    kiosk = device(api)
    answers = answered(**ANSWERS)
    body = {"answers": answers, "external_id": "k-1", "device_id": kiosk}
    first = created(api.post(f"{path}/responses", body))
    seen = last_seen(api, kiosk)
    turned = {**body, "answers": answers[::-1]}
    for again in (body, turned):
        reply = api.post(f"{path}/responses", again)
        assert (reply.status, reply.json) == (200, first)
        assert reply.headers["location"] == f"{path}/responses/{first['id']}"
    assert api.get(f"{path}/responses").json == [first]
    assert last_seen(api, kiosk) == seen


def test_the_same_instant_in_another_offset_is_the_same_response(api: SignedClient, path: str) -> None:
    first = send(api, path, external_id="k-1", submitted_at="2026-01-31T09:00:00Z")
    body = {"answers": answered(nps=9), "external_id": "k-1", "submitted_at": "2026-01-31T04:00:00-05:00"}
    reply = api.post(f"{path}/responses", body)
    assert (reply.status, reply.json) == (200, first)


@pytest.mark.parametrize(
    "other",
    [
        {"answers": answered(nps=8)},
        {"language": "de"},
        {"submitted_at": "2026-01-31T09:00:00Z"},
        {"device_id": None},
    ],
    ids=["answers", "language", "submitted_at", "device"],
)
def test_an_external_id_with_other_content_is_a_conflict(api: SignedClient, path: str, other: dict[str, Any]) -> None:
    kiosk = device(api)
    body = {"answers": answered(nps=9), "external_id": "k-1", "device_id": kiosk}
    first = created(api.post(f"{path}/responses", body))
    seen = last_seen(api, kiosk)
    reply = api.post(f"{path}/responses", {**body, **other})
    assert (reply.status, reply.json["error"]["code"]) == (409, "duplicate_response")
    assert api.get(f"{path}/responses").json == [first]
    assert last_seen(api, kiosk) == seen


def test_an_external_id_is_of_one_survey(api: SignedClient, path: str) -> None:
    first = send(api, path, external_id="k-1")
    second = send(api, survey(api), nps=1, external_id="k-1")
    assert first["id"] != second["id"]


def test_what_was_accepted_is_still_confirmed_when_survey_and_device_are_gone(api: SignedClient, path: str) -> None:
    kiosk = device(api)
    body = {"answers": answered(nps=9), "external_id": "k-1", "device_id": kiosk}
    first = created(api.post(f"{path}/responses", body))
    assert api.put(path, {"name": "Lobby", "status": "closed", "questions": QUESTIONS}).status == 200
    assert api.delete(f"/api/experience/devices/{kiosk}").status == 204
    reply = api.post(f"{path}/responses", body)
    assert (reply.status, reply.json) == (200, first)
    assert api.get(f"{path}/responses/{first['id']}").json == first


def test_an_idempotency_key_replays_the_answer(api: SignedClient, path: str) -> None:
    body = {"answers": answered(nps=9)}
    first = api.post(f"{path}/responses", body, idempotency_key="k")
    again = api.post(f"{path}/responses", body, idempotency_key="k")
    assert (again.status, again.json) == (201, first.json)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    other = api.post(f"{path}/responses", {"answers": answered(nps=8)}, idempotency_key="k")
    assert (other.status, other.json["error"]["code"]) == (422, "idempotency_key_reused")
    assert len(api.get(f"{path}/responses").json) == 1


def test_a_repetition_with_a_key_of_its_own_is_remembered_too(api: SignedClient, path: str) -> None:
    first = send(api, path, external_id="k-1")
    body = {"answers": answered(nps=9), "external_id": "k-1"}
    for replayed in (None, "true"):
        reply = api.post(f"{path}/responses", body, idempotency_key="k")
        assert (reply.status, reply.json, reply.headers.get("idempotent-replayed")) == (200, first, replayed)


# -- devices -----------------------------------------------------------------------------------------------------------


def test_a_device_was_last_seen_at_its_latest_response(api: SignedClient, path: str) -> None:
    kiosk, other = device(api), device(api)
    assert last_seen(api, kiosk) is None
    for submitted_at, expected in ((at(hours=-2), at(hours=-2)), (at(hours=-5), at(hours=-2)), (at(), at())):
        send(api, path, device_id=kiosk, submitted_at=submitted_at)
        assert last_seen(api, kiosk) == expected
    assert last_seen(api, other) is None


def test_a_later_response_that_comes_in_between_wins(platform: Platform, api: SignedClient, path: str) -> None:
    kiosk = device(api)
    with platform.between_read_and_write(partial(send, api, path, device_id=kiosk, submitted_at=at(hours=-1))):
        send(api, path, device_id=kiosk, submitted_at=at(hours=-2))
    assert last_seen(api, kiosk) == at(hours=-1)
    assert len(api.get(f"{path}/responses").json) == 2


def test_a_device_that_goes_in_between_is_unknown(platform: Platform, api: SignedClient, path: str) -> None:
    kiosk = device(api)
    with platform.between_read_and_write(partial(api.delete, f"/api/experience/devices/{kiosk}")):
        reply = api.post(f"{path}/responses", {"answers": answered(nps=9), "device_id": kiosk})
    assert (reply.status, reply.fields) == (422, ["device_id"])
    assert api.get(f"{path}/responses").json == []


def test_a_survey_that_is_closed_in_between_takes_nothing(platform: Platform, api: SignedClient, path: str) -> None:
    closed = {"name": "Lobby", "status": "closed", "questions": QUESTIONS}
    with platform.between_read_and_write(partial(api.put, path, closed)):
        reply = api.post(f"{path}/responses", {"answers": answered(nps=9)})
    assert (reply.status, reply.json["error"]["code"]) == (409, "survey_not_active")
    assert api.get(f"{path}/responses").json == []


def test_questions_that_change_in_between_are_the_ones_to_answer(
    platform: Platform, api: SignedClient, path: str
) -> None:
    changed = {"name": "Lobby", "status": "active", "questions": [{"id": "age", "type": "text", "text": "?"}]}
    with platform.between_read_and_write(partial(api.put, path, changed)):
        reply = api.post(f"{path}/responses", {"answers": answered(nps=9)})
    assert (reply.status, reply.fields) == (422, ["answers[0].question_id"])


def test_the_same_external_id_that_comes_in_between_is_the_one(
    platform: Platform, api: SignedClient, path: str
) -> None:
    body = {"answers": answered(nps=9), "external_id": "k-1"}
    with platform.between_read_and_write(partial(api.post, f"{path}/responses", body)):
        reply = api.post(f"{path}/responses", body)
    assert reply.status == 200
    assert api.get(f"{path}/responses").json == [reply.json]
    other = {"answers": answered(nps=1), "external_id": "k-2"}
    with platform.between_read_and_write(partial(api.post, f"{path}/responses", other)):
        reply = api.post(f"{path}/responses", {**other, "answers": answered(nps=2)})
    assert (reply.status, reply.json["error"]["code"]) == (409, "duplicate_response")


# -- lists -------------------------------------------------------------------------------------------------------------


def submitted(reply: Reply) -> list[str]:
    assert reply.status == 200, reply.text
    return [response["submitted_at"] for response in reply.json]


def test_a_list_is_in_order_of_submission(api: SignedClient, path: str) -> None:
    times_sent = [at(hours=-5), at(hours=-1), at(days=-20), at(hours=-3), at(days=-2)]
    for submitted_at in times_sent:
        send(api, path, submitted_at=submitted_at)
    assert submitted(api.get(f"{path}/responses")) == sorted(times_sent)


def test_responses_of_one_moment_are_in_order_of_their_ids(api: SignedClient, path: str) -> None:
    sent = [send(api, path, submitted_at=at())["id"] for _ in range(6)]
    assert [response["id"] for response in walked(api, f"{path}/responses", limit="2")] == sorted(sent)


def test_the_default_window_is_the_month_that_ends_today(api: SignedClient, path: str) -> None:
    inside = ["2026-01-01T00:00:00.000Z", "2026-01-31T09:34:00.000Z"]
    for submitted_at in ("2025-12-31T23:59:59.999Z", *inside, "1999-01-01T00:00:00Z"):
        send(api, path, submitted_at=submitted_at)
    assert submitted(api.get(f"{path}/responses")) == inside


def test_bounds_are_exclusive(api: SignedClient, path: str) -> None:
    moments = [f"2026-01-30T12:00:00.00{digit}Z" for digit in range(5)]
    for moment in moments:
        send(api, path, submitted_at=moment)
    window = {"start_at": moments[0], "end_at": moments[4]}
    assert submitted(api.get(f"{path}/responses", window)) == moments[1:4]
    assert submitted(api.get(f"{path}/responses", {"end_at": moments[1]})) == moments[:1]
    assert submitted(api.get(f"{path}/responses", {"start_at": moments[3]})) == moments[4:]


def test_windows_of_years_skip_empty_months(api: SignedClient, path: str) -> None:
    moments = ["1970-01-01T00:00:00.001Z", "2003-07-01T00:00:00.000Z", "2025-12-31T00:00:00.000Z", at()]
    for moment in moments:
        send(api, path, submitted_at=moment)
    window = {"start_at": "1970-01-01T00:00:00Z", "end_at": "9999-12-31T23:59:59Z"}
    assert submitted(api.get(f"{path}/responses", window)) == moments
    rows = walked(api, f"{path}/responses", limit="1", **window)
    assert [row["submitted_at"] for row in rows] == moments
    assert api.platform.round_trips(list=lambda: api.get(f"{path}/responses", window))["list"] == 7


def test_a_walk_meets_each_once_while_others_come(api: SignedClient, path: str) -> None:
    there = [send(api, path, submitted_at=at(hours=-hour))["id"] for hour in range(20)]
    met: list[str] = []
    query = {"limit": "3"}
    while True:
        reply = api.get(f"{path}/responses", query)
        met += [response["id"] for response in reply.json]
        for hour in (-0.5, -7.5, -19.5, -30):
            send(api, path, submitted_at=at(hours=hour))
        if "next-cursor" not in reply.headers:
            break
        query = {"limit": "3", "cursor": reply.headers["next-cursor"]}
    assert len(met) == len(set(met))
    assert [identifier for identifier in met if identifier in there] == there[::-1]


def test_the_window_does_not_move_between_pages(api: SignedClient, path: str) -> None:
    for day in range(5):
        send(api, path, submitted_at=at(days=-27 - day))
    first = api.get(f"{path}/responses", {"limit": "2"})
    api.platform.clock.advance(10 * 60)
    following = api.get(f"{path}/responses", {"limit": "2", "cursor": first.headers["next-cursor"]})
    assert submitted(first) + submitted(following) == [at(days=-day) for day in (30, 29, 28, 27)]
    assert "next-cursor" not in following.headers


def test_a_cursor_with_another_window_is_400(api: SignedClient, path: str) -> None:
    for _ in range(3):
        send(api, path)
    window = {"start_at": "2026-01-31T00:00:00Z", "end_at": "2026-02-01T00:00:00Z"}
    cursor = api.get(f"{path}/responses", {"limit": "1", **window}).headers["next-cursor"]
    same = api.get(f"{path}/responses", {"limit": "5", "cursor": cursor, **window})
    assert len(same.json) == 2
    for query in (
        {"cursor": cursor, "start_at": "2026-01-30T00:00:00Z"},
        {"cursor": cursor[:-2] + "xx"},
        {"cursor": "x"},
    ):
        reply = api.get(f"{path}/responses", query)
        assert (reply.status, reply.json["error"]["code"]) == (400, "invalid_cursor")
    assert api.get(f"{survey(api)}/responses", {"cursor": cursor}).status == 400


@pytest.mark.parametrize(
    "query",
    [
        "start_at=2026-01-31",
        "start_at=2026-01-31T00:00:00",
        "start_at=2026-01-31T00:00:00+01:00",
        "start_at=2026-01-31T00:00:00Z&end_at=2026-01-31T00:00:00Z",
    ],
)
def test_windows_that_cannot_be_read_are_400(api: SignedClient, path: str, query: str) -> None:
    reply = api.get(f"{path}/responses", query)
    assert (reply.status, reply.json["error"]["code"]) == (400, "invalid_window")
    assert api.get("/api/experience/surveys/999/responses", query).status == 404


# -- what it costs, and what may happen on the way ---------------------------------------------------------------------


def test_round_trips_of_a_warm_function(api: SignedClient, path: str) -> None:
    kiosk = device(api)
    sent = send(api, path, device_id=kiosk, external_id="k-1")
    body = {"answers": answered(nps=9), "device_id": kiosk}
    assert api.platform.round_trips(
        list=lambda: api.get(f"{path}/responses"),
        show=lambda: api.get(f"{path}/responses/{sent['id']}"),
        send=lambda: api.post(f"{path}/responses", {**body, "external_id": "k-2"}, idempotency_key="k"),
        again=lambda: api.post(f"{path}/responses", {**body, "external_id": "k-1"}),
    ) == {"list": 3, "show": 2, "send": 3, "again": 3}


@pytest.mark.parametrize(
    ("members", "headers"),
    [
        pytest.param({"external_id": "k-1"}, {}, id="external id"),
        pytest.param({}, {"idempotency_key": "k"}, id="idempotency key"),
        pytest.param({"external_id": "k-1"}, {"idempotency_key": "k"}, id="both"),
    ],
)
def test_a_function_that_dies_anywhere_leaves_one_response(
    api: SignedClient, store: Interruptions, members: dict[str, Any], headers: dict[str, str]
) -> None:
    kiosk = device(api)
    body = {"answers": answered(nps=9), "device_id": kiosk, "submitted_at": at(hours=-1), **members}
    path = survey(api)
    send(api, path)
    store.watch()
    api.post(f"{path}/responses", body, **headers)
    calls = len(store.calls)
    assert calls == 2
    for place in range(calls):
        for behind in (False, True):
            path, kiosk = survey(api), device(api)
            api.get(f"{path}/responses")
            body["device_id"] = kiosk
            store.kill(place, behind=behind)
            assert api.post(f"{path}/responses", body, **headers).text == "Internal Server Error"
            store.leave_alone()
            there = len(api.get(f"{path}/responses").json)
            assert there == int(place == 1 and behind)
            assert last_seen(api, kiosk) == (at(hours=-1) if there else None)
            reply = api.post(f"{path}/responses", body, **headers)
            assert reply.status in (200, 201)
            assert api.get(f"{path}/responses").json == [reply.json]
            assert last_seen(api, kiosk) == at(hours=-1)


def test_a_store_that_loses_its_answer_has_one_response(
    api: SignedClient, store: Interruptions, make_other: Callable[[], SignedClient]
) -> None:
    """Two functions send the same at every moment of each other."""
    body = {"answers": answered(nps=9), "external_id": "k-1"}
    for place in range(2):
        target = survey(api)
        other = make_other()
        store.step_in(place, partial(other.post, f"{target}/responses", body))
        reply = api.post(f"{target}/responses", body)
        assert reply.status in (200, 201)
        assert api.get(f"{target}/responses").json == [reply.json]


@pytest.fixture
def make_other(platform: Platform, api: SignedClient) -> Callable[[], SignedClient]:
    """Another key of the same workspace."""
    return partial(signed_client_of, platform, workspace=api.workspace)
