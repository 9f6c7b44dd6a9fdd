"""trimetric signing-key"""

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from tests.cli.conftest import Desk
from trimetric.auth.signing_keys import CURRENT, PREVIOUS, SecretsManager
from trimetric_cli.stack import SigningSecret


@pytest.fixture
def secret(desk: Desk) -> Iterator[SigningSecret]:
    with mock_aws():
        client = boto3.client("secretsmanager", "us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        made = client.create_secret(Name="signing", SecretString="x" * 64)
        desk.signing_secret = SigningSecret(client, made["ARN"])
        yield desk.signing_secret


def test_a_rotation_makes_the_current_key_the_previous_one(desk: Desk, secret: SigningSecret) -> None:
    fetch = SecretsManager(secret.arn, secrets=secret.client)
    assert fetch(PREVIOUS) is None
    before = fetch(CURRENT)
    assert before is not None
    assert desk.type("signing-key", "rotate").exit_code == 2
    assert fetch(CURRENT) == before
    shown = desk.ask("signing-key", "rotate", "--yes")
    after = fetch(CURRENT)
    assert after is not None
    assert shown["version"] == after.id != before.id
    assert len(after.secret) == 64
    assert fetch(PREVIOUS) == before
    rows = desk.ask("signing-key", "show")
    assert [(row["stage"], row["version"]) for row in rows] == [(CURRENT, after.id), (PREVIOUS, before.id)]


def test_a_key_is_never_shown(desk: Desk, secret: SigningSecret) -> None:
    shown = desk.type("signing-key", "show").stdout + desk.type("signing-key", "rotate", "--yes").stdout
    for stage in (CURRENT, PREVIOUS):
        found = SecretsManager(secret.arn, secrets=secret.client)(stage)
        assert found is not None
        assert found.secret.decode() not in shown
