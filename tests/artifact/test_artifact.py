"""What `make build` left is what Lambda will run: complete, current, small, and compiled."""

import importlib.util
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from scripts import build
from scripts.functions import ALL, logical_name
from tests.template.conftest import Template

LAYERS = (build.BUILD / "DependenciesLayer" / "python", build.BUILD / "SharedLayer" / "python")
#: Bytes; the targets stand in docs/performance.md.
LARGEST_LAYER = 25 * 1000 * 1000
LARGEST_FUNCTION = 50 * 1000

#: A Lambda process, as near as a desk comes to it: no site-packages, no PYTHONPATH, paths by hand.
IMPORT = """
import importlib, json, sys
paths, module = json.loads(sys.argv[1]), sys.argv[2]
sys.path[:0] = paths
handler = importlib.import_module(module).handler
assert callable(handler)
inside = tuple(paths) + (sys.base_prefix,)
files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
print(json.dumps([file for file in files if file and not file.startswith(inside)]))
"""


def function_folder(group: str) -> Path:
    return build.BUILD / f"{logical_name(group)}Function"


@pytest.fixture(autouse=True, scope="module")
def _built() -> None:
    if not (build.BUILD / "template.yaml").exists():
        pytest.fail("there is no artefact: run `make build`")


def test_nothing_changed_since_the_build() -> None:
    assert build.is_current(build.source_digest(build.local_target())), "the artefact is stale: run `make build`"


@pytest.mark.parametrize("group", ALL)
def test_the_handler_imports_from_the_artefact_alone(template: Template, group: str) -> None:
    module = template.functions()[f"{logical_name(group)}Function"]["Handler"].removesuffix(".handler")
    paths = json.dumps([str(path) for path in (*LAYERS, function_folder(group))])
    done = subprocess.run(
        [Path(sys.base_prefix) / "bin" / "python3", "-S", "-E", "-B", "-c", IMPORT, paths, module],
        env={"TABLE_NAME": "table", "BUCKETS_TABLE_NAME": "buckets", "AWS_REGION": "us-east-1"}
        | {"AWS_DEFAULT_REGION": "us-east-1", "PYDANTIC_DISABLE_PLUGINS": "__all__"},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout.splitlines()[-1]) == []


@pytest.mark.parametrize("group", ALL)
def test_a_function_ships_its_own_folder_only(group: str) -> None:
    shipped = {path.relative_to(function_folder(group)).parts[:2] for path in function_folder(group).rglob("*.py")}
    assert shipped == {("functions", group)}


@pytest.mark.parametrize("group", ALL)
def test_a_function_is_small(group: str) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in function_folder(group).rglob("*"):
            archive.write(path, path.relative_to(function_folder(group)))
    assert len(packed.getvalue()) <= LARGEST_FUNCTION


def test_the_dependencies_layer_is_small() -> None:
    assert sum(path.stat().st_size for path in LAYERS[0].rglob("*") if path.is_file()) <= LARGEST_LAYER


def test_the_shared_layer_is_our_package_and_nothing_else() -> None:
    assert [path.name for path in LAYERS[1].iterdir()] == ["trimetric"]


def test_every_module_is_compiled_from_the_source_beside_it_and_never_checked_again() -> None:
    wrong = [path for folder in build.BUILD.iterdir() for path in folder.rglob("*.py") if not is_compiled(path)]
    assert not wrong


def is_compiled(source: Path) -> bool:
    tag = sys.implementation.cache_tag
    compiled = source.parent / "__pycache__" / f"{source.stem}.{tag}.pyc"
    if not compiled.exists():
        return False
    header = compiled.read_bytes()[:16]
    unchecked_hash = b"\x01\x00\x00\x00"
    return header == importlib.util.MAGIC_NUMBER + unchecked_hash + importlib.util.source_hash(source.read_bytes())


def test_botocore_keeps_the_services_that_functions_call() -> None:
    data = LAYERS[0] / "botocore" / "data"
    assert {path.name for path in data.iterdir() if path.is_dir()} == set(build.SERVICES)
    assert not list(data.rglob("*.gz"))
