"""Requests that meet each other in a real store, whose transactions conflict as those of AWS do."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from tests.handlers.conftest import Client, Reply, elsewhere

FOLDERS = "/api/v1/folders"
STUDIES = "/api/v1/studies"


def at_once(*sends: Callable[[], Reply]) -> list[Reply]:
    with ThreadPoolExecutor(len(sends)) as threads:
        return list(threads.map(elsewhere, sends))


def test_a_folder_is_deleted_or_takes_the_study_and_never_both(local_api: Client) -> None:
    outcomes = set()
    for _ in range(12):
        folder, study = local_api.folder(), local_api.study()
        move = {"study": {"folder_id": folder["id"]}}
        deleted, moved = at_once(
            partial(local_api.delete, f"{FOLDERS}/{folder['id']}"),
            partial(local_api.patch, f"{STUDIES}/{study['id']}", move),
        )
        outcomes.add((deleted.status, moved.status))
        kept = local_api.get(f"{FOLDERS}/{folder['id']}")
        holder = local_api.get(f"{STUDIES}/{study['id']}").data["folder_id"]
        assert holder == (folder["id"] if kept.status == 200 else None)
        if kept.status == 200:
            assert kept.data["study_count"] == 1
    assert outcomes <= {(204, 422), (422, 200)}


def test_cards_that_are_added_at_once_are_all_there(local_api: Client) -> None:
    path = f"{STUDIES}/{local_api.study()['id']}"
    replies = at_once(*[partial(local_api.post, f"{path}/cards", {"card": f"card {n}"}) for n in range(8)])
    assert [reply.status for reply in replies] == [201] * 8
    cards = local_api.get(path).data["cards"]
    assert {card["label"] for card in cards} == {f"card {n}" for n in range(8)}
    assert [card["position"] for card in cards] == list(range(8))


def test_folders_that_are_created_at_once_are_all_counted(local_api: Client) -> None:
    replies = at_once(*[lambda: local_api.post(FOLDERS, {"folder": {"name": "x"}})] * 12)
    assert [reply.status for reply in replies] == [201] * 12
    assert local_api.get("/api/v1/workspace").data["folder_count"] == len(local_api.get(FOLDERS).data) == 12


def test_one_of_many_publishes(local_api: Client) -> None:
    study = local_api.study("survey")
    path = f"{STUDIES}/{study['id']}"
    local_api.post(f"{path}/questions", {"questions": [{"kind": "nps", "prompt": "?"}]})
    replies = at_once(*[lambda: local_api.post(f"{path}/publish")] * 6)
    assert sorted(reply.status for reply in replies) == [200] + [422] * 5
    (published,) = (reply.data for reply in replies if reply.status == 200)
    assert local_api.get(path).data == published


def test_one_key_at_once_is_one_folder(local_api: Client) -> None:
    replies = at_once(*[lambda: local_api.post(FOLDERS, {"folder": {"name": "x"}}, idempotency_key="k")] * 8)
    assert {(reply.status, reply.text) for reply in replies} == {(201, replies[0].text)}
    assert [reply.headers.get("idempotent-replayed") for reply in replies].count(None) == 1
    assert len(local_api.get(FOLDERS).data) == 1


def test_a_walk_over_filtered_studies_meets_each_once_while_others_come(local_api: Client) -> None:
    there = [local_api.study("survey")["id"] for _ in range(7)]
    met: list[str] = []
    query = {"type": "survey", "status": "draft", "limit": "2"}
    while True:
        page = local_api.get(STUDIES, query)
        met += [study["id"] for study in page.data]
        at_once(lambda: local_api.post(STUDIES, {"study": {"name": "x"}}, "type=interview"))
        if len(met) == 4:
            local_api.study("survey")
        if (after := page.json["pagination"]["next_cursor"]) is None:
            break
        query = {**query, "after": after}
    assert met[: len(there)] == there
    assert len(met) == len(set(met)) == 8


def test_large_imports_that_share_people_do_not_hold_each_other_up(local_api: Client) -> None:
    path = f"{STUDIES}/{local_api.published('tree_test')['id']}"
    everybody = [{"external_id": f"person {number}"} for number in range(140)]
    rng = random.Random(11)  # noqa: S311 - the same batches every time
    batches = [rng.sample(everybody, 100) for _ in range(3)]
    replies = at_once(*[partial(local_api.post, f"{path}/participants", {"participants": each}) for each in batches])
    assert [reply.status for reply in replies] == [201] * 3
    sent = {person["external_id"] for batch in batches for person in batch}
    assert local_api.get(path).data["participant_count"] == len(sent)
