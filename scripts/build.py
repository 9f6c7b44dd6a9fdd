"""Builds the artefact that is deployed: `sam build`, then what Lambda needs for a quick cold start.

* the packages lose what no function imports, and botocore the services that none calls; the rest of its data is
  unpacked and rid of its prose;
* bytecode is compiled into the artefact by the runtime's own Python: Lambda's code folders are read-only, so without
  it every cold start compiles every import again. The hashes are unchecked, because copying changes file times.

    python -m scripts.build [--runtime python3.13] [--architecture arm64]
"""

import argparse
import fcntl
import gzip
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.environments import ROOT, SAM, SetupFailed, ensure

BUILD = ROOT / ".aws-sam" / "build"
STAMP = ROOT / ".aws-sam" / "trimetric-build.json"
LOG = ROOT / ".local" / "logs" / "build.log"

#: What the functions call; xray is asked for by the X-Ray SDK as it is imported.
SERVICES = ("dynamodb", "kms", "secretsmanager", "sqs", "sts", "xray")
#: Beside the services, what botocore reads to make any client.
BOTOCORE_FILES = ("_retry.json", "endpoints.json", "partitions.json", "sdk-default-configuration.json")
#: Parts of packages that no function imports, and files that only installers and compilers read.
#: cffi compiles bindings; those that are compiled need only its module `_cffi_backend`.
UNUSED = ("aws_lambda_powertools/event_handler", "cffi", "pycparser", "pydantic/v1", "*.dist-info/sboms")
UNREAD = ("*.pyi", "*.c", "*.h", "*.pyx", "*.dist-info/RECORD")
SOURCES = ("template.yaml", "functions", "shared", "layers", "scripts/build.py", "requirements/sam.txt")


class BuildFailed(Exception):
    """One sentence for the developer."""


@dataclass(frozen=True, slots=True)
class Target:
    runtime: str
    architecture: str

    @property
    def parameters(self) -> dict[str, str]:
        return {"PythonRuntime": self.runtime, "Architecture": self.architecture}


def local_target() -> Target:
    """What functions on this machine run with."""
    machine = platform.machine().lower()
    architecture = "arm64" if machine in ("arm64", "aarch64") else "x86_64"
    return Target(f"python{sys.version_info.major}.{sys.version_info.minor}", architecture)


def main() -> int:
    parser = argparse.ArgumentParser(description="Build the artefact that is deployed.")
    parser.add_argument("--runtime", default=local_target().runtime)
    parser.add_argument("--architecture", default=local_target().architecture)
    arguments = parser.parse_args()
    try:
        ensure([SAM])
        digest = build(Target(arguments.runtime, arguments.architecture))
    except (BuildFailed, SetupFailed) as failure:
        sys.stderr.write(f"{failure}\n")
        return 1
    sys.stderr.write(f"Built {digest[:12]} in {BUILD.relative_to(ROOT)}.\n")
    return 0


def build(target: Target) -> str:
    """Build if the sources changed since; the digest of sources and target. Safe to call from several processes."""
    with alone():
        digest = source_digest(target)
        if is_current(digest):
            return digest
        STAMP.unlink(missing_ok=True)
        python = _runtime_python(target.runtime)
        _sam_build(target, python)
        layers = [BUILD / "DependenciesLayer", BUILD / "SharedLayer"]
        packages = BUILD / "DependenciesLayer" / "python"
        prune_packages(packages)
        prune_botocore(packages / "botocore" / "data")
        for layer in layers:
            compile_bytecode(python, layer, "/opt")
        for function in sorted(BUILD.glob("*Function")):
            compile_bytecode(python, function, "/var/task")
        STAMP.write_text(json.dumps({"digest": digest, **target.parameters}))
        return digest


def is_current(digest: str) -> bool:
    if not STAMP.exists() or not (BUILD / "template.yaml").exists():
        return False
    return bool(json.loads(STAMP.read_text())["digest"] == digest)


def source_digest(target: Target) -> str:
    digest = hashlib.sha256(f"{target.runtime} {target.architecture}".encode())
    for path in source_files():
        digest.update(f"\n{path.relative_to(ROOT)}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def source_files() -> list[Path]:
    found: list[Path] = []
    for name in SOURCES:
        path = ROOT / name
        found += path.rglob("*") if path.is_dir() else [path]
    return sorted(path for path in found if path.is_file() and not _is_derived(path))


def _is_derived(path: Path) -> bool:
    return path.suffix == ".pyc" or any(part == "__pycache__" or part.endswith(".egg-info") for part in path.parts)


def prune_packages(packages: Path) -> None:
    for pattern in UNUSED:
        for folder in packages.glob(pattern):
            shutil.rmtree(folder)
    for pattern in UNREAD:
        for path in packages.rglob(pattern):
            path.unlink()


def prune_botocore(data: Path) -> None:
    """Keep the services we call; plain JSON, since unpacking costs time at each cold start. May run twice."""
    for entry in data.iterdir():
        if entry.is_dir() and entry.name not in SERVICES:
            shutil.rmtree(entry)
        elif entry.is_file() and entry.name.removesuffix(".gz") not in BOTOCORE_FILES:
            entry.unlink()
    for examples in data.rglob("examples-*.json*"):
        examples.unlink()
    for packed in data.rglob("*.json.gz"):
        packed.with_suffix("").write_bytes(gzip.decompress(packed.read_bytes()))
        packed.unlink()
    for path in data.rglob("*.json"):
        document = json.loads(path.read_bytes())
        if path.name == "endpoints.json":
            for partition in document["partitions"]:
                partition["services"] = {n: s for n, s in partition["services"].items() if n in SERVICES}
        path.write_text(json.dumps(_without_prose(document), separators=(",", ":")))


def _without_prose(node: Any) -> Any:
    """The model without its documentation; a member that happens to have that name is not a text and stays."""
    if isinstance(node, dict):
        return {
            name: _without_prose(value)
            for name, value in node.items()
            if not (name == "documentation" and isinstance(value, str))
        }
    return [_without_prose(value) for value in node] if isinstance(node, list) else node


def compile_bytecode(python: Path, folder: Path, installed_at: str) -> None:
    # Without the table of columns, a quarter of each file that a cold start has to read is gone; tracebacks keep lines.
    command = [
        *(str(python), "-X", "no_debug_ranges"),
        *("-m", "compileall", "-q", "-f", "--invalidation-mode", "unchecked-hash"),
        *("-s", str(folder), "-p", installed_at, str(folder)),
    ]
    # Sets are written in hash order: a fixed seed gives the same bytes every time.
    done = subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": "0"}, capture_output=True, check=False)
    if done.returncode:
        raise BuildFailed(f"Bytecode for {folder.name} could not be compiled: {done.stdout.decode()[-500:]}")


@contextmanager
def alone() -> Iterator[None]:
    """One process at a time builds or sends the artefact; not to be entered twice by the same one."""
    lock = ROOT / ".local" / "build.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _runtime_python(runtime: str) -> Path:
    """An interpreter of the runtime's version that really starts; a version manager's shim may not."""
    candidates = [SAM.path / "bin" / runtime, Path(sys.base_prefix) / "bin" / runtime]
    candidates += [Path(folder) / runtime for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    for candidate in candidates:
        if not candidate.exists():
            continue
        asked = subprocess.run([str(candidate), "-m", "pip", "--version"], capture_output=True, check=False)
        if asked.returncode == 0:
            return candidate
    raise BuildFailed(f"{runtime} with pip is not on the PATH, and functions of that runtime are built with it.")


def _sam_build(target: Target, python: Path) -> None:
    LOG.parent.mkdir(parents=True, exist_ok=True)
    overrides = [f"{name}={value}" for name, value in target.parameters.items()]
    command = [SAM.command("sam"), "build", "--cached", "--parallel", "--parameter-overrides", *overrides]
    environment = {
        **os.environ,
        "PATH": f"{python.parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "SAM_CLI_TELEMETRY": "0",
        # Nothing is asked of AWS, but the SDK inside wants a region.
        "AWS_DEFAULT_REGION": os.environ.get("AWS_DEFAULT_REGION", "us-east-1"),
    }
    with LOG.open("w") as log:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    if done.returncode:
        raise BuildFailed(f"sam build failed; {LOG.relative_to(ROOT)} says why.")


if __name__ == "__main__":
    sys.exit(main())
