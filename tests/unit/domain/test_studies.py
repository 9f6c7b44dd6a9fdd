"""What a study shows of itself."""

from dataclasses import replace

from trimetric.domain.studies import CONTENT, Counts, Status, Study, collect_token, detail
from trimetric.domain.study_types import STUDY_TYPES
from trimetric.domain.study_types.design import Card, Design, Group, Question

WORKSPACE = "ws_0123456789abcdef"
DRAFT = Study(
    id=f"std_{'7' * 26}",
    type="card_sort",
    status=Status.DRAFT,
    name="Shop",
    description=None,
    folder_id=None,
    created_at="2026-01-01T00:00:00.000Z",
    updated_at="2026-01-02T00:00:00.000Z",
    counts=Counts(participants=5, completed=3, excluded=2, excluded_completed=1),
)
PUBLISHED = replace(DRAFT, status=Status.PUBLISHED, collect_secret="s" * 32)
DESIGN = Design(
    {"sort_type": "closed"},
    cards=(Card("crd_1", "Apples"), Card("crd_2", "Pears")),
    groups=(Group("grp_1", "Fruit"),),
    questions=(Question("qst_1", "nps", "How likely?", required=True),),
)


def test_lists_show_counts_and_neither_version_nor_secret() -> None:
    shown = PUBLISHED.public()
    assert (shown["participant_count"], shown["completed_count"], shown["excluded_count"]) == (5, 3, 2)
    assert not {"version", "collect_secret", "collect_token"} & shown.keys()
    assert "s" * 32 not in repr(PUBLISHED)


def test_the_collect_token_exists_while_the_study_is_published() -> None:
    assert collect_token(WORKSPACE, PUBLISHED) == f"col_0123456789abcdef{'7' * 26}{'s' * 32}"
    assert collect_token(WORKSPACE, DRAFT) is None
    assert collect_token(WORKSPACE, replace(PUBLISHED, status=Status.ENDED)) is None
    assert collect_token(WORKSPACE, replace(PUBLISHED, collect_secret=None)) is None


def test_details_show_the_content_that_the_type_has() -> None:
    assert CONTENT.keys() <= set(STUDY_TYPES)
    sort = detail(WORKSPACE, PUBLISHED, DESIGN)
    assert sort["cards"] == [
        {"id": "crd_1", "label": "Apples", "position": 0},
        {"id": "crd_2", "label": "Pears", "position": 1},
    ]
    assert sort["groups"] == [{"id": "grp_1", "label": "Fruit", "position": 0}]
    assert sort["settings"] == {"sort_type": "closed"}
    assert sort["collect_token"] == collect_token(WORKSPACE, PUBLISHED)
    assert "questions" not in sort
    survey = detail(WORKSPACE, replace(DRAFT, type="survey"), DESIGN)
    assert [question["id"] for question in survey["questions"]] == ["qst_1"]
    assert not {"cards", "groups", "collect_token"} & survey.keys()
    assert not {"cards", "groups", "questions"} & detail(WORKSPACE, replace(DRAFT, type="interview"), DESIGN).keys()
