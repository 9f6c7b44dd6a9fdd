"""Which stack a command works on, and what is said when there is none."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
    ReadTimeoutError,
)
from botocore.stub import Stubber
from moto import mock_aws

from tests.cli.conftest import Desk
from trimetric.dynamo.table import DynamoTable
from trimetric_cli import stack
from trimetric_cli.app import globals_first
from trimetric_cli.stack import Place, Refused, explain, stack_outputs

LOCAL = {
    "base_url": "http://127.0.0.1:8080",
    "aws_endpoint_url": "http://127.0.0.1:4566",
    "region": "us-east-1",
    "stack_name": "trimetric-local",
}
LOCAL_PLACE = Place("trimetric-local", region="us-east-1", endpoint_url="http://127.0.0.1:4566")


@pytest.fixture
def stack_file(tmp_path: Path) -> Path:
    path = tmp_path / "stack.json"
    path.write_text(json.dumps(LOCAL))
    return path


@pytest.mark.parametrize("line", [["--local"], []], ids=["asked for", "by default"])
def test_the_local_stack_is_taken_where_its_file_is(desk: Desk, stack_file: Path, line: list[str]) -> None:
    result = desk.type_exactly(*line, "--stack-file", str(stack_file), "workspaces", "list")
    assert (result.exit_code, desk.places) == (0, [LOCAL_PLACE])


def test_the_environment_may_say_where_the_local_stack_is(desk: Desk, stack_file: Path) -> None:
    desk.type_exactly("workspaces", "list", environment={"TRIMETRIC_STACK_FILE": str(stack_file)})
    assert desk.places == [LOCAL_PLACE]


def test_a_named_stack_goes_before_the_local_one(desk: Desk, stack_file: Path) -> None:
    place = ["--stack", "prod", "--profile", "acme", "--region", "eu-west-1"]
    desk.type_exactly("--stack-file", str(stack_file), *place, "workspaces", "list")
    assert desk.places == [Place("prod", region="eu-west-1", profile="acme")]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ([], "Error: Name a stack with --stack NAME, or start a local one: no-such-folder/stack.json is not there.\n"),
        (["--profile", "acme"], "Error: Name the stack as well: --stack NAME.\n"),
        (["--local", "--stack", "prod"], "Error: Give either --local or --stack with --profile, not both.\n"),
    ],
    ids=["no stack at all", "a profile alone", "two stacks"],
)
def test_no_or_contradicting_stacks_are_wrong_usage(desk: Desk, line: list[str], sentence: str) -> None:
    result = desk.type_exactly(*line, "workspaces", "list")
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", sentence)


def test_a_missing_local_stack_is_named(desk: Desk) -> None:
    result = desk.type_exactly("--local", "workspaces", "list")
    assert result.exit_code == 1
    assert "no-such-folder/stack.json is not there" in result.stderr


@pytest.mark.parametrize("content", ["", "[]", '{"region": "us-east-1"}'], ids=["empty", "a list", "half of it"])
def test_a_damaged_description_is_named(desk: Desk, tmp_path: Path, content: str) -> None:
    path = tmp_path / "stack.json"
    path.write_text(content)
    result = desk.type_exactly("--stack-file", str(path), "workspaces", "list")
    assert result.exit_code == 1
    assert f"{path} could not be read" in result.stderr


def test_arguments_are_judged_before_the_stack(desk: Desk) -> None:
    assert desk.type_exactly("workspaces", "set-limit", "Acme", "x").exit_code == 2
    assert desk.places == []


@pytest.mark.parametrize(
    ("line", "sorted_line"),
    [
        (["workspaces", "list", "--json"], ["--json", "workspaces", "list"]),
        (["keys", "list", "x", "--stack", "a", "--yes"], ["--stack", "a", "--yes", "keys", "list", "x"]),
        (["keys", "list", "x", "--region=eu-west-1"], ["--region=eu-west-1", "keys", "list", "x"]),
        (["workspaces", "create", "--", "--json"], ["workspaces", "create", "--", "--json"]),
        (["workspaces", "list", "--stack"], ["--stack", "workspaces", "list"]),
    ],
    ids=["a flag", "options with values", "with an equals sign", "after two dashes", "a value that is missing"],
)
def test_global_options_may_stand_anywhere(line: list[str], sorted_line: list[str]) -> None:
    assert globals_first(line) == sorted_line


def test_help_needs_no_stack(desk: Desk) -> None:
    for line in (["--help"], ["keys", "--help"], ["keys", "rotate", "--help"]):
        assert desk.type_exactly(*line).exit_code == 0


@pytest.fixture
def cloudformation() -> Any:
    return boto3.client("cloudformation", "us-east-1", aws_access_key_id="x", aws_secret_access_key="x")


def described(outputs: dict[str, str]) -> dict[str, Any]:
    entries = [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]
    stack_itself = {"StackName": "prod", "CreationTime": "2026-01-01", "StackStatus": "CREATE_COMPLETE"}
    return {"Stacks": [{**stack_itself, "Outputs": entries}]}


def test_outputs_are_read_by_key(cloudformation: Any) -> None:
    with Stubber(cloudformation) as stubber:
        outputs = {"TableName": "t", "BucketsTableName": "b"}
        stubber.add_response("describe_stacks", described(outputs), {"StackName": "prod"})
        assert stack_outputs(cloudformation, "prod") == outputs


def test_a_stack_that_is_not_there_is_named(cloudformation: Any) -> None:
    with Stubber(cloudformation) as stubber:
        stubber.add_client_error("describe_stacks", "ValidationError")
        with pytest.raises(Refused, match=r"There is no stack prod in this account and region\."):
            stack_outputs(cloudformation, "prod")


def test_other_refusals_are_left_to_be_explained(cloudformation: Any) -> None:
    with Stubber(cloudformation) as stubber:
        stubber.add_client_error("describe_stacks", "ExpiredToken")
        with pytest.raises(ClientError):
            stack_outputs(cloudformation, "prod")


@pytest.mark.parametrize("place", [LOCAL_PLACE, Place("prod", region="eu-west-1")], ids=["local", "on AWS"])
def test_the_table_is_the_one_that_the_stack_names(monkeypatch: pytest.MonkeyPatch, place: Place) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(stack, "stack_outputs", lambda client, name: {"TableName": f"{name}-table"})
    table = stack.connect(place)
    assert isinstance(table, DynamoTable)
    assert table.name == f"{place.stack_name}-table"


def test_a_stack_of_something_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack, "stack_outputs", lambda client, name: {"BucketName": "b"})
    with pytest.raises(Refused, match="not a Trimetric stack"):
        stack.connect(LOCAL_PLACE)


def test_the_vault_seals_with_the_key_that_the_stack_names(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        kms = boto3.client("kms", region_name="eu-west-1")
        arn = kms.create_key()["KeyMetadata"]["Arn"]
        monkeypatch.setattr(stack, "stack_outputs", lambda client, name: {"KeyArn": arn})
        names = {"workspace_id": "ws_1", "credential_id": "key_1"}
        sealed = stack.open_vault(Place("prod", region="eu-west-1")).seal(b"secret", **names)
        assert kms.decrypt(CiphertextBlob=sealed, EncryptionContext=names)["Plaintext"] == b"secret"
    monkeypatch.setattr(stack, "stack_outputs", lambda client, name: {"TableName": "t"})
    with pytest.raises(Refused, match="no output KeyArn"):
        stack.open_vault(LOCAL_PLACE)


def client_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "secret details"}}, "DescribeStacks")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (NoCredentialsError(), "There are no AWS credentials: use --profile, or --local for the local stack."),
        (ProfileNotFound(profile="x"), "There is no such AWS profile in your configuration."),
        (NoRegionError(), "No AWS region is set: use --region."),
        (
            EndpointConnectionError(endpoint_url="http://127.0.0.1:1"),
            "The stack does not answer: is it running (`make run`), and are the endpoint and region right?",
        ),
        (client_error("ExpiredToken"), "AWS refused these credentials (ExpiredToken)."),
        (client_error("Throttling"), "AWS refused the request (Throttling)."),
        (ReadTimeoutError(endpoint_url="http://127.0.0.1:1"), "AWS could not be asked (ReadTimeoutError)."),
    ],
    ids=["no credentials", "no profile", "no region", "nobody there", "expired", "other refusal", "other failure"],
)
def test_what_aws_says_becomes_one_sentence(desk: Desk, error: BotoCoreError | ClientError, sentence: str) -> None:
    assert explain(error) == sentence

    class Unreachable(Desk):
        def _connect(self, place: Place) -> DynamoTable:
            raise error

    result = Unreachable(desk.table).type("workspaces", "list")
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", f"Error: {sentence}\n")


def test_a_table_that_does_not_answer_is_one_sentence_too(desk: Desk) -> None:
    class Nobody:
        def query(self, **request: Any) -> Any:
            raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")

    desk.table = DynamoTable(Nobody(), "t")
    result = desk.type("workspaces", "list")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: The stack does not answer")
