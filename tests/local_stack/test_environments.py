"""Environments are made anew when, and only when, what they depend on changed."""

from pathlib import Path

import pytest

from scripts import environments
from scripts.environments import Environment, SetupFailed


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(environments, "ROOT", tmp_path)
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "dev.txt").write_text("one==1")
    (tmp_path / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\n[project]\nname = "x"\n[tool.setuptools]\n[tool.ruff]\nline-length = 120\n'
    )
    return tmp_path


def made(repository: Path) -> Environment:
    environment = Environment("dev", repository / ".venv", with_repository=True)
    environment.python.parent.mkdir(parents=True)
    environment.python.touch()
    (environment.path / "stamp").write_text(environments._fingerprint(environment))
    return environment


def test_an_untouched_environment_is_current(repository: Path) -> None:
    assert environments._is_current(made(repository))


@pytest.mark.parametrize(
    ("name", "before", "after", "current"),
    [
        pytest.param("requirements/dev.txt", "one==1", "one==2", False, id="another lock"),
        pytest.param("pyproject.toml", 'name = "x"', 'name = "y"', False, id="another package"),
        pytest.param("pyproject.toml", "120", "100", True, id="another rule of a linter"),
    ],
)
def test_a_change_matters_if_the_environment_depends_on_it(
    repository: Path, name: str, before: str, after: str, current: bool
) -> None:
    environment = made(repository)
    path = repository / name
    path.write_text(path.read_text().replace(before, after))
    assert environments._is_current(environment) is current


def test_a_half_made_environment_is_not_current(repository: Path) -> None:
    environment = made(repository)
    (environment.path / "stamp").unlink()
    assert not environments._is_current(environment)


def test_a_missing_tool_is_one_sentence_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda command: None)
    with pytest.raises(SetupFailed) as refusal:
        environments.ensure_command("java", debian_package="openjdk-17-jre-headless", needed_for="DynamoDB Local")
    message = str(refusal.value)
    assert message == "java is missing, and DynamoDB Local needs it; install it (Debian: openjdk-17-jre-headless)."
