"""What the metrics and report endpoints do."""

import gzip
from typing import Any, Final

from fastapi import Response

from trimetric.domain import ids
from trimetric.domain.markdown import document
from trimetric.domain.times import to_millis
from trimetric.dynamo.metrics import Metrics, Snapshot
from trimetric.errors import InvalidRequest, NotFound
from trimetric.http.answers import JSON, MARKDOWN, Answer, prefers_markdown, respond, tagged, to_json
from trimetric.http.call import Call, etag_of, etag_of_markdown, etag_of_variant
from trimetric.metrics.participants import participants_block
from trimetric.reporting import charts, html, markdown
from trimetric.reporting.facts import Facts
from trimetric.reporting.quality import Quality
from trimetric.reporting.report import Report, report_of

_HTML: Final = "text/html; charset=utf-8"
_SVG: Final = "image/svg+xml"

#: Pages and pictures hold words of strangers: whatever slipped through may neither run nor load anything.
_SEALED: Final = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox"}

#: Lambda lets 6 MB out, in which quotes are escaped. The similarities of 500 cards alone come to as much.
MOST_BYTES: Final = 5_000_000


def show_metrics(call: Call) -> Response:
    """The tag is that of the figures; the instant they were asked for, which differs each time, is left out of it."""
    snapshot = _chosen(call)
    facts = {
        "participants": _participants(snapshot),
        "duration_ms": snapshot.durations.summary(),
    }
    head = {"study_id": _study_id(call), "type": snapshot.study_type, "as_of": call.now_text, **facts}
    figures = snapshot.figures_as_json()
    tag = etag_of(to_json(facts) + figures)
    as_markdown = prefers_markdown(call.request.headers.get("accept"))
    if as_markdown:
        content = document(f"Metrics: {snapshot.study_name}", _shown(head, snapshot.figures())).encode()
    else:
        content = _spliced(head, figures)
    etag, media_type = (etag_of_markdown(tag), MARKDOWN) if as_markdown else (tag, JSON)
    if len(content) <= MOST_BYTES:
        return tagged(call, content, etag=etag, media_type=media_type, headers={"Vary": "Accept"})
    headers = {"Vary": "Accept, Accept-Encoding"}
    compressed = etag_of_variant(etag, "gzip")
    if _takes_gzip(call.request.headers.get("accept-encoding", "")):
        content = gzip.compress(content, mtime=0)
        headers["Content-Encoding"] = "gzip"
        return tagged(call, content, etag=compressed, same=[etag], media_type=media_type, headers=headers)
    shown = _without_percents(_shown(head, snapshot.figures()))
    content = document(f"Metrics: {snapshot.study_name}", shown).encode() if as_markdown else Answer(shown).content()
    # Whoever has all of it has this, too.
    short = etag_of_variant(etag, "short")
    return tagged(call, content, etag=short, same=[compressed, etag], media_type=media_type, headers=headers)


def _shown(head: dict[str, Any], figures: dict[str, Any]) -> dict[str, Any]:
    return {**head, head["type"]: figures}


def _spliced(head: dict[str, Any], figures: bytes) -> bytes:
    """The JSON of `_shown` in its envelope, without reading the figures."""
    return b'{"data":%b,%b:%b}}' % (to_json(head)[:-1], to_json(head["type"]), figures)


def _takes_gzip(accept_encoding: str) -> bool:
    offers = [offer.replace(" ", "").lower() for offer in accept_encoding.split(",")]
    return any(offer.partition(";")[0] == "gzip" and not offer.endswith((";q=0", ";q=0.0")) for offer in offers)


def _without_percents(shown: dict[str, Any]) -> dict[str, Any]:
    """Percentages of similarity follow from the two tables of counts beside them, and are the largest of the three."""
    sorts = shown.get("card_sort")
    if sorts is None:
        return shown
    return {**shown, "card_sort": {**sorts, "similarity": {**sorts["similarity"], "percent": None}}}


def show_markdown_report(call: Call) -> Response:
    report = _report(call)
    content, facts = markdown.page(report), markdown.page(report.undated())
    return tagged(call, content, etag=etag_of(facts), media_type=MARKDOWN)


def show_html_report(call: Call) -> Response:
    report = _report(call)
    content, facts = html.page(report), html.page(report.undated())
    return tagged(call, content, etag=etag_of(facts), media_type=_HTML, headers=_SEALED)


def list_charts(call: Call) -> Response:
    snapshot = _chosen(call)
    listed = [{"name": chart.name, "title": chart.title} for chart in charts.charts_of(_facts(snapshot))]
    return respond(call, Answer(listed, title=f"Charts: {snapshot.study_name}"))


def show_chart(call: Call) -> Response:
    snapshot = _chosen(call)
    name, _, ending = str(call.request.path_params["name"]).rpartition(".")
    chart = charts.chart(_facts(snapshot), name) if ending == "svg" else None
    if chart is None:
        raise NotFound
    content = chart.picture().standalone()
    return tagged(call, content, etag=etag_of(content), media_type=_SVG, headers=_SEALED)


def _study_id(call: Call) -> str:
    return call.path_id("study_id", ids.STUDY)


def _snapshot(call: Call, *, judged: bool) -> Snapshot:
    metrics = Metrics(call.table, now_millis=to_millis(call.now), sleep=call.runtime.sleep)
    snapshot = metrics.read(call.tenant.id, _study_id(call), judged=judged)
    if snapshot is None:
        raise NotFound
    return snapshot


def _leaves_out_flagged(call: Call) -> bool:
    flagged = call.parameters("flagged").get("flagged", "include")
    if flagged not in ("include", "exclude"):
        raise InvalidRequest("flagged must be include or exclude")
    return flagged == "exclude"


def _read(call: Call, *, judged: bool = False) -> tuple[Snapshot, bool]:
    """With whether flagged people are to be left out. A bad query is told only to those whose study it is."""
    try:
        leaves_out = _leaves_out_flagged(call)
    except InvalidRequest:
        _snapshot(call, judged=False)
        raise
    return _snapshot(call, judged=judged or leaves_out), leaves_out


def _chosen(call: Call) -> Snapshot:
    """Of all analysed people, or of those without a flag: as the query says."""
    snapshot, leaves_out = _read(call)
    return snapshot.without_flagged() if leaves_out else snapshot


def _participants(snapshot: Snapshot) -> dict[str, int | float | None]:
    counts = snapshot.counts
    left_out = counts.completed - counts.excluded_completed - snapshot.analysed if snapshot.unflagged_only else 0
    return participants_block(counts, left_out=left_out)


def _report(call: Call) -> Report:
    snapshot, leaves_out = _read(call, judged=True)
    unflagged = snapshot.without_flagged()
    quality = Quality(
        flags=snapshot.flags,
        everybody=_facts(snapshot),
        unflagged=_facts(unflagged),
        left_out=leaves_out,
    )
    facts = _facts(unflagged if leaves_out else snapshot)
    return report_of(snapshot.study, facts, quality=quality, as_of=call.now_text)


def _facts(snapshot: Snapshot) -> Facts:
    return Facts(
        study_type=snapshot.study_type,
        design=snapshot.design,
        participants=_participants(snapshot),
        duration_ms=snapshot.durations.summary(),
        metrics=snapshot.figures(),
        histogram=snapshot.durations.histogram(most=24),
    )
