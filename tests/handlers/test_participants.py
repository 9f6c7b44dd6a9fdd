"""Participants through the API: import, reads, exclusion."""

import json
import random
from typing import Any

import pytest

from tests.handlers.conftest import Client
from tests.handlers.studies import people, published, walked
from tests.samples.study_types import sample_results, wrong_results
from trimetric.domain.study_types import STUDY_TYPES

NOBODY = "prt_00000000000000000000000000"
NOTHING = "std_00000000000000000000000000"


@pytest.fixture
def study(api: Client) -> dict[str, Any]:
    return published(api, "tree_test")


def path_of(study: dict[str, Any]) -> str:
    return f"/api/v1/studies/{study['id']}/participants"


def counts(client: Client, study: dict[str, Any]) -> tuple[int, int, int]:
    shown = client.get(f"/api/v1/studies/{study['id']}").data
    return shown["participant_count"], shown["completed_count"], shown["excluded_count"]


def imported(client: Client, study: dict[str, Any], count: int = 1, *, seed: int = 0) -> list[dict[str, Any]]:
    reply = client.post(path_of(study), {"participants": people(study, count, seed=seed)})
    assert reply.status == 201, reply.text
    made: list[dict[str, Any]] = reply.data
    return made


# -- import ---------------------------------------------------------------------------------------------------------


def test_an_import_answers_with_the_people_in_the_order_they_were_sent(api: Client, study: dict[str, Any]) -> None:
    sent = people(study, 3)
    sent[1] = {**sent[1], "completed_at": None, "device": None}
    reply = api.post(path_of(study), {"participants": sent})
    assert (reply.status, reply.headers["location"]) == (201, path_of(study))
    assert [person["external_id"] for person in reply.data] == [person["external_id"] for person in sent]
    assert reply.data[0] == {
        "id": reply.data[0]["id"],
        "external_id": "person-0-0",
        "status": "completed",
        "excluded": False,
        "exclusion_reason": None,
        "flags": [],
        "started_at": "2026-01-05T09:00:00.000Z",
        "completed_at": "2026-01-05T09:05:00.000Z",
        "duration_ms": 300_000,
        "device": "phone",
        "locale": "en",
    }
    assert (reply.data[1]["status"], reply.data[1]["duration_ms"], reply.data[1]["device"]) == (
        "in_progress",
        None,
        None,
    )
    assert counts(api, study) == (3, 2, 0)
    assert walked(api, path_of(study)) == reply.data


def test_instants_are_kept_in_utc_and_have_sane_defaults(api: Client, study: dict[str, Any]) -> None:
    sent = [
        {"started_at": "2026-01-05T09:00:00.123456+05:30", "completed_at": "2026-01-05T03:30:01Z"},
        {"completed_at": "2026-01-05T09:05:00Z"},
        {},
    ]
    made = api.post(path_of(study), {"participants": sent}).data
    assert (made[0]["started_at"], made[0]["duration_ms"]) == ("2026-01-05T03:30:00.123Z", 877)
    assert (made[1]["started_at"], made[1]["duration_ms"]) == ("2026-01-05T09:05:00.000Z", 0)
    assert made[2]["started_at"].startswith("2026-01-31T09:30:0")
    assert (made[2]["external_id"], made[2]["status"]) == (None, "in_progress")


def test_people_without_an_external_id_are_always_new(api: Client, study: dict[str, Any]) -> None:
    made = [api.post(path_of(study), {"participants": [{}, {}]}).data for _ in range(2)]
    assert len({person["id"] for answer in made for person in answer}) == 4
    assert counts(api, study) == (4, 0, 0)


def test_the_same_people_again_are_answered_unchanged(api: Client, study: dict[str, Any]) -> None:
    first = imported(api, study, 3)
    api.post(f"{path_of(study)}/{first[1]['id']}/exclude", {"reason": "test"})
    again = api.post(path_of(study), {"participants": people(study, 3)})
    assert again.status == 201
    assert again.data == [first[0], {**first[1], "excluded": True, "exclusion_reason": "test"}, first[2]]
    assert counts(api, study) == (3, 3, 1)


def test_known_and_new_people_may_come_together(api: Client, study: dict[str, Any]) -> None:
    known = imported(api, study, 2)
    sent = people(study, 4)
    reply = api.post(path_of(study), {"participants": sent[::-1]})
    assert [person["external_id"] for person in reply.data] == [person["external_id"] for person in sent[::-1]]
    assert reply.data[2:] == known[::-1]
    assert counts(api, study) == (4, 4, 0)


def test_the_same_content_may_be_written_in_another_way(api: Client, study: dict[str, Any]) -> None:
    first = imported(api, study)
    person = people(study, 1)[0]
    person |= {
        "started_at": "2026-01-05T10:00:00.000+01:00",
        "results": [dict(reversed(each.items())) for each in person["results"]],
    }
    assert api.post(path_of(study), {"participants": [person]}).data == first


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"device": "tablet"}, id="another device"),
        pytest.param({"locale": None}, id="no locale"),
        pytest.param({"completed_at": None}, id="not completed"),
        pytest.param({"results": []}, id="no results"),
        pytest.param({"started_at": "2026-01-05T08:00:00Z"}, id="another start"),
    ],
)
def test_a_known_person_with_other_content_is_refused(
    api: Client, study: dict[str, Any], change: dict[str, Any]
) -> None:
    imported(api, study, 2)
    sent = people(study, 3)
    sent[1] |= change
    reply = api.post(path_of(study), {"participants": sent})
    assert reply.refusal == (422, "validation_failed")
    assert reply.fields == ["participants[1].external_id"]
    assert counts(api, study) == (2, 2, 0)


def test_a_person_may_stand_twice_in_one_import_if_it_is_the_same(api: Client, study: dict[str, Any]) -> None:
    person = people(study, 1)[0]
    reply = api.post(path_of(study), {"participants": [person, person]})
    assert reply.status == 201
    assert reply.data[0] == reply.data[1]
    assert counts(api, study) == (1, 1, 0)
    other = {**people(study, 1, seed=1)[0], "external_id": "x"}
    reply = api.post(path_of(study), {"participants": [other, {**other, "device": "tv"}]})
    assert (reply.refusal, reply.fields) == ((422, "validation_failed"), ["participants[1].external_id"])
    assert counts(api, study) == (1, 1, 0)


def test_a_hundred_people_come_in_at_once(api: Client, study: dict[str, Any]) -> None:
    made = imported(api, study, 100)
    assert len(made) == 100
    assert walked(api, path_of(study), limit="100") == made
    assert counts(api, study) == (100, 100, 0)
    assert imported(api, study, 100) == made


@pytest.mark.parametrize(("letter", "status"), [("&", 201), ("é", 422)], ids=["what is shown", "what cannot be"])
def test_results_of_one_person_are_no_larger_than_an_answer_may_be(api: Client, letter: str, status: int) -> None:
    path = f"/api/v1/studies/{api.study('survey')['id']}"
    api.post(f"{path}/questions", {"questions": [{"kind": "text", "prompt": "And?"}] * 200})
    study = api.post(f"{path}/publish").data
    answers = [{"question_id": question["id"], "value": letter * 5_000} for question in study["questions"]]
    person = {"external_id": "ann", "results": [{"answers": answers, "duration_ms": 1}]}
    content = json.dumps({"participants": [person]}, ensure_ascii=False).encode()
    reply = api.request("POST", path_of(study), content=content)
    assert reply.status == status, reply.text
    if status == 422:
        assert reply.fields == ["participants[0].results"]
    else:
        results = f"{path_of(study)}/{reply.data[0]['id']}/results"
        assert len(json.dumps(api.get(results, accept="text/markdown").text)) < 6_000_000


def test_an_import_may_be_larger_than_other_bodies_but_not_without_limit(api: Client, study: dict[str, Any]) -> None:
    def spaced(spaces: int) -> bytes:
        return b'{"participants": [{}]' + b" " * spaces + b"}"

    assert api.request("POST", path_of(study), content=spaced(2_000_000)).status == 201
    assert api.request("POST", path_of(study), content=spaced(5 * 1024 * 1024)).refusal == (413, "payload_too_large")


@pytest.mark.parametrize(
    ("body", "refusal", "fields"),
    [
        pytest.param({}, (400, "invalid_request"), None, id="no people"),
        pytest.param([], (400, "invalid_request"), None, id="a bare list"),
        pytest.param({"participants": []}, (422, "validation_failed"), ["participants"], id="an empty list"),
        pytest.param({"participants": [{}] * 101}, (422, "validation_failed"), ["participants"], id="one too many"),
        pytest.param({"participants": {}}, (422, "validation_failed"), ["participants"], id="not a list"),
        pytest.param({"participants": [7]}, (422, "validation_failed"), ["participants[0]"], id="not an object"),
        pytest.param(
            {"participants": [{}], "x": 1}, (422, "validation_failed"), ["x"], id="an unknown member of the body"
        ),
    ],
)
def test_bodies_that_are_refused(
    api: Client, study: dict[str, Any], body: Any, refusal: tuple[int, str], fields: list[str] | None
) -> None:
    reply = api.post(path_of(study), body)
    assert reply.refusal == refusal
    if fields is not None:
        assert reply.fields == fields


@pytest.mark.parametrize(
    ("change", "field"),
    [
        pytest.param({"external_id": ""}, "external_id", id="an empty external id"),
        pytest.param({"external_id": "x" * 256}, "external_id", id="an external id that is too long"),
        pytest.param({"external_id": 7}, "external_id", id="an external id that is a number"),
        pytest.param({"device": "x" * 101}, "device", id="a device that is too long"),
        pytest.param({"locale": ["en"]}, "locale", id="a locale that is a list"),
        pytest.param({"started_at": "2026-01-05T09:00:00"}, "started_at", id="an instant without offset"),
        pytest.param({"started_at": 1_700_000_000}, "started_at", id="an instant that is a number"),
        pytest.param({"completed_at": "2026-02-30T09:00:00Z"}, "completed_at", id="a day that does not exist"),
        pytest.param({"completed_at": "2026-01-05T08:59:59Z"}, "completed_at", id="done before it began"),
        pytest.param({"results": {}}, "results", id="results that are an object"),
        pytest.param({"results": None}, "results", id="results that are null"),
        pytest.param({"status": "completed"}, "status", id="an unknown member"),
    ],
)
def test_people_that_are_refused(api: Client, study: dict[str, Any], change: dict[str, Any], field: str) -> None:
    sent = people(study, 2)
    sent[1] |= change
    reply = api.post(path_of(study), {"participants": sent})
    assert reply.refusal == (422, "validation_failed")
    assert reply.fields == [f"participants[1].{field}"]
    assert counts(api, study) == (0, 0, 0)


def test_every_wrong_person_is_named(api: Client, study: dict[str, Any]) -> None:
    sent = people(study, 3)
    sent[0]["results"][0]["task_id"] = "nope"
    sent[2] |= {"started_at": "2026-01-06T00:00:00Z"}
    reply = api.post(path_of(study), {"participants": sent})
    assert reply.fields == ["participants[0].results[0].task_id", "participants[2].completed_at"]


def test_results_must_fit_into_one_item(api: Client) -> None:
    study = api.study("survey")
    questions = [{"kind": "text", "prompt": f"Question {number}"} for number in range(150)]
    api.post(f"/api/v1/studies/{study['id']}/questions", {"questions": questions})
    api.post(f"/api/v1/studies/{study['id']}/publish")
    ids = [question["id"] for question in api.get(f"/api/v1/studies/{study['id']}").data["questions"]]
    noise = random.Random(1)  # noqa: S311 - the same noise every time
    answers = [{"question_id": each, "value": noise.randbytes(2500).hex()} for each in ids]
    person = {"results": [{"answers": answers, "duration_ms": 1}]}
    reply = api.post(path_of(study), {"participants": [{}, person]})
    assert (reply.refusal, reply.fields) == ((422, "validation_failed"), ["participants[1].results"])


@pytest.mark.parametrize("type_", STUDY_TYPES)
def test_results_of_every_type_come_back_as_they_were_sent(api: Client, type_: str) -> None:
    study = published(api, type_)
    sent = people(study, 5)
    made = api.post(path_of(study), {"participants": sent}).data
    for person, shown in zip(sent, made, strict=True):
        results = walked(api, f"{path_of(study)}/{shown['id']}/results")
        assert len(results) == len(person["results"])
        for payload, result in zip(person["results"], results, strict=True):
            assert (result["participant_id"], result["study_id"], result["type"]) == (shown["id"], study["id"], type_)
            assert result["id"].startswith("res_")
            assert {name: result[name] for name in payload if name not in ("visits", "group", "placements")} == {
                name: value for name, value in payload.items() if name not in ("visits", "group", "placements")
            }
    assert api.post(path_of(study), {"participants": sent}).data == made


@pytest.mark.parametrize("type_", STUDY_TYPES)
def test_wrong_results_of_every_type_are_refused_by_their_path(api: Client, type_: str) -> None:
    study = published(api, type_)
    for what, results, ending in wrong_results(type_, study):
        person = {"completed_at": "2026-01-05T09:00:00Z", "results": results}
        reply = api.post(path_of(study), {"participants": [person]})
        assert reply.refusal == (422, "validation_failed"), what
        assert any(field.startswith("participants[0].results") and field.endswith(ending) for field in reply.fields), (
            what,
            reply.fields,
        )
    assert counts(api, study) == (0, 0, 0)


def test_people_in_progress_may_leave_required_questions_open(api: Client) -> None:
    study = api.study("survey")
    questions = [{"kind": "nps", "prompt": "How likely?", "required": True}]
    api.post(f"/api/v1/studies/{study['id']}/questions", {"questions": questions})
    api.post(f"/api/v1/studies/{study['id']}/publish")
    person = {"results": [{"answers": [], "duration_ms": 1}]}
    assert api.post(path_of(study), {"participants": [person]}).status == 201
    done = {**person, "completed_at": "2026-01-05T09:00:00Z"}
    assert api.post(path_of(study), {"participants": [done]}).refusal == (422, "validation_failed")


def test_only_a_published_study_takes_people(api: Client) -> None:
    results = sample_results("card_sort", published(api, "card_sort"), random.Random(0))  # noqa: S311
    person = {"results": results}
    for study in (api.study("card_sort"), api.ended("card_sort")):
        reply = api.post(path_of(study), {"participants": [person]})
        assert reply.refusal == (422, "invalid_status_transition")
        assert api.post(path_of(study), {"participants": []}).refusal == (422, "validation_failed")


def test_an_import_with_a_key_is_remembered(api: Client, study: dict[str, Any]) -> None:
    body = {"participants": [*people(study, 1), {}]}
    first = api.post(path_of(study), body, idempotency_key="k")
    again = api.post(path_of(study), body, idempotency_key="k")
    assert (again.status, again.text) == (201, first.text)
    assert again.headers["idempotent-replayed"] == "true"
    other = api.post(path_of(study), {"participants": [{}]}, idempotency_key="k")
    assert other.refusal == (422, "idempotency_key_reused")
    assert counts(api, study) == (2, 1, 0)


# -- reads ----------------------------------------------------------------------------------------------------------


def test_the_list_is_paged_in_creation_order(api: Client, study: dict[str, Any]) -> None:
    made = [person for seed in range(4) for person in imported(api, study, 3, seed=seed)]
    assert walked(api, path_of(study), limit="5") == made
    assert len(api.get(path_of(study)).data) == 12


def test_the_list_is_filtered_by_exclusion(api: Client, study: dict[str, Any]) -> None:
    made = imported(api, study, 6)
    for person in made[::2]:
        api.post(f"{path_of(study)}/{person['id']}/exclude")
    excluded = [person["id"] for person in walked(api, path_of(study), limit="2", excluded="true")]
    kept = [person["id"] for person in walked(api, path_of(study), limit="2", excluded="false")]
    assert excluded == [person["id"] for person in made[::2]]
    assert kept == [person["id"] for person in made[1::2]]
    assert counts(api, study) == (6, 6, 3)


@pytest.mark.parametrize(
    "query",
    [
        pytest.param({"excluded": "maybe"}, id="a filter that is neither true nor false"),
        pytest.param({"limit": "0"}, id="no page size"),
        pytest.param({"limit": "x"}, id="a page size that is no number"),
        pytest.param({"after": "xxx"}, id="a made-up cursor"),
        pytest.param({"page": "1"}, id="an unknown parameter"),
    ],
)
def test_list_parameters_that_are_refused(api: Client, study: dict[str, Any], query: dict[str, str]) -> None:
    assert api.get(path_of(study), query).refusal == (400, "invalid_request")
    nowhere = f"/api/v1/studies/{NOTHING}/participants"
    assert api.get(nowhere, query).refusal == (404, "not_found")


def test_a_cursor_is_bound_to_its_filters_and_its_study(api: Client, study: dict[str, Any]) -> None:
    imported(api, study, 3)
    cursor = api.get(path_of(study), {"limit": "1"}).json["pagination"]["next_cursor"]
    assert api.get(path_of(study), {"after": cursor, "excluded": "false"}).refusal == (400, "invalid_request")
    other = published(api, "tree_test")
    assert api.get(path_of(other), {"after": cursor}).refusal == (400, "invalid_request")


def test_who_is_in_progress_when_the_study_ends_has_abandoned(api: Client, study: dict[str, Any]) -> None:
    made = api.post(path_of(study), {"participants": [{}, *people(study, 1)]}).data
    api.post(f"/api/v1/studies/{study['id']}/end")
    assert [person["status"] for person in api.get(path_of(study)).data] == ["abandoned", "completed"]
    assert api.get(f"{path_of(study)}/{made[0]['id']}").data["status"] == "abandoned"
    excluded = api.post(f"{path_of(study)}/{made[0]['id']}/exclude")
    assert (excluded.status, excluded.data["status"]) == (200, "abandoned")


def test_a_participant_is_read_with_an_etag(api: Client, study: dict[str, Any]) -> None:
    person = imported(api, study)[0]
    path = f"{path_of(study)}/{person['id']}"
    reply = api.get(path)
    assert reply.data == person
    assert api.get(path, if_none_match=reply.headers["etag"]).status == 304
    assert api.get(path, {"x": "1"}).refusal == (400, "invalid_request")


def test_reads_are_markdown_on_request(api: Client, study: dict[str, Any]) -> None:
    sent = people(study, 2)
    sent[0]["device"] = "# not a | heading"
    person = api.post(path_of(study), {"participants": sent}).data[0]
    text = api.get(path_of(study), {"limit": "1"}, accept="text/markdown").text
    assert text.startswith("# Participants of ")
    assert "\\# not a \\| heading" in text
    assert "Next cursor: `" in text
    assert (
        f"# Participant {person['id']}".replace("_", "\\_")
        in api.get(f"{path_of(study)}/{person['id']}", accept="text/markdown").text
    )
    assert "task_id" in api.get(f"{path_of(study)}/{person['id']}/results", accept="text/markdown").text


def test_results_are_paged(api: Client, study: dict[str, Any]) -> None:
    person = imported(api, study)[0]
    path = f"{path_of(study)}/{person['id']}/results"
    everything = api.get(path)
    assert everything.json["pagination"] == {"has_more": False, "next_cursor": None}
    assert walked(api, path, limit="1") == everything.data
    assert len(everything.data) == len(people(study, 1)[0]["results"])
    assert [result["task_id"] for result in everything.data] == [
        result["task_id"] for result in people(study, 1)[0]["results"]
    ]
    assert api.get(path, {"after": "x"}).refusal == (400, "invalid_request")


# -- exclusion ------------------------------------------------------------------------------------------------------


def test_exclusion_and_inclusion_are_idempotent(api: Client, study: dict[str, Any]) -> None:
    person = imported(api, study, 2)[0]
    path = f"{path_of(study)}/{person['id']}"
    excluded = {**person, "excluded": True, "exclusion_reason": "speeder"}
    first = api.post(f"{path}/exclude", {"reason": "speeder"})
    assert (first.status, first.data) == (200, excluded)
    assert api.post(f"{path}/exclude", {"reason": "another"}).data == excluded
    assert api.post(f"{path}/exclude").data == excluded
    assert counts(api, study) == (2, 2, 1)
    for _ in range(2):
        reply = api.post(f"{path}/include")
        assert (reply.status, reply.data) == (200, person)
    assert counts(api, study) == (2, 2, 0)
    assert api.get(path).data == person


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        pytest.param({"reason": "x" * 501}, (422, "validation_failed"), id="too long a reason"),
        pytest.param({"reason": 7}, (422, "validation_failed"), id="a reason that is a number"),
        pytest.param({"why": "x"}, (422, "validation_failed"), id="an unknown member"),
        pytest.param(["x"], (400, "invalid_request"), id="a list"),
    ],
)
def test_bodies_of_exclusions_that_are_refused(
    api: Client, study: dict[str, Any], body: Any, refusal: tuple[int, str]
) -> None:
    path = f"{path_of(study)}/{imported(api, study)[0]['id']}"
    assert api.post(f"{path}/exclude", body).refusal == refusal
    assert api.post(f"{path}/include", {"reason": "x"}).refusal == (422, "validation_failed")
    assert not api.get(path).data["excluded"]


@pytest.mark.parametrize("body", [None, {}, {"reason": None}, {"reason": "x" * 500}])
def test_the_reason_may_be_left_out(api: Client, study: dict[str, Any], body: Any) -> None:
    path = f"{path_of(study)}/{imported(api, study)[0]['id']}"
    reply = api.post(f"{path}/exclude", body)
    assert (reply.status, reply.data["exclusion_reason"]) == (200, (body or {}).get("reason"))


def test_a_remembered_exclusion_answers_as_it_did(api: Client, study: dict[str, Any]) -> None:
    path = f"{path_of(study)}/{imported(api, study)[0]['id']}"
    first = api.post(f"{path}/exclude", idempotency_key="k")
    api.post(f"{path}/include")
    again = api.post(f"{path}/exclude", idempotency_key="k")
    assert (again.text, again.headers["idempotent-replayed"]) == (first.text, "true")
    assert not api.get(path).data["excluded"]


# -- who may, and in which order ------------------------------------------------------------------------------------


def routes(study: str, person: str) -> list[tuple[str, str, Any]]:
    path = f"/api/v1/studies/{study}/participants"
    return [
        ("GET", path, None),
        ("POST", path, {"participants": [{}]}),
        ("GET", f"{path}/{person}", None),
        ("GET", f"{path}/{person}/results", None),
        ("POST", f"{path}/{person}/exclude", None),
        ("POST", f"{path}/{person}/include", None),
    ]


def test_neighbours_find_nothing(api: Client, neighbour: Client, study: dict[str, Any]) -> None:
    person = imported(api, study)[0]
    for (method, path, body), (_, unknown, _) in zip(
        routes(study["id"], person["id"]), routes(NOTHING, NOBODY), strict=True
    ):
        theirs = neighbour.request(method, path, json_body=body)
        nobodys = neighbour.request(method, unknown, json_body=body)
        assert theirs.refusal == (404, "not_found")
        assert theirs.text == nobodys.text
    assert api.get(f"{path_of(study)}/{person['id']}").data == person


def test_a_person_of_another_study_is_not_found(api: Client, study: dict[str, Any]) -> None:
    person = imported(api, study)[0]
    other = published(api, "tree_test")
    for method, path, body in routes(other["id"], person["id"])[2:]:
        assert api.request(method, path, json_body=body).refusal == (404, "not_found")


@pytest.mark.parametrize("person", ["prt_1", "fld_00000000000000000000000000", "metrics", "PRT_" + "0" * 26])
def test_malformed_ids_are_not_found(api: Client, study: dict[str, Any], person: str) -> None:
    for method, path, body in routes(study["id"], person)[2:]:
        assert api.request(method, path, json_body=body).refusal == (404, "not_found")


def test_nobody_comes_in_without_a_key_or_writes_without_a_subscription(anonymous: Client, free: Client) -> None:
    for method, path, body in routes(NOTHING, NOBODY):
        assert anonymous.request(method, path, json_body=body).refusal == (401, "unauthorized")
        expected = (403, "subscription_required") if method == "POST" else (404, "not_found")
        assert free.request(method, path, json_body=body).refusal == expected


def test_existence_is_looked_at_before_the_input(api: Client, study: dict[str, Any]) -> None:
    for method, path, _ in routes(study["id"], NOBODY)[2:]:
        assert api.request(method, path, query="x=1", content=b"{").refusal == (404, "not_found")
    assert api.post(f"/api/v1/studies/{NOTHING}/participants", {"x": 1}).refusal == (404, "not_found")
    assert api.post(path_of(study), {"participants": [{}]}, {"x": "1"}).refusal == (400, "invalid_request")


def test_other_methods_are_refused(api: Client, study: dict[str, Any]) -> None:
    reply = api.delete(path_of(study))
    assert reply.refusal == (405, "invalid_request")
    assert set(reply.headers["allow"].split(", ")) == {"GET", "POST", "OPTIONS"}
