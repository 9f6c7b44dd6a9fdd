"""What callers of the peer may send."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, Field

Name = Annotated[str, Field(min_length=1, max_length=255)]


class StudyType(StrEnum):
    CARD_SORT = "card_sort"
    TREE_TEST = "tree_test"
    SURVEY = "survey"
    FIRST_CLICK_TEST = "first_click_test"
    FIVE_SECOND_TEST = "five_second_test"
    PREFERENCE_TEST = "preference_test"
    PROTOTYPE_TEST = "prototype_test"
    LIVE_WEBSITE_TEST = "live_website_test"
    INTERVIEW = "interview"


class Status(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    ENDED = "ended"


class Folder(BaseModel):
    name: Name
    color: Annotated[str, Field(pattern="^#[0-9A-Fa-f]{6}$")] = "#3B82F6"
    icon: str = "folder"
    archived: bool = False


class FolderBody(BaseModel):
    folder: Folder


class FolderPatch(BaseModel):
    name: Name | None = None
    color: str | None = None
    icon: str | None = None
    archived: bool | None = None


class FolderPatchBody(BaseModel):
    folder: FolderPatch


class Study(BaseModel):
    name: Name
    description: str | None = None
    folder_id: str | None = None
    settings: dict[str, Any] = Field(default_factory=dict)


class StudyBody(BaseModel):
    study: Study


class StudyPatch(BaseModel):
    name: Name | None = None
    description: str | None = None
    folder_id: str | None = None
    settings: dict[str, Any] | None = None


class StudyPatchBody(BaseModel):
    study: StudyPatch


class Label(BaseModel):
    label: Name


class LabelPatch(BaseModel):
    label: Name | None = None
    position: int | None = None


class CardsBody(BaseModel):
    cards: list[Label]


class CardPatchBody(BaseModel):
    card: LabelPatch


class GroupsBody(BaseModel):
    groups: list[Label]


class GroupPatchBody(BaseModel):
    group: LabelPatch


class Question(BaseModel):
    kind: str
    prompt: Name
    required: bool = False
    options: list[dict[str, str]] | None = None
    min: int | None = None
    max: int | None = None


class QuestionPatch(BaseModel):
    prompt: Name | None = None
    required: bool | None = None
    position: int | None = None


class QuestionsBody(BaseModel):
    questions: list[Question]


class QuestionPatchBody(BaseModel):
    question: QuestionPatch


class NewParticipant(BaseModel):
    external_id: str | None = None
    device: str | None = None
    locale: str | None = None


class Participant(NewParticipant):
    started_at: str
    completed_at: str | None = None
    results: list[dict[str, Any]] = Field(default_factory=list)


class ParticipantsBody(BaseModel):
    participants: Annotated[list[Participant], Field(min_length=1, max_length=100)]


class Exclusion(BaseModel):
    reason: str | None = None
