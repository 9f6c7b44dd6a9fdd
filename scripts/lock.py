"""Writes the lock files from `requirements/*.in`: exact versions with hashes, for every supported Python and platform.

uv, which does this, is installed into an environment of its own for the occasion.
"""

import subprocess
import sys
import venv

from scripts.environments import ROOT

TOOL = ROOT / ".tools" / "uv"
#: The layer first: what runs on Lambda decides the versions in the development environment.
LOCKS = {
    "layer": "layers/dependencies/requirements.txt",
    "dev": "requirements/dev.txt",
    "sam": "requirements/sam.txt",
    "ministack": "requirements/ministack.txt",
    "checkov": "requirements/checkov.txt",
}


def main() -> None:
    uv = TOOL / "bin" / "uv"
    if not uv.exists():
        venv.create(TOOL, with_pip=True)
        subprocess.run([TOOL / "bin" / "python", "-m", "pip", "install", "--quiet", "uv"], check=True)
    for name, lock in LOCKS.items():
        command = [
            *(str(uv), "pip", "compile", "--quiet", "--upgrade", "--universal", "--python-version", "3.11"),
            *("--generate-hashes", "--no-emit-index-url", "--custom-compile-command", "make lock"),
            *(f"requirements/{name}.in", "--output-file", lock),
        ]
        subprocess.run(command, cwd=ROOT, check=True)
        sys.stderr.write(f"{lock}\n")


if __name__ == "__main__":
    main()
