"""Imports that die, meet each other or are watched, at every call to the store."""

import random
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.handlers.conftest import Client, Platform, Reply
from tests.handlers.interruptions import Interruptions, in_another_function
from tests.handlers.studies import people, published, walked
from trimetric.domain.participants import participant_id
from trimetric.dynamo import keys
from trimetric.dynamo.imports import LEASE_MILLIS

Body = dict[str, Any]


@pytest.fixture
def store(platform: Platform) -> Interruptions:
    return Interruptions(platform.table)


@pytest.fixture
def study(api: Client) -> dict[str, Any]:
    return ready(api)


def ready(client: Client) -> dict[str, Any]:
    """A published study, and a warm function: the caller's credential is in its cache."""
    study = published(client, "preference_test")
    client.get(path_of(study))
    return study


def path_of(study: dict[str, Any]) -> str:
    return f"/api/v1/studies/{study['id']}/participants"


def seen(client: Client, study: dict[str, Any]) -> list[str]:
    """Who is in the list, once it is certain that list and counts agree."""
    listed = walked(client, path_of(study), limit="100")
    shown = client.get(f"/api/v1/studies/{study['id']}").data
    completed = sum(person["status"] == "completed" for person in listed)
    assert (shown["participant_count"], shown["completed_count"]) == (len(listed), completed)
    assert len({person["id"] for person in listed}) == len(listed)
    return [person["external_id"] for person in listed]


def leftovers(client: Client, study: dict[str, Any]) -> list[str]:
    """Import records and people that still wait for one."""
    assert client.workspace is not None
    partition = keys.people(client.workspace.id, study["id"])
    return [
        item["sk"]
        for item in client.platform.table.items()
        if item["pk"] == partition and (item["sk"].startswith("import#") or "pending" in item.get("row", {}))
    ]


def identifier(client: Client, study: dict[str, Any], person: dict[str, Any]) -> str:
    assert client.workspace is not None
    return participant_id(
        workspace_id=client.workspace.id, study_id=study["id"], external_id=person["external_id"], millis=0
    )


def calls_of(store: Interruptions, request: Callable[[], Any]) -> list[str]:
    store.watch()
    request()
    return store.calls


def dies(store: Interruptions, call: int, *, behind: bool, request: Callable[[], Reply]) -> None:
    """The gateway answers for a function that is gone."""
    store.kill(call, behind=behind)
    assert request().text == "Internal Server Error"
    store.leave_alone()


@pytest.mark.parametrize(
    ("headers", "anonymous"),
    [
        pytest.param({}, False, id="without a key, external ids make people the same"),
        pytest.param({"idempotency_key": "k"}, False, id="with a key"),
        pytest.param({"idempotency_key": "k"}, True, id="with a key, people without external ids"),
    ],
)
@pytest.mark.parametrize("count", [5, 100])
def test_an_import_that_dies_anywhere_is_completed_once_by_the_same_request(
    api: Client, store: Interruptions, count: int, headers: dict[str, str], anonymous: bool
) -> None:
    study = ready(api)
    body: Body = {"participants": people(study, count)}
    calls = calls_of(store, lambda: api.post(path_of(study), body, **headers))
    for place in range(len(calls)):
        for behind in (False, True):
            study = ready(api)
            body = {"participants": people(study, count)}
            if anonymous:
                body = {"participants": [{**person, "external_id": None} for person in body["participants"]]}
            dies(store, place, behind=behind, request=partial(api.post, path_of(study), body, **headers))
            assert len(seen(api, study)) in (0, count), (place, behind)
            reply = api.post(path_of(study), body, **headers)
            assert reply.status == 201, reply.text
            assert seen(api, study) == [person["external_id"] for person in body["participants"]], (place, behind)
            assert [person["id"] for person in reply.data] == [
                person["id"] for person in walked(api, path_of(study), limit="100")
            ]
            api.platform.clock.advance(LEASE_MILLIS / 1000)
            seen(api, study)
            assert leftovers(api, study) == [], (place, behind)


def test_readers_see_nothing_or_everything_at_every_moment_of_an_import(
    api: Client, store: Interruptions, study: dict[str, Any]
) -> None:
    sizes: set[int] = set()

    def look(number: int) -> None:
        store.leave_alone()
        in_another_function(lambda: sizes.add(len(seen(api, study))))
        store.watch(before=look, after=look)

    store.watch(before=look, after=look)
    assert api.post(path_of(study), {"participants": people(study, 100)}).status == 201
    store.leave_alone()
    assert sizes == {0, 100}
    assert leftovers(api, study) == []


@pytest.mark.parametrize("overlap", [0, 1, 50, 100])
@pytest.mark.parametrize("same", [True, False], ids=["the same content", "other content"])
def test_two_imports_of_the_same_people_at_once(api: Client, store: Interruptions, overlap: int, same: bool) -> None:
    """The second one runs inside each call of the first."""
    study = ready(api)
    calls = calls_of(store, lambda: api.post(path_of(study), {"participants": people(study, 100)}))
    for place in range(len(calls)):
        study = ready(api)
        first = people(study, 100)
        second = [*first[:overlap], *people(study, 100 - overlap, seed=1)]
        if not same:
            second = [{**person, "device": "tv"} for person in second]
        answers: list[int] = []
        request = partial(_noted, answers, api, path_of(study), {"participants": second})
        store.step_in(place, request)
        answers.insert(0, api.post(path_of(study), {"participants": first}).status)
        store.leave_alone()
        listed = seen(api, study)
        expected = {person["external_id"] for person in first if answers[0] == 201}
        expected |= {person["external_id"] for person in second if answers[1] == 201}
        assert set(listed) == expected, (place, answers)
        assert set(answers) <= {201, 422, 503}
        assert 201 in answers
        if same and overlap in (0, 100):
            assert answers == [201, 201]
        if not same and overlap:
            assert answers.count(201) == 1


def _noted(answers: list[int], client: Client, path: str, body: Body) -> None:
    answers.append(client.post(path, body).status)


def test_the_end_of_the_study_inside_an_import_lets_nobody_in(
    api: Client, store: Interruptions, study: dict[str, Any]
) -> None:
    calls = calls_of(store, lambda: api.post(path_of(study), {"participants": people(study, 100)}))
    for place in range(len(calls)):
        study = ready(api)
        store.step_in(place, partial(api.post, f"/api/v1/studies/{study['id']}/end"))
        reply = api.post(path_of(study), {"participants": people(study, 100)})
        store.leave_alone()
        if reply.status == 201:
            assert len(seen(api, study)) == 100
        else:
            assert reply.refusal == (422, "invalid_status_transition")
            assert seen(api, study) == []
        assert leftovers(api, study) == []


def test_a_person_can_be_excluded_before_the_import_is_tidied(
    api: Client, store: Interruptions, study: dict[str, Any]
) -> None:
    body = {"participants": people(study, 100)}
    dies(store, 3, behind=False, request=lambda: api.post(path_of(study), body))
    assert leftovers(api, study) != []
    person = api.post(path_of(study), {"participants": body["participants"][:1]}).data[0]
    assert api.post(f"{path_of(study)}/{person['id']}/exclude").status == 200
    assert [each["id"] for each in walked(api, path_of(study), excluded="true")] == [person["id"]]
    assert len(walked(api, path_of(study), excluded="false", limit="100")) == 99


def test_other_people_wait_for_an_import_that_may_be_alive(
    api: Client, store: Interruptions, study: dict[str, Any]
) -> None:
    sent = people(study, 100)
    dies(store, 2, behind=False, request=lambda: api.post(path_of(study), {"participants": sent}))
    held = [person for person in sent if identifier(api, study, person) in leftovers(api, study)]
    assert held != []
    reply = api.post(path_of(study), {"participants": held[:1]})
    assert reply.refusal == (503, "unavailable")
    assert reply.headers["retry-after"] == "1"
    api.platform.clock.advance(LEASE_MILLIS / 1000)
    assert api.post(path_of(study), {"participants": held[:1]}).status == 201
    assert seen(api, study) == [held[0]["external_id"]]


@pytest.mark.parametrize("action", ["exclude", "include"])
def test_an_exclusion_that_dies_anywhere_is_completed_once(api: Client, store: Interruptions, action: str) -> None:
    for place in range(3):
        for behind in (False, True):
            study = ready(api)
            person = api.post(path_of(study), {"participants": people(study, 2)}).data[0]
            path = f"{path_of(study)}/{person['id']}"
            if action == "include":
                api.post(f"{path}/exclude")
            request = partial(api.post, f"{path}/{action}", idempotency_key="k")
            dies(store, place, behind=behind, request=request)
            reply = api.post(f"{path}/{action}", idempotency_key="k")
            assert reply.status == 200
            excluded = int(action == "exclude")
            assert api.get(f"/api/v1/studies/{study['id']}").data["excluded_count"] == excluded
            assert len(walked(api, path_of(study), excluded="true")) == excluded


def test_repeating_an_exclusion_writes_nothing(api: Client, store: Interruptions, study: dict[str, Any]) -> None:
    person = api.post(path_of(study), {"participants": people(study, 1)}).data[0]
    for action in ("exclude", "include"):
        api.post(f"{path_of(study)}/{person['id']}/{action}")
        calls = calls_of(store, partial(api.post, f"{path_of(study)}/{person['id']}/{action}"))
        assert "write" not in calls


def test_warm_requests_stay_within_their_round_trips(api: Client, store: Interruptions, study: dict[str, Any]) -> None:
    """Throttle not counted here; reads that run beside each other are two calls in the time of one."""
    person = api.post(path_of(study), {"participants": people(study, 1)}).data[0]
    path = f"{path_of(study)}/{person['id']}"
    many = {"participants": people(study, 98, seed=2)}
    reads = ["get", "query"]
    assert calls_of(store, lambda: api.post(path_of(study), many, idempotency_key="k")) == ["get_many", "write"]
    assert sorted(calls_of(store, lambda: api.get(path_of(study)))) == reads
    assert calls_of(store, lambda: api.get(path)) == ["get", "get"]
    assert calls_of(store, lambda: api.get(f"{path}/results")) == ["get", "get"]
    assert calls_of(store, lambda: api.post(f"{path}/exclude", idempotency_key="e")) == ["get", "get", "write"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    limit=st.integers(1, 4),
    excluded=st.sampled_from([None, "true", "false"]),
    seed=st.integers(0, 10_000),
)
def test_a_walk_shows_everybody_who_stays_once_whatever_others_do(
    api: Client, limit: int, excluded: str | None, seed: int
) -> None:
    rng = random.Random(seed)  # noqa: S311 - the same run for the same seed
    study = ready(api)
    path = path_of(study)
    known = [person["id"] for person in api.post(path, {"participants": people(study, 8)}).data]
    state = {identifier: rng.random() < 0.5 for identifier in known}
    for identifier, out in state.items():
        if out:
            api.post(f"{path}/{identifier}/exclude")
    untouched = dict(state)
    query = {"limit": str(limit)} | ({} if excluded is None else {"excluded": excluded})
    walk: list[str] = []
    for step in range(100):
        reply = api.get(path, query)
        walk += [person["id"] for person in reply.data]
        cursor = reply.json["pagination"]["next_cursor"]
        if cursor is None:
            break
        assert len(reply.data) == limit
        query["after"] = cursor
        if step < 6:
            changed = rng.choice(known)
            untouched.pop(changed, None)
            api.post(f"{path}/{changed}/{rng.choice(['exclude', 'include'])}")
            api.post(path, {"participants": people(study, rng.randrange(1, 3), seed=step + 1)})
    assert len(walk) == len(set(walk))
    wanted = [each for each in known if each in untouched and excluded in (None, str(untouched[each]).lower())]
    assert [each for each in walk if each in wanted] == wanted
