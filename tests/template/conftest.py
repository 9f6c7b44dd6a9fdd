"""The template as a document: `!Ref X` reads as {"Ref": "X"}, `!GetAtt A.B` as {"Fn::GetAtt": ["A", "B"]}."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]


class CloudFormationLoader(yaml.SafeLoader):
    """Short forms of intrinsic functions become their long forms."""


def _intrinsic(loader: CloudFormationLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


CloudFormationLoader.add_multi_constructor("!", _intrinsic)


@dataclass(frozen=True)
class Template:
    document: dict[str, Any]

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = self.document["Resources"]
        return found

    def of_type(self, name: str) -> dict[str, dict[str, Any]]:
        """Properties by logical id."""
        return {key: found["Properties"] for key, found in self.resources.items() if found["Type"] == name}

    def functions(self) -> dict[str, dict[str, Any]]:
        return self.of_type("AWS::Serverless::Function")

    def statements(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Each statement of each identity policy, with the logical id of the role or managed policy."""
        for key, role in self.of_type("AWS::IAM::Role").items():
            for policy in role.get("Policies", []):
                for statement in policy["PolicyDocument"]["Statement"]:
                    yield key, statement
        for key, policy in self.of_type("AWS::IAM::ManagedPolicy").items():
            for statement in policy["PolicyDocument"]["Statement"]:
                yield key, statement


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.fixture(scope="session")
def template() -> Template:
    content = (ROOT / "template.yaml").read_text()
    return Template(yaml.load(content, CloudFormationLoader))  # noqa: S506  # a SafeLoader with intrinsics
