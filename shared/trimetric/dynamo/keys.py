"""Every key of the single table.

`W` stands for the workspace's id: it begins each partition key but those of the operators' list and of logins, which
must find out the workspace, so no query of the API can reach another tenant.

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


| number that was given last (Metricis studies, batteries) | `W`      | `count#<name>`   | |
| Metricis study by number                       | `W#mst#<n>`      | `study`          | |
| … its number by code                           | `W#mst_code#<sha256>` | `study`     | |
| Metricis battery by number                     | `W#battery_<n>`  | `battery`        | |
| Metricis participant by id (derived from study and code) | `W#par_…` | `participant`  | |
| … the sessions that name this person           | `W#par_…`        | `session#sess_…` | |
| imports of Metricis participants: unfinished, committed | `W#par_imports` | `open#<id>`, `committed#<id>` | |
| Metricis session by id                         | `W#sess_…`       | `session`        | |
| … its trials; what it adds to its study's metrics | `W#sess_…`    | `trials#<nn>#<nn>`, `addition` | |
| folded metrics of a Metricis study; in parts   | `W#mst#<n>#sessions` | `metrics`, `metrics#<nn>` | |
| … sessions that are to be folded in, or out    | `W#mst#<n>#sessions` | `waits#sess_…#in`, `waits#sess_…#out` | |
| Metricis list (all or of a study): head, directory | `W#list#<kind>#<all or n>` | `a#0`, `a#1` | |
| … changes that are not folded in               | `W#list#<kind>#<all or n>` | `a#2#<millis>#<id>#<version>#…` | |
| … buckets of entries                           | `W#list#<kind>#<all or n>` | `b#<n>` | |
| user by id; users of a workspace                | `W`              | `user#usr_…`     | |
| login of a user, with its newest refresh token | `W#usr_…`        | `login#<id>`     | |
| user by e-mail, in whichever workspace         | `login#<sha256>` | `user`           | |
| passwords tried for an e-mail                  | `login#<sha256>` | `attempts`       | |
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

#: Begins all but the buckets of a list; the head is read first, records last.
LIST_INDEX: Final = "a#"
LIST_HEAD: Final = "a#0"
LIST_DIRECTORY: Final = "a#1"
_MOST_MILLIS: Final = 10**13 - 1
_MOST_VERSIONS: Final = 10**9 - 1


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


def user(workspace_id: str, user_id: str) -> Key:
    return Key(workspace_id, f"user#{user_id}")


def login_session(workspace_id: str, user_id: str, session_id: str) -> Key:
    return Key(f"{workspace_id}#{user_id}", f"login#{session_id}")


def login(email_digest: str) -> Key:
    return Key(f"login#{email_digest}", "user")


def login_attempts(email_digest: str) -> Key:
    return Key(f"login#{email_digest}", "attempts")


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


def given_number(workspace_id: str, name: str) -> Key:
    return Key(workspace_id, f"count#{name}")


def clinical_study(workspace_id: str, number: int) -> Key:
    return Key(f"{workspace_id}#mst#{number}", "study")


def clinical_study_code(workspace_id: str, digest: str) -> Key:
    return Key(f"{workspace_id}#mst_code#{digest}", "study")


def battery(workspace_id: str, number: int) -> Key:
    return Key(f"{workspace_id}#battery_{number}", "battery")


def clinical_participant(workspace_id: str, participant_id: str) -> Key:
    return Key(f"{workspace_id}#{participant_id}", "participant")


def participant_session(workspace_id: str, participant_id: str, session_id: str = "") -> Key:
    return Key(f"{workspace_id}#{participant_id}", f"session#{session_id}")


def session(workspace_id: str, session_id: str) -> Key:
    return Key(f"{workspace_id}#{session_id}", "session")


def session_trials(workspace_id: str, session_id: str, block: int, part: int) -> Key:
    return Key(f"{workspace_id}#{session_id}", f"trials#{block:02d}#{part:02d}")


def session_addition(workspace_id: str, session_id: str) -> Key:
    return Key(f"{workspace_id}#{session_id}", "addition")


def session_metrics(workspace_id: str, study_number: int) -> Key:
    return Key(f"{workspace_id}#mst#{study_number}#sessions", METRICS_SORT)


def sessions_waiting(workspace_id: str, study_number: int) -> Key:
    """What the sort keys of sessions that wait begin with."""
    return Key(f"{workspace_id}#mst#{study_number}#sessions", "waits#")


def session_coming(workspace_id: str, study_number: int, session_id: str) -> Key:
    """A completed session that is to be folded into its study's metrics."""
    return Key(f"{workspace_id}#mst#{study_number}#sessions", f"waits#{session_id}#in")


def session_going(workspace_id: str, study_number: int, session_id: str) -> Key:
    """A session that was completed and deleted since."""
    return Key(f"{workspace_id}#mst#{study_number}#sessions", f"waits#{session_id}#out")


def open_import(workspace_id: str, import_id: str = "") -> Key:
    return Key(f"{workspace_id}#par_imports", f"open#{import_id}")


def committed_import(workspace_id: str, import_id: str) -> Key:
    return Key(f"{workspace_id}#par_imports", f"committed#{import_id}")


def list_scope(workspace_id: str, kind: str, scope: str) -> str:
    return f"{workspace_id}#list#{kind}#{scope}"


def list_head(partition: str) -> Key:
    return Key(partition, LIST_HEAD)


def list_directory(partition: str) -> Key:
    return Key(partition, LIST_DIRECTORY)


def list_record(partition: str, created_millis: int, row_id: str, version: int, token: str) -> Key:
    """Of two records of one row the later one sorts first, also if the row was created anew.

    `token` is random: rows that were created anew in the same millisecond, too, have records of their own.
    """
    order = f"{_MOST_MILLIS - created_millis:013d}#{row_id}#{_MOST_VERSIONS - version:09d}"
    return Key(partition, f"a#2#{order}#{token}")


def list_bucket(partition: str, number: int) -> Key:
    return Key(partition, f"b#{number:08d}")
