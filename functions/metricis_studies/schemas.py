"""What callers may send."""

from pydantic import BaseModel, ConfigDict

from trimetric.domain.metricis.studies import StudyStatus
from trimetric.domain.validation import CalendarDate, Code, Description, Email, Name


class NewStudy(BaseModel):
    model_config = ConfigDict(extra="forbid")

    code: Code
    name: Name
    description: Description | None = None
    pi_name: Name | None = None
    pi_email: Email | None = None
    start_date: CalendarDate | None = None
    end_date: CalendarDate | None = None
    status: StudyStatus = StudyStatus.ACTIVE


class StudyPatch(BaseModel):
    """Members that are left out stay as they are."""

    model_config = ConfigDict(extra="forbid")

    code: Code = ""
    name: Name = ""
    description: Description | None = None
    pi_name: Name | None = None
    pi_email: Email | None = None
    start_date: CalendarDate | None = None
    end_date: CalendarDate | None = None
    status: StudyStatus = StudyStatus.ACTIVE
