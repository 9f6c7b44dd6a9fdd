"""The peer is a fair yardstick only while it has the product's routes."""

import re
from importlib import import_module
from typing import Any

import pytest
from fastapi.routing import APIRoute

from scripts.functions import FUNCTIONS

#: What a plain function would not have: documents, pictures, another dialect, and a way to ask what exists.
EXTRAS = re.compile(r"/report\.|/charts|/docs|openapi|^/$|^/api/(?!v1/)")


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("PEER_TABLE_NAME", "peer")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    return import_module("scripts.bench.peer.app")


def routes_of(routes: list[Any]) -> set[tuple[str, str]]:
    return {
        (method, re.sub(r"\{\w+\}", "{}", route.path))
        for route in routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }


@pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecationWarning", "ignore:The 'alias' attribute")
def test_the_peer_has_the_products_routes(peer: Any) -> None:
    product = {
        route
        for name in FUNCTIONS
        for route in routes_of(import_module(f"functions.{name}.routes").router.routes)
        if not EXTRAS.search(route[1])
    }
    assert routes_of(peer.app.routes) == product
