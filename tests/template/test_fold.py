"""The stream's part of the template: who wakes the fold function, what it may do, and where failures end."""

import json
from collections.abc import Mapping
from typing import Any

from functions.fold.service import RESERVE_MILLIS
from tests.template.conftest import ROOT, Template, listed

RECORDS = json.loads((ROOT / "events" / "streams" / "people.json").read_text())["Records"]


def source(template: Template) -> dict[str, Any]:
    [found] = template.of_type("AWS::Lambda::EventSourceMapping").values()
    return found


def matches(pattern: Mapping[str, Any], record: Any) -> bool:
    """Lambda's filter rules, as far as ours go."""
    if not isinstance(record, dict):
        return False
    for name, wanted in pattern.items():
        if isinstance(wanted, dict):
            if not matches(wanted, record.get(name)):
                return False
        elif not any(allows(rule, record, name) for rule in wanted):
            return False
    return True


def allows(rule: Any, record: Mapping[str, Any], name: str) -> bool:
    if not isinstance(rule, dict):
        return bool(record.get(name) == rule)
    [(kind, value)] = rule.items()
    if kind == "prefix":
        return str(record.get(name, "")).startswith(value)
    assert kind == "exists", f"a rule that this test does not know: {kind}"
    return (name in record) is value


def test_only_people_whose_metrics_are_stale_wake_the_function(template: Template) -> None:
    [only] = source(template)["FilterCriteria"]["Filters"]
    pattern = json.loads(only["Pattern"])
    passed = [place for place, record in enumerate(RECORDS) if matches(pattern, record)]
    # Not: a fold's own writes (a person who is stale no more, the state), the study's counts, a removal.
    assert passed == [0, 1, 2, 3, 4]


def test_a_batch_is_retried_in_part_for_a_while_and_then_told_of(template: Template) -> None:
    mapping = source(template)
    assert mapping["EventSourceArn"] == {"Fn::GetAtt": ["Table", "StreamArn"]}
    assert mapping["FunctionName"] == {"Ref": "FoldFunction"}
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BisectBatchOnFunctionError"] is True
    assert 0 < mapping["MaximumRetryAttempts"] < 100
    assert 0 < mapping["MaximumRecordAgeInSeconds"] <= 86_400
    assert 1 <= mapping["MaximumBatchingWindowInSeconds"] <= 5
    assert mapping["DestinationConfig"]["OnFailure"]["Destination"] == {"Fn::GetAtt": ["FoldDeadLetters", "Arn"]}
    # People of a study are of one item collection; side by side, batches of it would only lose races.
    assert mapping["ParallelizationFactor"] == 1


def test_the_stream_carries_what_the_filter_asks_for(template: Template) -> None:
    table = template.of_type("AWS::DynamoDB::Table")["Table"]
    assert table["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}


def test_dead_letters_are_encrypted_and_kept_for_two_weeks(template: Template) -> None:
    queue = template.of_type("AWS::SQS::Queue")["FoldDeadLetters"]
    assert queue["KmsMasterKeyId"] == {"Fn::GetAtt": ["DataKey", "Arn"]}
    assert queue["MessageRetentionPeriod"] == 14 * 86_400


def test_there_is_an_alarm_for_each_way_of_falling_behind(template: Template) -> None:
    alarms = template.of_type("AWS::CloudWatch::Alarm")
    watched = {
        (alarm["MetricName"], json.dumps(alarm["Dimensions"][0]["Value"]))
        for name, alarm in alarms.items()
        if name.startswith("Fold") and not name.startswith("Folders")
    }
    function, queue = json.dumps({"Ref": "FoldFunction"}), json.dumps({"Fn::GetAtt": ["FoldDeadLetters", "QueueName"]})
    assert watched == {
        ("Errors", function),
        ("IteratorAge", function),
        ("ApproximateNumberOfMessagesVisible", queue),
    }


def test_the_function_may_read_the_stream_fold_and_report(template: Template) -> None:
    asked = {
        action: statement["Resource"]
        for role, statement in template.statements()
        if role == "FoldRole"
        for action in listed(statement["Action"])
        if action.partition(":")[0] in ("dynamodb", "sqs")
    }
    table, stream = {"Fn::GetAtt": ["Table", "Arn"]}, {"Fn::GetAtt": ["Table", "StreamArn"]}
    assert asked == {
        "dynamodb:DescribeStream": stream,
        "dynamodb:GetRecords": stream,
        "dynamodb:GetShardIterator": stream,
        "dynamodb:ListStreams": {"Fn::Sub": "${Table.Arn}/stream/*"},
        "dynamodb:PutItem": table,
        "dynamodb:UpdateItem": table,
        "dynamodb:DeleteItem": table,
        "sqs:SendMessage": {"Fn::GetAtt": ["FoldDeadLetters", "Arn"]},
    }
    attached = template.of_type("AWS::IAM::Role")["FoldRole"]["ManagedPolicyArns"]
    assert attached == [{"Ref": "LookupPolicy"}], "it has no business with token buckets"


def test_a_batch_has_time_to_end_before_the_function_is_stopped(template: Template) -> None:
    assert template.functions()["FoldFunction"]["Timeout"] * 1000 >= 3 * RESERVE_MILLIS
