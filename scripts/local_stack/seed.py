"""The workspaces of the local stack, its hand-over file, and a study to look at.

Whoever finds the file may use what it names: it holds secrets, so only its owner may read it. A workspace's members are
those that open an API which this stack has: its id, a bearer key, two pairs that sign requests, one of which may only
read, a token and two users of the Metricis API. Webhooks will add `webhook_receiver` beside the workspaces.
"""

import json
import os
import random
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from scripts.api_client import ApiClient, UnexpectedAnswer
from scripts.local_stack.accounts import add_accounts
from trimetric.auth import apiauth
from trimetric.auth.bearer import hash_of, new_key
from trimetric.auth.vault import KmsVault, Vault
from trimetric.domain import ids, times
from trimetric.domain.workspaces import READ_PERMISSIONS, Credential, CredentialKind, Permission, Plan, Workspace
from trimetric.dynamo.table import DynamoTable, Table
from trimetric.dynamo.workspaces import Workspaces
from trimetric_cli.stack import local_session, stack_outputs


@dataclass(frozen=True)
class Seed:
    name: str
    plan: Plan = Plan.SUBSCRIBED
    api_enabled: bool = True
    per_minute: int | None = None

    @property
    def limits(self) -> dict[str, int]:
        if self.per_minute is None:
            return {}
        return {kind.value: self.per_minute for kind in CredentialKind}


SEEDS: Final = (
    Seed("subscribed"),
    Seed("free", plan=Plan.FREE),
    Seed("disabled", api_enabled=False),
    Seed("neighbour"),
    Seed("load", per_minute=1_000_000),
)

#: Name of each seeded workspace's keys.
KEY_NAME: Final = "local stack"


@dataclass(frozen=True)
class Pair:
    """A key that signs: its name and what it may do."""

    name: str
    permissions: tuple[Permission, ...]


#: By member of the hand-over file.
PAIRS: Final = {
    "apiauth": Pair(KEY_NAME, tuple(Permission)),
    "apiauth_read_only": Pair(f"{KEY_NAME}, read only", READ_PERMISSIONS),
}

DEMO_NAME: Final = "Demo: where should the kitchen things go?"
#: The piles that most of the demo's people would make.
DEMO_CARDS: Final = {
    "Baking": ("Rolling pin", "Whisk", "Cake tin", "Flour"),
    "Breakfast": ("Cereal bowl", "Coffee mug", "Toaster", "Butter dish"),
    "Cleaning": ("Sponge", "Dish soap", "Tea towel", "Bin bags"),
}
DEMO_PEOPLE: Final = 40


def seed(
    *, base_url: str, aws_endpoint_url: str, region: str, stack_name: str, table_name: str, stack_file: Path
) -> None:
    """Make what is missing and write `stack_file`; what is there already stays as it is.

    The stack must answer at `base_url`. UnexpectedAnswer or ConditionFailed if it does not do what it should.
    """
    session = local_session(region)
    cloudformation, dynamodb, kms = (
        session.client(service, endpoint_url=aws_endpoint_url) for service in ("cloudformation", "dynamodb", "kms")
    )
    vault = KmsVault(stack_outputs(cloudformation, stack_name)["KeyArn"], kms=kms)
    before = read_stack_file(stack_file)
    document: dict[str, Any] = {
        "base_url": base_url,
        "region": region,
        "aws_endpoint_url": aws_endpoint_url,
        "stack_name": stack_name,
        "workspaces": seed_workspaces(DynamoTable(dynamodb, table_name), vault, before.get("workspaces", {})),
    }
    with ApiClient(base_url, document["workspaces"]["subscribed"]["ux_metrics_key"]) as api:
        document["demo_study_id"] = seed_demo_study(api, before.get("demo_study_id"))
    write_stack_file(stack_file, document)


def seed_workspaces(table: Table, vault: Vault, known: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The members of each workspace; `known` are those of an earlier start, kept where they still open a workspace."""
    workspaces = Workspaces(table)
    members: dict[str, dict[str, Any]] = {}
    missing: list[Seed] = []
    for wanted in SEEDS:
        if _opens(workspaces, known.get(wanted.name)):
            members[wanted.name] = dict(known[wanted.name])
        else:
            missing.append(wanted)
    if missing:
        # After the file was lost the workspaces are still there, with keys that nobody knows any more.
        by_name = {workspace.name: workspace for workspace in reversed(workspaces.list_all())}
        for wanted in missing:
            workspace = by_name.get(wanted.name) or _create(workspaces, wanted)
            members[wanted.name] = {"id": workspace.id, "ux_metrics_key": _fresh_key(workspaces, workspace)}
    for wanted in SEEDS:
        found = members[wanted.name]
        if wanted.limits:
            workspaces.change(found["id"], limits=wanted.limits)
        for member, pair in PAIRS.items():
            if not _signs(workspaces, vault, found["id"], found.get(member)):
                found[member] = _fresh_pair(workspaces, vault, found["id"], pair)
        add_accounts(table, wanted.name, found)
    return {wanted.name: members[wanted.name] for wanted in SEEDS}


def _signs(workspaces: Workspaces, vault: Vault, workspace_id: str, pair: Any) -> bool:
    """Whether the secret of `pair` is still that of its key."""
    match pair:
        case {"key": str(key), "secret": str(secret)}:
            found = workspaces.with_credential(workspace_id, apiauth.hash_of(key))
            return found is not None and secret.encode() in _secrets(vault, found[1])
    return False


def _secrets(vault: Vault, credential: Credential) -> list[bytes]:
    """None, if they were sealed with the key of an earlier local cloud."""
    names = {"workspace_id": credential.workspace_id, "credential_id": credential.id}
    try:
        return [vault.open(secret.sealed, **names) for secret in credential.secrets]
    except ClientError:
        return []


def _fresh_pair(workspaces: Workspaces, vault: Vault, workspace_id: str, pair: Pair) -> dict[str, str]:
    _remove(workspaces, workspace_id, CredentialKind.APIAUTH, pair.name)
    made = apiauth.new_signature_key(vault, workspace_id, pair.name, now=times.utc_now(), permissions=pair.permissions)
    workspaces.add_credential(made.credential)
    return {"key": made.key, "secret": made.secret}


def _opens(workspaces: Workspaces, members: Any) -> bool:
    match members:
        case {"id": str(workspace_id), "ux_metrics_key": str(secret)}:
            return workspaces.with_credential(workspace_id, hash_of(secret)) is not None
    return False


def _create(workspaces: Workspaces, wanted: Seed) -> Workspace:
    return workspaces.create(
        workspace_id=ids.new_workspace(),
        name=wanted.name,
        plan=wanted.plan,
        api_enabled=wanted.api_enabled,
        created_at=times.to_text(times.utc_now()),
        limits=wanted.limits,
    )


def _fresh_key(workspaces: Workspaces, workspace: Workspace) -> str:
    _remove(workspaces, workspace.id, CredentialKind.UX_METRICS, KEY_NAME)
    made = new_key(workspace.id, KEY_NAME, now=times.utc_now())
    workspaces.add_credential(made.credential)
    return made.secret


def _remove(workspaces: Workspaces, workspace_id: str, kind: CredentialKind, name: str) -> None:
    for credential in workspaces.list_credentials(workspace_id):
        if (credential.kind, credential.name) == (kind, name):
            workspaces.remove_credential(credential)


def seed_demo_study(api: ApiClient, known: str | None) -> str:
    """The id of a published card sort with people in it; each step may be repeated after a crash."""
    if known is not None and _exists(api, known):
        return known
    study = api.data(
        "POST",
        "/studies",
        params={"type": "card_sort"},
        body={"study": {"name": DEMO_NAME, "description": "Forty made-up people sorted twelve cards."}},
        status=201,
        idempotency_key="demo-study",
    )
    study_id = str(study["id"])
    labels = [label for labels in DEMO_CARDS.values() for label in labels]
    cards = api.data(
        "POST", f"/studies/{study_id}/cards", body={"cards": labels}, status=201, idempotency_key="demo-cards"
    )
    api.call("POST", f"/studies/{study_id}/publish", idempotency_key="demo-publish")
    people = demo_people({card["label"]: card["id"] for card in cards})
    api.call(
        "POST",
        f"/studies/{study_id}/participants",
        body={"participants": people},
        status=201,
        idempotency_key="demo-people",
    )
    return study_id


def _exists(api: ApiClient, study_id: str) -> bool:
    try:
        api.call("GET", f"/studies/{study_id}")
    except UnexpectedAnswer as error:
        if error.answer.status_code == 404:
            return False
        raise
    return True


def demo_people(card_ids: Mapping[str, str]) -> list[dict[str, Any]]:
    """Participants who mostly agree, the same at each call; `card_ids` by label."""
    rng = random.Random(12)  # noqa: S311 - made-up data, the same at each start
    return [_demo_person(rng, number, card_ids) for number in range(1, DEMO_PEOPLE + 1)]


def _demo_person(rng: random.Random, number: int, card_ids: Mapping[str, str]) -> dict[str, Any]:
    placements = []
    for pile, labels in DEMO_CARDS.items():
        for label in labels:
            chosen = pile if rng.random() < 0.8 else rng.choice(list(DEMO_CARDS))
            placements.append({"card_id": card_ids[label], "group": chosen})
    seconds = rng.randrange(60, 600)
    started = datetime(2026, 1, 5, 9, tzinfo=UTC) + timedelta(minutes=17 * number)
    return {
        "external_id": f"demo-{number:02d}",
        "started_at": times.to_text(started),
        "completed_at": times.to_text(started + timedelta(seconds=seconds)),
        "device": rng.choice(["desktop", "phone", "tablet"]),
        "locale": "en",
        "results": [{"placements": placements, "duration_ms": seconds * 1000}],
    }


def read_stack_file(stack_file: Path) -> dict[str, Any]:
    """What an earlier start wrote; empty if there is nothing that can be used."""
    try:
        document = json.loads(stack_file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def write_stack_file(stack_file: Path, document: Mapping[str, Any]) -> None:
    """In one step and readable by the owner alone, so that no reader meets half a file or a secret in passing."""
    stack_file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=stack_file.parent, prefix=f".{stack_file.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as output:
            json.dump(document, output, indent=2)
            output.write("\n")
        Path(temporary).replace(stack_file)
    except BaseException:
        Path(temporary).unlink()
        raise
