"""The 944 respondents of the 1996 US election study go in as a survey and come out unchanged."""

import subprocess
import sys
from pathlib import Path

import statsmodels.api

from tests.e2e.conftest import Stack

ROOT = Path(__file__).resolve().parents[2]


def test_944_respondents_go_in_and_come_out_unchanged(stack: Stack, tmp_path: Path) -> None:
    frame = statsmodels.api.datasets.anes96.load_pandas().data
    assert len(frame) == 944
    source = tmp_path / "anes96.csv"
    source.write_text(frame.to_csv(index_label="respondent"))
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "scripts.import_csv",
            "--base-url",
            stack.base_url,
            "--key",
            stack.key("load"),
            "--name",
            "American National Election Study 1996",
            "--id-column",
            "respondent",
            "--verify",
            str(source),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "944" in done.stdout
