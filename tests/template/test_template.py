"""The template is what engineers believe it is: storage, rights, logs, layers."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from scripts.functions import ALL, FUNCTIONS, logical_name
from tests.template.conftest import ROOT, Template, listed
from trimetric import settings
from trimetric.dynamo import keys

#: Whoever reads people also clears away what an interrupted import left among them.
CLEARING = {"UpdateItem", "DeleteItem"}
WRITES: dict[str, set[str]] = {
    "workspace": set(),
    "folders": {"PutItem", "UpdateItem", "DeleteItem"},
    "studies": {"PutItem", "UpdateItem", "DeleteItem"},
    "content": {"PutItem", "UpdateItem"},
    "participants": CLEARING | {"PutItem", "ConditionCheckItem"},
    "results": CLEARING,
    "reports": CLEARING | {"PutItem"},
    "collect": CLEARING | {"PutItem"},
    "devices": {"PutItem", "DeleteItem", "ConditionCheckItem"},
    "surveys": {"PutItem", "UpdateItem"},
    "responses": {"PutItem", "UpdateItem", "ConditionCheckItem"},
    "survey_metrics": {"PutItem", "DeleteItem"},
    "accounts": {"PutItem", "UpdateItem", "DeleteItem"},
    "keys": {"PutItem", "UpdateItem", "DeleteItem"},
    "health": set(),
    "metricis_studies": {"PutItem", "UpdateItem", "DeleteItem"},
    "metricis_participants": {"PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"},
    "batteries": {"PutItem", "UpdateItem", "DeleteItem"},
    "sessions": {"PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"},
    "submit": {"PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"},
    "openapi": set(),
    "docs": set(),
}


def schema(properties: dict[str, Any]) -> list[tuple[str, str]]:
    return [(entry["AttributeName"], entry["KeyType"]) for entry in properties["KeySchema"]]


def test_every_group_is_one_function(template: Template) -> None:
    assert sorted(template.functions()) == sorted(f"{logical_name(group)}Function" for group in ALL)
    folders = {path.parent.name for path in (ROOT / "functions").glob("*/app.py")}
    assert folders == set(ALL)


@pytest.mark.parametrize("group", ALL)
def test_the_handler_is_the_one_of_its_folder(template: Template, group: str) -> None:
    key = f"{logical_name(group)}Function"
    properties = template.functions()[key]
    assert properties["Handler"] == f"functions.{group}.app.handler"
    assert properties["CodeUri"] == f"functions/{group}"
    assert template.resources[key]["Metadata"]["BuildProperties"] == {
        "ParentPackageMode": "explicit",
        "ParentPackages": f"functions.{group}",
    }
    assert (ROOT / properties["CodeUri"] / "app.py").is_file()


class Environment(Mapping[str, str]):
    """Holds every variable, and remembers which ones were asked for."""

    def __init__(self) -> None:
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return "1"

    def __iter__(self) -> Iterator[str]:
        return iter(self.asked)

    def __len__(self) -> int:
        return len(self.asked)


def test_functions_are_given_the_variables_that_the_settings_read(template: Template) -> None:
    shared = template.document["Globals"]["Function"]["Environment"]["Variables"]
    environment = Environment()
    settings.read(environment)
    for function in template.functions().values():
        given = {*shared, *function["Environment"]["Variables"]}
        assert given - {"PYDANTIC_DISABLE_PLUGINS"} == environment.asked


def test_the_single_table_has_the_keys_that_the_code_uses(template: Template) -> None:
    table = template.of_type("AWS::DynamoDB::Table")["Table"]
    assert schema(table) == [(keys.PARTITION, "HASH"), (keys.SORT, "RANGE")]
    indexes = {index["IndexName"]: index for index in table["LocalSecondaryIndexes"]}
    assert {name: schema(index)[1][0] for name, index in indexes.items()} == keys.INDEXES
    for index in indexes.values():
        assert schema(index)[0] == (keys.PARTITION, "HASH")
        assert index["Projection"] == {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(keys.PROJECTED)}
    named = {entry["AttributeName"]: entry["AttributeType"] for entry in table["AttributeDefinitions"]}
    assert named == dict.fromkeys((keys.PARTITION, keys.SORT, *keys.INDEXES.values()), "S")


def test_the_bucket_table_has_the_key_that_the_code_uses(template: Template) -> None:
    assert schema(template.of_type("AWS::DynamoDB::Table")["BucketsTable"]) == [(keys.BUCKET_KEY, "HASH")]


def test_both_tables_expire_by_the_attribute_that_the_code_writes(template: Template) -> None:
    for table in template.of_type("AWS::DynamoDB::Table").values():
        assert table["TimeToLiveSpecification"] == {"AttributeName": keys.TTL, "Enabled": True}


def test_data_survives_mistakes(template: Template) -> None:
    table = template.resources["Table"]
    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
    assert table["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["Properties"]["DeletionProtectionEnabled"] == {"Ref": "DeletionProtection"}
    assert template.document["Parameters"]["DeletionProtection"]["Default"] == "true"
    key = template.resources["DataKey"]
    assert key["DeletionPolicy"] == key["UpdateReplacePolicy"] == "Retain"


def test_data_is_encrypted_with_our_key_which_rotates(template: Template) -> None:
    assert template.of_type("AWS::KMS::Key")["DataKey"]["EnableKeyRotation"] is True
    ours = {"Fn::GetAtt": ["DataKey", "Arn"]}
    for table in template.of_type("AWS::DynamoDB::Table").values():
        assert table["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": ours}
    for group in template.of_type("AWS::Logs::LogGroup").values():
        assert group["KmsKeyId"] == ours


def test_every_function_logs_into_a_group_that_forgets(template: Template) -> None:
    groups = template.of_type("AWS::Logs::LogGroup")
    assert all(group["RetentionInDays"] == {"Ref": "LogRetentionDays"} for group in groups.values())
    named = {function["LoggingConfig"]["LogGroup"]["Ref"] for function in template.functions().values()}
    assert named | {"AccessLogs"} == set(groups)


def test_no_policy_names_everything_but_for_traces(template: Template) -> None:
    for source, statement in template.statements():
        assert statement["Effect"] == "Allow"
        actions = listed(statement["Action"])
        assert not any(action == "*" or action.endswith(":*") for action in actions), source
        if "*" in listed(statement["Resource"]):
            assert all(action.startswith("xray:Put") for action in actions), source


def test_each_function_has_a_role_of_its_own(template: Template) -> None:
    roles = [function["Role"]["Fn::GetAtt"][0] for function in template.functions().values()]
    assert sorted(roles) == sorted(template.of_type("AWS::IAM::Role"))


def test_nobody_may_scan_or_administer_a_table(template: Template) -> None:
    allowed = {
        *("dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:UpdateItem"),
        *("dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:ConditionCheckItem"),
        *("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"),
    }
    asked = {action for _, statement in template.statements() for action in listed(statement["Action"])}
    assert {action for action in asked if action.startswith("dynamodb:")} <= allowed


@pytest.mark.parametrize("group", FUNCTIONS)
def test_a_function_may_write_what_its_work_needs_and_no_more(template: Template, group: str) -> None:
    own = [statement for source, statement in template.statements() if source == f"{logical_name(group)}Role"]
    asked = {action for statement in own for action in listed(statement["Action"])}
    assert asked - {"logs:CreateLogStream", "logs:PutLogEvents"} == {f"dynamodb:{action}" for action in WRITES[group]}
    for statement in own:
        target = "Table" if statement["Action"][0].startswith("dynamodb:") else f"{logical_name(group)}Logs"
        assert statement["Resource"] == {"Fn::GetAtt": [target, "Arn"]}


def test_a_function_may_open_signing_secrets_and_nothing_else(template: Template) -> None:
    [statement] = [statement for source, statement in template.statements() if source == "SignaturePolicy"]
    assert statement["Action"] == "kms:Decrypt"
    assert statement["Resource"] == {"Fn::GetAtt": ["DataKey", "Arn"]}
    context = statement["Condition"]
    assert context["StringLike"]["kms:EncryptionContext:workspace_id"] == "ws_*"
    assert context["ForAllValues:StringEquals"] == {"kms:EncryptionContextKeys": ["workspace_id", "credential_id"]}


def managed(template: Template, name: str) -> list[dict[str, Any]]:
    return [statement for source, statement in template.statements() if source == name]


@pytest.mark.parametrize("group", FUNCTIONS)
def test_functions_of_the_metricis_api_may_check_access_tokens_and_no_others(template: Template, group: str) -> None:
    speaks = "make_metricis_handler" in (ROOT / "functions" / group / "app.py").read_text()
    granted = template.of_type("AWS::IAM::Role")[f"{logical_name(group)}Role"]["ManagedPolicyArns"]
    assert ({"Ref": "TokenPolicy"} in granted) is speaks


def test_functions_that_answer_with_secrets_may_seal_what_they_remember(template: Template) -> None:
    roles = template.of_type("AWS::IAM::Role")
    sealing = {name for name, role in roles.items() if {"Ref": "SealPolicy"} in role["ManagedPolicyArns"]}
    assert sealing == {"AccountsRole", "KeysRole", "HealthRole"}
    [statement] = managed(template, "SealPolicy")
    assert statement["Action"] == ["kms:Encrypt", "kms:Decrypt"]
    assert statement["Resource"] == {"Fn::GetAtt": ["DataKey", "Arn"]}
    assert statement["Condition"]["StringLike"]["kms:EncryptionContext:credential_id"] == "answer_*"


def test_only_the_keys_function_seals_signing_secrets_and_it_opens_none(template: Template) -> None:
    roles = template.of_type("AWS::IAM::Role")
    [holder] = [name for name, role in roles.items() if {"Ref": "SigningKeyPolicy"} in role["ManagedPolicyArns"]]
    assert holder == "KeysRole"
    assert {"Ref": "SignaturePolicy"} not in roles[holder]["ManagedPolicyArns"]
    [statement] = managed(template, "SigningKeyPolicy")
    assert statement["Action"] == "kms:Encrypt"
    assert statement["Resource"] == {"Fn::GetAtt": ["DataKey", "Arn"]}
    condition = statement["Condition"]
    assert condition["StringLike"] == {
        "kms:EncryptionContext:workspace_id": "ws_*",
        "kms:EncryptionContext:credential_id": "key_*",
    }
    assert condition["ForAllValues:StringEquals"] == {"kms:EncryptionContextKeys": ["workspace_id", "credential_id"]}


def test_access_tokens_are_signed_by_a_secret_that_the_template_makes_up(template: Template) -> None:
    secret = template.of_type("AWS::SecretsManager::Secret")["SigningSecret"]
    assert secret["GenerateSecretString"] == {"PasswordLength": 64, "ExcludePunctuation": True}
    assert secret["KmsKeyId"] == {"Fn::GetAtt": ["DataKey", "Arn"]}
    arn = {"Fn::GetAtt": ["SigningSecret", "Id"]}
    read, decrypt = managed(template, "TokenPolicy")
    assert (read["Action"], read["Resource"]) == ("secretsmanager:GetSecretValue", arn)
    assert (decrypt["Action"], list(decrypt["Condition"]["StringEquals"])) == ("kms:Decrypt", ["kms:ViaService"])
    variables = template.document["Globals"]["Function"]["Environment"]["Variables"]
    assert variables["SIGNING_SECRET_ID"] == arn
    assert variables["ACCESS_TOKEN_SECONDS"] == {"Ref": "AccessTokenSeconds"}
    assert template.document["Parameters"]["AccessTokenSeconds"]["Default"] == 1800


def test_every_function_may_note_the_day_of_a_keys_use_and_nothing_else(template: Template) -> None:
    [statement] = [
        statement
        for statement in managed(template, "AdmissionPolicy")
        if statement["Resource"] == {"Fn::GetAtt": ["Table", "Arn"]}
    ]
    assert statement["Action"] == "dynamodb:UpdateItem"
    assert statement["Condition"]["ForAllValues:StringEquals"] == {"dynamodb:Attributes": ["pk", "sk", "last_used_on"]}
    assert statement["Condition"]["Null"] == {"dynamodb:Attributes": "false"}


def test_only_the_api_may_call_a_function_that_answers_requests_and_nobody_another(template: Template) -> None:
    permissions = template.of_type("AWS::Lambda::Permission").values()
    answering = sorted(f"{logical_name(group)}Function" for group in FUNCTIONS)
    assert sorted(permission["FunctionName"]["Ref"] for permission in permissions) == answering
    for permission in permissions:
        assert permission["Principal"] == "apigateway.amazonaws.com"
        assert "${Api}" in permission["SourceArn"]["Fn::Sub"]


def test_layers_and_functions_are_built_for_the_same_target(template: Template) -> None:
    ours = template.document["Globals"]["Function"]
    assert ours["Runtime"] == {"Ref": "PythonRuntime"}
    assert ours["Architectures"] == [{"Ref": "Architecture"}]
    assert ours["Layers"] == [{"Ref": "DependenciesLayer"}, {"Ref": "SharedLayer"}]
    for name in ("DependenciesLayer", "SharedLayer"):
        layer = template.resources[name]
        assert layer["Metadata"] == {
            "BuildMethod": {"Ref": "PythonRuntime"},
            "BuildArchitecture": {"Ref": "Architecture"},
        }
        assert layer["Properties"]["CompatibleArchitectures"] == [{"Ref": "Architecture"}]
        assert layer["Properties"]["CompatibleRuntimes"] == [{"Ref": "PythonRuntime"}]
    assert not any({"Runtime", "Architectures", "Layers"} & set(function) for function in template.functions().values())


def test_functions_are_told_where_things_are(template: Template) -> None:
    variables = template.document["Globals"]["Function"]["Environment"]["Variables"]
    assert variables["TABLE_NAME"] == {"Ref": "Table"}
    assert variables["BUCKETS_TABLE_NAME"] == {"Ref": "BucketsTable"}
    assert variables["CORS_ORIGINS"] == {"Ref": "CorsOrigins"}
    assert template.document["Parameters"]["CorsOrigins"]["Default"] == ""
    services = {
        function["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] for function in template.functions().values()
    }
    assert len(services) == len(ALL)


def test_no_log_line_of_the_gateway_holds_a_path_or_a_credential(template: Template) -> None:
    line = template.of_type("AWS::ApiGatewayV2::Stage")["Stage"]["AccessLogSettings"]["Format"]
    assert not any(name in line for name in ("$context.path", "authorization", "$context.identity.apiKey"))


def test_tools_and_seeds_find_the_outputs(template: Template) -> None:
    assert set(template.document["Outputs"]) == {
        *("ApiId", "ApiUrl", "TableName", "BucketsTableName"),
        *("KeyArn", "SigningSecretArn"),
    }


def test_locked_packages_have_hashes_and_name_no_registry() -> None:
    locks = [*(ROOT / "requirements").glob("*.txt"), ROOT / "layers" / "dependencies" / "requirements.txt"]
    assert len(locks) == 5
    for lock in locks:
        lines = lock.read_text().splitlines()
        assert not [line for line in lines if line.startswith(("--index", "--extra-index", "-i ", "--find-links"))], (
            lock
        )
        assert not [line for line in lines if "://" in line], lock
        assert unhashed(lines) == [], lock


def unhashed(lines: Iterable[str]) -> list[str]:
    return [line for line in lines if "==" in line and not line.lstrip().startswith("#") and not line.endswith("\\")]


def test_development_runs_the_versions_of_the_layer() -> None:
    def pins(path: Path) -> set[str]:
        return {
            line.split(" ")[0] for line in path.read_text().splitlines() if "==" in line and not line.startswith(" ")
        }

    layer = pins(ROOT / "layers" / "dependencies" / "requirements.txt")
    assert layer
    assert layer <= pins(ROOT / "requirements" / "dev.txt")
