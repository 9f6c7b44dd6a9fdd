"""Each function's `app.py`, as Lambda loads it."""

from collections.abc import Iterator
from importlib import import_module
from types import SimpleNamespace

import pytest

from tests.handlers.conftest import DEFAULT_GROUP, ROUTES, sent
from tests.handlers.events import event
from trimetric import settings
from trimetric.dynamo.client import client

GROUPS = sorted({*ROUTES.values(), DEFAULT_GROUP})


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What the template gives a function, and the region and credentials that Lambda adds."""
    for name, value in {
        "TABLE_NAME": "table",
        "BUCKETS_TABLE_NAME": "buckets",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }.items():
        monkeypatch.setenv(name, value)
    for cached in (settings.current, client):
        cached.cache_clear()
    yield
    for cached in (settings.current, client):
        cached.cache_clear()


@pytest.mark.parametrize("group", GROUPS)
def test_it_answers(group: str) -> None:
    handler = import_module(f"functions.{group}.app").handler
    assert sent(handler, event("GET", "/api/v1/nothing")).refusal == (404, "not_found")


def test_the_fold_function_takes_a_batch() -> None:
    handler = import_module("functions.fold.app").handler
    context = SimpleNamespace(aws_request_id="1", get_remaining_time_in_millis=lambda: 60_000)
    assert handler({"Records": []}, context) == {"batchItemFailures": []}


def test_settings_have_defaults_and_lists() -> None:
    given = {"TABLE_NAME": "a", "BUCKETS_TABLE_NAME": "b", "CORS_ORIGINS": " https://a.example, ,https://b.example "}
    found = settings.read(given)
    assert (found.table_name, found.buckets_table_name) == ("a", "b")
    assert found.cors_origins == ("https://a.example", "https://b.example")
    assert settings.read({"TABLE_NAME": "a", "BUCKETS_TABLE_NAME": "b"}).cors_origins == ()
    with pytest.raises(KeyError):
        settings.read({"TABLE_NAME": "a"})
