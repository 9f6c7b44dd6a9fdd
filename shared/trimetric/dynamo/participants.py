"""Participants in the single table: one item a person, all results of that person in one compressed document.

Functions that begin with a verb's noun (`creation`, `exclusion`, …) give the actions to be written; each change asks
for the version that was seen. `folded`, which the metrics keep, is left alone by all of them.

A person whose `row` holds `pending` belongs to an import that works in several transactions (see
`trimetric.dynamo.imports`) and is shown by none of the reads here until that import has been committed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from trimetric.domain.participants import Participant, Progress, StoredResult
from trimetric.dynamo import blobs, imports, keys, studies
from trimetric.dynamo.table import Action, Item, Put, Table, Update, Value, absent, equals

PENDING: Final = imports.PENDING


@dataclass(frozen=True, slots=True)
class Listed:
    """A person on the way through an index: `position` is where the next page goes on."""

    participant: Participant
    position: str


@dataclass(frozen=True, slots=True)
class Person:
    """A participant with the results."""

    participant: Participant
    results: tuple[StoredResult, ...]


class Participants:
    def __init__(self, table: Table, *, now_millis: int) -> None:
        self._table = table
        self._imports = imports.Imports(table, now_millis=now_millis)

    def get(self, workspace_id: str, study_id: str, participant_id: str) -> Participant | None:
        person = self.person(workspace_id, study_id, participant_id)
        return person.participant if person else None

    def person(self, workspace_id: str, study_id: str, participant_id: str) -> Person | None:
        """One round trip: the participant with all results."""
        key = keys.participant(workspace_id, study_id, participant_id)
        while (item := self._table.get(key)) is not None:
            pending = item["row"].get(PENDING)
            if pending is None:
                return _person(item)
            if not self._imports.settle(workspace_id, study_id, pending):
                return None
        return None

    def in_creation_order(self, workspace_id: str, study_id: str, *, after: str | None, limit: int) -> Sequence[Listed]:
        return self._walk(workspace_id, study_id, index="lsi1", after=after, limit=limit)

    def changed_since(
        self, workspace_id: str, study_id: str, *, millis: int, after: str | None, limit: int
    ) -> Sequence[Listed]:
        """In order of their last change, from `millis` on (inclusive)."""
        start = after or keys.participant_by_time(millis)
        return self._walk(workspace_id, study_id, index="lsi3", after=start, limit=limit)

    def people(self, workspace_id: str, study_id: str, participant_ids: Sequence[str]) -> Sequence[Person]:
        """With results, in the order asked for; who is not there (or not visible yet) is left out."""
        wanted = [keys.participant(workspace_id, study_id, identifier) for identifier in participant_ids]
        found = self._table.get_many(wanted)
        return [_person(found[key]) for key in wanted if key in found and PENDING not in found[key]["row"]]

    def _walk(
        self, workspace_id: str, study_id: str, *, index: str, limit: int, prefix: str = "", after: str | None = None
    ) -> Sequence[Listed]:
        sort = keys.INDEXES[index]

        def query(after: str | None, limit: int) -> Sequence[Item]:
            return self._table.query(
                keys.people(workspace_id, study_id), index=index, prefix=prefix, after=after, limit=limit
            )

        items = self._visible(workspace_id, study_id, query, sort=sort, after=after, limit=limit)
        return [Listed(participant_of(item), item[sort]) for item in items]

    def _visible(
        self,
        workspace_id: str,
        study_id: str,
        query: Callable[[str | None, int], Sequence[Item]],
        *,
        sort: str,
        after: str | None,
        limit: int,
    ) -> Sequence[Item]:
        """A page without people of imports that are not committed.

        Where an import turned out to be committed or dead, the page is read again: half of it may have been written
        after the first look.
        """
        found: list[Item] = []
        while len(found) < limit:
            wanted = limit - len(found)
            page = query(after, wanted)
            settled = [
                self._imports.settle(workspace_id, study_id, import_id)
                for import_id in {item["row"][PENDING] for item in page if PENDING in item["row"]}
            ]
            if any(settled):
                continue
            found += [item for item in page if PENDING not in item["row"]]
            if len(page) < wanted:
                break
            after = page[-1][sort]
        return found

    def list(
        self, workspace_id: str, study_id: str, *, excluded: bool | None, after: str | None, limit: int
    ) -> list[Participant]:
        """Creation order; `after` is the `order` of the last person of the previous page."""
        index = "lsi1" if excluded is None else "lsi2"
        prefix = "" if excluded is None else keys.participant_by_excluded(excluded)
        position = after if after is None else prefix + after
        found = self._walk(workspace_id, study_id, index=index, prefix=prefix, after=position, limit=limit)
        return [replace(listed.participant, order=listed.position.removeprefix(prefix)) for listed in found]


def creation(
    workspace_id: str, study_id: str, participant: Participant, results: Sequence[StoredResult], *, now_millis: int
) -> Put:
    """Refused (with the item that stands there) if the person exists."""
    key = keys.participant(workspace_id, study_id, participant.id)
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "row": _row(participant),
        "results": packed(results),
        "content_hash": participant.content_hash,
        "token_hash": participant.token_hash,
        "version": participant.version,
        "l1": participant.order,
        "l2": keys.participant_by_excluded(participant.excluded, participant.order),
        "l3": keys.participant_by_time(now_millis, participant.id),
    }
    if participant.completed or results:
        item["l4"] = keys.participant_by_time(now_millis, participant.id)
    return Put(item, [absent()])


def change(
    workspace_id: str,
    study_id: str,
    participant: Participant,
    *,
    seen: Participant,
    now_millis: int,
    results: Sequence[StoredResult] | None = None,
) -> Sequence[Action]:
    """The person as it shall be (any of excluded, included, completed, more results), and the study's counts.

    The first action is refused if the person is not at the version of `seen` any more. A person who completes needs
    a published study: then the second action is refused where it is not.
    """
    written: dict[str, Value] = {
        "row": _row(participant),
        "version": seen.version + 1,
        "l2": keys.participant_by_excluded(participant.excluded, seen.order),
        "l3": keys.participant_by_time(now_millis, seen.id),
        "l4": keys.participant_by_time(now_millis, seen.id),
    }
    if results is not None:
        written["results"] = packed(results)
    key = keys.participant(workspace_id, study_id, seen.id)
    actions: list[Action] = [Update(key, set=written, conditions=[equals("version", seen.version)])]
    moved = _counts(participant) - _counts(seen)
    if participant.completed and not seen.completed:
        actions.append(studies.counted(workspace_id, study_id, **moved.of_change()))
    elif moved != _Counts(0, 0, 0):
        actions.append(studies.counted_always(workspace_id, study_id, **moved.of_change()))
    return actions


@dataclass(frozen=True, slots=True)
class _Counts:
    completed: int
    excluded: int
    excluded_completed: int

    def __sub__(self, other: "_Counts") -> "_Counts":
        return _Counts(
            self.completed - other.completed,
            self.excluded - other.excluded,
            self.excluded_completed - other.excluded_completed,
        )

    def of_change(self) -> dict[str, int]:
        return {
            "completed": self.completed,
            "excluded": self.excluded,
            "excluded_completed": self.excluded_completed,
        }


def _counts(participant: Participant) -> _Counts:
    completed, excluded = participant.completed, participant.excluded
    return _Counts(int(completed), int(excluded), int(completed and excluded))


def packed(results: Sequence[StoredResult]) -> bytes:
    """To be asked `blobs.fits`."""
    return blobs.pack([result.to_document() for result in results])


def results_of(item: Item) -> tuple[StoredResult, ...]:
    return tuple(map(StoredResult.from_document, blobs.unpack(item["results"])))


def _row(participant: Participant) -> dict[str, Value]:
    return {
        "external_id": participant.external_id,
        "status": participant.status.value,
        "excluded": participant.excluded,
        "exclusion_reason": participant.exclusion_reason,
        "flags": list(participant.flags),
        "started_at": participant.started_at,
        "completed_at": participant.completed_at,
        "duration_ms": participant.duration_ms,
        "device": participant.device,
        "locale": participant.locale,
    }


def participant_of(item: Item) -> Participant:
    """From a whole item or from an index's projection."""
    row = item["row"]
    return Participant(
        id=item["sk"],
        external_id=row["external_id"],
        status=Progress(row["status"]),
        excluded=row["excluded"],
        exclusion_reason=row["exclusion_reason"],
        flags=tuple(row["flags"]),
        compared=_compared(item),
        started_at=row["started_at"],
        completed_at=row["completed_at"],
        duration_ms=row["duration_ms"],
        device=row["device"],
        locale=row["locale"],
        order=item.get("l1", ""),
        version=item.get("version", 0),
        content_hash=item.get("content_hash"),
        token_hash=item.get("token_hash"),
    )


def _compared(item: Item) -> tuple[str, ...]:
    folded = item.get("counts", {}).get("folded")
    return tuple(folded.get("flags", ())) if isinstance(folded, dict) else ()


def _person(item: Item) -> Person:
    return Person(participant_of(item), results_of(item))
