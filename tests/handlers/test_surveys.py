"""/api/experience/surveys"""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.handlers.conftest import Clock, Platform, Reply
from tests.handlers.interruptions import Interruptions
from tests.handlers.signing import READ_ONLY, SignedClient, signed_client_of
from tests.handlers.test_races import at_once
from trimetric.domain.workspaces import Permission
from trimetric.dynamo.experience import surveys
from trimetric.dynamo.experience.surveys import GATES, Surveys
from trimetric.dynamo.table import ConditionFailed, DynamoTable

SURVEYS = "/api/experience/surveys"
UNKNOWN = 9_999
FIELDS = ["id", "name", "status", "questions", "created_at", "updated_at"]

NPS: dict[str, Any] = {"id": "nps", "type": "nps", "text": "How likely?", "required": True}
COLOURS: dict[str, Any] = {"type": "choice", "text": "Which?", "options": ["Red", {"id": "b", "label": "Blue"}]}
ONE_OF_EACH: list[dict[str, Any]] = [
    NPS,
    {"id": "stars", "type": "rating", "text": "How many stars?", "min": 0, "max": 4},
    COLOURS,
    {"type": "multi_choice", "text": "Which ones?", "options": [{"label": "Pool"}]},
    {"type": "text", "text": "What else?", "required": False},
    {"type": "boolean", "text": "Again?", "options": None, "min": None, "max": None, "id": None},
]


@pytest.fixture
def api(platform: Platform) -> SignedClient:
    return signed_client_of(platform)


@pytest.fixture
def neighbour(platform: Platform) -> SignedClient:
    return signed_client_of(platform, name="Neighbour")


@pytest.fixture
def store(platform: Platform) -> Interruptions:
    return Interruptions(platform.table)


def made(client: SignedClient, name: str = "Stay", **members: Any) -> dict[str, Any]:
    reply = client.post(SURVEYS, {"name": name, **members})
    assert reply.status == 201, reply.text
    survey: dict[str, Any] = reply.json
    return survey


def active(client: SignedClient, *questions: dict[str, Any]) -> dict[str, Any]:
    return made(client, status="active", questions=list(questions) or [NPS])


def path_of(survey: dict[str, Any]) -> str:
    return f"{SURVEYS}/{survey['id']}"


def body_of(survey: dict[str, Any], **members: Any) -> dict[str, Any]:
    """To send back what was shown, but for some members."""
    return {"name": survey["name"], "status": survey["status"], "questions": survey["questions"], **members}


def listed(client: SignedClient, **query: str) -> list[dict[str, Any]]:
    reply = client.get(SURVEYS, query)
    assert reply.status == 200, reply.text
    rows: list[dict[str, Any]] = reply.json
    return rows


def answered(client: SignedClient, survey: dict[str, Any]) -> None:
    """What a response does to its survey; ConditionFailed where the survey does not take it."""
    responding(client, survey)()


def responding(client: SignedClient, survey: dict[str, Any]) -> Callable[[], None]:
    """A response that has read the survey and has not been written yet."""
    table = client.platform.table
    found = Surveys(table).get(client.workspace.id, survey["id"])
    assert found is not None
    gate = surveys.gate_key(client.workspace.id, survey["id"])
    return partial(table.write, surveys.passage(gate, found, table.get(gate)))


# -- who may ask -------------------------------------------------------------------------------------------------------

REQUESTS: list[tuple[str, str, Any]] = [
    ("GET", SURVEYS, None),
    ("POST", SURVEYS, {"name": "x"}),
    ("GET", f"{SURVEYS}/{UNKNOWN}", None),
    ("PUT", f"{SURVEYS}/{UNKNOWN}", {"name": "x"}),
]


@pytest.mark.parametrize(("method", "path", "body"), REQUESTS)
def test_who_is_not_known_is_refused_first(platform: Platform, method: str, path: str, body: Any) -> None:
    stranger = signed_client_of(platform)
    forged = SignedClient(platform, stranger.key, "wrong", stranger.workspace, stranger.credential_id)
    assert forged.request(method, path, json_body=body, query="x=1").refusal == (401, "unauthorized")


@pytest.mark.parametrize(("method", "path", "body"), REQUESTS)
def test_a_key_that_only_reads_does_not_write(platform: Platform, method: str, path: str, body: Any) -> None:
    reader = signed_client_of(platform, permissions=READ_ONLY)
    assert (reader.request(method, path, json_body=body).status == 403) == (method != "GET")
    assert listed(reader) == []


@pytest.mark.parametrize(("method", "path", "body"), REQUESTS)
def test_a_key_for_other_things_is_refused(platform: Platform, method: str, path: str, body: Any) -> None:
    others = tuple(permission for permission in Permission if not permission.startswith("surveys:"))
    client = signed_client_of(platform, permissions=others)
    assert client.request(method, path, json_body=body).refusal == (403, "permission_denied")


@pytest.mark.parametrize(("method", "path", "body"), REQUESTS)
def test_a_workspace_that_is_switched_off_is_refused(platform: Platform, method: str, path: str, body: Any) -> None:
    client = signed_client_of(platform, api_enabled=False)
    assert client.request(method, path, json_body=body).refusal == (403, "forbidden")


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_neighbours_survey_is_a_survey_that_never_existed(
    api: SignedClient, neighbour: SignedClient, method: str
) -> None:
    theirs = [made(neighbour) for _ in range(3)][-1]
    body = {"name": "Mine"} if method == "PUT" else None
    seen = api.request(method, path_of(theirs), json_body=body)
    never = api.request(method, f"{SURVEYS}/{UNKNOWN}", json_body=body)
    varying = {"x-request-id", "ratelimit-burst-remaining"}
    assert (seen.status, seen.text) == (never.status, never.text)
    assert _without(seen, varying) == _without(never, varying)
    assert neighbour.get(path_of(theirs)).json == theirs
    assert listed(api) == []


def _without(reply: Reply, names: set[str]) -> dict[str, str]:
    return {name: value for name, value in reply.headers.items() if name not in names}


# -- one survey --------------------------------------------------------------------------------------------------------


def test_a_survey_is_created_with_what_was_sent(api: SignedClient) -> None:
    reply = api.post(SURVEYS, {"name": "  Stay ", "status": "active", "questions": ONE_OF_EACH})
    assert reply.status == 201
    survey = reply.json
    assert list(survey) == FIELDS
    assert reply.headers["location"] == path_of(survey)
    assert (survey["id"], survey["name"], survey["status"]) == (1, "Stay", "active")
    assert survey["questions"] == [
        {"id": "nps", "type": "nps", "text": "How likely?", "required": True},
        {"id": "stars", "type": "rating", "text": "How many stars?", "required": False, "min": 0, "max": 4},
        {
            "id": "q3",
            "type": "choice",
            "text": "Which?",
            "required": False,
            "options": [{"id": "Red", "label": "Red"}, {"id": "b", "label": "Blue"}],
        },
        {
            "id": "q4",
            "type": "multi_choice",
            "text": "Which ones?",
            "required": False,
            "options": [{"id": "Pool", "label": "Pool"}],
        },
        {"id": "q5", "type": "text", "text": "What else?", "required": False},
        {"id": "q6", "type": "boolean", "text": "Again?", "required": False},
    ]
    assert survey["created_at"] == survey["updated_at"]
    shown = api.get(reply.headers["location"])
    assert (shown.json, shown.headers["etag"]) == (survey, reply.headers["etag"])
    assert listed(api) == [survey]


def test_a_name_is_enough_for_a_draft(api: SignedClient) -> None:
    survey = made(api)
    assert (survey["status"], survey["questions"]) == ("draft", [])


def test_numbers_are_counted_for_each_workspace(api: SignedClient, neighbour: SignedClient) -> None:
    assert [made(api)["id"] for _ in range(3)] == [1, 2, 3]
    assert made(neighbour)["id"] == 1


def test_a_refused_survey_takes_no_number(api: SignedClient) -> None:
    assert api.post(SURVEYS, {"name": ""}).status == 422
    assert made(api)["id"] == 1


def question(**members: Any) -> dict[str, Any]:
    return {"name": "x", "questions": [NPS, {"type": "text", "text": "?", **members}]}


def options(*given: Any) -> dict[str, Any]:
    return question(type="choice", options=list(given))


BAD_MEMBERS: list[tuple[dict[str, Any], str]] = [
    ({}, "name"),
    ({"name": " "}, "name"),
    ({"name": "x" * 256}, "name"),
    ({"name": None}, "name"),
    ({"name": "x", "status": "open"}, "status"),
    ({"name": "x", "status": None}, "status"),
    ({"name": "x", "status": "active"}, "questions"),
    ({"name": "x", "status": "active", "questions": []}, "questions"),
    ({"name": "x", "questions": None}, "questions"),
    ({"name": "x", "questions": {}}, "questions"),
    ({"name": "x", "questions": [{"type": "text", "text": "?"}] * 101}, "questions"),
    ({"name": "x", "questions": [{"type": "text", "text": "\u20ac" * 2_000}] * 20}, "questions"),
    ({"name": "x", "questions": ["Why?"]}, "questions[0]"),
    ({"name": "x", "id": 4}, "id"),
    ({"name": "x", "created_at": "2026-01-01T00:00:00Z"}, "created_at"),
    (question(type="stars"), "questions[1].type"),
    (question(type=None), "questions[1].type"),
    (question(text=" "), "questions[1].text"),
    (question(text="x" * 2_001), "questions[1].text"),
    (question(required="yes"), "questions[1].required"),
    (question(required=None), "questions[1].required"),
    (question(id="nps"), "questions[1].id"),
    (question(id=""), "questions[1].id"),
    (question(id=7), "questions[1].id"),
    (question(id="a b"), "questions[1].id"),
    (question(id="x" * 65), "questions[1].id"),
    (question(colour="red"), "questions[1].colour"),
    (question(options=["a"]), "questions[1].options"),
    (question(type="nps", options=["a"]), "questions[1].options"),
    (question(type="choice"), "questions[1].options"),
    (question(type="multi_choice", options=[]), "questions[1].options"),
    (question(type="choice", options="a"), "questions[1].options"),
    (options(*map(str, range(101))), "questions[1].options"),
    (options("a", "a"), "questions[1].options[1].id"),
    (options("a", {"id": "a", "label": "b"}), "questions[1].options[1].id"),
    (options("a", {"id": "b"}), "questions[1].options[1].label"),
    (options("a", {"id": 1, "label": "b"}), "questions[1].options[1].id"),
    (options("a", ""), "questions[1].options[1].label"),
    (options("a", 5), "questions[1].options[1]"),
    (options("a", {"label": "b", "colour": "c"}), "questions[1].options[1].colour"),
    (question(min=1), "questions[1].min"),
    (question(type="boolean", max=1), "questions[1].max"),
    (question(type="nps", max=5), "questions[1].max"),
    (question(type="rating", min=5), "questions[1].max"),
    (question(type="rating", max=1), "questions[1].max"),
    (question(type="rating", min=0, max=101), "questions[1].max"),
    (question(type="rating", min=1.5), "questions[1].min"),
    (question(type="rating", max=1_001), "questions[1].max"),
    (question(type="rating", min=True), "questions[1].min"),
]


@pytest.mark.parametrize(("members", "field"), BAD_MEMBERS)
def test_a_member_that_does_not_fit_is_422_naming_it(api: SignedClient, members: dict[str, Any], field: str) -> None:
    reply = api.post(SURVEYS, members)
    assert (reply.refusal, reply.fields) == ((422, "validation_failed"), [field])
    assert listed(api) == []


@pytest.mark.parametrize(("members", "field"), BAD_MEMBERS)
def test_a_replacement_is_held_to_the_same(api: SignedClient, members: dict[str, Any], field: str) -> None:
    survey = made(api)
    reply = api.put(path_of(survey), members)
    assert (reply.refusal, reply.fields) == ((422, "validation_failed"), [field])
    assert api.get(path_of(survey)).json == survey


def test_every_problem_of_the_questions_is_named_at_once(api: SignedClient) -> None:
    questions = [{**NPS, "max": 4}, {**NPS, "options": ["a"]}, {"type": "choice", "text": "?"}]
    reply = api.post(SURVEYS, {"name": "x", "questions": questions})
    expected = ["questions[0].max", "questions[1].id", "questions[1].options", "questions[2].options"]
    assert sorted(reply.fields) == expected


@pytest.mark.parametrize("content", [b"[]", b'"x"', b"null", b"{", b"", b'{"name":"a","name":"b"}'])
def test_a_body_that_is_no_object_is_400(api: SignedClient, content: bytes) -> None:
    assert api.request("POST", SURVEYS, content=content).refusal == (400, "invalid_request")


@pytest.mark.parametrize(
    ("given", "low", "high"), [({}, 1, 5), ({"max": 10}, 1, 10), ({"min": -5}, -5, 5), ({"min": 0, "max": 100}, 0, 100)]
)
def test_a_rating_goes_from_one_to_five_unless_it_says_so(
    api: SignedClient, given: dict[str, int], low: int, high: int
) -> None:
    [shown] = made(api, questions=[{"type": "rating", "text": "?", **given}])["questions"]
    assert (shown["min"], shown["max"]) == (low, high)


def test_an_nps_question_may_name_the_scale_that_it_has(api: SignedClient) -> None:
    assert made(api, questions=[{**NPS, "min": 0, "max": 10}])["questions"] == [NPS]


def test_what_was_shown_can_be_sent_back(api: SignedClient) -> None:
    survey = made(api, status="active", questions=ONE_OF_EACH)
    replaced = api.put(path_of(survey), body_of(survey)).json
    assert replaced == {**survey, "updated_at": replaced["updated_at"]}


def test_ids_of_questions_that_are_left_out_pass_by_those_that_are_given(api: SignedClient) -> None:
    text = {"type": "text", "text": "?"}
    survey = made(api, questions=[text, {**text, "id": "q3"}, text, {**text, "id": "q1"}])
    assert [each["id"] for each in survey["questions"]] == ["q2", "q3", "q4", "q1"]


@pytest.mark.parametrize("survey_id", ["0", "01", "-1", "1.0", "x", "1" * 11, "%D9%A1", "+1", "1%20"])
def test_an_id_of_another_form_belongs_to_nothing(api: SignedClient, survey_id: str) -> None:
    made(api)
    assert api.get(f"{SURVEYS}/{survey_id}").refusal == (404, "not_found")


def test_a_replacement_leaves_nothing_of_what_was(api: SignedClient, clock: Clock) -> None:
    survey = made(api, questions=ONE_OF_EACH)
    clock.advance(60)
    reply = api.put(path_of(survey), {"name": "Bar"})
    assert (reply.status, reply.json["questions"], reply.json["name"]) == (200, [], "Bar")
    assert reply.json["created_at"] == survey["created_at"] < reply.json["updated_at"]
    shown = api.get(path_of(survey))
    assert (shown.json, shown.headers["etag"]) == (reply.json, reply.headers["etag"])


def test_existence_comes_before_input_and_input_before_state(api: SignedClient) -> None:
    assert api.request("PUT", f"{SURVEYS}/{UNKNOWN}", content=b"{", query="x=1").status == 404
    survey = active(api)
    answered(api, survey)
    path = path_of(survey)
    assert api.request("GET", path, query="x=1").status == 400
    assert api.request("PUT", path, content=b"{", headers={"if-match": '"0"'}).status == 400
    assert api.put(path, {"name": ""}, if_match='"0"').status == 422
    assert api.put(path, {"name": "x"}, if_match='"0"').refusal == (412, "precondition_failed")
    assert api.put(path, {"name": "x"}).refusal == (409, "survey_in_use")


def test_a_read_carries_a_tag_that_saves_reading_again(api: SignedClient) -> None:
    survey = active(api)
    path = path_of(survey)
    etag = api.get(path).headers["etag"]
    answered(api, survey)
    assert api.get(path, if_none_match=etag).status == 304
    assert api.put(path, body_of(survey, name="x"), if_match=etag).status == 200
    assert api.put(path, body_of(survey, name="y"), if_match=etag).status == 412
    assert api.get(path, if_none_match=etag).json["name"] == "x"


@pytest.mark.parametrize("query", ["start_at=never", "end_at="])
def test_a_window_means_nothing_where_one_survey_is_meant(api: SignedClient, query: str) -> None:
    created = api.post(SURVEYS, {"name": "x"}, query)
    assert created.status == 201
    assert api.get(path_of(created.json), query).status == 200
    assert api.request("PUT", path_of(created.json), json_body={"name": "y"}, query=query).status == 200


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_what_a_survey_does_not_take_is_refused_by_method(api: SignedClient, method: str) -> None:
    reply = api.request(method, path_of(made(api)))
    assert reply.refusal == (405, "method_not_allowed")
    assert reply.headers["allow"] == "GET, OPTIONS, PUT"


# -- what responses forbid ---------------------------------------------------------------------------------------------

STATUSES = ["draft", "active", "closed"]


@pytest.mark.parametrize("before", STATUSES)
@pytest.mark.parametrize("after", STATUSES)
def test_without_responses_everything_may_change(api: SignedClient, before: str, after: str) -> None:
    survey = made(api, status=before, questions=[NPS])
    reply = api.put(path_of(survey), {"name": "y", "status": after, "questions": [COLOURS]})
    assert (reply.status, reply.json["status"]) == (200, after)


CHANGES: dict[str, list[dict[str, Any]]] = {
    "wording": [{**NPS, "text": "How likely are you?"}],
    "required": [{**NPS, "required": False}],
    "id": [{**NPS, "id": "other"}],
    "one more": [NPS, COLOURS],
    "another type": [{**NPS, "type": "text"}],
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("after", ["active", "closed"])
def test_questions_of_an_active_survey_with_responses_are_frozen(api: SignedClient, change: str, after: str) -> None:
    survey = active(api)
    answered(api, survey)
    reply = api.put(path_of(survey), body_of(survey, status=after, questions=CHANGES[change]))
    assert reply.refusal == (409, "survey_in_use")
    assert api.get(path_of(survey)).json == survey


def test_what_is_not_the_questions_may_change_with_responses(api: SignedClient) -> None:
    survey = active(api)
    answered(api, survey)
    path = path_of(survey)
    assert api.put(path, body_of(survey, name="y")).json["name"] == "y"
    assert api.put(path, body_of(survey, status="closed")).json["status"] == "closed"
    assert api.put(path, body_of(survey, status="active")).json["status"] == "active"


def test_a_closed_survey_with_responses_may_be_reworded_and_not_opened_in_one_go(api: SignedClient) -> None:
    survey = active(api)
    answered(api, survey)
    path = path_of(survey)
    api.put(path, body_of(survey, status="closed"))
    reworded = CHANGES["wording"]
    assert api.put(path, body_of(survey, status="active", questions=reworded)).refusal == (409, "survey_in_use")
    assert api.put(path, body_of(survey, status="closed", questions=reworded)).status == 200


@pytest.mark.parametrize("before", ["active", "closed"])
def test_a_survey_with_responses_is_no_draft_again(api: SignedClient, before: str) -> None:
    survey = active(api)
    answered(api, survey)
    path = path_of(survey)
    assert api.put(path, body_of(survey, status=before)).status == 200
    assert api.put(path, body_of(survey, status="draft")).refusal == (409, "survey_in_use")
    assert api.get(path).json["status"] == before


def test_only_the_first_response_through_a_gate_writes_it(api: SignedClient) -> None:
    survey = active(api)
    table = api.platform.table
    found = Surveys(table).get(api.workspace.id, survey["id"])
    assert found is not None
    gate = surveys.gate_key(api.workspace.id, survey["id"])
    table.write(surveys.passage(gate, found, table.get(gate)))
    before = table.get(gate)
    table.write(surveys.passage(gate, found, before))
    assert table.get(gate) == before


def test_responses_spread_over_the_gates(api: SignedClient) -> None:
    used = {surveys.gate_key(api.workspace.id, 1) for _ in range(100 * GATES)}
    assert len(used) == GATES


@pytest.mark.parametrize("status", ["draft", "closed"])
def test_a_survey_that_is_not_active_has_no_open_gate(api: SignedClient, status: str) -> None:
    survey = active(api)
    late = responding(api, survey)
    api.put(path_of(survey), body_of(survey, status=status))
    with pytest.raises(ConditionFailed):
        late()
    assert api.put(path_of(survey), {"name": "x", "questions": [COLOURS]}).status == 200


def test_a_response_to_questions_that_have_changed_is_not_taken(api: SignedClient) -> None:
    survey = active(api)
    late = responding(api, survey)
    changed = api.put(path_of(survey), body_of(survey, questions=[COLOURS])).json
    with pytest.raises(ConditionFailed):
        late()
    answered(api, changed)


def test_a_response_survives_a_new_name(api: SignedClient) -> None:
    survey = active(api)
    late = responding(api, survey)
    assert api.put(path_of(survey), body_of(survey, name="y")).status == 200
    late()
    assert api.put(path_of(survey), body_of(survey, questions=[COLOURS])).refusal == (409, "survey_in_use")


def test_a_survey_that_was_opened_again_takes_responses(api: SignedClient) -> None:
    survey = active(api)
    answered(api, survey)
    for status in ("closed", "active"):
        assert api.put(path_of(survey), body_of(survey, status=status)).status == 200
    for _ in range(3 * GATES):
        answered(api, survey)


def test_a_response_that_comes_before_the_change_is_written_freezes_the_questions(api: SignedClient) -> None:
    survey = active(api)
    with api.platform.between_read_and_write(lambda: answered(api, survey)):
        reply = api.put(path_of(survey), body_of(survey, questions=[COLOURS]))
    assert reply.refusal == (409, "survey_in_use")
    assert api.get(path_of(survey)).json == survey


def test_a_change_in_between_is_seen(api: SignedClient) -> None:
    survey = active(api)
    path = path_of(survey)
    etag = api.get(path).headers["etag"]
    with api.platform.between_read_and_write(lambda: api.put(path, body_of(survey, name="Theirs"))):
        assert api.put(path, body_of(survey, name="Mine"), if_match=etag).status == 412
    assert api.get(path).json["name"] == "Theirs"
    with api.platform.between_read_and_write(lambda: api.put(path, body_of(survey, name="Theirs again"))):
        assert api.put(path, body_of(survey, name="Mine")).status == 200
    assert api.get(path).json["name"] == "Mine"


# -- many --------------------------------------------------------------------------------------------------------------


def test_a_list_is_an_array_in_order_of_creation(api: SignedClient) -> None:
    rows = [made(api, str(number), questions=ONE_OF_EACH) for number in range(12)]
    assert listed(api) == rows
    assert walked(api, limit="5") == rows
    api.put(path_of(rows[0]), body_of(rows[0], name="later"))
    assert [row["id"] for row in listed(api)] == list(range(1, 13))


def walked(client: SignedClient, **query: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    reply = client.get(SURVEYS, query)
    while True:
        assert reply.status == 200, reply.text
        rows += reply.json
        if "next-cursor" not in reply.headers:
            return rows
        reply = client.get(SURVEYS, {**query, "cursor": reply.headers["next-cursor"]})


def test_a_window_is_on_creation_and_exclusive(api: SignedClient, clock: Clock) -> None:
    rows = []
    for _ in range(4):
        rows.append(made(api))
        clock.advance(40 * 86_400)
    start, end = rows[0]["created_at"], rows[3]["created_at"]
    assert listed(api) == rows
    assert listed(api, start_at=start, end_at=end) == rows[1:3]
    assert walked(api, start_at=start, limit="1") == rows[1:]
    cursor = api.get(SURVEYS, {"start_at": start, "limit": "1"}).headers["next-cursor"]
    assert listed(api, cursor=cursor, start_at=start) == rows[2:]
    assert api.get(SURVEYS, {"cursor": cursor, "start_at": end}).refusal == (400, "invalid_cursor")
    assert api.get(SURVEYS, "start_at=2026-01-01T00:00:00+01:00").refusal == (400, "invalid_window")


def test_surveys_too_large_for_one_answer_come_on_more_pages(api: SignedClient) -> None:
    questions = [{"type": "text", "text": "x" * 1_900}] * 50
    rows = [made(api, str(number), questions=questions) for number in range(30)]
    first = api.get(SURVEYS, "limit=100")
    assert 1 < len(first.json) < 30
    assert len(first.text) < 2_100_000
    assert walked(api, limit="100") == rows


# -- what may go wrong -------------------------------------------------------------------------------------------------


def test_round_trips_of_a_warm_process(api: SignedClient) -> None:
    survey = active(api)
    path = path_of(survey)
    calls = api.platform.round_trips(
        read=lambda: api.get(path),
        list=lambda: api.get(SURVEYS),
        create=lambda: active(api),
        rename=lambda: api.put(path, body_of(survey, name="x")),
        replace=lambda: api.put(path, body_of(survey, questions=[COLOURS])),
    )
    assert calls == {"read": 2, "list": 2, "create": 3, "rename": 3, "replace": 3}


def test_a_repeated_request_makes_one_survey(api: SignedClient) -> None:
    first = api.post(SURVEYS, {"name": "x"}, idempotency_key="k")
    again = api.post(SURVEYS, {"name": "x"}, idempotency_key="k")
    assert (again.status, again.text) == (first.status, first.text)
    assert again.headers["idempotent-replayed"] == "true"
    assert api.post(SURVEYS, {"name": "y"}, idempotency_key="k").refusal == (422, "idempotency_key_reused")
    assert len(listed(api)) == 1
    assert made(api)["id"] == 2


@pytest.mark.parametrize("status", ["draft", "active"])
def test_a_creation_that_dies_leaves_all_or_nothing(api: SignedClient, store: Interruptions, status: str) -> None:
    body = {"name": "x", "status": status, "questions": [NPS]}
    made(api)
    store.watch()
    api.post(SURVEYS, body, idempotency_key="first")
    calls = len(store.calls)
    for call in range(calls):
        for behind in (False, True):
            store.leave_alone()
            count = len(listed(api, limit="100"))
            store.kill(call, behind=behind)
            assert api.post(SURVEYS, body, idempotency_key=f"{call}{behind}").text == "Internal Server Error"
            store.leave_alone()
            retried = api.post(SURVEYS, body, idempotency_key=f"{call}{behind}")
            assert (retried.status, retried.json["id"]) == (201, count + 1)
            assert [row["id"] for row in listed(api, limit="100")] == list(range(1, count + 2))
            if status == "active":
                answered(api, retried.json)


def test_a_replacement_that_dies_leaves_all_or_nothing(api: SignedClient, store: Interruptions) -> None:
    survey = active(api)
    path, body = path_of(survey), body_of(survey, questions=[COLOURS])
    store.watch()
    api.put(path, body_of(survey))
    calls = len(store.calls)
    for call in range(calls):
        for behind in (False, True):
            store.leave_alone()
            survey = active(api)
            path, body = path_of(survey), body_of(survey, questions=[COLOURS])
            store.kill(call, behind=behind)
            assert api.put(path, body).text == "Internal Server Error"
            store.leave_alone()
            shown = api.get(path).json
            answered(api, shown)
            assert api.put(path, body_of(shown, questions=[])).status == 422
            assert api.put(path, body_of(shown, status="closed")).status == 200


def test_creations_that_meet_take_numbers_of_their_own(api: SignedClient) -> None:
    with api.platform.between_read_and_write(lambda: made(api, "Theirs")):
        assert made(api, "Mine")["id"] == 2
    assert [row["name"] for row in sorted(listed(api), key=lambda row: row["id"])] == ["Theirs", "Mine"]


def on_a_real_store(table: DynamoTable, clock: Clock) -> SignedClient:
    store: Any = table
    return signed_client_of(Platform(store, clock, sleep=time.sleep))


def test_a_number_is_given_once_however_many_ask(local_table: DynamoTable, clock: Clock) -> None:
    api = on_a_real_store(local_table, clock)
    replies = at_once(*[partial(api.post, SURVEYS, {"name": "x"})] * 6)
    assert [reply.status for reply in replies] == [201] * 6
    assert sorted(reply.json["id"] for reply in replies) == [1, 2, 3, 4, 5, 6]
    assert sorted(row["id"] for row in listed(api)) == [1, 2, 3, 4, 5, 6]


def test_questions_change_or_a_response_comes_and_never_both(local_table: DynamoTable, clock: Clock) -> None:
    api = on_a_real_store(local_table, clock)
    outcomes = set()
    for _ in range(10):
        survey = active(api)
        late = responding(api, survey)

        def respond(late: Callable[[], None] = late) -> Reply:
            try:
                late()
            except ConditionFailed:
                return Reply(409, {}, "")
            return Reply(201, {}, "")

        change = body_of(survey, questions=[COLOURS])
        changed, responded = at_once(partial(api.put, path_of(survey), change), respond)
        outcomes.add((changed.status, responded.status))
    assert outcomes <= {(200, 409), (409, 201)}
