"""What the table's stream says: in which studies people changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord, DynamoDBStreamEvent

from trimetric.dynamo import keys
from trimetric.dynamo.imports import PENDING


@dataclass(frozen=True, slots=True)
class Change:
    """`records` of a batch are about people of this study; `last` is the sequence number of the last one."""

    workspace_id: str
    study_id: str
    records: int
    last: str


def changes_of(event: dict[str, Any]) -> Sequence[Change]:
    """One change a study, the one with the fewest records first: a small study does not wait behind a large import.

    The template's filter lets only people through who are stale; what else comes is passed over.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for record in DynamoDBStreamEvent(event).records:
        if (study := _study_of(record)) is not None and record.dynamodb and record.dynamodb.sequence_number:
            found.setdefault(study, []).append(record.dynamodb.sequence_number)
    changes = [Change(*study, len(numbers), numbers[-1]) for study, numbers in found.items()]
    return sorted(changes, key=lambda change: change.records)


def _study_of(record: DynamoDBRecord) -> tuple[str, str] | None:
    """None for what is nobody's result: our own folds, and people of an import that is not committed yet."""
    image = record.raw_event["dynamodb"].get("NewImage", {})
    row = image.get("row", {}).get("M")
    if "l4" not in image or row is None or PENDING in row:
        return None
    return keys.study_of_people(image[keys.PARTITION]["S"])
