"""Reports of all types, from figures of many sizes."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from tests.unit.reports import samples
from trimetric.domain.study_types import STUDY_TYPES
from trimetric.reporting import charts, html, markdown
from trimetric.reporting.quality import Quality, quality_section
from trimetric.reporting.report import Report, report_of

SVG = {"svg": "http://www.w3.org/2000/svg"}
#: Cards, nodes, options…, and people.
SIZES = [(2, 0), (2, 1), (2, 12), (60, 40)]

every_study = pytest.mark.parametrize(
    ("study_type", "size", "people"), [(each, *sizes) for each in STUDY_TYPES for sizes in SIZES]
)


def report(study_type: str, size: int, people: int) -> Report:
    study = samples.study(study_type)
    facts = samples.facts(study_type, size=size, people=people)
    quality = Quality({"straight_line": 1}, everybody=facts, unflagged=facts)
    return report_of(study, facts, quality=quality, as_of="2026-01-31T09:00:00.000Z")


@every_study
def test_each_listed_chart_is_a_titled_picture(study_type: str, size: int, people: int) -> None:
    listed = charts.charts_of(samples.facts(study_type, size=size, people=people))
    names = [chart.name for chart in listed]
    assert names[-1] == "durations"
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in names)
    for chart in listed:
        text = chart.picture().standalone().decode()
        root = ElementTree.fromstring(text)  # noqa: S314 - our own picture
        title, description = root.find("svg:title", SVG), root.find("svg:desc", SVG)
        assert title is not None
        assert description is not None
        assert (title.text, description.text) == (chart.title, chart.description)
        assert root.get("role") == "img"
        assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
        assert not re.search(r"NaN|nan|inf\b|None", text)
        assert ("No data yet" in text) or people


@every_study
def test_a_chart_is_found_by_its_name(study_type: str, size: int, people: int) -> None:
    facts = samples.facts(study_type, size=size, people=people)
    for each in charts.charts_of(facts):
        found = charts.chart(facts, each.name)
        assert found is not None
        assert found.title == each.title
    assert charts.chart(facts, "nothing") is None


@pytest.mark.parametrize("study_type", STUDY_TYPES)
def test_charts_follow_from_the_design_whoever_took_part(study_type: str) -> None:
    some, nobody = (
        [chart.name for chart in charts.charts_of(samples.facts(study_type, size=8, people=people))]
        for people in (0, 12)
    )
    assert some == nobody


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs


@every_study
def test_pages_are_well_formed_run_nothing_and_load_nothing(study_type: str, size: int, people: int) -> None:
    text = html.page(report(study_type, size, people)).decode()
    page = _Page()
    page.feed(text)
    page.close()
    assert page.open == []
    assert not page.tags & {"script", "img", "image", "iframe", "object", "embed", "link", "a", "use", "foreignobject"}
    names = {name for name, _ in page.attributes}
    assert not names & {"src", "href", "xlink:href", "style"}
    assert not any(name.startswith("on") for name in names)
    ids = [value for name, value in page.attributes if name == "id"]
    assert len(set(ids)) == len(ids)
    style = text.partition("<style>")[2].partition("</style>")[0]
    assert not re.search(r"url\(|@import", style)
    assert "\x01" not in text


@every_study
def test_markdown_keeps_outside_text_in_its_place(study_type: str, size: int, people: int) -> None:
    text = markdown.page(report(study_type, size, people)).decode()
    assert text.startswith("# Report: ")
    assert "<script" not in text
    assert "[x](" not in text
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert all(re.match(r"#{1,3} \S", heading) for heading in headings)
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        lines = [re.sub(r"\\\\|\\\|", "", line) for line in table.splitlines()]
        assert len({line.count("|") for line in lines}) == 1


@pytest.mark.parametrize("study_type", STUDY_TYPES)
def test_findings_of_nobody_say_so(study_type: str) -> None:
    assert "No results to speak of yet" in markdown.page(report(study_type, 2, 0)).decode()
    assert "No results to speak of yet" not in markdown.page(report(study_type, 2, 12)).decode()


@pytest.mark.parametrize(
    ("study_type", "said"),
    [
        ("card_sort", "Cards people agreed on least: "),
        ("tree_test", "Overall success: 36 of 48 (75.0 %, 95 % interval 60.0 % to 90.0 %)."),
        ("survey", "NPS 25 (n = 12, 95 % interval -4 to 48)."),
        ("first_click_test", "clicked a correct area first"),
        ("five_second_test", "a keyword was remembered by 6 of 12"),
        ("preference_test", "There is no winner."),
        ("prototype_test", "ease 5.20 (n = 12, 95 % interval 4.90 to 5.50) of 7."),
        ("live_website_test", "2 people said they had completed it without reaching the goal."),
        ("interview", "12 interviews completed, 1 scheduled"),
    ],
)
def test_findings_come_with_their_n_and_interval(study_type: str, said: str) -> None:
    points = [point for section in report(study_type, 2, 12).sections for point in section.points]
    assert any(said in point for point in points), points


def test_flags_are_counted() -> None:
    page = markdown.page(report("survey", 2, 12)).decode()
    assert "| straight line | 1 |" in page
    assert "| Analysed people | 12 | 12 |" in page


def test_without_flags_nothing_is_compared() -> None:
    facts = samples.facts("survey", size=2, people=3)
    nobody = quality_section(Quality({}, everybody=facts, unflagged=facts, left_out=True))
    assert nobody.texts[-1] == "Nobody analysed carries a flag."
    assert not nobody.tables


def test_a_study_without_figures_of_its_type_has_the_rest() -> None:
    facts = samples.facts("survey", size=2, people=3)
    bare = replace(facts, metrics=None)
    assert [chart.name for chart in charts.charts_of(bare)] == ["durations"]


def test_the_largest_card_sort_fits_into_an_answer() -> None:
    facts = samples.facts("card_sort", size=500, people=40)
    pictures = [len(chart.picture().standalone()) for chart in charts.charts_of(facts)]
    assert max(pictures) < 4_000_000
    assert len(html.page(report("card_sort", 500, 40))) < 5_000_000


def test_charts_beyond_the_room_of_a_page_are_named_instead() -> None:
    charted = [section for section in report("survey", 60, 12).sections if section.charts]
    crowded = Report(title="Crowded", as_of=None, sections=charted * 30)
    text = html.page(crowded).decode()
    assert "Left out here for its size; it is served as <code>charts/durations.svg</code>" in text
    assert text.count("</svg>") < len([chart for section in crowded.sections for chart in section.charts])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"winner": "o0", "tied": []}, "“Prices” wins: chosen by "),
        ({"winner": None, "tied": []}, " leads, chosen by "),
        ({"winner": None, "tied": ["o0", "o1"]}, "Tied: “Prices”, “A label that is so long"),
    ],
    ids=["a winner", "a leader who may be one by chance", "a tie"],
)
def test_a_preference_is_a_win_only_where_the_figures_say_so(changes: dict[str, object], said: str) -> None:
    facts = samples.facts("preference_test", size=2, people=30)
    assert facts.metrics is not None
    changed = replace(facts, metrics={**facts.metrics, **changes})
    first = next(
        section
        for section in report_of(samples.study("preference_test"), changed, as_of="").sections
        if section.title == "Findings"
    ).points[0]
    assert said in first


def test_a_few_people_are_said_to_be_few() -> None:
    assert "Too few people" in markdown.page(report("preference_test", 2, 12)).decode()
    assert "Too few people" not in markdown.page(report("preference_test", 2, 30)).decode()
