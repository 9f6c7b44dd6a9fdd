"""The gateway and the functions agree on every path."""

from importlib import import_module

import pytest
from fastapi.routing import APIRoute

from scripts.functions import FUNCTIONS, logical_name
from tests.template.conftest import Template


def gateway_routes(template: Template, group: str) -> set[str]:
    target = {"Fn::Sub": f"integrations/${{{logical_name(group)}Integration}}"}
    routes = template.of_type("AWS::ApiGatewayV2::Route").values()
    return {route["RouteKey"] for route in routes if route["Target"] == target}


def function_paths(group: str) -> set[str]:
    routes = import_module(f"functions.{group}.routes").router.routes
    return {route.path.replace(":path}", "}") for route in routes if isinstance(route, APIRoute)}


@pytest.mark.parametrize("group", [group for group in FUNCTIONS if group != "docs"])
def test_the_gateway_sends_each_path_to_the_function_that_has_it(template: Template, group: str) -> None:
    assert gateway_routes(template, group) == {f"ANY {path}" for path in function_paths(group)}


def test_the_docs_function_takes_what_no_other_route_has(template: Template) -> None:
    assert gateway_routes(template, "docs") == {"$default", "ANY /api/v1/docs.md"}
    assert "/api/v1/docs.md" in function_paths("docs")


def test_every_route_leads_to_an_integration_of_a_function(template: Template) -> None:
    integrations = template.of_type("AWS::ApiGatewayV2::Integration")
    for route in template.of_type("AWS::ApiGatewayV2::Route").values():
        name = route["Target"]["Fn::Sub"].removeprefix("integrations/${").removesuffix("}")
        assert integrations[name]["PayloadFormatVersion"] == "2.0"
        assert integrations[name]["IntegrationUri"]["Fn::GetAtt"][0] == name.replace("Integration", "Function")
    assert template.of_type("AWS::ApiGatewayV2::Stage")["Stage"]["StageName"] == "$default"
