"""What the measured requests find in the table: folders, studies and people; and the same for the peer."""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import boto3

from scripts.bench.product import Product
from scripts.bench.store import ACCESS_KEY, PEER_TABLE, REGION, SECRET_KEY
from tests.samples.study_types import sample_results, sample_study

PEER_KEY: Final = "uxm_v1_" + "0" * 64
PEER_WORKSPACE: Final = "ws_peer"
FOLDERS: Final = 30
TYPE: Final = "tree_test"
PEOPLE_PER_IMPORT: Final = 100
EXPERIENCE: Final = "/api/experience"
SURVEY: Final = {
    "name": "How was it?",
    "status": "active",
    "questions": [
        {"id": "nps", "type": "nps", "text": "Would you recommend us?"},
        {"id": "again", "type": "boolean", "text": "Will you come again?"},
    ],
}
BEGAN: Final = datetime(2026, 1, 5, 9, tzinfo=UTC)


#: What one person gives: from a study's type and detail.
MakeResults = Callable[[str, Mapping[str, Any], random.Random], list[Any]]


@dataclass(frozen=True, slots=True)
class Sample:
    folder_id: str
    #: A published study with people in it.
    study_id: str
    participant_id: str
    collect_token: str
    #: A card sort that can still be edited, and a card of it.
    draft_id: str
    card_id: str
    #: An active survey of the Micrometrics dialect with responses, and a device that sent them.
    survey_id: int
    device_id: str


def make(product: Product) -> Sample:
    for number in range(FOLDERS):
        folder = product.call("folders", "POST", "/folders", body={"folder": {"name": f"Folder {number}"}}).data
    draft = product.call(
        "studies", "POST", "/studies", query="type=card_sort", body={"study": {"name": "Kitchen"}}
    ).data
    cards = product.call("content", "POST", f"/studies/{draft['id']}/cards", body={"cards": ["Whisk", "Sponge"]}).data
    study = published(product)
    people = add_people(product, study, 50)
    survey_id, device_id = add_responses(product, 50)
    return Sample(
        folder_id=folder["id"],
        study_id=study["id"],
        participant_id=people[0]["id"],
        collect_token=study["collect_token"],
        draft_id=draft["id"],
        card_id=cards[0]["id"],
        survey_id=survey_id,
        device_id=device_id,
    )


def add_responses(product: Product, count: int) -> tuple[int, str]:
    """A survey and a device with so many responses."""
    survey = product.call("surveys", "POST", f"{EXPERIENCE}/surveys", body=SURVEY).json
    for number in range(FOLDERS):
        device = product.call("devices", "POST", f"{EXPERIENCE}/devices", body={"name": f"Kiosk {number}"}).json
    for number in range(count):
        body = response_of(device["id"], number)
        product.call("responses", "POST", f"{EXPERIENCE}/surveys/{survey['id']}/responses", body=body)
    return survey["id"], device["id"]


def response_of(device_id: str, number: int) -> dict[str, Any]:
    answers = [{"question_id": "nps", "value": number % 11}, {"question_id": "again", "value": number % 2 == 0}]
    return {"device_id": device_id, "external_id": f"response-{number}", "answers": answers}


def published(product: Product, type_: str = TYPE, **content: Any) -> dict[str, Any]:
    """A study that takes people, as the API shows it; `content` stands in place of the sample's."""
    sample = {**sample_study(type_), **content}
    body = {"study": {"name": "Where is it?", "settings": sample["settings"]}}
    study = product.call("studies", "POST", "/studies", query=f"type={type_}", body=body).data
    for kind in ("cards", "groups", "questions"):
        if sample.get(kind):
            product.call("content", "POST", f"/studies/{study['id']}/{kind}", body={kind: sample[kind]})
    product.call("studies", "POST", f"/studies/{study['id']}/publish")
    shown: dict[str, Any] = product.call("studies", "GET", f"/studies/{study['id']}").data
    return shown


def people_of(
    study: dict[str, Any], count: int, *, first: int = 0, results: MakeResults = sample_results
) -> Iterator[dict[str, Any]]:
    """Bodies of people who finished, each with all their results."""
    for number in range(first, first + count):
        rng = random.Random(number)  # noqa: S311 - the same people in every run
        started = BEGAN + timedelta(seconds=number)
        yield {
            "external_id": f"person-{number}",
            "started_at": started.isoformat(),
            "completed_at": (started + timedelta(seconds=rng.randint(30, 600))).isoformat(),
            "device": "desktop",
            "locale": "en",
            "results": results(study["type"], study, rng),
        }


def add_people(product: Product, study: dict[str, Any], count: int, *, first: int = 0) -> list[dict[str, Any]]:
    added: list[dict[str, Any]] = []
    for batch in batches(study, count, first=first):
        added += product.call("participants", "POST", f"/studies/{study['id']}/participants", body=batch).data
    return added


def batches(
    study: dict[str, Any], count: int, *, first: int = 0, results: MakeResults = sample_results
) -> Iterator[dict[str, Any]]:
    """Bodies of imports, as many people each as one may carry."""
    for start in range(first, first + count, PEOPLE_PER_IMPORT):
        size = min(PEOPLE_PER_IMPORT, first + count - start)
        yield {"participants": list(people_of(study, size, first=start, results=results))}


def peer_table(endpoint: str) -> Any:
    session = boto3.Session(aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY, region_name=REGION)
    return session.resource("dynamodb", endpoint_url=endpoint).Table(PEER_TABLE)


def make_for_peer(endpoint: str) -> None:
    table = peer_table(endpoint)
    with table.batch_writer() as batch:
        batch.put_item(Item={"pk": "key", "sk": PEER_KEY, "id": PEER_WORKSPACE, "name": "Peer"})
        for number in range(FOLDERS):
            key = {"pk": f"{PEER_WORKSPACE}#folders", "sk": f"fld_{number:026d}"}
            batch.put_item(Item={**key, "name": f"Folder {number}", "color": "#3B82F6", "icon": "folder"})


def add_people_for_peer(
    endpoint: str, study: dict[str, Any], study_id: str, count: int, *, advance: Callable[[int], None]
) -> None:
    table = peer_table(endpoint)
    for start in range(0, count, 1000):
        with table.batch_writer() as batch:
            for number, person in enumerate(people_of(study, min(1000, count - start), first=start), start):
                batch.put_item(Item={"pk": f"{study_id}#people", "sk": f"prt_{number:026d}", **_storable(person)})
        advance(min(1000, count - start))


def _storable(person: dict[str, Any]) -> dict[str, Any]:
    """boto3's resources take no floats; tree tests have none."""
    return person
