"""Every key of the single table.

`W` stands for the workspace's id: it begins each partition key but that of the operators' list, so no query of the API
can reach another tenant.

| access pattern                                 | partition `pk`   | sort `sk`        | index |
| ---------------------------------------------- | ---------------- | ---------------- | -------------------------- |
| workspace by id; its counters                  | `W`              | `workspace`, `counts` | |
| credential of a workspace by hash; list        | `W`              | `key#<sha256>`   | |
| all workspaces (operators)                     | `workspaces`     | `W`              | |
| folder by id; folders in creation order        | `W#folders`      | `fld_…`          | |
| … by archived                                  |                  |                  | lsi1 `<0 or 1>#fld_…` |
| study by id; studies in creation order         | `W#studies`      | `std_…`          | |
| … by status                                    |                  |                  | lsi1 `<status>#std_…` |
| … by type                                      |                  |                  | lsi2 `<type>#std_…` |
| … by folder                                    |                  |                  | lsi3 `fld_…#std_…` |
| settings and content of a study                | `W#std_…`        | `design`         | |
| participant by id (or by external id, derived) | `W#std_…#people` | `prt_…`          | |
| participants in creation order                 |                  |                  | lsi1 `<order>` |
| … by excluded                                  |                  |                  | lsi2 `<0 or 1>#<order>` |
| … changed since an instant                     |                  |                  | lsi3 `<millis>#prt_…` |
| … whose part in the metrics is stale           |                  |                  | lsi4 `<millis>#prt_…` |
| folded metrics of a study                      | `W#std_…#people` | `metrics`        | |
| … their parts, where they are large            | `W#std_…#people` | `metrics#<nn>`   | |
| … whether a reader waits for the stream        | `W#std_…#people` | `metrics#waited-for` | |
| an import that needs several transactions      | `W#std_…#people` | `import#<id>`    | |
| device by id                                   | `W#devices`      | 22 characters    | |
| devices in creation order                      |                  |                  | lsi1 `<millis>#<id>` |
| survey by id                                   | `W#surveys`      | `<n>`            | |
| surveys in creation order                      |                  |                  | lsi1 `<millis>#<n>` |
| number of the last survey                      | `W#surveys`      | `counter`        | |
| what admits responses to a survey              | `W#survey#<n>#gate#<k>` | `gate`    | |
| response by id; a month's in submitted order   | `W#survey#<n>#<yyyy-mm>` | `rsp_…`  | |
| months that hold responses                     | `W#survey#<n>#months` | `<yyyy-mm>` | |
| response by external id                        | `W#survey#<n>#external#<sha256>` | `response` | |
| responses that are in no metrics yet           | `W#survey#<n>#unfolded` | `rsp_…` | |
| folded metrics of a survey's day               | `W#survey#<n>#metrics` | `<yyyy-mm-dd>` | |
| … their parts, where they are large            | `W#survey#<n>#metrics` | `<yyyy-mm-dd>#<nn>` | |
| answer remembered for an Idempotency-Key       | `W#idem#<sha256>` | `answer`         | |

The indexes are local: a list read directly after a write must show it, so it has to be strongly consistent. They
project `row` (what a list shows) and `counts` (of a study its people, of a participant what of them is folded into the
metrics), nothing else; whoever needs more reads the item itself.
`<order>` is creation time in milliseconds, place inside the request, id.
"""

from typing import Final, NamedTuple

PARTITION: Final = "pk"
SORT: Final = "sk"
TTL: Final = "expires_at"
INDEXES: Final = {"lsi1": "l1", "lsi2": "l2", "lsi3": "l3", "lsi4": "l4"}
PROJECTED: Final = ("row", "counts")
BUCKET_KEY: Final = "bucket"

METRICS_SORT: Final = "metrics"


class Key(NamedTuple):
    pk: str
    sk: str


def workspace(workspace_id: str) -> Key:
    return Key(workspace_id, "workspace")


def workspace_counts(workspace_id: str) -> Key:
    return Key(workspace_id, "counts")


def workspace_registry(workspace_id: str) -> Key:
    return Key("workspaces", workspace_id)


def credential(workspace_id: str, secret_hash: str) -> Key:
    return Key(workspace_id, f"key#{secret_hash}")


def folders(workspace_id: str) -> str:
    return f"{workspace_id}#folders"


def folder(workspace_id: str, folder_id: str) -> Key:
    return Key(folders(workspace_id), folder_id)


def folder_by_archived(archived: bool, folder_id: str = "") -> str:
    return f"{int(archived)}#{folder_id}"


def studies(workspace_id: str) -> str:
    return f"{workspace_id}#studies"


def study(workspace_id: str, study_id: str) -> Key:
    return Key(studies(workspace_id), study_id)


def study_by(value: str, study_id: str = "") -> str:
    return f"{value}#{study_id}"


def design(workspace_id: str, study_id: str) -> Key:
    return Key(f"{workspace_id}#{study_id}", "design")


def people(workspace_id: str, study_id: str) -> str:
    return f"{workspace_id}#{study_id}#people"


def study_of_people(partition: str) -> tuple[str, str]:
    """The ids that `people` made the partition of; ValueError for another one."""
    workspace_id, study_id, kind = partition.split("#")
    if kind != "people":
        raise ValueError(partition)
    return workspace_id, study_id


def participant(workspace_id: str, study_id: str, participant_id: str) -> Key:
    return Key(people(workspace_id, study_id), participant_id)


def participant_order(millis: int, place: int, participant_id: str) -> str:
    return f"{millis:013d}#{place:04d}#{participant_id}"


def participant_by_excluded(excluded: bool, order: str = "") -> str:
    return f"{int(excluded)}#{order}"


def participant_by_time(millis: int, participant_id: str = "") -> str:
    return f"{millis:013d}#{participant_id}"


def metrics(workspace_id: str, study_id: str) -> Key:
    return Key(people(workspace_id, study_id), METRICS_SORT)


def metrics_part(head: Key, number: int) -> Key:
    """One of the parts of metrics that do not fit into their `head` item."""
    return Key(head.pk, f"{head.sk}#{number:02d}")


def metrics_waited_for(workspace_id: str, study_id: str) -> Key:
    """Stands there while a reader cannot get at the metrics because the stream folds."""
    return Key(people(workspace_id, study_id), f"{METRICS_SORT}#waited-for")


def staged_import(workspace_id: str, study_id: str, import_id: str) -> Key:
    return Key(people(workspace_id, study_id), f"import#{import_id}")


def devices(workspace_id: str) -> str:
    return f"{workspace_id}#devices"


def device(workspace_id: str, device_id: str) -> Key:
    return Key(devices(workspace_id), device_id)


def by_creation(millis: int, suffix: str = "") -> str:
    """A place in creation order; without `suffix`, before all that was created in that millisecond."""
    return f"{millis:015d}#{suffix}" if suffix else f"{millis:015d}"


def surveys(workspace_id: str) -> str:
    return f"{workspace_id}#surveys"


def survey(workspace_id: str, survey_id: int) -> Key:
    return Key(surveys(workspace_id), f"{survey_id:010d}")


def survey_counter(workspace_id: str) -> Key:
    return Key(surveys(workspace_id), "counter")


def survey_gate(workspace_id: str, survey_id: int, number: int) -> Key:
    return Key(f"{workspace_id}#survey#{survey_id}#gate#{number}", "gate")


def responses(workspace_id: str, survey_id: int, month: str) -> str:
    return f"{workspace_id}#survey#{survey_id}#{month}"


def response(workspace_id: str, survey_id: int, month: str, response_id: str) -> Key:
    return Key(responses(workspace_id, survey_id, month), response_id)


def response_months(workspace_id: str, survey_id: int) -> str:
    return f"{workspace_id}#survey#{survey_id}#months"


def response_month(workspace_id: str, survey_id: int, month: str) -> Key:
    return Key(response_months(workspace_id, survey_id), month)


def external_response(workspace_id: str, survey_id: int, digest: str) -> Key:
    return Key(f"{workspace_id}#survey#{survey_id}#external#{digest}", "response")


def unfolded_responses(workspace_id: str, survey_id: int) -> str:
    return f"{workspace_id}#survey#{survey_id}#unfolded"


def unfolded_response(workspace_id: str, survey_id: int, response_id: str) -> Key:
    return Key(unfolded_responses(workspace_id, survey_id), response_id)


def survey_day_metrics(workspace_id: str, survey_id: int, day: str) -> Key:
    return Key(f"{workspace_id}#survey#{survey_id}#metrics", day)


def remembered_answer(workspace_id: str, digest: str) -> Key:
    return Key(f"{workspace_id}#idem#{digest}", "answer")
