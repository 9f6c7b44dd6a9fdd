"""Which stack a command works on, its table and its KMS key."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
)

from trimetric.auth.vault import KmsVault, Vault
from trimetric.dynamo.table import DynamoTable, Table

#: Where `make run` leaves the description of the local stack, seen from the repository's root.
STACK_FILE: Final = Path(".local/stack.json")

#: What the local cloud takes as credentials: an account number and any secret. They open nothing on AWS.
LOCAL_ACCESS_KEY: Final = "000000000000"
LOCAL_SECRET_KEY: Final = "test"  # noqa: S105 - not a secret

_BAD_CREDENTIALS: Final = {
    "AccessDenied",
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}


class Refused(Exception):
    """A command that cannot go on: one sentence for the operator, and the exit code."""

    def __init__(self, message: str, *, exit_code: int = 1) -> None:
        self.exit_code = exit_code
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Place:
    """`endpoint_url` is set for a local stack only, which takes any credentials."""

    stack_name: str
    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None


def choose(*, stack: str | None, local: bool, profile: str | None, region: str | None, stack_file: Path) -> Place:
    """The stack that the global options name; Refused if they contradict each other or name none."""
    if local and (stack or profile):
        raise Refused("Give either --local or --stack with --profile, not both.", exit_code=2)
    if stack:
        return Place(stack, region=region, profile=profile)
    if profile:
        raise Refused("Name the stack as well: --stack NAME.", exit_code=2)
    if local or stack_file.exists():
        return _local(stack_file, region)
    raise Refused(f"Name a stack with --stack NAME, or start a local one: {stack_file} is not there.", exit_code=2)


def _local(stack_file: Path, region: str | None) -> Place:
    try:
        document = json.loads(stack_file.read_text(encoding="utf-8"))
        return Place(
            document["stack_name"],
            region=region or document["region"],
            endpoint_url=document["aws_endpoint_url"],
        )
    except FileNotFoundError as error:
        raise Refused(f"There is no local stack: {stack_file} is not there; start one with `make run`.") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Refused(f"{stack_file} could not be read as the description of a local stack.") from error


def connect(place: Place) -> Table:
    """The table of the stack, by its CloudFormation output `TableName`."""
    client = _clients(place)
    return DynamoTable(client("dynamodb"), _output(client("cloudformation"), place, "TableName"))


def open_vault(place: Place) -> Vault:
    """What seals with the stack's KMS key, by its CloudFormation output `KeyArn`."""
    client = _clients(place)
    return KmsVault(_output(client("cloudformation"), place, "KeyArn"), kms=client("kms"))


@dataclass(frozen=True, slots=True)
class SigningSecret:
    """The secret that signs access tokens, by the CloudFormation output `SigningSecretArn`."""

    client: Any
    arn: str


def open_signing_secret(place: Place) -> SigningSecret:
    client = _clients(place)
    return SigningSecret(client("secretsmanager"), _output(client("cloudformation"), place, "SigningSecretArn"))


def _clients(place: Place) -> Callable[[str], Any]:
    config = Config(connect_timeout=5, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})
    if place.endpoint_url:
        session = local_session(place.region)
    else:
        session = boto3.Session(region_name=place.region, profile_name=place.profile)
    return partial(session.client, endpoint_url=place.endpoint_url, config=config)


def _output(cloudformation: Any, place: Place, name: str) -> str:
    outputs = stack_outputs(cloudformation, place.stack_name)
    if name not in outputs:
        raise Refused(f"The stack {place.stack_name} has no output {name}: it is not a Trimetric stack.")
    return outputs[name]


def local_session(region: str | None) -> boto3.Session:
    """For the local cloud, whatever credentials and profiles the machine has."""
    return boto3.Session(LOCAL_ACCESS_KEY, LOCAL_SECRET_KEY, region_name=region)


def stack_outputs(cloudformation: Any, stack_name: str) -> dict[str, str]:
    """Output values by key; Refused if there is no such stack."""
    try:
        stacks = cloudformation.describe_stacks(StackName=stack_name)["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] in ("ValidationError", "ResourceNotFoundException"):
            stacks = []
        else:
            raise
    if not stacks:
        raise Refused(f"There is no stack {stack_name} in this account and region.")
    return {output["OutputKey"]: output["OutputValue"] for output in stacks[0].get("Outputs", [])}


def explain(error: BotoCoreError | ClientError) -> str:
    """What AWS said, as one sentence that says what to do."""
    match error:
        case NoCredentialsError() | PartialCredentialsError() | CredentialRetrievalError():
            return "There are no AWS credentials: use --profile, or --local for the local stack."
        case ProfileNotFound():
            return "There is no such AWS profile in your configuration."
        case NoRegionError():
            return "No AWS region is set: use --region."
        case EndpointConnectionError():
            return "The stack does not answer: is it running (`make run`), and are the endpoint and region right?"
        case ClientError():
            code = error.response["Error"]["Code"]
            if code in _BAD_CREDENTIALS:
                return f"AWS refused these credentials ({code})."
            return f"AWS refused the request ({code})."
    return f"AWS could not be asked ({type(error).__name__})."


Connect = Callable[[Place], Table]
OpenVault = Callable[[Place], Vault]
OpenSigningSecret = Callable[[Place], SigningSecret]
