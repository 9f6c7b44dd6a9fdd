"""Designs of the sample studies, as if the API had made them."""

from dataclasses import replace
from typing import Any

from tests.samples.study_types import sample_study
from trimetric.domain.study_types import StudyType, study_type
from trimetric.domain.study_types.design import Card, Design, Group, Question
from trimetric.domain.study_types.new_content import parse_labels, parse_questions


def design_of(type_name: str, **settings: Any) -> Design:
    """The sample study's design, with `settings` in place of its own."""
    kind, sample = study_type(type_name), sample_study(type_name)
    merged = kind.merge_settings(kind.default_settings(), sample["settings"])
    labels = {name: parse_labels(sample[name], field=name) if name in sample else [] for name in ("cards", "groups")}
    questions = parse_questions(sample["questions"]) if "questions" in sample else []
    return Design(
        settings=kind.merge_settings(merged, settings),
        cards=tuple(Card(f"crd_{place}", label) for place, label in enumerate(labels["cards"])),
        groups=tuple(Group(f"grp_{place}", label) for place, label in enumerate(labels["groups"])),
        questions=tuple(Question(id=f"qst_{place}", **members) for place, members in enumerate(questions)),
    )


def survey_of(*questions: dict[str, Any]) -> Design:
    members = parse_questions(list(questions))
    return Design({}, questions=tuple(Question(id=f"qst_{place}", **each) for place, each in enumerate(members)))


def closed_sort() -> Design:
    return design_of("card_sort", sort_type="closed", allow_unsorted=False)


def open_sort() -> Design:
    return replace(design_of("card_sort", sort_type="open"), groups=())


def detail_of(design: Design) -> dict[str, Any]:
    """What the API shows of the design."""
    return {
        "settings": design.settings,
        "cards": design.public_cards(),
        "groups": design.public_groups(),
        "questions": design.public_questions(),
    }


def draft_of(type_name: str, settings: dict[str, Any]) -> Design:
    """A design with nothing but `settings` over the defaults."""
    kind: StudyType = study_type(type_name)
    return Design(kind.merge_settings(kind.default_settings(), settings))
