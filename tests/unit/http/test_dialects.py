"""Three ways to word the same refusal."""

import inspect

import pytest

from trimetric import errors
from trimetric.errors import ApiError, FieldError, ValidationFailed
from trimetric.http.dialects import Dialect, code_of, envelope, of_path

ERRORS = [member for _, member in inspect.getmembers(errors, inspect.isclass) if issubclass(member, ApiError)]


@pytest.mark.parametrize(
    ("path", "dialect"),
    [
        ("/api/v1", Dialect.UX_METRICS),
        ("/api/v1/", Dialect.UX_METRICS),
        ("/api/v1/folders", Dialect.UX_METRICS),
        ("/api/v12", Dialect.METRICIS),
        ("/api/v1.0/x", Dialect.METRICIS),
        ("/api/V1/x", Dialect.METRICIS),
        ("/api/experience", Dialect.MICROMETRICS),
        ("/api/experience/devices", Dialect.MICROMETRICS),
        ("/api/experiences", Dialect.METRICIS),
        ("/api/studies", Dialect.METRICIS),
        ("/", Dialect.METRICIS),
        ("", Dialect.METRICIS),
    ],
)
def test_the_longest_prefix_decides(path: str, dialect: Dialect) -> None:
    assert of_path(path) is dialect


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_every_error_has_a_code_in_each_dialects_case(error: type[ApiError]) -> None:
    raised = error()
    assert code_of(raised, Dialect.UX_METRICS) == error.code
    for dialect in (Dialect.UX_METRICS, Dialect.MICROMETRICS):
        assert code_of(raised, dialect) == code_of(raised, dialect).lower()
    assert code_of(raised, Dialect.METRICIS) == code_of(raised, Dialect.METRICIS).upper()
    assert 400 <= error.status < 600


def test_the_envelopes() -> None:
    error = ValidationFailed(details=[FieldError("a.b", "is wrong"), FieldError("c", "too")])
    listed = [{"field": "a.b", "message": "is wrong"}, {"field": "c", "message": "too"}]
    message = error.message
    assert envelope(error, Dialect.UX_METRICS) == {
        "error": {"code": "validation_failed", "message": message, "status": 422, "details": listed}
    }
    assert envelope(error, Dialect.MICROMETRICS) == {
        "error": {"code": "validation_failed", "message": message, "details": listed}
    }
    assert envelope(error, Dialect.METRICIS) == {
        "error": {
            "code": "VALIDATION_ERROR",
            "message": "Invalid input data",
            "details": {"field": "a.b", "reason": "is wrong", "errors": listed},
        }
    }


def test_an_error_without_details_has_none() -> None:
    assert envelope(errors.NotFound(), Dialect.METRICIS) == {
        "error": {"code": "NOT_FOUND", "message": "Resource not found"}
    }
