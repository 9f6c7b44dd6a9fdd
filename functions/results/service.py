"""The export: results of a study, page by page."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import mimeparse
from fastapi import Response

from functions.results.rows import Csv, Form, Markdown, Ndjson, Row
from trimetric.domain import ids, times
from trimetric.domain.studies import Study
from trimetric.domain.study_types import StudyType, study_type
from trimetric.domain.study_types.design import Design
from trimetric.domain.times import to_millis
from trimetric.dynamo.participants import Listed, Participants, Person
from trimetric.dynamo.studies import Studies
from trimetric.errors import InvalidRequest, NotFound
from trimetric.http.call import Call

MAX_ROWS: Final = 1000

#: People are read in groups of this size: what one batch read takes.
GROUP: Final = 100

#: Where several fit equally well, the last one is taken.
_OFFERED: Final = ("text/csv", "text/markdown", "application/x-ndjson")


@dataclass(frozen=True, slots=True)
class Place:
    """The next result to give: number `index` of the person at `position` in the order of the walk."""

    position: str
    index: int

    def text(self) -> str:
        return f"{self.index}@{self.position}"

    @classmethod
    def from_text(cls, text: str) -> "Place":
        index, _, position = text.partition("@")
        return cls(position, int(index))

    def before(self) -> str:
        """A position that this person and everything behind lies beyond, and next to nothing else."""
        return self.position[:-1]


@dataclass(frozen=True, slots=True)
class Request:
    parameters: dict[str, str]
    limit: int
    since_millis: int | None
    start: Place | None


def export_results(call: Call) -> Response:
    found = Studies(call.table).with_design(call.tenant.id, call.path_id("study_id", ids.STUDY))
    if found is None:
        raise NotFound
    study, design = found
    request = _request(call)
    form = _form(call.request.headers.get("accept"), study, study_type(study.type), design)
    content, following = _page(call, study, design, request, form)
    headers = {"Vary": "Accept"}
    cursor = call.cursor(following.text(), request.parameters, name="cursor") if following else None
    if cursor:
        headers["Next-Cursor"] = cursor
    return Response(content + form.tail(cursor), 200, headers, media_type=form.media_type)


def _request(call: Call) -> Request:
    parameters = call.parameters("updated_since", "limit", "cursor")
    limit = call.page_size(parameters, default=MAX_ROWS, most=MAX_ROWS)
    since = parameters.get("updated_since")
    try:
        since_millis = to_millis(times.parse(since)) if since is not None else None
    except ValueError as error:
        raise InvalidRequest(f"updated_since {error}") from error
    position = call.position(parameters, name="cursor")
    return Request(parameters, limit, since_millis, Place.from_text(position) if position else None)


def _form(accept: str | None, study: Study, kind: StudyType, design: Design) -> Form:
    try:
        chosen = mimeparse.best_match(_OFFERED, accept.lower()) if accept else ""
    except mimeparse.MimeTypeParseException:
        chosen = ""
    if chosen == "text/csv":
        return Csv(kind, design)
    if chosen == "text/markdown":
        return Markdown(f"Results of {study.name}", kind, design)
    return Ndjson()


def _page(call: Call, study: Study, design: Design, request: Request, form: Form) -> tuple[bytes, Place | None]:
    """The page's content, and where the next one begins."""
    parts = [form.head()]
    size = len(parts[0])
    for count, (place, row) in enumerate(_walk(call, study, design, request)):
        line = form.row(row) if count < request.limit else b""
        if count == request.limit or (count and size + len(line) > form.most_bytes):
            return b"".join(parts), place
        parts.append(line)
        size += len(line)
    return b"".join(parts), None


def _walk(call: Call, study: Study, design: Design, request: Request) -> Iterator[tuple[Place, Row]]:
    """Every result from the request's start on, at least one more than the page takes where there is one."""
    people = Participants(call.table, now_millis=to_millis(call.now))
    start = request.start
    after = start.before() if start else None
    wanted = request.limit // _results_each(design) + 2
    while True:
        listed = _listed(people, call.tenant.id, study.id, request, after=after, limit=wanted)
        due = [each for each in listed if start is None or each.position >= start.position]
        for begin in range(0, len(due), GROUP):
            group = due[begin : begin + GROUP]
            bodies = people.people(call.tenant.id, study.id, [each.participant.id for each in group])
            found = {body.participant.id: body for body in bodies}
            for each in group:
                if each.participant.id in found:
                    yield from _rows(each, found[each.participant.id], start)
        if len(listed) < wanted:
            return
        after = listed[-1].position


def _listed(
    people: Participants, workspace_id: str, study_id: str, request: Request, *, after: str | None, limit: int
) -> list[Listed]:
    if request.since_millis is None:
        return list(people.in_creation_order(workspace_id, study_id, after=after, limit=limit))
    return list(people.changed_since(workspace_id, study_id, millis=request.since_millis, after=after, limit=limit))


def _rows(listed: Listed, person: Person, start: Place | None) -> Iterator[tuple[Place, Row]]:
    given = start.index if start and start.position == listed.position else 0
    for index, result in enumerate(person.results[given:], start=given):
        yield Place(listed.position, index), Row(person.participant, index, result)


def _results_each(design: Design) -> int:
    """How many results a person gives who does everything."""
    return max(1, len(design.settings.get("tasks", ())))
