"""The collect door, through the real handler: tokens, states, repetition, limits."""

import json
from itertools import count
from typing import Any

import pytest

from tests.handlers.conftest import PUBLISHABLE, Client, Platform, Reply, incompressible
from tests.handlers.events import event, stored
from trimetric.domain import ids
from trimetric.domain.participants import Participant, Progress
from trimetric.domain.throttle import Policy
from trimetric.dynamo import keys
from trimetric.dynamo.imports import Imports
from trimetric.dynamo.participants import creation

PAYLOAD = {"task_id": "find", "path": ["root", "tea"], "answer_node_id": "tea", "duration_ms": 900}
ADDRESSES = (f"198.18.{number // 256}.{number % 256}" for number in count(1))


class Runner:
    """A browser at an address of its own with a collect token."""

    def __init__(self, platform: Platform, study: dict[str, Any], collect_token: str | None = None) -> None:
        self.platform = platform
        self.door = f"/api/v1/collect/{collect_token or study['collect_token']}"
        self.address = next(ADDRESSES)

    def send(self, method: str, tail: str = "", body: Any = None, query: str = "", **headers: str) -> Reply:
        sent = {name.replace("_", "-"): text for name, text in headers.items()}
        content = None
        if body is not None:
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            sent.setdefault("content-type", "application/json")
        made = event(method, f"{self.door}{tail}", query=query, headers=sent, body=content, address=self.address)
        return self.platform.send(made)

    def begin(self, **members: Any) -> dict[str, str]:
        reply = self.send("POST", "/participants", members)
        assert reply.status == 201, reply.text
        person: dict[str, str] = reply.data
        return person

    def hand_in(self, person: dict[str, str], payload: Any, **headers: str) -> Reply:
        return self.send(
            "POST", f"/participants/{person['participant_id']}/results", payload, **bearer(person), **headers
        )

    def complete(self, person: dict[str, str], body: Any = None, **headers: str) -> Reply:
        return self.send(
            "POST", f"/participants/{person['participant_id']}/complete", body, **bearer(person), **headers
        )


def bearer(person: dict[str, str]) -> dict[str, str]:
    return {"authorization": f"Bearer {person['participant_token']}"}


@pytest.fixture
def study(api: Client) -> dict[str, Any]:
    return api.published("tree_test")


@pytest.fixture
def runner(platform: Platform, study: dict[str, Any]) -> Runner:
    return Runner(platform, study)


def stored_person(api: Client, study: dict[str, Any], person: dict[str, str]) -> dict[str, Any]:
    reply = api.get(f"/api/v1/studies/{study['id']}/participants/{person['participant_id']}")
    assert reply.status == 200, reply.text
    shown: dict[str, Any] = reply.data
    return shown


# -- the whole way -----------------------------------------------------------------------------------------------------


def test_from_the_first_look_to_completion(api: Client, study: dict[str, Any], runner: Runner) -> None:
    assert runner.send("GET").status == 200
    person = runner.begin(external_id="ann", device="phone", locale="de")
    begun = stored_person(api, study, person)
    assert (begun["external_id"], begun["device"], begun["locale"], begun["status"]) == (
        "ann",
        "phone",
        "de",
        "in_progress",
    )
    runner.platform.clock.advance(60)
    result = runner.hand_in(person, PAYLOAD)
    assert result.status == 201
    assert (
        result.data == api.get(f"/api/v1/studies/{study['id']}/participants/{person['participant_id']}/results").data[0]
    )
    done = runner.complete(person)
    assert done.status == 200
    assert done.data["status"] == "completed"
    assert done.data["duration_ms"] >= 60_000
    shown = stored_person(api, study, person)
    assert {name: shown[name] for name in ("status", "completed_at", "duration_ms")} == {
        name: done.data[name] for name in ("status", "completed_at", "duration_ms")
    }
    counts = api.get(f"/api/v1/studies/{study['id']}/metrics").data
    assert counts["participants"]["completed"] == 1
    assert counts["duration_ms"]["max"] == done.data["duration_ms"]


@pytest.mark.parametrize("type_", sorted(PUBLISHABLE))
def test_a_runner_sees_each_type_without_its_solutions(api: Client, platform: Platform, type_: str) -> None:
    study = api.published(type_)
    reply = Runner(platform, study).send("GET")
    assert reply.status == 200
    assert reply.data["study_id"] == study["id"]
    assert reply.data["type"] == type_
    for solution in ("correct", "goal", "expected_paths", "keywords", "category_map", "collect_token"):
        assert f'"{solution}' not in reply.text


def test_a_stored_event_of_a_browser(api: Client, study: dict[str, Any], platform: Platform) -> None:
    made = stored("collect_from_browser")
    path = made["rawPath"]
    old = path.split("/")[4]
    made = json.loads(json.dumps(made).replace(old, study["collect_token"]))
    reply = platform.send(made)
    assert reply.status < 500
    assert reply.headers["access-control-allow-origin"] == "*"


def test_beginning_needs_no_body_at_all(runner: Runner) -> None:
    assert runner.send("POST", "/participants").status == 201
    assert runner.send("POST", "/participants", {}).status == 201


# -- who comes in ------------------------------------------------------------------------------------------------------

PATHS = [
    ("GET", ""),
    ("POST", "/participants"),
    ("POST", f"/participants/prt_{'0' * 26}/results"),
    ("POST", f"/participants/prt_{'0' * 26}/complete"),
]
IDS = ["show", "begin", "hand in", "complete"]


@pytest.mark.parametrize(("method", "tail"), PATHS, ids=IDS)
def test_a_token_that_opens_nothing_is_not_found(
    platform: Platform, api: Client, study: dict[str, Any], method: str, tail: str
) -> None:
    right = study["collect_token"]
    draft = api.study("tree_test")
    for wrong in (
        right[:-1] + ("0" if right[-1] != "0" else "1"),
        right[:-32] + "0" * 32,
        f"col_{right[4:20]}{draft['id'][4:]}{right[-32:]}",
        f"col_{'0' * 16}{right[20:]}",
        right.upper(),
        "col_nothing",
    ):
        assert Runner(platform, study, wrong).send(method, tail, query="x=1").refusal == (404, "not_found")


@pytest.mark.parametrize(("method", "tail"), PATHS, ids=IDS)
def test_a_workspace_that_is_switched_off_is_refused(
    api: Client, platform: Platform, runner: Runner, method: str, tail: str
) -> None:
    assert api.workspace is not None
    platform.workspaces.change(api.workspace.id, api_enabled=False)
    assert runner.send(method, tail).refusal == (403, "forbidden")


def test_a_workspace_without_subscription_still_collects(api: Client, platform: Platform, runner: Runner) -> None:
    assert api.workspace is not None
    platform.workspaces.change(api.workspace.id, plan="free")
    runner.begin()


@pytest.mark.parametrize("act", ["results", "complete"])
def test_only_the_persons_own_token_counts(platform: Platform, runner: Runner, act: str) -> None:
    ann, bob = runner.begin(), runner.begin()
    nobody = f"prt_{'0' * 26}"
    answers = [
        runner.send("POST", f"/participants/{ann['participant_id']}/{act}", PAYLOAD),
        runner.send("POST", f"/participants/{ann['participant_id']}/{act}", PAYLOAD, **bearer(bob)),
        runner.send("POST", f"/participants/{ann['participant_id']}/{act}", PAYLOAD, authorization="Bearer x"),
        runner.send("POST", f"/participants/{nobody}/{act}", PAYLOAD, **bearer(ann)),
        runner.send("POST", f"/participants/nobody/{act}", PAYLOAD, **bearer(ann)),
    ]
    assert {answer.refusal for answer in answers} == {(401, "unauthorized")}
    assert len({answer.text for answer in answers}) == 1
    assert answers[0].headers["www-authenticate"] == "Bearer"


def test_imported_people_have_no_token(api: Client, study: dict[str, Any], runner: Runner) -> None:
    body = {"participants": [{"external_id": "ann", "results": []}]}
    [ann] = api.post(f"/api/v1/studies/{study['id']}/participants", body).data
    person = {"participant_id": ann["id"], "participant_token": "A" * 43}
    assert runner.complete(person).status == 401


def test_another_studys_person_is_refused(api: Client, platform: Platform, runner: Runner) -> None:
    other = Runner(platform, api.published("tree_test"))
    person = other.begin()
    assert runner.hand_in(person, PAYLOAD).status == 401


def test_a_token_is_stored_as_a_hash_only(
    platform: Platform, api: Client, study: dict[str, Any], runner: Runner
) -> None:
    person = runner.begin()
    assert api.workspace is not None
    item = platform.table.get(keys.participant(api.workspace.id, study["id"], person["participant_id"]))
    assert item is not None
    assert len(person["participant_token"]) == 43
    assert person["participant_token"] not in repr(item)
    assert person["participant_token"] not in platform.log.getvalue()


# -- external ids ------------------------------------------------------------------------------------------------------


def test_a_strangers_external_id_is_taken(runner: Runner) -> None:
    runner.begin(external_id="ann")
    again = runner.send("POST", "/participants", {"external_id": "ann"})
    assert again.refusal == (422, "validation_failed")
    assert again.fields == ["external_id"]


def test_the_same_request_with_its_idempotency_key_gives_the_same_person(
    api: Client, study: dict[str, Any], runner: Runner
) -> None:
    first = runner.send("POST", "/participants", {"external_id": "ann"}, idempotency_key="k1")
    again = runner.send("POST", "/participants", {"external_id": "ann"}, idempotency_key="k1")
    assert (first.status, again.status) == (201, 201)
    assert again.text == first.text
    assert again.headers["idempotent-replayed"] == "true"
    other = runner.send("POST", "/participants", {"external_id": "bob"}, idempotency_key="k1")
    assert other.refusal == (422, "idempotency_key_reused")
    assert api.get(f"/api/v1/studies/{study['id']}").data["participant_count"] == 1


def test_an_external_id_of_an_unfinished_import_waits(
    api: Client, platform: Platform, study: dict[str, Any], runner: Runner
) -> None:
    assert api.workspace is not None
    where = (api.workspace.id, study["id"])
    identifier = ids.derived(ids.PARTICIPANT, *where, "ann")
    person = Participant(
        identifier, "ann", Progress.IN_PROGRESS, "2026-01-31T09:00:00.000Z", None, None, order="1#1", content_hash="x"
    )
    put = creation(*where, person, [], now_millis=platform.clock.millis())
    Imports(platform.table, now_millis=platform.clock.millis()).stage(*where, [[put]], owner="importer")
    assert runner.send("POST", "/participants", {"external_id": "ann"}).refusal == (503, "unavailable")
    platform.clock.advance(60)
    assert runner.send("POST", "/participants", {"external_id": "ann"}).status == 503
    assert runner.send("POST", "/participants", {"external_id": "ann"}).status == 201


def test_results_and_completion_that_meet_another_change_are_tried_again(
    api: Client, study: dict[str, Any], runner: Runner
) -> None:
    person = runner.begin()
    own = f"/api/v1/studies/{study['id']}/participants/{person['participant_id']}"
    with runner.platform.between_read_and_write(lambda: api.post(f"{own}/exclude")):
        assert runner.hand_in(person, PAYLOAD).status == 201
    assert stored_person(api, study, person)["excluded"] is True
    with runner.platform.between_read_and_write(lambda: api.post(f"{own}/include")):
        assert runner.complete(person).status == 200
    assert stored_person(api, study, person)["excluded"] is False


# -- results -----------------------------------------------------------------------------------------------------------


def test_the_same_result_again_returns_the_stored_one(api: Client, study: dict[str, Any], runner: Runner) -> None:
    person = runner.begin()
    first = runner.hand_in(person, PAYLOAD)
    again = runner.hand_in(person, {**dict(reversed(PAYLOAD.items())), "skipped": False, "confidence": None})
    assert (first.status, again.status) == (201, 200)
    assert again.data == first.data
    path = f"/api/v1/studies/{study['id']}/participants/{person['participant_id']}/results"
    assert len(api.get(path).data) == 1


def test_another_result_for_the_same_task_is_refused(runner: Runner) -> None:
    person = runner.begin()
    runner.hand_in(person, PAYLOAD)
    other = runner.hand_in(person, {**PAYLOAD, "duration_ms": 901})
    assert other.refusal == (422, "validation_failed")
    assert other.fields == ["task_id"]


def test_results_carry_their_places_and_ids(api: Client, platform: Platform) -> None:
    settings = PUBLISHABLE["tree_test"]
    tasks = [{**settings["tasks"][0], "id": name} for name in ("one", "two")]
    study = api.published("tree_test", settings={**settings, "tasks": tasks})
    runner = Runner(platform, study)
    person = runner.begin()
    given = [runner.hand_in(person, {**PAYLOAD, "task_id": name}).data for name in ("two", "one")]
    path = f"/api/v1/studies/{study['id']}/participants/{person['participant_id']}/results"
    assert api.get(path).data == given
    again = runner.hand_in(person, {**PAYLOAD, "task_id": "one"})
    assert again.data == given[1]


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({**PAYLOAD, "path": ["nowhere"]}, "path[0]"),
        ({**PAYLOAD, "extra": 1}, "extra"),
        ({}, "task_id"),
        ({**PAYLOAD, "task_id": "none"}, "task_id"),
    ],
    ids=["unknown node", "unknown member", "nothing", "unknown task"],
)
def test_payloads_that_do_not_fit_name_the_place_in_the_body(runner: Runner, payload: Any, field: str) -> None:
    reply = runner.hand_in(runner.begin(), payload)
    assert reply.refusal == (422, "validation_failed")
    assert field in reply.fields


@pytest.mark.parametrize("content", [b"[]", b"1", b'"x"', b"null"], ids=["list", "number", "text", "null"])
def test_a_result_is_an_object(runner: Runner, content: bytes) -> None:
    assert runner.hand_in(runner.begin(), content).refusal == (400, "invalid_request")


def test_a_survey_needs_its_required_answers(api: Client, platform: Platform) -> None:
    study = api.study("survey")
    path = f"/api/v1/studies/{study['id']}"
    questions = [{"kind": "nps", "prompt": "How likely?", "required": True}]
    [question] = api.post(f"{path}/questions", {"questions": questions}).data
    runner = Runner(platform, api.post(f"{path}/publish").data)
    person = runner.begin()
    assert runner.hand_in(person, {"answers": [], "duration_ms": 5}).refusal == (422, "validation_failed")
    answers = [{"question_id": question["id"], "value": 9}]
    assert runner.hand_in(person, {"answers": answers, "duration_ms": 5}).status == 201
    second = runner.hand_in(person, {"answers": answers, "duration_ms": 6})
    assert second.refusal == (422, "validation_failed")


def test_results_after_completion_are_refused(runner: Runner) -> None:
    person = runner.begin()
    runner.complete(person)
    assert runner.hand_in(person, PAYLOAD).refusal == (422, "invalid_status_transition")


def test_a_result_handed_in_before_completion_may_be_repeated_after_it(runner: Runner) -> None:
    person = runner.begin()
    first = runner.hand_in(person, PAYLOAD)
    runner.complete(person)
    assert runner.hand_in(person, PAYLOAD).data == first.data


def test_results_of_one_person_have_a_limit(api: Client, platform: Platform) -> None:
    path = f"/api/v1/studies/{api.study('survey')['id']}"
    api.post(f"{path}/questions", {"questions": [{"kind": "text", "prompt": "And?"} for _ in range(45)]})
    study = api.post(f"{path}/publish").data
    answers = [
        {"question_id": question["id"], "value": incompressible(place, length=5_000)}
        for place, question in enumerate(study["questions"])
    ]
    payload = json.dumps({"answers": answers, "duration_ms": 1}, ensure_ascii=False).encode()
    runner = Runner(platform, study)
    reply = runner.hand_in(runner.begin(), payload)
    assert reply.refusal == (422, "validation_failed")
    assert reply.fields == ["results"]


# -- completion --------------------------------------------------------------------------------------------------------


def test_completing_again_changes_nothing(api: Client, study: dict[str, Any], runner: Runner) -> None:
    person = runner.begin()
    first = runner.complete(person)
    runner.platform.clock.advance(5)
    again = runner.complete(person, {})
    assert (first.status, again.status) == (200, 200)
    assert again.data == first.data
    assert api.get(f"/api/v1/studies/{study['id']}").data["completed_count"] == 1


def test_completion_flags_what_looks_odd_as_an_import_does(api: Client, study: dict[str, Any], runner: Runner) -> None:
    person = runner.begin()
    skipped: dict[str, Any] = {
        "task_id": "find",
        "path": [],
        "answer_node_id": None,
        "skipped": True,
        "duration_ms": 900,
    }
    assert runner.hand_in(person, skipped).status == 201
    assert stored_person(api, study, person)["flags"] == []
    assert runner.complete(person).status == 200
    assert stored_person(api, study, person)["flags"] == ["all_skipped"]


def test_completion_takes_no_body(runner: Runner) -> None:
    assert runner.complete(runner.begin(), {"a": 1}).refusal == (422, "validation_failed")


def test_an_idempotency_key_replays_results_and_completion(runner: Runner) -> None:
    person = runner.begin()
    given = [runner.hand_in(person, PAYLOAD, idempotency_key="r") for _ in range(2)]
    done = [runner.complete(person, idempotency_key="c") for _ in range(2)]
    for first, again in (given, done):
        assert (again.status, again.text) == (first.status, first.text)
        assert again.headers["idempotent-replayed"] == "true"


# -- states, inputs, limits --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", ["show", "begin", "hand in", "complete"])
def test_an_ended_study_is_closed(api: Client, study: dict[str, Any], runner: Runner, act: str) -> None:
    person = runner.begin()
    api.post(f"/api/v1/studies/{study['id']}/end")
    replies = {
        "show": lambda: runner.send("GET"),
        "begin": lambda: runner.send("POST", "/participants", {}),
        "hand in": lambda: runner.hand_in(person, PAYLOAD),
        "complete": lambda: runner.complete(person),
    }
    assert replies[act]().refusal == (422, "invalid_status_transition")


@pytest.mark.parametrize("act", ["begin", "complete"])
def test_a_study_that_ends_between_read_and_write_counts_nobody(
    api: Client, study: dict[str, Any], runner: Runner, act: str
) -> None:
    person = runner.begin()
    path = f"/api/v1/studies/{study['id']}"
    with runner.platform.between_read_and_write(lambda: api.post(f"{path}/end")):
        reply = runner.send("POST", "/participants", {}) if act == "begin" else runner.complete(person)
    assert reply.refusal == (422, "invalid_status_transition")
    shown = api.get(path).data
    assert (shown["status"], shown["participant_count"], shown["completed_count"]) == ("ended", 1, 0)


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"name": "x"}, (422, "validation_failed")),
        ({"external_id": ""}, (422, "validation_failed")),
        ({"external_id": 7}, (422, "validation_failed")),
        ({"device": "d" * 101}, (422, "validation_failed")),
        ([], (400, "invalid_request")),
        (b"{", (400, "invalid_request")),
    ],
    ids=["unknown", "empty id", "number", "long", "list", "broken"],
)
def test_beginning_with_bad_input(runner: Runner, body: Any, refusal: tuple[int, str]) -> None:
    assert runner.send("POST", "/participants", body).refusal == refusal


def test_unknown_parameters_are_refused(runner: Runner) -> None:
    person = runner.begin()
    own = f"/participants/{person['participant_id']}"
    for method, tail, body in (
        ("GET", "", None),
        ("POST", "/participants", {}),
        ("POST", f"{own}/results", PAYLOAD),
        ("POST", f"{own}/complete", None),
    ):
        assert runner.send(method, tail, body, query="x=1", **bearer(person)).refusal == (400, "invalid_request")


def test_json_only(runner: Runner) -> None:
    reply = runner.send("POST", "/participants", b"a=1", content_type="application/x-www-form-urlencoded")
    assert reply.refusal == (415, "unsupported_media_type")


def test_sixty_requests_a_minute_from_one_address(platform: Platform, study: dict[str, Any], runner: Runner) -> None:
    replies = [runner.send("GET") for _ in range(61)]
    assert [reply.status for reply in replies] == [200] * 60 + [429]
    assert replies[0].headers["x-ratelimit-limit"] == "60"
    assert int(replies[-1].headers["retry-after"]) >= 1
    assert Runner(platform, study).send("GET").status == 200


def test_guessing_tokens_is_throttled_too(platform: Platform, study: dict[str, Any]) -> None:
    guesser = Runner(platform, study, "col_" + "0" * 74)
    assert [guesser.send("GET").status for _ in range(61)] == [404] * 60 + [429]


def test_all_runners_of_a_study_share_a_limit(platform: Platform, study: dict[str, Any]) -> None:
    others = platform.runtime().buckets
    for _ in range(5_998):
        others.take(f"collect#{study['id']}", Policy.per_minute(6_000))
    assert [Runner(platform, study).send("GET").status for _ in range(3)] == [200, 200, 429]


def test_any_origin_may_call(runner: Runner) -> None:
    preflight = runner.send(
        "OPTIONS", "/participants", origin="https://runner.example", access_control_request_method="POST"
    )
    assert preflight.status == 204
    assert preflight.headers["access-control-allow-origin"] == "*"
    refused = runner.send("GET", query="x=1", origin="https://runner.example")
    assert refused.headers["access-control-allow-origin"] == "*"
    assert "X-RateLimit-Remaining" in refused.headers["access-control-expose-headers"]


def test_an_unchanged_study_is_not_sent_again(runner: Runner) -> None:
    etag = runner.send("GET").headers["etag"]
    assert runner.send("GET", if_none_match=etag).status == 304
