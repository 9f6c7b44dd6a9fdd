"""Steps of the build, on small trees."""

import gzip
import json
from pathlib import Path

import pytest

from scripts import build

MODEL = {"documentation": "<p>long</p>", "shapes": {"S": {"members": {"documentation": {"shape": "T"}}}}}
ENDPOINTS = {
    "partitions": [{"partition": "aws", "services": {"dynamodb": {"endpoints": {}}, "ec2": {"endpoints": {}}}}]
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for service in ("dynamodb", "ec2"):
        folder = tmp_path / service / "2012-08-10"
        folder.mkdir(parents=True)
        (folder / "service-2.json.gz").write_bytes(gzip.compress(json.dumps(MODEL).encode()))
        (folder / "examples-1.json").write_text("{}")
    (tmp_path / "endpoints.json").write_text(json.dumps(ENDPOINTS))
    (tmp_path / "ec2-defaults.json").write_text("{}")
    return tmp_path


def test_botocore_loses_services_prose_and_packing(data: Path) -> None:
    build.prune_botocore(data)
    assert sorted(str(path.relative_to(data)) for path in data.rglob("*") if path.is_file()) == [
        "dynamodb/2012-08-10/service-2.json",
        "endpoints.json",
    ]
    model = json.loads((data / "dynamodb" / "2012-08-10" / "service-2.json").read_text())
    assert model == {"shapes": MODEL["shapes"]}
    assert list(json.loads((data / "endpoints.json").read_text())["partitions"][0]["services"]) == ["dynamodb"]


def test_pruning_twice_changes_nothing(data: Path) -> None:
    build.prune_botocore(data)
    once = {path: path.read_bytes() for path in data.rglob("*.json")}
    build.prune_botocore(data)
    assert {path: path.read_bytes() for path in data.rglob("*.json")} == once


def test_the_digest_follows_sources_and_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "ROOT", tmp_path)
    monkeypatch.setattr(build, "SOURCES", ("shared",))
    source = tmp_path / "shared" / "trimetric" / "errors.py"
    source.parent.mkdir(parents=True)
    source.write_text("one")
    target = build.Target("python3.13", "arm64")
    first = build.source_digest(target)
    derived = source.parent / "__pycache__" / "errors.cpython-313.pyc"
    derived.parent.mkdir()
    derived.write_bytes(b"")
    assert build.source_digest(target) == first
    assert build.source_digest(build.Target("python3.13", "x86_64")) != first
    source.write_text("two")
    assert build.source_digest(target) != first
