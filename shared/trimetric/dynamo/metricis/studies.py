"""Clinical studies in the single table.

`counts` (participants, batteries, sessions) moves in their transactions, so a study is deleted only while it holds
nothing. A code is taken by an item of its own, whose key is derived from it.
"""

import hashlib
from collections.abc import Iterable, Sequence

from trimetric.domain.metricis.studies import ClinicalStudy, StudyStatus
from trimetric.dynamo import keys
from trimetric.dynamo.keys import Key
from trimetric.dynamo.table import Action, Condition, Delete, Item, Put, Table, Update, absent, equals, present


class ClinicalStudies:
    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, workspace_id: str, number: int) -> ClinicalStudy | None:
        item = self._table.get(keys.clinical_study(workspace_id, number))
        return _study(item) if item else None

    def get_many(self, workspace_id: str, numbers: Iterable[int]) -> list[ClinicalStudy]:
        """In the order of `numbers`; those that are gone are left out."""
        wanted = [keys.clinical_study(workspace_id, number) for number in numbers]
        found = self._table.get_many(wanted)
        return [_study(found[key]) for key in wanted if key in found]


def creation(workspace_id: str, study: ClinicalStudy) -> Sequence[Action]:
    """Refused (place 0: the number, place 1: the code) if one of them is taken."""
    item = _item(workspace_id, study) | {"counts": {"participants": 0, "batteries": 0, "sessions": 0}}
    return Put(item, [absent()]), _code_taken(workspace_id, study)


def change(workspace_id: str, before: ClinicalStudy, after: ClinicalStudy) -> Sequence[Action]:
    """Refused if the study is not as it was `before` any more (place 0) or its new code is taken (place 1)."""
    item = _item(workspace_id, after)
    changed = Update(
        keys.clinical_study(workspace_id, after.id),
        set={"row": item["row"], "version": item["version"]},
        conditions=[equals("version", before.version)],
    )
    if before.code == after.code:
        return (changed,)
    return changed, _code_taken(workspace_id, after), Delete(_code_key(workspace_id, before.code))


def deletion(workspace_id: str, study: ClinicalStudy) -> Sequence[Action]:
    """Refused (place 0) if the study changed, is gone or holds anything."""
    unused = [equals(f"counts.{name}", 0) for name in ("participants", "batteries", "sessions")]
    key = keys.clinical_study(workspace_id, study.id)
    return Delete(key, [equals("version", study.version), *unused]), Delete(_code_key(workspace_id, study.code))


def counted(workspace_id: str, number: int, *, participants: int = 0, batteries: int = 0, sessions: int = 0) -> Action:
    """What the study holds grows or shrinks; refused if there is no such study."""
    changes = {"participants": participants, "batteries": batteries, "sessions": sessions}
    moved = {f"counts.{name}": by for name, by in changes.items() if by}
    enough = [Condition(name, ">=", -by) for name, by in moved.items() if by < 0]
    return Update(keys.clinical_study(workspace_id, number), add=moved, conditions=enough or [present()])


def _code_key(workspace_id: str, code: str) -> Key:
    return keys.clinical_study_code(workspace_id, hashlib.sha256(code.encode()).hexdigest())


def _code_taken(workspace_id: str, study: ClinicalStudy) -> Put:
    key = _code_key(workspace_id, study.code)
    return Put({"pk": key.pk, "sk": key.sk, "study": study.id}, [absent()])


def _item(workspace_id: str, study: ClinicalStudy) -> Item:
    key = keys.clinical_study(workspace_id, study.id)
    return {"pk": key.pk, "sk": key.sk, "row": study.public(), "version": study.version}


def _study(item: Item) -> ClinicalStudy:
    row = dict(item["row"])
    return ClinicalStudy(status=StudyStatus(row.pop("status")), version=item["version"], **row, **item["counts"])
