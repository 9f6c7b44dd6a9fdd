"""What is measured as it is deployed: our functions out of `.aws-sam/build`, the peer as `sam build` makes it."""

import compileall
import io
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import Final

from packaging.requirements import Requirement

from scripts.build import BUILD
from scripts.environments import ROOT
from scripts.functions import FUNCTIONS, logical_name

PEER_PACKAGES: Final = ("fastapi", "mangum", "boto3")
PEER_FOLDER: Final = ROOT / ".local" / "bench" / "peer"


@dataclass(frozen=True, slots=True)
class Artefact:
    """`paths` is the beginning of `sys.path` on Lambda, `handler` the module whose `handler` is called."""

    name: str
    paths: tuple[Path, ...]
    handler: str


def is_built() -> bool:
    return (BUILD / "DependenciesLayer").is_dir()


def functions() -> list[Artefact]:
    """The functions of the artefact; one that is not written yet is left out."""
    layers = (BUILD / "SharedLayer" / "python", BUILD / "DependenciesLayer" / "python")
    found: list[Artefact] = []
    for name in FUNCTIONS:
        folder = BUILD / f"{logical_name(name)}Function"
        if (folder / "functions" / name / "app.py").exists():
            found.append(Artefact(name, (folder, *layers), f"functions.{name}.app"))
    return found


def peers() -> tuple[Artefact, Artefact]:
    """The peer without bytecode, which is what `sam build` leaves, and with it."""
    plain, compiled = PEER_FOLDER / "plain", PEER_FOLDER / "compiled"
    shutil.rmtree(PEER_FOLDER, ignore_errors=True)
    _install_peer(plain)
    shutil.copytree(plain, compiled)
    compileall.compile_dir(compiled, quiet=2, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
    handler = "scripts.bench.peer.app"
    return Artefact("plain peer", (plain,), handler), Artefact("peer with bytecode", (compiled,), handler)


def _install_peer(folder: Path) -> None:
    """From the environment that runs this, so that both sides have the same versions and nothing is downloaded."""
    for package in sorted(_closure(PEER_PACKAGES)):
        _copy(distribution(package), folder)
    peer = Path(__file__).parent / "peer"
    shutil.copytree(peer, folder / "scripts" / "bench" / "peer", ignore=shutil.ignore_patterns("__pycache__"))


def _closure(packages: tuple[str, ...]) -> set[str]:
    found: set[str] = set()
    wanted = list(packages)
    while wanted:
        name = wanted.pop()
        if name in found:
            continue
        try:
            requires = distribution(name).requires or []
        except PackageNotFoundError:
            # Only for other platforms or Pythons: the environment would have it otherwise.
            continue
        found.add(name)
        needed = [Requirement(text) for text in requires]
        wanted += [one.name for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})]
    return found


def _copy(package: Distribution, folder: Path) -> None:
    for file in package.files or []:
        if file.suffix == ".pyc" or ".." in file.parts:
            continue
        target = folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(Path(str(package.locate_file(file))), target)


def layer_bytes() -> int:
    return sum(path.stat().st_size for path in (BUILD / "DependenciesLayer").rglob("*") if path.is_file())


def zip_bytes() -> dict[str, int]:
    """The size of each function's zip file."""
    return {function.name: _zipped(function.paths[0]) for function in functions()}


def _zipped(folder: Path) -> int:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in _files(folder):
            archive.write(path, path.relative_to(folder))
    return len(content.getvalue())


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())
