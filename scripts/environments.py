"""Makes the virtual environments of this repository, from hashed lock files.

Runs before anything is installed, so it needs the standard library only. An environment is made anew whenever its lock
file or the interpreter changes; otherwise a call costs milliseconds.

    python -m scripts.environments dev sam ministack
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / ".local" / "logs"


class SetupFailed(Exception):
    """One sentence for the developer."""


@dataclass(frozen=True)
class Environment:
    name: str
    path: Path
    #: This repository's own packages, importable and with their console scripts.
    with_repository: bool = False

    @property
    def lock(self) -> Path:
        return ROOT / "requirements" / f"{self.name}.txt"

    @property
    def python(self) -> Path:
        return self.path / "bin" / "python"

    def command(self, name: str) -> str:
        return str(self.path / "bin" / name)


DEV = Environment("dev", ROOT / ".venv", with_repository=True)
SAM = Environment("sam", ROOT / ".tools" / "sam")
#: Apart from all others: MiniStack runs functions with its own interpreter, and a package beside it would hide a hole
#: in the layer.
MINISTACK = Environment("ministack", ROOT / ".tools" / "ministack")
CHECKOV = Environment("checkov", ROOT / ".tools" / "checkov")
ALL = {environment.name: environment for environment in (DEV, SAM, MINISTACK, CHECKOV)}


def main() -> int:
    unknown = [name for name in sys.argv[1:] if name not in ALL]
    if unknown or len(sys.argv) == 1:
        sys.stderr.write(f"Name environments out of: {', '.join(ALL)}.\n")
        return 2
    try:
        ensure([ALL[name] for name in sys.argv[1:]])
    except SetupFailed as failure:
        sys.stderr.write(f"{failure}\n")
        return 1
    return 0


def ensure(environments: list[Environment]) -> None:
    """Make what is missing or stale; SetupFailed if that cannot be done."""
    stale = [environment for environment in environments if not _is_current(environment)]
    if not stale:
        return
    _ensure_venv_module()
    LOGS.mkdir(parents=True, exist_ok=True)
    sys.stderr.write(f"Setting up: {', '.join(environment.name for environment in stale)} …\n")
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(_make, stale))


def _is_current(environment: Environment) -> bool:
    stamp = environment.path / "stamp"
    return environment.python.exists() and stamp.exists() and stamp.read_text() == _fingerprint(environment)


def _fingerprint(environment: Environment) -> str:
    digest = hashlib.sha256(environment.lock.read_bytes())
    digest.update(f"{sys.version} {sys.base_prefix} {environment.path}".encode())
    if environment.with_repository:
        digest.update(_package_settings())
    return digest.hexdigest()


def _package_settings() -> bytes:
    """What an editable install depends on; the settings of linters and tests are in the same file."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return json.dumps([document["build-system"], document["project"], document["tool"]["setuptools"]]).encode()


def _make(environment: Environment) -> None:
    log = LOGS / f"setup-{environment.name}.log"
    pip = [str(environment.python), "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
    base = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    steps = [
        [str(base) if base.exists() else sys.executable, "-m", "venv", "--clear", str(environment.path)],
        [*pip, "--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", str(environment.lock)],
    ]
    if environment.with_repository:
        steps.append([*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)])
    with log.open("w") as output:
        for step in steps:
            if subprocess.run(step, stdout=output, stderr=subprocess.STDOUT, cwd=ROOT, check=False).returncode:
                raise SetupFailed(
                    f"The environment {environment.path.relative_to(ROOT)} could not be made; "
                    f"{log.relative_to(ROOT)} says why."
                )
    (environment.path / "stamp").write_text(_fingerprint(environment))


def _ensure_venv_module() -> None:
    if subprocess.run([sys.executable, "-c", "import ensurepip, venv"], capture_output=True, check=False).returncode:
        package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
        install_system_package(package, f"Python's venv module is missing; install it (Debian: {package}).")


def ensure_command(command: str, *, debian_package: str, needed_for: str) -> str:
    """The command's path; installs it on Debian as root, else SetupFailed says how to get it."""
    if not shutil.which(command):
        sentence = f"{command} is missing, and {needed_for} needs it; install it (Debian: {debian_package})."
        install_system_package(debian_package, sentence)
    found = shutil.which(command)
    if found is None:
        raise SetupFailed(f"{command} is still missing after {debian_package} was installed.")
    return found


def install_system_package(package: str, sentence: str) -> None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise SetupFailed(sentence)
    sys.stderr.write(f"Installing {package} …\n")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", package]):
        done = subprocess.run(["apt-get", *arguments], env=environment, capture_output=True, check=False)
        if done.returncode and arguments[0] == "install":
            raise SetupFailed(f"{sentence} apt-get said: {done.stderr.decode(errors='replace').strip()[-300:]}")


if __name__ == "__main__":
    sys.exit(main())
