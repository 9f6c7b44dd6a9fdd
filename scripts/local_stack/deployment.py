"""`sam deploy` against the local cloud, and what it left there."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore.config
import botocore.exceptions
import botocore.session

from scripts.build import Target, alone
from scripts.environments import ROOT, SAM

REGION = "us-east-1"
STACK_NAME = "trimetric-local"
#: MiniStack takes a twelve-digit key id for the account's root.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "000000000000", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}
#: The tag of the stack that says what it was made from.
DIGEST_TAG = "trimetric-build"


class DeployFailed(Exception):
    """One sentence for the developer."""


@dataclass(frozen=True, slots=True)
class Deployment:
    digest: str
    api_id: str
    table_name: str
    buckets_table_name: str


def aws_environment(aws_url: str) -> dict[str, str]:
    """For any program that shall talk to the local cloud, whatever AWS settings the developer has."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return (
        kept
        | CREDENTIALS
        | {
            "AWS_ENDPOINT_URL": aws_url,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
    )


def deployed(aws_url: str) -> Deployment | None:
    """What stands there, complete; None if nothing does, or only a part."""
    stack = _describe(aws_url)
    if stack is None or stack["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        return None
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
    tags = {tag["Key"]: tag["Value"] for tag in stack.get("Tags", [])}
    return Deployment(
        digest=tags.get(DIGEST_TAG, ""),
        api_id=outputs["ApiId"],
        table_name=outputs["TableName"],
        buckets_table_name=outputs["BucketsTableName"],
    )


def deploy(aws_url: str, *, target: Target, digest: str, log: Path) -> Deployment:
    _remove_failed_creation(aws_url)
    parameters = {**target.parameters, "DeletionProtection": "false", "LogLevel": "INFO"}
    command = [
        *(SAM.command("sam"), "deploy", "--config-env", "local"),
        *("--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items())),
        *("--tags", f"{DIGEST_TAG}={digest}"),
    ]
    environment = aws_environment(aws_url) | {"SAM_CLI_TELEMETRY": "0", "SAM_CLI_POLL_DELAY": "1"}
    # Nobody may build anew while the artefact is sent.
    with alone(), log.open("w") as output:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    found = deployed(aws_url) if done.returncode == 0 else None
    if found is None:
        raise DeployFailed(f"The stack could not be deployed to the local cloud; {log} says why.")
    return found


def _remove_failed_creation(aws_url: str) -> None:
    """A stack that was never complete cannot be updated, here as on AWS; there is nothing in it to keep."""
    stack = _describe(aws_url)
    if stack is not None and stack["StackStatus"] in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"):
        with _cloudformation(aws_url) as client:
            client.delete_stack(StackName=STACK_NAME)
            client.get_waiter("stack_delete_complete").wait(
                StackName=STACK_NAME, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
            )


def _describe(aws_url: str) -> dict[str, Any] | None:
    try:
        with _cloudformation(aws_url) as client:
            stacks: list[dict[str, Any]] = client.describe_stacks(StackName=STACK_NAME)["Stacks"]
    except botocore.exceptions.ClientError:
        return None
    return stacks[0] if stacks else None


@contextmanager
def _cloudformation(aws_url: str) -> Iterator[Any]:
    client: Any = botocore.session.Session().create_client(
        "cloudformation",
        region_name=REGION,
        endpoint_url=aws_url,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        config=botocore.config.Config(connect_timeout=2, read_timeout=20),
    )
    try:
        yield client
    finally:
        client.close()
